package io.flotilla.team;

import io.flotilla.AgentId;
import io.flotilla.agent.Usage;
import io.flotilla.step.EngineAccess;
import io.flotilla.step.EngineClock;
import io.flotilla.step.FailureMode;
import io.flotilla.step.StepEngine;
import io.flotilla.step.StepResult;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicLong;

/** What the peers of a group share: settings, time, events, and numbers. */
final class PeersCore<I, O> {

    final PeersSettings settings;
    final EngineClock clock;
    final StepEngine engine;
    private final Feed<PeerEvent> events = new Feed<>();
    private final AtomicLong tasks = new AtomicLong();
    private final AtomicLong memberships = new AtomicLong();
    final Set<Peer<I, O>> peers = ConcurrentHashMap.newKeySet();

    PeersCore(PeersSettings settings) {
        this.settings = settings;
        this.engine = settings.engine.withFailureMode(FailureMode.ISOLATE);
        this.clock = EngineAccess.of(settings.engine).clock();
    }

    Feed<PeerEvent> events() {
        return events;
    }

    void tell(PeerEvent event) {
        events.tell(event);
    }

    long nextTask() {
        return tasks.getAndIncrement();
    }

    long nextMembership() {
        return memberships.incrementAndGet();
    }

    StepResult<O> noBidder(AgentId offeredBy, long task) {
        return rejected(new TaskRejectedException(
                offeredBy, TaskRejectedException.Reason.NO_BIDDER, "no peer has bid for task " + task));
    }

    StepResult<O> closed(AgentId offeredBy) {
        return rejected(
                new TaskRejectedException(offeredBy, TaskRejectedException.Reason.CLOSED, "it is no peer any more"));
    }

    private StepResult<O> rejected(TaskRejectedException cause) {
        return new StepResult.Rejected<>(cause.by(), 0, 0, clock.now(), 0, Peers.GUARD, null, cause, Usage.NONE);
    }

    /** A clock or timer of the user's threw. */
    StepResult<O> broke(AgentId owner, Throwable cause) {
        return new StepResult.Failed<>(owner, 0, 1, clock.now(), 0, cause, Usage.NONE);
    }

    /** Its owner ended without a result. */
    StepResult<O> lost(AgentId owner, long task, PeerEvent.Why why) {
        return broke(owner, new TaskLostException(owner, task, why));
    }
}
