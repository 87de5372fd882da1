package io.flotilla.testkit;

import java.util.ArrayList;
import java.util.List;
import java.util.function.IntFunction;

/**
 * Makes a failing case smaller while it still fails in the same way: fewer agents, fewer messages, fewer faults, fewer choices
 * of the seed. Until nothing of that helps, or so many runs have been made.
 */
final class Shrinking {

    /** A smaller world is another world: the fault may show in it in another order only. */
    private static final int OTHER_SEEDS = 64;

    private final CaseRunner runner;
    private final Simulation settings;
    private SimulationRun smallest;
    private int runs;

    Shrinking(CaseRunner runner, Simulation settings, SimulationRun failed) {
        this.runner = runner;
        this.settings = settings;
        this.smallest = failed;
    }

    /** How many runs that took. */
    int runs() {
        return runs;
    }

    SimulationRun shrink() {
        boolean smaller = true;
        while (smaller && hasRuns()) {
            smaller = fewer(
                    smallest.of().agents(),
                    settings.leastAgents(),
                    at -> smallest.of().withAgents(at),
                    true);
            smaller |= fewer(
                    smallest.of().messages(),
                    settings.leastMessages(),
                    at -> smallest.of().withMessages(at),
                    true);
            smaller |= fewerFaults();
            smaller |= fewer(smallest.of().choices(), 0, at -> smallest.of().withChoices(at), false);
        }
        return smallest;
    }

    private boolean hasRuns() {
        return runs < settings.maxShrinkRuns();
    }

    /** The least at once, else in halves of the way to it. */
    private boolean fewer(int now, int least, IntFunction<SimulationCase> with, boolean otherSeeds) {
        boolean smaller = false;
        int size = now;
        int floor = Math.min(now, least);
        for (int step = size - floor; step > 0 && hasRuns(); ) {
            if (fails(with.apply(size - step), otherSeeds)) {
                smaller = true;
                size -= step;
                step = Math.min(step, size - floor);
            } else {
                step /= 2;
            }
        }
        return smaller;
    }

    /** Without half of them, a quarter, and so on to each one. */
    private boolean fewerFaults() {
        boolean smaller = false;
        int size = faults().size();
        for (int chunk = size; chunk > 0; chunk /= 2) {
            for (int from = 0; from < faults().size() && hasRuns(); ) {
                List<SimulatedFault> rest = new ArrayList<>(faults());
                rest.subList(from, Math.min(rest.size(), from + chunk)).clear();
                if (fails(smallest.of().withFaults(rest), false)) {
                    smaller = true;
                } else {
                    from += chunk;
                }
            }
        }
        return smaller;
    }

    private List<SimulatedFault> faults() {
        List<SimulatedFault> faults = smallest.of().faults();
        return faults == null ? List.of() : faults;
    }

    private boolean fails(SimulationCase smaller, boolean otherSeeds) {
        if (failsOnce(smaller)) {
            return true;
        }
        for (int other = 1; otherSeeds && other <= OTHER_SEEDS && hasRuns(); other++) {
            if (failsOnce(smaller.withSeed(smaller.seed() + other))) {
                return true;
            }
        }
        return false;
    }

    private boolean failsOnce(SimulationCase smaller) {
        runs++;
        SimulationRun run = runner.run(smaller, false);
        boolean fails = run.failsAs(smallest);
        if (fails) {
            smallest = run;
        }
        return fails;
    }
}
