package io.flotilla.message;

import io.flotilla.AgentId;
import io.flotilla.run.Join;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import reactor.core.publisher.Mono;
import reactor.core.publisher.MonoSink;

/** The requests of a network that wait for answers. */
final class Requests {

    private final Members members;
    private final int most;
    private final Map<String, Gathering> pending = new ConcurrentHashMap<>();
    private final AtomicInteger count = new AtomicInteger();
    private volatile boolean closed;

    Requests(Members members, int most) {
        this.members = members;
        this.most = most;
    }

    Taps taps() {
        return members.taps;
    }

    /** {@code late} is told of a copy that is not accepted and of which the asker would not hear. */
    OfferResult offer(Envelope request, Member member, Consumer<OfferResult> late) {
        members.taps.passing(request, member.id());
        Transit transit = members.transit;
        return transit == null
                ? member.mailbox().offer(request)
                : transit.carry(
                        request, member.id(), () -> member.mailbox().offer(request), OfferResult.ACCEPTED, late);
    }

    boolean leavesOut(Member member, Envelope request) {
        return members.steering.leavesOut(member, request);
    }

    int count() {
        return count.get();
    }

    Mono<Envelope> one(Envelope envelope, Duration timeout) {
        return gather(envelope, Join.allSettled().within(timeout).orProceed())
                .flatMap(gathered -> single(gathered, envelope, timeout));
    }

    /** The one answer to {@code envelope}. */
    static Mono<Envelope> single(Gathered gathered, Envelope envelope, Duration timeout) {
        Answer answer = gathered.answers().get(0);
        Throwable cause = answer.cause();
        return answer.status() == Answer.Status.TIMED_OUT
                ? Mono.error(new RequestTimeoutException(envelope, timeout))
                : cause != null ? Mono.error(cause) : Mono.justOrEmpty(answer.reply());
    }

    Mono<Gathered> gather(Envelope envelope, Join join) {
        Duration within = join.within();
        Duration limit = within == null ? members.options.requestTimeout : within;
        return Mono.create(sink -> {
            Envelope asked = EnvelopeFields.request(envelope, until(limit), sink.contextView());
            Admission admission = Admission.of(members.options.guard, asked);
            if (admission.refusal() != null) {
                members.bury(admission, Taps.handling(sink.contextView()));
                sink.error(admission.error());
                return;
            }
            NetworkSpans.Passage passage = members.spans.begin(admission.envelope());
            if (passage == null) {
                ask(admission.envelope(), join, limit, sink);
                return;
            }
            try (passage) {
                passage.ended(ask(passage.envelope, join, limit, sink));
            }
        });
    }

    /** Returns why nobody has accepted it; null if somebody has. */
    private DeadLetter.@Nullable Reason ask(Envelope request, Join join, Duration limit, MonoSink<Gathered> sink) {
        members.taps.sent(request);
        Receivers receivers = members.receivers(request);
        DeadLetter.Reason refusal = receivers.refusal();
        if (refusal != null) {
            refuse(sink, request, receivers.named(), refusal);
            return refusal;
        }
        Gathering gathering = enter(request, join, receivers.members(), sink);
        if (gathering == null) {
            refuse(sink, request, request.recipient(), DeadLetter.Reason.FULL);
            return DeadLetter.Reason.FULL;
        }
        sink.onCancel(gathering::cancel);
        gathering.timer(members.clock.schedule(limit, gathering::timeUp));
        return gathering.ask();
    }

    private Instant until(Duration limit) {
        Instant now = members.clock.now();
        return limit.compareTo(Duration.between(now, Instant.MAX)) > 0 ? Instant.MAX : now.plus(limit);
    }

    private void refuse(
            MonoSink<Gathered> sink, Envelope request, @Nullable AgentId receiver, DeadLetter.Reason refusal) {
        if (members.options.undeliverable == Undeliverable.DEAD_LETTER) {
            members.bury(request, receiver, refusal);
        }
        members.taps.refused(request, receiver, refusal);
        sink.error(new UndeliverableException(refusal, request, receiver, null));
    }

    /** Null if too many wait. */
    private @Nullable Gathering enter(Envelope request, Join join, List<Member> receivers, MonoSink<Gathered> sink) {
        if (count.incrementAndGet() > most) {
            count.decrementAndGet();
            return null;
        }
        Gathering gathering = new Gathering(this, request, join, receivers, sink);
        pending.put(request.id(), gathering);
        if (closed) {
            gathering.close();
        }
        return gathering;
    }

    /** One at a time: who comes second finds both done. */
    synchronized void leave(Gathering gathering) {
        if (pending.remove(gathering.request.id(), gathering)) {
            count.decrementAndGet();
        }
    }

    /** False if nobody waits for it. */
    boolean answer(Envelope reply) {
        Gathering gathering = waiting(reply.causationId());
        return gathering != null && gathering.answered(reply.sender(), reply);
    }

    /** An agent has completed without a value. */
    void answerEmpty(Envelope request, AgentId from) {
        Gathering gathering = waiting(request.id());
        if (gathering != null) {
            gathering.answered(from, null);
        }
    }

    /** The guard has refused what an agent has answered. */
    void refused(Admission reply) {
        Gathering gathering = waiting(reply.envelope().causationId());
        if (gathering != null) {
            gathering.ended(reply.envelope().sender(), Answer.Status.FAILED, reply.error());
        }
    }

    /** A message of a member's mailbox has become a dead letter. */
    void died(DeadLetter letter) {
        Gathering gathering = waiting(letter.envelope().id());
        AgentId receiver = letter.receiver();
        if (gathering != null && receiver != null) {
            boolean isLate = letter.reason() == DeadLetter.Reason.EXPIRED;
            gathering.ended(
                    receiver,
                    isLate ? Answer.Status.TIMED_OUT : Answer.Status.FAILED,
                    new UndeliverableException(letter.reason(), letter.envelope(), receiver, letter.cause()));
        }
    }

    private @Nullable Gathering waiting(@Nullable String requestId) {
        return requestId == null ? null : pending.get(requestId);
    }

    void close() {
        closed = true;
        new ArrayList<>(pending.values()).forEach(Gathering::close);
    }
}
