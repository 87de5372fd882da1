package io.flotilla.step;

import io.flotilla.agent.Agent;
import io.flotilla.agent.Usage;
import io.flotilla.internal.BlockingLevel;
import io.flotilla.internal.BlockingPool;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicIntegerFieldUpdater;
import org.jspecify.annotations.Nullable;
import reactor.core.CoreSubscriber;
import reactor.core.publisher.Mono;
import reactor.core.publisher.Operators;
import reactor.util.context.Context;

/**
 * One subscription to {@link StepEngine#step}: starts the step on the thread that subscribes, and signals its result.
 *
 * <p>What a round sets up for all its steps is the engine's here, see {@link Singles}; {@link CallWatch} sees a body that
 * keeps the thread it is started on. The state table of the signals is {@link OneValue}'s, that of the step {@link Step}'s.
 * The end follows when the result has been signalled and the step's end reported, whichever is last.
 *
 * <p>With observations, meters, a limit of steps in flight or another failure mode than {@link FailureMode#ISOLATE} a single step is a
 * round of one instead: what they need, a round has.
 */
final class SingleStep<I, O> extends OneValue<StepResult<O>> implements StepHost<I, O>, EngineClock.Watched {

    /** The cold form. */
    static <I, O> Mono<StepResult<O>> of(StepEngine engine, Agent<? super I, ? extends O> agent, I input) {
        EngineCore core = engine.core();
        boolean isolates = engine.failureMode() == FailureMode.ISOLATE;
        if (isolates && core.telemetry == null && core.permits == null) {
            return new Source<I, O>(engine, agent, input);
        }
        Mono<StepResult<O>> round = StepFlux.<I, O>overList(
                        engine.withoutRoundTimeout(), StepFlux.array(List.of(agent)), input, null)
                .single();
        return isolates ? round.onErrorResume(thrown -> Mono.just(notStarted(core, agent, thrown))) : round;
    }

    private static final class Source<I, O> extends Mono<StepResult<O>> {

        private final StepEngine engine;
        private final Agent<? super I, ? extends O> agent;
        private final I input;

        Source(StepEngine engine, Agent<? super I, ? extends O> agent, I input) {
            this.engine = engine;
            this.agent = agent;
            this.input = input;
        }

        @Override
        public void subscribe(CoreSubscriber<? super StepResult<O>> actual) {
            SingleStep<I, O> single;
            try {
                single = new SingleStep<>(engine, actual);
            } catch (Throwable noScheduler) { // of the user's supplier
                actual.onSubscribe(Operators.scalarSubscription(actual, notStarted(engine.core(), agent, noScheduler)));
                return;
            }
            actual.onSubscribe(single);
            single.start(agent, input);
        }
    }

    /** Clock, timer or scheduler of the user's throw, so nobody can say when. */
    private static <O> StepResult<O> notStarted(EngineCore core, Agent<?, ?> agent, Throwable thrown) {
        StepResult<O> result =
                new StepResult.Failed<>(CalledStep.idOf(agent), 0, 0, Instant.now(), 0, thrown, Usage.NONE);
        core.report(StepFailure.of(result, "(not started)"));
        return result;
    }

    private final StepEngine engine;
    private final Singles singles;
    private final RoundScope scope;

    private volatile @Nullable Step<I, O> step;

    // The call watch's own.
    private @Nullable StallNotes seen;
    private volatile boolean idle;

    /** What the end waits for, where the end of the step is reported. */
    private volatile int open;

    @SuppressWarnings("rawtypes")
    private static final AtomicIntegerFieldUpdater<SingleStep> OPEN =
            AtomicIntegerFieldUpdater.newUpdater(SingleStep.class, "open");

    private SingleStep(StepEngine engine, CoreSubscriber<? super StepResult<O>> downstream) {
        super(downstream);
        this.engine = engine;
        this.singles = engine.core().singles();
        this.scope = engine.core().newScope(null, null, singles.schedulers.timer());
    }

    private void start(Agent<? super I, ? extends O> agent, I input) {
        if (isOver()) {
            return;
        }
        Step<I, O> own = new Step<>(this, agent, input, 0, null, context());
        step = own; // the mark above and the look below meet cancelled(), which looks at them the other way round
        if (isOver()) {
            own.cancel();
            return;
        }
        boolean ownersFlag = Thread.interrupted();
        CallWatch.watch(this);
        own.start();
        CallWatch.forget(this);
        if (!own.isComputed() && own.isActive()) {
            singles.enter(own);
        }
        Starter.restore(ownersFlag);
        own.settleComputed();
    }

    private Context context() {
        Context outer = BlockingPool.in(downstream.currentContext(), engine.core().settings.blockingScheduler);
        BlockingLevel level = BlockingLevel.current();
        return level == null ? outer : level.in(outer);
    }

    // --- a body that keeps the thread

    /** On the call watch's thread. */
    @Override
    public boolean isOverdue(long nanos) {
        Step<I, O> starting = step;
        if (starting == null || !starting.isActive()) {
            return false;
        }
        StallNotes notes = seen;
        if (notes == null) {
            notes = new StallNotes();
            notes.begin(starting);
            seen = notes;
            return false;
        }
        if (notes.isPast(starting.limitNanos(), nanos)) {
            return true;
        }
        idle = notes.isIdle(starting, nanos);
        return idle;
    }

    @Override
    public void overdue() {
        Step<I, O> stalled = step;
        if (stalled != null && stalled.claimTimeOut(idle)) {
            stalled.endStalled();
        }
    }

    // --- the signals

    @Override
    void cancelled() {
        Step<I, O> own = step;
        if (own != null && own.isActive()) {
            Cancels.of(own).elsewhere();
        }
    }

    @Override
    void signal(StepResult<O> result) {
        try {
            downstream.onNext(result);
        } catch (Throwable fatal) { // Reactor throws what it holds for fatal instead of signalling it
            downstream.onError(fatal);
            return;
        }
        if (open == 0) {
            downstream.onComplete();
        } else {
            close();
        }
    }

    private void close() {
        if (OPEN.decrementAndGet(this) == 0) {
            downstream.onComplete();
        }
    }

    @Override
    void discard(StepResult<O> unused) {
        super.discard(unused);
        Operators.onDiscard(unused.value(), downstream.currentContext());
    }

    // --- for the step

    @Override
    public StepEngine engine() {
        return engine;
    }

    @Override
    public RoundScope scope() {
        return scope;
    }

    @Override
    public long nanos() {
        return singles.schedulers.timer().now(TimeUnit.NANOSECONDS);
    }

    @Override
    public Instant instant(long nanos) {
        return singles.instant(nanos);
    }

    @Override
    public boolean keepsResults() {
        return engine.core().interceptors.isEmpty();
    }

    /** There is nobody else whom it could be said to: the step itself has failed. */
    @Override
    public void noTime(Step<I, O> own, Throwable thrown) {
        own.threw(thrown);
    }

    @Override
    public void ended(Step<I, O> own, StepResult<O> result) {
        InFlight.leave(own);
        boolean bodysFlag = Thread.interrupted();
        if (result.isFailure()) {
            StepFailure failure = StepFailure.of(result, own.stepId());
            open = 2;
            emit(result);
            Relay.run(() -> engine.core().report(failure), this::close);
        } else {
            emit(result);
        }
        if (bodysFlag) {
            Thread.currentThread().interrupt();
        }
    }

    @Override
    public void cancelled(Step<I, O> own) {
        InFlight.leave(own);
    }

    @Override
    public @Nullable Duration passedRoundTimeout() {
        return null;
    }

    @Override
    public String hintOfWaiting() {
        return "";
    }
}
