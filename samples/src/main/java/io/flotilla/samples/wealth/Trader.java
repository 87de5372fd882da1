package io.flotilla.samples.wealth;

import io.flotilla.AgentId;

/** Somebody with coins. Not thread-safe: the market steps its traders one after another. */
final class Trader {

    private final AgentId id;
    private int coins;

    Trader(int number, int coins) {
        this.id = AgentId.of("trader", number);
        this.coins = coins;
    }

    AgentId id() {
        return id;
    }

    int coins() {
        return coins;
    }

    /** Hands over one coin, if there is one. */
    int giveTo(Trader other) {
        if (coins == 0) {
            return 0;
        }
        coins--;
        other.coins++;
        return 1;
    }
}
