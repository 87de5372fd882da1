package io.flotilla.samples.wealth;

import io.flotilla.samples.shell.Output;
import io.flotilla.samples.shell.Sample;
import io.flotilla.samples.shell.Settings;
import io.flotilla.samples.shell.Shell;
import java.util.Objects;

/**
 * A simulation without I/O: 10,000 traders over 100 rounds, a million steps. Prints how unequal they become, and what
 * they have in the end. The same {@code -Dseed} prints the same.
 */
public final class Wealth implements Sample {

    private static final int TRADERS = 10_000;
    private static final int COINS_EACH = 10;
    private static final int ROUNDS = 100;
    private static final int ROUNDS_A_LINE = 10;
    private static final int COINS_A_BAR = 5;

    public static void main(String[] args) {
        Shell.exit(new Wealth());
    }

    @Override
    public String name() {
        return "wealth";
    }

    @Override
    public int run(Settings settings, Output output) {
        long seed = settings.seed();
        Market market = new Market(TRADERS, COINS_EACH, seed);
        output.line("%,d traders with %d coins each, %d rounds, seed %d", TRADERS, COINS_EACH, ROUNDS, seed);
        output.line("");
        output.line("Gini coefficient by round (0: all have the same, 1: one has it all)");
        printInequality(output, 0, market);
        market.trade(ROUNDS)
                .index()
                .filter(round -> (round.getT1() + 1) % ROUNDS_A_LINE == 0)
                .doOnNext(round -> printInequality(output, round.getT1() + 1, market))
                .blockLast(); // the outermost edge of a program
        output.line("");
        output.line("Traders by coins after round %d", ROUNDS);
        Chart.histogram(market.coins(), COINS_A_BAR).forEach(output::line);
        output.line("");
        output.line("%.0f coins in all", Objects.requireNonNull(market.total().block()));
        return 0;
    }

    private static void printInequality(Output output, long round, Market market) {
        double gini = Inequality.gini(market.coins());
        output.line("%9d   %6.3f %s", round, gini, Chart.bar(gini));
    }
}
