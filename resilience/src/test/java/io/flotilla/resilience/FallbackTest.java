package io.flotilla.resilience;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;
import static org.assertj.core.api.Assertions.assertThatNullPointerException;

import io.flotilla.AgentId;
import io.flotilla.agent.Agent;
import io.flotilla.agent.StepContext;
import io.flotilla.step.StepEngine;
import io.flotilla.step.StepRejectedException;
import io.flotilla.step.StepReport;
import io.flotilla.step.StepResult;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.BiFunction;
import java.util.function.Function;
import org.assertj.core.api.InstanceOfAssertFactories;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import reactor.core.publisher.Mono;

/** Who stands in for a step that has failed, and what its result says of it. */
@Timeout(30)
class FallbackTest {

    private final VirtualRound round = new VirtualRound();
    private final List<String> asked = new ArrayList<>();

    private final Agent<String, String> failing =
            named("failing", context -> Mono.error(new IOException("attempt " + context.attempt())));

    private Agent<String, String> named(String id, Function<StepContext, Mono<String>> body) {
        BiFunction<String, StepContext, Mono<String>> step = (input, context) -> {
            asked.add(id);
            return body.apply(context);
        };
        return Agent.of(id, step);
    }

    private Agent<String, String> answering(String id) {
        return named(id, context -> Mono.just("from " + id));
    }

    private static Fallback.Builder agents(List<Agent<String, String>> agents) {
        Fallback.Builder fallback = Fallback.builder();
        agents.forEach(fallback::agent);
        return fallback;
    }

    private static Resilience resilience(Fallback.Builder fallback) {
        return Resilience.builder().fallback(fallback.build()).build();
    }

    private StepResult<String> resultOf(Agent<String, String> agent, Fallback.Builder fallback) {
        return round.result(round.engine(resilience(fallback)), agent);
    }

    private static StepResult.Degraded<String> degraded(StepResult<String> result) {
        assertThat(result).isInstanceOf(StepResult.Degraded.class);
        return (StepResult.Degraded<String>) result;
    }

    // --- agents

    @Test
    void step_succeeds_noFallbackIsAsked() {
        StepResult<String> result = resultOf(answering("own"), agents(List.of(answering("backup"))));

        assertThat(result).isInstanceOf(StepResult.Succeeded.class);
        assertThat(asked).containsExactly("own");
    }

    @Test
    void step_endsEmpty_noFallbackIsAsked() {
        StepResult<String> result =
                resultOf(named("own", context -> Mono.empty()), agents(List.of(answering("backup"))));

        assertThat(result).isInstanceOf(StepResult.Succeeded.class);
        assertThat(asked).containsExactly("own");
    }

    @Test
    void step_fails_theFirstFallbackAnswers() {
        StepResult.Degraded<String> result =
                degraded(resultOf(failing, agents(List.of(answering("b1"), answering("b2")))));

        assertThat(result.value()).isEqualTo("from b1");
        assertThat(result.source()).isEqualTo("b1");
        assertThat(result.cause()).hasMessage("attempt 1");
        assertThat(result.agentId()).isEqualTo(AgentId.of("failing"));
        assertThat(result.attempts()).as("a fallback is no attempt").isOne();
        assertThat(asked).containsExactly("failing", "b1");
    }

    @Test
    void step_fallbackIsAsked_getsTheInputOfTheStep() {
        Agent<String, String> echo = Agent.of("echo", (input, context) -> Mono.just("echo " + input));

        assertThat(resultOf(failing, agents(List.of(echo))).value()).isEqualTo("echo go");
    }

    @Test
    void step_fallbackEndsEmpty_isNoAnswerAndTheNextIsAsked() {
        standsInAfter(named("broken", context -> Mono.empty()));
    }

    @Test
    void step_allFallbacksEndEmpty_theConstantStandsIn() {
        Agent<String, String> empty = named("b1", context -> Mono.empty());

        StepResult.Degraded<String> result =
                degraded(resultOf(failing, agents(List.of(empty, empty)).constant("constant")));

        assertThat(result.value()).isEqualTo("constant");
        assertThat(asked).containsExactly("failing", "b1", "b1");
    }

    @Test
    void step_allFallbacksEndEmptyAndThereIsNothingElse_failsAsItWouldHaveWithout() {
        StepResult<String> result = resultOf(failing, agents(List.of(named("b1", context -> Mono.empty()))));

        assertThat(result).isInstanceOf(StepResult.Failed.class);
        assertThat(result.cause()).hasMessage("attempt 1").hasNoSuppressedExceptions();
    }

