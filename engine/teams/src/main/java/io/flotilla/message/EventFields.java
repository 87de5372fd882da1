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

    static Map<String, @Nullable Object> sent(Envelope envelope, boolean withPayload) {
        Map<String, @Nullable Object> fields = of(envelope, envelope.sender(), null, null);
        fields.put(MESSAGE, message(envelope, withPayload));
        return fields;
    }

    /** Without the payload there is its type, so that it can be said what cannot be replayed. */
    private static Map<String, @Nullable Object> message(Envelope envelope, boolean withPayload) {
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
        if (withPayload) {
            message.put(PAYLOAD, envelope.payload());
        } else {
            message.put(OPAQUE, envelope.payload().getClass().getName());
        }
        return message;
    }

    static Map<String, @Nullable Object> answered(Envelope request, Gathered gathered, boolean withPayloads) {
        Map<String, @Nullable Object> fields = of(request, request.sender(), null, null);
        fields.put(MET, gathered.isMet());
        List<Map<String, @Nullable Object>> answers = new ArrayList<>();
        for (Answer answer : gathered.answers()) {
            Map<String, @Nullable Object> one = of(answer.receiver());
            one.put(STATUS, answer.status().name());
            Envelope reply = answer.reply();
            if (reply != null) {
                one.put(MESSAGE, message(reply, withPayloads));
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

    /** The message of a {@link NetworkEvent.Kind#SENT}. */
    Envelope envelope() {
        return inner(fields.get(MESSAGE), MESSAGE).asEnvelope();
    }

    private Envelope asEnvelope() {
        Object payload = fields.get(PAYLOAD);
        if (payload == null) {
            payload = new Opaque(text(OPAQUE));
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
        Map<String, String> headers = new LinkedHashMap<>();
        inner(fields.get("headers"), "headers")
                .fields
                .forEach((name, value) -> headers.put(name, String.valueOf(value)));
        envelope.headers = Map.copyOf(headers);
        return new Envelope(envelope);
    }

    /** A payload that the codec could not write. */
    record Opaque(String type) {}

    boolean isMet() {
        return Boolean.TRUE.equals(fields.get(MET));
    }

    /** The answers to {@code request}, as its sender was told them. */
    List<Answer> answers(Envelope request) {
        if (!(fields.get(ANSWERS) instanceof List<?> all)) {
            throw wrong(ANSWERS);
        }
        List<Answer> answers = new ArrayList<>();
        for (Object each : all) {
            answers.add(inner(each, ANSWERS).asAnswer(request));
        }
        return answers;
    }

    private Answer asAnswer(Envelope request) {
        AgentId receiver = agent(MEMBER);
        Answer.Status status = oneOf(Answer.Status.class, STATUS);
        Envelope reply = fields.get(MESSAGE) == null ? null : envelope();
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
