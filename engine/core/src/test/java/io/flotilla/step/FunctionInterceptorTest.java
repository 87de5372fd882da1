package io.flotilla.step;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatNullPointerException;

import io.flotilla.agent.Agent;
import io.flotilla.agent.StepContext;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.function.BiFunction;
import java.util.function.Function;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import reactor.core.publisher.Mono;

/** Interceptors made of functions, and functions that misbehave. */
@Timeout(30)
class FunctionInterceptorTest {

    private final List<Integer> calls = new CopyOnWriteArrayList<>();

    /** Which of the two; what holds for one holds for the other. */
    enum Form {
        STEP {
            @Override
            StepInterceptor of(Function<Mono<Object>, Mono<Object>> around) {
                return StepInterceptor.ofStep(around);
            }

            @Override
            StepInterceptor of(BiFunction<StepContext, Mono<Object>, Mono<Object>> around) {
                return StepInterceptor.ofStep(around);
            }
        },
        ATTEMPT {
            @Override
            StepInterceptor of(Function<Mono<Object>, Mono<Object>> around) {
                return StepInterceptor.ofAttempt(around);
            }

            @Override
            StepInterceptor of(BiFunction<StepContext, Mono<Object>, Mono<Object>> around) {
                return StepInterceptor.ofAttempt(around);
            }
        };

        abstract StepInterceptor of(Function<Mono<Object>, Mono<Object>> around);

        abstract StepInterceptor of(BiFunction<StepContext, Mono<Object>, Mono<Object>> around);
    }

    private final Agent<String, String> failing = Agent.of("a#1", (input, context) -> {
        calls.add(context.attempt());
        return Mono.error(new IllegalStateException("attempt " + context.attempt()));
    });

    private static StepResult<String> one(Agent<String, String> agent, StepInterceptor... interceptors) {
        StepEngine.Builder engine = StepEngine.builder();
        for (StepInterceptor interceptor : interceptors) {
            engine.interceptor(interceptor);
        }
        return engine.build().run(List.of(agent), "go").block().results().get(0);
    }

    @ParameterizedTest
    @EnumSource
    void around_operator_seesTheValue(Form form) {
        StepResult<String> result = one(TestAgents.answering("a#1"), form.of(chain -> chain.map(value -> value + "!")));

        assertThat(result.value()).isEqualTo("a#1!");
        assertThat(result.attempts()).isOne();
    }

    @ParameterizedTest
    @EnumSource
    void around_context_isThatOfTheStepOrAttempt(Form form) {
        List<String> seen = new CopyOnWriteArrayList<>();
        StepInterceptor noting = form.of((context, chain) -> {
            seen.add(context.agentId() + " " + context.attempt());
            return chain;
        });

        one(failing, StepInterceptor.ofStep(steps -> steps.retry(2)), noting);

        if (form == Form.STEP) {
            assertThat(seen).containsExactly("a#1 1");
        } else {
            assertThat(seen).containsExactly("a#1 1", "a#1 2", "a#1 3");
        }
    }

    @ParameterizedTest
    @EnumSource
    void around_subscribesAgain_eachIsAnAttemptWithItsNumberAndTheFirstIsTheCause(Form form) {
        StepResult<String> result = one(failing, form.of(chain -> chain.retry(2)));

        assertThat(calls).containsExactly(1, 2, 3);
        assertThat(result.attempts()).isEqualTo(3);
        assertThat(result.cause()).hasMessage("attempt 1");
        assertThat(result.cause().getSuppressed())
                .extracting(Throwable::getMessage)
                .containsExactly("attempt 2", "attempt 3");
    }

    @Test
    void around_retriesInsideRetries_numbersGoOn() {
        StepResult<String> result = one(
                failing,
                StepInterceptor.ofStep(steps -> steps.retry(1)),
                StepInterceptor.ofAttempt(attempt -> attempt.retry(1)));

        assertThat(calls).containsExactly(1, 2, 3, 4);
        assertThat(result.attempts()).isEqualTo(4);
        assertThat(result.cause()).hasMessage("attempt 1");
    }

    @ParameterizedTest
    @EnumSource
    void around_returnsNull_isFailedNamingFormAndAgent(Form form) {
        StepResult<String> result = one(TestAgents.answering("a#1"), form.of(chain -> null));

        assertThat(result.kind()).isEqualTo(StepResult.Kind.FAILED);
        assertThat(result.cause())
                .isInstanceOf(NullPointerException.class)
                .hasMessage("StepInterceptor." + (form == Form.STEP ? "ofStep" : "ofAttempt")
                        + " returned null instead of a Mono for agent a#1");
    }

    @ParameterizedTest
    @EnumSource
    void around_throwsAFatalError_isFailedWithIt(Form form) {
        LinkageError fatal = new LinkageError("no such method");

        StepResult<String> result = one(TestAgents.answering("a#1"), form.of((Mono<Object> chain) -> {
            throw fatal;
        }));

        assertThat(result.kind()).isEqualTo(StepResult.Kind.FAILED);
        assertThat(result.cause()).isSameAs(fatal);
    }

    @Test
    void ofAttempt_throws_isRetriedAsAnyFailure() {
        StepInterceptor throwing = StepInterceptor.ofAttempt((context, attempt) -> {
            if (context.attempt() == 1) {
                throw new IllegalStateException("not yet");
            }
            return attempt;
        });

        StepResult<String> result =
                one(TestAgents.answering("a#1"), StepInterceptor.ofStep(steps -> steps.retry(1)), throwing);

        assertThat(result.value()).isEqualTo("a#1");
        assertThat(result.attempts()).isEqualTo(2);
    }

    @ParameterizedTest
    @EnumSource
    void around_operatorThrowsWhenToldOfAFailure_isFailedAtOnceWithTheFailureFirst(Form form) {
        StepInterceptor throwing = form.of(chain -> chain.doOnError(failure -> {
            throw new LinkageError("in the handler");
        }));

        StepResult<String> result = one(failing, throwing);

        assertThat(result.cause()).hasMessage("attempt 1");
        assertThat(result.cause().getSuppressed()).hasAtLeastOneElementOfType(LinkageError.class);
    }

    @ParameterizedTest
    @EnumSource
    void around_subscribesNever_isSucceededWithWhatItEmits(Form form) {
        StepResult<String> result = one(failing, form.of(chain -> Mono.just("cached")));

        assertThat(result.value()).isEqualTo("cached");
        assertThat(calls).isEmpty();
        assertThat(result.attempts()).isEqualTo(form == Form.STEP ? 0 : 1);
    }

    @Test
    void of_null_isRefused() {
        Function<Mono<Object>, Mono<Object>> function = null;
        BiFunction<StepContext, Mono<Object>, Mono<Object>> ofContext = null;

        for (Form form : Form.values()) {
            assertThatNullPointerException().isThrownBy(() -> form.of(function)).withMessage("around");
            assertThatNullPointerException()
                    .isThrownBy(() -> form.of(ofContext))
                    .withMessage("around");
        }
    }
}
