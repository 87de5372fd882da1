package io.flotilla.samples.simulation;

import io.flotilla.samples.shell.Output;
import io.flotilla.samples.shell.Sample;
import io.flotilla.samples.shell.Settings;
import io.flotilla.samples.shell.Shell;
import io.flotilla.testkit.Simulation;
import io.flotilla.testkit.SimulationCase;
import io.flotilla.testkit.SimulationChaos;
import io.flotilla.testkit.SimulationReport;
import io.flotilla.testkit.SimulationRun;
import java.time.Duration;
import java.util.List;

/**
 * Twenty clerks sell the last seat of a hall, in a workflow, with faults. A simulation finds that two of them can sell it both,
 * shrinks that to the clerks, faults and choices it takes, and replays it. The clerks that have been mended pass.
 */
public final class SimulationSample implements Sample {

    private static final Simulation SIMULATION = Simulation.seeded(1)
            .seeds(500)
            .agents(1, 20)
            .chaos(SimulationChaos.none()
                    .fail(0.05)
                    .hang(0.01)
                    .delay(0.8, Duration.ofMillis(1), Duration.ofSeconds(10)));

    public static void main(String[] args) {
        Shell.exit(new SimulationSample());
    }

    @Override
    public String name() {
        return "simulation";
    }

    @Override
    public int run(Settings settings, Output output) {
        output.line("20 clerks who look whether a seat is free, and then book it");
        SimulationReport report = SIMULATION.check(world -> BoxOffice.in(world, true));
        SimulationRun failure = report.failure();
        SimulationRun smallest = report.smallest();
        if (failure == null || smallest == null) {
            output.line("  nothing was found: %s", report);
            return 1;
        }
        output.line("  seed %d fails: %s", failure.of().seed(), cause(failure));
        output.line("  %s", size(failure));
        output.line("shrunk in %d runs: %s", report.shrinkRuns(), cause(smallest));
        output.line("  %s", smallest.of().toString());
        smallest.log().forEach(line -> output.line("  %s", line));

        SimulationCase read = SimulationCase.parse(smallest.of().toString());
        SimulationRun replayed = SIMULATION.replay(read, world -> BoxOffice.in(world, true));
        boolean same = replayed.log().equals(smallest.log());
        output.line("replayed: %s", same ? "the same log, to the byte" : "another log");

        output.line("20 clerks who look and book at once");
        SimulationReport mended = SIMULATION.check(world -> BoxOffice.in(world, false));
        output.line("  %s", mended.passed() ? mended.toString() : "they fail too");
        return same && mended.passed() ? 0 : 1;
    }

    private static String cause(SimulationRun run) {
        Throwable cause = run.cause();
        return cause == null ? run.outcome().toString() : String.valueOf(cause.getMessage());
    }

    private static String size(SimulationRun run) {
        List<?> faults = run.of().faults();
        return run.of().agents() + " clerks, " + (faults == null ? 0 : faults.size()) + " faults, "
                + run.of().choices() + " choices, " + run.log().size() + " lines of log";
    }
}
