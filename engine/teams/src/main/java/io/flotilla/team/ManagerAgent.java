package io.flotilla.team;

import io.flotilla.AgentId;
import io.flotilla.agent.Agent;
import io.flotilla.agent.StepContext;
import io.flotilla.step.StepRejectedException;
import io.flotilla.step.StepResult;
import java.util.Objects;
import org.jspecify.annotations.Nullable;
import reactor.core.Disposable;
import reactor.core.publisher.Mono;

/** A manager as the worker of another one. */
final class ManagerAgent<I, O> implements Agent<I, O>, Disposable {

    private final AgentId id;
    private final ManagerCore<I, O> core;
    private final @Nullable String capability;

    ManagerAgent(AgentId id, ManagerCore<I, O> core, @Nullable String capability) {
        this.id = Objects.requireNonNull(id, "id");
        this.core = core;
        this.capability = capability;
    }

    @Override
    public AgentId id() {
        return id;
    }

    @Override
    public Mono<O> step(I input, StepContext context) {
        if (context.delegationPath().contains(core.settings.id)) {
            return Mono.error(refused(core.rejected(
                    TaskRejectedException.Reason.CIRCULAR,
                    "the task has come back by way of " + context.delegationPath())));
        }
        return Mono.deferContextual(subscriber -> {
            String wanted = capability == null
                    ? subscriber.<String>getOrEmpty(Attempt.CAPABILITY).orElse(null)
                    : capability;
            if (wanted == null) {
                return Mono.error(new IllegalStateException(
                        "outside another manager, the agent of a manager needs a capability: asAgent(id, capability)"));
            }
            return Mono.<StepResult<O>>create(sink -> core.submit(input, wanted, context, sink))
                    .flatMap(result -> value(core.settings.id, result))
                    .onErrorMap(TaskRejectedException.class, ManagerAgent::refused);
        });
    }

    /** The value, or why there is none. */
    static <O> Mono<O> value(AgentId manager, StepResult<O> result) {
        if (!result.isFailure()) {
            return Mono.justOrEmpty(result.value());
        }
        return Mono.error(
                result.cause() instanceof TaskRejectedException rejected
                        ? rejected
                        : new TaskFailedException(manager, result));
    }

    /** To a manager above, a refusal says nothing about the one below. */
    private static StepRejectedException refused(TaskRejectedException rejected) {
        return new StepRejectedException(Manager.GUARD, rejected.reason() + ", " + rejected.getMessage(), null);
    }

    @Override
    public void dispose() {
        core.end();
    }

    @Override
    public boolean isDisposed() {
        return core.isClosed();
    }
}
