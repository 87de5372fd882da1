package io.flotilla.run;

import static org.assertj.core.api.Assertions.assertThat;

import io.flotilla.agent.Agent;
import io.flotilla.topology.Topology;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.function.Function;
import java.util.function.Supplier;
import java.util.stream.IntStream;
import reactor.core.publisher.Mono;
import reactor.core.scheduler.Schedulers;

/** The topologies, agents and waits that most tests of runs need. */
final class TestRuns {

    /** One agent that may fork workers, and end. */
    static final Topology CREW = Topology.parse("""
            start -> Lead
            Lead <-> Worker
            Lead -> end
            """);

    /** One agent that ends. */
    static final Topology ALONE = Topology.parse("""
            start -> Solo
            Solo -> end, user
            """);

    /** How long to wait for what comes on another thread. */
    static final Duration SOON = Duration.ofSeconds(20);

    private TestRuns() {}

    /** Decides at once. */
    static Agent<Turn, Decision> deciding(String id, Function<Turn, Decision> decide) {
        return Agent.of(id, (turn, context) -> Mono.fromSupplier(() -> decide.apply(turn)));
    }

    /** What it returns is its step. */
    static Agent<Turn, Decision> stepping(String id, Function<Turn, Mono<Decision>> step) {
        return Agent.of(id, (turn, context) -> step.apply(turn));
    }

    /** Forks so many workers, whose request is their number, and answers with what they answered, with commas. */
    static Agent<Turn, Decision> forking(int workers) {
        return deciding(
                "Lead",
                turn -> turn.reason() == Turn.Reason.JOINED
                        ? Decision.answer(joined(turn))
                        : Decision.fanOut(invocations("Worker", workers)));
    }

    static List<Invocation> invocations(String agent, int count) {
        return IntStream.range(0, count)
                .mapToObj(at -> Invocation.of(agent, at))
                .toList();
    }

    static String joined(Turn turn) {
        List<String> values = new ArrayList<>();
        turn.outcomes().forEach(outcome -> values.add(outcome.isFailure() ? "-" : String.valueOf(outcome.value())));
        return String.join(",", values);
    }

    static Workflow.Builder<String> crew(Agent<Turn, Decision> lead, Agent<Turn, Decision> worker) {
        return Workflow.builder(CREW, String.class).agent("Lead", lead).agent("Worker", worker);
    }

    static Workflow.Builder<String> alone(Agent<Turn, Decision> solo) {
        return Workflow.builder(ALONE, String.class).agent("Solo", solo);
    }

    static <O> RunResult<O> ended(Run<O> run) {
        return run.result().block(SOON);
    }

    /** The events of a run that has ended, or ends soon; numbered without gaps. */
    static List<RunEvent> events(Run<?> run) {
        List<RunEvent> events = run.events().collectList().block(SOON);
        assertThat(events).extracting(RunEvent::sequence).containsExactlyElementsOf(numbers(events.size()));
        return events;
    }

    private static List<Long> numbers(int count) {
        return IntStream.range(0, count).mapToObj(Long::valueOf).toList();
    }

    /** Waits until there is something. */
    static <T> T until(Supplier<T> found) {
        return Mono.fromSupplier(found)
                .repeatWhenEmpty(again -> again.delayElements(Duration.ofMillis(2), Schedulers.boundedElastic()))
                .block(SOON);
    }

    /** Blocks as code does that no interrupt reaches. */
    static void awaitUninterruptibly(CountDownLatch latch) {
        boolean interrupted = false;
        while (true) {
            try {
                latch.await();
                break;
            } catch (InterruptedException again) {
                interrupted = true;
            }
        }
        if (interrupted) {
            Thread.currentThread().interrupt();
        }
    }
}
