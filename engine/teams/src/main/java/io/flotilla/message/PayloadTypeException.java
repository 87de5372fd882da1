package io.flotilla.message;

import io.flotilla.FlotillaException;

/**
 * The payload of an envelope is not of the type that its reader asked for.
 *
 * @since 0.1
 */
public final class PayloadTypeException extends FlotillaException {

    private static final long serialVersionUID = 1L;

    private final String envelopeId;
    private final Class<?> expected;
    private final Class<?> actual;

    PayloadTypeException(String envelopeId, Class<?> expected, Class<?> actual) {
        super(
                "the payload of envelope " + envelopeId + " must be a " + expected.getName() + ", was a "
                        + actual.getName(),
                null);
        this.envelopeId = envelopeId;
        this.expected = expected;
        this.actual = actual;
    }

    /**
     * Which envelope it is.
     *
     * @return its id
     */
    public String envelopeId() {
        return envelopeId;
    }

    /**
     * What was asked for.
     *
     * @return the type
     */
    public Class<?> expected() {
        return expected;
    }

    /**
     * What the payload is.
     *
     * @return its class
     */
    public Class<?> actual() {
        return actual;
    }
}
