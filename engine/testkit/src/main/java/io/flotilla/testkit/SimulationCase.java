package io.flotilla.testkit;

import io.flotilla.Experimental;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * What one simulated run is made from: the same case gives the same run, to the byte of its log. Immutable.
 *
 * <p>A failure's report has one, as text. {@link #parse} it in a test, and {@link Simulation#replay} it.
 *
 * @param seed chooses the order, the faults, and what {@link SimulatedWorld#random()} gives
 * @param agents {@link SimulatedWorld#agents()}
 * @param messages {@link SimulatedWorld#messages()}
 * @param choices how often the seed chooses what is next; after that the oldest is
 * @param faults the faults that happen, and no others; null for those that the seed draws
 * @since 0.1
 */
@Experimental
public record SimulationCase(
        long seed,
        int agents,
        int messages,
        int choices,
        @Nullable List<SimulatedFault> faults) {

    private static final Pattern FORM =
            Pattern.compile("seed=(-?\\d+) agents=(\\d+) messages=(\\d+) choices=(all|\\d+) faults=(drawn|\\[(.*)])");

    /**
     * Copies the list.
     *
     * @param seed the seed
     * @param agents 1 or more
     * @param messages 0 or more
     * @param choices 0 or more; {@link Integer#MAX_VALUE} for all
     * @param faults the faults that happen, or null
     * @throws IllegalArgumentException if a number is out of bounds
     */
    public SimulationCase {
        if (agents < 1) {
            throw new IllegalArgumentException("agents must be >= 1, was " + agents);
        }
        if (messages < 0) {
            throw new IllegalArgumentException("messages must be >= 0, was " + messages);
        }
        if (choices < 0) {
            throw new IllegalArgumentException("choices must be >= 0, was " + choices);
        }
        faults = faults == null ? null : List.copyOf(faults);
    }

    SimulationCase withSeed(long other) {
        return new SimulationCase(other, agents, messages, Integer.MAX_VALUE, null);
    }

    SimulationCase withAgents(int other) {
        return new SimulationCase(seed, other, messages, choices, faults);
    }

    SimulationCase withMessages(int other) {
        return new SimulationCase(seed, agents, other, choices, faults);
    }

    SimulationCase withChoices(int other) {
        return new SimulationCase(seed, agents, messages, other, faults);
    }

    SimulationCase withFaults(List<SimulatedFault> others) {
        return new SimulationCase(seed, agents, messages, choices, others);
    }

    /**
     * Reads what {@link #toString()} writes.
     *
     * @param text {@code seed=42 agents=3 messages=2 choices=7 faults=[lose worker#1/2]}
     * @return the case
     * @throws NullPointerException if {@code text} is null
     * @throws IllegalArgumentException if it is no case
     */
    public static SimulationCase parse(String text) {
        Matcher parts = FORM.matcher(text.strip());
        if (!parts.matches()) {
            throw new IllegalArgumentException("a case is " + FORM + ", was \"" + text + "\"");
        }
        try {
            return new SimulationCase(
                    Long.parseLong(parts.group(1)),
                    Integer.parseInt(parts.group(2)),
                    Integer.parseInt(parts.group(3)),
                    parts.group(4).equals("all") ? Integer.MAX_VALUE : Integer.parseInt(parts.group(4)),
                    parts.group(5).equals("drawn") ? null : faults(parts.group(6)));
        } catch (NumberFormatException tooLarge) {
            throw new IllegalArgumentException("a number is too large in \"" + text + "\"", tooLarge);
        }
    }

    private static List<SimulatedFault> faults(String text) {
        List<SimulatedFault> faults = new ArrayList<>();
        if (!text.isBlank()) {
            for (String each : text.split(",", -1)) {
                faults.add(SimulatedFault.parse(each));
            }
        }
        return faults;
    }

    /** One line; {@link #parse} reads it. */
    @Override
    public String toString() {
        return "seed=" + seed + " agents=" + agents + " messages=" + messages + " choices="
                + (choices == Integer.MAX_VALUE ? "all" : String.valueOf(choices)) + " faults="
                + (faults == null ? "drawn" : faults);
    }
}
