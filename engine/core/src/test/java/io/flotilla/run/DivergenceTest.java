package io.flotilla.run;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import io.flotilla.journal.Journal;
import io.flotilla.journal.JournalEntry;
import io.flotilla.journal.PayloadCodec;
import io.flotilla.step.StepEngine;
import io.flotilla.topology.Topology;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.UnaryOperator;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** A run that cannot be followed says where, and what is otherwise. */
@Timeout(60)
class DivergenceTest {

    private static final String CREW = "start -> Boss\nBoss <-> Worker\nBoss -> end\n";

    private final Journal journal = Journal.inMemory();
    private List<JournalEntry> entries = List.of();
    private String runId = "";

    /** Fact 0 the start, 1 the fork, 2 to 4 the workers, of which the second is corrected, 5 and 6 the rest, then the note. */
    @BeforeEach
    void record() {
        Run<String> run = workflow(CREW, Join.all(), 2, journal).start("go");
        assertThat(run.result().block(TestRuns.SOON).answers()).containsExactly("a c ");
        runId = run.runId();
        entries = read(journal);
        assertThat(entries)
                .extracting(JournalEntry::type)
                .containsExactly(
                        "run-started",
                        "step-settled",
                        "step-settled",
                        "step-settled",
                        "step-settled",
                        "step-settled",
                        "step-settled",
                        "run-finished");
    }

    private List<JournalEntry> read(Journal from) {
        return from.read(runId, 0).collectList().block();
    }

    private static Workflow<String, String> workflow(String topology, Join join, int corrections, Journal journal) {
        return Workflow.builder(Topology.parse(topology), String.class)
                .agent(
                        "Boss",
                        TestRuns.deciding(
                                "Boss",
                                turn -> turn.reason() == Turn.Reason.REQUESTED
                                        ? Decision.fanOut(
                                                Invocation.of("Worker", "a"),
                                                Invocation.of("Worker", "b"),
                                                Invocation.of("Worker", "c"))
                                        : Decision.handOff("end", "a c ")))
                .agent(
                        "Worker",
                        TestRuns.deciding(
                                "Worker",
                                turn -> "b".equals(turn.input()) && turn.correction() == null
                                        ? Decision.handOff("Nobody", "")
                                        : Decision.answer(turn.input())))
                .join(join)
                .maxCorrections(corrections)
                .engine(StepEngine.builder().concurrency(1).build())
                .journal(journal)
                .build();
    }

    private static JournalEntry numbered(long sequence, JournalEntry entry) {
        return new JournalEntry(sequence, entry.timestamp(), entry.type(), entry.payload());
    }

    private static JournalEntry altered(JournalEntry entry, UnaryOperator<Map<String, Object>> change) {
        Map<String, Object> tree = new HashMap<>(PayloadCodec.basic().decode(entry.payload()));
        byte[] payload = PayloadCodec.basic().encode(change.apply(tree), text -> text);
        return new JournalEntry(entry.sequence(), entry.timestamp(), entry.type(), payload);
    }

    private DivergenceException replayed(List<JournalEntry> other, String topology, Join join, int corrections) {
        Journal copy = Journal.inMemory();
        List<JournalEntry> renumbered = new ArrayList<>();
        other.forEach(entry -> renumbered.add(numbered(renumbered.size(), entry)));
        copy.append(runId, 0, renumbered).block();
        Runs<String> runs = workflow(topology, join, corrections, copy).runs();
        DivergenceException replay = catchThrowableOfType(
                DivergenceException.class, () -> runs.replay(runId).block());
        DivergenceException resume = catchThrowableOfType(
                DivergenceException.class, () -> runs.recover(runId).block());
        assertThat(replay).isNotNull();
        assertThat(resume).hasMessage(replay.getMessage());
        assertThat(replay.runId()).isEqualTo(runId);
        assertThat(replay).hasMessageContainingAll(runId, replay.expected(), replay.found());
        assertThat(read(copy)).as("nothing was written").isEqualTo(renumbered);
        return replay;
    }

    private DivergenceException replayed(List<JournalEntry> other) {
        return replayed(other, CREW, Join.all(), 2);
    }

    @Test
    void replay_theSameFacts_neverDiverges() {
        for (int times = 0; times < 100; times++) {
            assertThat(workflow(CREW, Join.all(), 2, journal)
                            .runs()
                            .replay(runId)
                            .block()
                            .status())
                    .isEqualTo(RunState.Status.SUCCEEDED);
        }
    }

