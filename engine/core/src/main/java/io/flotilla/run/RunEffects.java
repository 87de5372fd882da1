package io.flotilla.run;

import io.flotilla.run.machine.Effect;
import java.util.List;
import java.util.function.Consumer;

/**
 * Carries out the effects of one fact after another, in order. An agent, or a cancel handler, may keep the thread; then another
 * thread carries out the effects that are left, which are therefore in fields.
 *
 * <p>Touched by the worker of the run only.
 */
final class RunEffects {

    private final RunSteps steps;
    private final RunTimers timers;
    private final PendingQuestions questions;
    private final Tracing tracing;
    private final Consumer<Effect.Finish> finish;
    private List<Effect> effects = List.of();
    private int next;

    RunEffects(
            RunSteps steps,
            RunTimers timers,
            PendingQuestions questions,
            Tracing tracing,
            Consumer<Effect.Finish> finish) {
        this.steps = steps;
        this.timers = timers;
        this.questions = questions;
        this.tracing = tracing;
        this.finish = finish;
    }

    /** Leaves out what has not been carried out. */
    void clear() {
        effects = List.of();
        next = 0;
    }

    /**
     * Takes the effects of the next fact. Questions are open from here on, before an event announces them: an answer may come
     * as fast as the event that announces the question.
     */
    void take(List<Effect> taken) {
        effects = taken;
        next = 0;
        for (Effect effect : taken) {
            if (effect instanceof Effect.Ask ask) {
                questions.open(ask.question());
            }
        }
    }

    /** Carries out what is left. False if the thread was kept and another has taken over. */
    boolean execute() {
        while (next < effects.size()) {
            Effect effect = effects.get(next);
            next++;
            if (!execute(effect)) {
                return false;
            }
        }
        return true;
    }

    private boolean execute(Effect effect) {
        if (effect instanceof Effect.StartStep start) {
            return steps.start(start, tracing.context(start.branch()));
        }
        if (effect instanceof Effect.CancelStep cancel) {
            return steps.cancel(cancel.step());
        }
        if (effect instanceof Effect.StartTimer timer) {
            timers.start(timer);
        } else if (effect instanceof Effect.CancelTimer timer) {
            timers.cancel(timer.timer());
        } else if (effect instanceof Effect.CloseQuestion close) {
            questions.close(close.question(), false);
        } else if (effect instanceof Effect.Finish end) {
            finish.accept(end);
        }
        return true;
    }
}
