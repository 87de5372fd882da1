package io.flotilla.message;

import io.flotilla.AgentId;
import io.flotilla.step.EngineAccess;
import io.flotilla.step.EngineClock;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Comparator;
import java.util.Deque;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;

/** The members of a network with their mailboxes, and the way of a message to them. */
final class Members implements AgentHandler.Answers {

    private static final Comparator<Member> IN_ORDER = Comparator.comparingLong(Member::number);

    final NetworkOptions options;
    final EngineClock clock;
    private final Router router;
    private final Requests requests;
    final Steering steering;
    final Taps taps = new Taps();
    final NetworkSpans spans;
    final @Nullable Transit transit;
    private final boolean mayBeObserved;
    private final Map<AgentId, Member> byId = new ConcurrentHashMap<>();

    /** Their last handler is still at a message. */
    private final Set<Member> leaving = ConcurrentHashMap.newKeySet();

    private final Deque<DeliveryReport> log = new ArrayDeque<>();
    private volatile @Nullable List<Member> inOrder;

    /** Those that are interchangeable, by kind; worked out when they are looked for. */
    private volatile @Nullable Map<String, List<Member>> byKind;

    private volatile boolean closed;

    // Guarded by this.
    private long joined;
    private MailboxStats departed = new MailboxStats(0, 0, 0, 0, 0, 0, 0);

    Members(NetworkOptions options, Router router) {
        this.options = options;
        this.router = router;
        EngineAccess engine = EngineAccess.of(options.engine);
        this.clock = engine.clock();
        this.mayBeObserved = engine.mayBeObserved();
        this.spans = new NetworkSpans(engine);
        this.requests = new Requests(this, options.maxPendingRequests);
        this.transit = Transit.of(options, clock);
        this.steering = new Steering(options, router);
    }

    Requests requests() {
        return requests;
    }

    // --- joining and leaving

    void join(AgentId id, MessageHandler handler, MemberOptions how) {
        Mailbox.Builder builder = how.apply(Mailbox.builder(id))
                .handler(taps.around(id, handler))
                .engine(options.engine)
                .deadLetters(options.deadLetters);
        builder.onDead = this::died;
        Mailbox mailbox = builder.build();
        synchronized (this) {
            if (closed) {
                throw new IllegalStateException("the network is closed");
            }
            if (byId.putIfAbsent(id, new Member(id, mailbox, how.isInterchangeable, joined)) != null) {
                throw new DuplicateMemberException(id);
            }
            joined++;
            inOrder = null;
            byKind = null;
        }
        taps.joined(id);
    }

    Mono<Void> leave(AgentId id) {
        return Mono.defer(() -> {
            Member member;
            synchronized (this) {
                member = byId.remove(id);
                inOrder = null;
                byKind = null;
                if (member != null) {
                    leaving.add(member);
                    router.left(id); // before another joins under its id
                }
            }
            if (member == null) {
                return Mono.error(new UnknownMemberException(id));
            }
            taps.left(id);
            member.core().dispose(false);
            Mono<Void> finished = member.core().finished();
            finished.subscribe(never -> {}, never -> {}, () -> departed(member));
            return finished;
        });
    }

    private synchronized void departed(Member member) {
        if (leaving.remove(member)) {
            departed = sum(departed, member.mailbox().stats());
        }
    }

    @Nullable Member find(AgentId id) {
        return byId.get(id);
    }

    /** In the order of joining; not to be changed. */
    List<Member> all() {
        List<Member> known = inOrder;
        if (known != null) {
            return known;
        }
        synchronized (this) {
            List<Member> sorted = sorted(byId.values());
            inOrder = sorted;
            return sorted;
        }
    }

    private List<Member> interchangeable(String kind) {
        Map<String, List<Member>> known = byKind;
        if (known == null) {
            synchronized (this) {
                known = all().stream()
                        .filter(Member::isInterchangeable)
                        .collect(Collectors.groupingBy(member -> member.id().kind()));
                byKind = known;
            }
        }
        return known.getOrDefault(kind, List.of());
    }

