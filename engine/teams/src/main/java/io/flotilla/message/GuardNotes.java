package io.flotilla.message;

import java.util.Map;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/** What a guard says of messages to those who record and replay them. A guard is code of users, and may throw. */
final class GuardNotes {

    private static final String NO_REASON = "REFUSED";

    private GuardNotes() {}

    static boolean isConfidential(Envelope envelope) {
        NetworkGuard guard = envelope.guard;
        try {
            return guard != null && guard.isConfidential(envelope);
        } catch (Throwable thrown) {
            return true;
        }
    }

    /** Null for a message that no guard has let in. */
    static @Nullable Map<String, String> of(Envelope envelope) {
        NetworkGuard guard = envelope.guard;
        if (guard == null) {
            return null;
        }
        try {
            return Map.copyOf(guard.notes(envelope));
        } catch (Throwable thrown) {
            return Map.of();
        }
    }

    /** What a replay has recorded of a message, for the handler that is given it again. */
    static Envelope recorded(@Nullable NetworkGuard guard, Envelope message, @Nullable Map<String, String> notes) {
        return guard == null || notes == null
                ? message
                : Objects.requireNonNull(guard.recorded(message, notes), "the guard returned null");
    }

    static String reason(@Nullable NetworkGuard guard, @Nullable Throwable refusal) {
        if (guard == null || refusal == null) {
            return NO_REASON;
        }
        try {
            return Objects.requireNonNull(guard.reason(refusal), "the guard returned null");
        } catch (Throwable thrown) {
            return NO_REASON;
        }
    }
}
