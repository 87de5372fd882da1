package io.flotilla.inspector;

import static io.flotilla.inspector.Listening.numbers;
import static io.flotilla.inspector.Listening.path;
import static io.flotilla.inspector.Listening.toTheEnd;
import static io.flotilla.inspector.Listening.upTo;
import static org.assertj.core.api.Assertions.assertThat;

import io.flotilla.journal.Journal;
import io.flotilla.run.Run;
import io.flotilla.run.RunResult;
import io.flotilla.run.Workflow;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import reactor.core.Disposable;
import reactor.core.publisher.Flux;

/**
 * Many branches and events, and listeners of every kind. {@code -Dinspector.branches=10000} is the long form, with 100,000 events and more;
 * what listeners cost a run is measured by the benchmark {@code InspectedRun}.
 */
@Timeout(180)
class LargeRunEventsTest {

    private static final int BRANCHES = Integer.getInteger("inspector.branches", 1_000);
    private static final Duration LIMIT = Duration.ofSeconds(60);

    private static void with(Workflow<Object, String> crowd, java.util.function.Consumer<Inspector> test) {
        Inspector inspector = Inspector.on(crowd.runs()).start().block(Client.PATIENCE);
        try {
            test.accept(inspector);
        } finally {
            inspector.stop().block(Client.PATIENCE);
        }
    }

    private static List<Client.Event> all(Inspector inspector, Run<String> run) {
        return toTheEnd(Client.of(inspector).events(path(run)));
    }

    private static void assertAllOnce(List<Client.Event> events) {
        List<Long> numbers = numbers(events);
        assertThat(numbers).isEqualTo(upTo(0, numbers.size() - 1)).hasSizeGreaterThan(10 * BRANCHES);
        assertThat(events.get(events.size() - 2).json().get("type").asString()).isEqualTo("run-finished");
        assertThat(events.get(events.size() - 1).data()).isEqualTo("{\"status\":\"succeeded\",\"live\":false}");
    }

    @Test
    void events_ofALargeRun_areAllToldOnce() {
        Workflow<Object, String> crowd = Flows.crowd(BRANCHES, Journal.inMemory(), Workflow.DEFAULT_EVENT_HISTORY);
        with(crowd, inspector -> {
            assertAllOnce(all(inspector, crowd.start("go")));
        });
    }

    @Test
    void events_ofARunThatIsQuickerThanItsListeners_areReadOnInTheJournal() {
        Workflow<Object, String> crowd = Flows.crowd(BRANCHES, Journal.inMemory(), 100);
        with(crowd, inspector -> {
            assertAllOnce(all(inspector, crowd.start("go")));
        });
    }

    @Test
    void run_withListenersWhoNeverRead_isNotHeldUp() {
        Workflow<Object, String> crowd = Flows.crowd(BRANCHES, Journal.inMemory(), Workflow.DEFAULT_EVENT_HISTORY);
        with(crowd, inspector -> {
            List<Wire> wires = new ArrayList<>();
            try {
                Run<String> run = crowd.start("go");
                for (int listener = 0; listener < 8; listener++) {
                    wires.add(new Wire(inspector.address(), 4_096).get(path(run)));
                }

                assertThat(run.result().map(RunResult::isSucceeded).block(LIMIT))
                        .as("nobody holds the run up")
                        .isTrue();
                assertAllOnce(all(inspector, run));
            } finally {
                wires.forEach(Wire::close);
            }
        });
    }

    @Test
    void runs_whileListenersComeAndGo_areNeverHeldUp() {
        Workflow<Object, String> crowd = Flows.crowd(BRANCHES / 10, Journal.inMemory(), Workflow.DEFAULT_EVENT_HISTORY);
        with(crowd, inspector -> {
            AtomicInteger listened = new AtomicInteger();
            ConcurrentLinkedQueue<Throwable> failures = new ConcurrentLinkedQueue<>();
            for (int round = 0; round < 8; round++) {
                Run<String> run = crowd.start("go");
                Disposable coming = Flux.range(0, 10)
                        .flatMap(
                                any -> Client.of(inspector)
                                        .events(path(run))
                                        .take(1 + 100L * any)
                                        .count()
                                        .doOnNext(count -> listened.incrementAndGet()),
                                10)
                        .subscribe(told -> {}, failures::add);

                assertThat(run.result().map(RunResult::isSucceeded).block(LIMIT))
                        .isTrue();
                if (round % 2 == 0) {
                    coming.dispose();
                }
            }
            assertThat(failures).isEmpty();
            assertThat(listened).hasPositiveValue();
        });
    }
}
