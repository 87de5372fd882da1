package io.flotilla.run;

import io.flotilla.FlotillaException;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * What {@link Runs#recoverAll} has found: each run of the journal that has not ended is in one of its parts. Immutable.
 *
 * @param recovered the runs that continue, in the order of their ids
 * @param failures the runs of this workflow that could not be recovered, with the reason; the journal has them as they were
 * @param live the ids of the runs that are live in this process already, whatever their workflow, see {@link
 *     RunAlreadyLiveException}
 * @param otherWorkflows how many runs belong to other workflows, by the workflow's name; after a {@linkplain
 *     Workflow.Builder#name change of name} the old name is among them
 * @param otherVersions how many runs of this workflow are of versions that were not asked for, by version
 * @param nested how many runs of this workflow are nested in others: the runs they are nested in continue them
 * @param <O> the answers of a run
 * @since 0.1
 */
public record Recovery<O>(
        List<Run<O>> recovered,
        List<Failure> failures,
        List<String> live,
        Map<String, Long> otherWorkflows,
        Map<String, Long> otherVersions,
        long nested) {

    private static final Logger LOG = LoggerFactory.getLogger(Runs.class);

    /**
     * A run that could not be recovered.
     *
     * @param runId which run
     * @param cause why: {@link DivergenceException}, {@link UnsupportedRunFormatException}, {@link RecoveryFailedException}, or
     *     what the journal fails with
     */
    public record Failure(String runId, Throwable cause) {}

    /**
     * Copies the lists.
     *
     * @param recovered the runs that continue
     * @param failures the runs that could not be recovered
     * @param live the ids of the runs that are live already
     * @param otherWorkflows how many runs belong to other workflows, by name
     * @param otherVersions how many runs are of other versions, by version
     * @param nested how many runs are nested in others
     * @throws NullPointerException if an argument, or something in it, is null
     */
    public Recovery {
        recovered = List.copyOf(recovered);
        failures = List.copyOf(failures);
        live = List.copyOf(live);
        otherWorkflows = Collections.unmodifiableMap(new TreeMap<>(otherWorkflows));
        otherVersions = Collections.unmodifiableMap(new TreeMap<>(otherVersions));
    }

    /** The counts, and a line for each failure. */
    @Override
    public String toString() {
        StringBuilder text = new StringBuilder("Recovery[recovered=" + recovered.size() + ", failed=" + failures.size()
                + ", live=" + live.size() + ", otherWorkflows=" + otherWorkflows
                + (otherVersions.isEmpty() ? "" : ", otherVersions=" + otherVersions)
                + (nested == 0 ? "" : ", nested=" + nested) + "]");
        failures.forEach(failure -> text.append("\n  ").append(text(failure.cause())));
        return text.toString();
    }

    static @Nullable String text(@Nullable Throwable cause) {
        return cause == null ? null : RecordedException.textOf(cause::toString, cause);
    }

    /** A run is of a version that was not asked for. */
    static final class OtherVersion extends FlotillaException {

        private static final long serialVersionUID = 1L;

        final String version;

        OtherVersion(String version) {
            super("version " + version, null, false);
            this.version = version;
        }
    }

    /** Collects what comes of one run after another. */
    static final class Collected<O> {

        private final List<Run<O>> recovered = new ArrayList<>();
        private final List<Failure> failures = new ArrayList<>();
        private final List<String> live = new ArrayList<>();
        private final Map<String, Long> otherWorkflows = new TreeMap<>();
        private final Map<String, Long> otherVersions = new TreeMap<>();
        private long nested;

        void live(String runId) {
            live.add(runId);
        }

        void ofWorkflow(String workflow) {
            otherWorkflows.merge(workflow, 1L, Long::sum);
        }

        void ofVersion(String version) {
            otherVersions.merge(version, 1L, Long::sum);
        }

        void nested() {
            nested++;
        }

        void recovered(Run<O> run) {
            recovered.add(run);
        }

        void failed(String runId, Throwable cause) {
            if (cause instanceof RunAlreadyLiveException) {
                live.add(runId);
            } else if (cause instanceof OtherVersion other) {
                ofVersion(other.version);
            } else if (cause instanceof UnknownRunException unknown && unknown.workflow() != null) {
                ofWorkflow(unknown.workflow());
            } else if (!(cause instanceof UnknownRunException)) { // deleted since it was listed
                failures.add(new Failure(runId, cause));
                LOG.warn("a run cannot be recovered: run={} cause={}", runId, text(cause));
            }
        }

        Recovery<O> recovery() {
            if (!otherVersions.isEmpty()) {
                LOG.warn("runs of other versions are not recovered: {}", otherVersions);
            }
            return new Recovery<>(recovered, failures, live, otherWorkflows, otherVersions, nested);
        }
    }
}
