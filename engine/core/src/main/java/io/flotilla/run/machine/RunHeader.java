package io.flotilla.run.machine;

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

    /** {@code plan} is null if it is too large. */
    RunHeader(
            String workflow,
            String version,
            Map<String, String> labels,
            long digestVersion,
            long planHash,
            @Nullable PlanOutline plan) {
        this.workflow = Objects.requireNonNull(workflow, "workflow");
        this.version = Objects.requireNonNull(version, "version");
        this.labels = labels;
        this.digestVersion = digestVersion;
        this.planHash = planHash;
        this.plan = plan;
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
                outline.isLarge() ? null : outline);
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
                && Objects.equals(plan, that.plan);
    }

    @Override
    public int hashCode() {
        return Objects.hash(workflow, version, labels, digestVersion, planHash, plan);
    }

    /** The workflow and its version. */
    @Override
    public String toString() {
        return "RunHeader[" + workflow + (version.isEmpty() ? "" : " " + version) + "]";
    }
}
