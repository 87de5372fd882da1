package io.flotilla.run;

import io.flotilla.AgentId;
import io.flotilla.agent.Agent;
import io.flotilla.agent.StepContext;
import java.time.Duration;
import reactor.core.publisher.Mono;
import reactor.util.retry.Retry;

/** An agent whose steps can be undone. */
record CompensableAgent(String name, Agent<Turn, Decision> body, Compensation undo) implements Agent<Turn, Decision> {

    /** Stands behind the path of the branch in the identity of a compensation. */
    static final String SUFFIX = "undo";

    private static final Decision UNDONE = Decision.answer(null);
    private static final int RETRIES = 3;
    private static final Duration MIN_BACKOFF = Duration.ofMillis(500);

    @Override
    public AgentId id() {
        return body.id();
    }

    @Override
    public Mono<Decision> step(Turn turn, StepContext context) {
        return turn.reason() == Turn.Reason.COMPENSATING ? undone(turn, context) : body.step(turn, context);
    }

    private Mono<Decision> undone(Turn turn, StepContext context) {
        String path = context.branchPath();
        String key = context.runId() + path.substring(0, path.length() - SUFFIX.length()) + '#' + context.stepNumber();
        CompensatedStep step = new CompensatedStep(name, turn.input(), turn.compensatedValue(), key);
        return Mono.defer(() -> called(step, context))
                .retryWhen(Retry.backoff(RETRIES, MIN_BACKOFF)
                        .jitter(0)
                        .filter(failure -> !(failure instanceof NestedCompensationException))
                        .onRetryExhaustedThrow((spec, last) -> last.failure()))
                .thenReturn(UNDONE);
    }

    private Mono<?> called(CompensatedStep step, StepContext context) {
        if (context.state() instanceof StepDraft draft) {
            draft.reset(); // what a call that has failed has written is void
        }
        Mono<?> undone = undo.undo(step, context);
        if (undone == null) {
            throw new NullPointerException("the compensation of agent " + name + " returned null instead of a Mono");
        }
        return undone.doOnNext(value -> {
            if (value instanceof Decision) {
                throw new NestedCompensationException(name);
            }
        });
    }
}
