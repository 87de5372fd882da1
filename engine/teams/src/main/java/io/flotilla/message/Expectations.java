package io.flotilla.message;

import io.flotilla.AgentId;
import io.flotilla.journal.PayloadCodec;
import io.flotilla.observe.Redactor;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;
import reactor.core.publisher.Mono;
import reactor.core.publisher.MonoSink;
import reactor.core.publisher.Sinks;

/** What the members of a replay are to send, and the first time that one of them does not. Thread-safe. */
final class Expectations {

    private static final int MOST_TEXT = 300;
    private static final String PAYLOAD = "payload";
    private static final String NOTHING = "nothing";

    private final PayloadCodec codec;
    private final Redactor redactor;
    private final Likeness likeness;
    private final Sinks.Empty<Void> diverged = Sinks.empty();

    // Guarded by this.
    /** What each has sent, and what a guard has refused under its name. */
    private final Map<AgentId, Deque<NetworkEvent>> toSend = new HashMap<>();

    /** The event by which each member has sent what it may have sent by now. */
    private final Map<AgentId, Long> nextReceived = new HashMap<>();

    private final List<Waiting> waiting = new ArrayList<>();
    private int sent;
    private @Nullable NetworkDivergence divergence;

    private record Waiting(AgentId member, long before, MonoSink<Void> sink) {}

