package io.flotilla.step;

import io.flotilla.internal.TelemetryFaults;
import io.flotilla.observe.FlotillaMeter;
import io.flotilla.observe.Redactor;
import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.MeterRegistry;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.LongAdder;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** What all that the steps of an engine emit goes through: the redactor, and counters of what somebody has not got. Thread-safe. */
final class Emissions {

    private static final String WITHHELD = "(withheld, the redactor failed)";

    private static final Logger LOG = LoggerFactory.getLogger(StepEngine.class);

    private final @Nullable Redactor redactor;
    private final LongAdder dropped = new LongAdder();
    private final LongAdder ignored = new LongAdder();
    private final AtomicBoolean nullLogged = new AtomicBoolean();
    private final @Nullable MeterRegistry meters;
    private final @Nullable Counter droppedMeter;
    private final @Nullable Counter ignoredMeter;

    Emissions(EngineSettings settings) {
        this.redactor = settings.redactor.equals(Redactor.NONE) ? null : settings.redactor;
        this.meters = settings.meterRegistry;
        this.droppedMeter = meters == null ? null : meter(meters, FlotillaMeter.EMISSIONS_DROPPED);
        this.ignoredMeter = meters == null ? null : meter(meters, FlotillaMeter.EMISSIONS_IGNORED);
    }

    private static @Nullable Counter meter(MeterRegistry meters, FlotillaMeter what) {
        return TelemetryFaults.made(
                meters,
                () -> Counter.builder(what.getName())
                        .description(what.description())
                        .baseUnit(what.getBaseUnit())
                        .register(meters));
    }

    /**
     * The value as others may have it. A text is redacted; anything else is left as it is if the redactor would leave its text
     * alone. What cannot be read or redacted is withheld.
     */
    Object readable(Object value) {
        if (redactor == null) {
            return value;
        }
        try {
            String text = value.toString();
            String redacted = redactor.redact(text);
            return redacted.equals(text) && !(value instanceof CharSequence) ? value : redacted;
        } catch (Throwable failed) { // of the value's toString too
            return WITHHELD;
        }
    }

    /** A subscriber has got the end of a step, and not these values. */
    void dropped(long values) {
        if (values > 0) {
            dropped.add(values);
            count(droppedMeter, values);
        }
    }

    /** An attempt has emitted something after its end. */
    void ignoredLate() {
        ignored.increment();
        count(ignoredMeter, 1);
    }

    /** A step has emitted null, which is said once: an agent that does it once does it often. */
    void ignoredNull(String stepId) {
        ignored.increment();
        count(ignoredMeter, 1);
        if (!nullLogged.get() && nullLogged.compareAndSet(false, true)) {
            try {
                LOG.warn("emitted null, ignored: step={}; not logged again by this engine", stepId);
            } catch (Throwable thrown) {
                Steps.reportFailed(thrown);
            }
        }
    }

    private void count(@Nullable Counter meter, long values) {
        if (meters != null && meter != null) {
            TelemetryFaults.guard(meters, () -> meter.increment((double) values));
        }
    }

    long droppedCount() {
        return dropped.sum();
    }

    long ignoredCount() {
        return ignored.sum();
    }
}
