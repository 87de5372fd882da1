package io.flotilla.run;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.flotilla.UndisturbedTime;
import io.flotilla.agent.StepContext;
import io.flotilla.journal.Journal;
import io.flotilla.journal.JournalEntry;
import io.flotilla.journal.JournalFilter;
import io.flotilla.step.StepEngine;
import io.flotilla.topology.Topology;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import reactor.core.publisher.Mono;
import reactor.test.scheduler.VirtualTimeScheduler;

/** A run taken another way is one of its own. */
@Timeout(60)
class ForkTest {

    private static final Topology TOPOLOGY = Topology.parse("start -> A\nA <-> B\nA -> user, end");

    private final Journal journal = Journal.inMemory();
    private final Agents agents = new Agents();
    private final AtomicReference<String> asked = new AtomicReference<>("what?");

    @AfterEach
    void realTimeAgain() {
        VirtualTimeScheduler.reset();
    }

    /** A asks B, then the user, who has ten seconds, then ends. */
    private Workflow<String, String> workflow() {
        return Workflow.builder(TOPOLOGY, String.class)
                .agent("A", agents.deciding(turn -> switch (turn.reason()) {
                    case REQUESTED -> Decision.fanOut(Invocation.of("B", turn.input()));
                    case JOINED ->
                        Decision.ask(Question.of(asked.get() + turn.answers(String.class))
                                .timeout(Duration.ofSeconds(10))
                                .defaultAnswer("nobody"));
                    default -> Decision.answer("told " + turn.answer());
                }))
                .agent("B", agents.deciding(turn -> Decision.answer("b " + turn.input())))
                .limits(Limits.time(Duration.ofMinutes(1)))
                .journal(journal)
                .build();
    }

    /** Facts: 0 start, 1 A forks, 2 B, 3 A asks, 4 the answer, 5 A ends; 6 is the note. */
    private Run<String> recorded() {
        Run<String> run = workflow().start("go");
        assertThat(run.answer("q0", "me").block(TestRuns.SOON)).isTrue();
        assertThat(run.result().block(TestRuns.SOON).answers()).containsExactly("told me");
        return run;
    }

    private List<JournalEntry> entries(Run<String> run) {
        return journal.read(run.runId(), 0).collectList().block();
    }

    private Run<String> fork(Run<String> run, long sequence, Object input) {
        List<JournalEntry> before = entries(run);
        Run<String> other = workflow().runs().fork(run.runId(), sequence, input).block();
        assertThat(entries(run)).as("the old one").isEqualTo(before);
        assertThat(other.runId()).isNotEqualTo(run.runId());
        assertThat(entries(other).subList(0, (int) sequence)).isEqualTo(before.subList(0, (int) sequence));
        return other;
    }

    private String finished(Run<String> run) {
        RunResult<String> result = run.result().block(TestRuns.SOON);
        assertThat(workflow().runs().replay(run.runId()).block().status()).isEqualTo(RunState.Status.SUCCEEDED);
        assertThat(workflow().runs().events(run.runId()).collectList().block())
                .isEqualTo(run.events().collectList().block());
        return result.answers().get(0);
    }

    @Test
    void fork_atTheStart_hasAnotherTask() {
        Run<String> other = fork(recorded(), 0, "another way");

        assertThat(other.questions().get(0).text()).isEqualTo("what?[b another way]");
        other.answer("q0", "you").subscribe();
        assertThat(finished(other)).isEqualTo("told you");
    }

    @Test
    void fork_atAStep_hasAnotherDecisionOrAnswer() {
        Run<String> decided = fork(recorded(), 1, Decision.handOff("end", "at once"));
        assertThat(finished(decided)).isEqualTo("at once");

        Run<String> answered = fork(recorded(), 2, "c");
        assertThat(answered.questions().get(0).text()).isEqualTo("what?[c]");
        answered.answer("q0", "you").subscribe();
        assertThat(finished(answered)).isEqualTo("told you");
    }

    @Test
    void fork_atAQuestion_hasAnotherAnswerAndNoOpenQuestion() {
        int before = agents.turns.size();
        Run<String> run = recorded();
        int turns = agents.turns.size() - before;
        Run<String> other = fork(run, 4, "you");

        assertThat(finished(other)).isEqualTo("told you");
        assertThat(other.questions()).isEmpty();
        assertThat(other.answer("q0", "again").block(TestRuns.SOON)).isFalse();
        assertThat(agents.turns).as("only the last step").hasSize(before + turns + 1);
    }

    @Test
    void fork_idempotencyKeys_areOthers() {
        Run<String> run = recorded();
        List<String> before =
                agents.contexts.stream().map(StepContext::idempotencyKey).toList();
        agents.contexts.clear();
        finished(fork(run, 4, "you"));

        assertThat(agents.contexts).isNotEmpty();
        assertThat(agents.contexts).extracting(StepContext::idempotencyKey).doesNotContainAnyElementsOf(before);
    }

