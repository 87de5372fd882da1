package io.flotilla.run;

import java.util.List;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * What was wrong with an agent's last decision. Its next turn is the one it had, with this besides. Immutable.
 *
 * @param problem what was wrong, in a sentence
 * @param decision what it had decided; null if it had decided nothing
 * @param allowed where its edges lead, in the topology's order
 * @param number the how-manieth correction in a row it is, from 1
 * @since 0.1
 */
public record Correction(String problem, @Nullable Decision decision, List<String> allowed, int number) {

    /**
     * Copies the list.
     *
     * @param problem what was wrong
     * @param decision what was decided
     * @param allowed where the agent's edges lead
     * @param number the how-manieth in a row
     * @throws NullPointerException if {@code problem} or {@code allowed} is null
     */
    public Correction {
        Objects.requireNonNull(problem, "problem");
        allowed = List.copyOf(allowed);
    }
}
