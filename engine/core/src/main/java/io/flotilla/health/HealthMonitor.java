package io.flotilla.health;

import io.flotilla.AgentId;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import reactor.core.Disposable;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;

/**
 * Asks checks again and again, and knows how everything is.
 *
 * <pre>{@code
 * HealthMonitor monitor = HealthMonitor.builder()
 *         .check(HealthCheck.of("journal", () -> journal.isPoisoned() ? Health.down("poisoned") : Health.up()))
 *         .check(progress.check("reader"))
 *         .source(resilience)
 *         .build()
 *         .start();
 * monitor.changes().subscribe(change -> log.info("{}", change));
 * boolean ready = monitor.report().isReady();
 * }</pre>
 *
 * <p>Each check has a call of its own on a thread of the monitor's own, so one that blocks, throws or never ends is {@link
 * HealthStatus#DOWN}, and no other check waits for it. A check is not called again while its last call still holds its thread. A
 * status follows the results with hysteresis, so it does not flap. A result that is too old counts as {@link HealthStatus#UNKNOWN}.
 *
 * <p>A change is one line in the log: WARN if it is for the worse, else INFO.
 *
 * <p>Thread-safe. All monitors share their threads, which are daemons; {@link #close()} ends what a monitor does on them.
 *
 * @since 0.1
 */
public final class HealthMonitor implements AutoCloseable {

    /** How often checks are asked by default. */
    public static final Duration DEFAULT_INTERVAL = Duration.ofSeconds(10);

    /** How many results in a row change a status by default. */
    public static final int DEFAULT_THRESHOLD = 2;

    /** How many checks are asked at the same time by default. */
    public static final int DEFAULT_CONCURRENCY = 64;

    private static final int MAX_THRESHOLD = 1_000;

    /** Three of these are still a time that a clock of nanoseconds has. */
    private static final Duration LONGEST_INTERVAL = Duration.ofDays(30_000);

    private final Duration interval;
    private final HealthRounds rounds;

    // Guarded by this.
    private @Nullable Disposable ticks;
    private boolean isClosed;

    private HealthMonitor(Builder builder) {
        this.interval = builder.interval;
        this.rounds = new HealthRounds(
                builder.staleAfter(), builder.failureThreshold, builder.successThreshold, builder.concurrency);
        builder.checks.forEach(rounds::add);
    }

    /**
     * Starts the configuration of a monitor.
     *
     * @return a builder with all defaults and no checks
     */
    public static Builder builder() {
        return new Builder();
    }

    /**
     * Asks all checks now, and from then on once an interval. Does nothing if it has been started before.
     *
     * @return this monitor
     * @throws IllegalStateException if it is closed
     */
    public HealthMonitor start() {
        synchronized (this) {
            if (isClosed) {
                throw new IllegalStateException("the health monitor is closed");
            }
            if (ticks != null) {
                return this;
            }
            ticks = HealthSchedulers.shared()
                    .timer()
                    .schedulePeriodically(rounds::ask, interval.toNanos(), interval.toNanos(), TimeUnit.NANOSECONDS);
        }
        rounds.ask();
        return this;
    }

    /**
     * Adds a check, which is asked from the next interval on, or at the next {@link #refresh()}.
     *
     * @param check the check
     * @throws NullPointerException if {@code check} is null
     * @throws IllegalArgumentException if there is one of that name already
     */
    public void add(HealthCheck check) {
        rounds.add(check);
    }

    /**
     * Removes a check. Nothing is told of it any more; a call in flight is left alone, and its result ignored.
     *
     * @param name its name
     * @return whether there was one
     * @throws NullPointerException if {@code name} is null
     */
    public boolean remove(String name) {
        return rounds.remove(name);
    }

    /**
     * How everything is, from the last results. Asks nothing and never blocks on a check.
     *
     * @return the report; checks without a result, or with one that is too old, are {@link HealthStatus#UNKNOWN}, and so are all
     *     checks of a closed monitor
     */
    public HealthReport report() {
        return rounds.report();
    }

    /**
     * Asks all checks now, started or not, and has the report when all have answered. Checks that are being asked already are waited
     * for, and not asked twice. Hysteresis counts these results, too.
     *
     * <p>Cold: every subscription asks.
     *
     * <ul>
     *   <li><b>onNext</b>: the report.
     *   <li><b>onError</b>: {@link IllegalStateException} if the monitor is closed, or is closed meanwhile.
     *   <li><b>cancel</b>: ends the waiting; the checks go on.
     *   <li><b>threads</b>: one of the monitor's own.
     * </ul>
     *
     * @return the report to come; at the latest when the longest time limit has passed, as often as more checks than the concurrency
     *     have to wait for each other
     */
    public Mono<HealthReport> refresh() {
        return rounds.refresh();
    }

    /**
     * Changes of status from now on.
     *
     * <p>Hot: changes before the subscription are not repeated.
     *
     * <ul>
     *   <li><b>onNext</b>: a check has another status than before, after hysteresis; in the order of the changes.
     *   <li><b>onComplete</b>: when the monitor is closed.
     *   <li><b>demand</b>: honoured; each subscriber has a buffer of 256, which drops its oldest.
     *   <li><b>threads</b>: one of the monitor's own for each subscriber, which may block it.
     * </ul>
     *
     * @return the changes
     */
    public Flux<HealthChange> changes() {
        return rounds.changes().changes();
    }