    @Test
    void replay_anotherTopology_namesTheStart() {
        DivergenceException diverged =
                replayed(entries, "start -> Worker\nBoss <-> Worker\nBoss, Worker -> end\n", Join.all(), 2);

        assertThat(diverged.sequence()).isZero();
        assertThat(diverged.changes())
                .containsExactly(
                        "the agents are in another order",
                        "edge start -> Boss is gone",
                        "edge start -> Worker is new",
                        "edge Worker -> end is new");
        assertThat(diverged).hasMessageContaining("edge start -> Boss is gone");
        assertThat(diverged.found()).contains("Worker");
    }

    @Test
    void replay_anotherJoin_namesTheAnswerThatMeetsIt() {
        DivergenceException diverged = replayed(entries, CREW, Join.firstSuccess(), 2);

        assertThat(diverged.sequence()).isEqualTo(2);
        assertThat(diverged.changes())
                .containsExactly(
                        "the join at Boss was all, is firstSuccess", "the join at Worker was all, is firstSuccess");
    }

    @Test
    void replay_noCorrections_namesTheDecisionThatWasCorrected() {
        DivergenceException diverged = replayed(entries, CREW, Join.all(), 0);

        assertThat(diverged.sequence()).isEqualTo(3);
        assertThat(diverged.changes()).containsExactly("the limit corrections was 2, is 0");
    }

    @Test
    void replay_aFactLess_namesIt() {
        for (int at = 1; at < entries.size() - 1; at++) {
            List<JournalEntry> other = new ArrayList<>(entries);
            other.remove(at);

            assertThat(replayed(other).sequence()).as("without fact %s", at).isEqualTo(at);
        }
    }

    @Test
    void replay_twoFactsExchanged_namesTheFirst() {
        for (int at = 1; at < entries.size() - 1; at++) {
            List<JournalEntry> other = new ArrayList<>(entries);
            other.set(at, entries.get(at + 1));
            other.set(at + 1, entries.get(at));

            assertThat(replayed(other).sequence())
                    .as("fact %s after %s", at, at + 1)
                    .isEqualTo(at);
        }
    }

    @Test
    void replay_anAlteredDecision_namesIt() {
        for (int at = 1; at < entries.size() - 1; at++) {
            List<JournalEntry> other = new ArrayList<>(entries);
            other.set(at, altered(entries.get(at), tree -> {
                tree.put("decision", Map.of("kind", "fail", "reason", "no"));
                return tree;
            }));

            assertThat(replayed(other).sequence()).as("fact %s", at).isEqualTo(at);
        }
    }

    @Test
    void replay_theStepOfAnotherBranch_namesBoth() {
        List<JournalEntry> other = new ArrayList<>(entries);
        long step =
                ((Number) PayloadCodec.basic().decode(entries.get(3).payload()).get("step")).longValue();
        other.set(2, altered(entries.get(2), tree -> {
            tree.put("step", step);
            return tree;
        }));
        DivergenceException diverged = replayed(other);

        assertThat(diverged.sequence()).isEqualTo(2);
        assertThat(diverged.expected()).contains("Worker /0.0/");
        assertThat(diverged.found()).contains("Worker /0.1/");
        assertThat(diverged.changes()).isEmpty();
    }

    @Test
    void replay_anotherStatusInTheNote_isTold() {
        List<JournalEntry> other = new ArrayList<>(entries);
        other.set(7, altered(entries.get(7), tree -> {
            tree.put("status", "failed");
            return tree;
        }));
        DivergenceException diverged = replayed(other);

        assertThat(diverged.expected()).contains("failed");
        assertThat(diverged.found()).contains("succeeded");
        assertThat(diverged.sequence()).isEqualTo(7);
    }

    @Test
    void replay_factsAfterTheEnd_areTold() {
        List<JournalEntry> other = new ArrayList<>(entries);
        other.add(entries.get(6));
        assertThat(replayed(other).sequence()).isEqualTo(8);

        other.set(8, entries.get(7));
        assertThat(replayed(other).sequence()).isEqualTo(8);
    }

    @Test
    void replay_anotherDigest_isToldAtItsFact() {
        for (int at = 0; at < entries.size() - 1; at++) {
            List<JournalEntry> other = new ArrayList<>(entries);
            other.set(at, altered(entries.get(at), tree -> {
                tree.put("digestAfter", 4711L);
                return tree;
            }));
            assertThat(replayed(other).sequence()).isEqualTo(at);

            other.set(at, altered(entries.get(at), tree -> {
                tree.put("digestBefore", 4711L);
                return tree;
            }));
            assertThat(replayed(other).sequence()).isEqualTo(at);
        }
    }

