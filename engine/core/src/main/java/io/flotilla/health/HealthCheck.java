package io.flotilla.health;

import java.time.Duration;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.function.LongSupplier;
import java.util.function.Supplier;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;

/**
 * A question about health, asked by a {@link HealthMonitor}: a name, a body, a time limit, and whether everything depends on it.
 *
 * <pre>{@code
 * HealthCheck journal = HealthCheck.of("journal", () -> sqlite.isPoisoned() ? Health.down("poisoned") : Health.up());
 * HealthCheck model = HealthCheck.reactive("model", client::ping).timeout(Duration.ofSeconds(2)).nonCritical();
 * }</pre>
 *
 * <p>The body may block, throw or never end: it runs on a thread of the monitor's own, and its time limit ends it. It is called
 * again only when its last call has left that thread.
 *
 * <p>Immutable, as far as the body is.
 *
 * @since 0.1
 */
public final class HealthCheck {

    /** How long a check may take by default. */
    public static final Duration DEFAULT_TIMEOUT = Duration.ofSeconds(5);

    /** How long a name may be, in characters. */
    public static final int MAX_NAME_LENGTH = 200;

    /** From which share on a {@link #fill} is {@link HealthStatus#DEGRADED}. */
    public static final double NEARLY_FULL = 0.8;

    private static final Duration LONGEST = Duration.ofNanos(Long.MAX_VALUE);

    private final String name;
    private final Supplier<? extends Mono<Health>> body;
    private final Duration timeout;
    private final boolean critical;

    private HealthCheck(String name, Supplier<? extends Mono<Health>> body, Duration timeout, boolean critical) {
        this.name = name;
        this.body = body;
        this.timeout = timeout;
        this.critical = critical;
    }

    /**
     * A check that is a function.
     *
     * @param name what reports call it, unique in its monitor: not blank, no control characters, at most {@value
     *     #MAX_NAME_LENGTH} characters
     * @param body asked at every check; may block. One that throws is {@link HealthStatus#DOWN}, and so is one that returns null
     * @return a critical check with the default time limit
     * @throws NullPointerException if an argument is null
     * @throws IllegalArgumentException if the name is invalid
     */
    public static HealthCheck of(String name, Supplier<Health> body) {
        Objects.requireNonNull(body, "body");
        return reactive(name, () -> Mono.just(Objects.requireNonNull(body.get(), "the check returned null")));
    }

    /**
     * A check that is asynchronous.
     *
     * @param name as for {@link #of}
     * @param body asked at every check. What it returns is subscribed to once: its value is the health, its error is {@link
     *     HealthStatus#DOWN}, and completing without a value is {@link HealthStatus#UP}
     * @return a critical check with the default time limit
     * @throws NullPointerException if an argument is null
     * @throws IllegalArgumentException if the name is invalid
     */
    public static HealthCheck reactive(String name, Supplier<? extends Mono<Health>> body) {
        return new HealthCheck(checked(name), Objects.requireNonNull(body, "body"), DEFAULT_TIMEOUT, true);
    }

    /**
     * Several checks as one: as bad as the worst of them. So one name, such as an agent's, has all that is known of it.
     *
     * @param name as for {@link #of}
     * @param parts asked one after another, in this order; only their bodies count, not their time limits. Their statuses are
     *     details under their names
     * @return a critical check with the default time limit
     * @throws NullPointerException if an argument or a part is null
     * @throws IllegalArgumentException if the name is invalid
     */
    public static HealthCheck worstOf(String name, HealthCheck... parts) {
        List<HealthCheck> all = List.of(parts);
        return reactive(
                name,
                () -> Flux.fromIterable(all)
                        .concatMap(part ->
                                part.ask().defaultIfEmpty(Health.up()).map(found -> Map.entry(part.name(), found)))
                        .reduce(Health.up(), (worst, part) -> worse(worst, part.getKey(), part.getValue())));
    }

