package io.flotilla.team;

import io.flotilla.agent.Agent;
import io.flotilla.message.MessageHandler;
import io.flotilla.message.Network;
import io.flotilla.step.StepEngine;
import java.time.Duration;
import java.util.Comparator;
import java.util.List;
import java.util.Objects;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;

/**
 * A flat team over a {@link Network}: nobody is in charge. Peers share a state that converges, and give tasks to each other by
 * offer, bid and award.
 *
 * <pre>{@code
 * Peers<String, String> peers = Peers.<String, String>builder(Hub.create()).lease(Duration.ofSeconds(10)).build();
 * Peer<String, String> ann = peers.join(annsAgent, Bidder.byLoad());
 * Peer<String, String> bob = peers.join(bobsAgent, Bidder.byLoad());
 * ann.put("topic", "whales");
 * Mono<StepResult<String>> result = ann.offer("write about it");
 * }</pre>
 *
 * <p>Offers, bids, awards and state travel as messages of the network, in each peer's mailbox: a full mailbox or a partition may
 * lose them, and then a bid is missing, or a value comes with the next {@link Peer#sync()}. Who owns a task, and its result,
 * are not at their mercy: they are kept by the group, in this process.
 *
 * <p>Other members may use the same network; a group takes no notice of them.
 *
 * <p>Thread-safe.
 *
 * @param <I> the type of a task
 * @param <O> the type of an answer
 * @since 0.1
 */
public final class Peers<I, O> {

    /** The default of {@link Builder#lease}: 30 seconds. */
    public static final Duration DEFAULT_LEASE = Duration.ofSeconds(30);

    /** The default of {@link Builder#bidWindow}: one second. */
    public static final Duration DEFAULT_BID_WINDOW = Duration.ofSeconds(1);

    /** The default of {@link Builder#maxAttempts}. */
    public static final int DEFAULT_MAX_ATTEMPTS = 3;

    /** The most that {@link Builder#maxAttempts} takes. */
    public static final int MAX_ATTEMPTS = 100;

    /** The {@link io.flotilla.step.StepResult.Rejected#guard()} of tasks that no peer wants. */
    public static final String GUARD = "peers";

    private final PeersCore<I, O> core;

    private Peers(PeersSettings settings) {
        this.core = new PeersCore<>(settings);
    }

    /**
     * Starts a group's configuration.
     *
     * @param network what the peers join
     * @param <I> the type of a task
     * @param <O> the type of an answer
     * @return a builder with all defaults
     * @throws NullPointerException if {@code network} is null
     */
    public static <I, O> Builder<I, O> builder(Network network) {
        return new Builder<>(Objects.requireNonNull(network, "network"));
    }

    /**
     * Adds a peer that is told nothing but what the group itself says, see {@link #join(Agent, Bidder, MessageHandler)}.
     *
     * @param agent does the tasks it is awarded
     * @param bidder what it asks for a task
     * @return the peer
     * @throws NullPointerException if an argument or the agent's id is null
     * @throws io.flotilla.message.DuplicateMemberException if the network has a member of this id
     * @throws IllegalStateException if the network is closed
     */
    public Peer<I, O> join(Agent<? super I, ? extends O> agent, Bidder<? super I> bidder) {
        return join(agent, bidder, envelope -> Mono.empty());
    }

    /**
     * Adds a peer. It joins the network under the agent's id and asks the others for the state; in a mesh connect it first, then
     * call {@link Peer#sync()}.
     *
     * @param agent does the tasks it is awarded: each is a step of the engine, isolated, timed, guarded, observed. As many at
     *     a time as it is awarded
     * @param bidder what it asks for a task
     * @param handler receives what others {@linkplain Peer#broadcast broadcast} or send to it. While it is at a message the
     *     peer answers nothing else: it should end well within the lease
     * @return the peer
     * @throws NullPointerException if an argument or the agent's id is null
     * @throws io.flotilla.message.DuplicateMemberException if the network has a member of this id
     * @throws IllegalStateException if the network is closed
     */
    public Peer<I, O> join(Agent<? super I, ? extends O> agent, Bidder<? super I> bidder, MessageHandler handler) {
        Peer<I, O> peer = new Peer<>(
                core,
                Objects.requireNonNull(Objects.requireNonNull(agent, "agent").id(), "the agent's id"),
                agent,
                Objects.requireNonNull(bidder, "bidder"),
                Objects.requireNonNull(handler, "handler"));
        core.settings.network.join(peer.id(), peer::handle);
        core.peers.add(peer);
        peer.sync();
        return peer;
    }

