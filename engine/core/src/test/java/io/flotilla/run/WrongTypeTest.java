package io.flotilla.run;

import static org.assertj.core.api.Assertions.assertThat;

import io.flotilla.agent.Agent;
import io.flotilla.agent.StepContext;
import io.flotilla.journal.Journal;
import io.flotilla.step.StepCall;
import io.flotilla.step.StepEngine;
import io.flotilla.step.StepInterceptor;
import io.flotilla.step.StepResult;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.function.Function;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import reactor.core.publisher.Mono;

/** Values of another type than was promised, as unchecked casts make them: always the step's failure, never a hang. */
@Timeout(60)
class WrongTypeTest {

    /** As a generic client does. */
    @SuppressWarnings({"unchecked", "TypeParameterUnusedInFormals"}) // that is the point
    private static <T> T erased(Object value) {
        return (T) value;
    }

    private static RunFailure failure(Workflow.Builder<String> workflow) {
        RunResult<String> result = TestRuns.ended(workflow.build().start("task"));
        assertThat(result.status()).isEqualTo(RunResult.Status.FAILED);
        return result.failure();
    }

    private static Workflow.Builder<String> solo(Function<Turn, Mono<Decision>> step) {
        return TestRuns.alone(TestRuns.stepping("Solo", step));
    }

    private static void assertNamed(RunFailure failure) {
        assertThat(failure).isInstanceOf(AgentFailedException.class).hasRootCauseInstanceOf(ClassCastException.class);
        assertThat(failure.reason())
                .contains("Solo", "must decide by a io.flotilla.run.Decision", "its value is a java.lang.String");
    }

    @Test
    void step_valueThatIsNoDecision_failsWithBothTypes() {
        assertNamed(failure(solo(turn -> erased(Mono.just("answer")))));
    }

    @Test
    void step_valueThatIsNoDecisionLater_failsWithBothTypes() {
        assertNamed(failure(solo(turn -> erased(Mono.delay(Duration.ofMillis(1)).map(tick -> "answer")))));
    }

    @Test
    void step_valueThatIsNoDecisionInARecordedRun_failsWithBothTypes() {
        assertThat(failure(solo(turn -> erased(Mono.just("answer"))).journal(Journal.inMemory()))
                        .reason())
                .contains("its value is a java.lang.String");
    }

    @Test
    void step_interceptorsValueIsNoDecision_failsWithBothTypes() {
        StepInterceptor broken = new StepInterceptor() {
            @Override
            public <I, O> Mono<O> aroundAttempt(StepCall<I, O> call, StepContext context, Mono<O> attempt) {
                return Mono.just(erased("answer"));
            }
        };
        assertNamed(failure(solo(turn -> Mono.just(Decision.answer("ok")))
                .engine(StepEngine.builder().interceptor(broken).build())));
    }

    @Test
    void step_redactedAndNoDecision_failsWithBothTypes() {
        assertThat(failure(solo(turn -> erased(Mono.just("answer")))
                                .engine(StepEngine.builder()
                                        .redactor(text -> text)
                                        .build()))
                        .reason())
                .contains("its value is a java.lang.String");
    }

    @Test
    void step_forkOfWhatIsNoInvocation_fails() {
        RunFailure failure = failure(solo(turn ->
                Mono.fromSupplier(() -> Decision.fanOut(WrongTypeTest.<List<Invocation>>erased(List.of("Solo"))))));
        assertThat(failure.reason()).contains("a fork is of io.flotilla.run.Invocation, here is a java.lang.String");
        assertThat(((AgentFailedException) failure).stepKind()).isEqualTo(StepResult.Kind.FAILED);
    }

    @Test
    void step_answerOfAPlainAgentIsOfAnotherType_failsTheBranchNamingBoth() {
        Agent<String, String> plain = Agent.of("Solo", (input, context) -> erased(Mono.just(Map.of())));
        RunFailure failure =
                failure(Workflow.builder(TestRuns.ALONE, String.class).agent("Solo", String.class, plain));
        assertThat(failure.getMessage()).contains("Solo", "must be a java.lang.String", "java.util.");
    }

    @Test
    void step_inputOfAPlainAgentIsOfAnotherType_failsTheStepNamingBoth() {
        Agent<Integer, String> plain = Agent.of("Solo", (input, context) -> Mono.just("" + (input + 1)));
        RunFailure failure =
                failure(Workflow.builder(TestRuns.ALONE, String.class).agent("Solo", Integer.class, plain));
        assertThat(failure.reason()).isEqualTo("input is a java.lang.String, not a java.lang.Integer");
    }

    @Test
    void answer_ofAnotherType_failsTheStepThatAskedForIt() {
        Run<String> run = solo(turn -> Mono.fromSupplier(() -> turn.reason() == Turn.Reason.ANSWERED
                        ? Decision.answer(turn.answer(String.class))
                        : Decision.ask("who?")))
                .<String>build()
                .start("task");
        assertThat(run.answer(run.questions().get(0).id(), 17).block(TestRuns.SOON))
                .isTrue();
        assertThat(TestRuns.ended(run).failure().reason())
                .isEqualTo("answer is a java.lang.Integer, not a java.lang.String");
    }
}
