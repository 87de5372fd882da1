package io.flotilla.run;

import io.flotilla.run.machine.Effect;
import io.flotilla.run.machine.Fact;
import java.util.HashMap;
import java.util.Map;
import java.util.function.Consumer;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import reactor.core.Disposable;

/**
 * The timers of a run: of its own deadline, of joins, of questions. One that fires becomes a fact, unless its question has
 * been answered before. A timer of the user's that throws when it is started is a deadline that cannot be kept, and counts as
 * passed.
 *
 * <p>Touched by the worker of the run only; timers fire on any thread.
 */
final class RunTimers {

    private static final Logger LOG = LoggerFactory.getLogger(Run.class);

    private final RunClock clock;
    private final PendingQuestions questions;
    private final Consumer<Fact> facts;
    private final Map<Long, Disposable> running = new HashMap<>();

    RunTimers(RunClock clock, PendingQuestions questions, Consumer<Fact> facts) {
        this.clock = clock;
        this.questions = questions;
        this.facts = facts;
    }

    void start(Effect.StartTimer timer) {
        try {
            running.put(timer.timer(), clock.schedule(timer.delay(), () -> fired(timer)));
        } catch (Throwable noTimer) {
            fired(timer);
        }
    }

    private void fired(Effect.StartTimer timer) {
        if (timer.question() == null || questions.expire(timer.question(), timer.timer())) {
            facts.accept(new Fact.DeadlinePassed(clock.now(), timer.timer()));
        }
    }

    void cancel(long timer) {
        Disposable cancelled = running.remove(timer);
        if (cancelled != null) {
            stop(cancelled);
        }
    }

    /** The machine has applied that it has fired. */
    void remove(long timer) {
        running.remove(timer);
    }

    void cancelAll() {
        running.values().forEach(RunTimers::stop);
        running.clear();
    }

    /** What the timer would fire is not asked for any more, so what it throws does not matter. */
    private static void stop(Disposable timer) {
        try {
            timer.dispose();
        } catch (Throwable thrown) {
            LOG.debug("a timer that is not needed any more throws", thrown);
        }
    }
}
