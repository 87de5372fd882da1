package io.flotilla.run;

import static io.flotilla.run.NestedWorld.now;
import static org.assertj.core.api.Assertions.assertThat;

import io.flotilla.UndisturbedTime;
import io.flotilla.journal.Journal;
import io.flotilla.journal.JournalFilter;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Random;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import reactor.test.scheduler.VirtualTimeScheduler;

/**
 * The model check of runs in runs: workflows drawn at random, nested three deep, with compensations, reconcilers, questions, sleeps,
 * signals and cancels, in virtual time. Each is run once as it is, and once by processes that die at a random append, while the
 * world outside goes on: all runs end, nothing that had settled is called again, no compensation is lost, doubled or out of
 * order, and where nothing is undone, every event and the state after every fact are the same.
 *
 * <p>{@code mvn verify -Psoak} draws 20,000. A failure names its own seed: {@code -Drandom.seed=N -Drandom.nestedRuns=1} repeats it.
 */
@Timeout(value = 120, unit = TimeUnit.MINUTES)
class RandomNestedRunsTest {

    private static final int RUNS = Integer.getInteger("random.nestedRuns", 150);
    private static final long SEED = Long.getLong("random.seed", new Random().nextInt());
    private static final String ID = "r";
    private static final int TICK_MS = 5;
    private static final Duration LONGEST = Duration.ofMinutes(3);

    private static final List<String> REACHED = List.of(
            "crashes",
            "crashes while nested runs were live",
            "crashes while something was undone",
            "recorded runs cancelled",
            "runs SUCCEEDED",
            "runs FAILED",
            "runs CANCELLED",
            "nested runs",
            "nested runs CANCELLED",
            "nested runs in nested runs",
            "steps undone",
            "steps that could not be undone",
            "nested runs undone",
            "steps in doubt that had happened",
            "steps in doubt that had not",
            "questions",
            "signals",
            "branches cancelled from outside",
            "live states compared",
            "compared to the letter");

    private final Map<String, Integer> reached = new TreeMap<>();

    @AfterEach
    void realTimeAgain() {
        VirtualTimeScheduler.reset();
    }

    @Test
    void run_nestedAtRandomAndCrashed_endsAsIfNothingHadHappened() {
        System.out.println("random nested runs: " + RUNS + " from seed " + SEED);
        for (int run = 0; run < RUNS; run++) {
            try {
                check(SEED + run);
            } catch (Throwable broken) {
                throw new AssertionError("nested runs with seed " + (SEED + run) + ": " + broken.getMessage(), broken);
            }
        }
        System.out.println("random nested runs: " + reached);
        if (RUNS >= 1_000) { // fewer may miss what is rare
            assertThat(reached).containsKeys(REACHED.toArray(String[]::new));
        }
    }

    private void check(long seed) {
        Random random = new Random(seed);
        Life whole = new Life(seed);
        long appends = whole.live(Long.MAX_VALUE, false);
        whole.checkEnd();
        assertThat(whole.world.undone).as("undone without a crash").doesNotHaveDuplicates();
        whole.world.reached.forEach((what, count) -> reached.merge(what, count, Integer::sum));

        Life crashed = new Life(seed);
        for (int crashes = 1 + random.nextInt(3); crashes > 0; crashes--) {
            crashed.live(1 + random.nextInt((int) appends), random.nextBoolean());
        }
        crashed.live(Long.MAX_VALUE, false);
        crashed.checkEnd();
        crashed.world.reached.forEach((what, count) -> reached.merge(what, count, Integer::sum));
        // how long undoing takes depends on how far the cancelled runs had come, and that on what happened at the same
        // instant
        if (whole.world.isStrict && whole.world.undone.isEmpty() && crashed.world.undone.isEmpty()) {
            reached.merge("compared to the letter", 1, Integer::sum);
            assertSame(whole.told(), crashed.told());
        }
    }

