package io.flotilla.run;

import io.flotilla.run.machine.Fact;
import io.flotilla.run.machine.RunMachine;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import reactor.core.Exceptions;

/**
 * Where the worker of a run has its facts from, with what the machine makes of them: from the inbox, and through the journal if there is
 * one.
 *
 * <p>Touched by the worker only, but for {@link #isWriting}.
 */
final class FactSource {

    private final RunMachine machine;
    private final @Nullable FactRecorder recorder;
    private final RunInbox inbox;
    private final RunClock clock;
    private final Suspension suspension;
    private final Consumer<Throwable> abort;
    private final Runnable drain;

    /** The journal is writing, or about to. */
    private volatile boolean writing;

    /**
     * A source of facts.
     *
     * @param abort called when the journal fails
     * @param drain called when the journal has answered, if {@link #next} had nothing; on a thread of the library
     */
    FactSource(
            RunMachine machine,
            @Nullable FactRecorder recorder,
            RunInbox inbox,
            RunClock clock,
            Suspension suspension,
            Consumer<Throwable> abort,
            Runnable drain) {
        this.machine = machine;
        this.recorder = recorder;
        this.inbox = inbox;
        this.clock = clock;
        this.suspension = suspension;
        this.abort = abort;
        this.drain = drain;
    }

    boolean isWriting() {
        return writing;
    }

    /** The next fact, in the journal if there is one; null if it is not in there yet. */
    @Nullable Applied next(boolean terminated) {
        if (recorder == null) {
            return Applied.by(machine, inbox.facts().remove());
        }
        Applied durable = recorder.poll();
        if (durable != null) {
            return durable;
        }
        if (!terminated) {
            writing = true; // before it is asked whether the run was given up
            try {
                if (!suspension.isCut()) {
                    if (!recorder.write(inbox.facts(), inbox::countedFacts, this::written)) {
                        return null;
                    }
                    writing = false;
                    return recorder.poll();
                }
                suspension.suspendIfDue();
            } catch (Throwable notWritten) {
                abort.accept(Exceptions.unwrap(notWritten));
                durable = recorder.poll();
            }
            writing = false;
        }
        if (durable != null) {
            return durable;
        }
        Fact late = inbox.facts().poll(); // the run has ended, and its journal is closed to it
        return late == null ? null : Applied.tooLate(late);
    }

    /** On the journal's thread, which is not to be kept. */
    private void written(@Nullable Throwable failure) {
        clock.onWorker(() -> {
            writing = false;
            if (failure != null) {
                abort.accept(failure);
            }
            drain.run();
        });
    }
}
