package io.flotilla.team;

import io.flotilla.AgentId;
import io.flotilla.step.StepResult;
import java.time.Duration;
import java.util.Objects;
import java.util.concurrent.CancellationException;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import reactor.core.Disposable;
import reactor.core.Disposables;
import reactor.core.publisher.Mono;
import reactor.core.publisher.Sinks;

/**
 * The right of one peer to do a task, for a time that is prolonged as long as the peer says that it is at it. A task has one
 * lease at a time: the next one is made when this one has ended, and its body has been cancelled.
 *
 * <pre>
 * offered --&gt; owned --&gt; done
 *         --&gt; ended &lt;-- (time, given up, not wanted)
 * </pre>
 *
 * <p>Messages carry it, and may come late or twice: it can be claimed once, while it is offered. A body is entered only while it
 * is owned, however late the engine comes to that; and who waits for the end waits for the bodies that have been entered, not
 * for the engine, whose own cancel may still be on its way.
 */
final class Lease<I, O> {

    /** How long the next peer waits for a body whose cancel handler does not return. */
    private static final Duration PATIENCE = Duration.ofSeconds(5);

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
    final Disposable.Swap step = Disposables.swap();
    private final Sinks.One<End<O>> ended = Sinks.one();
    private final Sinks.Empty<Void> left = Sinks.empty();

    // Guarded by this.
    private State state = State.OFFERED;
    private int entered;

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

    /** The body of the owner's step, which is entered only while the owner is one. */
    Mono<O> body(Supplier<? extends Mono<? extends O>> body) {
        return Mono.defer(() -> {
            if (!enter()) {
                return Mono.error(new CancellationException("the lease of task " + number + " has ended"));
            }
            Mono<? extends O> called;
            try {
                called = Objects.requireNonNull(body.get(), "the agent returned null");
            } catch (Throwable thrown) {
                leave();
                throw thrown;
            }
            return called.doFinally(any -> leave());
        });
    }

    private synchronized boolean enter() {
        if (state != State.OWNED) {
            return false;
        }
        entered++;
        return true;
    }

    private void leave() {
        boolean isLast;
        synchronized (this) {
            entered--;
            isLast = entered == 0 && state == State.ENDED;
        }
        if (isLast) {
            left.tryEmitEmpty();
        }
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
        boolean nobodyIsIn;
        synchronized (this) {
            if (state == State.DONE || state == State.ENDED) {
                return;
            }
            state = State.ENDED;
            nobodyIsIn = entered == 0;
        }
        step.dispose();
        if (nobodyIsIn) {
            left.tryEmitEmpty();
        }
        ended.tryEmitValue(new End<>(null, why));
    }

    /** Its end, once nobody is at the task any more. */
    Mono<End<O>> whenEnded() {
        return ended.asMono()
                .flatMap(end -> end.result() != null
                        ? Mono.just(end)
                        : left.asMono().timeout(PATIENCE, Mono.empty()).thenReturn(end));
    }
}
