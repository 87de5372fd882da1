package io.flotilla.journal.sqlite;

import static io.flotilla.journal.sqlite.TestFacts.close;
import static io.flotilla.journal.sqlite.TestFacts.facts;
import static io.flotilla.journal.sqlite.TestFacts.read;
import static org.assertj.core.api.Assertions.assertThat;

import io.flotilla.journal.JournalFilter;
import io.flotilla.journal.RunSummary;
import java.io.BufferedReader;
import java.nio.file.Path;
import java.time.Duration;
import java.util.HashMap;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** A process that appends is killed, again and again: nothing it was told to be kept is lost. */
class KillTest {

    private static final int KILLS = Integer.getInteger("journal.kills", 20);

    /** Then another file, so that what is read after each kill does not grow for ever. */
    private static final int KILLS_A_FILE = 25;

    @TempDir
    Path folder;

    @Test
    @Timeout(value = 3, unit = TimeUnit.HOURS)
    void journal_killedAtRandomMoments_losesNothingAcknowledged() throws Exception {
        long seed = System.nanoTime();
        Random random = new Random(seed);
        long acknowledgements = 0;
        long facts = 0;
        Map<String, Long> acknowledged = new HashMap<>();
        for (int kill = 0; kill < KILLS; kill++) {
            if (kill % KILLS_A_FILE == 0) {
                acknowledged.clear();
            }
            Path file = folder.resolve("journal-" + kill / KILLS_A_FILE + ".db");

            acknowledgements += appendUntilKilled(file, random.nextInt(300), acknowledged);
            facts += check(file, acknowledged, "seed " + seed + ", kill " + kill);
        }
        assertThat(acknowledgements).isGreaterThan(KILLS * 5L);
        assertThat(facts).isGreaterThan(KILLS * 5L);
    }

    /** How many appends it was told of. */
    private static long appendUntilKilled(Path file, int afterMs, Map<String, Long> acknowledged) throws Exception {
        Process child = Child.start("append", file);
        long count = 0;
        try (BufferedReader out = child.inputReader()) {
            assertThat(Child.line(out)).isEqualTo("open");
            long until = 0;
            String line = out.readLine();
            while (line != null) {
                String[] words = line.split(" ", -1);
                if (words.length == 2 && !words[1].isEmpty() && out.ready()) { // the last line may be torn
                    acknowledged.merge(words[0], Long.valueOf(words[1]), Math::max);
                    count++;
                }
                until = until == 0 ? System.nanoTime() + TimeUnit.MILLISECONDS.toNanos(afterMs) : until;
                if (System.nanoTime() >= until) {
                    child.toHandle().destroyForcibly(); // the process's own method closes its output as well
                }
                line = out.readLine();
            }
        } finally {
            child.destroyForcibly().waitFor();
        }
        assertThat(child.exitValue()).as("killed, not ended").isEqualTo(128 + 9);
        return count;
    }

    private static long check(Path file, Map<String, Long> acknowledged, String which) {
        long begin = System.nanoTime();
        SqliteJournal journal = SqliteJournal.builder(file).open();
        Duration opening = Duration.ofNanos(System.nanoTime() - begin);
        assertThat(opening).as(which).isLessThan(Duration.ofSeconds(20));
        assertThat(journal.isPoisoned()).as(which).isFalse();
        Map<String, Long> kept = journal.list(JournalFilter.all())
                .collectMap(RunSummary::runId, RunSummary::entries)
                .block(TestFacts.SOON);
        acknowledged.forEach((runId, next) ->
                assertThat(kept.getOrDefault(runId, 0L)).as(which).isGreaterThanOrEqualTo(next));
        kept.forEach((runId, next) -> {
            TestFacts.Seen seen = read(journal, runId, 0);
            assertThat(seen.error()).as(which).isNull();
            assertThat(seen.entries()).as(which).isEqualTo(facts(runId, 0, next));
        });
        close(journal);
        return kept.values().stream().mapToLong(Long::longValue).sum();
    }
}
