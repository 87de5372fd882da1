package io.flotilla.samples.wealth;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import org.junit.jupiter.api.Test;
import reactor.test.StepVerifier;

class MarketTest {

    @Test
    void trade_manyRounds_noCoinIsMadeOrLost() {
        Market market = new Market(100, 10, 1);

        StepVerifier.create(market.trade(200)).expectNextCount(200).verifyComplete();

        StepVerifier.create(market.total()).expectNext(1_000.0).verifyComplete();
        assertThat(market.coins()).hasSize(100).allMatch(coins -> coins >= 0);
    }

    @Test
    void trade_firstRound_everybodyGivesOne() {
        StepVerifier.create(new Market(100, 10, 1).trade(1)).expectNext(100).verifyComplete();
    }

    @Test
    void trade_nobodyHasCoins_nothingIsGiven() {
        StepVerifier.create(new Market(3, 0, 1).trade(2)).expectNext(0, 0).verifyComplete();
    }

    @Test
    void trade_sameSeed_sameHoldings() {
        assertThat(after(50, 42)).isEqualTo(after(50, 42)).isNotEqualTo(after(50, 43));
    }

    @Test
    void trade_manyMoreRoundsThanAStackHolds_ends() {
        Market market = new Market(2, 1, 1);

        StepVerifier.create(market.trade(50_000)).expectNextCount(50_000).verifyComplete();
    }

    private static List<Integer> after(int rounds, long seed) {
        Market market = new Market(100, 10, seed);
        StepVerifier.create(market.trade(rounds).then()).verifyComplete();
        return market.coins();
    }
}
