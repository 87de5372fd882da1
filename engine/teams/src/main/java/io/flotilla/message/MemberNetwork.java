package io.flotilla.message;

import io.flotilla.AgentId;
import io.flotilla.agent.Agent;
import io.flotilla.run.Join;
import io.flotilla.step.StepEngine;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import reactor.core.Disposable;
import reactor.core.publisher.Mono;

/** What all forms of network do in the same way; a form is its {@link Router}. */
abstract class MemberNetwork implements Network {

    final Members members;
    private final StepEngine engine;

    MemberNetwork(NetworkOptions options, Router router) {
        this.members = new Members(Objects.requireNonNull(options, "options"), router);
        this.engine = AgentHandler.isolating(options.engine);
    }

    @Override
    public final void join(AgentId id, MessageHandler handler) {
        join(id, handler, members.options.member);
    }

    @Override
    public final void join(AgentId id, MessageHandler handler, MemberOptions options) {
        members.join(
                Objects.requireNonNull(id, "id"),
                Objects.requireNonNull(handler, "handler"),
                Objects.requireNonNull(options, "options"));
    }

    @Override
    public final void join(Agent<?, ?> agent) {
        join(agent, members.options.member);
    }

    @Override
    public final void join(Agent<?, ?> agent, MemberOptions options) {
        AgentId id = Objects.requireNonNull(agent.id(), "the agent's id");
        join(id, new AgentHandler(engine, id, agent, members), options);
    }

    @Override
    public final Mono<Void> leave(AgentId id) {
        return members.leave(Objects.requireNonNull(id, "id"));
    }

    @Override
    public final List<AgentId> members() {
        return members.all().stream().map(Member::id).toList();
    }

    @Override
    public final DeliveryReport offer(Envelope envelope) {
        return members.offer(Objects.requireNonNull(envelope, "envelope"));
    }

    @Override
    public final Mono<DeliveryReport> send(Envelope envelope) {
        return members.send(Objects.requireNonNull(envelope, "envelope"));
    }

    @Override
    public final Mono<Envelope> request(Envelope envelope) {
        return request(envelope, members.options.requestTimeout);
    }

    @Override
    public final Mono<Envelope> request(Envelope envelope, Duration timeout) {
        if (Objects.requireNonNull(envelope, "envelope").recipient() == null) {
            throw new IllegalArgumentException("a request must have a recipient: " + envelope);
        }
        return members.requests().one(envelope, Limits.positive("timeout", timeout));
    }

    @Override
    public final Mono<Gathered> gather(Envelope envelope, Join join) {
        Objects.requireNonNull(envelope, "envelope");
        if (Objects.requireNonNull(join, "join").shortfall() == Join.Shortfall.ASK) {
            throw new IllegalArgumentException("nobody is there to be asked, join was " + join);
        }
        if (join.requirement() == Join.Requirement.WHEN) {
            throw new IllegalArgumentException("a predicate is of a run's outcomes, join was " + join);
        }
        return members.requests().gather(envelope, join);
    }

    @Override
    public final List<DeliveryReport> log() {
        return members.log();
    }

    @Override
    public final DeadLetters deadLetters() {
        return members.options.deadLetters;
    }

    @Override
    public final NetworkStats stats() {
        return members.stats();
    }

    @Override
    public final Map<AgentId, MailboxStats> mailboxes() {
        return members.mailboxes();
    }

    @Override
    public final Disposable tap(NetworkTap tap) {
        return members.taps.add(Objects.requireNonNull(tap, "tap"), members.all());
    }

    @Override
    public final Mono<Void> close(Duration grace) {
        if (Objects.requireNonNull(grace, "grace").isNegative()) {
            throw new IllegalArgumentException("grace must not be negative, was " + grace);
        }
        return members.close(grace);
    }

    /** The form, and the counts. */
    @Override
    public final String toString() {
        return getClass().getSimpleName() + "[" + stats() + "]";
    }
}
