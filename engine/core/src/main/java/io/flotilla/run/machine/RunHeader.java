package io.flotilla.run.machine;

import io.flotilla.run.Limits;
import java.util.Map;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * What the first recorded fact of a run says of the run itself: its workflow, its labels, and its plan. Immutable.
 *
 * @since 0.1
 */
public final class RunHeader {

    private final String workflow;
    private final String version;
    private final Map<String, String> labels;
    private final long digestVersion;
    private final long planHash;
    private final @Nullable PlanOutline plan;
    private final @Nullable String parent;
    private final Map<String, String> ownLimits;
    private final Limits limits;
    private final int priority;
    private final @Nullable String trace;

    /** {@code plan} is null if it is too large; {@code ownLimits} are in words of the format. */
    RunHeader(
            String workflow,
            String version,
            Map<String, String> labels,
            long digestVersion,
            long planHash,
            @Nullable PlanOutline plan,
            @Nullable String parent,
            Map<String, String> ownLimits,
            int priority,
            @Nullable String trace) {
        this.workflow = Objects.requireNonNull(workflow, "workflow");
        this.version = Objects.requireNonNull(version, "version");
        this.labels = labels;
        this.digestVersion = digestVersion;
        this.planHash = planHash;
        this.plan = plan;
        this.parent = parent;
        this.ownLimits = ownLimits;
        this.limits = OwnLimits.of(ownLimits);
        this.priority = priority;
        this.trace = trace;
    }

    /**
     * The header of a run that starts now.
     *
     * @param workflow the name of its workflow
     * @param version the version of its workflow; may be empty
     * @param labels what people know the run by; may be empty
     * @param plan its plan
     * @return the header
     * @throws NullPointerException if an argument is null
     */
    public static RunHeader of(String workflow, String version, Map<String, String> labels, Plan plan) {
        PlanOutline outline = PlanOutline.of(plan);
        return new RunHeader(
                workflow,
                version,
                Map.copyOf(labels),
                RunDigest.VERSION,
                outline.hash(),
                outline.isLarge() ? null : outline,
                null,
                Map.of(),
                0,
                null);
    }

    /**
     * The header of one run among those that share this one.
     *
     * @param ofRun what people know the run by; may be empty
     * @param nestedIn the id of the run that it is nested in; null if it is in none
     * @param limits what the run may use besides what its plan says; {@link Limits#none()} if nothing more is said
     * @param priority which runs go first; higher goes first, 0 if nothing is said
     * @return the header
     * @throws NullPointerException if {@code ofRun}, something in it, or {@code limits} is null
     */
    public RunHeader ofRun(Map<String, String> ofRun, @Nullable String nestedIn, Limits limits, int priority) {
        return new RunHeader(
                workflow,
                version,
                Map.copyOf(ofRun),
                digestVersion,
                planHash,
                plan,
                nestedIn,
                Map.copyOf(PlanOutline.outline(limits)),
                priority,
                null);
    }

    /** The same run, from here on of another version. */
    RunHeader migratedTo(RunHeader other) {
        return new RunHeader(
                workflow,
                other.version,
                labels,
                digestVersion,
                other.planHash,
                other.plan,
                parent,
                ownLimits,
                priority,
                trace);
    }

    /**
     * The same run, observed as a span.
     *
     * @param traceparent the span, as a {@code traceparent} of W3C Trace Context; null for none
     * @return the header with it
     */
    public RunHeader tracedAs(@Nullable String traceparent) {
        return new RunHeader(
                workflow, version, labels, digestVersion, planHash, plan, parent, ownLimits, priority, traceparent);
    }

    /**
     * The name of the workflow.
     *
     * @return as recorded
     */
    public String workflow() {
        return workflow;
    }

    /**
     * The version of the workflow.
     *
     * @return as recorded; may be empty
     */
    public String version() {
        return version;
    }

    /**
     * What people know the run by.
     *
     * @return as recorded
     */
    public Map<String, String> labels() {
        return labels;
    }

    /**
     * Which run it is nested in.
     *
     * @return the id of the run whose step it is; null if it was started by itself
     */
    public @Nullable String parent() {
        return parent;
    }

    /**
     * What the run may use besides what its plan says.
     *
     * @return as recorded; {@link Limits#none()} if nothing more was said
     */
    public Limits ownLimits() {
        return limits;
    }

    /** The same in words of the format. */
    Map<String, String> ownLimitsInWords() {
        return ownLimits;
    }

    /**
     * Which runs go first where they wait for each other.
     *
     * @return as recorded; higher goes first
     */
    public int priority() {
        return priority;
    }

    /**
     * The span of the run in the process that started it.
     *
     * @return a {@code traceparent} of W3C Trace Context, as recorded; null if nobody made spans then
     */
    public @Nullable String trace() {
        return trace;
    }

    /** How the run's digests were made, see {@link RunDigest#VERSION}. */
    long digestVersion() {
        return digestVersion;
    }

    /** The hash of its plan. */
    long planHash() {
        return planHash;
    }

    /** Its plan; null if it is too large. */
    @Nullable PlanOutline plan() {
        return plan;
    }

    @Override
    public boolean equals(@Nullable Object other) {
        return other instanceof RunHeader that
                && workflow.equals(that.workflow)
                && version.equals(that.version)
                && labels.equals(that.labels)
                && digestVersion == that.digestVersion
                && planHash == that.planHash
                && Objects.equals(plan, that.plan)
                && Objects.equals(parent, that.parent)
                && ownLimits.equals(that.ownLimits)
                && priority == that.priority
                && Objects.equals(trace, that.trace);
    }

    @Override
    public int hashCode() {
        return Objects.hash(
                workflow, version, labels, digestVersion, planHash, plan, parent, ownLimits, priority, trace);
    }

    /** The workflow and its version. */
    @Override
    public String toString() {
        return "RunHeader[" + workflow + (version.isEmpty() ? "" : " " + version) + "]";
    }
}
