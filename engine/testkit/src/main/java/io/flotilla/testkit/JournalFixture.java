package io.flotilla.testkit;

import static org.assertj.core.api.Assertions.assertThat;

import io.flotilla.journal.Journal;
import io.flotilla.journal.JournalEntry;
import io.flotilla.journal.JournalFilter;
import io.flotilla.journal.RunSummary;
import io.flotilla.journal.StaleAppendException;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Random;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.stream.LongStream;
import org.jspecify.annotations.NullUnmarked;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import reactor.core.publisher.Mono;

/** Opens a journal for each test, and what tests of journals are made of. */
@NullUnmarked // a journal is there from the first test on
abstract class JournalFixture {

    /** The time of all tests; journals have no clock of their own. */
    protected static final Instant NOON = Instant.parse("2026-11-20T12:00:00.123456789Z");

    static final Duration SOON = Duration.ofSeconds(30);

    Journal journal;

    /**
     * Opens a journal that is empty, with payloads of up to {@link #maxPayloadBytes()}.
     *
     * @return a journal; closed after each test
     */
    protected abstract Journal open();

    /**
     * How large a payload may be; room for ten of them is needed.
     *
     * @return a number of bytes
     */
    protected int maxPayloadBytes() {
        return 100_000;
    }

    @BeforeEach
    void openJournal() {
        journal = open();
    }

    @AfterEach
    void closeJournal() {
        journal.close().block(SOON);
    }

    /**
     * An entry whose content follows from its place.
     *
     * @param sequence its place
     * @return the entry
     */
    protected static JournalEntry entry(long sequence) {
        byte[] payload = new byte[(int) (sequence % 50)];
        new Random(sequence).nextBytes(payload);
        return new JournalEntry(sequence, NOON.plusNanos(sequence), "type-" + sequence % 3, payload);
    }

    /**
     * Entries whose content follows from their place.
     *
     * @param from the first
     * @param to the one behind the last
     * @return the entries
     */
    protected static List<JournalEntry> entries(long from, long to) {
        return LongStream.range(from, to).mapToObj(JournalFixture::entry).toList();
    }

    static JournalEntry typed(long sequence, Instant at, String type) {
        return new JournalEntry(sequence, at, type, new byte[] {1, 2, 3});
    }

    final long append(String runId, long from, long to) {
        return journal.append(runId, from, entries(from, to)).block(SOON);
    }

    final List<JournalEntry> read(String runId) {
        return journal.read(runId, 0).collectList().block(SOON);
    }

    final List<String> list(JournalFilter filter) {
        return journal.list(filter).map(RunSummary::runId).collectList().block(SOON);
    }

    static void await(CountDownLatch latch) {
        try {
            assertThat(latch.await(30, TimeUnit.SECONDS)).isTrue();
        } catch (InterruptedException interrupted) {
            throw new AssertionError(interrupted);
        }
    }

    /** How many entries a run has when all that waits is written: a stale append says so. */
    final long nextSequence(String runId) {
        return journal.append(runId, 4_000_000_000L, entries(4_000_000_000L, 4_000_000_001L))
                .onErrorResume(StaleAppendException.class, stale -> Mono.just(stale.actual()))
                .block(SOON);
    }
}
