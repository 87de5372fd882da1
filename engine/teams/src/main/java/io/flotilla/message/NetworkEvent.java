package io.flotilla.message;

import io.flotilla.AgentId;
import io.flotilla.journal.JournalEntry;
import io.flotilla.journal.PayloadCodec;
import io.flotilla.journal.PayloadException;
import java.time.Instant;
import java.util.Arrays;
import java.util.Locale;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * One thing that happened in a network, as a {@link NetworkRecording} has it. Immutable.
 *
 * @since 0.1
 */
public final class NetworkEvent {

    /** What happened. */
    public enum Kind {
        /** A member was there, or joined. */
        JOINED,
        /** A member left. */
        LEFT,
        /** A message, a request or a reply was sent. */
        SENT,
        /** A message was not accepted for a receiver, or not let in by the network's guard. */
        REFUSED,
        /** The handler of a member was called with a message. */
        RECEIVED,
        /** That handler ended without a failure. */
        HANDLED,
        /** A message that a mailbox had accepted became a dead letter: its handler failed, or did not end, or was not called. */
        DEAD_LETTERED,
        /** A request had its answers. */
        ANSWERED,
        /** The recording had no room for what came after, or could not write it. */
        TRUNCATED;

        String type() {
            return "network-" + name().toLowerCase(Locale.ROOT).replace('_', '-');
        }
    }

    private final long number;
    private final Instant at;
    private final Kind kind;
    private final EventFields fields;

    private NetworkEvent(long number, Instant at, Kind kind, EventFields fields) {
        this.number = number;
        this.at = at;
        this.kind = kind;
        this.fields = fields;
    }

    /** Throws {@link PayloadException} if it is none. */
    static NetworkEvent read(JournalEntry entry, PayloadCodec codec) {
        Kind kind = Arrays.stream(Kind.values())
                .filter(each -> each.type().equals(entry.type()))
                .findFirst()
                .orElseThrow(() -> new PayloadException(
                        "entry " + entry.sequence() + " is no event of a network, but " + entry.type(), null));
        Map<String, @Nullable Object> fields = codec.decode(entry.payload());
        return new NetworkEvent(entry.sequence(), entry.timestamp(), kind, new EventFields(entry.sequence(), fields));
    }

    /**
     * Its place in the recording.
     *
     * @return from 0
     */
    public long number() {
        return number;
    }

    /**
     * When it happened, by the clock of the recorder's engine.
     *
     * @return the instant
     */
    public Instant at() {
        return at;
    }

    /**
     * What happened.
     *
     * @return the kind
     */
    public Kind kind() {
        return kind;
    }

    /**
     * The id of the message it is about.
     *
     * @return the id; null if it is not about a message
     */
    public @Nullable String messageId() {
        return fields.textOrNull(EventFields.ID);
    }

    /**
     * Whom it is about: who joined or left, who has sent, received, handled, or not accepted the message.
     *
     * @return the member; null if a message has no receiver, and for {@link Kind#TRUNCATED}
     */
    public @Nullable AgentId member() {
        return fields.agentOrNull(EventFields.MEMBER);
    }

    /**
     * Why a message was refused or is a dead letter.
     *
     * @return the reason; null for other events
     */
    public DeadLetter.@Nullable Reason reason() {
        return fields.reasonOrNull();
    }

    /**
     * The message as it was sent, redacted, without what is not recorded.
     *
     * @return the message; null unless the event is {@link Kind#SENT}
     */
    public @Nullable Envelope message() {
        return kind == Kind.SENT ? fields.envelope() : null;
    }

    /**
     * Why the network's guard has not let the message in, in its own words: see {@link NetworkGuard#reason}.
     *
     * @return the name; null unless it was the guard that refused
     */
    public @Nullable String refusal() {
        return fields.why();
    }

    /** Whether a guard refused the message: it has not been sent then, and its sender is whoever it claimed to be. */
    boolean isDenied() {
        return kind == Kind.REFUSED && fields.why() != null;
    }

    /** Whether a guard has let the message in, or refused it. */
    boolean hasMetAGuard() {
        return kind == Kind.SENT ? fields.hasNotes() : isDenied();
    }

    /** Whether a replay must see it again: what was sent, and what was refused in the handler of its own sender. */
    boolean isRequired() {
        return !isDenied() || fields.envelope().sender().equals(fields.during());
    }

    EventFields fields() {
        return fields;
    }

    /** The number, what happened to which message, and to whom; nothing of payloads. */
    @Override
    public String toString() {
        AgentId member = member();
        String id = messageId();
        DeadLetter.Reason reason = reason();
        return "#" + number + " " + kind + (member == null ? "" : " " + member) + (id == null ? "" : " " + id)
                + (reason == null ? "" : " " + reason) + (refusal() == null ? "" : " " + refusal());
    }
}
