package io.flotilla.testkit;

import io.flotilla.Experimental;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;

/**
 * How often which faults happen in a simulated system.
 *
 * <pre>{@code
 * SimulationChaos.none().fail(0.05).hang(0.01).delay(0.2, Duration.ZERO, Duration.ofSeconds(2)).lose(0.02).duplicate(0.02)
 * }</pre>
 *
 * <p>Each attempt and each delivery has one fault at most: they are drawn in the order of {@link SimulatedFault.Kind}, and the
 * first that is drawn happens. A draw depends on the seed, the agent and the number of its attempt alone (for messages on the
 * receiver and the number of the message), so a fault that is left out changes no other.
 *
 * <p>Immutable.
 *
 * @since 0.1
 */
@Experimental
public final class SimulationChaos {

    /** A kind of fault, and how often. */
    record Rule(SimulatedFault.Kind kind, double probability, Duration least, Duration most) {}

    private static final SimulationChaos NONE = new SimulationChaos(List.of());

    private final List<Rule> rules;

    private SimulationChaos(List<Rule> rules) {
        this.rules = rules;
    }

    /**
     * No faults.
     *
     * @return where to begin
     */
    public static SimulationChaos none() {
        return NONE;
    }

    private SimulationChaos with(SimulatedFault.Kind kind, double probability, Duration least, Duration most) {
        if (!(probability >= 0 && probability <= 1)) {
            throw new IllegalArgumentException("probability must be between 0 and 1, was " + probability);
        }
        if (Objects.requireNonNull(least, "least").isNegative()
                || Objects.requireNonNull(most, "most").compareTo(least) < 0) {
            throw new IllegalArgumentException("0 <= least <= most, was " + least + " and " + most);
        }
        List<Rule> all = new ArrayList<>();
        for (SimulatedFault.Kind each : SimulatedFault.Kind.values()) {
            for (Rule rule : rules) {
                if (rule.kind() == each && each != kind) {
                    all.add(rule);
                }
            }
            if (each == kind && probability > 0) {
                all.add(new Rule(kind, probability, least, most));
            }
        }
        return new SimulationChaos(List.copyOf(all));
    }

    /**
     * Attempts that fail with a {@link SimulatedFaultException}.
     *
     * @param probability 0 to 1
     * @return the same with this fault
     * @throws IllegalArgumentException if {@code probability} is out of bounds
     */
    public SimulationChaos fail(double probability) {
        return with(SimulatedFault.Kind.FAIL, probability, Duration.ZERO, Duration.ZERO);
    }

    /**
     * Attempts that never end: what ends them is the engine's timeout.
     *
     * @param probability 0 to 1
     * @return the same with this fault
     * @throws IllegalArgumentException if {@code probability} is out of bounds
     */
    public SimulationChaos hang(double probability) {
        return with(SimulatedFault.Kind.HANG, probability, Duration.ZERO, Duration.ZERO);
    }

    /**
     * Attempts that start later.
     *
     * @param probability 0 to 1
     * @param least the shortest delay; zero or more
     * @param most the longest; {@code least} or more
     * @return the same with this fault
     * @throws NullPointerException if a duration is null
     * @throws IllegalArgumentException if an argument is out of bounds
     */
    public SimulationChaos delay(double probability, Duration least, Duration most) {
        return with(SimulatedFault.Kind.DELAY, probability, least, most);
    }

    /**
     * Messages that never arrive.
     *
     * @param probability 0 to 1
     * @return the same with this fault
     * @throws IllegalArgumentException if {@code probability} is out of bounds
     */
    public SimulationChaos lose(double probability) {
        return with(SimulatedFault.Kind.LOSE, probability, Duration.ZERO, Duration.ZERO);
    }

    /**
     * Messages that arrive twice.
     *
     * @param probability 0 to 1
     * @return the same with this fault
     * @throws IllegalArgumentException if {@code probability} is out of bounds
     */
    public SimulationChaos duplicate(double probability) {
        return with(SimulatedFault.Kind.DUPLICATE, probability, Duration.ZERO, Duration.ZERO);
    }

    /**
     * Messages that arrive later, and may be overtaken.
     *
     * @param probability 0 to 1
     * @param least the shortest delay; zero or more
     * @param most the longest; {@code least} or more
     * @return the same with this fault
     * @throws NullPointerException if a duration is null
     * @throws IllegalArgumentException if an argument is out of bounds
     */
    public SimulationChaos delayMessages(double probability, Duration least, Duration most) {
        return with(SimulatedFault.Kind.DELAY_MESSAGE, probability, least, most);
    }

    /** In the order in which they are drawn. */
    List<Rule> rules() {
        return rules;
    }

    /** The faults, and how often. */
    @Override
    public String toString() {
        return "SimulationChaos" + rules;
    }
}
