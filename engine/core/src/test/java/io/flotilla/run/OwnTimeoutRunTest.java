package io.flotilla.run;

import static org.assertj.core.api.Assertions.assertThat;

import io.flotilla.AgentId;
import io.flotilla.agent.Agent;
import io.flotilla.step.StepEngine;
import io.flotilla.step.StepTimeoutException;
import io.flotilla.topology.Topology;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import reactor.core.publisher.Mono;

/** Step timeouts of an agent's own, in a run: the steps of a run are the engine's. */
@Timeout(60)
class OwnTimeoutRunTest {

    private static final Topology FORK = Topology.parse("""
            start -> Boss
            Boss <-> One, Two, Three, Other
            Boss -> end
            """);

    /** One, two and three seconds; all others ten. */
    private static StepEngine engine() {
        return StepEngine.builder()
                .stepTimeout(Duration.ofSeconds(10))
                .stepTimeoutFor(AgentId.of("One"), Duration.ofSeconds(1))
                .stepTimeoutForKind("Two", Duration.ofSeconds(2))
                .stepTimeoutBy(agent -> agent.kind().equals("Three") ? Duration.ofSeconds(3) : null)
                .build();
    }

    private static Agent<Turn, Decision> silent(String name) {
        return Agent.of(name, (turn, context) -> Mono.never());
    }

    @Test
    void run_agentsWithTimeoutsOfTheirOwn_eachStepTimesOutAtItsOwnTime() {
        List<Outcome> joined = new CopyOnWriteArrayList<>();
        Flows.Ended ended = Flows.run(
                10,
                () -> Workflow.builder(FORK, String.class)
                        .engine(engine())
                        .agent("Boss", Agent.of("Boss", (turn, context) -> {
                            if (turn.reason() == Turn.Reason.REQUESTED) {
                                return Mono.just(Decision.fanOut(List.of(
                                        Invocation.of("One", "go"),
                                        Invocation.of("Two", "go"),
                                        Invocation.of("Three", "go"),
                                        Invocation.of("Other", "go"))));
                            }
                            joined.addAll(turn.outcomes());
                            return Mono.just(Decision.answer("joined"));
                        }))
                        .agent("One", silent("One"))
                        .agent("Two", silent("Two"))
                        .agent("Three", silent("Three"))
                        .agent("Other", silent("Other"))
                        .join(Join.allSettled().orProceed())
                        .build()
                        .start("go"));

        assertThat(ended.result().orThrow().answer()).isEqualTo("joined");
        assertThat(joined)
                .extracting(OwnTimeoutRunTest::limit)
                .containsExactly(
                        Duration.ofSeconds(1), Duration.ofSeconds(2), Duration.ofSeconds(3), Duration.ofSeconds(10));
        List<RunEvent.BranchFailed> failed = ended.events(RunEvent.BranchFailed.class);
        assertThat(failed).extracting(RunEvent.BranchFailed::agent).containsExactly("One", "Two", "Three", "Other");
        assertThat(failed)
                .extracting(event -> Duration.between(failed.get(0).at(), event.at()))
                .containsExactly(Duration.ZERO, Duration.ofSeconds(1), Duration.ofSeconds(2), Duration.ofSeconds(9));
    }

    private static Duration limit(Outcome outcome) {
        assertThat(outcome).isInstanceOf(Outcome.Failed.class);
        Throwable cause = ((Outcome.Failed) outcome).failure().getCause();
        assertThat(cause).isInstanceOf(StepTimeoutException.class);
        return ((StepTimeoutException) cause).limit();
    }

    /** The context of a run's step says so, too. */
    @Test
    void run_agentWithATimeoutOfItsOwn_deadlineOfItsContextIsItsOwn() {
        List<Duration> left = new CopyOnWriteArrayList<>();
        Flows.run(
                0,
                () -> Workflow.builder(FORK, String.class)
                        .engine(engine())
                        .agent("Boss", Agent.of("Boss", (turn, context) -> {
                            left.add(Duration.between(Instant.EPOCH, context.deadline()));
                            return Mono.just(
                                    turn.reason() == Turn.Reason.REQUESTED
                                            ? Decision.fanOut(List.of(Invocation.of("Two", "go")))
                                            : Decision.answer("joined"));
                        }))
                        .agent("Two", Agent.of("Two", (turn, context) -> {
                            left.add(Duration.between(Instant.EPOCH, context.deadline()));
                            return Mono.just(Decision.answer("two"));
                        }))
                        .agent("One", silent("One"))
                        .agent("Three", silent("Three"))
                        .agent("Other", silent("Other"))
                        .build()
                        .start("go"));

        assertThat(left).containsExactly(Duration.ofSeconds(10), Duration.ofSeconds(2), Duration.ofSeconds(10));
    }
}
