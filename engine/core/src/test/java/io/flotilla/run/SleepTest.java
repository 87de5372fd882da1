package io.flotilla.run;

import static io.flotilla.run.TestRuns.SOON;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatNullPointerException;

import io.flotilla.UndisturbedTime;
import io.flotilla.journal.Journal;
import io.flotilla.step.StepEngine;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneOffset;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Branches that sleep, in virtual time and over a restart. */
@Timeout(60)
class SleepTest {

    private static final Instant THEN = Instant.parse("2026-01-01T00:00:00Z");
    private static final Duration HOUR = Duration.ofHours(1);

    private static Workflow.Builder<String> sleeping(Duration duration) {
        return TestRuns.alone(TestRuns.deciding(
                "Solo",
                turn -> turn.reason() == Turn.Reason.SLEPT
                        ? Decision.answer(turn.input() + " " + turn.carried())
                        : Decision.sleep(duration, "carried")));
    }

    @Test
    void sleep_inVirtualTime_takesExactlyThatLong() {
        UndisturbedTime.verifier(() -> sleeping(HOUR).build().run("task"))
                .expectSubscription()
                .expectNoEvent(HOUR)
                .assertNext(result -> {
                    assertThat(result.answer()).isEqualTo("task carried");
                    assertThat(result.duration()).isEqualTo(HOUR);
                })
                .expectComplete()
                .verify(SOON);
    }

    @Test
    void sleep_ofZero_isAnotherTurnAtOnce() {
        assertThat(TestRuns.ended(sleeping(Duration.ZERO).build().start("task")).answer())
                .isEqualTo("task carried");
    }

    @Test
    void sleep_outOfBounds_isRefused() {
        assertThatIllegalArgumentException()
                .isThrownBy(() -> Decision.sleep(Duration.ofNanos(-1)))
                .withMessageContaining("PT-0.000000001S");
        assertThatIllegalArgumentException()
                .isThrownBy(() -> Decision.sleep(Duration.ofDays(200_000), "x"))
                .withMessageContaining("292 years");
        assertThatNullPointerException().isThrownBy(() -> Decision.sleep(null));
        Duration longest = Duration.ofNanos(Long.MAX_VALUE);
        assertThat(((Decision.Sleep) Decision.sleep(longest)).duration()).isEqualTo(longest);
    }

    @Test
    void sleep_theLongestThereIs_isAStateLikeAnyOther() {
        Run<String> run = sleeping(Duration.ofNanos(Long.MAX_VALUE)).build().start("task");

        run.cancel();

        assertThat(TestRuns.ended(run).status()).isEqualTo(RunResult.Status.CANCELLED);
        assertThat(TestRuns.events(run)).hasAtLeastOneElementOfType(RunEvent.SleepStarted.class);
    }

    private static Workflow<String, String> at(Instant now, Journal journal) {
        return sleeping(HOUR)
                .engine(StepEngine.builder()
                        .clock(Clock.fixed(now, ZoneOffset.UTC))
                        .build())
                .journal(journal)
                .build();
    }

    @Test
    void recover_timeIsUpMeanwhile_hasSlept() {
        Journal journal = Journal.inMemory();
        Run<String> run = at(THEN, journal).start("task");
        Journal copy = SignalTest.copied(journal, run.runId());
        run.cancel();

        Workflow<String, String> later = at(THEN.plus(HOUR), copy);
        RunState state = later.runs().stateAt(run.runId(), 2).block(SOON);
        assertThat(state.waits())
                .containsExactly(new PendingWait(BranchPath.outsideForks(0), "Solo", null, THEN.plus(HOUR)));
        assertThat(state.branches())
                .extracting(RunState.BranchState::status)
                .containsExactly(RunState.BranchStatus.SLEEPING);
        Run<String> again = later.runs().recover(run.runId()).block(SOON);

        assertThat(TestRuns.ended(again).answer()).isEqualTo("task carried");
    }

    @Test
    void recover_timeIsNotUp_sleepsOnlyWhatIsLeft() {
        Journal journal = Journal.inMemory();
        Run<String> run = at(THEN, journal).start("task");
        Journal copy = SignalTest.copied(journal, run.runId());
        run.cancel();

        Instant restart = THEN.plus(Duration.ofMinutes(50));
        UndisturbedTime.verifier(() -> at(restart, copy)
                        .runs()
                        .recover(run.runId())
                        .flatMap(Run::result)
                        .map(RunResult::answer))
                .expectSubscription()
                .thenAwait(Duration.ofMinutes(10).minusMillis(1))
                .expectNoEvent(Duration.ofMillis(1))
                .expectNext("task carried")
                .expectComplete()
                .verify(SOON);
    }

    @Test
    void events_ofASleep_tellWhenItEnds() {
        Run<String> run = at(THEN, Journal.inMemory()).start("task");
        run.cancel();

        List<RunEvent> events = TestRuns.events(run);

        assertThat(events)
                .filteredOn(RunEvent.SleepStarted.class::isInstance)
                .extracting(event -> ((RunEvent.SleepStarted) event).until())
                .containsExactly(THEN.plus(HOUR));
    }
}
