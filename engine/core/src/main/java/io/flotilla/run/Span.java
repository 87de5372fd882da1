package io.flotilla.run;

import io.flotilla.observe.FlotillaEvent;
import io.flotilla.step.StepDriver;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;
import reactor.util.context.Context;

/**
 * An observation that may come late: until its handlers have returned from its start, what is inside of it is inside of the
 * one around it. If it was stopped meanwhile, it is stopped as soon as it has started. Thread-safe; handlers are called
 * without the lock.
 */
final class Span {

    private final @Nullable Span outer;

    // Guarded by this.
    private Context context;
    private StepDriver.@Nullable Observed observed;
    private @Nullable String outcome;
    private @Nullable Throwable cause;

    /** The outermost. */
    Span(Context context) {
        this.outer = null;
        this.context = context;
    }

    /** One inside of another. */
    Span(Span outer) {
        this.outer = outer;
        this.context = Context.empty();
    }

    /** What is inside of it sees this, once its start has begun. */
    synchronized Context context() {
        return context;
    }

    void start(Function<Context, StepDriver.@Nullable Observed> start) {
        Context around = outer == null ? context() : outer.context();
        synchronized (this) {
            context = around;
        }
        StepDriver.Observed started = start.apply(around);
        if (started == null) {
            return;
        }
        Context inside = started.within(around);
        String how;
        Throwable why;
        synchronized (this) {
            observed = started;
            context = inside;
            how = outcome;
            why = cause;
        }
        if (how != null) {
            started.stop(how, why);
        }
    }

    void note(FlotillaEvent what) {
        StepDriver.Observed started;
        synchronized (this) {
            started = observed;
        }
        if (started != null) {
            started.event(what);
        }
    }

    void stop(String how, @Nullable Throwable why) {
        StepDriver.Observed started;
        synchronized (this) {
            outcome = how;
            cause = why;
            started = observed;
        }
        if (started != null) {
            started.stop(how, why);
        }
    }
}
