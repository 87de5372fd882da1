package io.flotilla.run.machine;

import io.flotilla.run.RecordedException;
import io.flotilla.run.StateChange;
import io.flotilla.run.StateValue;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;

/**
 * The run's own state: values by key, each with the version of the write that made it. What a step has written is taken as a whole,
 * or not at all.
 *
 * <p>The map is never changed but replaced, so a step that starts is given it as it is. A write costs as much as there are keys.
 */
final class StateValues {

    private final Plan plan;
    private Map<String, StateValue> values = Collections.emptySortedMap();
    private long version;

    StateValues(Plan plan) {
        this.plan = plan;
    }

    /** As it is now; is not changed any more. */
    Map<String, StateValue> now() {
        return values;
    }

    /**
     * What has come of writes: {@code changes} if they were taken; else they were not, and there is a {@code problem}, or a merge has
     * thrown.
     *
     * @param changes what is otherwise now; empty if they were not taken
     * @param problem why they were not taken, in words; null if they were, or a merge has thrown
     * @param conflicts which keys others had written meanwhile
     * @param mergedKey of which key the merge has thrown; empty if none has
     * @param thrown what it has thrown; null if none has
     */
    record Outcome(
            List<StateChange> changes,
            @Nullable String problem,
            List<String> conflicts,
            String mergedKey,
            @Nullable RecordedException thrown) {

        static final Outcome NOTHING = new Outcome(List.of(), null, List.of(), "", null);

        static Outcome rejected(String problem, List<String> conflicts) {
            return new Outcome(List.of(), problem, conflicts, "", null);
        }
    }

    Outcome write(List<StateWrite> writes) {
        if (writes.isEmpty()) {
            return Outcome.NOTHING;
        }
        List<String> conflicts = conflicts(writes);
        if (!conflicts.isEmpty()) {
            return Outcome.rejected(
                    "what it wrote was not taken, others have written the same state meanwhile: "
                            + String.join(", ", conflicts),
                    conflicts);
        }
        TreeMap<String, StateValue> next = new TreeMap<>(values);
        List<StateChange> changes = new ArrayList<>(writes.size());
        for (StateWrite write : writes) {
            Object value;
            try {
                value = value(write, next.get(write.key()));
            } catch (Throwable thrown) { // whatever it is, the run goes on without it
                return new Outcome(List.of(), null, List.of(), write.key(), RecordedException.of(thrown));
            }
            if (value == null) {
                next.remove(write.key());
            } else {
                next.put(write.key(), new StateValue(value, version + 1));
            }
            changes.add(new StateChange(write.key(), version + 1, value));
        }
        if (next.size() > plan.maxStateKeys() && next.size() > values.size()) {
            return Outcome.rejected(
                    "what it wrote was not taken, the run's state would have " + next.size() + " keys, and may have "
                            + plan.maxStateKeys(),
                    List.of());
        }
        version++;
        values = Collections.unmodifiableSortedMap(next); // which is copied faster
        return new Outcome(List.copyOf(changes), null, List.of(), "", null);
    }

    private List<String> conflicts(List<StateWrite> writes) {
        TreeSet<String> conflicts = new TreeSet<>();
        for (StateWrite write : writes) {
            StateValue before = values.get(write.key());
            if (write.kind() != StateWrite.Kind.MERGE && write.expected() != (before == null ? 0 : before.version())) {
                conflicts.add(write.key());
            }
        }
        return List.copyOf(conflicts);
    }

    /** Null for none. */
    private @Nullable Object value(StateWrite write, @Nullable StateValue before) {
        Object given = write.value();
        if (given == null || write.kind() != StateWrite.Kind.MERGE) {
            return given;
        }
        StateMerge<?> merge = plan.stateMerge(write.key());
        if (merge == null) {
            throw new IllegalStateException("the workflow has no merge for it");
        }
        return before == null ? merge.checked(given) : merge.apply(before.value(), given);
    }
}