    @Test
    void replay_aDigestOfAnotherVersion_isRefusedByNumber() {
        JournalEntry start = altered(entries.get(0), tree -> {
            tree.put("digestVersion", 2L);
            tree.put("digestAfter", 0L);
            return tree;
        });
        Journal copy = Journal.inMemory();
        copy.append(runId, 0, List.of(start)).block();
        Runs<String> runs = workflow(CREW, Join.all(), 2, copy).runs();

        assertThatThrownBy(() -> runs.replay(runId).block())
                .isInstanceOfSatisfying(UnsupportedRunFormatException.class, refused -> {
                    assertThat(refused.runId()).isEqualTo(runId);
                    assertThat(refused.digestVersion()).isEqualTo(2);
                })
                .hasMessageContainingAll(runId, "digest version 2", "knows 1");
        assertThatThrownBy(() -> runs.recover(runId).block()).isInstanceOf(UnsupportedRunFormatException.class);
    }

    // --- the plan changes

    private static Workflow<String, String> asking(String topology, Journal journal) {
        Topology parsed = Topology.parse(topology);
        Workflow.Builder<String> builder = Workflow.builder(parsed, String.class);
        for (String agent : parsed.agents()) {
            builder.agent(
                    agent,
                    TestRuns.deciding(
                            agent,
                            turn -> turn.reason() == Turn.Reason.ANSWERED
                                    ? Decision.answer(String.valueOf(turn.answer()))
                                    : agent.equals("A") ? Decision.handOff("B", "go") : Decision.ask("which?")));
        }
        return builder.journal(journal).build();
    }

    private static final String AWAITING_ANSWER = "start -> A -> B\nB -> user, end";

    private Run<String> runThatAsks() {
        Run<String> run = asking(AWAITING_ANSWER, journal).start("go");
        run.events().ofType(RunEvent.QuestionAsked.class).blockFirst(TestRuns.SOON);
        return run;
    }

    private void assertDiverges(String topology, String run, long sequence, String change) {
        for (boolean recovered : new boolean[] {false, true}) {
            Runs<String> runs = asking(topology, new ForwardingJournal(journal)).runs();
            DivergenceException diverged = catchThrowableOfType(
                    DivergenceException.class,
                    () -> (recovered ? runs.recover(run) : runs.replay(run)).block(TestRuns.SOON));
            assertThat(diverged).as("%s, recovered %s", topology, recovered).isNotNull();
            assertThat(diverged.sequence()).isEqualTo(sequence);
            assertThat(diverged.changes()).contains(change);
            assertThat(diverged).hasMessageContaining(change);
        }
    }

    /** Recorded up to the hand-off; as if the process had died then. */
    private String cutAfter(Run<String> run, int facts) {
        String copy = run.runId() + "-cut";
        List<JournalEntry> first =
                journal.read(run.runId(), 0).take(facts).collectList().block();
        journal.append(copy, 0, first).block();
        return copy;
    }

    @Test
    void replay_theEdgeUsedLastIsGone_isToldThoughNoFactFollows() {
        String cut = cutAfter(runThatAsks(), 2);

        assertDiverges("start -> A -> C -> B\nB -> user, end", cut, 1, "edge A -> B is gone");
    }

    @Test
    void replay_theEdgeToTheUserIsGoneWithAQuestionOpen_isToldAndTheQuestionIsNotLost() {
        Run<String> run = runThatAsks();

        assertDiverges("start -> A -> B\nB -> end", run.runId(), 2, "edge B -> user is gone");
        assertThat(asking(AWAITING_ANSWER, journal)
                        .runs()
                        .replay(run.runId())
                        .block()
                        .questions())
                .hasSize(1);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "start -> A -> B\nB -> user, end, C\nC -> end",
                "start -> A -> B\nB -> user, end\nB -> A",
                "start -> A -> B -> user",
            })
    void recover_aChangeTheRunHasNotMet_passes(String topology) {
        Run<String> run = runThatAsks();
        String cut = cutAfter(run, 3);

        assertThat(asking(topology, journal).runs().replay(cut).block().questions())
                .hasSize(1);
        Run<String> recovered = asking(topology, journal).runs().recover(cut).block();
        recovered
                .questions()
                .forEach(question -> recovered.answer(question.id(), "this").subscribe());
        assertThat(recovered.result().block(TestRuns.SOON).answers()).containsExactly("this");
        assertThat(asking(topology, journal).runs().replay(cut).block().status())
                .isEqualTo(RunState.Status.SUCCEEDED);
    }
}
