package io.flotilla.step;

import io.flotilla.AgentId;
import io.flotilla.internal.OutputFeed;
import io.flotilla.internal.OutputLog;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;
import org.reactivestreams.Subscription;
import reactor.core.CoreSubscriber;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Operators;
import reactor.util.context.Context;

/**
 * A round whose steps are heard while they run: sits between the results of the round and the one subscriber to its signals.
 *
 * <p>What a step emits goes into a log of its own; its result ends the log. The feed of the subscriber reads all logs. Results are asked
 * for as many as there are places, then one for each that was delivered, so never more than that many wait here.
 */
final class SignalRound<O> implements CoreSubscriber<StepResult<O>>, OutputFeed.Policy<StepSignal<O>>, RoundOutput {

    private final CoreSubscriber<? super StepSignal<O>> actual;
    private final StepEngine engine;
    private final EngineSchedulers schedulers = EngineSchedulers.shared();
    private final OutputFeed<StepSignal<O>> feed;
    private final Map<Long, Log<O>> logs = new ConcurrentHashMap<>();
    private final AtomicBoolean asked = new AtomicBoolean();

    /** Results that were delivered and have not been asked for anew. */
    private final AtomicLong delivered = new AtomicLong();

    private volatile @Nullable Subscription round;

    private SignalRound(StepEngine engine, CoreSubscriber<? super StepSignal<O>> actual) {
        this.engine = engine;
        this.actual = actual;
        this.feed = new OutputFeed<>(actual, this, schedulers::listen);
    }

    /** The signals of a round whose results {@code results} makes, for a round that publishes its output. */
    static <O> Flux<StepSignal<O>> flux(StepEngine engine, Function<RoundOutput, Flux<StepResult<O>>> results) {
        return new Flux<>() {
            @Override
            public void subscribe(CoreSubscriber<? super StepSignal<O>> actual) {
                SignalRound<O> signals = new SignalRound<>(engine, actual);
                results.apply(signals).subscribe(signals);
            }
        };
    }

    // --- what steps emit

    @Override
    public StepOutput of(AgentId agentId, long index) {
        return logs.computeIfAbsent(index, any -> log(agentId, index));
    }

    private Log<O> log(AgentId agentId, long index) {
        Log<O> log = new Log<>(agentId, index, engine.core().settings.emissionBuffer);
        feed.read(log);
        return log;
    }

    /** The output of one step. */
    private static final class Log<O> extends OutputLog<StepSignal<O>> implements StepOutput {

        private final AgentId agentId;
        private final long index;

        Log(AgentId agentId, long index, int capacity) {
            super(capacity);
            this.agentId = agentId;
            this.index = index;
        }

        @Override
        protected StepSignal<O> beginning(int attempt, AgentId called) {
            return new StepSignal.AttemptStarted<>(agentId, index, attempt, called);
        }

        @Override
        protected StepSignal<O> value(int attempt, long position, Object value) {
            return new StepSignal.Emitted<>(agentId, index, attempt, position, value);
        }

        @Override
        public void attemptStarted(int attempt, AgentId called) {
            begin(attempt, called);
        }

        @Override
        public boolean emitted(Object value) {
            return emit(value);
        }

        /** The result ends it. */
        @Override
        public void ended(StepResult.Kind kind) {}
    }

    // --- the results of the round

    @Override
    public Context currentContext() {
        return actual.currentContext();
    }

    @Override
    public void onSubscribe(Subscription subscription) {
        round = subscription;
        actual.onSubscribe(feed);
    }

    @Override
    public void onNext(StepResult<O> result) {
        Log<O> log = logs.remove(result.index());
        if (log == null) { // refused before its first attempt
            log = log(result.agentId(), result.index());
        }
        log.end(dropped -> new StepSignal.Settled<>(result, dropped));
    }

    @Override
    public void onError(Throwable cause) {
        logs.clear();
        feed.fail(cause, cause instanceof StepFailedException);
    }

    @Override
    public void onComplete() {
        logs.clear();
        feed.complete();
    }

    // --- the subscriber

    @Override
    public int maxEnded() {
        return Integer.MAX_VALUE; // no more than results are asked for
    }

    @Override
    public StepSignal<O> lost(long steps, long values) {
        throw new IllegalStateException("no result is lost");
    }

    @Override
    public void requested() {
        if (!asked.get() && asked.compareAndSet(false, true)) {
            int places = engine.maxStepsInFlight();
            ask(places == Integer.MAX_VALUE ? Long.MAX_VALUE : places);
        }
    }

    /** Elsewhere: the place that comes free is given to a body, which may keep the thread. */
    @Override
    public void delivered(StepSignal<O> signal) {
        if (signal instanceof StepSignal.Settled<O> settled) {
            engine.core().emissions.dropped(settled.dropped());
            if (delivered.getAndIncrement() == 0) {
                schedulers.listen(() -> ask(delivered.getAndSet(0)));
            }
        }
    }

    private void ask(long results) {
        Subscription subscription = round;
        if (subscription != null) {
            subscription.request(results);
        }
    }

    @Override
    public void cancelled() {
        logs.clear();
        Subscription subscription = round;
        if (subscription != null) {
            subscription.cancel();
        }
    }

    @Override
    public void discarded(StepSignal<O> signal) {
        if (signal instanceof StepSignal.Settled<O> settled) {
            Operators.onDiscard(settled.result(), currentContext());
            Operators.onDiscard(settled.result().value(), currentContext());
        }
    }
}
