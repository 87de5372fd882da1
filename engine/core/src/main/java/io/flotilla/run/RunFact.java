package io.flotilla.run;

import io.flotilla.agent.Usage;
import java.time.Instant;
import java.util.List;
import java.util.Objects;

/**
 * A recorded fact of a run, and what has come of it, see {@link RecordedRun#facts}. Immutable.
 *
 * @param sequence its place in the journal, from 0: {@link Runs#stateAt} with one more is the state after it, and {@link Runs#fork}
 *     takes it another way
 * @param type its type in the journal, as in {@code step-settled}
 * @param at when it happened
 * @param events what has come of it, in order; may be empty
 * @param used what the steps of the run have used by then
 * @since 0.1
 */
public record RunFact(long sequence, String type, Instant at, List<RunEvent> events, Usage used) {

    /**
     * Copies the list.
     *
     * @param sequence its place in the journal
     * @param type its type
     * @param at when it happened
     * @param events what has come of it
     * @param used what the steps have used by then
     * @throws NullPointerException if an argument or an event is null
     */
    public RunFact {
        Objects.requireNonNull(type, "type");
        Objects.requireNonNull(at, "at");
        events = List.copyOf(events);
        Objects.requireNonNull(used, "used");
    }
}
