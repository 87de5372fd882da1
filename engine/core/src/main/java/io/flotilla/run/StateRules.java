package io.flotilla.run;

import io.flotilla.run.machine.FactCodec;
import io.flotilla.run.machine.Plan;
import io.flotilla.run.machine.StateMerge;
import org.jspecify.annotations.Nullable;

/**
 * What the steps of a run may write into its state.
 *
 * @param codec what their values must be written by; null without a journal
 */
record StateRules(Plan plan, @Nullable FactCodec codec) {

    static StateRules of(Plan plan, FactRecorder.@Nullable Recording recording) {
        return new StateRules(plan, recording == null ? null : recording.codec());
    }

    @Nullable StateMerge<?> merge(String key) {
        return plan.stateMerge(key);
    }

    int maxKeys() {
        return plan.maxStateKeys();
    }
}
