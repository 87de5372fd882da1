package io.flotilla.message;

import io.flotilla.FlotillaException;
import java.util.Objects;

/**
 * A replay differs from its recording.
 *
 * @since 0.1
 */
public final class NetworkDivergenceException extends FlotillaException {

    private static final long serialVersionUID = 1L;

    private final NetworkDivergence divergence;

    NetworkDivergenceException(NetworkDivergence divergence) {
        super(Objects.requireNonNull(divergence, "divergence").toString(), null);
        this.divergence = divergence;
    }

    /**
     * The first difference.
     *
     * @return what, where, expected and found
     */
    public NetworkDivergence divergence() {
        return divergence;
    }
}
