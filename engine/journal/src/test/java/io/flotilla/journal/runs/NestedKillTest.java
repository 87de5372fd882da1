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
 * A process whose runs have runs nested in them is killed, again and again: no nested run is started twice, no step that had
 * settled, inside or outside, is run again, and every run ends with the right answer.
 */
class NestedKillTest {

    private static final int KILLS = Integer.getInteger("journal.nestedKills", 8);
    private static final Duration SOON = Duration.ofSeconds(60);

    @TempDir
    Path folder;

    private int kills;

    @Test
    @Timeout(value = 3, unit = TimeUnit.HOURS)
    void nestedRuns_killedAtRandomMoments_endAsIfNothingHadHappened() throws Exception {
        long seed = System.nanoTime();
        Random random = new Random(seed);
        for (int file = 0; kills < KILLS; file++) {
            untilAllHaveEnded(folder.resolve("nested-" + file + ".db"), random, "seed " + seed + ", file " + file);
        }
    }

    private void untilAllHaveEnded(Path file, Random random, String which) throws Exception {
        Path sideEffects = Path.of(file + ".side");
        Files.createFile(sideEffects);
        Set<String> settled = Set.of();
        boolean done = false;
        while (!done) {
            int before = keys(sideEffects).size();
            done = run(file, sideEffects, kills < KILLS ? random.nextInt(250) : Integer.MAX_VALUE);
            List<String> ran = keys(sideEffects);
            assertThat(ran.subList(before, ran.size()))
                    .as(which + ": one of these had settled")
                    .doesNotHaveDuplicates()
                    .noneMatch(settled::contains);
            settled = settled(file, which, done);
        }
    }

    private static List<String> keys(Path sideEffects) throws Exception {
        String text = Files.readString(sideEffects);
        return text.substring(0, text.lastIndexOf('\n') + 1).lines().toList();
    }

    /** Whether it came to its end. */
    private boolean run(Path file, Path sideEffects, int afterMs) throws Exception {
        Process child = NestedChild.start(file, sideEffects);
        boolean done = false;
        try (BufferedReader out = child.inputReader()) {
            String line = out.readLine();
            if (line != null && afterMs != Integer.MAX_VALUE) { // it is open
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

    /** The steps that have settled, of all runs, as the journal has it; at the end, that all is as it should be. */
    private static Set<String> settled(Path file, String which, boolean isEnd) {
        SqliteJournal journal = SqliteJournal.builder(file).codec(SumFlow.CODEC).open();
        Workflow<Long, Long> outer = NestedChild.over(journal, Duration.ZERO, key -> {});
        Runs<Long> inner = SumFlow.over(journal, Duration.ZERO, key -> {}).runs();
        List<RunInfo> all = outer.runs().list(RunFilter.all()).collectList().block(SOON);
        List<String> settled = new ArrayList<>();
        for (RunInfo run : all) {
            Runs<Long> runs = run.workflow().equals("sums") ? outer.runs() : inner;
            runs.events(run.runId())
                    .ofType(RunEvent.StepSettled.class)
                    .doOnNext(event -> settled.add(RunsChild.key(run.runId(), event)))
                    .blockLast(SOON);
        }
        assertThat(settled).as(which).doesNotHaveDuplicates();
        if (isEnd) {
            assertThat(all)
                    .as("no nested run was started twice")
                    .hasSize(NestedChild.RUNS * (1 + NestedChild.NESTED))
                    .allMatch(run -> run.status() == RunInfo.Status.SUCCEEDED);
            long answer = NestedChild.NESTED * SumFlow.answer(RunsChild.TASK);
            for (int run = 0; run < NestedChild.RUNS; run++) {
                assertThat(outer.runs()
                                .recover("run-" + run)
                                .flatMap(ended -> ended.result())
                                .block(SOON)
                                .answers())
                        .containsExactly(answer);
            }
        }
        journal.close().block(SOON);
        return new HashSet<>(settled);
    }
}
