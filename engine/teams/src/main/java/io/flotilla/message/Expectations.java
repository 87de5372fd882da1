package io.flotilla.message;

import io.flotilla.AgentId;
import io.flotilla.journal.PayloadCodec;
import io.flotilla.journal.PayloadException;
import io.flotilla.observe.Redactor;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.function.BiPredicate;
import org.jspecify.annotations.Nullable;
import reactor.core.publisher.Mono;
import reactor.core.publisher.MonoSink;
import reactor.core.publisher.Sinks;

/** What the members of a replay are to send, and the first time that one of them does not. Thread-safe. */
final class Expectations {

    private static final int MOST_TEXT = 300;
    private static final String PAYLOAD = "payload";

    private final PayloadCodec codec;
    private final Redactor redactor;
    private final BiPredicate<Object, Object> same;
    private final Sinks.Empty<Void> diverged = Sinks.empty();

    // Guarded by this.
    private final Map<AgentId, Deque<NetworkEvent>> toSend = new HashMap<>();

    /** The event by which each member has sent what it may have sent by now. */
    private final Map<AgentId, Long> nextReceived = new HashMap<>();

    private final List<Waiting> waiting = new ArrayList<>();
    private int sent;
    private @Nullable NetworkDivergence divergence;

    private record Waiting(AgentId member, long before, MonoSink<Void> sink) {}

    Expectations(NetworkRecording recording, Redactor redactor, BiPredicate<Object, Object> same) {
        this.codec = recording.codec();
        this.redactor = redactor;
        this.same = same;
        for (NetworkEvent event : recording.events()) {
            AgentId sender = event.member();
            if (event.kind() == NetworkEvent.Kind.SENT && sender != null) {
                toSend.computeIfAbsent(sender, any -> new ArrayDeque<>()).add(event);
            }
        }
    }

    /** Completes at the first difference. */
    Mono<Void> diverged() {
        return diverged.asMono();
    }

    synchronized @Nullable NetworkDivergence divergence() {
        return divergence;
    }

    synchronized int sent() {
        return sent;
    }

    /** What a member sends from now on was sent before this event. */
    synchronized void mayNotSendAfter(AgentId member, long event) {
        nextReceived.put(member, event);
    }

    private @Nullable NetworkEvent next(AgentId member, long before) {
        Deque<NetworkEvent> events = toSend.get(member);
        NetworkEvent first = events == null ? null : events.peek();
        return first != null && first.number() < before ? first : null;
    }

    /** The message that was recorded where this one is sent; null if there is none such. */
    @Nullable Envelope sends(Envelope found) {
        List<MonoSink<Void>> told = new ArrayList<>();
        Envelope recorded;
        synchronized (this) {
            recorded = divergence == null ? recordedOf(found) : null;
            if (recorded != null) {
                toSend.getOrDefault(found.sender(), new ArrayDeque<>()).poll();
                sent++;
                told = takeTold();
            }
        }
        told.forEach(MonoSink::success);
        tell();
        return recorded;
    }

    private @Nullable Envelope recordedOf(Envelope found) {
        NetworkEvent event = next(found.sender(), nextReceived.getOrDefault(found.sender(), Long.MAX_VALUE));
        if (event == null) {
            diverge(NetworkDivergence.Kind.UNEXPECTED, found.id(), found.sender(), "nothing", text(found));
            return null;
        }
        Envelope recorded = event.fields().envelope();
        return compare(recorded, found) ? recorded : null;
    }

    /** Without the lock: what follows is code of the user's. */
    private void tell() {
        if (divergence() != null) {
            diverged.tryEmitEmpty();
        }
    }

    private boolean compare(Envelope recorded, Envelope found) {
        NetworkDivergence.Kind kind = null;
        if (!address(recorded).equals(address(found))) {
            kind = NetworkDivergence.Kind.DIFFERENT_RECIPIENT;
        } else if (!isSame(recorded.payload(), found.payload())) {
            kind = NetworkDivergence.Kind.DIFFERENT_PAYLOAD;
        }
        if (kind != null) {
            diverge(kind, recorded.id(), found.sender(), text(recorded), text(found));
        }
        return kind == null;
    }

    /** A predicate of the user's that throws finds no two the same. */
    private boolean isSame(Object recorded, Object found) {
        try {
            return same.test(recorded, asRecorded(found));
        } catch (RuntimeException thrown) {
            return false;
        }
    }

    /** As the codec would give it back, texts redacted. */
    private Object asRecorded(Object payload) {
        try {
            Map<String, @Nullable Object> decoded =
                    codec.decode(codec.encode(Map.of(PAYLOAD, payload), redactor::redact));
            return Objects.requireNonNull(decoded.get(PAYLOAD), PAYLOAD);
        } catch (PayloadException unknown) {
            return new EventFields.Opaque(payload.getClass().getName());
        }
    }

    private static String address(Envelope envelope) {
        AgentId recipient = envelope.recipient();
        String topic = envelope.topic();
        String cause = envelope.kind() == Envelope.Kind.REPLY ? " for " + envelope.causationId() : "";
        return envelope.kind() + " "
                + (recipient != null ? "to " + recipient : topic != null ? "on " + topic : "to all") + cause;
    }

    private String text(Envelope envelope) {
        String payload;
        try {
            payload = String.valueOf(asRecorded(envelope.payload()));
        } catch (RuntimeException thrown) {
            payload = envelope.payload().getClass().getName();
        }
        return address(envelope) + ": "
                + (payload.length() > MOST_TEXT ? payload.substring(0, MOST_TEXT) + "…" : payload);
    }

    private List<MonoSink<Void>> takeTold() {
        List<MonoSink<Void>> told = new ArrayList<>();
        waiting.removeIf(each -> next(each.member(), each.before()) == null && told.add(each.sink()));
        return told;
    }

    /** Completes when a member has sent all that it had before an event. */
    Mono<Void> hasSent(AgentId member, long before) {
        return Mono.create(sink -> {
            synchronized (this) {
                if (next(member, before) != null) {
                    Waiting added = new Waiting(member, before, sink);
                    waiting.add(added);
                    sink.onCancel(() -> forget(added));
                    return;
                }
            }
            sink.success();
        });
    }

    private synchronized void forget(Waiting left) {
        waiting.remove(left);
    }

    /** If it has not sent it by now, it will not. */
    void mustHaveSent(AgentId member, long before) {
        synchronized (this) {
            NetworkEvent missing = next(member, before);
            if (missing != null) {
                Envelope recorded = missing.fields().envelope();
                diverge(NetworkDivergence.Kind.MISSING, recorded.id(), member, text(recorded), "nothing");
            }
        }
        tell();
    }

    void ended(AgentId member, String messageId, String expected, String found) {
        synchronized (this) {
            if (!expected.equals(found)) {
                diverge(NetworkDivergence.Kind.DIFFERENT_FAILURE, messageId, member, expected, found);
            }
        }
        tell();
    }

    private void diverge(NetworkDivergence.Kind kind, String messageId, AgentId agent, String expected, String found) {
        if (divergence == null) {
            divergence = new NetworkDivergence(kind, messageId, agent, expected, found);
        }
    }
}
