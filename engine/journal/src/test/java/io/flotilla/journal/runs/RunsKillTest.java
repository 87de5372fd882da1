package io.flotilla.journal.runs;

import static org.assertj.core.api.Assertions.assertThat;

import io.flotilla.journal.JournalEntry;
import io.flotilla.journal.JournalFilter;
import io.flotilla.journal.RunSummary;
import io.flotilla.journal.sqlite.SqliteJournal;
import io.flotilla.run.RunEvent;
import io.flotilla.run.RunResult;
import io.flotilla.run.Runs;
import java.io.BufferedReader;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Random;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/**
 * A process that runs workflows is killed, again and again, until all its runs have ended: every run ends with the right
 * answer, no fact that was acknowledged is lost, no step that had settled is run again, and those in flight are, with the
 * same key.
 */
class RunsKillTest {

    private static final int KILLS = Integer.getInteger("journal.runKills", 20);
    private static final Duration SOON = Duration.ofSeconds(60);

    @TempDir
    Path folder;

    private int kills;
    private int acknowledgements;
    private int ranAgain;

    @Test
    @Timeout(value = 3, unit = TimeUnit.HOURS)
    void runs_killedAtRandomMoments_endAsIfNothingHadHappened() throws Exception {
        long seed = System.nanoTime();
        Random random = new Random(seed);
        for (int file = 0; kills < KILLS; file++) {
            untilAllHaveEnded(folder.resolve("runs-" + file + ".db"), random, "seed " + seed + ", file " + file);
        }
        assertThat(acknowledgements).isGreaterThan(KILLS);
        assertThat(ranAgain).as("killed while steps were in flight").isPositive();
    }

    private void untilAllHaveEnded(Path file, Random random, String which) throws Exception {
        Path sideEffects = Path.of(file + ".side");
        Files.createFile(sideEffects);
        Set<String> acknowledged = new HashSet<>();
        Set<String> inFlight = new HashSet<>();
        Set<String> settled = Set.of();
        boolean done = false;
        while (!done) {
            int before = keys(sideEffects).size();
            done = run(file, sideEffects, kills < KILLS ? random.nextInt(120) : Integer.MAX_VALUE, acknowledged);
            List<String> ran = keys(sideEffects);
            List<String> now = ran.subList(before, ran.size());
            assertThat(now)
                    .as(which + ": one of these had settled")
                    .doesNotHaveDuplicates()
                    .noneMatch(settled::contains);
            int waiting = inFlight.size();
            now.forEach(inFlight::remove);
            ranAgain += waiting - inFlight.size();

            settled = check(file, acknowledged, which);
            inFlight.addAll(ran);
            inFlight.removeAll(settled);
        }
        assertThat(inFlight)
                .as(which + ": all that were in flight were run again")
                .isEmpty();
        acknowledgements += acknowledged.size();
        checkEnd(file, sideEffects, which);
    }

    /** What agents did outside; the last line may be torn. */
    private static List<String> keys(Path sideEffects) throws Exception {
        String text = Files.readString(sideEffects);
        return text.substring(0, text.lastIndexOf('\n') + 1).lines().toList();
    }

    /** Whether it came to its end. */
    private boolean run(Path file, Path sideEffects, int afterMs, Set<String> acknowledged) throws Exception {
        Process child = RunsChild.start(file, sideEffects);
        boolean done = false;
        try (BufferedReader out = child.inputReader()) {
            long until = 0;
            for (String line = out.readLine(); line != null; line = out.readLine()) {
                done |= line.equals("done .");
                if (line.endsWith(" .") && line.contains("/")) { // the last line may be torn
                    acknowledged.add(line.substring(0, line.length() - 2));
                }
                long time = System.nanoTime();
                until = until == 0 ? time + TimeUnit.MILLISECONDS.toNanos(afterMs) : until;
                if (time >= until && !done) {
                    child.toHandle().destroyForcibly(); // the process's own method closes its output as well
                }
            }
        } finally {
            if (!done) {
                child.destroyForcibly();
            }
            child.waitFor();
        }
        if (child.exitValue() == 128 + 9) {
            kills++;
        } else {
            assertThat(child.exitValue()).isZero();
        }
        return done;
    }

    /** The steps that have settled, as the journal has it. */
    private static Set<String> check(Path file, Set<String> acknowledged, String which) {
        long begin = System.nanoTime();
        SqliteJournal journal = SqliteJournal.builder(file).codec(SumFlow.CODEC).open();
        assertThat(Duration.ofNanos(System.nanoTime() - begin)).as(which).isLessThan(Duration.ofSeconds(20));
        Runs<Long> runs = SumFlow.over(journal, Duration.ZERO, key -> {}).runs();
        List<String> settled = new ArrayList<>();
        for (String runId : ids(journal)) {
            List<JournalEntry> entries = journal.read(runId, 0).collectList().block(SOON);
            for (int at = 0; at < entries.size(); at++) {
                assertThat(entries.get(at).sequence()).as(which).isEqualTo(at);
            }
            runs.events(runId)
                    .ofType(RunEvent.StepSettled.class)
                    .doOnNext(event -> settled.add(RunsChild.key(runId, event)))
                    .blockLast(SOON);
        }
        journal.close().block(SOON);
        assertThat(settled).as(which).doesNotHaveDuplicates().containsAll(acknowledged);
        return new HashSet<>(settled);
    }

    private static List<String> ids(SqliteJournal journal) {
        return journal.list(JournalFilter.all())
                .map(RunSummary::runId)
                .collectList()
                .block(SOON);
    }

    private static void checkEnd(Path file, Path sideEffects, String which) throws Exception {
        SqliteJournal journal = SqliteJournal.builder(file).codec(SumFlow.CODEC).open();
        List<String> ran = new ArrayList<>();
        Runs<Long> runs = SumFlow.over(journal, Duration.ZERO, ran::add).runs();
        assertThat(ids(journal)).as(which).hasSize(RunsChild.RUNS);
        for (String runId : ids(journal)) {
            RunResult<Long> result =
                    runs.recover(runId).flatMap(run -> run.result()).block(SOON);
            assertThat(result.answers()).as(which).containsExactly(SumFlow.answer(RunsChild.TASK));
            assertThat(result.steps()).isEqualTo(SumFlow.steps());
        }
        assertThat(ran).as("a run that has ended is not run").isEmpty();
        assertThat(new HashSet<>(keys(sideEffects))).hasSize(RunsChild.RUNS * SumFlow.steps());
        journal.close().block(SOON);
    }
}
