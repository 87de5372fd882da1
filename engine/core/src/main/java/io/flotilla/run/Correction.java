package io.flotilla.run;

import java.util.List;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * What was wrong with an agent's last decision, or with what its step wrote into the run's state. Its next turn is the one it had, with
 * this besides. Immutable.
 *
 * @param problem what was wrong, in a sentence
 * @param decision what it had decided; null if it had decided nothing
 * @param allowed where its edges lead, in the topology's order
 * @param number the how-manieth correction in a row it is, from 1
 * @param conflicts the keys of the run's state that others had written since the step started, so that what it wrote was not taken, and
 *     its decision was not carried out; in alphabetical order, empty if that was not it
 * @since 0.1
 */
public record Correction(
        String problem, @Nullable Decision decision, List<String> allowed, int number, List<String> conflicts) {

    /**
     * Copies the list.
     *
     * @param problem what was wrong
     * @param decision what was decided
     * @param allowed where the agent's edges lead
     * @param number the how-manieth in a row
     * @param conflicts the keys that others had written
     * @throws NullPointerException if {@code problem} or a list is null
     */
    public Correction {
        Objects.requireNonNull(problem, "problem");
        allowed = List.copyOf(allowed);
        conflicts = List.copyOf(conflicts);
    }

    /**
     * A correction of a decision.
     *
     * @param problem what was wrong
     * @param decision what was decided
     * @param allowed where the agent's edges lead
     * @param number the how-manieth in a row
     * @throws NullPointerException if {@code problem} or {@code allowed} is null
     */
    public Correction(String problem, @Nullable Decision decision, List<String> allowed, int number) {
        this(problem, decision, allowed, number, List.of());
    }
}
