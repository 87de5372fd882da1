package io.flotilla.run;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import reactor.core.publisher.MonoSink;

/**
 * The questions of a run that wait for an answer, and the answers that are being written. An answer and the deadline of a
 * question both close it; the first of them is the one the machine is told of. Thread-safe.
 */
final class PendingQuestions {

    private static final class Pending {

        final PendingQuestion question;

        @Nullable MonoSink<Boolean> answering;

        @Nullable Long expired;

        Pending(PendingQuestion question) {
            this.question = question;
        }
    }

    private final Map<String, Pending> pending = new LinkedHashMap<>(); // guarded by itself

    void open(PendingQuestion question) {
        synchronized (pending) {
            pending.put(question.id(), new Pending(question));
        }
    }

    /** Those nobody is answering. */
    List<PendingQuestion> list() {
        synchronized (pending) {
            return pending.values().stream()
                    .filter(one -> one.answering == null)
                    .map(one -> one.question)
                    .toList();
        }
    }

    /** False if the question is not open; else its answer is this caller's, who will be told what becomes of it. */
    boolean claim(String id, MonoSink<Boolean> caller) {
        synchronized (pending) {
            Pending one = pending.get(id);
            if (one == null || one.answering != null) {
                return false;
            }
            one.answering = caller;
            return true;
        }
    }

    /** The deadline has passed, says a timer. True if nobody has answered before, so that the machine is to be told. */
    boolean expire(String id, long timer) {
        synchronized (pending) {
            Pending one = pending.get(id);
            if (one == null) {
                return false;
            }
            one.expired = timer;
            return one.answering == null && pending.remove(id) != null;
        }
    }

    /** Closes a question; gives whoever is answering it, if somebody is. */
    @Nullable MonoSink<Boolean> close(String id) {
        synchronized (pending) {
            Pending one = pending.remove(id);
            return one == null ? null : one.answering;
        }
    }

    /** The answer cannot be taken: the question is open again. Gives the timer that has passed meanwhile; then it is closed. */
    @Nullable Long reopen(String id) {
        synchronized (pending) {
            Pending one = pending.get(id);
            if (one == null) {
                return null;
            }
            one.answering = null;
            if (one.expired != null) {
                pending.remove(id);
            }
            return one.expired;
        }
    }

    /** Whoever is answering a question. */
    @Nullable MonoSink<Boolean> answering(String id) {
        synchronized (pending) {
            Pending one = pending.get(id);
            return one == null ? null : one.answering;
        }
    }

    /** Closes all; gives those who are answering. */
    List<MonoSink<Boolean>> closeAll() {
        synchronized (pending) {
            List<MonoSink<Boolean>> answering = new ArrayList<>();
            for (Pending one : pending.values()) {
                if (one.answering != null) {
                    answering.add(one.answering);
                }
            }
            pending.clear();
            return answering;
        }
    }
}