    private void standsInAfter(Agent<String, String> broken) {
        StepResult.Degraded<String> result = degraded(resultOf(failing, agents(List.of(broken, answering("b2")))));

        assertThat(result.value()).isEqualTo("from b2");
        assertThat(result.source()).isEqualTo("b2");
        assertThat(result.cause()).hasMessage("attempt 1");
        assertThat(asked).containsExactly("failing", "broken", "b2");
    }

    @Test
    void step_fallbackFails_theNextIsAsked() {
        standsInAfter(named("broken", context -> Mono.error(new IOException("broken"))));
    }

    @Test
    void step_fallbackThrows_theNextIsAsked() {
        standsInAfter(named("broken", context -> {
            throw new IllegalStateException("broken");
        }));
    }

    @Test
    void step_fallbackReturnsNull_theNextIsAsked() {
        standsInAfter(named("broken", context -> null));
    }

    @Test
    void step_fallbackThrowsAFatalError_theNextIsAsked() {
        standsInAfter(named("broken", context -> {
            throw new NoClassDefFoundError("broken");
        }));
    }

    @Test
    void step_fallbackThrowsAFatalErrorWhenSubscribed_theNextIsAsked() {
        standsInAfter(named(
                "broken",
                context -> Mono.defer(() -> {
                    throw new StackOverflowError("broken");
                })));
    }

    @Test
    void step_fallbackHangs_theStepTimeoutEndsIt() {
        AtomicBoolean cancelled = new AtomicBoolean();
        Agent<String, String> silent =
                named("silent", context -> Mono.<String>never().doOnCancel(() -> cancelled.set(true)));
        StepEngine engine = round.builder(resilience(agents(List.of(silent, answering("b2")))))
                .stepTimeout(Duration.ofSeconds(1))
                .build();

        StepResult<String> result = round.result(engine, failing);

        assertThat(result).isInstanceOf(StepResult.TimedOut.class);
        assertThat(result.duration()).isEqualTo(Duration.ofSeconds(1));
        assertThat(cancelled).isTrue();
        assertThat(asked).containsExactly("failing", "silent");
    }

    @Test
    void step_fallbackWhoseIdCannotBeHad_itsAnswerCounts() {
        Agent<String, String> odd = new Agent<>() {
            @Override
            public AgentId id() {
                throw new NoClassDefFoundError("no id");
            }

            @Override
            public Mono<String> step(String input, StepContext context) {
                return Mono.just("answer");
            }
        };

        assertThat(degraded(resultOf(failing, agents(List.of(odd)))).value()).isEqualTo("answer");
    }

    @Test
    void step_nothingAnswers_failsAsItWouldHaveWithout() {
        StepResult<String> result =
                resultOf(failing, agents(List.of(named("b1", context -> Mono.error(new IOException("b1"))))));

        assertThat(result).isInstanceOf(StepResult.Failed.class);
        assertThat(result.cause()).hasMessage("attempt 1");
        assertThat(result.attempts()).isOne();
    }

    @Test
    void step_retriedInVain_theFallbackIsAskedOnceAndTheFirstCauseIsTold() {
        Resilience resilience = Resilience.builder()
                .retry(RetryPolicy.attempts(3))
                .fallback(agents(List.of(answering("b1"))).build())
                .build();

        StepResult.Degraded<String> result = degraded(round.result(round.engine(resilience), failing));

        assertThat(result.attempts()).isEqualTo(3);
        assertThat(result.cause()).hasMessage("attempt 1");
        assertThat(asked).containsExactly("failing", "failing", "failing", "b1");
    }

    @Test
    void step_hundredFallbacksFail_theConstantStandsIn() {
        Agent<String, String> broken = Agent.of("broken", (input, context) -> Mono.error(new IOException("broken")));
        Fallback.Builder fallback = agents(Collections.nCopies(100, broken)).constant("digest");

        assertThat(resultOf(failing, fallback).value()).isEqualTo("digest");
    }

    // --- when

    @Test
    void fallbackOn_predicateSaysNo_theStepFails() {
        StepResult<String> result = resultOf(
                failing, agents(List.of(answering("b1"))).fallbackOn(cause -> cause instanceof IllegalStateException));

        assertThat(result).isInstanceOf(StepResult.Failed.class);
        assertThat(asked).containsExactly("failing");
    }

    @Test
    void fallbackOn_predicateSaysYes_theFallbackStandsIn() {
        StepResult<String> result =
                resultOf(failing, agents(List.of(answering("b1"))).fallbackOn(cause -> cause instanceof IOException));

        assertThat(result).isInstanceOf(StepResult.Degraded.class);
    }

