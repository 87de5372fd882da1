package io.flotilla.message;

import io.flotilla.AgentId;
import io.flotilla.agent.Agent;
import io.flotilla.run.Join;
import io.flotilla.step.StepEngine;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import reactor.core.Disposable;
import reactor.core.Disposables;
import reactor.core.publisher.Mono;

/**
 * The network of a replay: nothing goes anywhere. What members send is compared, and answered as it was when it was recorded.
 */
final class ReplayNetwork implements Network, AgentHandler.Answers {

    private final Expectations expectations;
    private final StepEngine engine;
    private final Undeliverable undeliverable;
    private final @Nullable NetworkGuard guard;
    private final DeadLetters deadLetters = DeadLetters.create();

    /** By the id of the request. */
    private final Map<String, NetworkEvent> answers = new HashMap<>();

    /** By the id of the message: who has accepted it, and who has not. */
    private final Map<String, Set<Delivery>> deliveries = new HashMap<>();

    /** Guarded by itself. */
    private final Map<AgentId, MessageHandler> handlers = new LinkedHashMap<>();

    ReplayNetwork(
            NetworkRecording recording,
            Expectations expectations,
            StepEngine engine,
            Undeliverable undeliverable,
            @Nullable NetworkGuard guard) {
        this.expectations = expectations;
        this.guard = guard;
        this.engine = AgentHandler.isolating(engine);
        this.undeliverable = undeliverable;
        for (NetworkEvent event : recording.events()) {
            String id = event.messageId();
            if (id == null || event.isDenied()) { // whoever sent that may have chosen any id
                continue;
            }
            switch (event.kind()) {
                case ANSWERED -> answers.put(id, event);
                case REFUSED, RECEIVED ->
                    deliveries
                            .computeIfAbsent(id, any -> new LinkedHashSet<>())
                            .add(new Delivery(event.member(), event.reason()));
                default -> {}
            }
        }
    }

    @Nullable MessageHandler handler(AgentId member) {
        synchronized (handlers) {
            return handlers.get(member);
        }
    }

    // --- members

    @Override
    public void join(AgentId id, MessageHandler handler) {
        Objects.requireNonNull(handler, "handler");
        synchronized (handlers) {
            if (handlers.putIfAbsent(Objects.requireNonNull(id, "id"), handler) != null) {
                throw new DuplicateMemberException(id);
            }
        }
    }

    @Override
    public void join(AgentId id, MessageHandler handler, MemberOptions options) {
        Objects.requireNonNull(options, "options");
        join(id, handler);
    }

    @Override
    public void join(Agent<?, ?> agent) {
        AgentId id = Objects.requireNonNull(agent.id(), "the agent's id");
        join(id, new AgentHandler(engine, id, agent, this));
    }

    @Override
    public void join(Agent<?, ?> agent, MemberOptions options) {
        Objects.requireNonNull(options, "options");
        join(agent);
    }

    @Override
    public Mono<Void> leave(AgentId id) {
        Objects.requireNonNull(id, "id");
        return Mono.defer(() -> {
            synchronized (handlers) {
                return handlers.remove(id) == null ? Mono.error(new UnknownMemberException(id)) : Mono.empty();
            }
        });
    }

    @Override
    public List<AgentId> members() {
        synchronized (handlers) {
            return List.copyOf(handlers.keySet());
        }
    }

    // --- messages

    private Admission admitted(Envelope envelope) {
        Admission admission = Admission.of(guard, Objects.requireNonNull(envelope, "envelope"));
        if (admission.refusal() != null) {
            expectations.denies(admission.envelope(), GuardNotes.reason(guard, admission.refusal()));
        }
        return admission;
    }

    @Override
    public DeliveryReport offer(Envelope envelope) {
        return offer(envelope, admitted(envelope));
    }

    private DeliveryReport offer(Envelope envelope, Admission admission) {
        if (admission.refusal() != null) {
            Envelope refused = admission.envelope();
            return new DeliveryReport(refused, List.of(new Delivery(refused.recipient(), DeadLetter.Reason.REFUSED)));
        }
        Envelope recorded = expectations.sends(admission.envelope());
        Set<Delivery> known = recorded == null ? null : deliveries.get(recorded.id());
        return new DeliveryReport(
                envelope,
                known == null || known.isEmpty()
                        ? List.of(new Delivery(envelope.recipient(), null))
                        : new ArrayList<>(known));
    }

