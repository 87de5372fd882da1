package io.flotilla.run.machine;

import java.util.ArrayDeque;
import java.util.Deque;
import java.util.List;

/** Cancels what lives inside a scope: branches, their steps and questions, rendezvous, inner scopes. */
final class Cancellation {

    private final Branches branches;
    private final OpenQuestions questions;
    private final OpenWaits waits;
    private final RendezvousRegistry rendezvousRegistry;
    private final Timers timers;
    private final Output output;

    Cancellation(
            Branches branches,
            OpenQuestions questions,
            OpenWaits waits,
            RendezvousRegistry rendezvousRegistry,
            Timers timers,
            Output output) {
        this.branches = branches;
        this.questions = questions;
        this.waits = waits;
        this.rendezvousRegistry = rendezvousRegistry;
        this.timers = timers;
        this.output = output;
    }

    /**
     * Cancels whatever lives inside a scope, at any depth. The last spawned go first: steps that wait for a place in a guard of
     * the user's are gone before one of those they wait for makes room.
     */
    void cancelInside(Scope scope) {
        Deque<Scope> inside = new ArrayDeque<>(List.of(scope));
        while (!inside.isEmpty()) {
            Scope at = inside.remove();
            for (Branch branch = at.lastLive(); branch != null; branch = at.lastLive()) {
                cancel(branch);
            }
            List.copyOf(at.rendezvous.values()).forEach(rendezvousRegistry::discard);
            for (Scope inner = at.firstInner(); inner != null; inner = at.firstInner()) {
                inside.add(inner);
                inner.timer = timers.stop(inner.timer);
                branches.close(inner);
            }
        }
    }

    /** Cancels one branch, and whatever lives in the forks it has opened. */
    void cancelWithForks(Branch branch) {
        Scope next;
        for (Scope inner = branch.home.firstInner(); inner != null; inner = next) {
            next = inner.nextSibling();
            if (inner.resolver == branch) {
                inner.timer = timers.stop(inner.timer);
                cancelInside(inner);
                branches.close(inner);
            }
        }
        cancel(branch);
    }

    private void cancel(Branch branch) {
        if (branch.questionEntry != null) {
            questions.withdraw(branch.questionEntry);
        }
        if (branch.waitEntry != null) {
            waits.withdraw(branch.waitEntry);
        }
        if (branches.cancelled(branch)) {
            output.add(new Effect.CancelStep(branch.step));
        }
    }
}
