package io.flotilla.run;

import io.flotilla.journal.JournalFilter;
import io.flotilla.run.machine.FactCodec;
import io.flotilla.run.machine.RunHeader;
import java.time.Instant;
import java.util.EnumSet;
import java.util.HashMap;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Selects recorded runs, see {@link Runs#list(RunFilter)}. Start with {@link #all()}; each method returns a new, narrower filter.
 * Immutable and thread-safe.
 *
 * <pre>{@code RunFilter.all().workflow("orders").label("tenant", "acme").status(RunInfo.Status.FAILED).limit(100)}</pre>
 *
 * @since 0.1
 */
public final class RunFilter {

    private static final RunFilter ALL = new RunFilter(
            JournalFilter.all(), Long.MAX_VALUE, null, null, Map.of(), EnumSet.allOf(RunInfo.Status.class));

    private final JournalFilter summaries;
    private final long limit;
    private final @Nullable String workflow;
    private final @Nullable String version;
    private final Map<String, String> labels;
    private final Set<RunInfo.Status> statuses;

    private RunFilter(
            JournalFilter summaries,
            long limit,
            @Nullable String workflow,
            @Nullable String version,
            Map<String, String> labels,
            Set<RunInfo.Status> statuses) {
        this.summaries = summaries;
        this.limit = limit;
        this.workflow = workflow;
        this.version = version;
        this.labels = labels;
        this.statuses = statuses;
    }

    /**
     * Every run.
     *
     * @return a filter that every run matches
     */
    public static RunFilter all() {
        return ALL;
    }

    private RunFilter with(JournalFilter other) {
        return new RunFilter(other, limit, workflow, version, labels, statuses);
    }

    /**
     * Only runs of one workflow. Replaces an earlier call of this method.
     *
     * @param name its {@link Workflow#name()}
     * @return the new filter
     * @throws NullPointerException if {@code name} is null
     */
    public RunFilter workflow(String name) {
        return new RunFilter(summaries, limit, Objects.requireNonNull(name, "name"), version, labels, statuses);
    }

    /**
     * Only runs of one version of their workflow. Replaces an earlier call of this method.
     *
     * @param of the version; empty for runs of none
     * @return the new filter
     * @throws NullPointerException if {@code of} is null
     */
    public RunFilter version(String of) {
        return new RunFilter(summaries, limit, workflow, Objects.requireNonNull(of, "version"), labels, statuses);
    }

    /**
     * Only runs with this label. Several calls ask for all of them.
     *
     * @param name the label's name
     * @param value its value, as recorded
     * @return the new filter
     * @throws NullPointerException if an argument is null
     * @throws IllegalArgumentException if no run can have such a label
     */
    public RunFilter label(String name, String value) {
        RunOptions.checkLabel(name, value);
        Map<String, String> more = new HashMap<>(labels);
        more.put(name, value);
        return new RunFilter(summaries, limit, workflow, version, Map.copyOf(more), statuses);
    }

    /**
     * Only runs that have ended in one of these ways, or have not. Replaces an earlier call of this method.
     *
     * @param one a status
     * @param others further ones
     * @return the new filter
     * @throws NullPointerException if a status is null
     */
    public RunFilter status(RunInfo.Status one, RunInfo.Status... others) {
        return statuses(EnumSet.of(one, others));
    }

    RunFilter statuses(Set<RunInfo.Status> some) {
        JournalFilter narrowed = summaries;
        if (!some.contains(RunInfo.Status.UNFINISHED)) {
            narrowed = narrowed.lastTypeIn(FactCodec.RUN_FINISHED);
        } else if (some.size() == 1) {
            narrowed = narrowed.lastTypeNotIn(FactCodec.RUN_FINISHED);
        }
        return new RunFilter(narrowed, limit, workflow, version, labels, some);
    }

    /**
     * Only runs that were started at this instant or later.
     *
     * @param instant the earliest start, inclusive
     * @return the new filter
     * @throws NullPointerException if {@code instant} is null
     */
    public RunFilter startedAtOrAfter(Instant instant) {
        return with(summaries.startedAtOrAfter(instant));
    }

    /**
     * Only runs that were started earlier.
     *
     * @param instant the latest start, exclusive
     * @return the new filter
     * @throws NullPointerException if {@code instant} is null
     */
    public RunFilter startedBefore(Instant instant) {
        return with(summaries.startedBefore(instant));
    }

    /**
     * Only runs that come after this one: the next page, after the last run of the page before.
     *
     * @param runId the id of a run, which need not be there any more unless the {@linkplain #newestFirst() newest come first}
     * @return the new filter
     * @throws NullPointerException if {@code runId} is null
     * @throws IllegalArgumentException if no run can have that id
     */
    public RunFilter after(String runId) {
        return with(summaries.after(runId));
    }

    /**
     * The newest run first, instead of by id: the run that came into the journal last, be it that it was started or forked. The first
     * runs of a large journal are there at once. {@link #after} a run that was deleted the list ends with {@link
     * io.flotilla.journal.RunDeletedException}.
     *
     * @return the new filter
     */
    public RunFilter newestFirst() {
        return with(summaries.newestFirst());
    }

    /**
     * Only the first runs, in the order of the list.
     *
     * @param most the most runs; 1 or more
     * @return the new filter
     * @throws IllegalArgumentException if {@code most} is less than 1
     */
    public RunFilter limit(long most) {
        return new RunFilter(summaries, Bounds.atLeast(1, "limit", most), workflow, version, labels, statuses);
    }

    /** What can be asked of the journal; the limit cannot, since more is left out afterwards. */
    JournalFilter summaries() {
        return summaries;
    }

    long limit() {
        return limit;
    }

    @Nullable String workflow() {
        return workflow;
    }

    /** Whether a run of {@link #summaries} matches, too, what the journal cannot be asked. */
    boolean matches(RunInfo run) {
        return (workflow == null || workflow.equals(run.workflow()))
                && (version == null || version.equals(run.version()))
                && run.labels().entrySet().containsAll(labels.entrySet())
                && statuses.contains(run.status());
    }

    /** Whether a run that began so may match: the version and the status may have changed since. */
    boolean mayMatch(RunHeader start) {
        return (workflow == null || workflow.equals(start.workflow()))
                && start.labels().entrySet().containsAll(labels.entrySet());
    }

    /** What is asked for, without the values of labels. */
    @Override
    public String toString() {
        return "RunFilter[workflow=" + workflow + ", version=" + version + ", labels=" + labels.keySet() + ", statuses="
                + statuses + ", limit=" + limit + ", " + summaries + "]";
    }
}