    private static void assertSame(String whole, String crashed) {
        List<String> before = whole.lines().toList();
        List<String> after = crashed.lines().toList();
        for (int line = 0; line < Math.min(before.size(), after.size()); line++) {
            assertThat(after.get(line))
                    .as("line %s, after %s", line, before.subList(Math.max(0, line - 3), line))
                    .isEqualTo(before.get(line));
        }
        assertThat(after).hasSameSizeAs(before);
    }

    /** The world, its journal, and one process after another in it. */
    private static final class Life {

        final NestedWorld world;
        private final Journal journal = Journal.inMemory();
        private final @Nullable Instant cancelAt;
        private final boolean isCancelledRecorded;
        private Instant at = Instant.EPOCH.plusSeconds(1);
        private long appends;
        private boolean isFirst = true;

        /** The process has died while the world acted on it. */
        private boolean hasActed;

        Life(long seed) {
            this.world = new NestedWorld(seed);
            Random random = world.drawn("cancel");
            this.cancelAt = random.nextInt(4) == 0 ? at.plusMillis(random.nextInt(400)) : null;
            this.isCancelledRecorded = !world.isStrict && random.nextInt(4) == 0;
        }

        /** Until all is over, or the process dies. */
        long live(long dies, boolean isLastWritten) {
            VirtualTimeScheduler.reset();
            VirtualTimeScheduler time = UndisturbedTime.begin();
            time.advanceTimeTo(at);
            MortalJournal process = new MortalJournal(journal, dies, isLastWritten);
            Workflow<Object, Object> workflow = world.workflow(process);
            world.newProcess();
            begin(workflow);
            time.advanceTimeBy(Duration.ZERO); // nested runs are found again by another thread
            isFirst = false;
            Instant last = at.plus(LONGEST);
            while (!process.isDead() && !isOver(process)) {
                if (now().toEpochMilli() % TICK_MS == 0) {
                    act(process, workflow);
                    hasActed = process.isDead();
                }
                long ms = now().toEpochMilli();
                if (!process.isDead()) {
                    time.advanceTimeTo(Instant.ofEpochMilli(ms - ms % TICK_MS + TICK_MS));
                }
                assertThat(now()).as(this::told).isBefore(last);
            }
            at = process.isDead() ? process.diedAt() : now();
            if (process.isDead()) {
                world.reached("crashes");
                noteCrash(process);
            }
            appends = journal.list(JournalFilter.all())
                    .map(summary -> summary.entries())
                    .reduce(0L, Long::sum)
                    .block();
            return appends;
        }

        private void begin(Workflow<Object, Object> workflow) {
            List<Throwable> errors = new ArrayList<>();
            if (!isFirst && isCancelledRecorded) {
                workflow.runs().cancel(ID).subscribe(any -> world.reached("recorded runs cancelled"), any -> {});
            }
            workflow.runs()
                    .recoverAll()
                    .subscribe(recovery -> assertThat(recovery.failures()).isEmpty(), errors::add);
            workflow.submit("task", RunOptions.ofId(ID)).subscribe(any -> {}, errors::add);
            assertThat(errors).isEmpty();
        }

        private static boolean isOver(MortalJournal process) {
            return LiveRuns.of(process).all().isEmpty();
        }

        // --- the world outside

        /** It looks at all runs before it acts on any: what comes of an act it sees the next time, whatever the order of the runs. */
        private void act(MortalJournal process, Workflow<Object, Object> workflow) {
            List<Run<?>> live = new ArrayList<>(LiveRuns.of(process).all());
            live.sort(Comparator.comparing(Run::runId));
            Instant at = now();
            List<Runnable> acts = new ArrayList<>();
            for (Run<?> run : live) {
                look(run, at, acts);
            }
            for (Runnable act : acts) {
                if (process.isDead()) {
                    return;
                }
                act.run();
            }
            if (cancelAt != null && !process.isDead() && !at.isBefore(cancelAt) && !isCancelled()) {
                workflow.runs().find(ID).ifPresent(Run::cancel);
            }
        }

