package io.flotilla.message;

import io.flotilla.journal.Journal;
import io.flotilla.journal.JournalEntry;
import java.util.ArrayList;
import java.util.List;
import java.util.function.BooleanSupplier;
import org.jspecify.annotations.Nullable;
import reactor.core.publisher.Mono;
import reactor.core.publisher.MonoSink;

/** Writes a recording into a journal: one append at a time, with what has come meanwhile. After the first that fails, no more. */
final class RecordingWriter {

    /** How many events wait for the journal at most; one more says that there are no more, and an append has them all. */
    static final int MAX_PENDING = 5_000;

    private final Journal journal;
    private final String id;

    // Guarded by this.
    private List<JournalEntry> pending = new ArrayList<>();
    private boolean writing;
    private @Nullable Throwable failure;
    private final List<MonoSink<Void>> waiting = new ArrayList<>();

    RecordingWriter(Journal journal, String id) {
        this.journal = journal;
        this.id = id;
    }

    synchronized boolean hasRoom() {
        return pending.size() < MAX_PENDING;
    }

    /** Whether {@link #write} is to be called, when the caller holds no lock any more. */
    synchronized BooleanSupplier add(JournalEntry entry) {
        if (failure != null) {
            return () -> false;
        }
        pending.add(entry);
        boolean starts = !writing;
        writing = true;
        return () -> starts;
    }

    void write() {
        List<JournalEntry> batch;
        List<MonoSink<Void>> told = List.of();
        Throwable cause;
        synchronized (this) {
            cause = failure;
            batch = pending;
            pending = new ArrayList<>();
            if (batch.isEmpty()) {
                writing = false;
                told = List.copyOf(waiting);
                waiting.clear();
            }
        }
        if (batch.isEmpty()) {
            Throwable why = cause;
            told.forEach(sink -> tell(sink, why));
            return;
        }
        Mono.defer(() -> journal.append(id, batch.get(0).sequence(), batch))
                .subscribe(next -> {}, this::failed, () -> Dispatch.shared().execute(this::write));
    }

    private void failed(Throwable cause) {
        synchronized (this) {
            failure = cause;
            pending = new ArrayList<>();
        }
        Dispatch.shared().execute(this::write);
    }

    private static void tell(MonoSink<Void> sink, @Nullable Throwable cause) {
        if (cause == null) {
            sink.success();
        } else {
            sink.error(cause);
        }
    }

    /** Completes when nothing is to be written any more. */
    Mono<Void> finished() {
        return Mono.create(sink -> {
            Throwable cause;
            synchronized (this) {
                if (writing) {
                    waiting.add(sink);
                    return;
                }
                cause = failure;
            }
            tell(sink, cause);
        });
    }
}
