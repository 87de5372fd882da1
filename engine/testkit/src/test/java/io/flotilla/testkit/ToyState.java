package io.flotilla.testkit;

import io.flotilla.agent.StepState;
import io.flotilla.agent.StepStateException;
import io.flotilla.run.StateValue;
import io.flotilla.run.machine.Plan;
import io.flotilla.run.machine.StateMerge;
import io.flotilla.run.machine.StateWrite;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;

/** The state of a run as a step of another engine sees it: for one thread, without bounds. */
final class ToyState implements StepState {

    private final Plan plan;
    private final Map<String, StateValue> start;
    private final Map<String, StateWrite> writes = new TreeMap<>();

    ToyState(Plan plan, Map<String, StateValue> start) {
        this.plan = plan;
        this.start = start;
    }

    List<StateWrite> writes() {
        return List.copyOf(writes.values());
    }

    private Object current(String key) {
        StateValue before = start.get(key);
        StateWrite write = writes.get(key);
        if (write == null) {
            return before == null ? null : before.value();
        }
        return write.kind() == StateWrite.Kind.MERGE && before != null
                ? mergeOf(key).apply(before.value(), write.value())
                : write.value();
    }

    private StateMerge<?> mergeOf(String key) {
        StateMerge<?> merge = plan.stateMerge(key);
        if (merge == null) {
            throw new StepStateException(
                    StepStateException.Reason.NO_MERGE, key, "the workflow has no merge for it", null);
        }
        return merge;
    }

    @Override
    public <T> T get(String key, Class<T> type) {
        return type.cast(current(key));
    }

    @Override
    public long version(String key) {
        return start.containsKey(key) ? start.get(key).version() : 0;
    }

    @Override
    public Set<String> keys() {
        Set<String> keys = new TreeSet<>(start.keySet());
        keys.addAll(writes.keySet());
        keys.removeIf(key -> current(key) == null);
        return keys;
    }

    @Override
    public void put(String key, Object value) {
        writes.put(key, StateWrite.put(key, version(key), value));
    }

    @Override
    public void remove(String key) {
        writes.remove(key);
        if (start.containsKey(key)) {
            writes.put(key, StateWrite.remove(key, version(key)));
        }
    }

    @Override
    public void merge(String key, Object update) {
        StateMerge<?> merge = mergeOf(key);
        StateWrite before = writes.get(key);
        Object value = before == null || before.value() == null ? update : merge.apply(before.value(), update);
        writes.put(
                key,
                before == null || before.kind() == StateWrite.Kind.MERGE
                        ? StateWrite.merge(key, value)
                        : StateWrite.put(key, before.expected(), value));
    }
}
