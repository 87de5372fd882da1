package io.flotilla.step;

import io.flotilla.agent.Agent;
import io.flotilla.agent.UsageLedger;
import java.util.Arrays;
import java.util.function.IntPredicate;
import org.jspecify.annotations.Nullable;
import org.reactivestreams.Subscription;
import reactor.core.CoreSubscriber;
import reactor.core.publisher.Mono;
import reactor.util.context.Context;

/**
 * The report of a round over a list; an agent for whose index {@code stillWanted} says no is left out. What {@code collect} with
 * a {@link ResultSink} does, without a lock for each result and without sorting: the place of a result is its index.
 */
final class ReportMono<I, O> extends Mono<StepReport<O>> {

    private final StepEngine engine;
    private final Agent<? super I, ? extends O>[] agents;
    private final I input;
    private final @Nullable IntPredicate stillWanted;

    ReportMono(StepEngine engine, Agent<? super I, ? extends O>[] agents, I input, @Nullable IntPredicate stillWanted) {
        this.engine = engine;
        this.agents = agents;
        this.input = input;
        this.stillWanted = stillWanted;
    }

    @Override
    public void subscribe(CoreSubscriber<? super StepReport<O>> actual) {
        Collector<O> collector = new Collector<>(actual, agents.length);
        boolean failFast = engine.failureMode() == FailureMode.FAIL_FAST;
        new ListSource<I, O>(engine, failFast, collector, agents, input, stillWanted, collector.usage, null)
                .run(engine.maxStepsInFlight());
    }

    /** Takes the results as {@link Delivery} brings them, or each from the thread that has it: its place is its own. */
    static final class Collector<O> extends OneValue<StepReport<O>> implements CoreSubscriber<StepResult<O>> {

        private final UsageLedger usage = new UsageLedger();
        private final @Nullable StepResult<O>[] byIndex;
        private @Nullable Subscription round;

        @SuppressWarnings({"unchecked", "rawtypes"}) // filled with them alone
        Collector(CoreSubscriber<? super StepReport<O>> downstream, int steps) {
            super(downstream);
            this.byIndex = new StepResult[steps];
        }

        @Override
        public Context currentContext() {
            return downstream.currentContext();
        }

        @Override
        public void onSubscribe(Subscription subscription) {
            round = subscription;
            downstream.onSubscribe(this);
            subscription.request(Long.MAX_VALUE);
        }

        @Override
        public void onNext(StepResult<O> result) {
            put(result);
        }

        /** To be followed by a write that the thread which ends the round reads. */
        void put(StepResult<O> result) {
            byIndex[(int) result.index()] = result;
        }

        @Override
        public void onError(Throwable cause) {
            fail(cause);
        }

        @Override
        public void onComplete() {
            long[] counts = new long[StepResult.Kind.values().length];
            int present = 0;
            for (StepResult<O> result : byIndex) {
                if (result != null) {
                    counts[result.kind().ordinal()]++;
                    present++;
                }
            }
            emit(new StepReport<>(results(present), counts, usage.total()));
        }

        /** Without the places of agents that were left out. */
        private StepResult<O>[] results(int present) {
            if (present == byIndex.length) {
                return byIndex;
            }
            StepResult<O>[] results = Arrays.copyOf(byIndex, present);
            int at = 0;
            for (StepResult<O> result : byIndex) {
                if (result != null) {
                    results[at++] = result;
                }
            }
            return results;
        }

        @Override
        void signal(StepReport<O> report) {
            downstream.onNext(report);
            downstream.onComplete();
        }

        @Override
        void cancelled() {
            Subscription subscription = round;
            if (subscription != null) {
                subscription.cancel();
            }
        }
    }
}
