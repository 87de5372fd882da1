package io.flotilla.run.machine;

import io.flotilla.agent.Usage;
import io.flotilla.run.BranchPath;
import io.flotilla.run.DivergenceException;
import io.flotilla.run.PendingQuestion;
import io.flotilla.run.RunEvent;
import io.flotilla.run.RunState;
import io.flotilla.run.UnsupportedRunFormatException;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collections;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * A run as its recorded facts make it: the machine they have driven, and what it has asked for that has not come to an end.
 * Notices when the machine says something else than it did when the facts were recorded. Not thread-safe.
 *
 * @since 0.1
 */
public final class Replay {

    private final String runId;
    private final Plan plan;
    private RunMachine machine;
    final Map<Long, Effect.StartStep> steps = new LinkedHashMap<>();
    private final List<CancelledStep> cancelled = new ArrayList<>();
    private final Map<Long, Due> timers = new LinkedHashMap<>();
    final Map<String, PendingQuestion> questions = new LinkedHashMap<>();
    private final RunDigest digest;

    private final RecentEvents recent;

    private Effect.@Nullable Finish finish;
    private Usage used = Usage.NONE;
    private Instant startedAt = Instant.EPOCH;
    private Instant lastFactAt = Instant.EPOCH;

    /**
     * A step that was cancelled while it was in flight.
     *
     * @param agent whose
     * @param branch on which branch
     * @param number which of its branch, from 0
     */
    public record CancelledStep(String agent, BranchPath branch, long number) {}

    private record Due(Instant at, @Nullable String question) {}

    private @Nullable RunHeader header;
    private @Nullable Object task;

    /** Whether what came of the last fact is known to be what came then; nothing has come before the first. */
    private boolean known = true;

    /** What the last fact had to tell. */
    private List<RunEvent> last = List.of();

    private long facts;
    private boolean paused;
    private boolean endRecorded;
    private boolean timeShifted;

    /**
     * A replay without facts, which keeps no events.
     *
     * @param runId which run
     * @param plan what it keeps to
     */
    public Replay(String runId, Plan plan) {
        this(runId, plan, 0);
    }

    /**
     * A replay without facts. What it needs of memory does not grow with the number of facts.
     *
     * @param runId which run
     * @param plan what it keeps to
     * @param eventHistory how many of the last events it keeps
     */
    public Replay(String runId, Plan plan, int eventHistory) {
        this.recent = new RecentEvents(eventHistory);
        this.runId = runId;
        this.plan = plan;
        this.machine = new RunMachine(plan);
        this.digest = new RunDigest(plan);
    }

    /**
     * Which run.
     *
     * @return its id
     */
    public String runId() {
        return runId;
    }

    /**
     * The machine as the facts have made it. Whoever takes it to go on with the run no longer uses the replay.
     *
     * @return the machine
     */
    public RunMachine machine() {
        return machine;
    }

    /**
     * What the run's first fact says of the run, with the version it was moved to last.
     *
     * @return the header; null before the first fact
     */
    public @Nullable RunHeader header() {
        return header;
    }

    /**
     * What the run was started with.
     *
     * @return the task; null before the first fact, and if it was null
     */
    public @Nullable Object task() {
        return task;
    }

    /**
     * The digest of what has come of the facts. Whoever takes it to go on with the run no longer uses the replay.
     *
     * @return the digest
     */
    public RunDigest digest() {
        return digest;
    }

    /**
     * What the steps have used.
     *
     * @return the total as of the last step that ended
     */
    public Usage used() {
        return used;
    }

    /**
     * How many facts there are.
     *
     * @return the number
     */
    public long facts() {
        return facts;
    }

    /**
     * Applies the next fact, and compares what comes of it with what came of it then.
     *
     * @param recorded the fact
     * @throws DivergenceException if that differs
     * @throws UnsupportedRunFormatException if the run was recorded by a version that compares otherwise
     */
    public void apply(Recorded recorded) {
        Fact fact = recorded.fact();
        verify(recorded);
        if (recorded.timeShifted()) {
            shiftTo(fact.at());
        }
        List<Effect> effects = machine.apply(fact);
        List<RunEvent> applied = machine.events();
        digest.add(fact, applied, machine.turns());
        last = List.copyOf(applied);
        if (recorded.after() != null) {
            check(recorded.after(), facts);
        }
        known = recorded.after() != null;
        facts++;
        if (fact instanceof Fact.Started started) {
            startedAt = started.at();
            task = started.task();
        } else if (fact instanceof Fact.StepSettled settled) {
            steps.remove(settled.step());
            used = settled.used();
        } else if (fact instanceof Fact.DeadlinePassed deadline) {
            timers.remove(deadline.timer());
        }
        timeShifted = false;
        lastFactAt = fact.at();
        effects.forEach(effect -> track(effect, fact.at()));
        for (RunEvent event : applied) {
            paused = event instanceof RunEvent.RunPaused || (paused && !(event instanceof RunEvent.RunResumed));
            recent.keep(event);
        }
    }

