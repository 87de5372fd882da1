package io.flotilla.run;

import io.flotilla.agent.StepState;
import io.flotilla.agent.StepStateException;
import io.flotilla.agent.StepStateException.Reason;
import io.flotilla.run.machine.FactCodec;
import io.flotilla.run.machine.StateMerge;
import io.flotilla.run.machine.StateWrite;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.concurrent.atomic.AtomicReferenceFieldUpdater;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * What one attempt of a step sees of its run's state: as it was at the start of the step, and its own writes. The writes are a map that
 * is never changed but replaced, so that no code of the user's, as merges and codecs are, runs under a lock. Thread-safe.
 */
final class StepDraft implements StepState {

    private final StateRules rules;
    private final Map<String, StateValue> start;
    private volatile Own own = Own.NONE;

    private static final AtomicReferenceFieldUpdater<StepDraft, Own> OWN =
            AtomicReferenceFieldUpdater.newUpdater(StepDraft.class, Own.class, "own");

    /** What it has written, and whether it may write no more. */
    private record Own(Map<String, Sized> writes, boolean over) {

        static final Own NONE = new Own(Collections.emptySortedMap(), false);
    }

    private record Sized(StateWrite write, int bytes) {}

    StepDraft(StateRules rules, Map<String, StateValue> start) {
        this.rules = rules;
        this.start = start;
    }

    // --- reading

    @Override
    public <T> @Nullable T get(String key, Class<T> type) {
        Objects.requireNonNull(type, "type");
        Object value = current(own, StepState.checkKey(key));
        if (value != null && !type.isInstance(value)) {
            throw new StepStateException(
                    Reason.WRONG_TYPE, key, "is a " + value.getClass().getName() + ", not a " + type.getName(), null);
        }
        return value == null ? null : type.cast(value);
    }

    @Override
    public long version(String key) {
        StateValue before = start.get(StepState.checkKey(key));
        return before == null ? 0 : before.version();
    }

    @Override
    public Set<String> keys() {
        TreeSet<String> keys = new TreeSet<>(start.keySet());
        own.writes.forEach((key, sized) -> {
            if (sized.write.kind() == StateWrite.Kind.REMOVE) {
                keys.remove(key);
            } else {
                keys.add(key);
            }
        });
        return Collections.unmodifiableSet(keys);
    }

    private @Nullable Object current(Own now, String key) {
        StateValue before = start.get(key);
        Sized sized = now.writes.get(key);
        if (sized == null) {
            return before == null ? null : before.value();
        }
        Object written = sized.write.value();
        return written != null && before != null && sized.write.kind() == StateWrite.Kind.MERGE
                ? merged(key, before.value(), written)
                : written;
    }

    // --- writing

    @Override
    public void put(String key, Object value) {
        StepState.checkKey(key);
        StateMerge<?> merge = rules.merge(key);
        checkType(key, Objects.requireNonNull(value, "value"), merge);
        Sized sized = new Sized(StateWrite.put(key, version(key), value), sizeOf(key, value, merge));
        write(key, now -> sized);
    }

    @Override
    public void remove(String key) {
        StepState.checkKey(key);
        Sized removal = start.containsKey(key) ? new Sized(StateWrite.remove(key, version(key)), 0) : null;
        write(key, now -> removal);
    }

    @Override
    public void merge(String key, Object update) {
        StepState.checkKey(key);
        Objects.requireNonNull(update, "update");
        StateMerge<?> merge = rules.merge(key);
        if (merge == null) {
            throw new StepStateException(Reason.NO_MERGE, key, "the workflow has no merge for it", null);
        }
        checkType(key, update, merge);
        write(key, now -> mergedInto(key, now, update, merge));
    }

    /** Together with what the step has written there already. */
    private Sized mergedInto(String key, @Nullable Sized now, Object update, StateMerge<?> merge) {
        Object written = now == null ? null : now.write.value();
        Object value = written == null ? update : merged(key, written, update);
        StateWrite write = now == null || now.write.kind() == StateWrite.Kind.MERGE
                ? StateWrite.merge(key, value)
                : StateWrite.put(key, now.write.expected(), value);
        return new Sized(write, sizeOf(key, value, merge));
    }

    private Object merged(String key, Object before, Object update) {
        StateMerge<?> merge = Objects.requireNonNull(rules.merge(key), "merge");
        try {
            return merge.apply(before, update);
        } catch (Throwable thrown) {
            throw new StepStateException(Reason.MERGE_FAILED, key, "its merge failed", thrown);
        }
    }

