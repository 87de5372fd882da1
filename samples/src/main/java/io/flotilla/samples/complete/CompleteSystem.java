package io.flotilla.samples.complete;

import io.flotilla.AgentId;
import io.flotilla.samples.shell.Output;
import io.flotilla.samples.shell.Sample;
import io.flotilla.samples.shell.Settings;
import io.flotilla.samples.shell.Shell;
import java.time.Duration;
import java.util.Map;
import java.util.TreeMap;

/**
 * Three analysts behind circuit breakers, a manager above them, signed messages, shared state, chaos, a health monitor, traces and
 * the inspector. The second analyst is broken and healed while all of it runs.
 */
public final class CompleteSystem implements Sample {

    private static final long MOST_MS = Duration.ofSeconds(10).toMillis();
    private static final AgentId VICTIM = AgentId.of("analyst", 2);

    public static void main(String[] args) {
        Shell.exit(new CompleteSystem());
    }

    @Override
    public String name() {
        return "complete-system";
    }

    @Override
    public int run(Settings settings, Output output) {
        Happenings happenings = new Happenings();
        try (Plant plant = new Plant(settings.seed(), happenings)) {
            output.line("three analysts under a manager, behind a hub that believes nobody; seed %d", settings.seed());
            output.line("the inspector is at %s while this runs", plant.address());

            output.line("all are well");
            work(plant, output);

            output.line("%s is broken: it no longer answers", VICTIM);
            happenings.begin();
            plant.breaks(VICTIM);
            work(plant, output);
            long detected = happenings.firstMs("health   " + VICTIM + " UP -> DOWN");
            long degraded = happenings.firstMs("health   the whole UP -> DEGRADED");
            long rerouted = happenings.firstMs("manager  a task of " + VICTIM);
            tell(happenings, output);
            happenings.begin();
            work(plant, output);
            output.line(
                    "  detected after %d ms, degraded after %d ms, rerouted after %d ms", detected, degraded, rerouted);

            output.line("%s is healed", VICTIM);
            happenings.begin();
            plant.heals(VICTIM);
            boolean recovered = untilRecovered(plant, happenings);
            long recoveredMs = happenings.elapsedMs();
            tell(happenings, output);
            work(plant, output);
            output.line("  %s after %d ms", recovered ? "recovered" : "not recovered", recoveredMs);

            output.line(
                    "an unsigned message is %s; let in: %d",
                    plant.forged(), plant.trust().admittedCount());
            output.line("the shared state: reports %s", plant.reports());
            output.line("chaos: %d delays injected", plant.injected());
            output.line("traces, started by name and what is around it:");
            plant.traces().tree().forEach(line -> output.line("  %s", line));
            stay(plant, settings, output);
            return recovered && detected >= 0 && degraded >= 0 && rerouted >= 0 ? 0 : 1;
        }
    }

    /** With {@code -Dinspect=true}: what has happened is there to be looked at. */
    private static void stay(Plant plant, Settings settings, Output output) {
        if (settings.inspect()) {
            output.line(
                    "the inspector stays: %s#/system, until Ctrl-C, or nobody has looked for %s",
                    plant.address(), settings.inspectIdle());
            output.out().flush();
            plant.stay(settings.inspectIdle());
        }
    }

    /** One run; who has done how many of its items. */
    private static void work(Plant plant, Output output) {
        Map<String, Integer> before = plant.reports();
        long from = System.nanoTime();
        int done = plant.work();
        long tookMs = Duration.ofNanos(System.nanoTime() - from).toMillis();
        Map<String, Integer> byWhom = new TreeMap<>(plant.reports());
        byWhom.replaceAll((analyst, count) -> count - before.getOrDefault(analyst, 0));
        output.line("  %d of %d items in %d ms by %s; health %s", done, Plant.ITEMS, tookMs, byWhom, plant.health());
    }

    private static void tell(Happenings happenings, Output output) {
        happenings.lines().forEach(line -> output.line("  %s", line));
    }

    /** Until it has written a report again, and all is well. */
    private static boolean untilRecovered(Plant plant, Happenings happenings) {
        String victim = VICTIM.toString();
        int before = plant.reports().getOrDefault(victim, 0);
        while (happenings.elapsedMs() < MOST_MS) {
            plant.work();
            if (plant.reports().getOrDefault(victim, 0) > before
                    && plant.health().equals("UP")) {
                return true;
            }
        }
        return false;
    }
}
