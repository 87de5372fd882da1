package io.flotilla.state;

import static org.assertj.core.api.Assertions.assertThat;

import io.flotilla.journal.sqlite.SqliteJournal;
import io.flotilla.state.Accounts.Event;
import java.io.BufferedReader;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** A process that appends events is killed, again and again: no acknowledged event is lost, and no snapshot lies. */
class EventSourcedKillTest {

    private static final Duration SOON = Duration.ofSeconds(20);
    private static final int KILLS = Math.max(5, Integer.getInteger("journal.kills", 20) / 4);

    @TempDir
    Path folder;

    @Test
    @Timeout(value = 30, unit = TimeUnit.MINUTES)
    void state_killedAtRandomMoments_losesNothingAcknowledged() throws Exception {
        long seed = System.nanoTime();
        Random random = new Random(seed);
        Path file = folder.resolve("states.db");
        long[] acknowledged = new long[EventSourcedChild.STATES];
        for (int kill = 0; kill < KILLS; kill++) {
            appendUntilKilled(file, random.nextInt(200), acknowledged);
            check(file, acknowledged, "seed " + seed + ", kill " + kill);
        }
        for (long version : acknowledged) {
            assertThat(version).isGreaterThan(KILLS);
        }
    }

    private static void appendUntilKilled(Path file, int afterMs, long[] acknowledged) throws Exception {
        Process child = EventSourcedChild.start(file);
        try (BufferedReader out = child.inputReader()) {
            assertThat(out.readLine()).isEqualTo("open");
            long until = 0;
            String line = out.readLine();
            while (line != null) {
                String[] words = line.split(" ", -1);
                if (words.length == 3 && words[2].equals(".")) { // the last line may be torn
                    acknowledged[Integer.parseInt(words[0])] = Long.parseLong(words[1]);
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
    }

    private static void check(Path file, long[] acknowledged, String which) {
        SqliteJournal journal = SqliteJournal.builder(file).open();
        EventSourced<Integer, Event> with =
                Accounts.withSnapshots(journal, EventSourcedChild.EVERY).build();
        EventSourced<Integer, Event> without = Accounts.over(journal).build();
        for (int at = 0; at < acknowledged.length; at++) {
            Versioned<Integer> replayed = without.of("a" + at).load().block(SOON);
            assertThat(replayed.version()).as(which).isGreaterThanOrEqualTo(acknowledged[at]);
            assertThat(replayed.value()).as(which).isEqualTo((int) replayed.version());
            assertThat(replayed.version() % 2).as(which + ": appends are whole").isZero();
            assertThat(with.of("a" + at).load().block(SOON)).as(which).isEqualTo(replayed);
            acknowledged[at] = replayed.version();
        }
        journal.close().block(SOON);
    }
}
