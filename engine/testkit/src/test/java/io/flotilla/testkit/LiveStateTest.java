package io.flotilla.testkit;

import static org.assertj.core.api.Assertions.assertThat;

import io.flotilla.journal.Journal;
import io.flotilla.run.Run;
import io.flotilla.run.RunState;
import io.flotilla.run.Workflow;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicReference;
import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.TestFactory;
import org.junit.jupiter.api.Timeout;

/** What a live run says of itself is what its journal says of it, in every scenario and at every moment that time is stopped. */
@Timeout(120)
class LiveStateTest {

    private static final List<Duration> MOMENTS = Stream.of(0, 1, 500, 501, 1_000, 2_000, 5_000, 60_000, 3_600_000)
            .map(Duration::ofMillis)
            .toList();

    @TestFactory
    Stream<DynamicTest> state_whileAScenarioRuns_isThatOfItsJournal() {
        return DynamicTest.stream(
                ScenarioRunner.scenarios(Path.of("src/test/resources/scenarios"))
                        .filter(scenario -> !scenario.name().contains("endless")),
                Scenario::name,
                LiveStateTest::compare);
    }

    private static void compare(Scenario scenario) {
        try (UndisturbedTime time = UndisturbedTime.begin()) {
            Workflow<Object, Object> workflow = new VirtualRun(scenario).workflow(Journal.inMemory());
            AtomicReference<Run<Object>> started = new AtomicReference<>();
            time.schedule(() -> started.set(workflow.start(scenario.task)));
            Run<Object> run = Objects.requireNonNull(started.get());
            scenario.outside.forEach(outside ->
                    time.schedule(() -> outside.happenTo(run), outside.after().toNanos(), TimeUnit.NANOSECONDS));
            for (Duration moment : MOMENTS) {
                time.advanceTimeBy(moment);
                RunState live = run.state().block();
                RunState recorded = workflow.runs().replay(run.runId()).block();
                assertThat(live).as("%s later", moment).isEqualTo(recorded);
                assertThat(workflow.runs()
                                .stateAt(
                                        run.runId(),
                                        Objects.requireNonNull(live).facts())
                                .block())
                        .isEqualTo(live);
            }
            run.cancel();
            assertThat(run.state().block())
                    .isEqualTo(workflow.runs().replay(run.runId()).block());
        }
    }
}
