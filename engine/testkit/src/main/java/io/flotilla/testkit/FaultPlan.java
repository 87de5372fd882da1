package io.flotilla.testkit;

import java.time.Duration;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.SplittableRandom;
import org.jspecify.annotations.Nullable;

/** Which faults happen in one simulated world: as drawn, or those of a list. Not thread-safe. */
final class FaultPlan {

    private static final Set<SimulatedFault.Kind> OF_STEPS =
            Set.copyOf(EnumSet.of(SimulatedFault.Kind.FAIL, SimulatedFault.Kind.HANG, SimulatedFault.Kind.DELAY));

    private static final long GOLDEN = 0x9e3779b97f4a7c15L;

    private final long seed;
    private final SimulationChaos chaos;

    /** By what they happen to; null if they are drawn. */
    private final @Nullable Map<String, SimulatedFault> only;

    private final Map<String, Integer> counts = new HashMap<>();
    private final List<SimulatedFault> injected = new ArrayList<>();

    FaultPlan(long seed, SimulationChaos chaos, @Nullable List<SimulatedFault> only) {
        this.seed = seed;
        this.chaos = chaos;
        this.only = only == null ? null : new HashMap<>();
        if (this.only != null && only != null) {
            for (SimulatedFault fault : only) {
                this.only.put(key(isOfStep(fault.kind()), fault.target(), fault.number()), fault);
            }
        }
    }

    private static boolean isOfStep(SimulatedFault.Kind kind) {
        return OF_STEPS.contains(kind);
    }

    private static String key(boolean ofStep, String target, int number) {
        return (ofStep ? "step " : "message ") + target + "/" + number;
    }

    /** What happens to the next attempt of an agent; null for nothing. */
    @Nullable SimulatedFault ofStep(String agent) {
        return next(true, agent);
    }

    /** What happens to the next message for a receiver; null for nothing. */
    @Nullable SimulatedFault ofMessage(String receiver) {
        return next(false, receiver);
    }

    private @Nullable SimulatedFault next(boolean ofStep, String target) {
        int number = counts.merge((ofStep ? "step " : "message ") + target, 1, Integer::sum);
        String name = new SimulatedFault(SimulatedFault.Kind.FAIL, target, number, Duration.ZERO).target();
        String key = key(ofStep, name, number);
        SimulatedFault fault = only == null ? drawn(ofStep, name, number, key) : only.get(key);
        if (fault != null) {
            injected.add(fault);
        }
        return fault;
    }

    private @Nullable SimulatedFault drawn(boolean ofStep, String target, int number, String key) {
        if (chaos.rules().isEmpty()) {
            return null;
        }
        SplittableRandom draws = new SplittableRandom(mixed(seed, key));
        for (SimulationChaos.Rule rule : chaos.rules()) {
            if (isOfStep(rule.kind()) == ofStep && draws.nextDouble() < rule.probability()) {
                return new SimulatedFault(rule.kind(), target, number, delay(rule, draws));
            }
        }
        return null;
    }

    private static Duration delay(SimulationChaos.Rule rule, SplittableRandom draws) {
        long spread = rule.most().minus(rule.least()).toNanos();
        return spread == 0 ? rule.least() : rule.least().plusNanos(draws.nextLong(spread));
    }

    /** Text alone decides, as {@link String#hashCode} is specified; two texts with one hash differ in their length or order. */
    private static long mixed(long seed, String key) {
        long mixed = seed;
        for (int at = 0; at < key.length(); at++) {
            mixed = (mixed ^ key.charAt(at)) * GOLDEN;
            mixed ^= mixed >>> 32;
        }
        return mixed;
    }

    /** What has happened, in order. */
    List<SimulatedFault> injected() {
        return injected;
    }
}
