package io.flotilla.message;

import io.flotilla.AgentId;
import io.flotilla.step.EngineAccess;
import io.flotilla.step.StepDriver;
import java.util.Locale;
import java.util.concurrent.atomic.AtomicBoolean;
import org.jspecify.annotations.Nullable;
import reactor.util.context.Context;
import reactor.util.context.ContextView;

/**
 * What is observed of the messages of a mailbox; nothing where nobody observes. An envelope in a mailbox carries the observation of its wait in
 * its context. Called without the mailbox's lock: handlers of observations are the user's. What they throw is logged.
 */
final class MessageSpans {

    private static final String WAIT_KEY = MessageObservation.WAIT.getName();
    private static final String HANDLE_KEY = MessageObservation.HANDLE.getName();

    private final EngineAccess engine;
    private final AgentId owner;

    MessageSpans(EngineAccess engine, AgentId owner) {
        this.engine = engine;
        this.owner = owner;
    }

    /** Is stopped once, by whoever comes first. */
    private record Open(StepDriver.Observed observed, AtomicBoolean stopped) {

        void stop(String outcome, @Nullable Throwable cause) {
            if (stopped.compareAndSet(false, true)) {
                observed.stop(outcome, cause);
            }
        }
    }

    private @Nullable Open open(MessageObservation what, Envelope envelope) {
        StepDriver.Observed observed = engine.observe(
                new MessageObservationContext(what, engine.boundedAgent(owner.kind()), envelope), envelope.context());
        return observed == null ? null : new Open(observed, new AtomicBoolean());
    }

    /** The envelope on its way into the mailbox. */
    Envelope offered(Envelope envelope) {
        Open wait = engine.isObserved() ? open(MessageObservation.WAIT, envelope) : null;
        return wait == null
                ? envelope
                : envelope.inside(Context.of(envelope.context()).put(WAIT_KEY, wait));
    }

    /** It does not get in. */
    void refused(Envelope envelope) {
        stop(envelope.context(), WAIT_KEY, "refused", null);
    }

    /** It is with a subscriber. */
    void received(Envelope envelope) {
        stop(envelope.context(), WAIT_KEY, "taken", null);
    }

    /** The envelope as its handler gets it: what that observes is inside of the handling. */
    Envelope taken(Envelope envelope) {
        if (!engine.isObserved() && !envelope.context().hasKey(WAIT_KEY)) {
            return envelope;
        }
        received(envelope);
        Open handling = open(MessageObservation.HANDLE, envelope);
        Context context = Context.of(envelope.context()).delete(WAIT_KEY);
        return envelope.inside(
                handling == null ? context : handling.observed().within(context).put(HANDLE_KEY, handling));
    }

    /** The handler has ended; {@code reason} null if it is delivered. */
    void handled(@Nullable Envelope taken, DeadLetter.@Nullable Reason reason, @Nullable Throwable cause) {
        if (taken != null) {
            stop(taken.context(), HANDLE_KEY, reason == null ? "delivered" : outcome(reason), cause);
        }
    }

    /** It is a dead letter, and was never handled. */
    void dead(Envelope envelope, DeadLetter.Reason reason) {
        stop(envelope.context(), WAIT_KEY, outcome(reason), null);
    }

    static String outcome(DeadLetter.Reason reason) {
        return reason.name().toLowerCase(Locale.ROOT);
    }

    private static void stop(ContextView context, String key, String outcome, @Nullable Throwable cause) {
        if (context.getOrDefault(key, null) instanceof Open open) {
            open.stop(outcome, cause);
        }
    }
}
