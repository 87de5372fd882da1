package io.flotilla.observe;

import io.micrometer.common.docs.KeyName;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * The context of {@link FlotillaObservation#QUESTION}. It has neither the question's text nor its answer.
 *
 * @since 0.1
 */
public final class QuestionObservationContext extends FlotillaObservationContext {

    private final String agent;
    private final String runId;
    private final String questionId;

    /**
     * A question that is not asked yet.
     *
     * @param agent the name of the agent that asks, or {@link FlotillaKey#OTHER}
     * @param runId the id of its run
     * @param questionId its id
     * @throws NullPointerException if an argument is null
     */
    public QuestionObservationContext(String agent, String runId, String questionId) {
        super(FlotillaObservation.QUESTION);
        this.agent = Objects.requireNonNull(agent, "agent");
        this.runId = Objects.requireNonNull(runId, "runId");
        this.questionId = Objects.requireNonNull(questionId, "questionId");
    }

    /**
     * The agent that asks, as {@link FlotillaKey#AGENT} bounds it.
     *
     * @return the name
     */
    public String agent() {
        return agent;
    }

    /**
     * The id of its run.
     *
     * @return the id
     */
    public String runId() {
        return runId;
    }

    /**
     * The question's id.
     *
     * @return the id, as {@code PendingQuestion.id} has it
     */
    public String questionId() {
        return questionId;
    }

    @Override
    public @Nullable String value(KeyName key) {
        if (key == FlotillaKey.AGENT) {
            return agent;
        }
        return key == FlotillaKey.QUESTION_ID ? questionId : super.value(key);
    }
}