    @Test
    void fork_whereThereIsNoInput_isRefused() {
        Run<String> run = recorded();
        Runs<String> runs = workflow().runs();
        for (long sequence : List.of(6L, 7L, 1_000L)) {
            assertThatThrownBy(() -> runs.fork(run.runId(), sequence, "x").block())
                    .isInstanceOf(IllegalArgumentException.class)
                    .hasMessageContaining(String.valueOf(sequence));
        }
        for (long sequence : List.of(1L << 31, 1L << 32, Long.MAX_VALUE)) {
            assertThatThrownBy(() -> runs.fork(run.runId(), sequence, "x").block())
                    .isInstanceOf(IllegalArgumentException.class);
        }
        assertThatThrownBy(() -> runs.fork(run.runId(), -1, "x")).isInstanceOf(IllegalArgumentException.class);
        assertThatThrownBy(() -> runs.fork("nobody", 0, "x").block()).isInstanceOf(UnknownRunException.class);
        assertThat(journal.list(JournalFilter.all()).count().block())
                .as("nothing was copied")
                .isEqualTo(1);
    }

    @Test
    void fork_deadlines_countOnFromTheFork() {
        VirtualTimeScheduler time = UndisturbedTime.begin();
        Run<String> run = workflow().start("go");
        time.advanceTimeBy(Duration.ofSeconds(4));
        run.pause(); // fact 4; 5 is the answer of nobody
        time.advanceTimeBy(Duration.ofHours(1));
        Run<String> other = workflow()
                .runs()
                .fork(
                        run.runId(),
                        3,
                        Decision.ask(Question.of("else?")
                                .timeout(Duration.ofSeconds(10))
                                .defaultAnswer("still nobody")))
                .block();

        time.advanceTimeBy(Duration.ofMillis(9_999));
        assertThat(other.questions()).hasSize(1);
        time.advanceTimeBy(Duration.ofMillis(1));
        assertThat(other.result().block(TestRuns.SOON).answers()).containsExactly("told still nobody");
    }

    @Test
    void fork_resumedLater_hasTheDeadlinesOfTheFork() {
        VirtualTimeScheduler time = UndisturbedTime.begin();
        Workflow<String, String> flow = Workflow.builder(TOPOLOGY, String.class)
                .agent(
                        "A",
                        agents.deciding(turn -> turn.reason() == Turn.Reason.REQUESTED
                                ? Decision.fanOut(Invocation.of("B", "x"), Invocation.of("B", "y"))
                                : Decision.answer("joined " + turn.outcomes().size() + turn.answers(String.class))))
                .agent(
                        "B",
                        agents.body(turn -> turn.input().equals("x")
                                ? Mono.delay(Duration.ofSeconds(4)).thenReturn(Decision.answer("x"))
                                : Mono.never()))
                .join(Join.all().within(Duration.ofSeconds(10)).orProceed())
                .limits(Limits.time(Duration.ofMinutes(1)))
                .journal(journal)
                .build();
        Run<String> run = flow.start("go");
        time.advanceTimeBy(Duration.ofSeconds(4)); // fact 2: x answers
        time.advanceTimeBy(Duration.ofSeconds(6));
        assertThat(run.result().block(TestRuns.SOON).answers()).containsExactly("joined 2[x]");
        time.advanceTimeBy(Duration.ofHours(1));
        Run<String> other = flow.runs().fork(run.runId(), 2, "z").block();
        List<JournalEntry> stopped = new ArrayList<>(entries(other));
        Journal copy = Journal.inMemory();
        copy.append(other.runId(), 0, stopped).block();
        Workflow<String, String> again = Workflow.builder(TOPOLOGY, String.class)
                .agent("A", agents.deciding(turn -> Decision.answer("joined " + turn.answers(String.class))))
                .agent("B", agents.body(turn -> Mono.never()))
                .join(Join.all().within(Duration.ofSeconds(10)).orProceed())
                .limits(Limits.time(Duration.ofMinutes(1)))
                .engine(StepEngine.builder().build())
                .journal(copy)
                .build();
        Run<String> resumed = again.runs().recover(other.runId()).block();
        AtomicReference<RunResult<String>> result = new AtomicReference<>();
        resumed.result().subscribe(result::set);

        time.advanceTimeBy(Duration.ofMillis(9_999));
        assertThat(result).as("ten seconds after the fork, not an hour before").hasNullValue();
        time.advanceTimeBy(Duration.ofMillis(1));
        assertThat(result.get().answers()).containsExactly("joined [z]");
        assertThat(result.get().duration()).isEqualTo(Duration.ofSeconds(10));
    }
}
