package io.flotilla.run;

import io.flotilla.agent.Usage;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * A run as its recorded facts make it: the machine they have driven, and what it has asked for that has not come to an end.
 * Notices when the machine says something else than it did when the facts were recorded.
 */
final class Past {

    final String runId;
    final RunMachine machine;
    final Map<Long, Effect.StartStep> steps = new LinkedHashMap<>();
    private final Map<Long, Due> timers = new LinkedHashMap<>();
    final Map<String, OpenQuestion> questions = new LinkedHashMap<>();
    final Digest digest = new Digest();

    /** How many facts are written together at most, and so how far the check of a fact may lie back, with room to spare. */
    private static final int MOST_CHECKS = 1_024;

    /** Steps that were cancelled may still have ended. */
    private static final int MOST_CANCELLED = 65_536;

    /** The last events, as many as are kept. */
    private final ArrayDeque<RunEvent> events = new ArrayDeque<>();

    private final int eventHistory;

    /** The beginnings of the branches that have not ended. */
    private final Map<BranchPath, RunEvent> begun = new LinkedHashMap<>();

    /** What had been told before each of the last facts, and now. */
    private final ArrayDeque<String> digests = new ArrayDeque<>(List.of(digest.value()));

    private long facts;

    Effect.@Nullable Finish finish;
    Usage used = Usage.NONE;
    Instant startedAt = Instant.EPOCH;
    Instant lastAt = Instant.EPOCH;

    private record Due(Instant at, @Nullable String question) {}

    private final Map<Long, String> started = new HashMap<>();

    private final Map<Long, String> cancelled = new LinkedHashMap<>() {
        private static final long serialVersionUID = 1L;

        @Override
        protected boolean removeEldestEntry(Map.Entry<Long, String> eldest) {
            return size() > MOST_CANCELLED;
        }
    };

    private boolean paused;
    private boolean noted;
    private boolean moved;

    /** Nobody wants its events. */
    Past(String runId, Plan plan) {
        this(runId, plan, 0);
    }

    /** Keeps the last {@code eventHistory} events; what it needs of memory does not grow with the number of facts. */
    Past(String runId, Plan plan, int eventHistory) {
        this.eventHistory = eventHistory;
        this.runId = runId;
        this.machine = new RunMachine(plan);
    }

    /** How many facts there are. */
    long facts() {
        return facts;
    }

    void take(Recorded recorded) {
        Fact fact = recorded.fact();
        hold(recorded);
        if (recorded.moved()) {
            moveTo(fact.at());
        }
        List<Effect> effects = machine.apply(fact);
        if (fact instanceof Fact.Started) {
            startedAt = fact.at();
        } else if (fact instanceof Fact.StepSettled settled) {
            steps.remove(settled.step());
            started.remove(settled.step());
            cancelled.remove(settled.step());
            used = settled.used();
        } else if (fact instanceof Fact.DeadlinePassed deadline) {
            timers.remove(deadline.timer());
        }
        moved = false;
        if (finish == null) { // what comes after the end is not the run's
            lastAt = fact.at();
        }
        effects.forEach(effect -> note(effect, fact.at()));
        for (RunEvent event : machine.events()) {
            paused = event instanceof RunEvent.Paused || (paused && !(event instanceof RunEvent.Resumed));
            keep(event);
        }
        digest.add(machine.events());
        digests.add(digest.value());
        if (digests.size() > MOST_CHECKS) {
            digests.remove();
        }
        facts++;
    }

    private void keep(RunEvent event) {
        BranchPath branch = event.branch();
        if (branch != null && event instanceof RunEvent.BranchStarted) {
            begun.put(branch, event);
        } else if (branch != null
                && (event instanceof RunEvent.Answered
                        || event instanceof RunEvent.Failed
                        || event instanceof RunEvent.MovedOn
                        || event instanceof RunEvent.Cancelled)) {
            begun.remove(branch);
        }
        if (eventHistory > 0) {
            events.add(event);
            if (events.size() > eventHistory) {
                events.remove();
            }
        }
    }

    /** The last events, in order. */
    Iterable<RunEvent> events() {
        return events;
    }

    /** How much is kept of what has been, for tests. */
    int remembered() {
        return events.size() + digests.size() + started.size() + cancelled.size() + begun.size() + steps.size();
    }

    /** What the last fact has told. */
    List<RunEvent> fresh() {
        return noted ? List.of() : List.copyOf(machine.events());
    }

