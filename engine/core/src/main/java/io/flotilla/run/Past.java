package io.flotilla.run;

import io.flotilla.agent.Usage;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
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
    final List<RunEvent> events = new ArrayList<>();
    final Digest digest = new Digest();

    /** What had been told before each fact, and now. */
    private final List<String> digests = new ArrayList<>(List.of(digest.value()));

    Effect.@Nullable Finish finish;
    Usage used = Usage.NONE;
    Instant startedAt = Instant.EPOCH;
    Instant lastAt = Instant.EPOCH;

    private record Due(Instant at, @Nullable String question) {}

    private final Map<Long, String> started = new HashMap<>();
    private boolean paused;
    private boolean noted;
    private boolean moved;

    Past(String runId, Plan plan) {
        this.runId = runId;
        this.machine = new RunMachine(plan);
    }

    /** How many facts there are. */
    long facts() {
        return digests.size() - 1L;
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
        }
        events.addAll(machine.events());
        digest.add(machine.events());
        digests.add(digest.value());
    }

    private void hold(Recorded recorded) {
        if (noted) {
            throw diverges(facts() + 1, "another fact", "the run to have ended");
        }
        check(recorded.told(), recorded.check());
        if (recorded.fact() instanceof Fact.StepSettled settled) {
            String now = started.getOrDefault(settled.step(), "");
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
        String now = digests.get((int) told);
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

    /** The beginnings of the branches that live. */
    List<RunEvent> liveBranches() {
        Set<BranchPath> live = new HashSet<>();
        machine.branchStates().forEach(branch -> live.add(branch.path()));
        return events.stream()
                .filter(event -> event instanceof RunEvent.BranchStarted begun && live.contains(begun.branch()))
                .toList();
    }

    /** What is to be done for the run to go on: all that was asked for and has not come to an end. */
    List<Effect> leftOver(Instant now) {
        if (finish != null) {
            return List.of(finish);
        }
        List<Effect> left = new ArrayList<>();
        timers.entrySet().stream() // of those that have passed the first comes first
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
