package io.flotilla.run;

import io.flotilla.run.machine.Fact;
import java.time.Instant;
import java.util.ArrayList;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.function.Consumer;
import java.util.function.Function;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import reactor.core.publisher.Mono;
import reactor.core.publisher.MonoSink;

/**
 * Callers from outside who wait until what they have told a run is in its journal, and what came of it. Each is signalled once.
 * Thread-safe.
 */
final class RunCalls {

    private static final Logger LOG = LoggerFactory.getLogger(Run.class);

    /** How many callers may wait for the journal at a time. */
    static final int MAX_CALLS = 10_000;

    private final Supplier<Instant> clock;
    private final Consumer<Fact> offer;
    private final Supplier<@Nullable RunSuspendedException> suspended;
    private final PendingQuestions questions;
    private final IdentityHashMap<Fact, MonoSink<Boolean>> callers = new IdentityHashMap<>(); // guarded by itself

    /** {@code suspended} is why nobody is listened to any more; null if that is not so. */
    RunCalls(
            Supplier<Instant> clock,
            Consumer<Fact> offer,
            Supplier<@Nullable RunSuspendedException> suspended,
            PendingQuestions questions) {
        this.clock = clock;
        this.offer = offer;
        this.suspended = suspended;
        this.questions = questions;
    }

    /** Tells the run something that nobody waits for. */
    void tell(Function<Instant, Fact> fact) {
        offer.accept(fact.apply(clock.get()));
    }

    List<PendingQuestion> questions() {
        return questions.list();
    }

    /** False if the question is not open. */
    Mono<Boolean> answer(String question, @Nullable Object value) {
        return unlessSuspended(caller -> {
            questions.check(question, value);
            if (questions.claim(question, caller)) {
                tell(at -> new Fact.QuestionAnswered(at, question, value));
            } else {
                caller.success(false);
            }
        });
    }

    /** A signal; {@code ifAwaited} says that it is lost if no branch waits for it. */
    Mono<Boolean> signal(String name, @Nullable Object value, boolean ifAwaited) {
        return call(
                at -> new Fact.SignalReceived(at, name, value, ifAwaited),
                () -> new SignalRefusedException(name, MAX_CALLS + " calls wait for the journal already"));
    }

    /** Cancels one branch, and all that lives in the forks it has opened. False if it is not live. */
    Mono<Boolean> cancelBranch(BranchPath branch) {
        return call(
                at -> new Fact.BranchCancelRequested(at, branch),
                () -> new IllegalStateException(MAX_CALLS + " calls wait for the journal already"));
    }

    private Mono<Boolean> call(Function<Instant, Fact> made, Supplier<RuntimeException> tooMany) {
        return unlessSuspended(caller -> {
            Fact fact = made.apply(clock.get());
            if (add(fact, caller)) {
                offer.accept(fact);
            } else {
                caller.error(tooMany.get());
            }
        });
    }

    /** Calls the run for each subscriber, unless it is being suspended. */
    private Mono<Boolean> unlessSuspended(Consumer<MonoSink<Boolean>> call) {
        return Mono.create(caller -> {
            RunSuspendedException refusal = suspended.get();
            if (refusal == null) {
                call.accept(caller);
            } else {
                caller.error(refusal);
            }
        });
    }

    /** False if too many wait already. */
    private boolean add(Fact fact, MonoSink<Boolean> caller) {
        synchronized (callers) {
            if (callers.size() >= MAX_CALLS) {
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

    /** It cannot be in the journal. True if it is of a caller, who hears of it, and without which the run goes on. */
    boolean refused(Fact fact, Throwable why) {
        signal(take(fact), caller -> caller.error(why));
        return fact instanceof Fact.SignalReceived || fact instanceof Fact.BranchCancelRequested;
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