    @Test
    void fallbackOn_predicateThrows_theStepFailsWithItsOwnCause() {
        StepResult<String> result =
                resultOf(failing, Fallback.builder().constant("digest").fallbackOn(cause -> {
                    throw new IllegalStateException("broken");
                }));

        assertThat(result).isInstanceOf(StepResult.Failed.class);
        assertThat(result.cause()).hasMessage("attempt 1");
    }

    @Test
    void fallbackOn_predicateThrowsAFatalErrorOnAnotherThread_theStepFails() {
        Agent<String, String> slow = Agent.of(
                "slow", (input, context) -> round.in(Duration.ofSeconds(1)).then(Mono.error(new IOException("late"))));

        StepResult<String> result =
                resultOf(slow, Fallback.builder().constant("digest").fallbackOn(cause -> {
                    throw new NoClassDefFoundError("broken");
                }));

        assertThat(result.cause()).hasMessage("late");
    }

    @Test
    void step_refusedByAnOpenCircuitBreaker_theFallbackStandsIn() {
        Resilience resilience = Resilience.builder()
                .circuitBreaker(
                        CircuitBreakerPolicy.builder().slidingWindow(1, 1).build())
                .fallback(agents(List.of(answering("b1"))).build())
                .build();
        StepEngine engine = round.engine(resilience);

        assertThat(degraded(round.result(engine, failing)).cause()).hasMessage("attempt 1");
        StepResult.Degraded<String> second = degraded(round.result(engine, failing));

        assertThat(second.cause())
                .isInstanceOf(StepRejectedException.class)
                .hasMessageContaining("circuitbreaker refused");
        assertThat(second.source()).isEqualTo("b1");
        assertThat(asked).as("an open breaker asks nobody").containsExactly("failing", "b1", "b1");
    }

    @Test
    void step_hasRecovered_itsOwnAgentIsAskedAgain() {
        AtomicInteger calls = new AtomicInteger();
        Agent<String, String> recovering = Agent.of(
                "recovering",
                (input, context) ->
                        calls.incrementAndGet() == 1 ? Mono.error(new IOException("down")) : Mono.just("up again"));
        StepEngine engine = round.engine(resilience(agents(List.of(answering("b1")))));

        assertThat(round.result(engine, recovering)).isInstanceOf(StepResult.Degraded.class);
        StepResult<String> second = round.result(engine, recovering);

        assertThat(second).isInstanceOf(StepResult.Succeeded.class);
        assertThat(second.value()).isEqualTo("up again");
    }

    @Test
    void step_breakerHasClosedAgain_itsOwnAgentIsAskedAgain() {
        AtomicBoolean down = new AtomicBoolean(true);
        Agent<String, String> agent = Agent.of(
                "agent", (input, context) -> down.get() ? Mono.error(new IOException("down")) : Mono.just("up again"));
        Resilience resilience = Resilience.builder()
                .circuitBreaker(CircuitBreakerPolicy.builder()
                        .slidingWindow(1, 1)
                        .openDuration(Duration.ofSeconds(30))
                        .halfOpenCalls(1, Duration.ofMinutes(1))
                        .build())
                .fallback(Fallback.builder().constant("digest").build())
                .build();
        StepEngine engine = round.engine(resilience);

        assertThat(round.result(engine, agent).value()).isEqualTo("digest");
        down.set(false);
        assertThat(round.result(engine, agent).value()).as("still open").isEqualTo("digest");
        round.pass(Duration.ofMillis(30_001));

        assertThat(round.result(engine, agent)).isInstanceOf(StepResult.Succeeded.class);
    }

    // --- last known value, constant

    /** Answers {@code good} once, then fails. */
    private Agent<String, String> once() {
        AtomicInteger calls = new AtomicInteger();
        return Agent.of(
                "once",
                (input, context) ->
                        calls.incrementAndGet() == 1 ? Mono.just("good") : Mono.error(new IOException("down")));
    }

    private StepResult<String> failedAfter(Duration age, Fallback.Builder fallback) {
        StepEngine engine = round.engine(resilience(fallback));
        Agent<String, String> once = once();
        assertThat(round.result(engine, once)).isInstanceOf(StepResult.Succeeded.class);
        round.pass(age);
        return round.result(engine, once);
    }

    private static Fallback.Builder lastKnown() {
        return Fallback.builder().lastKnownValue(LastKnownValue.of(10, Duration.ofMinutes(5)));
    }

    @Test
    void step_lastKnownValue_standsInAndItsAgeIsTold() {
        StepResult.Degraded<String> result = degraded(failedAfter(Duration.ofSeconds(90), lastKnown()));

        assertThat(result.value()).isEqualTo("good");
        assertThat(result.source()).isEqualTo("last known value, PT1M30S old");
        assertThat(result.cause()).hasMessage("down");
    }