    /** Those of some ids that are members, in the order of joining. */
    List<Member> some(Collection<AgentId> ids) {
        List<Member> found = new ArrayList<>();
        for (AgentId id : ids) {
            Member member = byId.get(id);
            if (member != null) {
                found.add(member);
            }
        }
        found.sort(IN_ORDER);
        return found;
    }

    private static List<Member> sorted(Collection<Member> members) {
        List<Member> sorted = new ArrayList<>(members);
        sorted.sort(IN_ORDER);
        return sorted;
    }

    // --- the way of a message

    Receivers receivers(Envelope envelope) {
        AgentId recipient = envelope.recipient();
        if (closed) {
            return Receivers.none(recipient, DeadLetter.Reason.CLOSED);
        }
        if (envelope.hops() > options.hopLimit) {
            return Receivers.none(recipient, DeadLetter.Reason.TOO_MANY_HOPS);
        }
        String topic = envelope.topic();
        if (topic != null) {
            return Receivers.of(router.subscribers(topic, this));
        }
        if (recipient == null) {
            return Receivers.of(router.neighbours(envelope.sender(), this));
        }
        Member member = byId.get(recipient);
        if (member == null) {
            return Receivers.none(recipient, DeadLetter.Reason.UNKNOWN_RECIPIENT);
        }
        DeadLetter.Reason refusal = router.refusal(envelope.sender(), recipient);
        if (refusal != null) {
            return Receivers.none(recipient, refusal);
        }
        Member receiver = steering.isUsable(member)
                ? member
                : steering.instead(envelope, member, interchangeable(recipient.kind()));
        return receiver == null
                ? Receivers.none(recipient, DeadLetter.Reason.UNHEALTHY)
                : new Receivers(List.of(receiver), null, null);
    }

    private void died(DeadLetter letter) {
        taps.dead(letter);
        requests.died(letter);
    }

    DeliveryReport offer(Envelope envelope) {
        Admission admission = Admission.of(options.guard, envelope);
        if (admission.refusal() != null) {
            return refused(admission, null);
        }
        NetworkSpans.Passage passage = spans.begin(admission.envelope());
        if (passage == null) {
            return finished(envelope, offerAll(admission.envelope(), new ArrayList<>()));
        }
        try (passage) {
            return passage.ended(finished(envelope, offerAll(passage.envelope, new ArrayList<>())));
        }
    }

    /** A dead letter whatever the options say: who sent it may not be who should know of it. */
    private DeliveryReport refused(Admission admission, @Nullable AgentId during) {
        bury(admission, during);
        Envelope envelope = admission.envelope();
        DeliveryReport report =
                new DeliveryReport(envelope, List.of(new Delivery(envelope.recipient(), DeadLetter.Reason.REFUSED)));
        log(report);
        return report;
    }

    void bury(Admission admission, @Nullable AgentId during) {
        Envelope envelope = admission.envelope();
        options.deadLetters.add(new DeadLetter(
                envelope, envelope.recipient(), DeadLetter.Reason.REFUSED, admission.refusal(), clock.now()));
        taps.refused(envelope, envelope.recipient(), DeadLetter.Reason.REFUSED);
        taps.denied(envelope, GuardNotes.reason(options.guard, admission.refusal()), during);
    }

    /** Offers it to all receivers; the places of those that a sender may wait for are added to {@code waiting}. */
    private Delivery[] offerAll(Envelope envelope, List<Waiting> waiting) {
        taps.sent(envelope);
        if (envelope.answersRequest()) {
            return new Delivery[] {answer(envelope)};
        }
        Receivers receivers = receivers(envelope);
        if (receivers.refusal() != null) {
            return new Delivery[] {new Delivery(receivers.named(), receivers.refusal())};
        }
        List<Member> members = receivers.members();
        Delivery[] deliveries = new Delivery[members.size()];
        Wakes wakes = deliveries.length > 1 && mayWakeTogether() ? Wakes.forMany() : null;
        try {
            for (int at = 0; at < deliveries.length; at++) {
                Member member = members.get(at);
                deliveries[at] = steering.leavesOut(member, envelope)
                        ? new Delivery(member.id(), DeadLetter.Reason.UNHEALTHY)
                        : offer(envelope, member, at, waiting, wakes);
            }
        } finally {
            if (wakes != null) {
                wakes.start();
            }
        }
        return deliveries;
    }

