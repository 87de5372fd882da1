package io.flotilla.step;

import io.flotilla.observe.Redactor;
import java.util.Objects;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Reports the failures of an engine: each goes to the log of {@link StepEngine}, redacted, and to {@link FailureFeed}. */
final class FailureReporter {

    private static final Logger LOG = LoggerFactory.getLogger(StepEngine.class);

    private final Redactor redactor;
    private final FailureFeed feed;

    FailureReporter(EngineSettings settings) {
        this.redactor = settings.redactor;
        this.feed = new FailureFeed(settings.failureBuffer, settings.meterRegistry);
    }

    FailureFeed feed() {
        return feed;
    }

    /** The feed gets the failure even if the log throws. */
    void report(StepFailure failure) {
        try {
            if (redactor.equals(Redactor.NONE)) {
                log(failure);
            } else {
                logRedacted(failure);
            }
        } finally {
            feed.publish(failure);
        }
    }

    private static void log(StepFailure failure) {
        LOG.warn("step failed: {}", failure);
        if (LOG.isDebugEnabled()) {
            LOG.debug("stack of the failed step {}", failure.stepId(), failure.cause());
        }
    }

    private void logRedacted(StepFailure failure) {
        LOG.warn("step failed: {}", failure.redacted(this::redacted));
        if (LOG.isDebugEnabled()) {
            LOG.debug("stack of the failed step {}: {}", failure.stepId(), redacted(Causes.stack(failure.cause())));
        }
    }

    /** A cause as the log may have it. */
    String described(Throwable cause) {
        return Causes.describe(cause, this::redacted);
    }

    /** A redactor that fails lets nothing through. */
    private String redacted(String text) {
        try {
            return Objects.requireNonNull(redactor.redact(text), "the redactor returned null");
        } catch (Throwable failed) { // a stack that overflows in a pattern too
            return "(withheld, the redactor failed)";
        }
    }
}
