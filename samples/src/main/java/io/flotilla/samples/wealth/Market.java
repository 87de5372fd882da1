package io.flotilla.samples.wealth;

import io.flotilla.simulation.AgentSet;
import io.flotilla.step.StepEngine;
import java.util.Collection;
import java.util.List;
import java.util.Random;
import java.util.stream.IntStream;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;

/**
 * The Boltzmann exchange: in every round each trader, in an order drawn anew, gives one coin to somebody at random. All
 * start equal, nobody is better than another, and still the coins end up with a few.
 *
 * <p>All chance comes from the seed, and the steps of a round run one after another, so a seed has one outcome.
 */
final class Market {

    private final AgentSet<Trader> traders;
    private final List<Trader> partners;
    private final Random chance;
    private final StepEngine engine = StepEngine.builder().build();

    Market(int traders, int coinsEach, long seed) {
        this.partners = IntStream.range(0, traders)
                .mapToObj(number -> new Trader(number, coinsEach))
                .toList();
        this.traders = AgentSet.of(seed, Trader::id, partners);
        this.chance = new Random(~seed);
    }

    /**
     * Trades round after round. The rounds are chained by {@code concatMap}, which starts one when the one before has
     * ended and keeps no stack of them, however many there are.
     *
     * @return after every round, how many coins changed hands
     */
    Flux<Integer> trade(int rounds) {
        return Flux.range(1, rounds).concatMap(round -> tradeOnce());
    }

    private Mono<Integer> tradeOnce() {
        return traders.step(engine.withOrder(traders.shuffledOrder()), (trader, context) -> Mono.just(giveCoin(trader)))
                .map(report -> sum(report.orThrow().values()));
    }

    private int giveCoin(Trader giver) {
        return giver.giveTo(partners.get(chance.nextInt(partners.size())));
    }

    /** The coins of all traders. */
    Mono<Double> total() {
        return traders.aggregate(AgentSet.Aggregate.SUM, Trader::coins);
    }

    /** What each trader has. */
    List<Integer> coins() {
        return traders.map(Trader::coins);
    }

    private static int sum(Collection<Integer> numbers) {
        return numbers.stream().mapToInt(Integer::intValue).sum();
    }
}