    /** Not if code of the user's is called between one mailbox and the next: it may keep the thread. */
    private boolean mayWakeTogether() {
        return transit == null && !mayBeObserved && taps.isEmpty();
    }

    private Delivery offer(Envelope envelope, Member member, int at, List<Waiting> waiting, @Nullable Wakes wakes) {
        taps.passing(envelope, member.id());
        OfferResult result = transit == null
                ? member.core().offer(envelope, wakes)
                : transit.carry(
                        envelope,
                        member.id(),
                        () -> member.mailbox().offer(envelope),
                        OfferResult.ACCEPTED,
                        late -> arrived(envelope, member, late));
        if (result == OfferResult.FULL && member.core().waitsForRoom()) {
            waiting.add(new Waiting(at, member));
        }
        return result.isAccepted() ? member.accepted() : new Delivery(member.id(), result.reason());
    }

    /** A copy that its sender is not told of. */
    private void arrived(Envelope envelope, Member member, OfferResult late) {
        if (!late.isAccepted()) {
            taps.refused(envelope, member.id(), late.reason());
            bury(envelope, member.id(), late.reason());
        }
    }

    private record Waiting(int at, Member member) {}

    private Delivery answer(Envelope reply) {
        AgentId to = reply.recipient();
        DeadLetter.Reason refusal = to == null ? null : router.refusal(reply.sender(), to);
        if (refusal == null && reply.hops() > options.hopLimit) {
            refusal = DeadLetter.Reason.TOO_MANY_HOPS;
        }
        if (refusal == null && to != null) {
            taps.passing(reply, to);
        }
        if (refusal == null && !isAwaited(reply, to)) {
            refusal = DeadLetter.Reason.LATE_REPLY;
        }
        return new Delivery(to, refusal);
    }

    private boolean isAwaited(Envelope reply, @Nullable AgentId to) {
        if (transit == null || to == null) {
            return requests.answer(reply);
        }
        return transit.carry(reply, to, () -> requests.answer(reply), true, isInTime -> {
            if (!isInTime) {
                bury(reply, to, DeadLetter.Reason.LATE_REPLY);
            }
        });
    }

    Mono<DeliveryReport> send(Envelope envelope) {
        return Mono.deferContextual(context -> {
            Envelope sent = envelope.in(context);
            Admission admission = Admission.of(options.guard, sent);
            if (admission.refusal() != null) {
                DeliveryReport report = refused(admission, Taps.handling(context));
                return options.undeliverable == Undeliverable.ERROR ? Mono.error(admission.error()) : Mono.just(report);
            }
            NetworkSpans.Passage passage = spans.begin(admission.envelope());
            return passage == null
                    ? pass(sent, admission.envelope())
                    : passage.until(Mono.defer(() -> pass(sent, passage.envelope)));
        });
    }

    /** Of {@code sent}, the receivers get {@code admitted}. */
    private Mono<DeliveryReport> pass(Envelope sent, Envelope admitted) {
        List<Waiting> waiting = new ArrayList<>();
        Delivery[] deliveries = offerAll(admitted, waiting);
        if (waiting.isEmpty()) {
            return report(sent, deliveries);
        }
        return Flux.fromIterable(waiting)
                .flatMap(waits -> waitFor(admitted, waits, deliveries), waiting.size())
                .then(Mono.defer(() -> report(sent, deliveries)));
    }

    private static Mono<Void> waitFor(Envelope envelope, Waiting waits, Delivery[] deliveries) {
        AgentId id = waits.member().id();
        return waits.member()
                .mailbox()
                .send(envelope)
                .doOnSuccess(accepted -> deliveries[waits.at()] = new Delivery(id, null))
                .onErrorResume(UndeliverableException.class, refused -> {
                    deliveries[waits.at()] = new Delivery(id, refused.reason());
                    return Mono.empty();
                });
    }

