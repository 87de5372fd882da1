package io.flotilla.inspector;

import static io.flotilla.inspector.Listening.path;
import static io.flotilla.inspector.Listening.upTo;
import static org.assertj.core.api.Assertions.assertThat;

import io.flotilla.journal.Journal;
import io.flotilla.run.Run;
import io.flotilla.run.RunResult;
import io.flotilla.run.Workflow;
import java.lang.management.ManagementFactory;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import reactor.core.publisher.Flux;

/** Listeners as many as there may be. {@code -Dinspector.listeners=1000} is the long form. */
@Timeout(180)
class ManyListenersTest {

    private static final int LISTENERS = Integer.getInteger("inspector.listeners", 60);
    private static final int BRANCHES = 500;
    private static final Duration LIMIT = Duration.ofSeconds(90);

    /** What one who never reads may keep: what one look has found, and what waits to be written. */
    private static final long BYTES_EACH = 400_000;

    private static final long BYTES_BESIDES = 15_000_000;

    private static long used() {
        System.gc();
        return ManagementFactory.getMemoryMXBean().getHeapMemoryUsage().getUsed();
    }

    @Test
    void listeners_whoNeverRead_keepLittleAndOthersHearAllUntilItIsStopped() {
        Workflow<Object, String> crowd = Flows.crowd(BRANCHES, Journal.inMemory(), Workflow.DEFAULT_EVENT_HISTORY);
        Inspector inspector = Inspector.on(crowd.runs()).start().block(Client.PATIENCE);
        List<Wire> silent = new ArrayList<>();
        try {
            Run<String> first = crowd.start("go");
            first.result().block(LIMIT);
            long before = used();
            for (int listener = 0; listener < LISTENERS; listener++) {
                Wire wire = new Wire(inspector.address(), 4_096);
                silent.add(wire.get(listener % 10 == 0 ? "/api/live" : path(first)));
            }
            Run<String> second = crowd.start("go");

            List<List<Long>> heard = Flux.range(0, 4)
                    .flatMap(any -> Client.of(inspector)
                            .events(path(second))
                            .takeUntil(event -> event.type().equals("end"))
                            .collectList()
                            .map(Listening::numbers))
                    .collectList()
                    .block(LIMIT);

            assertThat(second.result().map(RunResult::isSucceeded).block(LIMIT)).isTrue();
            assertThat(heard)
                    .hasSize(4)
                    .allSatisfy(numbers -> assertThat(numbers)
                            .isEqualTo(upTo(0, numbers.size() - 1))
                            .hasSizeGreaterThan(10 * BRANCHES));
            long kept = used() - before;
            System.getLogger(ManyListenersTest.class.getName())
                    .log(System.Logger.Level.INFO, "{0} listeners keep {1} bytes", LISTENERS, kept);
            assertThat(kept).isLessThan(LISTENERS * BYTES_EACH + BYTES_BESIDES);

            Run<String> third = crowd.start("go");
            inspector.stop().block(Client.PATIENCE);

            assertThat(silent).allSatisfy(wire -> assertThat(wire.drain()).isPositive());
            assertThat(third.result().map(RunResult::isSucceeded).block(LIMIT))
                    .as("what it has shown goes on")
                    .isTrue();
        } finally {
            silent.forEach(Wire::close);
            inspector.stop().block(Client.PATIENCE);
        }
    }
}
