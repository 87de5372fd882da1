package io.flotilla.internal;

import io.flotilla.observe.MdcKey;
import java.util.HashMap;
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

    /** The key in the Reactor context. */
    static final String KEY = "flotilla.mdc";

    private static final Logger LOG = LoggerFactory.getLogger(StepMdc.class);
    private static final MdcKey[] KEYS = MdcKey.values();

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
        Map<String, String> values = Map.of(
                MdcKey.RUN_ID.key(),
                runId,
                MdcKey.AGENT.key(),
                agent,
                MdcKey.BRANCH.key(),
                branch,
                MdcKey.STEP_ID.key(),
                stepId);
        return context.put(KEY, values);
    }

    @SuppressWarnings("unchecked") // nobody else writes it
    static @Nullable Map<String, String> of(ContextView context) {
        return (Map<String, String>) context.getOrDefault(KEY, null);
    }

    /** What the thread's MDC has of a step; null if nothing. */
    static @Nullable Map<String, String> current() {
        Map<String, String> current = null;
        for (MdcKey each : KEYS) {
            String value = MDC.get(each.key());
            if (value != null) {
                current = current == null ? new HashMap<>() : current;
                current.put(each.key(), value);
            }
        }
        return current;
    }

    /** From now on the thread's MDC has this of a step, and nothing else; null for nothing. */
    static void set(@Nullable Map<String, String> values) {
        for (MdcKey each : KEYS) {
            String value = values == null ? null : values.get(each.key());
            if (value == null) {
                MDC.remove(each.key());
            } else {
                MDC.put(each.key(), value);
            }
        }
    }
}
