package io.flotilla.team;

import io.flotilla.AgentId;
import io.flotilla.agent.Agent;
import io.flotilla.message.DeliveryReport;
import io.flotilla.message.Envelope;
import io.flotilla.message.Mesh;
import io.flotilla.message.MessageHandler;
import io.flotilla.message.UnknownMemberException;
import io.flotilla.step.StepResult;
import java.time.Duration;
import java.util.Comparator;
import java.util.Map;
import java.util.Objects;
import java.util.OptionalDouble;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import org.jspecify.annotations.Nullable;
import reactor.core.publisher.Mono;
import reactor.util.context.ContextView;

/**
 * A member of {@link Peers}: it has a copy of the state, tells the others, offers tasks to them, and does tasks of theirs.
 *
 * <p>Thread-safe.
 *
 * @param <I> the type of a task
 * @param <O> the type of an answer
 * @since 0.1
 */
public final class Peer<I, O> {

    private static final Comparator<Lease<?, ?>> BY_NUMBER = Comparator.comparingLong(lease -> lease.number);

    private final PeersCore<I, O> core;
    private final AgentId id;
    private final Agent<? super I, ? extends O> agent;
    private final Bidder<? super I> bidder;
    private final MessageHandler handler;
    private final Replica replica;
    private final Set<Lease<?, ?>> owned = ConcurrentHashMap.newKeySet();
    private volatile boolean hasLeft;

    Peer(
            PeersCore<I, O> core,
            AgentId id,
            Agent<? super I, ? extends O> agent,
            Bidder<? super I> bidder,
            MessageHandler handler) {
        this.core = core;
        this.id = id;
        this.agent = agent;
        this.bidder = bidder;
        this.handler = handler;
        this.replica = new Replica(id, core.nextMembership());
    }

    /**
     * Its address.
     *
     * @return the id
     */
    public AgentId id() {
        return id;
    }

    /**
     * How many tasks it owns at this moment.
     *
     * @return the number
     */
    public int owned() {
        return (int) owned.stream().filter(Lease::isOwned).count(); // the step of one that is done may not be over
    }

    // --- messages

    /**
     * Sends something to all others, in a mesh to all neighbours. It reaches the handlers that they have joined with. Never
     * waits.
     *
     * @param payload the message
     * @return what became of it at each of them
     * @throws NullPointerException if {@code payload} is null
     */
    public DeliveryReport broadcast(Object payload) {
        return core.settings.network.offer(Envelope.toAll(Objects.requireNonNull(payload, "payload"))
                .from(id)
                .build());
    }

    Mono<?> handle(Envelope envelope) {
        if (!(envelope.payload() instanceof PeerMessage message)) {
            return handler.handle(envelope);
        }
        if (message instanceof PeerMessage.Update update) {
            merge(update.key(), update.value());
            return Mono.empty();
        }
        if (message instanceof PeerMessage.Sync sync) {
            sync.values().forEach(this::merge);
            if (sync.isToBeAnswered()) {
                core.settings.network.offer(envelope.reply(id, new PeerMessage.Sync(replica.all(), false))
                        .build());
            }
            return Mono.empty();
        }
        PeerMessage answer = answer(message, envelope.context());
        return answer == null
                ? Mono.empty()
                : core.settings.network.send(envelope.reply(id, answer).build());
    }

    private @Nullable PeerMessage answer(PeerMessage message, ContextView context) {
        if (message instanceof PeerMessage.Offer offer) {
            return bid(offer);
        }
        if (message instanceof PeerMessage.Award award) {
            return take(award.lease(), context) ? PeerMessage.YES : PeerMessage.NO;
        }
        if (message instanceof PeerMessage.StillAtIt question) {
            return owned.contains(question.lease()) ? PeerMessage.YES : PeerMessage.NO;
        }
        return null;
    }

    // --- state

    /**
     * Writes a value, and tells the others. All peers that hear of it have the same value in the end: that of the highest
     * version, of equal ones that of the largest peer id. A value that another peer has written without knowing of this one is a
     * {@link PeerEvent.StateConflict}.
     *
     * <p>Others may miss an update: their mailbox is full, or the mesh is partitioned. {@link #sync()} makes up for it.
     *
     * @param key the key
     * @param value the value; immutable, as peers share it
     * @return what is written
     * @throws NullPointerException if an argument is null
     */
    public PeerValue put(String key, Object value) {
        Stamped written = replica.write(Objects.requireNonNull(key, "key"), Objects.requireNonNull(value, "value"));
        tellAll(new PeerMessage.Update(key, written));
        return written.value();
    }

    private void tellAll(PeerMessage message) {
        core.settings.network.offer(Envelope.toAll(message).from(id).build());
    }

