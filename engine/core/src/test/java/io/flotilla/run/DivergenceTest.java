package io.flotilla.run;

import static org.assertj.core.api.Assertions.assertThat;
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
        return Workflow.over(Topology.parse(topology), String.class)
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
                .corrections(corrections)
                .engine(StepEngine.builder().concurrency(1).build()) // facts that are written together share a check
                .journal(journal)
                .build();
    }

    private static JournalEntry numbered(long sequence, JournalEntry entry) {
        return new JournalEntry(sequence, entry.at(), entry.type(), entry.payload());
    }

    private static JournalEntry altered(JournalEntry entry, UnaryOperator<Map<String, Object>> change) {
        Map<String, Object> tree = new HashMap<>(PayloadCodec.basic().decode(entry.payload()));
        byte[] payload = PayloadCodec.basic().encode(change.apply(tree), text -> text);
        return new JournalEntry(entry.sequence(), entry.at(), entry.type(), payload);
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
                DivergenceException.class, () -> runs.resume(runId).block());
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
        assertThat(diverged.expected()).contains("checksum");
        assertThat(diverged.found()).contains("checksum").isNotEqualTo(diverged.expected());
    }

    @Test
    void replay_anotherJoin_namesTheAnswerThatMeetsIt() {
        assertThat(replayed(entries, CREW, Join.first(), 2).sequence()).isEqualTo(2);
    }

    @Test
    void replay_noCorrections_namesTheDecisionThatWasCorrected() {
        assertThat(replayed(entries, CREW, Join.all(), 0).sequence()).isEqualTo(3);
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
        assertThat(diverged.expected()).contains("Worker /0.0/ #0");
        assertThat(diverged.found()).isEqualTo("no such step");
    }

    @Test
    void replay_anotherStatusInTheNote_isTold() {
        List<JournalEntry> other = new ArrayList<>(entries);
        other.set(7, altered(entries.get(7), tree -> {
            tree.put("status", "FAILED");
            return tree;
        }));
        DivergenceException diverged = replayed(other);

        assertThat(diverged.expected()).contains("FAILED");
        assertThat(diverged.found()).contains("SUCCEEDED");
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
    void replay_aCheckThatCannotBe_isTold() {
        for (long told : List.of(-1L, 1L << 32, Long.MAX_VALUE, Long.MIN_VALUE)) {
            for (int at = 0; at < entries.size(); at++) {
                List<JournalEntry> other = new ArrayList<>(entries);
                other.set(at, altered(entries.get(at), tree -> {
                    tree.put("told", told);
                    return tree;
                }));

                assertThat(replayed(other).sequence()).isEqualTo(at);
            }
        }
    }
}
