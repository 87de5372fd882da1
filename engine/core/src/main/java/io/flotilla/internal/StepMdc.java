package io.flotilla.internal;

import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.slf4j.MDC;
import reactor.util.context.Context;
import reactor.util.context.ContextView;

/**
 * What the MDC has of a step, as a value in its Reactor context. Where threads do not get the values of a context by themselves, {@link
 * BodyScope} gives it to those that call the agent; with Reactor's automatic context propagation {@link MdcAccessor} does.
 *
 * @since 0.1
 */
public final class StepMdc {

    /** The MDC's key of the run's id. */
    public static final String RUN_ID = "flotilla.run.id";

    /** The MDC's key of the agent. */
    public static final String AGENT = "flotilla.agent";

    /** The MDC's key of the branch. */
    public static final String BRANCH = "flotilla.branch";

    /** The MDC's key of the step's id. */
    public static final String STEP_ID = "flotilla.step.id";

    /** The key in the Reactor context. */
    static final String KEY = "flotilla.mdc";

    private static final Logger LOG = LoggerFactory.getLogger(StepMdc.class);
    private static final List<String> KEYS = List.of(RUN_ID, AGENT, BRANCH, STEP_ID);

    private StepMdc() {}

    /** Tells the library for context propagation, if there is one, to bring the MDC to all threads that a context comes to. */
    public static void propagate() {
        try {
            MdcAccessor.register();
        } catch (LinkageError absent) {
            LOG.debug(
                    "no io.micrometer:context-propagation: the MDC is there while agents are called, not behind a thread switch of theirs");
        }
    }

    /**
     * Notes a step for the threads that call its agent.
     *
     * @param context the context of the step
     * @param runId its run
     * @param agent its agent
     * @param branch its branch
     * @param stepId its id
     * @return the same with what the MDC is to have
     */
    public static Context in(Context context, String runId, String agent, String branch, String stepId) {
        Map<String, String> values = Map.of(RUN_ID, runId, AGENT, agent, BRANCH, branch, STEP_ID, stepId);
        return context.put(KEY, values);
    }

    @SuppressWarnings("unchecked") // nobody else writes it
    static @Nullable Map<String, String> of(ContextView context) {
        return (Map<String, String>) context.getOrDefault(KEY, null);
    }

    /** What the thread's MDC has of a step; null if nothing. */
    static @Nullable Map<String, String> current() {
        Map<String, String> current = null;
        for (String each : KEYS) {
            String value = MDC.get(each);
            if (value != null) {
                current = current == null ? new HashMap<>() : current;
                current.put(each, value);
            }
        }
        return current;
    }

    /** From now on the thread's MDC has this of a step, and nothing else; null for nothing. */
    static void set(@Nullable Map<String, String> values) {
        for (String each : KEYS) {
            String value = values == null ? null : values.get(each);
            if (value == null) {
                MDC.remove(each);
            } else {
                MDC.put(each, value);
            }
        }
    }
}
