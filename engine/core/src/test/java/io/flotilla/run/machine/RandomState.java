package io.flotilla.run.machine;

import static io.flotilla.run.machine.Onlooker.check;

import io.flotilla.run.Decision;
import io.flotilla.run.RunEvent;
import io.flotilla.run.StateValue;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * The own state of a run drawn at random: what steps write into it, and its rules, said once more and the plainest way. It shares no
 * code with the machine.
 */
final class RandomState {

    private static final List<String> KEYS = List.of("a", "b", "c", "m", "n");

    private final Random random;
    private final Counts counts;
    private final boolean isUsed;
    private final int maxKeys;

    private TreeMap<String, String> values = new TreeMap<>();
    private final TreeMap<String, Long> versions = new TreeMap<>();
    private long version;

    /** What has to be told of the last step that ended; empty if it has written nothing that was taken. */
    private String toBeTold = "";

    /** What becomes of writes. */
    enum Verdict {
        /** There are none that count. */
        NONE,
        /** They are taken. */
        TAKEN,
        /** Others have written meanwhile, or there would be too many keys. */
        REJECTED,
        /** A merge fails. */
        BROKEN
    }

    RandomState(Random random, Counts counts) {
        this.random = random;
        this.counts = counts;
        this.isUsed = random.nextInt(2) == 0;
        this.maxKeys = random.nextInt(3) == 0 ? random.nextInt(4) : 1_000;
    }

    void plan(Plan.Builder plan) {
        plan.maxStateKeys(maxKeys)
                .mergeState("m", new StateMerge<>(String.class, (one, other) -> one + "+" + other))
                .mergeState("n", new StateMerge<>(String.class, (one, other) -> {
                    if (other.endsWith("!")) {
                        throw new IllegalStateException("broken merge");
                    }
                    return other;
                }));
    }

    // --- what steps write

    List<StateWrite> draw(Effect.StartStep step) {
        List<StateWrite> writes = new ArrayList<>();
        for (String key : KEYS) {
            if (isUsed && random.nextInt(8) == 0) {
                writes.add(draw(step, key));
            }
        }
        return writes;
    }

    private StateWrite draw(Effect.StartStep step, String key) {
        StateValue before = step.state().get(key);
        long expected = random.nextInt(50) == 0 ? random.nextInt(9) : before == null ? 0 : before.version();
        String value = "w" + random.nextInt(100) + (random.nextInt(20) == 0 ? "!" : "");
        boolean merges = key.compareTo("m") >= 0 ? random.nextInt(3) > 0 : random.nextInt(60) == 0;
        if (merges) {
            return StateWrite.merge(key, value);
        }
        return random.nextInt(4) == 0 ? StateWrite.remove(key, expected) : StateWrite.put(key, expected, value);
    }

    // --- its rules

    /** {@code allowed} says whether the decision is. */
    Verdict settle(Fact.StepSettled step, boolean allowed) {
        boolean fails = step.decision() instanceof Decision.Fail || step.decision() instanceof Decision.Compensate;
        boolean counted =
                allowed && !fails && step.failed() == null && !step.writes().isEmpty();
        Verdict verdict = counted ? write(step.writes()) : Verdict.NONE;
        if (counted) {
            counts.add("state writes " + verdict);
        }
        return verdict;
    }

    private Verdict write(List<StateWrite> writes) {
        for (StateWrite write : writes) {
            if (write.kind() != StateWrite.Kind.MERGE && write.expected() != versions.getOrDefault(write.key(), 0L)) {
                counts.add("state conflicts");
                return Verdict.REJECTED;
            }
        }
        TreeMap<String, String> next = new TreeMap<>(values);
        List<String> told = new ArrayList<>();
        for (StateWrite write : writes) {
            String given = (String) write.value();
            String before = next.get(write.key());
            if (given == null) {
                next.remove(write.key());
            } else if (write.kind() != StateWrite.Kind.MERGE) {
                next.put(write.key(), given);
            } else if (write.key().compareTo("m") < 0
                    || (before != null && write.key().equals("n") && given.endsWith("!"))) {
                return Verdict.BROKEN;
            } else {
                next.put(write.key(), before == null || write.key().equals("n") ? given : before + "+" + given);
                counts.add("state merges");
            }
            told.add(write.key() + "=" + next.get(write.key()));
        }
        if (next.size() > maxKeys && next.size() > values.size()) {
            counts.add("states with too many keys");
            return Verdict.REJECTED;
        }
        version++;
        values = next;
        for (StateWrite write : writes) {
            if (next.containsKey(write.key())) {
                versions.put(write.key(), version);
            } else {
                versions.remove(write.key());
            }
        }
        toBeTold = told + " at " + version;
        return Verdict.TAKEN;
    }

    // --- what is told

    void told(RunEvent.StateWritten event) {
        List<String> changes = event.changes().stream()
                .map(change -> change.key() + "=" + change.value())
                .toList();
        Set<Long> at = Set.copyOf(
                event.changes().stream().map(change -> change.version()).toList());
        check(at.size() == 1, "one step takes one version: %s", event);
        String told = changes + " at " + at.iterator().next();
        check(told.equals(toBeTold), "%s, but %s was written", event, toBeTold);
        toBeTold = "";
    }

    void checkAllTold() {
        check(toBeTold.isEmpty(), "%s was written and not told", toBeTold);
    }

    /** Those of a step that starts, or of the run. */
    void checkValues(Map<String, StateValue> seen) {
        check(seen.size() == values.size(), "the state is %s, but was seen as %s", values, seen);
        values.forEach((key, value) -> {
            @Nullable StateValue found = seen.get(key);
            check(
                    found != null && found.value().equals(value) && found.version() == versions.get(key),
                    "%s is %s at %s, but was seen as %s",
                    key,
                    value,
                    versions.get(key),
                    found);
        });
    }
}
