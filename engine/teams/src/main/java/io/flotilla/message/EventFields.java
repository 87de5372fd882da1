package io.flotilla.message;

import io.flotilla.AgentId;
import io.flotilla.journal.PayloadException;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** The fields of a {@link NetworkEvent}, written and read. What is not as it was written is a {@link PayloadException}. */
final class EventFields {

    static final String ID = "id";
    static final String MEMBER = "member";

    private static final String MESSAGE = "message";
    private static final String REASON = "reason";
    private static final String CAUSE = "cause";
    private static final String ANSWERS = "answers";
    private static final String MET = "met";
    private static final String STATUS = "status";
    private static final String PAYLOAD = "payload";
    private static final String OPAQUE = "opaque";
    private static final String CONFIDENTIAL = "confidential";
    private static final String NOTES = "notes";
    private static final String WHY = "why";
    private static final String DURING = "during";

    private final long number;
    private final Map<String, @Nullable Object> fields;

    EventFields(long number, Map<String, @Nullable Object> fields) {
        this.number = number;
        this.fields = fields;
    }

    // --- written

    static Map<String, @Nullable Object> of(AgentId member) {
        Map<String, @Nullable Object> fields = new LinkedHashMap<>();
        fields.put(MEMBER, member.toString());
        return fields;
    }

    static Map<String, @Nullable Object> of(
            Envelope envelope,
            @Nullable AgentId member,
            DeadLetter.@Nullable Reason reason,
            @Nullable Throwable cause) {
        Map<String, @Nullable Object> fields = new LinkedHashMap<>();
        fields.put(ID, envelope.id());
        if (member != null) {
            fields.put(MEMBER, member.toString());
        }
        if (reason != null) {
            fields.put(REASON, reason.name());
        }
        if (cause != null) {
            fields.put(CAUSE, cause.getClass().getName());
        }
        return fields;
    }

    /** Which payloads are written. */
    enum Payloads {
        /** Those that were not encrypted on their way. */
        PLAIN,
        /** All. */
        CONFIDENTIAL_TOO,
        /** None, but their types. */
        NONE
    }

    static Map<String, @Nullable Object> sent(Envelope envelope, Payloads payloads) {
        Map<String, @Nullable Object> fields = of(envelope, envelope.sender(), null, null);
        fields.put(MESSAGE, message(envelope, payloads));
        return fields;
    }

    static Map<String, @Nullable Object> denied(Envelope envelope, String why, @Nullable AgentId during) {
        Map<String, @Nullable Object> fields = of(envelope, envelope.recipient(), DeadLetter.Reason.REFUSED, null);
        fields.put(WHY, why);
        if (during != null) {
            fields.put(DURING, during.toString());
        }
        fields.put(MESSAGE, message(envelope, Payloads.NONE));
        return fields;
    }

    /** Without the payload there is its type, so that it can be said what cannot be replayed. */
    private static Map<String, @Nullable Object> message(Envelope envelope, Payloads payloads) {
        Map<String, @Nullable Object> message = new LinkedHashMap<>();
        message.put("kind", envelope.kind().name());
        message.put("answers", envelope.answersRequest());
        message.put(ID, envelope.id());
        message.put("correlation", envelope.correlationId());
        message.put("causation", envelope.causationId());
        message.put("sender", envelope.sender().toString());
        AgentId recipient = envelope.recipient();
        message.put("recipient", recipient == null ? null : recipient.toString());
        message.put("topic", envelope.topic());
        message.put("hops", envelope.hops());
        message.put("headers", envelope.headers());
        Map<String, String> notes = GuardNotes.of(envelope);
        if (notes != null) {
            message.put(NOTES, notes);
        }
        boolean isConfidential = GuardNotes.isConfidential(envelope);
        if (isConfidential) {
            message.put(CONFIDENTIAL, true);
        }
        if (payloads == Payloads.NONE) {
            message.put(OPAQUE, envelope.payload().getClass().getName());
        } else if (!isConfidential || payloads == Payloads.CONFIDENTIAL_TOO) {
            message.put(PAYLOAD, envelope.payload());
        }
        return message;
    }

    static Map<String, @Nullable Object> answered(Envelope request, Gathered gathered, Payloads payloads) {
        Map<String, @Nullable Object> fields = of(request, request.sender(), null, null);
        fields.put(MET, gathered.isMet());
        List<Map<String, @Nullable Object>> answers = new ArrayList<>();
        for (Answer answer : gathered.answers()) {
            Map<String, @Nullable Object> one = of(answer.receiver());
            one.put(STATUS, answer.status().name());
            Envelope reply = answer.reply();
            if (reply != null) {
                one.put(MESSAGE, message(reply, payloads));
            }
            if (answer.cause() instanceof UndeliverableException undelivered) {
                one.put(REASON, undelivered.reason().name());
            }
            answers.add(one);
        }
        fields.put(ANSWERS, answers);
        return fields;
    }

    // --- read

    private PayloadException wrong(String key) {
        return new PayloadException("event " + number + " of the recording has no proper " + key, null);
    }

    @Nullable String textOrNull(String key) {
        Object value = fields.get(key);
        if (value != null && !(value instanceof String)) {
            throw wrong(key);
        }
        return (String) value;
    }

