package io.flotilla.step;

import io.flotilla.observe.Redactor;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.observation.ObservationConvention;
import io.micrometer.observation.ObservationRegistry;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.TimeUnit;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import reactor.core.scheduler.Scheduler;

/**
 * The settings of an engine, as its builder has checked them. A builder changes its own; an engine has a copy, which nobody
 * changes. {@link StepEngine.Builder} documents each of them.
 */
final class EngineSettings {

    int concurrency = StepEngine.DEFAULT_CONCURRENCY;

    @Nullable InFlightLimit maxInFlight;

    @Nullable Duration stepTimeout = StepEngine.DEFAULT_STEP_TIMEOUT;

    /** The same in nanoseconds; 0 without a limit. */
    long stepTimeoutNanos = StepEngine.DEFAULT_STEP_TIMEOUT.toNanos();

    /** Those that agents have of their own. */
    final StepTimeouts ownTimeouts = new StepTimeouts();

    @Nullable Duration roundTimeout;

    /** Null for none, or for the default as long as {@link #idleTimeoutSet} is false. */
    @Nullable Duration idleTimeout;

    private boolean idleTimeoutSet;
    private boolean stepTimeoutSet;

    Order order = Order.PARALLEL;
    FailureMode failureMode = FailureMode.ISOLATE;
    final List<StepInterceptor> interceptors = new ArrayList<>();

    @Nullable ObservationRegistry observationRegistry;

    final List<ObservationConvention<?>> observationConventions = new ArrayList<>();

    @Nullable MeterRegistry meterRegistry;

    boolean mdc;

    @Nullable Supplier<Scheduler> timeoutScheduler;

    @Nullable Supplier<Scheduler> blockingScheduler;

    @Nullable Clock clock;

    int failureBuffer = StepEngine.DEFAULT_FAILURE_BUFFER;
    int emissionBuffer = StepEngine.DEFAULT_EMISSION_BUFFER;
    Redactor redactor = Redactor.NONE;

    /** Whoever says how long a step may take has said how long it may be silent, too, unless he says otherwise. */
    @Nullable Duration idleTimeout() {
        return idleTimeoutSet ? idleTimeout : stepTimeoutSet ? null : StepEngine.DEFAULT_IDLE_TIMEOUT;
    }

    /** The same in nanoseconds; 0 without a limit. */
    long idleTimeoutNanos() {
        Duration timeout = idleTimeout();
        return timeout == null ? 0 : timeout.toNanos();
    }

    void limitIdleTime(Duration timeout) {
        idleTimeout = StepTimeouts.checked(timeout, "idleTimeout");
        idleTimeoutSet = true;
    }

    void doNotLimitIdleTime() {
        idleTimeout = null;
        idleTimeoutSet = true;
    }

    /** Whether the idle timeout is nobody's wish: steps whose agents have a timeout of their own may be silent as long, too. */
    boolean isIdleTimeoutByDefault() {
        return !idleTimeoutSet;
    }

    void limitSteps(Duration timeout) {
        stepTimeout = StepTimeouts.checked(timeout);
        stepTimeoutNanos = timeout.toNanos();
        stepTimeoutSet = true;
    }

    void doNotLimitSteps() {
        stepTimeout = null;
        stepTimeoutNanos = 0;
        stepTimeoutSet = true;
    }

    EngineSettings copy() {
        EngineSettings copy = new EngineSettings();
        copy.concurrency = concurrency;
        copy.maxInFlight = maxInFlight;
        copy.stepTimeout = stepTimeout;
        copy.stepTimeoutNanos = stepTimeoutNanos;
        copy.stepTimeoutSet = stepTimeoutSet;
        copy.idleTimeout = idleTimeout;
        copy.idleTimeoutSet = idleTimeoutSet;
        copy.ownTimeouts.putAll(ownTimeouts);
        copy.roundTimeout = roundTimeout;
        copy.order = order;
        copy.failureMode = failureMode;
        copy.interceptors.addAll(interceptors);
        copy.observationRegistry = observationRegistry;
        copy.observationConventions.addAll(observationConventions);
        copy.meterRegistry = meterRegistry;
        copy.mdc = mdc;
        copy.timeoutScheduler = timeoutScheduler;
        copy.blockingScheduler = blockingScheduler;
        copy.clock = clock;
        copy.failureBuffer = failureBuffer;
        copy.emissionBuffer = emissionBuffer;
        copy.redactor = redactor;
        return copy;
    }

    /** Asked for again by every round: what is virtual time now need not be later. */
    EngineSchedulers schedulers() {
        if (timeoutScheduler == null) {
            return EngineSchedulers.shared();
        }
        Scheduler own = Objects.requireNonNull(timeoutScheduler.get(), "timeoutScheduler returned null");
        return new EngineSchedulers(own, own, own);
    }

    /** What time it is on the clock; without one, on {@code timer}. */
    Instant now(Scheduler timer) {
        return clock == null ? Instant.ofEpochMilli(timer.now(TimeUnit.MILLISECONDS)) : clock.instant();
    }

    /** Null if nobody observes. */
    @Nullable StepTelemetry telemetry() {
        Observations observations = observations();
        return observations == null && meterRegistry == null ? null : new StepTelemetry(observations, meterRegistry);
    }

    /** Null without a registry, and with the one that never has a handler. */
    private @Nullable Observations observations() {
        return observationRegistry == null || observationRegistry.equals(ObservationRegistry.NOOP)
                ? null
                : new Observations(observationRegistry, observationConventions);
    }
}
