package io.flotilla.samples.readingcrew;

/** Nobody waited for this digest. */
final class LateException extends RuntimeException {

    private static final long serialVersionUID = 1L;

    LateException(String message) {
        super(message, null, false, false);
    }
}
