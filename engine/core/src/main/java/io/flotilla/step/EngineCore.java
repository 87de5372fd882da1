package io.flotilla.step;

import io.flotilla.AgentId;
import io.flotilla.agent.UsageLedger;
import io.flotilla.internal.BoundedNames;
import io.flotilla.internal.StepMdc;
import java.security.SecureRandom;
import java.time.Duration;
import java.util.HexFormat;
import java.util.List;
import java.util.concurrent.atomic.AtomicLong;
import org.jspecify.annotations.Nullable;
import reactor.core.scheduler.Scheduler;

/** What all views of an engine share, whatever their order and failure mode: settings, ids, telemetry, failures. */
final class EngineCore {

    final EngineSettings settings;
    final List<StepInterceptor> interceptors;
    final @Nullable StepTelemetry telemetry;
    final FailureReporter failures;
    final EngineClock clock;
    final Emissions emissions;
    final BoundedNames workflows = new BoundedNames();
    private final @Nullable StepTimeouts ownTimeouts;

    /** Null without a limit on all steps. */
    final @Nullable FairPermits permits;

    private final String id = newId();
    private final AtomicLong runs = new AtomicLong();
    private volatile @Nullable Singles singles;

    /** {@code settings} are this engine's own from now on. */
    EngineCore(EngineSettings settings) {
        this.settings = settings;
        this.interceptors = List.copyOf(settings.interceptors);
        this.telemetry = settings.telemetry();
        this.ownTimeouts = settings.ownTimeouts.isEmpty() ? null : settings.ownTimeouts;
        this.failures = new FailureReporter(settings);
        this.emissions = new Emissions(settings);
        this.clock = new SchedulerClock(settings, settings::schedulers);
        this.permits = permits();
        if (settings.mdc) {
            StepMdc.propagate();
        }
    }

    /** Whether there is something that a thread is to have while it calls an agent. */
    boolean hasBodyScopes() {
        return settings.mdc || (telemetry != null && telemetry.observes());
    }

    private @Nullable FairPermits permits() {
        if (settings.maxInFlight == null) {
            return null;
        }
        FairPermits made = new FairPermits(
                settings.maxInFlight, () -> settings.schedulers().worker(), clock::nanoTime);
        if (settings.meterRegistry != null) {
            LimitMeters.register(made, settings.meterRegistry);
        }
        return made;
    }

    /** 96 random bits: run ids differ, and with them idempotency keys, wherever they were made. */
    private static String newId() {
        String simulated = SimulationThread.nextId();
        if (simulated != null) {
            return simulated;
        }
        byte[] bits = new byte[12];
        new SecureRandom().nextBytes(bits);
        return HexFormat.of().formatHex(bits);
    }

    String newRunId() {
        return id + '-' + runs.incrementAndGet();
    }

    /** Tells the log and the feed: user code, which may not return. */
    void report(StepFailure failure) {
        try {
            failures.report(failure);
        } catch (Throwable thrown) {
            Steps.reportFailed(thrown);
        }
    }

    /** What single steps share; schedulers change with Reactor's factory, as virtual time does, or with the user's supplier. */
    @SuppressWarnings("ReferenceEquality") // it is the instance that changes
    Singles singles() {
        EngineSchedulers now = settings.schedulers();
        Singles known = singles;
        if (known == null || known.schedulers.timer() != now.timer()) {
            known = new Singles(this, now);
            singles = known;
        }
        return known;
    }

    /** {@code usage} null: a ledger of its own, once a step asks for it. {@code output} null: nobody listens to the steps. */
    RoundScope newScope(@Nullable UsageLedger usage, @Nullable RoundOutput output, Scheduler timer) {
        return new RoundScope(id, runs.incrementAndGet(), settings.stepTimeout, usage, emissions, output, timer);
    }

    /** Whether steps of one round may have different limits. */
    boolean hasOwnTimeouts() {
        return ownTimeouts != null;
    }

    /** The limit of a step; null if it is the one of all steps. Throws what a function of the user's throws. */
    @Nullable StepLimit limitOf(AgentId agent) {
        if (ownTimeouts == null) {
            return null;
        }
        Duration own = ownTimeouts.of(agent);
        return own == null ? new StepLimit(settings.stepTimeout, false) : new StepLimit(own, true);
    }
}
