package io.flotilla;

import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * The name of an agent: its kind and, if there are many agents of the kind, its instance.
 *
 * <p>Written {@code reader} or {@code reader#17}. Circuit breakers, rate limiters and meter tags are keyed by the kind,
 * so ten thousand instances share one key. Immutable.
 *
 * @param kind the kind of the agent, {@code reader}: 1 to 200 characters, no {@code #}, no control characters, not blank
 * @param instance the instance, {@code 17}: 1 to 200 characters, no control characters, not blank; null if the kind has
 *     one agent only
 * @since 0.1
 */
public record AgentId(String kind, @Nullable String instance) {

    /** The most characters of a kind or an instance. */
    public static final int MAX_LENGTH = 200;

    private static final char SEPARATOR = '#';

    /**
     * Checks both parts.
     *
     * @param kind the kind of the agent
     * @param instance the instance, or null
     * @throws NullPointerException if {@code kind} is null
     * @throws IllegalArgumentException if a part is blank, too long, or has a forbidden character
     */
    public AgentId {
        check("kind", Objects.requireNonNull(kind, "kind"));
        if (kind.indexOf(SEPARATOR) >= 0) {
            throw new IllegalArgumentException("kind must not contain '#', was \"" + kind + "\"");
        }
        if (instance != null) {
            check("instance", instance);
        }
    }

    /**
     * Parses a name in the form of {@link #toString()}.
     *
     * @param name {@code kind} or {@code kind#instance}; what follows the first {@code #} is the instance
     * @return the id of that name
     * @throws NullPointerException if {@code name} is null
     * @throws IllegalArgumentException if a part is blank, too long, or has a forbidden character
     */
    public static AgentId of(String name) {
        int separator = Objects.requireNonNull(name, "name").indexOf(SEPARATOR);
        return separator < 0
                ? new AgentId(name, null)
                : new AgentId(name.substring(0, separator), name.substring(separator + 1));
    }

    /**
     * The id of a numbered instance.
     *
     * @param kind the kind of the agent
     * @param instance the number of the instance
     * @return the id {@code kind#instance}
     * @throws NullPointerException if {@code kind} is null
     * @throws IllegalArgumentException if {@code kind} is blank, too long, or has a forbidden character
     */
    public static AgentId of(String kind, long instance) {
        return new AgentId(kind, Long.toString(instance));
    }

    private static void check(String part, String value) {
        if (value.isBlank()) {
            throw new IllegalArgumentException(part + " must not be blank, was \"" + value + "\"");
        }
        if (value.length() > MAX_LENGTH) {
            throw new IllegalArgumentException(
                    part + " must have at most " + MAX_LENGTH + " characters, had " + value.length());
        }
        for (int at = 0; at < value.length(); at++) {
            if (breaksLines(value.charAt(at))) {
                throw new IllegalArgumentException(
                        part + " must not contain control characters, had one at " + at + " of " + value.length());
            }
        }
    }

    /** Control characters, and the line and paragraph separators of Unicode: ids appear in log lines. */
    private static boolean breaksLines(char character) {
        return Character.isISOControl(character) || character == '\u2028' || character == '\u2029';
    }

    /** {@code kind}, or {@code kind#instance}. */
    @Override
    public String toString() {
        return instance == null ? kind : kind + SEPARATOR + instance;
    }
}
