package io.flotilla.team;

import io.flotilla.AgentId;
import io.flotilla.message.Answer;
import io.flotilla.message.Envelope;
import io.flotilla.message.Gathered;
import io.flotilla.message.UndeliverableException;
import io.flotilla.run.Join;
import io.flotilla.step.StepResult;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import reactor.core.Disposable;
import reactor.core.Disposables;
import reactor.core.publisher.Mono;

/** One task from its offer to its result: bids, an award, and all over again if the owner loses it. Of one subscription. */
final class Offering<I, O> {

    private static final int BEATS_PER_LEASE = 3;

    private record Bid(AgentId peer, double cost) {}

    private static final Comparator<Bid> LOWEST = Comparator.comparingDouble(Bid::cost)
            .thenComparing(bid -> bid.peer().toString());

    private final PeersCore<I, O> core;
    private final AgentId offeredBy;
    private final I task;
    private final long number;

    // One step after another: each happens before the next.
    private final Set<AgentId> tried = new HashSet<>();
    private int awards;
    private @Nullable StepResult<O> failure;

    Offering(PeersCore<I, O> core, AgentId offeredBy, I task) {
        this.core = core;
        this.offeredBy = offeredBy;
        this.task = task;
        this.number = core.nextTask();
    }

    /** Bids, an award, and the result. Calls itself as often as the task may be awarded. */
    Mono<StepResult<O>> result() {
        return bids().flatMap(this::awardOneOf);
    }

    private Mono<List<Bid>> bids() {
        Envelope offer =
                Envelope.toAll(new PeerMessage.Offer(task)).from(offeredBy).build();
        return core.settings
                .network
                .gather(offer, Join.allSettled().within(core.settings.bidWindow).orProceed())
                .map(Offering::sorted)
                .onErrorResume(UndeliverableException.class, nobody -> Mono.just(List.of()));
    }

    private static List<Bid> sorted(Gathered gathered) {
        List<Bid> bids = new ArrayList<>();
        for (Answer answer : gathered.of(Answer.Status.ANSWERED)) {
            Envelope reply = answer.reply();
            if (reply != null && reply.payload() instanceof PeerMessage.Bid bid) {
                bids.add(new Bid(answer.receiver(), bid.cost()));
            }
        }
        bids.sort(LOWEST);
        return bids;
    }

    /** Those who have not had it come first. */
    private Mono<StepResult<O>> awardOneOf(List<Bid> bids) {
        List<Bid> order = new ArrayList<>(bids);
        order.sort(Comparator.comparing((Bid bid) -> tried.contains(bid.peer())).thenComparing(LOWEST));
        return award(order, 0);
    }

    private Mono<StepResult<O>> award(List<Bid> bids, int at) {
        if (at == bids.size()) {
            return Mono.just(failure != null ? failure : core.noBidder(offeredBy, number));
        }
        Bid bid = bids.get(at);
        return lease(bid).flatMap(end -> next(end, bid)).switchIfEmpty(Mono.defer(() -> award(bids, at + 1)));
    }

    private Mono<StepResult<O>> next(Lease.End<O> end, Bid bid) {
        StepResult<O> result = end.result();
        if (result != null && !result.isFailure()) {
            return Mono.just(result);
        }
        Throwable cause = result == null ? null : result.cause();
        PeerEvent.Why why = end.why() == null ? PeerEvent.Why.FAILED : end.why();
        core.tell(new PeerEvent.TaskLost(offeredBy, number, bid.peer(), why, cause));
        failure = result != null ? result : failure != null ? failure : core.lost(bid.peer(), number, why);
        StepResult<O> last = failure;
        return awards < core.settings.maxAttempts ? result() : Mono.just(last);
    }

    /** The end of the peer's ownership; empty if it does not take the task. */
    private Mono<Lease.End<O>> lease(Bid bid) {
        return Mono.create(sink -> {
            Lease<I, O> lease = new Lease<>(number, task, bid.peer());
            Disposable.Composite all = Disposables.composite();
            sink.onDispose(all);
            all.add(() -> lease.end(PeerEvent.Why.GIVEN_UP)); // does nothing if it has ended
            Runnable unclaimed = () -> {
                lease.end(PeerEvent.Why.GIVEN_UP); // its message may come late
                all.add(lease.whenEnded().subscribe(end -> {
                    if (end.result() == null) {
                        sink.success();
                    } else {
                        sink.success(end); // it was taken and done, and only the yes was lost
                    }
                }));
            };
            all.add(ask(new PeerMessage.Award(lease), bid.peer(), core.settings.lease)
                    .contextWrite(sink.contextView())
                    .subscribe(
                            yes -> {
                                if (yes) {
                                    owned(lease, bid, all);
                                    all.add(lease.whenEnded().subscribe(sink::success));
                                } else {
                                    unclaimed.run();
                                }
                            },
                            failed -> unclaimed.run()));
        });
    }

    private void owned(Lease<I, O> lease, Bid bid, Disposable.Composite all) {
        awards++;
        tried.add(bid.peer());
        core.tell(new PeerEvent.TaskAwarded(offeredBy, number, bid.peer(), bid.cost()));
        new Heart(lease, all).restart();
    }

    private Mono<Boolean> ask(PeerMessage question, AgentId peer, Duration timeout) {
        return core.settings
                .network
                .request(Envelope.to(peer, question).from(offeredBy).build(), timeout)
                .map(reply -> reply.payload() instanceof PeerMessage.Yes)
                .defaultIfEmpty(false);
    }

    /** Asks the owner from time to time whether it is at the task; while there is no answer, the time of the lease runs out. */
    private final class Heart {

        private final Lease<I, O> lease;
        private final Disposable.Composite all;
        private final Disposable.Swap end = Disposables.swap();
        private final Disposable.Swap beat = Disposables.swap();
        private final Disposable.Swap question = Disposables.swap();
        private final Duration every =
                core.settings.lease.dividedBy(BEATS_PER_LEASE).plusNanos(1);

        Heart(Lease<I, O> lease, Disposable.Composite all) {
            this.lease = lease;
            this.all = all;
            all.add(end);
            all.add(beat);
            all.add(question);
        }

        /** The lease begins anew. */
        void restart() {
            end.update(core.clock.schedule(core.settings.lease, () -> lease.end(PeerEvent.Why.LEASE_ENDED)));
            later();
        }

        /** One at a time: a timer may be over before it is kept, and must not dispose of its successor. */
        private synchronized void later() {
            if (!all.isDisposed() && lease.isOwned()) {
                beat.replace(core.clock.schedule(every, this::ask));
            }
        }

        private void ask() {
            question.update(Offering.this
                    .ask(new PeerMessage.StillAtIt(lease), lease.owner, every)
                    .subscribe(
                            yes -> {
                                if (yes) {
                                    restart();
                                } else if (lease.isOwned()) {
                                    lease.end(PeerEvent.Why.GIVEN_UP);
                                }
                            },
                            silent -> later()));
        }
    }
}
