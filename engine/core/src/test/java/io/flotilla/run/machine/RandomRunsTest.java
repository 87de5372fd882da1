package io.flotilla.run.machine;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/**
 * The model check: runs drawn at random, driven through the machine without threads, each of its events held against the rules
 * by an {@link Onlooker} that shares no code with it. Every run ends, every branch settles once, nothing is left open, no
 * step is too many, joins and rendezvous decide when they must and not before, and the same seed tells the same story byte for
 * byte, as do its facts to another machine.
 *
 * <p>{@code mvn verify -Psoak} runs 200,000. A failure names its own seed: {@code -Drandom.seed=N -Drandom.runs=1} repeats it.
 */
@Timeout(value = 60, unit = TimeUnit.MINUTES)
class RandomRunsTest {

    private static final int RUNS = Integer.getInteger("random.runs", 5_000);
    private static final long SEED = Long.getLong("random.seed", new Random().nextLong());

    /** What must have happened, or the runs drawn are not worth much. */
    private static final List<String> REACHED = List.of(
            "runs SUCCEEDED",
            "runs FAILED",
            "runs CANCELLED",
            "ends by CANCELLED",
            "ends by INVALID_DECISION",
            "ends by JOIN_SHORTFALL",
            "ends by JOIN_PREDICATE_FAILED",
            "ends by LIMIT_EXCEEDED",
            "ends by QUESTION_EXPIRED",
            "ends by STEP_FAILED",
            "limits of branches",
            "limits of cost",
            "limits of delegationCycles",
            "limits of depth",
            "limits of questions",
            "limits of steps",
            "limits of time",
            "limits of tokens",
            "hand-offs",
            "corrections",
            "pauses",
            "steps cancelled",
            "steps that never end",
            "forks",
            "joins MET",
            "joins UNMET",
            "joins VACATED",
            "joins early",
            "joins at their deadline",
            "joins when all ended",
            "late answers",
            "late arrivals",
            "rendezvous when nobody else could come",
            "rendezvous that waited for each other",
            "rendezvous timed out by the join around them",
            "knots untied while others were at work",
            "rendezvous at their quorum",
            "rendezvous at their deadline",
            "questions",
            "questions of joins",
            "questions of the run",
            "questions answered",
            "questions answered by default",
            "ends by SIGNAL_TIMEOUT",
            "sleeps",
            "signals awaited",
            "signals DELIVERED",
            "signals KEPT",
            "signals LOST",
            "signals REFUSED",
            "signals by default",
            "signals taken later",
            "branches cancelled from outside",
            "compensations",
            "compensations that failed",
            "turns excluded",
            "ends by STATE_REJECTED",
            "ends by STATE_MERGE_FAILED",
            "state writes TAKEN",
            "state writes REJECTED",
            "state writes BROKEN",
            "state conflicts",
            "state merges",
            "states with too many keys",
            "nudged by a signal",
            "nudged by an answer",
            "nudged by a cancel");

    @Test
    void run_drawnAtRandom_endsAndKeepsEveryRule() {
        System.out.println("random runs: " + RUNS + " from seed " + SEED);
        Counts counts = new Counts();
        for (int run = 0; run < RUNS; run++) {
            check(SEED + run, counts);
        }
        System.out.println("random runs:" + counts);
        if (RUNS >= 5_000) { // fewer may miss what is rare
            assertThat(counts.all()).containsKeys(REACHED.toArray(String[]::new));
        }
    }

    private static void check(long seed, Counts counts) {
        RandomRun run = new RandomRun(seed, counts);
        try {
            run.run();
            assertThat(run.replayed()).as("replayed").isEqualTo(run.told());
            RandomRun again = new RandomRun(seed, new Counts());
            again.run();
            assertThat(again.told()).as("the same seed").isEqualTo(run.told());
        } catch (Throwable broken) {
            throw new AssertionError(
                    "run with seed " + seed + ": " + broken.getMessage() + "\n" + run.plan() + "\n" + run.told(),
                    broken);
        }
    }
}