        private void look(Run<?> run, Instant at, List<Runnable> acts) {
            String id = run.runId();
            for (PendingQuestion question : run.questions()) {
                if (isDue("q" + id + question.id(), at)) {
                    world.reached("questions");
                    acts.add(() -> run.answer(question.id(), "told").subscribe(any -> {}, gone -> {}));
                }
            }
            RunState state = Objects.requireNonNull(run.state().block());
            if (world.drawn(id + at).nextInt(400) == 0) {
                world.reached("live states compared");
                RunState recorded =
                        new Told(false).of(id).stateAt(id, state.facts()).block();
                assertThat(state).as("live, and as recorded").isEqualTo(recorded);
            }
            for (PendingWait wait : state.waits()) {
                String signal = wait.signal();
                if (signal != null && isDue("s" + id + signal, at)) {
                    world.reached("signals");
                    acts.add(() -> run.signal(signal, "given").subscribe(any -> {}, gone -> {}));
                }
            }
            acts.add(() -> cancelBranch(run, state));
        }

        /** What comes up while the world acts it sees the next time. */
        private boolean isDue(String what, Instant at) {
            if (hasActed && !world.isDue(what)) {
                return false;
            }
            return !world.due(what, world.drawn(what).nextInt(60)).isAfter(at);
        }

        private void cancelBranch(Run<?> run, RunState state) {
            Random random = world.drawn(run.runId() + now());
            if (!world.isStrict && random.nextInt(200) == 0 && !state.branches().isEmpty()) {
                world.reached("branches cancelled from outside");
                run.cancelBranch(state.branches()
                                .get(random.nextInt(state.branches().size()))
                                .path())
                        .subscribe(any -> {}, gone -> {});
            }
        }

        private boolean isCancelled() {
            return journal.read(ID, 0)
                    .any(entry -> entry.type().equals("run-cancelled"))
                    .block();
        }

        // --- what is known

        private List<String> ids() {
            return journal.list(JournalFilter.all())
                    .map(summary -> summary.runId())
                    .sort()
                    .collectList()
                    .block();
        }

        private Workflow<Object, Object> past(int level) {
            return world.workflow(level, new MortalJournal(journal, Long.MAX_VALUE, false));
        }

        /** What is in the journal when the process is dead. */
        private void noteCrash(MortalJournal process) {
            int live = LiveRuns.of(process).all().size();
            if (live > 1) {
                world.reached("crashes while nested runs were live");
            }
            Told told = new Told(false);
            for (String id : ids()) {
                for (RunEvent event : told.events(id)) {
                    if (event instanceof RunEvent.StepSettled step) {
                        world.settled.add(id + step.branch() + '#' + step.step());
                    } else if (event instanceof RunEvent.CompensationSettled undone) {
                        world.settled.add(id + undone.branch() + "undo#" + undone.step());
                    }
                }
                if (told.state(id).status() == RunState.Status.COMPENSATING) {
                    world.reached("crashes while something was undone");
                }
            }
        }

        String told() {
            StringBuilder all = new StringBuilder();
            Told told = new Told(true);
            for (String id : ids()) {
                RunState end = told.state(id);
                if (end.status() == RunState.Status.CANCELLED && !id.equals(ID)) {
                    continue; // when that reaches it, and how often, nobody is told
                }
                all.append(id).append('\n');
                told.events(id).forEach(event -> all.append(event).append('\n'));
                told.states(id, all);
            }
            return all.toString();
        }

        /** Reads the runs of all levels. */
        private final class Told {

            private final List<Runs<Object>> levels = new ArrayList<>();
            private final boolean isWhole;

            Told(boolean isWhole) {
                this.isWhole = isWhole;
                for (int level = 0; level < NestedWorld.LEVELS; level++) {
                    levels.add(past(level).runs());
                }
            }

            Runs<Object> of(String id) {
                return levels.get((int) id.chars().filter(each -> each == '#').count());
            }

            List<RunEvent> events(String id) {
                return of(id).events(id).collectList().block();
            }

