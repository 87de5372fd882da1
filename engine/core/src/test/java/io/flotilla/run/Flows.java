package io.flotilla.run;

import static org.assertj.core.api.Assertions.assertThat;

import io.flotilla.UndisturbedTime;
import io.flotilla.topology.Topology;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.Consumer;
import java.util.function.Supplier;
import reactor.core.publisher.Mono;
import reactor.test.StepVerifier;

/** Topologies the tests share, and how a run is driven in virtual time. */
final class Flows {

    /** Workers that can only come back. */
    static final Topology FORK = Topology.parse("""
            start -> Boss
            Boss <-> Worker
            Boss -> end
            """);

    /** Workers that may leave for the end. */
    static final Topology OPEN_FORK = Topology.parse("""
            start -> Boss
            Boss <-> Worker
            Boss, Worker -> end
            """);

    private static final List<String> EXPECTED = new ArrayList<>();
    private static final List<String> TAKEN = new ArrayList<>();

    private Flows() {}

    /** What came of a run, and how. */
    record Ended(RunResult<String> result, List<RunEvent> events) {

        <E extends RunEvent> List<E> events(Class<E> type) {
            return events.stream().filter(type::isInstance).map(type::cast).toList();
        }
    }

    static Duration seconds(double seconds) {
        return Duration.ofMillis(Math.round(seconds * 1000));
    }

    static void at(double seconds, Runnable what) {
        Mono.delay(seconds(seconds)).subscribe(ignored -> what.run());
    }

    /** Whether the answer is taken: known in the same instant of virtual time, so when the run has ended. */
    static void taken(Mono<Boolean> answer, boolean expected) {
        EXPECTED.add("" + expected);
        answer.subscribe(taken -> TAKEN.add("" + taken), failed -> TAKEN.add("" + failed));
    }

    /** Runs in virtual time; fails if the run ends before or after {@code took} seconds. */
    static Ended run(double took, Supplier<Run<String>> run) {
        return run(took, run, started -> {});
    }

    /** The same; {@code meanwhile} is called when the run has started. */
    static Ended run(double took, Supplier<Run<String>> run, Consumer<Run<String>> meanwhile) {
        AtomicReference<Ended> ended = new AtomicReference<>();
        EXPECTED.clear();
        TAKEN.clear();
        StepVerifier.FirstStep<Ended> first = UndisturbedTime.verifier(() -> {
            Run<String> started = run.get();
            meanwhile.accept(started);
            return started.result()
                    .flatMap(result ->
                            started.events().collectList().map(events -> new Ended(result, List.copyOf(events))));
        });
        StepVerifier.Step<Ended> step = first.expectSubscription();
        (took == 0 ? step : step.expectNoEvent(seconds(took)))
                .consumeNextWith(ended::set)
                .expectComplete()
                .verify(Duration.ofSeconds(5));
        assertThat(TAKEN).containsExactlyInAnyOrderElementsOf(EXPECTED);
        assertThat(ended.get().result().duration()).isEqualTo(seconds(took));
        return ended.get();
    }

    /** A boss that forks a worker a script, and hands what it is joined with to the end. */
    static Workflow.Builder<String> fork(Topology topology, Agents agents, Join join, String scripts) {
        return Workflow.builder(topology, String.class)
                .agent("Boss", agents.forking("Worker", scripts))
                .agent("Worker", agents.scripted())
                .join(join);
    }
}
