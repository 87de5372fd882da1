package io.flotilla.testkit;

import io.flotilla.Experimental;
import java.time.DateTimeException;
import java.time.Duration;
import java.util.Arrays;
import java.util.Locale;
import java.util.Objects;
import java.util.regex.Pattern;

/**
 * A fault that was injected into a simulated system. Immutable.
 *
 * @param kind what was done
 * @param target to whom: the agent of a step, the receiver of a message. Characters that are no letters or digits and not one
 *     of {@code . _ # : @ / -} are {@code _}
 * @param number to which of its attempts, or of the messages for it, from 1
 * @param delay how much later; zero for what is not a delay
 * @since 0.1
 */
@Experimental
public record SimulatedFault(Kind kind, String target, int number, Duration delay) {

    /** What a fault does. */
    public enum Kind {
        /** The attempt fails with a {@link SimulatedFaultException}; the agent is not called. */
        FAIL,
        /** The attempt never ends; the agent is not called. */
        HANG,
        /** The agent is called later. */
        DELAY,
        /** The message never arrives, and nobody is told. */
        LOSE,
        /** The message arrives twice. */
        DUPLICATE,
        /** The message arrives later: messages that were sent after it may arrive before it. */
        DELAY_MESSAGE;

        /** Whether it happens to attempts; else to messages. */
        boolean isOfStep() {
            return this == FAIL || this == HANG || this == DELAY;
        }

        private String text() {
            return name().toLowerCase(Locale.ROOT).replace('_', '-');
        }
    }

    private static final Pattern ODD = Pattern.compile("[^A-Za-z0-9._#:@/-]");

    /**
     * Checks the components.
     *
     * @param kind what was done
     * @param target to whom
     * @param number to which of its attempts or messages; 1 or more
     * @param delay how much later; zero or more
     * @throws NullPointerException if an argument is null
     * @throws IllegalArgumentException if {@code target} is empty, or {@code number} or {@code delay} is out of bounds
     */
    public SimulatedFault {
        Objects.requireNonNull(kind, "kind");
        target = named(target);
        if (number < 1) {
            throw new IllegalArgumentException("number must be >= 1, was " + number);
        }
        if (delay.isNegative()) {
            throw new IllegalArgumentException("delay must be >= 0, was " + delay);
        }
    }

    /** A target as faults have it: one word. */
    static String named(String target) {
        if (target.isEmpty()) {
            throw new IllegalArgumentException("target must not be empty");
        }
        return ODD.matcher(target).replaceAll("_");
    }

    /**
     * Reads what {@link #toString()} writes.
     *
     * @param text {@code fail worker#3/2}, {@code delay worker#3/2 PT0.25S}
     * @return the fault
     * @throws NullPointerException if {@code text} is null
     * @throws IllegalArgumentException if it is no fault
     */
    public static SimulatedFault parse(String text) {
        String[] parts = text.strip().split(" +", -1);
        int slash = parts.length < 2 ? -1 : parts[1].lastIndexOf('/');
        if (slash < 1 || parts.length > 3) {
            throw new IllegalArgumentException("a fault is KIND TARGET/NUMBER [DELAY], was \"" + text + "\"");
        }
        Kind kind = Arrays.stream(Kind.values())
                .filter(each -> each.text().equals(parts[0]))
                .findFirst()
                .orElseThrow(() -> new IllegalArgumentException("no kind of fault: \"" + parts[0] + "\""));
        try {
            return new SimulatedFault(
                    kind,
                    parts[1].substring(0, slash),
                    Integer.parseInt(parts[1].substring(slash + 1)),
                    parts.length == 3 ? Duration.parse(parts[2]) : Duration.ZERO);
        } catch (NumberFormatException | DateTimeException wrong) {
            throw new IllegalArgumentException("a fault is KIND TARGET/NUMBER [DELAY], was \"" + text + "\"", wrong);
        }
    }

    /** Kind, target and number, and the delay if there is one; {@link #parse} reads it. */
    @Override
    public String toString() {
        return kind.text() + " " + target + "/" + number + (delay.isZero() ? "" : " " + delay);
    }
}
