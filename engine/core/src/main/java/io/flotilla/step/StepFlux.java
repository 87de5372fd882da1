package io.flotilla.step;

import io.flotilla.agent.Agent;
import io.flotilla.agent.UsageLedger;
import java.util.function.IntPredicate;
import org.jspecify.annotations.Nullable;
import reactor.core.CoreSubscriber;
import reactor.core.publisher.Flux;
import reactor.util.function.Tuple2;

/** The cold streams of results: each subscription is a {@link Round}. */
final class StepFlux {

    private StepFlux() {}

    /** Over a list; agents for whose index {@code stillWanted} says no when their turn comes are left out. */
    static final class OfList<I, O> extends Flux<StepResult<O>> {

        private final StepEngine engine;
        private final boolean failFast;
        private final Agent<? super I, ? extends O>[] agents;
        private final I input;
        private final @Nullable IntPredicate stillWanted;
        private final @Nullable UsageLedger usage;

        OfList(
                StepEngine engine,
                boolean failFast,
                Agent<? super I, ? extends O>[] agents,
                I input,
                @Nullable IntPredicate stillWanted,
                @Nullable UsageLedger usage) {
            this.usage = usage;
            this.engine = engine;
            this.failFast = failFast;
            this.agents = agents;
            this.input = input;
            this.stillWanted = stillWanted;
        }

        @Override
        public void subscribe(CoreSubscriber<? super StepResult<O>> actual) {
            new ListRound<I, O>(
                            engine,
                            failFast,
                            actual,
                            agents,
                            input,
                            stillWanted,
                            usage == null ? new UsageLedger() : usage)
                    .run(engine.places());
        }
    }

    /** Over a stream of pairs. */
    static final class OfFlux<I, O> extends Flux<StepResult<O>> {

        private final StepEngine engine;
        private final boolean failFast;
        private final Flux<? extends Tuple2<? extends Agent<? super I, ? extends O>, ? extends I>> pairs;

        OfFlux(
                StepEngine engine,
                boolean failFast,
                Flux<? extends Tuple2<? extends Agent<? super I, ? extends O>, ? extends I>> pairs) {
            this.engine = engine;
            this.failFast = failFast;
            this.pairs = pairs;
        }

        @Override
        public void subscribe(CoreSubscriber<? super StepResult<O>> actual) {
            FluxRound<I, O> round = new FluxRound<>(engine, failFast, actual, engine.places());
            round.begin(() -> pairs.subscribe(round));
        }
    }
}
