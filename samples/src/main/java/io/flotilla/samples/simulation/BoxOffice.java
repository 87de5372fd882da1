package io.flotilla.samples.simulation;

import io.flotilla.agent.Agent;
import io.flotilla.run.Decision;
import io.flotilla.run.Invocation;
import io.flotilla.run.Join;
import io.flotilla.run.Run;
import io.flotilla.run.Turn;
import io.flotilla.run.Workflow;
import io.flotilla.testkit.SimulatedWorld;
import io.flotilla.topology.Topology;
import java.time.Duration;
import java.util.Collections;
import reactor.core.publisher.Mono;
import reactor.core.scheduler.Schedulers;

/** A hall with one seat left, and a workflow that forks to many clerks, who all want to sell it. */
final class BoxOffice {

    private static final Topology TOPOLOGY = Topology.parse("""
            start -> Desk
            Desk <-> Clerk
            Desk -> end
            """);

    /** More have booked than there are seats. */
    static final class Overbooked extends AssertionError {
        private static final long serialVersionUID = 1L;

        Overbooked(int booked) {
            super(booked + " booked one seat");
        }
    }

    private final boolean looksFirst;
    private int left = 1;
    private int booked;

    private BoxOffice(boolean looksFirst) {
        this.looksFirst = looksFirst;
    }

    /** Builds one in a simulated world, and runs it. */
    static Mono<?> in(SimulatedWorld world, boolean looksFirst) {
        return Mono.defer(() -> new BoxOffice(looksFirst).sell(world));
    }

    private Mono<?> sell(SimulatedWorld world) {
        Agent<Turn, Decision> desk = Agent.of(
                "Desk",
                (turn, context) -> Mono.just(
                        turn.reason() == Turn.Reason.JOINED
                                ? Decision.answer("sold")
                                : Decision.fanOut(
                                        Collections.nCopies(world.agents(), Invocation.of("Clerk", "one seat")))));
        Agent<Turn, Decision> clerk = Agent.of(
                "Clerk", (turn, context) -> book().map(place -> Decision.answer(place ? "booked" : "sold out")));
        Run<String> run = Workflow.builder(TOPOLOGY, String.class)
                .agent("Desk", desk)
                .agent("Clerk", clerk)
                .join(Join.allSettled().orProceed())
                .engine(world.engine().stepTimeout(Duration.ofSeconds(30)).build())
                .build()
                .start("a concert");
        return run.result().doOnNext(result -> {
            if (booked > 1) {
                throw new Overbooked(booked);
            }
        });
    }

    /** The planted fault: to look first and to book a moment later is not one thing. */
    private Mono<Boolean> book() {
        if (looksFirst) {
            return Mono.defer(() -> Mono.just(left > 0))
                    .publishOn(Schedulers.parallel())
                    .map(free -> free && take());
        }
        return Mono.fromCallable(() -> left > 0 && take()).subscribeOn(Schedulers.parallel());
    }

    private boolean take() {
        left--;
        booked++;
        return true;
    }
}
