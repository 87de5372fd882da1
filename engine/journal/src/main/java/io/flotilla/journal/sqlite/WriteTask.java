package io.flotilla.journal.sqlite;

import io.flotilla.journal.JournalEntry;
import io.flotilla.journal.JournalException;
import java.sql.SQLException;
import java.util.List;
import org.jspecify.annotations.Nullable;
import reactor.core.publisher.Mono;
import reactor.core.publisher.Sinks;

/**
 * Something to be written, and whoever waits for it. Nobody who waits has a hand on the writer: a cancel ends the waiting
 * only.
 */
abstract sealed class WriteTask {

    /** What every waiting task weighs besides its payloads. */
    private static final long OVERHEAD = 200;

    private final Sinks.One<Object> end = Sinks.one();

    /** What it has come to; signalled only after the commit. */
    private @Nullable Object value;

    private @Nullable Throwable refusal;

    abstract long bytes();

    /** Writes into the open transaction and gives the value; a refusal has written nothing. */
    abstract Object write(Store store) throws SQLException;

    final void apply(Store store) throws SQLException {
        try {
            value = write(store);
        } catch (JournalException refused) {
            refusal = refused;
        }
    }

    /** After the commit. */
    final void tell() {
        if (refusal != null) {
            end.tryEmitError(refusal);
        } else if (value != null) {
            end.tryEmitValue(value);
        }
    }

    final void fail(Throwable why) {
        end.tryEmitError(why);
    }

    final Mono<Object> end() {
        return end.asMono();
    }

    static final class Append extends WriteTask {

        private final String runId;
        private final long expected;
        private final List<JournalEntry> entries;
        private final long bytes;

        Append(String runId, long expected, List<JournalEntry> entries) {
            this.runId = runId;
            this.expected = expected;
            this.entries = entries;
            long sum = OVERHEAD;
            for (JournalEntry entry : entries) {
                sum += OVERHEAD + entry.payloadSize();
            }
            this.bytes = sum;
        }

        @Override
        long bytes() {
            return bytes;
        }

        @Override
        Object write(Store store) throws SQLException {
            return store.append(runId, expected, entries);
        }
    }

    static final class Copy extends WriteTask {

        private final String source;
        private final long count;
        private final String target;
        private final List<JournalEntry> entries;
        private final long bytes;

        Copy(String source, long count, String target, List<JournalEntry> entries) {
            this.source = source;
            this.count = count;
            this.target = target;
            this.entries = entries;
            this.bytes = new Append(target, count, entries).bytes();
        }

        @Override
        long bytes() {
            return bytes;
        }

        @Override
        Object write(Store store) throws SQLException {
            return store.copy(source, count, target, entries);
        }
    }

    static final class Delete extends WriteTask {

        private final String runId;

        Delete(String runId) {
            this.runId = runId;
        }

        @Override
        long bytes() {
            return OVERHEAD;
        }

        @Override
        Object write(Store store) throws SQLException {
            return store.delete(runId);
        }
    }
}
