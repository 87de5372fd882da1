package io.flotilla.message;

import io.flotilla.AgentId;
import io.flotilla.agent.Agent;
import io.flotilla.step.FailureMode;
import io.flotilla.step.StepEngine;
import io.flotilla.step.StepResult;
import reactor.core.publisher.Mono;

/** An agent of the engine as a member: a message is a step with the payload as input, and the value is the answer. */
final class AgentHandler implements MessageHandler {

    /** Where its answers go. */
    interface Answers {

        /** It has completed without a value. */
        void empty(Envelope request, AgentId from);

        /** It has answered. */
        Mono<?> reply(Envelope reply);
    }

    private final StepEngine engine;
    private final AgentId id;
    private final Agent<Object, Object> agent;
    private final Answers answers;

    /** {@code engine} must isolate failures, see {@link #isolating}. */
    @SuppressWarnings("unchecked") // a payload of another type fails its step
    AgentHandler(StepEngine engine, AgentId id, Agent<?, ?> agent, Answers answers) {
        this.engine = engine;
        this.id = id;
        this.agent = (Agent<Object, Object>) agent;
        this.answers = answers;
    }

    static StepEngine isolating(StepEngine engine) {
        return engine.withFailureMode(FailureMode.ISOLATE);
    }

    @Override
    public Mono<?> handle(Envelope envelope) {
        return engine.step(agent, envelope.payload()).flatMap(result -> answer(envelope, result));
    }

    /** The message has been handled, whatever becomes of the answer. */
    private Mono<?> answer(Envelope envelope, StepResult<Object> result) {
        Throwable cause = result.cause();
        if (result.isFailure()) {
            return Mono.error(cause == null ? new IllegalStateException("a failure without a cause") : cause);
        }
        Object value = result.value();
        boolean isRequest = envelope.kind() == Envelope.Kind.REQUEST;
        if (value == null && isRequest) {
            answers.empty(envelope, id);
        }
        if (value == null
                || envelope.kind() == Envelope.Kind.REPLY
                || (!isRequest && envelope.sender().equals(Envelope.ANONYMOUS))) {
            return Mono.empty();
        }
        return answers.reply(envelope.reply(id, value).build());
    }
}