    private static Health worse(Health worst, String name, Health found) {
        Health worse = found.status().isWorseThan(worst.status())
                ? new Health(
                        found.status(), found.reason() == null ? name : name + ": " + found.reason(), worst.details())
                : worst;
        return worse.with(name, found.status().name());
    }

    /**
     * How full something is that has a bound: a mailbox, a queue for permits, a pool. {@link HealthStatus#DEGRADED} from {@link
     * #NEARLY_FULL} on, {@link HealthStatus#DOWN} when it is full.
     *
     * @param name as for {@link #of}
     * @param used how much of it is used now
     * @param capacity how much there is; zero or less for no bound, which is never full
     * @return a check that is not critical: one full queue makes the whole {@link HealthStatus#DEGRADED}
     * @throws NullPointerException if an argument is null
     * @throws IllegalArgumentException if the name is invalid
     */
    public static HealthCheck fill(String name, LongSupplier used, LongSupplier capacity) {
        Objects.requireNonNull(used, "used");
        Objects.requireNonNull(capacity, "capacity");
        return of(name, () -> filled(used.getAsLong(), capacity.getAsLong())).nonCritical();
    }

    private static Health filled(long used, long capacity) {
        String share = used + " of " + capacity + " in use";
        Health health = capacity <= 0 || used < capacity * NEARLY_FULL
                ? Health.up()
                : used < capacity ? Health.degraded("nearly full: " + share) : Health.down("full: " + share);
        return capacity <= 0
                ? health.with("used", used)
                : health.with("used", used).with("capacity", capacity);
    }

    private static String checked(String name) {
        if (name.isBlank() || name.length() > MAX_NAME_LENGTH || name.chars().anyMatch(Character::isISOControl)) {
            throw new IllegalArgumentException(String.format(
                    Locale.ROOT,
                    "the name of a check must be 1 to %d characters, not blank and without control characters, was \"%s\"",
                    MAX_NAME_LENGTH,
                    name.substring(0, Math.min(name.length(), MAX_NAME_LENGTH)).replaceAll("\\p{Cntrl}", "?")));
        }
        return name;
    }

    /**
     * The same with another time limit. A check that has not answered by then is {@link HealthStatus#DOWN}, and is cancelled.
     *
     * @param limit more than zero, at most 292 years; default {@link #DEFAULT_TIMEOUT}, 5 s
     * @return the check with it
     * @throws NullPointerException if {@code limit} is null
     * @throws IllegalArgumentException if {@code limit} is outside its bounds
     */
    public HealthCheck timeout(Duration limit) {
        return new HealthCheck(name, body, positive("timeout", limit), critical);
    }

    /**
     * The same, but the whole can do without it: if it is not {@link HealthStatus#UP}, the whole is {@link
     * HealthStatus#DEGRADED} at worst.
     *
     * @return the check with it
     */
    public HealthCheck nonCritical() {
        return new HealthCheck(name, body, timeout, false);
    }

    /**
     * The same, but the whole cannot do without it: it is as bad as this check. The default of {@link #of} and {@link #reactive}.
     *
     * @return the check with it
     */
    public HealthCheck critical() {
        return new HealthCheck(name, body, timeout, true);
    }

    static Duration positive(String what, Duration given) {
        if (given.isNegative() || given.isZero() || given.compareTo(LONGEST) > 0) {
            throw new IllegalArgumentException(what + " must be > 0 and <= " + LONGEST + ", was " + given);
        }
        return given;
    }

    /**
     * The name.
     *
     * @return as given
     */
    public String name() {
        return name;
    }

    /**
     * How long it may take.
     *
     * @return as configured
     */
    public Duration timeout() {
        return timeout;
    }

    /**
     * Whether the whole is as bad as this check.
     *
     * @return as configured
     */
    public boolean isCritical() {
        return critical;
    }

    /** Asks. Whatever the body does, its caller has to expect it. */
    Mono<Health> ask() {
        return Objects.requireNonNull(body.get(), "the check returned null instead of a Mono");
    }

    /** The name, and whether it is critical. */
    @Override
    public String toString() {
        return "HealthCheck[" + name + (critical ? ", critical]" : "]");
    }
}