    private void hold(Recorded recorded) {
        if (noted) {
            throw diverges(facts() + 1, "another fact", "the run to have ended");
        }
        check(recorded.told(), recorded.check());
        if (recorded.fact() instanceof Fact.StepSettled settled) {
            String now = started.getOrDefault(settled.step(), cancelled.getOrDefault(settled.step(), ""));
            if (!recorded.where().isEmpty() && !now.equals(recorded.where())) {
                throw diverges(
                        facts(),
                        "the end of step " + settled.step() + ", " + recorded.where(),
                        now.isEmpty() ? "no such step" : "step " + settled.step() + ", " + now);
            }
        }
    }

    /** The note of the end. */
    void end(long told, String check, String status) {
        if (noted) {
            throw diverges(facts() + 1, "the end of the run", "the run to have ended");
        }
        noted = true;
        check(told, check);
        String now = finish == null ? "RUNNING" : finish.status().name();
        if (!now.equals(status)) {
            throw diverges(facts(), "the run to be " + status, now);
        }
    }

    private void check(long told, String check) {
        if (told < 0 || told > facts()) {
            throw diverges(facts(), "what was told before fact " + told, facts() + " facts");
        }
        long back = facts - told;
        if (back >= digests.size()) {
            throw diverges(
                    facts, "a check of what was told at most " + MOST_CHECKS + " facts ago", "one of fact " + told);
        }
        String now = "";
        Iterator<String> latest = digests.descendingIterator();
        for (long at = 0; at <= back; at++) {
            now = latest.next();
        }
        if (!now.equals(check)) {
            throw diverges(Math.max(0, told - 1), "events with checksum " + check, "checksum " + now);
        }
    }

    private DivergenceException diverges(long sequence, String expected, String found) {
        return new DivergenceException(runId, sequence, expected, found);
    }

    private void note(Effect effect, Instant at) {
        if (effect instanceof Effect.StartStep start) {
            steps.put(start.step(), start);
            started.put(start.step(), machine.where(start.step()));
        } else if (effect instanceof Effect.CancelStep cancel) {
            steps.remove(cancel.step());
            String where = started.remove(cancel.step());
            if (where != null) {
                cancelled.put(cancel.step(), where);
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

    /** Whether time was moved after the last fact. */
    boolean isMoved() {
        return moved;
    }

    boolean isNoted() {
        return noted;
    }

    /** When the run started; now, if it has not. */
    Instant startedAt(Instant now) {
        return facts() == 0 ? now : startedAt;
    }

    /** How long the run took; null if it has not ended. */
    @Nullable Duration took() {
        return finish == null ? null : Duration.between(startedAt, lastAt);
    }

    /** Takes the run as if its last fact had just happened. */
    void moveTo(Instant now) {
        Duration since = Duration.between(lastAt, now);
        startedAt = startedAt.plus(since);
        timers.replaceAll((timer, due) -> new Due(due.at().plus(since), due.question()));
        questions.replaceAll((id, question) -> question.later(since));
        lastAt = now;
        moved = true;
    }

    /** The deadlines that are due, the one that was due first at first; of two due at once the one that was started first. */
    List<Long> due(Instant now) {
        return timers.entrySet().stream()
                .filter(timer -> !timer.getValue().at().isAfter(now))
                .sorted(Comparator.comparing(timer -> timer.getValue().at()))
                .map(Map.Entry::getKey)
                .toList();
    }

    /** Tells the machine that a deadline has passed; null if nobody waits for it any more, since an earlier one has passed. */
    @Nullable Recorded pass(long timer, Instant now) {
        if (!timers.containsKey(timer)) {
            return null;
        }
        Recorded passed = new Recorded(new Fact.DeadlinePassed(now, timer), facts(), digest.value(), "", moved);
        take(passed);
        return passed;
    }

    /** The beginnings of the branches that live. */
    List<RunEvent> liveBranches() {
        return List.copyOf(begun.values());
    }

    /** What is to be done for the run to go on: all that was asked for and has not come to an end. */
    List<Effect> leftOver(Instant now) {
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
        return left;
    }

    RunState state() {
        return new RunState(
                runId,
                facts(),
                status(),
                machine.branchStates(),
                machine.branches.ends(),
                List.copyOf(questions.values()),
                machine.branches.steps(),
                used);
    }

    private RunState.Status status() {
        if (finish != null) {
            return RunState.Status.valueOf(finish.status().name());
        }
        return paused ? RunState.Status.PAUSED : RunState.Status.RUNNING;
    }
}