    private String text(String key) {
        String text = textOrNull(key);
        if (text == null) {
            throw wrong(key);
        }
        return text;
    }

    @Nullable AgentId agentOrNull(String key) {
        String name = textOrNull(key);
        try {
            return name == null ? null : AgentId.of(name);
        } catch (IllegalArgumentException invalid) {
            throw wrong(key);
        }
    }

    private AgentId agent(String key) {
        AgentId agent = agentOrNull(key);
        if (agent == null) {
            throw wrong(key);
        }
        return agent;
    }

    DeadLetter.@Nullable Reason reasonOrNull() {
        return textOrNull(REASON) == null ? null : oneOf(DeadLetter.Reason.class, REASON);
    }

    /** The class of what a handler failed with; null if it did not fail. */
    @Nullable String cause() {
        return textOrNull(CAUSE);
    }

    private <E extends Enum<E>> E oneOf(Class<E> type, String key) {
        try {
            return Enum.valueOf(type, text(key));
        } catch (IllegalArgumentException unknown) {
            throw wrong(key);
        }
    }

    private EventFields inner(@Nullable Object value, String key) {
        if (!(value instanceof Map<?, ?> map)) {
            throw wrong(key);
        }
        Map<String, @Nullable Object> inner = new LinkedHashMap<>();
        map.forEach((name, each) -> inner.put(String.valueOf(name), each));
        return new EventFields(number, inner);
    }

    /** The message of a {@link NetworkEvent.Kind#SENT}, and without its payload of one that a guard has refused. */
    Envelope envelope() {
        return message().asEnvelope();
    }

    /** Of the message, as a handler is to have it again. */
    Envelope envelope(@Nullable NetworkGuard guard) {
        EventFields message = message();
        return GuardNotes.recorded(guard, message.asEnvelope(), message.notes());
    }

    private EventFields message() {
        return inner(fields.get(MESSAGE), MESSAGE);
    }

    boolean hasNotes() {
        return message().fields.get(NOTES) != null;
    }

    /** Whether the message was encrypted on its way. */
    boolean isMessageConfidential() {
        return message().isConfidential();
    }

    private boolean isConfidential() {
        return Boolean.TRUE.equals(fields.get(CONFIDENTIAL));
    }

    /** Null if no guard has let the message in. */
    private @Nullable Map<String, String> notes() {
        return fields.get(NOTES) == null ? null : texts(NOTES);
    }

    /** Why the guard has refused the message; null if it has not. */
    @Nullable String why() {
        return textOrNull(WHY);
    }

    /** In whose handler that message was sent; null if nobody knows. */
    @Nullable AgentId during() {
        return agentOrNull(DURING);
    }

    private Map<String, String> texts(String key) {
        Map<String, String> texts = new LinkedHashMap<>();
        inner(fields.get(key), key).fields.forEach((name, value) -> texts.put(name, String.valueOf(value)));
        return Map.copyOf(texts);
    }

    private Envelope asEnvelope() {
        Object payload = fields.get(PAYLOAD);
        if (payload == null) {
            boolean isWithheld = isConfidential() && textOrNull(OPAQUE) == null;
            payload = isWithheld ? Withheld.PAYLOAD : new Opaque(text(OPAQUE));
        }
        EnvelopeFields envelope = new EnvelopeFields(agentOrNull("recipient"), textOrNull("topic"), payload);
        envelope.kind = oneOf(Envelope.Kind.class, "kind");
        envelope.answersRequest = Boolean.TRUE.equals(fields.get("answers"));
        envelope.id = text(ID);
        envelope.correlationId = text("correlation");
        envelope.causationId = textOrNull("causation");
        envelope.sender = agent("sender");
        if (!(fields.get("hops") instanceof Number hops)) {
            throw wrong("hops");
        }
        envelope.hops = hops.intValue();
        envelope.headers = texts("headers");
        return new Envelope(envelope);
    }

    /** A payload that the codec could not write. */
    record Opaque(String type) {}

    boolean isMet() {
        return Boolean.TRUE.equals(fields.get(MET));
    }

    /** The answers to {@code request}, as its sender was told them. */
    List<Answer> answers(Envelope request, @Nullable NetworkGuard guard) {
        if (!(fields.get(ANSWERS) instanceof List<?> all)) {
            throw wrong(ANSWERS);
        }
        List<Answer> answers = new ArrayList<>();
        for (Object each : all) {
            answers.add(inner(each, ANSWERS).asAnswer(request, guard));
        }
        return answers;
    }

    private Answer asAnswer(Envelope request, @Nullable NetworkGuard guard) {
        AgentId receiver = agent(MEMBER);
        Answer.Status status = oneOf(Answer.Status.class, STATUS);
        Envelope reply = fields.get(MESSAGE) == null ? null : envelope(guard);
        DeadLetter.Reason reason = reasonOrNull();
        boolean isFailure = status == Answer.Status.FAILED || reason != null;
        return new Answer(
                receiver,
                status,
                reply,
                isFailure
                        ? new UndeliverableException(
                                reason == null ? DeadLetter.Reason.HANDLER_FAILED : reason, request, receiver, null)
                        : null);
    }
}
