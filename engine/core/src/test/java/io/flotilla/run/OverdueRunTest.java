package io.flotilla.run;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.flotilla.agent.Agent;
import io.flotilla.journal.Journal;
import io.flotilla.journal.JournalEntry;
import io.flotilla.journal.JournalOverloadedException;
import io.flotilla.journal.JournalTimeoutException;
import io.flotilla.run.JournalFailureTest.Odd;
import io.flotilla.step.StepEngine;
import io.flotilla.topology.Topology;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneOffset;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.function.UnaryOperator;
import org.junit.jupiter.api.RepeatedTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import reactor.core.publisher.Mono;

/** Runs that are found ten years later: what was due passes first, in the order it was due. */
@Timeout(60)
class OverdueRunTest {

    private static final Topology TOPOLOGY = Topology.parse("""
            start -> Lead
            Lead <-> Worker
            Lead -> end, user
            Worker -> user
            """);
    private static final Instant THEN = Instant.parse("2016-01-01T00:00:00Z");
    private static final Instant NOW = Instant.parse("2026-01-01T00:00:00Z");
    private static final Duration HOUR = Duration.ofHours(1);

    private final List<String> called = new CopyOnWriteArrayList<>();
    private boolean isFound;

    /** Of the lead what it says; workers never end at first, and answer after that. */
    private Workflow<String, String> workflow(
            Instant now, Journal journal, Agent<Turn, Decision> lead, UnaryOperator<Workflow.Builder<String>> with) {
        Agent<Turn, Decision> worker = Agent.of("Worker", (turn, context) -> {
            called.add("Worker");
            return isFound ? Mono.just(Decision.answer("done")) : Mono.never();
        });
        Workflow.Builder<String> builder = Workflow.builder(TOPOLOGY, String.class)
                .agent("Lead", lead)
                .agent("Worker", worker)
                .engine(StepEngine.builder()
                        .clock(Clock.fixed(now, ZoneOffset.UTC))
                        .build())
                .journal(journal);
        return with.apply(builder).build();
    }

    /** Records a run of {@code then}, and finds it in {@code NOW}. */
    private Run<String> found(Agent<Turn, Decision> lead, UnaryOperator<Workflow.Builder<String>> with) {
        Journal copy = Journal.inMemory();
        String runId = recorded(lead, with, copy);
        Workflow<String, String> later = workflow(NOW, copy, lead, with);
        Run<String> run = later.runs().recover(runId).block(TestRuns.SOON);
        run.result()
                .subscribe(result -> assertThat(later.runs()
                                .replay(runId)
                                .block(TestRuns.SOON)
                                .status()
                                .name())
                        .isEqualTo(result.status().name()));
        return run;
    }

    /** Records a run of {@code then} in a journal; nobody else goes on with it. */
    private String recorded(Agent<Turn, Decision> lead, UnaryOperator<Workflow.Builder<String>> with, Journal copy) {
        Journal journal = Journal.inMemory();
        String runId = workflow(THEN, journal, lead, with).start("task").runId();
        List<JournalEntry> entries = journal.read(runId, 0).collectList().block();
        copy.append(runId, 0, entries).block();
        called.clear();
        isFound = true;
        return runId;
    }

    private Agent<Turn, Decision> lead(Question question) {
        return TestRuns.deciding("Lead", turn -> {
            called.add("Lead " + turn.reason());
            return turn.reason() == Turn.Reason.ANSWERED ? Decision.answer(turn.answer()) : Decision.ask(question);
        });
    }

    private Agent<Turn, Decision> forking() {
        return TestRuns.deciding("Lead", turn -> {
            called.add("Lead " + turn.reason());
            return turn.reason() == Turn.Reason.JOINED
                    ? Decision.answer(Agents.told(turn.outcomes()))
                    : Decision.fanOut(TestRuns.invocations("Worker", 2));
        });
    }

    @Test
    void resume_timeOfTheRunIsUp_noAgentIsCalled() {
        RunResult<String> result = TestRuns.ended(found(forking(), run -> run.limits(Limits.time(HOUR))));
        assertThat(result.failure()).isInstanceOf(LimitExceededException.class).hasMessageContaining("PT1H");
        assertThat(called).isEmpty();
    }

