package io.flotilla.team;

import io.flotilla.AgentId;
import io.flotilla.step.StepResult;
import java.time.Duration;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import reactor.core.Disposable;
import reactor.core.publisher.Mono;
import reactor.core.publisher.Sinks;

/**
 * The right of one peer to do a task, for a time that is prolonged as long as the peer says that it is at it. A task has one
 * lease at a time: the next one is made when this one has ended, and its step has been cancelled.
 *
 * <pre>
 * offered --&gt; owned --&gt; done
 *         --&gt; ended &lt;-- (time, given up, not wanted)
 * </pre>
 *
 * <p>Messages carry it, and may come late or twice: it can be claimed once, while it is offered.
 */
final class Lease<I, O> {

    /** How long the next peer waits for a step that is being started and does not return. */
    private static final Duration PATIENCE = Duration.ofMillis(500);

    private enum State {
        OFFERED,
        OWNED,
        DONE,
        ENDED
    }

    /** How it has ended: with a result, or with the reason why there is none. */
    record End<O>(@Nullable StepResult<O> result, PeerEvent.@Nullable Why why) {}

    final long number;
    final I task;
    final AgentId owner;
    private final Sinks.One<End<O>> ended = Sinks.one();
    private final Sinks.Empty<Void> stopped = Sinks.empty();

    // Guarded by this.
    private State state = State.OFFERED;
    private boolean isStarting;
    private @Nullable Disposable step;

    Lease(long number, I task, AgentId owner) {
        this.number = number;
        this.task = task;
        this.owner = owner;
    }

    /** False if it is not to be had any more. */
    synchronized boolean claim() {
        if (state != State.OFFERED) {
            return false;
        }
        state = State.OWNED;
        return true;
    }

    synchronized boolean isOwned() {
        return state == State.OWNED;
    }

    /** Starts the owner's step, unless the lease has ended meanwhile. Who ends it then waits until the start has returned. */
    boolean start(Supplier<Disposable> starting) {
        synchronized (this) {
            if (state != State.OWNED) {
                return false;
            }
            isStarting = true;
        }
        Disposable started = starting.get();
        boolean isLate;
        synchronized (this) {
            isStarting = false;
            step = started;
            isLate = state == State.ENDED;
        }
        if (isLate) {
            started.dispose();
            stopped.tryEmitEmpty();
        }
        return true;
    }

    /** The owner's step has ended. If the lease is not its own any more, that counts for nothing. */
    void complete(StepResult<O> result) {
        synchronized (this) {
            if (state != State.OWNED) {
                return;
            }
            state = State.DONE;
        }
        ended.tryEmitValue(new End<>(result, null));
    }

    /** Ends it, if it has not ended. */
    void end(PeerEvent.Why why) {
        Disposable running;
        boolean isStopped;
        synchronized (this) {
            if (state == State.DONE || state == State.ENDED) {
                return;
            }
            state = State.ENDED;
            running = step;
            isStopped = !isStarting;
        }
        if (running != null) {
            running.dispose();
        }
        if (isStopped) {
            stopped.tryEmitEmpty();
        }
        ended.tryEmitValue(new End<>(null, why));
    }

    /** Its end, once nobody is at the task any more. */
    Mono<End<O>> whenEnded() {
        return ended.asMono()
                .flatMap(end -> end.result() != null
                        ? Mono.just(end)
                        : stopped.asMono().timeout(PATIENCE, Mono.empty()).thenReturn(end));
    }
}