    /**
     * The peers that have joined and not left.
     *
     * @return a copy, by id
     */
    public List<Peer<I, O>> peers() {
        return core.peers.stream()
                .sorted(Comparator.comparing(peer -> peer.id().toString()))
                .toList();
    }

    /**
     * What happens in the group from now on.
     *
     * <p>Hot: what happened before subscription is not repeated.
     *
     * <ul>
     *   <li><b>onNext</b>: each event; a subscriber that is slow misses the oldest beyond 256, and holds up nobody.
     *   <li><b>onComplete</b>: when the group is closed.
     *   <li><b>demand</b>: honoured.
     *   <li><b>threads</b>: one of {@code boundedElastic}; it may block.
     * </ul>
     *
     * @return the events
     */
    public Flux<PeerEvent> events() {
        return core.events().flux;
    }

    /**
     * Lets all peers leave. The network stays as it is.
     *
     * <p>Cold: nothing is closed before the first subscription.
     *
     * <ul>
     *   <li><b>onComplete</b>: when all have left, see {@link Peer#leave()}.
     *   <li><b>cancel</b>: ends the waiting only.
     * </ul>
     *
     * @return completes when all have left
     */
    public Mono<Void> close() {
        return Flux.defer(() -> Flux.fromIterable(peers()))
                .flatMap(Peer::leave, Integer.MAX_VALUE)
                .then()
                .doOnTerminate(() -> core.events().end());
    }

    /** The ids of the peers. */
    @Override
    public String toString() {
        return "Peers" + peers();
    }

    /**
     * The configuration of a group of peers. Each setting checks its argument at once. Not thread-safe.
     *
     * @param <I> the type of a task
     * @param <O> the type of an answer
     */
    public static final class Builder<I, O> {

        private final PeersSettings settings;

        private Builder(Network network) {
            this.settings = new PeersSettings(network);
        }

        /**
         * How long an owner has a task without saying that it is at it. It is asked three times in that time.
         *
         * @param lease more than zero; default 30 seconds
         * @return this builder
         * @throws NullPointerException if {@code lease} is null
         * @throws IllegalArgumentException if {@code lease} is not more than zero, or over 292 years
         */
        public Builder<I, O> lease(Duration lease) {
            settings.lease = Bounds.positive("lease", lease);
            return this;
        }

        /**
         * How long an offer waits for bids, if somebody does not answer.
         *
         * @param bidWindow more than zero; default one second
         * @return this builder
         * @throws NullPointerException if {@code bidWindow} is null
         * @throws IllegalArgumentException if {@code bidWindow} is not more than zero, or over 292 years
         */
        public Builder<I, O> bidWindow(Duration bidWindow) {
            settings.bidWindow = Bounds.positive("bidWindow", bidWindow);
            return this;
        }

        /**
         * How many owners a task may have, one after another.
         *
         * @param maxAttempts 1 to {@value Peers#MAX_ATTEMPTS}; default {@value Peers#DEFAULT_MAX_ATTEMPTS}
         * @return this builder
         * @throws IllegalArgumentException if {@code maxAttempts} is out of its bounds
         */
        public Builder<I, O> maxAttempts(int maxAttempts) {
            if (maxAttempts < 1 || maxAttempts > MAX_ATTEMPTS) {
                throw new IllegalArgumentException("maxAttempts must be 1 to " + MAX_ATTEMPTS + ", was " + maxAttempts);
            }
            settings.maxAttempts = maxAttempts;
            return this;
        }

        /**
         * The engine that steps the peers' agents, and whose clock leases are measured with.
         *
         * @param engine default: one with all defaults
         * @return this builder
         * @throws NullPointerException if {@code engine} is null
         */
        public Builder<I, O> engine(StepEngine engine) {
            settings.engine = Objects.requireNonNull(engine, "engine");
            return this;
        }

        /**
         * Makes the group. The builder may be changed and used again.
         *
         * @return a group without peers
         */
        public Peers<I, O> build() {
            return new Peers<>(new PeersSettings(settings));
        }
    }
}
