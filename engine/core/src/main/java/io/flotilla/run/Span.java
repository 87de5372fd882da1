package io.flotilla.run;

import io.flotilla.observe.FlotillaEvent;
import io.flotilla.observe.FlotillaObservationContext;
import io.flotilla.step.StepDriver;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;
import reactor.util.context.Context;

/**
 * An observation that may come late: until its handlers have returned from its start, what is inside of it is inside of the
 * one around it. If it was stopped meanwhile, it is stopped as soon as it has started. Thread-safe; handlers are called
 * without the lock.
 */
final class Span {

    private final @Nullable Span outer;
    private final @Nullable FlotillaObservationContext what;

    // Guarded by this.
    private Context context;
    private StepDriver.@Nullable Observed observed;
    private @Nullable String outcome;
    private @Nullable Throwable cause;

    /** The outermost; {@code what} null if nobody observes. */
    Span(Context context, @Nullable FlotillaObservationContext what) {
        this.outer = null;
        this.what = what;
        this.context = context;
    }

    /** One inside of another. */
    Span(Span outer, FlotillaObservationContext what) {
        this.outer = outer;
        this.what = what;
        this.context = Context.empty();
    }

    /** What is inside of it sees this, once its start has begun. */
    synchronized Context context() {
        return context;
    }

    void start(StepDriver<?, ?> driver) {
        if (what == null) {
            return;
        }
        Context around = outer == null ? context() : outer.context();
        synchronized (this) {
            context = around;
        }
        StepDriver.Observed started = driver.observe(what, around);
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

    /** What others are linked to; null as long as it is not observed. */
    synchronized @Nullable FlotillaObservationContext what() {
        return observed == null ? null : what;
    }

    /** Links it to others, before it is started, or stopped. */
    static void link(FlotillaObservationContext what, List<Span> others) {
        List<FlotillaObservationContext> links = new ArrayList<>();
        for (Span span : others) {
            FlotillaObservationContext other = span.what();
            if (other != null) {
                links.add(other);
            }
        }
        what.linkTo(links);
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
