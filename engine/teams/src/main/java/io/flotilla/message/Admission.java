package io.flotilla.message;

import java.util.Objects;
import org.jspecify.annotations.Nullable;

/** What a guard says of a message: what the receivers get, or why nobody gets anything, and then nothing of its content. */
record Admission(Envelope envelope, @Nullable Throwable refusal) {

    static Admission of(@Nullable NetworkGuard guard, Envelope envelope) {
        if (guard == null) {
            return new Admission(envelope, null);
        }
        try {
            Envelope admitted = guard.admit(envelope, envelope.answersRequest());
            Objects.requireNonNull(admitted, "the guard returned null");
            return new Admission(EnvelopeFields.admitted(admitted, guard), null);
        } catch (Throwable thrown) {
            return new Admission(EnvelopeFields.withheld(envelope), thrown);
        }
    }

    /** Of an answer that the network sends for a member. */
    static Admission outgoing(@Nullable NetworkGuard guard, Envelope reply) {
        if (guard == null) {
            return new Admission(reply, null);
        }
        try {
            return new Admission(Objects.requireNonNull(guard.outgoing(reply), "the guard returned null"), null);
        } catch (Throwable thrown) {
            return new Admission(EnvelopeFields.withheld(reply), thrown);
        }
    }

    UndeliverableException error() {
        return new UndeliverableException(DeadLetter.Reason.REFUSED, envelope, envelope.recipient(), refusal);
    }
}
