package io.flotilla.security;

import java.util.Locale;

/**
 * Why a message is refused. What is checked first is reported first, in the order of this list.
 *
 * @since 0.1
 */
public enum Refusal {
    /** It has no signature. */
    UNSIGNED,
    /** It is larger than allowed. */
    TOO_LARGE,
    /** Its bytes are not those of a signed message of a version that this library reads. */
    MALFORMED,
    /** The key that it names is not in the key ring, or is for something else. */
    UNKNOWN_KEY,
    /** Its signature is not that of its contents: something in it was changed, or another key has signed it. */
    ALTERED,
    /** The key that it names was retired before it was issued, or its retirement window is over. */
    RETIRED_KEY,
    /** It was signed for another recipient, topic or run. */
    MISDIRECTED,
    /** The key belongs to somebody else than its sender. */
    WRONG_SENDER,
    /** It is issued later than now. */
    EARLY,
    /** Its time is over. */
    EXPIRED,
    /** Its time is longer than allowed. */
    LONG_LIVED,
    /** The network requires tokens, and its sender has shown none. */
    NO_TOKEN,
    /** The token that its sender has shown is not a valid one of that agent for this network. The cause says why. */
    INVALID_TOKEN,
    /** Nobody has given its sender the right to use this edge, or who gave it has not got it. */
    UNAUTHORISED,
    /** The same message has been here before. */
    REPLAYED,
    /** As many messages are remembered as may be, so nobody can tell whether this one has been here before. */
    REPLAY_GUARD_FULL,
    /** Its payload is not encrypted, and has to be. */
    UNENCRYPTED,
    /** Its payload cannot be decrypted. */
    UNDECRYPTABLE,
    /** Its payload is not one that the codec reads. */
    UNREADABLE,
    /** Its payload is nested deeper than allowed. */
    TOO_DEEP,
    /** The verifier has failed, such as at its clock: nobody can tell what the message is. Says nothing of the message. */
    UNVERIFIABLE;

    /**
     * The value of the meter's tag.
     *
     * @return the name in lower case
     */
    public String tag() {
        return name().toLowerCase(Locale.ROOT);
    }
}
