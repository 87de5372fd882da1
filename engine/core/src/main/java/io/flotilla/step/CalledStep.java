package io.flotilla.step;

import io.flotilla.AgentId;
import io.flotilla.agent.Agent;
import io.flotilla.agent.StepContext;
import io.flotilla.agent.Usage;
import java.util.function.UnaryOperator;
import org.jspecify.annotations.Nullable;
import reactor.core.publisher.Hooks;
import reactor.core.publisher.Mono;

/** How the agent of a step is called: with which input, with which context in each attempt, and where that emits to. */
abstract class CalledStep<I, O> extends TimedStep<I, O> {

    private final @Nullable StepIdentity identity;

    // Others than these only before a start, see Starter.next.
    Agent<? super I, ? extends O> agent;
    I input;
    long index;

    // Written once, by the starter, before the body is called; the values here are those of a step that never comes so
    // far.
    private @Nullable OwnContext own;

    @Nullable Attempts<I, O> attempts;

    /** The context of the attempt under way, if it is not the first. */
    private volatile @Nullable AttemptContext later;

    /** A step of a run has an identity of its own. */
    CalledStep(
            StepHost<I, O> host,
            Agent<? super I, ? extends O> agent,
            I input,
            long index,
            @Nullable StepIdentity identity) {
        super(host);
        this.identity = identity;
        this.agent = agent;
        this.input = input;
        this.index = index;
    }

    /** Asks for the agent's id. */
    void takeId() {
        agentId = idOf(agent);
    }

    /** An agent whose id cannot be had is stepped all the same: what else it does wrong shows in the result. */
    static AgentId idOf(Agent<?, ?> agent) {
        try {
            AgentId id = agent.id();
            return id == null ? NAMELESS : id;
        } catch (Throwable thrown) {
            return NAMELESS;
        }
    }

    /** Makes what the body is called with; what it says from now on stays. */
    void takeContext() {
        own = context();
    }

    /** What the body is called with. */
    OwnContext context() {
        OwnContext made = own;
        return made == null ? OwnContext.of(host.scope(), agentId, index, startedAt(), timeout(), identity) : made;
    }

    /** The only attempt. */
    Mono<? extends O> call() {
        OwnContext only = context();
        attemptBegins(only, 1, agent);
        return call(agent, only);
    }

    /**
     * Reactor's automatic context propagation gives a thread the values of the context (the current observation, the MDC) where a context
     * is written, so there is such a place around each attempt. Without it the thread that calls the body gets them here.
     */
    Mono<? extends O> call(Agent<? super I, ? extends O> called, StepContext context) {
        if (Hooks.isAutomaticContextPropagationEnabled()) {
            return Mono.defer(() -> body(called, context)).contextWrite(UnaryOperator.identity());
        }
        return host.core().hasBodyScopes() ? new BodyBoundary<>(() -> body(called, context)) : body(called, context);
    }

    @Nullable StepTelemetry telemetry() {
        return host.core().telemetry;
    }

    private Mono<? extends O> body(Agent<? super I, ? extends O> called, StepContext context) {
        Mono<? extends O> mono = called.step(input, context);
        if (mono == null) {
            throw new NullPointerException("agent " + agentId + " returned null instead of a Mono");
        }
        return mono;
    }

    /** The body of {@code called} is about to be called with this context; what is emitted with the one before is ignored. */
    void attemptBegins(AttemptContext next, int number, Agent<?, ?> called) {
        AttemptContext before = current();
        if (before != next) {
            attemptEnded();
            later = next;
        }
        if (attempts != null) { // without interceptors the start of the step is that of its only attempt
            next.sign(host.nanos());
        }
        StepOutput output = host.scope().output(agentId, index, identity);
        if (output != null) {
            next.begin(output, number, isOwn(called) ? agentId : idOf(called));
        }
    }

    /** The attempt has failed: it emits nothing more. */
    void attemptEnded() {
        AttemptContext failed = current();
        if (failed != null) {
            failed.end();
            if (identity != null) {
                failed.endState(identity, false);
            }
        }
    }

    /** Before anybody can know of the end: nothing is emitted after it. */
    void outputEnded(StepResult.Kind kind) {
        AttemptContext last = current();
        if (last != null) {
            // Where the last attempt has failed, and the step has not, the value is from elsewhere.
            boolean kept = identity != null && !kind.isFailure() && !last.isOver();
            last.end();
            if (identity != null) {
                last.endState(identity, kept);
            }
        }
        StepOutput output = identity == null ? null : identity.output();
        if (output != null) {
            output.ended(kind);
        }
    }

    /** The context of the attempt under way. */
    private @Nullable AttemptContext current() {
        AttemptContext retried = later;
        return retried == null ? own : retried;
    }

    @SuppressWarnings("ReferenceEquality") // an agent need not be equal to itself
    private boolean isOwn(Agent<?, ?> called) {
        return called == agent;
    }

    @Override
    long lastSignNanos() {
        AttemptContext current = current();
        return current == null ? startedNanos : current.lastSignNanos(startedNanos);
    }

    /** What it has written down until now. */
    Usage used() {
        OwnContext made = own;
        return made == null ? Usage.NONE : made.used();
    }

    /** The same without what steps inside of it have used, which is counted for those. */
    Usage usedDirectly() {
        OwnContext made = own;
        return made == null ? Usage.NONE : made.usedDirectly();
    }

    String stepId() {
        return context().stepId();
    }

    String runId() {
        return context().runId();
    }

    @Nullable StepIdentity identity() {
        return identity;
    }

    /** The object is used for another step, of which nobody knows yet; {@code timeKnown}: when that one starts has been noted. */
    void reset(Agent<? super I, ? extends O> nextAgent, I nextInput, long nextIndex, boolean timeKnown) {
        agent = nextAgent;
        input = nextInput;
        index = nextIndex;
        agentId = NAMELESS;
        own = null;
        forgetTime(timeKnown);
    }
}
