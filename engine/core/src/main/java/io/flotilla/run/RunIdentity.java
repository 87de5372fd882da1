package io.flotilla.run;

import io.flotilla.run.machine.Plan;
import io.flotilla.run.machine.Replay;
import io.flotilla.run.machine.RunHeader;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * Which run a loop drives.
 *
 * @param runId its id; null for one of the library's
 * @param task what it is started with
 * @param header what its first fact says of it
 * @param plan its own
 * @param claim the right to drive it; null if there is none yet, or none is needed
 */
record RunIdentity(
        @Nullable String runId, @Nullable Object task, RunHeader header, Plan plan, LiveRuns.@Nullable Claim claim) {

    /** A run that starts now. */
    static RunIdentity of(RunSetup setup, Object task, RunOptions options, LiveRuns.@Nullable Claim claim) {
        if (options.isNone()) {
            return new RunIdentity(null, task, setup.header(), setup.plan(), claim);
        }
        Limits limits = options.limitsAt(setup.now());
        return new RunIdentity(
                options.runId(),
                task,
                setup.header().ofRun(options.labels(), options.nestedIn(), limits, options.priority()),
                setup.plan().within(limits),
                claim);
    }

    /** A run that was recorded. */
    static RunIdentity of(Replay replay, LiveRuns.Claim claim) {
        return new RunIdentity(
                replay.runId(),
                replay.task(),
                Objects.requireNonNull(replay.header(), "header"),
                replay.machine().plan(),
                claim);
    }
}
