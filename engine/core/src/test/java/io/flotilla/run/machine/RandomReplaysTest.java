package io.flotilla.run.machine;

import static org.assertj.core.api.Assertions.assertThat;

import io.flotilla.agent.Usage;
import io.flotilla.journal.JournalEntry;
import io.flotilla.journal.PayloadCodec;
import io.flotilla.observe.Redactor;
import io.flotilla.run.BranchPath;
import io.flotilla.run.PendingQuestion;
import io.flotilla.run.RunEvent;
import io.flotilla.run.RunResult;
import io.flotilla.run.RunState;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/**
 * Runs drawn at random, written into a journal's bytes fact by fact: read back up to any fact they are what they were then,
 * and what they had told, and what they had asked for.
 *
 * <p>{@code -Drandom.seed=N -Drandom.pasts=1} repeats one.
 */
@Timeout(value = 60, unit = TimeUnit.MINUTES)
class RandomReplaysTest {

    private static final int RUNS = Integer.getInteger("random.pasts", 1_000);
    private static final long SEED = Long.getLong("random.seed", new Random().nextLong());
    private static final FactCodec CODEC = new FactCodec(PayloadCodec.basic(), Redactor.NONE);

    @Test
    void replay_upToEveryFact_isWhatTheLiveRunWas() {
        System.out.println("random pasts: " + RUNS + " from seed " + SEED);
        long facts = 0;
        for (int run = 0; run < RUNS; run++) {
            try {
                facts += check(SEED + run);
            } catch (Throwable broken) {
                throw new AssertionError("run with seed " + (SEED + run) + ": " + broken.getMessage(), broken);
            }
        }
        System.out.println("random pasts: " + facts + " facts");
    }

    private static int check(long seed) {
        Live live = new Live();
        RandomRun run = new RandomRun(seed, new Counts(), live);
        run.run();
        Replay replay = new Replay("run", run.itsPlan(), Integer.MAX_VALUE);
        assertThat(replay.state()).isEqualTo(live.states.get(0));
        for (int at = 0; at < live.entries.size(); at++) {
            CODEC.read(live.entries.get(at), replay);
            assertThat(replay.state()).as("after fact %s", at).isEqualTo(live.states.get(at + 1));
            assertThat(replay.steps.keySet()).as("in flight after fact %s", at).isEqualTo(live.inFlight.get(at));
        }
        assertThat(replay.events().toString()).isEqualTo(live.events.toString());
        for (int places : new int[] {1, 3, 1_000}) {
            checkWithPlaces(places, run, live);
        }
        return live.entries.size();
    }

    /** How many steps may be in flight is no part of a run's history. */
    private static void checkWithPlaces(int places, RandomRun run, Live live) {
        Plan plan = run.itsPlan();
        Replay replay =
                new Replay("run", plan.toBuilder().maxStepsInFlight(places).build());
        for (int at = 0; at < live.entries.size(); at++) {
            CODEC.read(live.entries.get(at), replay);
            RunState was = live.states.get(at + 1);
            RunState is = replay.state();
            assertThat(is.status())
                    .as("after fact %s with %s places", at, places)
                    .isEqualTo(was.status());
            assertThat(is.ended()).isEqualTo(was.ended());
            assertThat(is.questions()).isEqualTo(was.questions());
            assertThat(is.waits()).isEqualTo(was.waits());
            assertThat(is.signals()).isEqualTo(was.signals());
            assertThat(is.values()).isEqualTo(was.values());
            assertThat(is.branches())
                    .extracting(RunState.BranchState::path)
                    .isEqualTo(was.branches().stream()
                            .map(RunState.BranchState::path)
                            .toList());
            assertThat(excluded(is)).as("excluded").isEqualTo(excluded(was));
            assertThat(replay.steps.size()).as("in flight").isLessThanOrEqualTo(places);
        }
    }

    private static List<BranchPath> excluded(RunState state) {
        return state.branches().stream()
                .filter(branch -> branch.status() == RunState.BranchStatus.EXCLUDED)
                .map(RunState.BranchState::path)
                .toList();
    }

    /** Keeps the books of a run that is at work, from its effects and events only. */
    private static final class Live implements RandomRun.Watcher {

        final List<JournalEntry> entries = new ArrayList<>();
        final List<RunState> states = new ArrayList<>();
        final List<RunEvent> events = new ArrayList<>();
        final List<Set<Long>> inFlight = new ArrayList<>();
        private final Set<Long> steps = new LinkedHashSet<>();
        private final Map<String, PendingQuestion> questions = new LinkedHashMap<>();
        private @Nullable Recorded next;
        private @Nullable RunDigest digest;
        private Usage used = Usage.NONE;
        private RunState.Status status = RunState.Status.RUNNING;

        Live() {
            states.add(new RunState(
                    "run",
                    0,
                    status,
                    List.of(),
                    new RunResult.Branches(0, 0, 0, 0),
                    List.of(),
                    0,
                    Usage.NONE,
                    List.of(),
                    List.of(),
                    Map.of()));
        }

        @Override
        public void before(Fact fact, RunMachine machine) {
            digest = digest == null ? new RunDigest(machine.plan()) : digest;
            RunHeader header = RunHeader.of("workflow", "", Map.of(), machine.plan());
            next = Recorded.of(fact, machine, digest, header, false);
        }

        @Override
        public void after(Fact fact, RunMachine machine, List<Effect> effects) {
            if (fact instanceof Fact.StepSettled settled) {
                used = settled.used();
                steps.remove(settled.step());
            }
            effects.forEach(this::keep);
            for (RunEvent event : machine.events()) {
                if (event instanceof RunEvent.RunPaused) {
                    status = RunState.Status.PAUSED;
                } else if (event instanceof RunEvent.RunResumed) {
                    status = RunState.Status.RUNNING;
                } else if (event instanceof RunEvent.CompensationStarted) {
                    status = RunState.Status.COMPENSATING;
                } else if (event instanceof RunEvent.RunFinished finished) {
                    status = RunState.Status.valueOf(finished.status().name());
                }
            }
            events.addAll(machine.events());
            digest.add(fact, machine.events(), machine.turns());
            entries.add(CODEC.entry(entries.size(), entries.size() % 3 == 0 ? next : next.with(digest.value())));
            inFlight.add(Set.copyOf(steps));
            states.add(new RunState(
                    "run",
                    entries.size(),
                    status,
                    machine.branchStates(),
                    machine.ends(),
                    List.copyOf(questions.values()),
                    machine.steps(),
                    used,
                    machine.waits(),
                    machine.signals(),
                    machine.values()));
        }

        private void keep(@Nullable Effect effect) {
            if (effect instanceof Effect.StartStep start) {
                steps.add(start.step());
            } else if (effect instanceof Effect.CancelStep cancel) {
                steps.remove(cancel.step());
            } else if (effect instanceof Effect.Ask ask) {
                questions.put(ask.question().id(), ask.question());
            } else if (effect instanceof Effect.CloseQuestion close) {
                questions.remove(close.question());
            }
        }
    }
}