    private static void checkType(String key, Object value, @Nullable StateMerge<?> merge) {
        if (merge != null && !merge.type().isInstance(value)) {
            throw new StepStateException(
                    Reason.WRONG_TYPE,
                    key,
                    "must be a " + merge.type().getName() + ", was a "
                            + value.getClass().getName(),
                    null);
        }
    }

    private int sizeOf(String key, Object value, @Nullable StateMerge<?> merge) {
        FactCodec codec = rules.codec();
        if (codec == null) {
            return 0;
        }
        int bytes;
        Object read;
        try {
            bytes = codec.sizeOf(value);
            read = merge == null || isReadAs(merge.type(), value) ? value : codec.readBack(value);
        } catch (Throwable unwritable) { // whatever the codec or the value throws
            throw new StepStateException(Reason.UNWRITABLE, key, "the journal cannot write the value", unwritable);
        }
        if (bytes > MAX_VALUE_BYTES) {
            throw new StepStateException(
                    Reason.TOO_LARGE, key, "has " + bytes + " bytes, and may have " + MAX_VALUE_BYTES, null);
        }
        if (merge != null && !merge.type().isInstance(read)) { // else no recovery would come past this merge
            throw new StepStateException(
                    Reason.WRONG_TYPE,
                    key,
                    "must be a " + merge.type().getName() + ", and is read from the journal as a "
                            + read.getClass().getName(),
                    null);
        }
        return bytes;
    }

    /** For sure: codecs keep the content of lists, sets and maps, not their class, and a redactor may make a text of other things. */
    private static boolean isReadAs(Class<?> type, Object value) {
        if (value instanceof List) {
            return type.isAssignableFrom(List.class);
        }
        if (value instanceof Map) {
            return type.isAssignableFrom(Map.class);
        }
        return value instanceof String || value instanceof Number || value instanceof Boolean;
    }

    /** {@code change} makes of what the step has written there what is written now; null in both for nothing. */
    private void write(String key, Function<@Nullable Sized, @Nullable Sized> change) {
        Own before;
        Own after;
        do {
            before = own;
            if (before.over) {
                throw new StepStateException(Reason.STEP_OVER, key, "cannot be written, the attempt has ended", null);
            }
            TreeMap<String, Sized> writes = new TreeMap<>(before.writes);
            Sized written = change.apply(writes.get(key));
            if (written == null) {
                writes.remove(key);
            } else {
                writes.put(key, written);
            }
            after = new Own(Collections.unmodifiableSortedMap(writes), false);
            check(key, after);
        } while (!OWN.compareAndSet(this, before, after));
    }

    private void check(String key, Own after) {
        int keys = start.size();
        long bytes = 0;
        for (Sized sized : after.writes.values()) {
            boolean isThere = start.containsKey(sized.write.key());
            if (sized.write.kind() == StateWrite.Kind.REMOVE) {
                keys--;
            } else if (!isThere) {
                keys++;
            }
            bytes += sized.bytes;
        }
        if (keys > rules.maxKeys() && keys > start.size()) {
            throw new StepStateException(
                    Reason.TOO_MANY_KEYS,
                    key,
                    "the run's state would have " + keys + " keys, and may have " + rules.maxKeys(),
                    null);
        }
        if (bytes > MAX_STEP_BYTES) {
            throw new StepStateException(
                    Reason.TOO_LARGE,
                    key,
                    "the step would write " + bytes + " bytes, and may write " + MAX_STEP_BYTES,
                    null);
        }
    }

    // --- the end

    /** What it has written is void: the step tries again. */
    void reset() {
        Own before;
        do {
            before = own;
        } while (!before.over && !OWN.compareAndSet(this, before, Own.NONE));
    }

    /** It writes no more. What it has written, in alphabetical order of the keys. */
    List<StateWrite> close() {
        Own last;
        do {
            last = own;
        } while (!last.over && !OWN.compareAndSet(this, last, new Own(last.writes, true)));
        List<StateWrite> writes = new ArrayList<>(last.writes.size());
        last.writes.values().forEach(sized -> writes.add(sized.write));
        return writes;
    }

    /** The keys, without values. */
    @Override
    public String toString() {
        return "StepState" + keys();
    }
}
