package io.flotilla.run;

import io.flotilla.run.machine.Effect;
import io.flotilla.run.machine.Fact;
import io.flotilla.run.machine.RunMachine;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * What has come of a fact in the machine, to be carried out and emitted once the fact is in the journal.
 *
 * @param fact the fact
 * @param effects what is to be carried out, in this order
 * @param events what is to be emitted, in this order
 * @param waiting how many turns wait for a place
 * @param refused why it cannot be written, so that the machine has not applied it; null if it can
 * @param broken what the machine has thrown, which breaks the run down; null if it has not
 */
record Applied(
        Fact fact,
        List<Effect> effects,
        List<RunEvent> events,
        int waiting,
        @Nullable Throwable refused,
        @Nullable Throwable broken) {

    static Applied by(RunMachine machine, Fact fact) {
        try {
            List<Effect> effects = List.copyOf(machine.apply(fact)); // the machine uses its lists again
            return new Applied(fact, effects, List.copyOf(machine.events()), machine.waiting(), null, null);
        } catch (Throwable broken) { // a fault of the library; subscribers must not wait for ever
            return new Applied(fact, List.of(), List.of(), 0, null, broken);
        }
    }

    static Applied refused(Fact fact, Throwable why) {
        return new Applied(fact, List.of(), List.of(), 0, why, null);
    }

    /** The run has ended; the machine has not applied the fact. */
    static Applied tooLate(Fact fact) {
        return new Applied(fact, List.of(), List.of(), 0, null, null);
    }
}
