package io.flotilla.health;

import java.math.BigDecimal;
import java.math.BigInteger;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * What a check has found: a status, a reason, details.
 *
 * <p>Immutable. Reason and details are shown by readiness endpoints, so put no secrets into them.
 *
 * @param status how well it is
 * @param reason why, in a sentence; null if there is nothing to say
 * @param details by name, in the order they were added; texts, booleans and the JDK's numbers as they are, what JSON
 *     has no form for (not a number, infinite) and anything else as its text
 * @since 0.1
 */
public record Health(HealthStatus status, @Nullable String reason, Map<String, Object> details) {

    private static final Health UP = new Health(HealthStatus.UP, null, Map.of());

    /**
     * Copies the details.
     *
     * @param status how well it is
     * @param reason why; null if there is nothing to say
     * @param details by name; entries whose value is null are left out
     * @throws NullPointerException if {@code status} or {@code details} is null, or a name in it
     */
    public Health {
        Objects.requireNonNull(status, "status");
        Map<String, Object> copied = new LinkedHashMap<>();
        for (Map.Entry<String, ?> detail : details.entrySet()) {
            Object value = detail.getValue();
            if (value != null) {
                copied.put(Objects.requireNonNull(detail.getKey(), "a detail's name"), plain(value));
            }
        }
        details = Collections.unmodifiableMap(copied);
    }

    private static Object plain(Object value) {
        return value instanceof String || value instanceof Boolean || isPlain(value) ? value : String.valueOf(value);
    }

    /** What does not change any more, and every JSON has a form for: no counters, no numbers of somebody's own making. */
    private static boolean isPlain(Object value) {
        if (value instanceof Double || value instanceof Float) {
            return Double.isFinite(((Number) value).doubleValue());
        }
        return value instanceof Long
                || value instanceof Integer
                || value instanceof Short
                || value instanceof Byte
                || value instanceof BigInteger
                || value instanceof BigDecimal;
    }

    /**
     * It works.
     *
     * @return {@link HealthStatus#UP} without a reason
     */
    public static Health up() {
        return UP;
    }

    /**
     * It works, but not as it should.
     *
     * @param reason why
     * @return {@link HealthStatus#DEGRADED} with the reason
     * @throws NullPointerException if {@code reason} is null
     */
    public static Health degraded(String reason) {
        return new Health(HealthStatus.DEGRADED, Objects.requireNonNull(reason, "reason"), Map.of());
    }

    /**
     * It does not work.
     *
     * @param reason why
     * @return {@link HealthStatus#DOWN} with the reason
     * @throws NullPointerException if {@code reason} is null
     */
    public static Health down(String reason) {
        return new Health(HealthStatus.DOWN, Objects.requireNonNull(reason, "reason"), Map.of());
    }

    /**
     * Nothing is known.
     *
     * @param reason why
     * @return {@link HealthStatus#UNKNOWN} with the reason
     * @throws NullPointerException if {@code reason} is null
     */
    public static Health unknown(String reason) {
        return new Health(HealthStatus.UNKNOWN, Objects.requireNonNull(reason, "reason"), Map.of());
    }

    /**
     * The same with one more detail.
     *
     * @param name its name
     * @param value its value; a text, boolean or finite number of the JDK is kept, anything else becomes its text
     * @return the health with it
     * @throws NullPointerException if an argument is null
     */
    public Health with(String name, Object value) {
        Map<String, Object> more = new LinkedHashMap<>(details);
        more.put(Objects.requireNonNull(name, "name"), Objects.requireNonNull(value, "value"));
        return new Health(status, reason, more);
    }
}
