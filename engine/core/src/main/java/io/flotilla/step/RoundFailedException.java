package io.flotilla.step;

import io.flotilla.FlotillaException;
import org.jspecify.annotations.Nullable;

/**
 * A round in which at least one step has failed, after all have ended: {@link FailureMode#FAIL_AT_END} and {@link
 * StepReport#orThrow()}. Its cause is that of the first failure in input order; the other failures' causes are in the
 * report. If the pairs of a stream have failed, their error is the cause, and the report has what was settled before.
 *
 * @since 0.1
 */
public final class RoundFailedException extends FlotillaException {

    private static final long serialVersionUID = 1L;

    private final transient StepReport<?> report;

    RoundFailedException(StepReport<?> report) {
        this(
                report,
                report.failures().isEmpty() ? null : report.failures().get(0).cause());
    }

    RoundFailedException(StepReport<?> report, @Nullable Throwable cause) {
        super(report.toString(), cause);
        this.report = report;
    }

    /**
     * All results of the round, the successful ones too. For a {@code Flux} of steps, whose results have been passed on
     * one by one, the first {@link StepEngine#MAX_FAILURES_KEPT} failures only; the counts are of all.
     *
     * @return the report
     */
    public StepReport<?> report() {
        return report;
    }
}
