package io.flotilla.journal.runs;

import static org.assertj.core.api.Assertions.assertThat;

import io.flotilla.journal.sqlite.SqliteJournal;
import io.flotilla.run.RunEvent;
import io.flotilla.run.RunFilter;
import io.flotilla.run.RunInfo;
import io.flotilla.run.Runs;
import io.flotilla.run.Workflow;
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
 * A process is killed again and again while its runs, and the runs nested in them, undo what they have done: each settled step is
 * recorded as undone once, nothing that was is undone again, and in the world outside nothing is left of what was done.
 */
class UndoKillTest {

    private static final int KILLS = Integer.getInteger("journal.undoKills", 8);
    private static final Duration SOON = Duration.ofSeconds(60);

    @TempDir
    Path folder;

    private int kills;

    @Test
    @Timeout(value = 3, unit = TimeUnit.HOURS)
    void compensations_killedAtRandomMoments_areDoneOnceEach() throws Exception {
        long seed = System.nanoTime();
        Random random = new Random(seed);
        int undoing = 0;
        for (int file = 0; kills < KILLS; file++) {
            undoing +=
                    untilAllIsUndone(folder.resolve("undo-" + file + ".db"), random, "seed " + seed + ", file " + file);
        }
        System.out.println("kills: " + kills + ", of them while something was undone: " + undoing);
        assertThat(undoing).as("kills while something was undone").isPositive();
    }

    /** How often it was killed while something was undone. */
    private int untilAllIsUndone(Path file, Random random, String which) throws Exception {
        Path sideEffects = Path.of(file + ".side");
        Files.createFile(sideEffects);
        Set<String> settled = Set.of();
        boolean done = false;
        int undoing = 0;
        while (!done) {
            int before = lines(sideEffects).size();
            boolean isUndoing = random.nextInt(4) > 0;
            int afterMs = random.nextInt(isUndoing ? 120 : 200);
            done = run(file, sideEffects, isUndoing, kills < KILLS ? afterMs : Integer.MAX_VALUE);
            List<String> lines = lines(sideEffects);
            assertThat(lines.subList(before, lines.size()))
                    .as(which + ": one of these had settled")
                    .doesNotHaveDuplicates()
                    .noneMatch(settled::contains);
            settled = settled(file, which, done, lines);
            undoing += !done && isUndoing ? 1 : 0;
        }
        return undoing;
    }

    private static List<String> lines(Path sideEffects) throws Exception {
        String text = Files.readString(sideEffects);
        return text.substring(0, text.lastIndexOf('\n') + 1).lines().toList();
    }

    /** Whether it came to its end. It is killed so long after it was open, or has begun to undo something. */
    private boolean run(Path file, Path sideEffects, boolean isUndoing, int afterMs) throws Exception {
        Process child = UndoChild.start(file, sideEffects);
        boolean done = false;
        try (BufferedReader out = child.inputReader()) {
            String line = out.readLine(); // it is open
            while (line != null && isUndoing && !line.equals("undo .") && !line.equals("done .")) {
                line = out.readLine();
            }
            if (line != null && !line.equals("done .") && afterMs != Integer.MAX_VALUE) {
                done = child.waitFor(afterMs, TimeUnit.MILLISECONDS);
                child.toHandle().destroyForcibly();
            }
            for (; line != null; line = out.readLine()) {
                done |= line.equals("done .");
            }
        } finally {
            if (!done) {
                child.destroyForcibly();
            }
            child.waitFor();
        }
        if (child.exitValue() == 128 + 9) {
            kills++;
            return false;
        }
        assertThat(child.exitValue()).isZero();
        return true;
    }

    /** What has been done or undone as far as the journal knows; at the end, that all is as it should be. */
    private static Set<String> settled(Path file, String which, boolean isEnd, List<String> lines) {
        SqliteJournal journal = SqliteJournal.builder(file).open();
        Workflow<Long, Long> outer = UndoChild.over(journal, Duration.ZERO, line -> {});
        Runs<Long> inner = UndoChild.inner(journal, Duration.ZERO, line -> {}).runs();
        List<RunInfo> all = outer.runs().list(RunFilter.all()).collectList().block(SOON);
        List<String> done = new ArrayList<>();
        List<String> undone = new ArrayList<>();
        List<String> owed = new ArrayList<>();
        for (RunInfo run : all) {
            Runs<Long> runs = run.workflow().equals("outer") ? outer.runs() : inner;
            for (RunEvent event : runs.events(run.runId()).collectList().block(SOON)) {
                if (event instanceof RunEvent.StepSettled step
                        && !step.failed()
                        && !step.agent().equals("Lead")) {
                    String key = RunsChild.key(run.runId(), step);
                    done.add(key);
                    if (run.status() != RunInfo.Status.SUCCEEDED) {
                        owed.add(key);
                    }
                } else if (event instanceof RunEvent.CompensationSettled step) {
                    assertThat(step.failed()).as(which).isFalse();
                    undone.add(run.runId() + step.branch() + '#' + step.step());
                }
            }
        }
        journal.close().block(SOON);
        assertThat(done).as(which).doesNotHaveDuplicates();
        assertThat(undone).as(which).doesNotHaveDuplicates();
        if (isEnd) {
            assertThat(all)
                    .as(which)
                    .hasSize(UndoChild.RUNS * (1 + UndoChild.NESTED))
                    .noneMatch(run -> run.status() == RunInfo.Status.UNFINISHED);
            assertThat(undone).as(which).containsExactlyInAnyOrderElementsOf(owed);
            assertThat(lines)
                    .as(which)
                    .containsAll(undone.stream().map(key -> "undo " + key).toList());
        }
        Set<String> settled = new HashSet<>();
        done.forEach(key -> settled.add("do " + key));
        undone.forEach(key -> settled.add("undo " + key));
        return settled;
    }
}
