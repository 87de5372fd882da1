package io.flotilla.run;

import io.flotilla.AgentId;
import io.flotilla.agent.Agent;
import io.flotilla.agent.StepContext;
import java.util.Objects;
import reactor.core.publisher.Mono;

/** The agent of one step that was in flight when the process died: asks its reconciler first. */
final class InDoubtAgent implements Agent<Turn, Decision> {

    /**
     * Who is asked.
     *
     * @param whenUnknown what becomes of the step if that one does not know
     */
    record Reconciled(Reconciler reconciler, Reconciler.WhenUnknown whenUnknown) {}

    private final Agent<Turn, Decision> body;
    private final Reconciled reconciled;

    /** It is known that the step is to be run. */
    private volatile boolean toBeRun;

    InDoubtAgent(Agent<Turn, Decision> body, Reconciled reconciled) {
        this.body = body;
        this.reconciled = reconciled;
    }

    @Override
    public AgentId id() {
        return body.id();
    }

    @Override
    public Mono<Decision> step(Turn turn, StepContext context) {
        if (toBeRun) {
            return body.step(turn, context);
        }
        return Objects.requireNonNull(
                        reconciled.reconciler().reconcile(turn, context),
                        () -> "the reconciler of agent " + id() + " returned null instead of a Mono")
                .defaultIfEmpty(Reconciliation.unknown())
                .flatMap(found -> after(found, turn, context));
    }

    private Mono<Decision> after(Reconciliation found, Turn turn, StepContext context) {
        if (found.kind() == Reconciliation.Kind.HAPPENED) {
            return Mono.just(
                    found.value() instanceof Decision decision
                            ? decision
                            : NodeAgent.plainDecision(turn, found.value()));
        }
        if (found.kind() == Reconciliation.Kind.UNKNOWN && reconciled.whenUnknown() == Reconciler.WhenUnknown.FAIL) {
            return Mono.error(new StepInDoubtException(id().toString(), context.idempotencyKey()));
        }
        toBeRun = true;
        return body.step(turn, context);
    }
}
