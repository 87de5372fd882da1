package io.flotilla.benchmarks;

import java.util.Collection;
import java.util.Map;
import java.util.TreeMap;
import org.openjdk.jmh.profile.GCProfiler;
import org.openjdk.jmh.results.Result;
import org.openjdk.jmh.results.RunResult;
import org.openjdk.jmh.runner.Runner;
import org.openjdk.jmh.runner.options.CommandLineOptions;
import org.openjdk.jmh.runner.options.OptionsBuilder;

/** Runs JMH with its own arguments, and then writes a table of nanoseconds and bytes <em>a step</em>, not a round. */
public final class Main {

    private Main() {}

    public static void main(String[] args) throws Exception {
        CommandLineOptions given = new CommandLineOptions(args);
        if (given.shouldHelp()) {
            given.showHelp();
            return;
        }
        Collection<RunResult> results = new Runner(new OptionsBuilder()
                        .parent(given)
                        .addProfiler(GCProfiler.class)
                        .build())
                .run();
        System.out.printf("%n%-70s %14s %12s %12s %12s%n", "benchmark", "ns a step", "+-", "B a step", "B a fact");
        Map<String, String> lines = new TreeMap<>();
        for (RunResult run : results) {
            String steps = run.getParams().getParam("steps");
            String runs = run.getParams().getParam("runs");
            double divisor =
                    (steps == null ? 1 : Double.parseDouble(steps)) * (runs == null ? 1 : Double.parseDouble(runs));
            Result<?> time = run.getPrimaryResult();
            Result<?> bytes = run.getSecondaryResults().get("gc.alloc.rate.norm");
            Result<?> facts = run.getSecondaryResults().get("facts");
            Result<?> onDisk = run.getSecondaryResults().get("fileBytes");
            String name = run.getParams().getBenchmark().replaceFirst("^.*\\.(\\w+\\.\\w+)$", "$1") + params(run);
            lines.put(
                    name,
                    String.format(
                            "%-70s %14.1f %12.1f %12.1f %12s",
                            name,
                            time.getScore() / divisor,
                            time.getScoreError() / divisor,
                            bytes == null ? Double.NaN : bytes.getScore() / divisor,
                            facts == null || onDisk == null
                                    ? ""
                                    : String.format("%.1f", onDisk.getScore() / facts.getScore())));
        }
        lines.values().forEach(System.out::println);
    }

    private static String params(RunResult run) {
        Map<String, String> params = new TreeMap<>();
        for (String key : run.getParams().getParamsKeys()) {
            params.put(key, run.getParams().getParam(key));
        }
        return " " + params;
    }
}
