package io.flotilla.message;

import io.flotilla.FlotillaException;
import java.time.Duration;

/**
 * A request was not answered in time.
 *
 * @since 0.1
 */
public final class RequestTimeoutException extends FlotillaException {

    private static final long serialVersionUID = 1L;

    private final Envelope request;
    private final Duration timeout;

    RequestTimeoutException(Envelope request, Duration timeout) {
        super("no answer within " + timeout + ": " + request, null, false);
        this.request = request;
        this.timeout = timeout;
    }

    /**
     * The request.
     *
     * @return the envelope
     */
    public Envelope request() {
        return request;
    }

    /**
     * How long its sender waited.
     *
     * @return the time
     */
    public Duration timeout() {
        return timeout;
    }
}
