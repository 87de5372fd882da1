package io.flotilla.run;

import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * What the first fact of a run says of the run itself.
 *
 * @param workflow the name of its workflow
 * @param version the version of its workflow; may be empty
 * @param labels what people know the run by; may be empty
 * @param digestVersion how its digests were made, see {@link RunDigest#VERSION}
 * @param planHash the hash of its plan, see {@link PlanOutline}
 * @param plan its plan; null if it is too large
 */
record RunHeader(
        String workflow,
        String version,
        Map<String, String> labels,
        long digestVersion,
        long planHash,
        @Nullable PlanOutline plan) {

    /** Of a run that starts now. */
    static RunHeader of(String workflow, String version, Map<String, String> labels, PlanOutline plan) {
        return new RunHeader(workflow, version, labels, RunDigest.VERSION, plan.hash(), plan.isLarge() ? null : plan);
    }
}