    @Override
    public Mono<DeliveryReport> send(Envelope envelope) {
        Objects.requireNonNull(envelope, "envelope");
        return Mono.defer(() -> {
            Admission admission = admitted(envelope);
            if (admission.refusal() != null && undeliverable == Undeliverable.ERROR) {
                return Mono.error(admission.error());
            }
            DeliveryReport report = offer(envelope, admission);
            Delivery first = report.deliveries().get(0);
            DeadLetter.Reason refusal = first.refusal();
            return refusal != null && undeliverable == Undeliverable.ERROR && report.acceptedCount() == 0
                    ? Mono.error(new UndeliverableException(refusal, envelope, first.receiver(), null))
                    : Mono.just(report);
        });
    }

    @Override
    public Mono<Envelope> request(Envelope envelope) {
        return request(envelope, NetworkOptions.DEFAULT_REQUEST_TIMEOUT);
    }

    @Override
    public Mono<Envelope> request(Envelope envelope, Duration timeout) {
        if (Objects.requireNonNull(envelope, "envelope").recipient() == null) {
            throw new IllegalArgumentException("a request must have a recipient: " + envelope);
        }
        return asked(
                        envelope,
                        Join.allSettled()
                                .within(Limits.positive("timeout", timeout))
                                .orProceed())
                .flatMap(gathered -> Requests.single(gathered, envelope, timeout));
    }

    @Override
    public Mono<Gathered> gather(Envelope envelope, Join join) {
        Objects.requireNonNull(join, "join");
        return asked(Objects.requireNonNull(envelope, "envelope"), join)
                .flatMap(gathered -> gathered.isMet() || join.shortfall() == Join.Shortfall.PROCEED
                        ? Mono.just(gathered)
                        : Mono.error(new GatherUnmetException(envelope, gathered)));
    }

    /** Without an answer it never has one: who has asked had left before. */
    private Mono<Gathered> asked(Envelope envelope, Join join) {
        return Mono.deferContextual(context -> {
            Admission admission = admitted(EnvelopeFields.request(envelope, Instant.MAX, context));
            if (admission.refusal() != null) {
                return Mono.error(admission.error());
            }
            Envelope recorded = expectations.sends(admission.envelope());
            NetworkEvent answered = recorded == null ? null : answers.get(recorded.id());
            if (recorded == null) {
                return Mono.never();
            }
            if (answered != null) {
                return answered(join, answered, recorded);
            }
            for (Delivery delivery : deliveries.getOrDefault(recorded.id(), Set.of())) {
                DeadLetter.Reason refusal = delivery.refusal();
                if (refusal != null) {
                    return Mono.error(new UndeliverableException(refusal, envelope, delivery.receiver(), null));
                }
            }
            return Mono.never();
        });
    }

    private Mono<Gathered> answered(Join join, NetworkEvent answered, Envelope request) {
        List<Answer> answers = answered.fields().answers(request, guard);
        for (Answer answer : answers) {
            Envelope reply = answer.reply();
            if (reply != null && reply.payload() == Withheld.PAYLOAD) {
                expectations.fail(Replaying.withheld(reply.id(), request.sender()));
                return Mono.never();
            }
        }
        return Mono.just(new Gathered(join, answered.fields().isMet(), answers));
    }

    @Override
    public void empty(Envelope request, AgentId from) {
        // in the recording as well: nothing was sent
    }

    @Override
    public Mono<?> reply(Envelope reply) {
        Admission signed = Admission.outgoing(guard, reply);
        if (signed.refusal() != null) {
            expectations.denies(signed.envelope(), GuardNotes.reason(guard, signed.refusal()));
            return Mono.empty();
        }
        return send(signed.envelope()).onErrorResume(UndeliverableException.class, refused -> Mono.empty());
    }

    // --- the whole, of which there is nothing here

    @Override
    public List<DeliveryReport> log() {
        return List.of();
    }

    @Override
    public DeadLetters deadLetters() {
        return deadLetters;
    }

    @Override
    public NetworkStats stats() {
        return new NetworkStats(members().size(), 0, 0, 0, 0, 0, 0, 0);
    }

    @Override
    public Map<AgentId, MailboxStats> mailboxes() {
        Map<AgentId, MailboxStats> all = new LinkedHashMap<>();
        members().forEach(member -> all.put(member, new MailboxStats(0, 0, 0, 0, 0, 0, 0)));
        return all;
    }

    @Override
    public Disposable tap(NetworkTap tap) {
        Objects.requireNonNull(tap, "tap");
        return Disposables.single();
    }

    @Override
    public Mono<Void> close(Duration grace) {
        Objects.requireNonNull(grace, "grace");
        return Mono.empty();
    }
}
