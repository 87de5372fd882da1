package io.flotilla.step;

import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/** What has gone wrong in the attempts at one step: the first cause, later ones, and what a fallback has made of it. */
final class Failures {

    /** More causes than these are not kept. */
    private static final int MAX_SUPPRESSED = 16;

    /**
     * That a fallback's value stands in for the agent's.
     *
     * @param source where the value is from
     * @param cause the first cause, with the later ones suppressed
     */
    record Fallback(String source, Throwable cause) {}

    /** Whose causes they are, for {@link SharedCauses}; holds on to nothing. */
    private final Object owner = new Object();

    // Guarded by this.
    private @Nullable Throwable first;
    private final List<Throwable> later = new ArrayList<>(0);
    private @Nullable String source;
    private @Nullable Throwable degradedBy;
    private @Nullable List<Throwable> fallbackFailures;

    synchronized void record(Throwable cause) {
        Throwable known = first;
        if (known == null) {
            first = cause;
            SharedCauses.claim(cause, owner);
        } else if (Refusal.is(known) && !Refusal.is(cause)) {
            first = cause; // a guard's refusal never hides what an attempt really failed with
            SharedCauses.claim(cause, owner);
            later.removeIf(one -> isSame(one, cause));
            suppress(known);
        } else {
            suppress(cause);
        }
    }

    private void suppress(Throwable cause) {
        if (later.size() < MAX_SUPPRESSED
                && !isSame(cause, Objects.requireNonNull(first))
                && later.stream().noneMatch(known -> isSame(known, cause))) {
            later.add(cause);
        }
    }

    @SuppressWarnings("ReferenceEquality") // an exception is not to suppress itself, nor another twice
    private static boolean isSame(Throwable one, Throwable other) {
        return one == other;
    }

    /** The first cause there was; {@code last} is what the attempts ended with. */
    synchronized Throwable firstCause(Throwable last) {
        record(last);
        if (fallbackFailures != null) {
            fallbackFailures.forEach(this::suppress);
            fallbackFailures = null;
        }
        return Objects.requireNonNull(first);
    }

    /** The same with the later ones suppressed, once the step has ended. */
    synchronized Throwable suppressing(Throwable firstCause) {
        Throwable cause = SharedCauses.with(firstCause, later, owner);
        later.clear();
        return cause;
    }

    synchronized void degraded(String from, Throwable cause) {
        source = from;
        degradedBy = cause;
    }

    /** Not recorded: the step's own failure stays the first cause. */
    synchronized void fallbackFailed(Throwable cause) {
        if (fallbackFailures == null) {
            fallbackFailures = new ArrayList<>(1);
        }
        if (fallbackFailures.size() < MAX_SUPPRESSED) {
            fallbackFailures.add(cause);
        }
    }

    /** What the step has ended with, if that is a fallback's value. */
    synchronized @Nullable Fallback fallback() {
        return source == null || degradedBy == null ? null : new Fallback(source, suppressing(firstCause(degradedBy)));
    }
}
