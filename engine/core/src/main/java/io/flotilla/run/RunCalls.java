package io.flotilla.run;

import io.flotilla.run.machine.Fact;
import java.util.ArrayList;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import reactor.core.publisher.MonoSink;

/**
 * Callers from outside who wait until what they have told a run is in its journal, and what came of it. Each is signalled once.
 * Thread-safe.
 */
final class RunCalls {

    private static final Logger LOG = LoggerFactory.getLogger(Run.class);

    private final int most;
    private final Map<Fact, MonoSink<Boolean>> callers = new IdentityHashMap<>(); // guarded by itself

    /** {@code most} is how many may wait at a time. */
    RunCalls(int most) {
        this.most = most;
    }

    /** False if too many wait already. */
    boolean add(Fact fact, MonoSink<Boolean> caller) {
        synchronized (callers) {
            if (callers.size() >= most) {
                return false;
            }
            callers.put(fact, caller);
            return true;
        }
    }

    /** The fact is in the journal, and this has come of it. */
    void applied(Fact fact, List<RunEvent> events) {
        MonoSink<Boolean> caller = take(fact);
        if (caller == null) {
            return;
        }
        if (fact instanceof Fact.SignalReceived signal && isRefused(events)) {
            signal(
                    caller,
                    to -> to.error(new SignalRefusedException(signal.signal(), "the run keeps as many as it may")));
        } else {
            signal(caller, to -> to.success(isTaken(fact, events)));
        }
    }

    private static boolean isRefused(List<RunEvent> events) {
        return events.stream()
                .anyMatch(event -> event instanceof RunEvent.SignalReceived received
                        && received.delivery() == RunEvent.Delivery.REFUSED);
    }

    private static boolean isTaken(Fact fact, List<RunEvent> events) {
        for (RunEvent event : events) {
            if (event instanceof RunEvent.SignalReceived received) {
                return received.delivery() != RunEvent.Delivery.LOST;
            }
            if (fact instanceof Fact.BranchCancelRequested cancel
                    && event instanceof RunEvent.BranchCancelled cancelled
                    && cancelled.branch().equals(cancel.branch())) {
                return true;
            }
        }
        return false;
    }

    /** It cannot be in the journal. */
    void refused(Fact fact, Throwable why) {
        signal(take(fact), caller -> caller.error(why));
    }

    /** The run breaks down. */
    void closeAll(Throwable why) {
        List<MonoSink<Boolean>> all;
        synchronized (callers) {
            all = new ArrayList<>(callers.values());
            callers.clear();
        }
        all.forEach(each -> signal(each, caller -> caller.error(why)));
    }

    private @Nullable MonoSink<Boolean> take(Fact fact) {
        synchronized (callers) {
            return callers.isEmpty() ? null : callers.remove(fact);
        }
    }

    /** What a subscriber throws is no business of the run. */
    private static void signal(@Nullable MonoSink<Boolean> caller, Consumer<MonoSink<Boolean>> signal) {
        if (caller == null) {
            return;
        }
        try {
            signal.accept(caller);
        } catch (Throwable thrown) {
            LOG.debug("a subscriber to what becomes of a call throws", thrown);
        }
    }
}