    /**
     * Whether to send work there: for choices between workers or routes.
     *
     * @param name the name of a check
     * @return false if that check is {@link HealthStatus#DOWN}; true if it is not, or is not known, or if there is none of that name:
     *     a monitor that knows nothing stops nobody
     * @throws NullPointerException if {@code name} is null
     */
    public boolean isUsable(String name) {
        return rounds.status(name) != HealthStatus.DOWN;
    }

    /**
     * Whether to send work to an agent: by the check that has the agent's id for a name, and the one that has its kind.
     *
     * @param agent the agent
     * @return false if one of the two is {@link HealthStatus#DOWN}, see {@link #isUsable(String)}
     * @throws NullPointerException if {@code agent} is null
     */
    public boolean isUsable(AgentId agent) {
        return isUsable(agent.toString()) && isUsable(agent.kind());
    }

    /**
     * Ends everything: checks in flight are cancelled, {@link #changes()} complete, refreshes fail, and all checks are {@link
     * HealthStatus#UNKNOWN}. Does nothing the second time.
     */
    @Override
    public void close() {
        synchronized (this) {
            isClosed = true;
            if (ticks != null) {
                ticks.dispose();
            }
        }
        rounds.close();
    }

    /** The number of checks, and the status of the whole. */
    @Override
    public String toString() {
        HealthReport report = report();
        return "HealthMonitor[" + report.checks().size() + " checks, " + report.status() + "]";
    }

    /** The configuration of a monitor. Each setting checks its argument at once. Not thread-safe. */
    public static final class Builder {

        private final List<HealthCheck> checks = new ArrayList<>();
        private Duration interval = DEFAULT_INTERVAL;
        private @Nullable Duration staleAfter;
        private int failureThreshold = DEFAULT_THRESHOLD;
        private int successThreshold = DEFAULT_THRESHOLD;
        private int concurrency = DEFAULT_CONCURRENCY;

        private Builder() {}

        /**
         * Adds a check.
         *
         * @param check the check; its name must be its own
         * @return this builder
         * @throws NullPointerException if {@code check} is null
         */
        public Builder check(HealthCheck check) {
            checks.add(Objects.requireNonNull(check, "check"));
            return this;
        }

        /**
         * Adds all checks of something that has some.
         *
         * @param source asked now
         * @return this builder
         * @throws NullPointerException if {@code source} is null, or returns null or a check that is null
         */
        public Builder source(HealthSource source) {
            source.healthChecks().forEach(this::check);
            return this;
        }

        /**
         * How often checks are asked.
         *
         * @param every more than zero, at most 292 years; default {@link HealthMonitor#DEFAULT_INTERVAL}, 10 s
         * @return this builder
         * @throws NullPointerException if {@code every} is null
         * @throws IllegalArgumentException if {@code every} is outside its bounds
         */
        public Builder interval(Duration every) {
            this.interval = HealthCheck.positive("interval", every);
            return this;
        }

        /**
         * How old a result may be before it counts as {@link HealthStatus#UNKNOWN}.
         *
         * @param age more than zero, at most 292 years, and not less than the interval; default three intervals
         * @return this builder
         * @throws NullPointerException if {@code age} is null
         * @throws IllegalArgumentException if {@code age} is outside its bounds
         */
        public Builder staleAfter(Duration age) {
            this.staleAfter = HealthCheck.positive("staleAfter", age);
            return this;
        }

        /**
         * How many results in a row must be worse before a status gets worse: it becomes the best of them. The first result of a
         * check counts at once.
         *
         * @param results 1 or more, at most 1,000; default {@value HealthMonitor#DEFAULT_THRESHOLD}
         * @return this builder
         * @throws IllegalArgumentException if {@code results} is outside its bounds
         */
        public Builder failureThreshold(int results) {
            this.failureThreshold = threshold("failureThreshold", results);
            return this;
        }

        /**
         * How many results in a row must be better before a status gets better: it becomes the worst of them.
         *
         * @param results 1 or more, at most 1,000; default {@value HealthMonitor#DEFAULT_THRESHOLD}
         * @return this builder
         * @throws IllegalArgumentException if {@code results} is outside its bounds
         */
        public Builder successThreshold(int results) {
            this.successThreshold = threshold("successThreshold", results);
            return this;
        }

        /**
         * How many checks are asked at the same time; the others wait.
         *
         * @param checks 1 or more, at most 1,000; default {@value HealthMonitor#DEFAULT_CONCURRENCY}
         * @return this builder
         * @throws IllegalArgumentException if {@code checks} is outside its bounds
         */
        public Builder concurrency(int checks) {
            this.concurrency = threshold("concurrency", checks);
            return this;
        }

        private static int threshold(String what, int given) {
            if (given < 1 || given > MAX_THRESHOLD) {
                throw new IllegalArgumentException(what + " must be >= 1 and <= " + MAX_THRESHOLD + ", was " + given);
            }
            return given;
        }

        private Duration staleAfter() {
            Duration given = staleAfter;
            if (given == null) {
                return interval.compareTo(LONGEST_INTERVAL) > 0 ? interval : interval.multipliedBy(3);
            }
            if (given.compareTo(interval) < 0) {
                throw new IllegalArgumentException(
                        "staleAfter must be >= the interval of " + interval + ", was " + given);
            }
            return given;
        }

        /**
         * Makes the monitor, which asks nothing until it is {@linkplain HealthMonitor#start() started}.
         *
         * @return a new monitor
         * @throws IllegalArgumentException if two checks have the same name, or {@code staleAfter} is less than the interval
         */
        public HealthMonitor build() {
            return new HealthMonitor(this);
        }
    }
}