    @Test
    void step_lastKnownValueYoungerThanMaxAge_standsIn() {
        assertThat(failedAfter(Duration.ofMillis(299_999), lastKnown()).value()).isEqualTo("good");
    }

    @Test
    void step_lastKnownValueAsOldAsMaxAge_standsIn() {
        assertThat(failedAfter(Duration.ofMinutes(5), lastKnown()).value()).isEqualTo("good");
    }

    @Test
    void step_lastKnownValueOlderThanMaxAge_failsAsItWouldHaveWithout() {
        StepResult<String> result = failedAfter(Duration.ofMillis(300_001), lastKnown());

        assertThat(result).isInstanceOf(StepResult.Failed.class);
        assertThat(result.cause()).hasMessage("down");
    }

    @Test
    void step_lastKnownValueTooOldAndAConstant_theConstantStandsIn() {
        StepResult.Degraded<String> result =
                degraded(failedAfter(Duration.ofDays(1), lastKnown().constant("digest")));

        assertThat(result.value()).isEqualTo("digest");
        assertThat(result.source()).isEqualTo("constant");
    }

    @Test
    void step_agentsAndLastKnownValue_theAgentsAreAskedFirst() {
        Fallback.Builder fallback = lastKnown().agent(answering("b1")).constant("digest");

        assertThat(failedAfter(Duration.ofSeconds(1), fallback).value()).isEqualTo("from b1");
    }

    @Test
    void step_standInAnswers_isNotKeptAsAGoodValue() {
        LastKnownValue store = LastKnownValue.of(10, Duration.ofMinutes(5));
        resultOf(failing, Fallback.builder().lastKnownValue(store).agent(answering("b1")));

        assertThat(store.size()).isZero();
    }

    @Test
    void step_constant_standsInAndIsNotAnotherAgent() {
        StepResult.Degraded<String> result =
                degraded(resultOf(failing, Fallback.builder().constant("digest")));

        assertThat(result.value()).isEqualTo("digest");
        assertThat(result.source()).isEqualTo("constant");
        assertThat(result.cause()).hasMessage("attempt 1");
    }

    @Test
    void run_keyOfLastKnownValueThrowsAFatalErrorOnAnotherThread_theStepSucceedsAllTheSame() {
        LastKnownValue broken = LastKnownValue.of(10, Duration.ofMinutes(5)).keyedBy((context, input) -> {
            throw new NoClassDefFoundError("broken");
        });
        Agent<String, String> slow = Agent.of(
                "slow", (input, context) -> round.in(Duration.ofSeconds(1)).map(any -> "good"));

        StepReport<String> report =
                round.report(round.engine(resilience(Fallback.builder().lastKnownValue(broken))), List.of(slow));

        assertThat(report).as("the step does not hang").isNotNull();
        assertThat(report.values()).containsExactly("good");
    }

    @Test
    void step_keyOfLastKnownValueThrows_theConstantStandsIn() {
        LastKnownValue broken = LastKnownValue.of(10, Duration.ofMinutes(5)).keyedBy((context, input) -> {
            throw new StackOverflowError("broken");
        });

        StepResult.Degraded<String> result = degraded(
                resultOf(failing, Fallback.builder().lastKnownValue(broken).constant("digest")));

        assertThat(result.value()).isEqualTo("digest");
        assertThat(result.cause()).hasMessage("attempt 1");
    }

    @ParameterizedTest
    @ValueSource(longs = {-3_600, 3_600})
    void step_clockIsSet_theAgeOfTheLastKnownValueIsTheTimers(long seconds) {
        SettableClock clock = new SettableClock();
        StepEngine engine = round.builder(resilience(lastKnown())).clock(clock).build();
        Agent<String, String> once = once();
        round.result(engine, once);

        clock.now = clock.now.plusSeconds(seconds);
        round.pass(Duration.ofSeconds(90));

        assertThat(degraded(round.result(engine, once)).source()).isEqualTo("last known value, PT1M30S old");
    }

    // --- fallbacks that fail

    private Agent<String, String> broken(String id) {
        return named(id, context -> Mono.error(new IllegalStateException("of " + id)));
    }