    /**
     * The last events.
     *
     * @return as many as are kept, in order
     */
    public List<RunEvent> events() {
        return recent.events();
    }

    /**
     * The events of the last fact.
     *
     * @return in order; empty after the note of the end
     */
    public List<RunEvent> fresh() {
        return endRecorded ? List.of() : last;
    }

    /** Before the machine applies it. */
    private void verify(Recorded recorded) {
        if (endRecorded) {
            throw diverges("another fact", "the run to have ended");
        }
        if (recorded.header() != null) {
            header = recorded.header();
            if (header.digestVersion() != RunDigest.VERSION) {
                throw new UnsupportedRunFormatException(runId, header.digestVersion(), RunDigest.VERSION);
            }
            if (facts == 0) {
                machine = new RunMachine(plan.within(header.ownLimits()));
            }
        }
        if (known && digest.value() != recorded.before()) { // what came of the fact before is as it was
            throw diverges("the fact that came then", "one that came after others");
        }
        check(recorded.before(), Math.max(0, facts - 1));
        if (recorded.fact() instanceof Fact.StepSettled settled) {
            String now = machine.describeStep(settled.step());
            if (!now.equals(recorded.step())) {
                throw diverges(step(settled.step(), recorded.step()), step(settled.step(), now));
            }
        }
    }

    /** What has come of the facts so far, of which {@code sequence} is the last. */
    private void check(long then, long sequence) {
        if (digest.value() != then) {
            String found = last.isEmpty() ? "that nothing comes of it" : Replays.described(last);
            throw diverges(sequence, "what came of it then", found);
        }
    }

    private static String step(long step, String where) {
        return where.isEmpty() ? "no such step" : "the end of step " + step + ", " + where;
    }

    /** The note that the run is of another version from here on. */
    void migrate(RunHeader to) {
        RunHeader before = header;
        if (endRecorded || before == null) {
            throw diverges("the run to be of another version", endRecorded ? "that it has ended" : "no start");
        }
        header = before.migratedTo(to);
        last = List.of();
        facts++;
    }

    /** The note of the end. */
    void end(String status) {
        if (endRecorded) {
            throw diverges("the end of the run", "the run to have ended");
        }
        String now = finish == null ? "still going on" : FactFormat.of(finish.status());
        if (!now.equals(status)) {
            throw diverges("the run to be " + status, now);
        }
        endRecorded = true;
    }

    /** At the fact that comes next. */
    private DivergenceException diverges(String expected, String found) {
        return diverges(endRecorded ? facts + 1 : facts, expected, found);
    }

    private DivergenceException diverges(long sequence, String expected, String found) {
        return new DivergenceException(runId, sequence, expected, found, changes());
    }

    /**
     * What differs between the plan that the run was recorded with and this one, whether anything comes of it or not.
     *
     * @return in words; empty if nothing does, and before the first fact
     */
    public List<String> changes() {
        return header == null ? List.of() : Replays.changes(header, plan);
    }

    private void track(Effect effect, Instant at) {
        if (effect instanceof Effect.StartStep start) {
            steps.put(start.step(), start);
        } else if (effect instanceof Effect.CancelStep cancel) {
            Effect.StartStep start = steps.remove(cancel.step());
            if (start != null) {
                cancelled.add(new CancelledStep(start.agent(), start.branch(), start.number()));
            }
        } else if (effect instanceof Effect.StartTimer timer) {
            timers.put(timer.timer(), new Due(at.plus(timer.delay()), timer.question()));
        } else if (effect instanceof Effect.CancelTimer timer) {
            timers.remove(timer.timer());
        } else if (effect instanceof Effect.Ask ask) {
            questions.put(ask.question().id(), ask.question());
        } else if (effect instanceof Effect.CloseQuestion close) {
            questions.remove(close.question());
        } else if (effect instanceof Effect.Finish end) {
            finish = end;
            steps.clear();
            timers.clear();
            questions.clear();
        }
    }

    /**
     * Whether {@link #shiftTo} was called after the last fact.
     *
     * @return whether the next fact is to be recorded as shifted in time
     */
    public boolean isTimeShifted() {
        return timeShifted;
    }

