package io.flotilla.message;

import io.flotilla.AgentId;
import io.flotilla.step.StepTimeoutException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.jspecify.annotations.Nullable;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;
import reactor.core.scheduler.Schedulers;

/** One replay: has each message handled that a member received, and sees that it has sent by then what it had. */
final class Replaying {

    private static final String HANDLED = "handled without a failure";
    private static final String TIMED_OUT = DeadLetter.Reason.HANDLER_TIMED_OUT.toString();

    private final ReplayNetwork network;
    private final Expectations expectations;
    private final Duration timeout;
    private final Map<String, Envelope> messages = new HashMap<>();
    private final List<Call> calls = new ArrayList<>();
    private int received;

    /** A call of a handler. {@code ended} is null if the recording ends before, {@code next} is the member's next one. */
    private record Call(
            NetworkEvent event, AgentId member, @Nullable NetworkEvent ended, long next) {}

    /** Of a message at a member; one that arrives twice ends as often. */
    private record Ending(AgentId member, String messageId) {}

    Replaying(
            NetworkRecording recording,
            ReplayNetwork network,
            Expectations expectations,
            Duration timeout,
            @Nullable NetworkGuard guard) {
        this.network = network;
        this.expectations = expectations;
        this.timeout = timeout;
        Map<AgentId, Long> nextCalls = new HashMap<>();
        Map<Ending, NetworkEvent> ends = new HashMap<>();
        List<NetworkEvent> events = recording.events();
        for (int at = events.size() - 1; at >= 0; at--) {
            NetworkEvent event = events.get(at);
            AgentId member = event.member();
            String id = event.messageId();
            if (member == null || id == null) {
                continue;
            }
            switch (event.kind()) {
                case SENT -> {
                    Envelope message = event.fields().envelope(guard);
                    messages.put(message.id(), message);
                }
                case DEAD_LETTERED -> ends.put(new Ending(member, id), event);
                // One that was interrupted at its time limit may have returned as if nothing were wrong. Any other
                // dead letter that comes later is of another copy, which no handler has had.
                case HANDLED ->
                    ends.merge(
                            new Ending(member, id),
                            event,
                            (later, handled) ->
                                    later.reason() == DeadLetter.Reason.HANDLER_TIMED_OUT ? later : handled);
                case RECEIVED -> {
                    NetworkEvent end = ends.remove(new Ending(member, id));
                    calls.add(new Call(event, member, end, nextCalls.getOrDefault(member, Long.MAX_VALUE)));
                    nextCalls.put(member, event.number());
                }
                default -> {}
            }
        }
        Collections.reverse(calls);
        nextCalls.forEach(expectations::mayNotSendAfter);
    }

    Mono<NetworkReplayReport> run() {
        return Flux.fromIterable(calls)
                .concatMap(call -> Mono.defer(() -> replay(call)), 1)
                .then(Mono.defer(this::finish))
                .takeUntilOther(expectations.diverged())
                .then(Mono.fromSupplier(
                        () -> new NetworkReplayReport(received, expectations.sent(), expectations.divergence())));
    }

    private Mono<Void> replay(Call call) {
        MessageHandler handler = network.handler(call.member());
        if (handler == null || expectations.divergence() != null) {
            return Mono.empty();
        }
        String id = Objects.requireNonNull(call.event().messageId(), "a call is about a message");
        Envelope message = messages.get(id);
        if (message == null) {
            return Mono.error(new IllegalArgumentException("the recording does not have message " + id + ", which "
                    + call.member() + " received: add the recorder before the first message is sent"));
        }
        if (message.payload() instanceof EventFields.Opaque opaque) {
            return Mono.error(new IllegalArgumentException("the recording does not have the payload of message " + id
                    + ", which " + call.member() + " received: its codec does not know " + opaque.type()));
        }
        if (message.payload() == Withheld.PAYLOAD) {
            return Mono.error(withheld(id, call.member()));
        }
        long before = call.event().number();
        return allSent(call.member(), before).then(Mono.defer(() -> {
            expectations.mayNotSendAfter(call.member(), call.next());
            received++;
            return handled(handler, message)
                    .doOnNext(found -> ended(call, id, found))
                    .then();
        }));
    }

    static IllegalArgumentException withheld(String id, AgentId receiver) {
        return new IllegalArgumentException("the recording does not have the payload of message " + id + ", which "
                + receiver + " received, since it was encrypted: the recorder leaves those out unless it is told to"
                + " recordConfidential()");
    }

    /** Waits for what comes from elsewhere than from its handlers. */
    private Mono<Void> allSent(AgentId member, long before) {
        return expectations
                .hasSent(member, before)
                .timeout(timeout, Mono.fromRunnable(() -> expectations.mustHaveSent(member, before)));
    }

    private Mono<Void> finish() {
        return Flux.fromIterable(network.members())
                .concatMap(member -> allSent(member, Long.MAX_VALUE), 1)
                .then();
    }

    /** How it ends, whatever the handler does; it may block as in a network, so it has a thread where that is no harm. */
    private Mono<String> handled(MessageHandler handler, Envelope message) {
        return Mono.<String>create(sink -> {
                    try {
                        Mono<?> handling = Objects.requireNonNull(handler.handle(message), "the handler returned null");
                        sink.onDispose(handling.subscribe(any -> {}, sink::error, () -> sink.success(HANDLED)));
                    } catch (Throwable thrown) {
                        sink.error(thrown);
                    }
                })
                .onErrorResume(cause -> Mono.just(failed(cause)))
                .subscribeOn(Schedulers.boundedElastic())
                .timeout(timeout, Mono.just(TIMED_OUT));
    }

    /** As the mailbox says it: a time-out of the handler's own is a failure like others. */
    private static String failed(Throwable cause) {
        return cause instanceof StepTimeoutException
                ? TIMED_OUT
                : failedWith(cause.getClass().getName());
    }

    private static String failedWith(@Nullable String type) {
        return "failed with " + type;
    }

    private void ended(Call call, String id, String found) {
        NetworkEvent end = call.ended();
        if (end == null) {
            return;
        }
        expectations.mustHaveSent(call.member(), end.number());
        DeadLetter.Reason reason = end.reason();
        if (reason == null) {
            expectations.ended(call.member(), id, HANDLED, found);
        } else if (reason == DeadLetter.Reason.HANDLER_FAILED) {
            expectations.ended(call.member(), id, failedWith(end.fields().cause()), found);
        } else if (reason == DeadLetter.Reason.HANDLER_TIMED_OUT) {
            expectations.ended(call.member(), id, reason.toString(), found);
        }
    }
}