    Expectations(NetworkRecording recording, Redactor redactor, Likeness likeness) {
        this.codec = recording.codec();
        this.redactor = redactor;
        this.likeness = likeness;
        for (NetworkEvent event : recording.events()) {
            if (event.kind() == NetworkEvent.Kind.SENT || event.isDenied()) {
                AgentId sender = event.fields().envelope().sender();
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

    /** What a member must have sent before an event, and has not. */
    private @Nullable NetworkEvent next(AgentId member, long before) {
        for (NetworkEvent each : toSend.getOrDefault(member, new ArrayDeque<>())) {
            if (each.number() >= before) {
                return null;
            }
            if (each.isRequired()) {
                return each;
            }
        }
        return null;
    }

    /** The message that was recorded where this one is sent; null if there is none such. */
    @Nullable Envelope sends(Envelope found) {
        Envelope recorded = null;
        NetworkEvent event;
        List<MonoSink<Void>> told;
        synchronized (this) {
            event = divergence == null ? sentAs(found) : null;
            if (event != null) {
                recorded = event.fields().envelope();
                sent++;
            }
            told = takeTold();
        }
        told.forEach(MonoSink::success);
        tell();
        return recorded;
    }

    /** A message that the guard of the replay does not let in. */
    void denies(Envelope found, String why) {
        List<MonoSink<Void>> told;
        synchronized (this) {
            if (divergence == null) {
                deniedAs(found, why);
            }
            told = takeTold();
        }
        told.forEach(MonoSink::success);
        tell();
    }

    /** Taken from those to be sent; what was refused before, and need not have been the member's own, goes with it. */
    private @Nullable NetworkEvent sentAs(Envelope found) {
        AgentId sender = found.sender();
        List<NetworkEvent> refused = new ArrayList<>();
        NetworkEvent event = null;
        for (NetworkEvent each : due(sender)) {
            if (!each.isDenied()) {
                event = each;
                break;
            }
            refused.add(each);
            if (each.isRequired()) {
                break;
            }
        }
        boolean wasRefused =
                event == null && !refused.isEmpty() && last(refused).isRequired();
        if (event == null) {
            NetworkEvent instead = first(refused, found);
            if (instead != null) {
                diverge(NetworkDivergence.Kind.DIFFERENT_ADMISSION, instead, found, text(found));
            } else if (wasRefused) {
                diverge(NetworkDivergence.Kind.DIFFERENT_RECIPIENT, last(refused), found, text(found));
            } else {
                diverge(NetworkDivergence.Kind.UNEXPECTED, found.id(), sender, NOTHING, text(found));
            }
            return null;
        }
        NetworkDivergence.Kind kind = difference(event, found);
        if (kind == null) {
            NetworkEvent taken = event;
            toSend.getOrDefault(sender, new ArrayDeque<>()).removeIf(each -> each.number() <= taken.number());
            return event;
        }
        NetworkEvent instead = first(refused, found);
        if (instead != null) {
            diverge(NetworkDivergence.Kind.DIFFERENT_ADMISSION, instead, found, text(found));
        } else if (kind == NetworkDivergence.Kind.DIFFERENT_HEADERS) {
            Envelope recorded = event.fields().envelope();
            String expected = headers(recorded, recorded.headers());
            diverge(kind, recorded.id(), sender, expected, headers(found, headersAsRecorded(found)));
        } else {
            diverge(kind, event, found, text(found));
        }
        return null;
    }

    private void deniedAs(Envelope found, String why) {
        AgentId sender = found.sender();
        NetworkEvent other = null;
        for (NetworkEvent each : due(sender)) {
            boolean isSameAddress = address(each.fields().envelope()).equals(address(found));
            if (each.isDenied() && isSameAddress && why.equals(each.refusal())) {
                toSend.getOrDefault(sender, new ArrayDeque<>()).remove(each);
                return;
            }
            if (other == null && isSameAddress) {
                other = each;
            }
            if (each.isRequired()) {
                break;
            }
        }
        if (other == null) {
            diverge(NetworkDivergence.Kind.UNEXPECTED, found.id(), sender, NOTHING, denied(why, found));
        } else {
            diverge(NetworkDivergence.Kind.DIFFERENT_ADMISSION, other, found, denied(why, found));
        }
    }

    /** What a member may send by now, in order. */
    private List<NetworkEvent> due(AgentId member) {
        long before = nextReceived.getOrDefault(member, Long.MAX_VALUE);
        return toSend.getOrDefault(member, new ArrayDeque<>()).stream()
                .takeWhile(each -> each.number() < before)
                .toList();
    }

    private static NetworkEvent last(List<NetworkEvent> events) {
        return events.get(events.size() - 1);
    }

    private static @Nullable NetworkEvent first(List<NetworkEvent> refused, Envelope found) {
        for (NetworkEvent each : refused) {
            if (address(each.fields().envelope()).equals(address(found))) {
                return each;
            }
        }
        return null;
    }

    /** The replay cannot go on. */
    void fail(Throwable cause) {
        diverged.tryEmitError(cause);
    }

    /** Without the lock: what follows is code of the user's. */
    private void tell() {
        if (divergence() != null) {
            diverged.tryEmitEmpty();
        }
    }

    /** Null if there is none. */
    private NetworkDivergence.@Nullable Kind difference(NetworkEvent event, Envelope found) {
        Envelope recorded = event.fields().envelope();
        if (!address(recorded).equals(address(found))) {
            return NetworkDivergence.Kind.DIFFERENT_RECIPIENT;
        }
        boolean isConfidential = GuardNotes.isConfidential(found);
        boolean isSame = event.fields().isMessageConfidential() == isConfidential
                && (recorded.payload() == Withheld.PAYLOAD
                        || likeness.ofPayloads(recorded.payload(), asRecorded(found.payload())));
        if (!isSame) {
            return NetworkDivergence.Kind.DIFFERENT_PAYLOAD;
        }
        return likeness.ofHeaders(recorded.headers(), headersAsRecorded(found))
                ? null
                : NetworkDivergence.Kind.DIFFERENT_HEADERS;
    }

    private Map<String, String> headersAsRecorded(Envelope found) {
        Map<String, String> headers = new LinkedHashMap<>();
        if (asRecorded(found.headers()) instanceof Map<?, ?> read) {
            read.forEach((key, value) -> headers.put(String.valueOf(key), String.valueOf(value)));
        }
        return headers;
    }

    /** As the codec would give it back, texts redacted. */
    private Object asRecorded(Object payload) {
        try {
            Map<String, @Nullable Object> decoded =
                    codec.decode(codec.encode(Map.of(PAYLOAD, payload), redactor::redact));
            return Objects.requireNonNull(decoded.get(PAYLOAD), PAYLOAD);
        } catch (Throwable unknown) { // as the recorder: whatever a codec, a redactor or a payload throws
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

    private static String denied(String why, Envelope envelope) {
        return "refused, " + why + ": " + address(envelope);
    }

    private String text(NetworkEvent event) {
        String why = event.refusal();
        Envelope recorded = event.fields().envelope();
        return why != null
                ? denied(why, recorded)
                : text(recorded, event.fields().isMessageConfidential());
    }

    private String text(Envelope found) {
        return text(found, GuardNotes.isConfidential(found));
    }

    /** What was encrypted on its way is not to be read in a report. */
    private String text(Envelope envelope, boolean isConfidential) {
        if (isConfidential) {
            return address(envelope) + ": (encrypted)";
        }
        String payload;
        try {
            payload = String.valueOf(asRecorded(envelope.payload()));
        } catch (Throwable thrown) { // as the recorder
            payload = envelope.payload().getClass().getName();
        }
        return address(envelope) + ": " + shortened(payload);
    }

    private static String headers(Envelope envelope, Map<String, String> headers) {
        return address(envelope) + ", headers " + shortened(new TreeMap<>(headers).toString());
    }

    private static String shortened(String text) {
        return text.length() > MOST_TEXT ? text.substring(0, MOST_TEXT) + "…" : text;
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
                String id = missing.fields().envelope().id();
                diverge(NetworkDivergence.Kind.MISSING, id, member, text(missing), NOTHING);
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

    private void diverge(NetworkDivergence.Kind kind, NetworkEvent expected, Envelope found, String text) {
        diverge(kind, expected.fields().envelope().id(), found.sender(), text(expected), text);
    }

    private void diverge(NetworkDivergence.Kind kind, String messageId, AgentId agent, String expected, String found) {
        if (divergence == null) {
            divergence = new NetworkDivergence(kind, messageId, agent, expected, found);
        }
    }
}
