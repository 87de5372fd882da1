package io.flotilla.run;

import java.util.Iterator;
import java.util.LinkedHashSet;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import reactor.core.publisher.Mono;
import reactor.core.publisher.MonoSink;

/**
 * One value or error for any number of subscribers, signalled one after another in the order they subscribed. Each is on its own:
 * what one of them throws, fatal errors too, is logged, and the next is signalled all the same. A sink of Reactor's stops at the first that
 * throws.
 *
 * <p>Thread-safe; the first end counts.
 */
final class Outlet<T> {

    private static final Logger LOG = LoggerFactory.getLogger(Run.class);

    private final Set<MonoSink<T>> waiting = new LinkedHashSet<>(); // guarded by itself
    private volatile @Nullable End<T> end;
    private final Mono<T> mono = Mono.create(this::add);

    private record End<T>(@Nullable T value, @Nullable Throwable cause) {

        void signal(MonoSink<T> subscriber) {
            if (cause != null) {
                subscriber.error(cause);
            } else {
                subscriber.success(value);
            }
        }
    }

    Mono<T> mono() {
        return mono;
    }

    /** The value; null if there is none yet, or an error. */
    @Nullable T known() {
        End<T> known = end;
        return known == null ? null : known.value();
    }

    void value(T value) {
        end(new End<>(value, null));
    }

    /** True if somebody has subscribed. */
    boolean error(Throwable cause) {
        return end(new End<>(null, cause));
    }

    /** As {@link #value} and {@link #error}; from {@code known} on later subscribers have it, and those before have not been told. */
    boolean end(@Nullable T value, @Nullable Throwable cause, Runnable known) {
        return end(new End<>(value, cause), known);
    }

    private void add(MonoSink<T> subscriber) {
        End<T> known;
        synchronized (waiting) {
            known = end;
            if (known == null) {
                waiting.add(subscriber);
            }
        }
        if (known != null) {
            known.signal(subscriber);
        } else {
            subscriber.onDispose(() -> remove(subscriber));
        }
    }

    private void remove(MonoSink<T> subscriber) {
        synchronized (waiting) {
            waiting.remove(subscriber);
        }
    }

    /** False if there is no subscriber, or it has ended before. */
    private boolean end(End<T> ended) {
        return end(ended, () -> {});
    }

    private boolean end(End<T> ended, Runnable known) {
        boolean isAwaited;
        synchronized (waiting) {
            if (end != null) {
                return false;
            }
            end = ended;
            isAwaited = !waiting.isEmpty();
        }
        known.run();
        for (MonoSink<T> next = next(); next != null; next = next()) {
            try {
                ended.signal(next);
            } catch (Throwable thrown) { // LinkageError, StackOverflowError: the subscriber's own
                LOG.warn("a subscriber of a run's result throws", thrown);
            }
        }
        return isAwaited;
    }

    /** Takes the first that has not been signalled. */
    private @Nullable MonoSink<T> next() {
        synchronized (waiting) {
            Iterator<MonoSink<T>> first = waiting.iterator();
            if (!first.hasNext()) {
                return null;
            }
            MonoSink<T> next = first.next();
            first.remove();
            return next;
        }
    }
}