    /** In a mesh the neighbours' neighbours hear of news from here. */
    private void merge(String key, Stamped update) {
        Replica.Merge merge = replica.merge(key, update);
        if (merge.conflict() != null) {
            core.tell(merge.conflict());
        }
        if (merge.isNews() && core.settings.network instanceof Mesh) {
            tellAll(new PeerMessage.Update(key, update));
        }
    }

    /**
     * The value of a key, as far as this peer knows.
     *
     * @param key the key
     * @return null if it has heard of none
     * @throws NullPointerException if {@code key} is null
     */
    public @Nullable PeerValue get(String key) {
        return replica.get(Objects.requireNonNull(key, "key"));
    }

    /**
     * All values, as far as this peer knows.
     *
     * @return a copy, by key
     */
    public Map<String, PeerValue> state() {
        return replica.values();
    }

    /**
     * Sends all values to the others, and asks for theirs. A peer does so when it joins; do it after a partition has healed, or
     * from time to time. Never waits: the answers come in by and by.
     */
    public void sync() {
        tellAll(new PeerMessage.Sync(replica.all(), true));
    }

    // --- tasks

    /**
     * Offers a task to the others, and awards it to the lowest bid. The owner has a lease, which is prolonged as long as the owner
     * answers that it is at the task. When the lease ends, when the owner leaves or its step fails, the owner's step is
     * cancelled and the task is offered again. At no time have two peers the task.
     *
     * <p>Cold: every subscription offers it.
     *
     * <ul>
     *   <li><b>onNext</b>: exactly one result: the owner's. If no attempts are left, that of the last owner whose step failed;
     *       {@link StepResult.Failed} with a {@link TaskLostException} if none of them has a result. {@link
     *       StepResult.Rejected} with a {@link TaskRejectedException} of {@link TaskRejectedException.Reason#NO_BIDDER} if
     *       nobody wants it.
     *   <li><b>onError</b>: never.
     *   <li><b>cancel</b>: the owner's step is cancelled, and nobody else gets the task.
     *   <li><b>threads</b>: any thread of the network or on which a step ends.
     *   <li><b>context</b>: the subscriber's context reaches the owner's step.
     * </ul>
     *
     * @param task the task
     * @return the result
     * @throws NullPointerException if {@code task} is null (the call itself, not a signal)
     */
    public Mono<StepResult<O>> offer(I task) {
        Objects.requireNonNull(task, "task");
        return Mono.defer(() -> hasLeft ? Mono.just(core.closed(id)) : new Offering<>(core, id, task).result());
    }

    @SuppressWarnings("unchecked") // the group has tasks of one type
    private PeerMessage bid(PeerMessage.Offer offer) {
        OptionalDouble bid = hasLeft ? OptionalDouble.empty() : bidder.bid((I) offer.task(), owned());
        return bid.isPresent() && !Double.isNaN(bid.getAsDouble())
                ? new PeerMessage.Bid(bid.getAsDouble())
                : PeerMessage.NO;
    }

    @SuppressWarnings("unchecked") // as above
    private boolean take(Lease<?, ?> awarded, ContextView context) {
        Lease<I, O> lease = (Lease<I, O>) awarded;
        if (hasLeft || !lease.claim()) {
            return false;
        }
        owned.add(lease);
        if (hasLeft) {
            giveUp(lease);
            return false;
        }
        core.clock.schedule(Duration.ZERO, () -> work(lease, context));
        return true;
    }

    private void work(Lease<I, O> lease, ContextView context) {
        Agent<I, O> owner = Agent.of(id, (task, step) -> lease.body(() -> agent.step(task, step)));
        lease.step.update(core.engine
                .<I, O>step(owner, lease.task)
                .contextWrite(context)
                .doFinally(any -> owned.remove(lease))
                .subscribe(lease::complete, broken -> lease.complete(core.broke(id, broken))));
    }

    private void giveUp(Lease<?, ?> lease) {
        owned.remove(lease);
        lease.end(PeerEvent.Why.GIVEN_UP);
    }

    /**
     * Leaves the group and the network. Its tasks are given up, and offered again by those whose tasks they are.
     *
     * <p>Cold: the first subscription leaves.
     *
     * <ul>
     *   <li><b>onComplete</b>: it is no member any more, and none of its steps runs; also if it had left before.
     *   <li><b>cancel</b>: ends the waiting only.
     * </ul>
     *
     * @return completes when it has left
     */
    public Mono<Void> leave() {
        return Mono.defer(() -> {
            boolean isFirst = core.peers.remove(this);
            hasLeft = true;
            owned.stream().sorted(BY_NUMBER).forEach(this::giveUp); // the same order in every simulation
            return isFirst
                    ? core.settings.network.leave(id).onErrorComplete(UnknownMemberException.class)
                    : Mono.empty();
        });
    }

    /** The id. */
    @Override
    public String toString() {
        return "Peer[" + id + "]";
    }
}
