package io.flotilla.run;

import static org.assertj.core.api.Assertions.assertThat;

import io.flotilla.agent.Agent;
import io.flotilla.topology.Topology;
import java.util.List;
import java.util.function.UnaryOperator;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import reactor.core.publisher.Mono;

/** A rendezvous that allows failures, behind a fork that does not. */
@Timeout(60)
class JoinWarningsTest {

    private static final Topology MEETING = Topology.parse("""
            start -> Planner
            Planner -> A, B
            A, B -> Writer
            Writer -> end
            """);

    private static List<String> warnings(Topology topology, UnaryOperator<Workflow.Builder<String>> joins) {
        Workflow.Builder<String> builder = Workflow.builder(topology, String.class);
        topology.agents()
                .forEach(place -> builder.agent(place, Agent.of(place, (turn, context) -> Mono.<Decision>never())));
        return joins.apply(builder).build().warnings();
    }

    @Test
    void warnings_quorumBehindAStrictFork_nameBothAndTheLineToWrite() {
        assertThat(warnings(MEETING, builder -> builder.joinAt("Writer", Join.ratio(0.5))))
                .singleElement()
                .satisfies(warning -> assertThat(warning)
                        .contains(
                                "rendezvous Writer",
                                "ratio(0.5)",
                                "the fork at Planner",
                                "all()",
                                ".joinAt(\"Planner\", Join.allSettled().orProceed())"));
    }

    @Test
    void warnings_afterThatLine_areNone() {
        assertThat(warnings(
                        MEETING,
                        builder -> builder.joinAt("Writer", Join.ratio(0.5))
                                .joinAt("Planner", Join.allSettled().orProceed())))
                .isEmpty();
    }

    @Test
    void warnings_ofEveryJoinThatAllowsFailures() {
        for (Join allowing : List.of(
                Join.atLeast(1),
                Join.firstSuccess(),
                Join.allSettled(),
                Join.all().orProceed(),
                Join.all().orAsk())) {
            assertThat(warnings(MEETING, builder -> builder.joinAt("Writer", allowing)))
                    .as("%s", allowing)
                    .hasSize(1);
        }
        assertThat(warnings(MEETING, builder -> builder)).as("all()").isEmpty();
        assertThat(warnings(MEETING, builder -> builder.join(Join.allSettled())))
                .as("a default join is the fork's too, and fails it when nobody has answered")
                .hasSize(1);
        assertThat(warnings(MEETING, builder -> builder.join(Join.allSettled().orProceed())))
                .isEmpty();
    }

    @Test
    void warnings_forksThatDoNotFeedTheRendezvous_areNotNamed() {
        Topology hub = Topology.parse("""
                start -> Boss
                Boss <-> Left, Right
                Boss -> Planner
                Planner -> A, B
                A, B -> Writer
                Writer -> end
                """);

        assertThat(warnings(hub, builder -> builder.joinAt("Writer", Join.atLeast(1))))
                .as("Boss's branches come to Writer by Boss or by Planner alone")
                .singleElement()
                .satisfies(warning -> assertThat(warning).contains("the fork at Planner"));
    }

    @Test
    @Timeout(10)
    void warnings_ofALargeTopology_costLittle() {
        StringBuilder wide = new StringBuilder("start -> P0\n");
        IntStream.range(0, 2_000)
                .forEach(at -> wide.append("P%d -> A%d, B%d\nA%d, B%d -> P%d\n".formatted(at, at, at, at, at, at + 1)));
        wide.append("P2000 -> end");

        assertThat(warnings(Topology.parse(wide.toString()), builder -> builder.join(Join.ratio(0.5))))
                .isNotEmpty();
    }
}
