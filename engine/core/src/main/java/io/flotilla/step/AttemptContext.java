package io.flotilla.step;

import io.flotilla.AgentId;
import io.flotilla.agent.StepContext;
import io.flotilla.agent.StepState;
import java.util.concurrent.atomic.AtomicLongFieldUpdater;
import java.util.concurrent.atomic.AtomicReferenceFieldUpdater;
import org.jspecify.annotations.Nullable;

/**
 * The context of one attempt, and the mouth of its body: what it emits goes out from here while the attempt lasts.
 *
 * <p>The field {@link #output} is all that emitting costs a step whose body emits nothing, or that nobody
 * listens to. It is null if nobody listens, and {@link #OVER} from the end of the attempt on, so that a context that somebody
 * keeps holds on to nobody.
 */
abstract class AttemptContext implements StepContext {

    private static final StepOutput OVER = new StepOutput() {
        @Override
        public void attemptStarted(int attempt, AgentId called) {}

        @Override
        public boolean emitted(Object value) {
            return false;
        }

        @Override
        public void ended(StepResult.Kind kind) {}
    };

    private volatile @Nullable StepOutput output;

    private static final AtomicReferenceFieldUpdater<AttemptContext, @Nullable StepOutput> OUTPUT =
            AtomicReferenceFieldUpdater.newUpdater(AttemptContext.class, StepOutput.class, "output");

    /** When the attempt began or last emitted, on the engine's timer; 0 if it has not, or nobody wants to know. */
    private volatile long lastSignNanos;

    private static final AtomicLongFieldUpdater<AttemptContext> LAST_SIGN =
            AtomicLongFieldUpdater.newUpdater(AttemptContext.class, "lastSignNanos");

    /** What all steps of the round share. */
    abstract RoundScope scope();

    /** The body is about to be called: what it emits goes there. */
    final void begin(StepOutput to, int number, AgentId called) {
        OUTPUT.lazySet(this, to); // the body is called by this thread
        to.attemptStarted(number, called);
    }

    final void sign(long nanos) {
        LAST_SIGN.lazySet(this, nanos);
    }

    /** {@code otherwise} if it has given none. */
    final long lastSignNanos(long otherwise) {
        long nanos = lastSignNanos;
        return nanos == 0 ? otherwise : nanos;
    }

    /** Whether what the body emits is ignored. */
    @SuppressWarnings("ReferenceEquality") // a mark
    final boolean isOver() {
        return output == OVER;
    }

    /** The identity of a step that was given one; null in a round. */
    abstract @Nullable StepIdentity identity();

    /** The state as this attempt sees it; null if it has not asked for it. */
    @Nullable StepState openedState() {
        return null;
    }

    /** It has asked. */
    void opened(StepState state) {
        throw new IllegalStateException("a step of a round has no state");
    }

    @Override
    public final StepState state() {
        StepIdentity identity = identity();
        if (identity == null) {
            return StepState.none();
        }
        StepState opened = openedState();
        return opened == null ? open(identity) : opened;
    }

    private StepState open(StepIdentity identity) {
        synchronized (identity) { // which no body has
            StepState opened = openedState();
            if (opened == null) {
                opened = identity.openState();
                opened(opened);
                if (isOver()) {
                    identity.stateEnded(opened, false);
                }
            }
            return opened;
        }
    }

    /** The attempt ends; what it has written counts if {@code kept}. */
    final void endState(StepIdentity identity, boolean kept) {
        StepState opened = openedState();
        if (opened != null) {
            identity.stateEnded(opened, kept);
        }
    }

    /** What the body emits from now on is ignored. */
    final void end() {
        // Who emits at this moment may be in time or late; a fence for each step is not worth it.
        OUTPUT.lazySet(this, OVER);
    }

    @Override
    @SuppressWarnings("ReferenceEquality") // a mark
    public final void emit(Object value) {
        if (value == null) {
            scope().emissions().ignoredNull(stepId());
            return;
        }
        StepOutput to = output;
        if (to == OVER) {
            scope().emissions().ignoredLate();
            return;
        }
        scope().alive(this);
        if (to != null && !to.emitted(scope().emissions().readable(value))) {
            scope().emissions().ignoredLate();
        }
    }
}
