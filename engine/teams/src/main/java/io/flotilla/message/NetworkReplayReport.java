package io.flotilla.message;

import org.jspecify.annotations.Nullable;

/**
 * What became of a replay. Immutable.
 *
 * @param received how many messages the members that were replayed were given
 * @param sent how many messages of theirs were as in the recording
 * @param divergence the first difference; null if there is none
 * @since 0.1
 */
public record NetworkReplayReport(
        int received, int sent, @Nullable NetworkDivergence divergence) {

    /**
     * Whether the members did what they had done.
     *
     * @return true without a divergence
     */
    public boolean matches() {
        return divergence == null;
    }

    /**
     * Throws if there is a difference.
     *
     * @throws NetworkDivergenceException with the first one
     */
    public void orThrow() {
        if (divergence != null) {
            throw new NetworkDivergenceException(divergence);
        }
    }

    /** The counts, and the first difference. */
    @Override
    public String toString() {
        return received + " messages received, " + sent + " sent as recorded"
                + (divergence == null ? "" : ", then " + divergence);
    }
}
