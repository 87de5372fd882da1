package io.flotilla.team;

import io.flotilla.AgentId;
import io.flotilla.FlotillaException;
import io.flotilla.step.StepResult;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * A task has failed at the worker that had it last. The cause is what that worker's step failed with: of a manager below,
 * another exception of this kind. Without a stack trace.
 *
 * @since 0.1
 */
public final class TaskFailedException extends FlotillaException {

    private static final long serialVersionUID = 1L;

    private final AgentId manager;
    private final AgentId worker;
    private final StepResult.Kind kind;

    TaskFailedException(AgentId manager, StepResult<?> result) {
        super(
                "manager " + manager + ": the task " + words(result.kind()) + " at worker " + result.agentId()
                        + tail(result.cause()),
                result.cause(),
                false);
        this.manager = manager;
        this.worker = result.agentId();
        this.kind = result.kind();
    }

    private static String words(StepResult.Kind kind) {
        return switch (kind) {
            case TIMED_OUT -> "timed out";
            case REJECTED -> "was rejected";
            case CANCELLED -> "was cancelled";
            default -> "failed";
        };
    }

    private static String tail(@Nullable Throwable cause) {
        String text = cause == null ? null : cause.getMessage();
        return text == null ? "" : ": " + text;
    }

    /**
     * Which manager.
     *
     * @return its id
     */
    public AgentId manager() {
        return manager;
    }

    /**
     * The worker that had the task last.
     *
     * @return its id
     */
    public AgentId worker() {
        return worker;
    }

    /**
     * How the worker's step ended.
     *
     * @return a kind that is a failure
     */
    public StepResult.Kind kind() {
        return kind;
    }

    /**
     * The way down to where it failed: this manager's worker, the worker of that worker if it is a manager, and so on.
     *
     * @return at least one id, the leaf last
     */
    public List<AgentId> path() {
        List<AgentId> path = new ArrayList<>();
        Throwable at = this;
        while (at != null) {
            if (at instanceof TaskFailedException failed) {
                path.add(failed.worker);
            }
            at = at.getCause();
        }
        return List.copyOf(path);
    }
}