    /**
     * Whether the note of the end is there.
     *
     * @return true after an entry of the type {@link FactCodec#RUN_FINISHED}
     */
    public boolean isEndRecorded() {
        return endRecorded;
    }

    /**
     * When the run started.
     *
     * @param now what to return if it has not
     * @return the time of its first fact
     */
    public Instant startedAt(Instant now) {
        return facts() == 0 ? now : startedAt;
    }

    /**
     * How long the run took.
     *
     * @return from the first fact to the last; null if it has not ended
     */
    public @Nullable Duration duration() {
        return finish == null ? null : Duration.between(startedAt, lastFactAt);
    }

    /**
     * Takes the run as if its last fact had just happened: all deadlines are later by the time since.
     *
     * @param now the time
     */
    public void shiftTo(Instant now) {
        Duration since = Duration.between(lastFactAt, now);
        startedAt = startedAt.plus(since);
        timers.replaceAll((timer, due) -> new Due(due.at().plus(since), due.question()));
        questions.replaceAll((id, question) -> Replays.later(question, since));
        lastFactAt = now;
        timeShifted = true;
    }

    /**
     * The deadlines that are due.
     *
     * @param now the time
     * @return their timers, the one that was due first at first, of two due at once the one that was started first
     */
    public List<Long> due(Instant now) {
        return timers.entrySet().stream()
                .filter(timer -> !timer.getValue().at().isAfter(now))
                .sorted(Comparator.comparing(timer -> timer.getValue().at()))
                .map(Map.Entry::getKey)
                .toList();
    }

    /**
     * Applies the fact that a deadline has passed.
     *
     * @param timer which
     * @param now the time
     * @return the fact, to be recorded; null if no branch waits for it any more, since an earlier one has passed
     */
    public @Nullable Recorded pass(long timer, Instant now) {
        if (!timers.containsKey(timer)) {
            return null;
        }
        Fact passed = new Fact.DeadlinePassed(now, timer);
        Recorded recorded = Recorded.of(passed, machine, digest, header, timeShifted);
        apply(recorded);
        return recorded.with(digest.value());
    }

    /**
     * Applies the fact that the run is cancelled.
     *
     * @param now the time
     * @return the fact, to be recorded
     */
    public Recorded cancel(Instant now) {
        Recorded recorded = Recorded.of(new Fact.Cancelled(now), machine, digest, header, timeShifted);
        apply(recorded);
        return recorded.with(digest.value());
    }

    /**
     * The steps that were cancelled while they were in flight: whether that has reached them is not recorded.
     *
     * @return in the order they were cancelled; cannot be changed
     */
    public List<CancelledStep> cancelledSteps() {
        return Collections.unmodifiableList(cancelled);
    }

    /**
     * Whether the run has not succeeded, and what its steps have done is being undone.
     *
     * @return false before and after that
     */
    public boolean isCompensating() {
        return machine.isCompensating();
    }

    /**
     * Whether the run has ended, noted or not.
     *
     * @return true after {@link Effect.Finish}
     */
    public boolean isFinished() {
        return finish != null;
    }

    /**
     * The live branches.
     *
     * @return the event of the start of each, in order
     */
    public List<RunEvent> liveBranches() {
        return recent.liveBranches();
    }

    /**
     * What is to be done for the run to go on: all effects that have not come to an end. Timers first, the one that is due
     * first at first; then questions; then steps.
     *
     * @param now the time
     * @return the effects; only {@link Effect.Finish} if the run has ended
     */
    public List<Effect> outstandingEffects(Instant now) {
        if (finish != null) {
            return List.of(finish);
        }
        List<Effect> left = new ArrayList<>();
        timers.entrySet().stream() // of those that pass meanwhile the first comes first
                .sorted(Comparator.comparing(timer -> timer.getValue().at()))
                .forEach(timer -> left.add(new Effect.StartTimer(
                        timer.getKey(),
                        Duration.between(now, timer.getValue().at()),
                        timer.getValue().question())));
        questions.values().forEach(question -> left.add(new Effect.Ask(question)));
        left.addAll(steps.values());
        return List.copyOf(left);
    }

    /**
     * The state of the run.
     *
     * @return as the facts so far have made it
     */
    public RunState state() {
        return machine.state(runId, facts(), status(), List.copyOf(questions.values()), used, timer -> {
            Due due = timers.get(timer);
            return due == null ? null : due.at();
        });
    }

    private RunState.Status status() {
        if (finish != null) {
            return RunState.Status.valueOf(finish.status().name());
        }
        return paused ? RunState.Status.PAUSED : RunState.Status.RUNNING;
    }
}