    @RepeatedTest(20)
    void resume_deadlineOfAJoinIsOver_itsStepsAreNotStartedAgain() {
        RunResult<String> result = TestRuns.ended(
                found(forking(), run -> run.join(Join.all().within(HOUR).orProceed())));
        assertThat(result.answer()).isEqualTo("?PT1H ?PT1H");
        assertThat(called).containsExactly("Lead JOINED");
    }

    @RepeatedTest(20)
    void resume_questionHasExpired_takesNoAnswer() {
        Run<String> run = found(lead(Question.of("who?").timeout(HOUR)), workflow -> workflow);
        assertThat(run.questions()).isEmpty();
        assertThat(run.answer("q0", "person").block(TestRuns.SOON)).isFalse();
        assertThat(TestRuns.ended(run).failure()).isInstanceOf(QuestionExpiredException.class);
    }

    @RepeatedTest(20)
    void resume_questionHasADefault_takesIt() {
        Run<String> run = found(lead(Question.of("who?").timeout(HOUR).defaultAnswer("nobody")), workflow -> workflow);
        assertThat(run.answer("q0", "person").block(TestRuns.SOON)).isFalse();
        assertThat(TestRuns.ended(run).answer()).isEqualTo("nobody");
        assertThat(called).containsExactly("Lead ANSWERED");
    }

    @Test
    void resume_twoAreDue_theOneThatWasDueFirstComesFirst() {
        Question question = Question.of("who?").timeout(HOUR).defaultAnswer("nobody");
        UnaryOperator<Workflow.Builder<String>> shorter =
                workflow -> workflow.limits(Limits.time(HOUR.minusMinutes(1)));
        UnaryOperator<Workflow.Builder<String>> longer = workflow -> workflow.limits(Limits.time(HOUR.plusMinutes(1)));
        assertThat(TestRuns.events(found(lead(question), shorter)))
                .noneMatch(RunEvent.QuestionAnswered.class::isInstance);
        assertThat(TestRuns.events(found(lead(question), longer)))
                .anyMatch(RunEvent.QuestionAnswered.class::isInstance)
                .last()
                .isInstanceOfSatisfying(
                        RunEvent.RunFinished.class,
                        end -> assertThat(end.status()).isEqualTo(RunResult.Status.FAILED));
        assertThat(called).as("nobody is called of a run whose time is up").isEmpty();
    }

    @Test
    void resume_journalHasNoRoomForWhatIsDue_waitsAndTriesAgain() {
        Odd full = new Odd(append ->
                append.number() <= 3 ? Mono.error(new JournalOverloadedException("another", 1)) : append.as());
        UnaryOperator<Workflow.Builder<String>> limits = run -> run.limits(Limits.time(HOUR));
        String runId = recorded(forking(), limits, full.kept);

        Run<String> run =
                workflow(NOW, full, forking(), limits).runs().recover(runId).block(TestRuns.SOON);

        assertThat(TestRuns.ended(run).failure()).isInstanceOf(LimitExceededException.class);
        assertThat(full.appends).hasValueGreaterThan(3);
    }

    @Test
    void resume_journalDoesNotAnswerForWhatIsDue_failsAfterTheJournalTimeout() {
        Odd silent = new Odd(append -> Mono.never());
        UnaryOperator<Workflow.Builder<String>> limits =
                run -> run.limits(Limits.time(HOUR)).journalTimeout(Duration.ofMillis(50));
        String runId = recorded(forking(), limits, silent.kept);
        Mono<Run<String>> recovered =
                workflow(NOW, silent, forking(), limits).runs().recover(runId);

        assertThatThrownBy(() -> recovered.block(TestRuns.SOON))
                .isInstanceOfSatisfying(
                        JournalTimeoutException.class,
                        timeout -> assertThat(timeout.limit()).isEqualTo(Duration.ofMillis(50)));
    }

    @Test
    void resume_nothingIsDue_goesOnAsItWas() {
        Run<String> run = found(lead(Question.of("who?").timeout(Duration.ofDays(36_500))), workflow -> workflow);
        assertThat(run.questions()).hasSize(1);
        assertThat(run.answer("q0", "person").block(TestRuns.SOON)).isTrue();
        assertThat(TestRuns.ended(run).answer()).isEqualTo("person");
    }
}
