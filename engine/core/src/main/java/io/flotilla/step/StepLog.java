package io.flotilla.step;

import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** The lines of the log about a step that say something other than its result. */
final class StepLog {

    private static final Logger LOG = LoggerFactory.getLogger(StepEngine.class);

    private StepLog() {}

    /** What the body does when its step has a result already. */
    static void late(Step<?, ?> step, Throwable cause) {
        if (LOG.isDebugEnabled()) {
            LOG.debug(
                    "after its end: agent={} index={} cause={}",
                    step.agentId,
                    step.index,
                    step.host.core().failures.described(cause));
        }
    }

    static void fallbackFailed(Step<?, ?> step, String source, Throwable cause) {
        try {
            LOG.warn(
                    "fallback failed: agent={} step={} fallback={} cause={}",
                    step.agentId,
                    step.stepId(),
                    source,
                    step.host.core().failures.described(cause));
        } catch (Throwable thrown) {
            Steps.reportFailed(thrown);
        }
    }
}
