package io.flotilla.internal;

import java.util.Collections;
import java.util.HashSet;
import java.util.Map;
import java.util.Set;
import java.util.WeakHashMap;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * What comes out of code of the user's that observes or measures: handlers, predicates, filters and conventions of observations, filters of
 * meters. It is logged and goes no further. Each place of a registry that throws is logged once, at WARN with its stack, and at DEBUG from
 * then on, since it may throw for every step. Thread-safe.
 *
 * @since 0.1
 */
public final class TelemetryFaults {

    private static final Logger LOG = LoggerFactory.getLogger(TelemetryFaults.class);

    /** The most places of a registry that are logged at WARN. */
    static final int MAX_PLACES = 100;

    private static final Map<Object, Set<String>> PLACES = Collections.synchronizedMap(new WeakHashMap<>());

    private TelemetryFaults() {}

    /**
     * Records something. Throws nothing: what is thrown costs a record, and nothing else.
     *
     * @param registry the registry it belongs to
     * @param recording called now
     */
    public static void guard(Object registry, Runnable recording) {
        try {
            recording.run();
        } catch (Throwable thrown) {
            log(registry, thrown);
        }
    }

    /**
     * Makes a meter. Throws nothing.
     *
     * @param registry the registry it belongs to
     * @param making called now
     * @param <M> the meter
     * @return the meter; null if none was made
     */
    public static <M> @Nullable M made(Object registry, Supplier<? extends @Nullable M> making) {
        try {
            return making.get();
        } catch (Throwable thrown) {
            log(registry, thrown);
            return null;
        }
    }

    /**
     * Logs what has been thrown. Throws nothing.
     *
     * @param registry the registry of observations or meters it belongs to
     * @param thrown what it was
     */
    public static void log(Object registry, Throwable thrown) {
        try {
            if (isNew(registry, thrown)) {
                LOG.warn(
                        "a handler, filter or convention of observations or meters throws; steps, runs and messages go on without. Logged once",
                        thrown);
            } else {
                LOG.debug("a handler, filter or convention of observations or meters throws again", thrown);
            }
        } catch (Throwable again) {
            // It is the log that throws.
        }
    }

    private static boolean isNew(Object registry, Throwable thrown) {
        StackTraceElement[] stack = thrown.getStackTrace();
        String place = thrown.getClass().getName() + (stack.length == 0 ? "" : " at " + stack[0]);
        synchronized (PLACES) {
            Set<String> known = PLACES.computeIfAbsent(registry, any -> new HashSet<>());
            return known.size() < MAX_PLACES && known.add(place);
        }
    }
}
