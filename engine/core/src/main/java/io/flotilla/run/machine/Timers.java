package io.flotilla.run.machine;

import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** The deadlines of a run that have not passed, and whose they are. */
final class Timers {

    /** No timer. */
    static final long NONE = 0;

    private final Output output;

    /** In the order they were started, which is the order they are stopped in at the end. */
    private final Map<Long, Object> running = new LinkedHashMap<>();

    private long started;

    Timers(Output output) {
        this.output = output;
    }

    /** {@link #NONE} without a limit; its number is taken all the same, so a limit more or less does not change others. */
    long start(@Nullable Duration limit, Object whose) {
        started++;
        if (limit == null) {
            return NONE;
        }
        running.put(started, whose);
        output.add(
                new Effect.StartTimer(started, limit, whose instanceof QuestionEntry entry ? entry.open.id() : null));
        return started;
    }

    /** Returns {@link #NONE}, for the timer there is no more. */
    long stop(long timer) {
        if (timer != NONE && running.remove(timer) != null) {
            output.add(new Effect.CancelTimer(timer));
        }
        return NONE;
    }

    /** Whose the timer was that has fired; null if it was stopped before. */
    @Nullable Object fired(long timer) {
        return running.remove(timer);
    }

    boolean isQuiet() {
        return running.isEmpty();
    }

    void stopAll() {
        running.keySet().forEach(timer -> output.add(new Effect.CancelTimer(timer)));
        running.clear();
    }
}
