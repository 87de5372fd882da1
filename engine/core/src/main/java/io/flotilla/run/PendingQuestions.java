package io.flotilla.run;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;
import java.util.function.LongConsumer;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import reactor.core.publisher.MonoSink;

/**
 * The questions of a run that wait for an answer, and the callers whose answers are being written. An answer and the deadline of
 * a question both close it; the machine is given the first of them. Each caller is signalled once. Thread-safe.
 */
final class PendingQuestions {

    private static final Logger LOG = LoggerFactory.getLogger(Run.class);

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

    /** Throws {@link InvalidAnswerException} if the question is open and this is no answer to it. */
    void check(String id, @Nullable Object answer) {
        PendingQuestion question;
        synchronized (pending) {
            Pending one = pending.get(id);
            question = one == null || one.answering != null ? null : one.question;
        }
        if (question != null) {
            question.check(answer);
        }
    }

    /** False if the question is not open; else its answer is this caller's, who is signalled what becomes of it. */
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

    /** The deadline has passed, says a timer. True if nobody has answered before, so that the machine is given it. */
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

    /** Closes a question. Its caller, if somebody is answering it, is signalled whether the answer was taken. */
    void close(String id, boolean taken) {
        Pending closed;
        synchronized (pending) {
            closed = pending.remove(id);
        }
        if (closed != null) {
            signal(closed.answering, caller -> caller.success(taken));
        }
    }

    /**
     * The answer cannot be taken, as its caller is signalled: the question is open again, or closed if its timer has fired
     * meanwhile. {@code expired} is called with that timer before the caller hears of it.
     */
    void reopen(String id, Throwable why, LongConsumer expired) {
        MonoSink<Boolean> caller;
        Long timer;
        synchronized (pending) {
            Pending one = pending.get(id);
            if (one == null) {
                return;
            }
            caller = one.answering;
            timer = one.expired;
            one.answering = null;
            if (timer != null) {
                pending.remove(id);
            }
        }
        if (timer != null) {
            expired.accept(timer);
        }
        signal(caller, answering -> answering.error(why));
    }

    /** Closes all; no answer that is being written is taken. */
    void closeAll() {
        closeAll(caller -> caller.success(false));
    }

    /** Closes all; the callers are signalled why. */
    void closeAll(Throwable why) {
        closeAll(caller -> caller.error(why));
    }

    private void closeAll(Consumer<MonoSink<Boolean>> signal) {
        List<Pending> closed;
        synchronized (pending) {
            closed = new ArrayList<>(pending.values());
            pending.clear();
        }
        closed.forEach(one -> signal(one.answering, signal));
    }

    /** What a subscriber throws is no business of the run. */
    private static void signal(@Nullable MonoSink<Boolean> caller, Consumer<MonoSink<Boolean>> signal) {
        if (caller == null) {
            return;
        }
        try {
            signal.accept(caller);
        } catch (Throwable thrown) {
            LOG.debug("a subscriber to an answer throws", thrown);
        }
    }
}
