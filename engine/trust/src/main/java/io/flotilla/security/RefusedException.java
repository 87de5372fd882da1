package io.flotilla.security;

import io.flotilla.FlotillaException;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * A message or a token is refused. Without a stack trace, since forgers may send a million messages a second, and with
 * nothing of what was refused but names.
 *
 * @since 0.1
 */
public final class RefusedException extends FlotillaException {

    private static final long serialVersionUID = 1L;

    private final Refusal refusal;

    RefusedException(Refusal refusal, String what) {
        this(refusal, what, null);
    }

    RefusedException(Refusal refusal, String what, @Nullable RefusedException cause) {
        super(refusal + ": " + what, cause, false);
        this.refusal = Objects.requireNonNull(refusal, "refusal");
    }

    /**
     * Why.
     *
     * @return the reason
     */
    public Refusal refusal() {
        return refusal;
    }
}