    @Test
    void step_fallbacksFailAndOneAnswers_theirFailuresAreSuppressedInTheCauseAndCounted() {
        SimpleMeterRegistry meters = new SimpleMeterRegistry();
        Fallback fallback = agents(List.of(broken("b1"), named("b2", context -> Mono.empty()), broken("b3")))
                .constant("digest")
                .build();
        Resilience resilience =
                Resilience.builder().fallback(fallback).meterRegistry(meters).build();

        StepResult.Degraded<String> result = degraded(round.result(round.engine(resilience), failing));

        assertThat(result.value()).isEqualTo("digest");
        assertThat(result.cause()).hasMessage("attempt 1");
        assertThat(result.cause().getSuppressed())
                .extracting(Throwable::getMessage)
                .containsExactly("of b1", "of b3");
        assertThat(failures(meters, "failed")).isEqualTo(2);
        assertThat(failures(meters, "empty")).isEqualTo(1);
    }

    private static double failures(SimpleMeterRegistry meters, String reason) {
        return meters.get("flotilla.fallback.failures")
                .tag("key", "failing")
                .tag("reason", reason)
                .counter()
                .count();
    }

    @Test
    void step_allFallbacksFail_theirFailuresAreSuppressedInTheCauseItFailsWith() {
        StepResult<String> result = resultOf(failing, agents(List.of(broken("b1"), broken("b2"))));

        assertThat(result.cause()).hasMessage("attempt 1");
        assertThat(result.cause().getSuppressed())
                .extracting(Throwable::getMessage)
                .containsExactly("of b1", "of b2");
    }

    // --- guards around fallbacks

    private StepResult<String> refusedOrNot(boolean guarded) {
        Fallback.Builder fallback = agents(List.of(broken("b1"))).constant("digest");
        Resilience resilience = Resilience.builder()
                .circuitBreaker(
                        CircuitBreakerPolicy.builder().slidingWindow(1, 1).build())
                .fallback((guarded ? fallback.guardAgents() : fallback).build())
                .build();
        StepEngine engine = round.engine(resilience);
        round.result(engine, failing);
        Agent<String, String> another = Agent.of("another", (input, context) -> Mono.error(new IOException("down")));
        return round.result(engine, another);
    }

    @Test
    void guardAgents_breakerOfTheFallbackIsOpen_itIsNotAskedAgainAndTheNextStandsIn() {
        StepResult<String> result = refusedOrNot(true);

        assertThat(asked).containsExactly("failing", "b1");
        assertThat(result.value()).isEqualTo("digest");
        assertThat(result.cause().getSuppressed())
                .singleElement()
                .asInstanceOf(InstanceOfAssertFactories.THROWABLE)
                .hasMessageContaining("b1 is OPEN");
    }

    @Test
    void guardAgents_notSet_theFallbackIsAskedEveryTime() {
        refusedOrNot(false);

        assertThat(asked).containsExactly("failing", "b1", "b1");
    }

    @Test
    void guardAgents_attemptTimeout_boundsTheFallbackToo() {
        Resilience resilience = Resilience.builder()
                .attemptTimeout(Duration.ofSeconds(1))
                .fallback(agents(List.of(named("b1", context -> Mono.never())))
                        .guardAgents()
                        .constant("digest")
                        .build())
                .build();

        assertThat(round.result(round.engine(resilience), failing).value()).isEqualTo("digest");
    }

    @Test
    void guardAgents_keyFunctionThrowsForTheFallback_theNextStandsIn() {
        Resilience resilience = Resilience.builder()
                .keyedBy(context -> {
                    if (context.agentId().kind().equals("b1")) {
                        throw new StackOverflowError("key");
                    }
                    return "all";
                })
                .bulkhead(BulkheadPolicy.of(1))
                .fallback(agents(List.of(answering("b1"), answering("b2")))
                        .guardAgents()
                        .build())
                .build();

        assertThat(round.result(round.engine(resilience), failing).value()).isEqualTo("from b2");
    }

    // --- bad input

    @Test
    void build_nothingToFallBackOn_throws() {
        assertThatIllegalStateException()
                .isThrownBy(() -> Fallback.builder().build())
                .withMessage("a fallback needs an agent, a last known value or a constant");
    }

    @Test
    void agent_null_throws() {
        assertThatNullPointerException()
                .isThrownBy(() -> Fallback.builder().agent(null))
                .withMessage("agent");
    }

    @Test
    void lastKnownValue_null_throws() {
        assertThatNullPointerException()
                .isThrownBy(() -> Fallback.builder().lastKnownValue(null))
                .withMessage("lastKnownValue");
    }

    @Test
    void constant_null_throws() {
        assertThatNullPointerException()
                .isThrownBy(() -> Fallback.builder().constant(null))
                .withMessage("constant");
    }

    @Test
    void fallbackOn_null_throws() {
        assertThatNullPointerException()
                .isThrownBy(() -> Fallback.builder().fallbackOn(null))
                .withMessage("on");
    }
}