    private Mono<DeliveryReport> report(Envelope envelope, Delivery[] deliveries) {
        DeliveryReport report = finished(envelope, deliveries);
        Delivery first = report.deliveries().get(0);
        DeadLetter.Reason refusal = first.refusal();
        return refusal != null && options.undeliverable == Undeliverable.ERROR && report.acceptedCount() == 0
                ? Mono.error(new UndeliverableException(refusal, envelope, first.receiver(), null))
                : Mono.just(report);
    }

    private DeliveryReport finished(Envelope envelope, Delivery[] deliveries) {
        DeliveryReport report = new DeliveryReport(envelope, List.of(deliveries));
        taps.refused(report);
        log(report);
        if (options.undeliverable == Undeliverable.DEAD_LETTER) {
            bury(report);
        }
        return report;
    }

    private void log(DeliveryReport report) {
        if (options.logSize > 0) {
            synchronized (log) {
                if (log.size() == options.logSize) {
                    log.removeFirst();
                }
                log.addLast(report);
            }
        }
    }

    /** Sends what an agent has answered: nobody else would be told if it could not be delivered. */
    @Override
    public Mono<?> reply(Envelope reply) {
        Admission admission = Admission.outgoing(options.guard, reply);
        if (admission.refusal() != null) {
            bury(admission, reply.sender());
            requests.refused(admission);
            return Mono.empty();
        }
        return send(admission.envelope()).onErrorResume(UndeliverableException.class, refused -> {
            if (refused.reason() != DeadLetter.Reason.REFUSED) { // that is a dead letter already
                bury(reply, refused.receiver(), refused.reason());
            }
            return Mono.empty();
        });
    }

    @Override
    public void empty(Envelope request, AgentId from) {
        requests.answerEmpty(request, from);
    }

    private void bury(DeliveryReport report) {
        for (Delivery delivery : report.deliveries()) {
            DeadLetter.Reason refusal = delivery.refusal();
            if (refusal != null) {
                bury(report.envelope(), delivery.receiver(), refusal);
            }
        }
    }

    void bury(Envelope envelope, @Nullable AgentId receiver, DeadLetter.Reason reason) {
        options.deadLetters.add(new DeadLetter(envelope, receiver, reason, null, clock.now()));
    }

    List<DeliveryReport> log() {
        synchronized (log) {
            return List.copyOf(log);
        }
    }

    // --- the whole

    private static MailboxStats sum(MailboxStats one, MailboxStats other) {
        return new MailboxStats(
                one.accepted() + other.accepted(),
                one.delivered() + other.delivered(),
                one.deadLettered() + other.deadLettered(),
                one.refused() + other.refused(),
                one.queued() + other.queued(),
                one.inFlight() + other.inFlight(),
                one.waitingSenders() + other.waitingSenders());
    }

    synchronized NetworkStats stats() {
        MailboxStats sum = departed;
        for (Member member : leaving) {
            sum = sum(sum, member.mailbox().stats());
        }
        for (Member member : byId.values()) {
            sum = sum(sum, member.mailbox().stats());
        }
        return new NetworkStats(
                byId.size(),
                sum.accepted(),
                sum.delivered(),
                sum.deadLettered(),
                sum.refused(),
                sum.queued(),
                sum.inFlight(),
                requests.count());
    }

    Map<AgentId, MailboxStats> mailboxes() {
        Map<AgentId, MailboxStats> all = new LinkedHashMap<>();
        all().forEach(member -> all.put(member.id(), member.mailbox().stats()));
        return all;
    }

    Mono<Void> close(Duration grace) {
        return Mono.defer(() -> {
            List<Member> last;
            synchronized (this) {
                closed = true;
                last = new ArrayList<>(byId.values());
                last.addAll(leaving);
            }
            last.sort(IN_ORDER);
            return Flux.fromIterable(last)
                    .flatMap(member -> member.mailbox().close(grace), Math.max(1, last.size()))
                    .then()
                    .doOnTerminate(requests::close);
        });
    }
}
