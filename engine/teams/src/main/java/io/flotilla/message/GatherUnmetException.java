package io.flotilla.message;

import io.flotilla.FlotillaException;
import org.jspecify.annotations.Nullable;

/**
 * Too few have answered a request to many. Its cause is that of the first receiver that failed.
 *
 * @since 0.1
 */
public final class GatherUnmetException extends FlotillaException {

    private static final long serialVersionUID = 1L;

    private final transient Gathered gathered;

    GatherUnmetException(Envelope request, Gathered gathered) {
        super(
                "join " + gathered.join() + " fell short: "
                        + gathered.of(Answer.Status.ANSWERED).size() + " of "
                        + gathered.answers().size() + " answered " + request,
                firstCause(gathered));
        this.gathered = gathered;
    }

    private static @Nullable Throwable firstCause(Gathered gathered) {
        return gathered.answers().stream()
                .filter(answer -> answer.cause() != null && answer.status() != Answer.Status.CANCELLED)
                .map(Answer::cause)
                .findFirst()
                .orElse(null);
    }

    /**
     * What there is.
     *
     * @return the answers, those that failed among them
     */
    public Gathered gathered() {
        return gathered;
    }
}
