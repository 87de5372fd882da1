package io.flotilla.state;

import io.flotilla.FlotillaException;

/**
 * A value is of another type than the key that it is read with.
 *
 * @since 0.1
 */
public final class StateTypeException extends FlotillaException {

    private static final long serialVersionUID = 1L;

    private final String key;

    StateTypeException(StateKey<?> key, Class<?> actual) {
        super(
                "the value of " + key.name() + " must be a " + key.type().getName() + ", was a " + actual.getName(),
                null);
        this.key = key.name();
    }

    /**
     * Whose value it is.
     *
     * @return the name of the key
     */
    public String key() {
        return key;
    }
}
