package io.flotilla.run;

import static org.assertj.core.api.Assertions.assertThat;

import io.flotilla.UndisturbedTime;
import io.flotilla.agent.Agent;
import io.flotilla.topology.Topology;
import java.time.Duration;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import reactor.core.publisher.Mono;

/** Agents with different edges, which answer in an order that invites cross-talk. */
@Timeout(30)
class SecretWordTest {

    private static final Topology TOPOLOGY = Topology.parse("""
            start -> Orchestrator
            Orchestrator <-> AgentA, AgentB
            Orchestrator -> AgentC -> AgentD -> Orchestrator
            Orchestrator -> end
            """);

    private static Agent<Turn, Decision> after(String id, int seconds, Decision decision) {
        return Agent.of(
                id, (turn, context) -> Mono.delay(Duration.ofSeconds(seconds)).thenReturn(decision));
    }

    private static Workflow<String, String> workflow() {
        Agent<Turn, Decision> orchestrator = Agent.of(
                "Orchestrator",
                (turn, context) -> Mono.just(
                        turn.outcomes().isEmpty()
                                ? Decision.fanOut(
                                        Invocation.of("AgentA", null),
                                        Invocation.of("AgentB", null),
                                        Invocation.of("AgentC", null))
                                : Decision.handOff("end", String.join("", turn.answers(String.class)))));
        return Workflow.builder(TOPOLOGY, String.class)
                .agent("Orchestrator", orchestrator)
                .agent("AgentA", after("AgentA", 3, Decision.handOff("Orchestrator", "M")))
                .agent("AgentB", after("AgentB", 2, Decision.handOff("Orchestrator", "A")))
                .agent("AgentC", after("AgentC", 1, Decision.handOff("AgentD", "R")))
                .agent("AgentD", after("AgentD", 4, Decision.handOff("Orchestrator", "RS")))
                .build();
    }

    @Test
    void run_ofTheSecretWord_joinsTheLettersInOrderOfTheInvocations() {
        UndisturbedTime.verifier(() -> workflow().run("collect the letters"))
                .expectSubscription()
                .expectNoEvent(Duration.ofSeconds(5))
                .assertNext(result -> {
                    assertThat(result.status()).isEqualTo(RunResult.Status.SUCCEEDED);
                    assertThat(result.answers()).containsExactly("MARS");
                    assertThat(result.steps()).isEqualTo(6);
                    assertThat(result.duration()).isEqualTo(Duration.ofSeconds(5));
                })
                .verifyComplete();
    }
}
