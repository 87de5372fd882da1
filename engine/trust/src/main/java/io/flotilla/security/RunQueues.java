package io.flotilla.security;

import io.flotilla.journal.JournalOverloadedException;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.HashMap;
import java.util.Map;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicReference;
import org.jspecify.annotations.Nullable;
import reactor.core.publisher.Mono;
import reactor.core.publisher.MonoSink;

/**
 * Lets one append of a run follow the other, in the order of subscription: the seal of an entry needs that of the one before
 * it, which is known when that one is in the journal. Appends of different runs do not wait for each other. Thread-safe.
 */
final class RunQueues {

    private static final int MAX_WAITING = 10_000;

    /** One append. What is done twice is done by whoever comes second: its starter, or its end. */
    private record Task(Mono<Long> append, MonoSink<Long> sink, AtomicBoolean isHalfDone) {}

    // --- guarded by this

    /** By run, what waits for the append in flight; runs without one are not there. */
    private final Map<String, Deque<Task>> waiting = new HashMap<>();

    private int count;

    /** Carried out even if nobody waits for it any more. */
    Mono<Long> inTurn(String runId, Mono<Long> append) {
        return Mono.create(sink -> {
            Task task = new Task(append.contextWrite(sink.contextView()), sink, new AtomicBoolean());
            synchronized (this) {
                Deque<Task> others = waiting.get(runId);
                if (others != null) {
                    if (count == MAX_WAITING) {
                        sink.error(new JournalOverloadedException("another append", MAX_WAITING));
                    } else {
                        others.add(task);
                        count++;
                    }
                    return;
                }
                waiting.put(runId, new ArrayDeque<>());
            }
            run(runId, task);
        });
    }

    /** As long as appends end at once, one after the other; else the end of one starts the next. */
    private void run(String runId, Task first) {
        Task task = first;
        while (task != null) {
            Task current = task;
            AtomicReference<@Nullable Long> sequence = new AtomicReference<>();
            current.append()
                    .subscribe(
                            sequence::set,
                            error -> {
                                ended(runId, current);
                                current.sink().error(error);
                            },
                            () -> {
                                ended(runId, current);
                                current.sink().success(sequence.get());
                            });
            task = current.isHalfDone().compareAndSet(false, true) ? null : next(runId);
        }
    }

    private void ended(String runId, Task task) {
        if (!task.isHalfDone().compareAndSet(false, true)) {
            Task next = next(runId);
            if (next != null) {
                run(runId, next);
            }
        }
    }

    private synchronized @Nullable Task next(String runId) {
        Deque<Task> others = waiting.get(runId);
        Task next = others == null ? null : others.poll();
        if (next == null) {
            waiting.remove(runId);
        } else {
            count--;
        }
        return next;
    }
}
