package io.flotilla.message;

/**
 * What dead letters, reports and errors have instead of the payload of a message that a {@link NetworkGuard} has refused, and
 * recordings instead of one that was encrypted on its way.
 *
 * @since 0.1
 */
public enum Withheld {
    /** In the payload's place. */
    PAYLOAD
}
