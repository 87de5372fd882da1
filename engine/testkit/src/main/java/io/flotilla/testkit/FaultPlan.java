package io.flotilla.testkit;

import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import org.jspecify.annotations.Nullable;

/** Which faults happen in one simulated world: as drawn, or those of a list. Not thread-safe. */
final class FaultPlan {

    private static final long GOLDEN = 0x9e3779b97f4a7c15L;

    private final long seed;
    private final SimulationChaos chaos;

    /** By what they happen to; null if they are drawn. */
    private final @Nullable Map<String, SimulatedFault> only;

    private final Map<String, Target> targets = new HashMap<>();
    private final List<SimulatedFault> injected = new ArrayList<>();

    /** An agent or a receiver, and how many attempts or messages it has had. */
    private static final class Target {
        private final String name;
        private int count;

        private Target(String name) {
            this.name = name;
        }
    }

    FaultPlan(long seed, SimulationChaos chaos, @Nullable List<SimulatedFault> only) {
        this.seed = seed;
        this.chaos = chaos;
        this.only = only == null ? null : new HashMap<>();
        if (this.only != null && only != null) {
            for (SimulatedFault fault : only) {
                this.only.put(key(fault.kind().isOfStep(), fault.target(), fault.number()), fault);
            }
        }
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
        Target met = targets.computeIfAbsent(
                (ofStep ? "step " : "message ") + target, any -> new Target(SimulatedFault.named(target)));
        int number = ++met.count;
        String key = key(ofStep, met.name, number);
        SimulatedFault fault = only == null ? drawn(ofStep, met.name, number, key) : only.get(key);
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
            if (rule.kind().isOfStep() == ofStep && draws.nextDouble() < rule.probability()) {
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