            RunState state(String id) {
                return of(id).stateAt(id, Long.MAX_VALUE).block();
            }

            void states(String id, StringBuilder into) {
                long facts = state(id).facts();
                for (long at = 1; isWhole && at <= facts; at++) {
                    into.append(of(id).stateAt(id, at).block()).append('\n');
                }
            }
        }

        // --- the end

        void checkEnd() {
            assertThat(world.faults).isEmpty();
            Told told = new Told(false);
            Map<String, RunInfo> all = new TreeMap<>();
            told.of(ID)
                    .list(RunFilter.all())
                    .doOnNext(info -> all.put(info.runId(), info))
                    .blockLast();
            Set<String> nestedSteps = new HashSet<>();
            Set<String> undoneKeys = new HashSet<>();
            for (RunInfo info : all.values()) {
                assertThat(info.status()).as(info.runId()).isNotEqualTo(RunInfo.Status.UNFINISHED);
                checkEnd(info, told.events(info.runId()), nestedSteps, undoneKeys);
                checkNestedBefore(info.runId(), all);
            }
            world.reached("runs " + all.get(ID).status());
            Set<String> nested = new HashSet<>(all.keySet());
            nested.remove(ID);
            assertThat(nestedSteps).as("runs that no step has started").containsAll(nested);
            assertThat(new HashSet<>(world.undone)).as("undone").isEqualTo(undoneKeys);
        }

        private void checkEnd(RunInfo info, List<RunEvent> events, Set<String> nestedSteps, Set<String> undoneKeys) {
            String id = info.runId();
            List<String> owed = new ArrayList<>();
            List<String> begun = new ArrayList<>();
            List<String> ended = new ArrayList<>();
            for (RunEvent event : events) {
                if (event instanceof RunEvent.StepStarted step && world.isNested(info.workflow(), step.agent())) {
                    nestedSteps.add(NestedRun.idOf(id + step.branch() + '#' + step.step()));
                } else if (event instanceof RunEvent.StepSettled step) {
                    String key = id + step.branch() + '#' + step.step();
                    if (!step.failed() && world.isUndoable(info.workflow(), step.agent()) && isToUndo(key)) {
                        owed.add(key);
                    }
                } else if (event instanceof RunEvent.CompensationStarted undo) {
                    begun.add(id + undo.branch() + '#' + undo.step());
                } else if (event instanceof RunEvent.CompensationSettled undo) {
                    String key = id + undo.branch() + '#' + undo.step();
                    ended.add(key);
                    world.reached(undo.failed() ? "steps that could not be undone" : "steps undone");
                    if (!undo.failed()) {
                        undoneKeys.add(key);
                        if (world.isNested(info.workflow(), undo.agent())) {
                            world.reached("nested runs undone");
                        }
                    }
                }
            }
            if (info.parent() != null) {
                world.reached("nested runs");
                world.reached("nested runs " + info.status());
                if (!info.parent().equals(ID)) {
                    world.reached("nested runs in nested runs");
                }
            }
            assertThat(begun).as(id).doesNotHaveDuplicates().isEqualTo(ended);
            assertThat(begun)
                    .as("%s, which has %s", id, info.status())
                    .containsExactlyInAnyOrderElementsOf(info.status() == RunInfo.Status.SUCCEEDED ? List.of() : owed);
        }

        /** What nested runs have done that were cancelled with this one is undone before what was done before them. */
        private void checkNestedBefore(String id, Map<String, RunInfo> all) {
            Instant first = world.firstUndone.get(id);
            for (RunInfo info : all.values()) {
                if (first != null && id.equals(info.parent())) {
                    assertThat(info.lastAppendedAt())
                            .as("the end of %s, before what %s has done is undone", info.runId(), id)
                            .isBeforeOrEqualTo(first);
                }
            }
        }

        private boolean isToUndo(String key) {
            Decision decision = world.decided.get(key);
            return !(decision instanceof Decision.Fail || decision instanceof Decision.Compensate);
        }
    }
}
