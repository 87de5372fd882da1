package io.flotilla.run;

import io.flotilla.internal.OutputHub;
import io.flotilla.internal.OutputLog;
import io.flotilla.step.StepResult;
import java.util.concurrent.Executor;
import java.util.function.LongConsumer;

/** The output of a run, for all its subscribers. */
final class RunOutputs extends OutputHub<RunOutput> {

    private final int history;
    private final LongConsumer dropped;

    /**
     * Nobody has emitted anything.
     *
     * @param history how many values of each step are kept, and of how many steps that have ended
     * @param threads where subscribers are told
     * @param dropped counts what they have not got
     */
    RunOutputs(int history, Executor threads, LongConsumer dropped) {
        super(threads, history);
        this.history = history;
        this.dropped = dropped;
    }

    int history() {
        return history;
    }

    /** The step has ended. */
    void close(StepLog log, StepResult.Kind kind) {
        close(log, missed -> log.settled(kind, missed));
    }

    /** The run has ended first, and cancels it. */
    @Override
    protected RunOutput cancelled(OutputLog<RunOutput> log, long missed) {
        return ((StepLog) log).settled(StepResult.Kind.CANCELLED, missed);
    }

    @Override
    protected RunOutput lost(long steps, long values) {
        return new RunOutput.Lost(steps, values);
    }

    @Override
    protected void delivered(RunOutput signal) {
        if (signal instanceof RunOutput.Settled settled) {
            dropped.accept(settled.dropped());
        } else if (signal instanceof RunOutput.Lost lost) {
            dropped.accept(lost.values());
        }
    }
}
