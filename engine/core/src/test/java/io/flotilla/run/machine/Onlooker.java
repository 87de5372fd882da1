package io.flotilla.run.machine;

import io.flotilla.run.Await;
import io.flotilla.run.BranchPath;
import io.flotilla.run.Decision;
import io.flotilla.run.Invocation;
import io.flotilla.run.LimitExceededException;
import io.flotilla.run.Limits;
import io.flotilla.run.Outcome;
import io.flotilla.run.PendingQuestion;
import io.flotilla.run.RunEvent;
import io.flotilla.run.RunFailure;
import io.flotilla.run.RunResult;
import io.flotilla.run.Turn;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.Comparator;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.TreeMap;
import java.util.function.IntPredicate;
import org.jspecify.annotations.Nullable;

/**
 * Follows a run by its events alone, and holds every one of them against the rules, said once more and the plainest way: the
 * tree of branches is searched whole each time. It shares no code with the machine and looks at none of its state.
 */
final class Onlooker {

    private final RandomGraph graph;
    private final RandomScript script;
    private final RandomJoin[] joins; // by node; the last is the run's
    private final Limits limits;
    private final int corrections;
    private final int maxSignals;
    private final List<Set<Integer>> exclusive;
    private final Set<Integer> compensated;
    private final List<Done> done = new ArrayList<>();
    private boolean asked;
    private boolean compensating;
    private boolean undoing;
    private int notUndone;
    private boolean undoFails;
    private final RandomState state;
    private RandomState.Verdict written = RandomState.Verdict.NONE;

    /** A step that may have to be undone. */
    private record Done(Place place, String path, int node, long number) {}

    private final Map<String, List<Object>> kept = new HashMap<>();
    private Fact fact = new Fact.Paused(Instant.EPOCH);
    private final Counts counts;

    private final Map<String, Line> lines = new LinkedHashMap<>();
    private final Map<String, Line> live = new LinkedHashMap<>();
    private final List<Fork> forks = new ArrayList<>();
    private final List<Meeting> rendezvous = new ArrayList<>();
    private final Map<String, PendingQuestion> questions = new HashMap<>();
    private final Fork root;

    private long sequence;
    private long spawned;
    private long steps;
    private long late;
    private final Map<String, Long> settled = new HashMap<>();
    private boolean finished;
    private boolean paused;
    private boolean rootCleared;
    private Instant now = Instant.EPOCH;

    // Of the fact that is being told of.
    private boolean isDeadline;
    private int eventsOfFact;

    enum State {
        READY,
        RUNNING,
        WAITING,
        AWAITING_ANSWER,
        AWAITING_SIGNAL,
        SLEEPING,
        SETTLED
    }

    /** A branch. */
    static final class Line {

        final String path;
        final Fork home;
        final long spawnIndex;
        final Place place;
        int node;
        State state = State.READY;
        int forked;
        int corrected;
        long steps;

        @Nullable Object value;

        @Nullable Fork deliversTo;

        @Nullable Decision decision;

        @Nullable Object carry;

        @Nullable Object signalled;

        @Nullable Instant wakes;

        List<Integer> handedOn = List.of(); // who handed the work on to where it is, the first one first

        @Nullable List<String> joined;

        @Nullable List<String> arrived;

        final List<Fork> opened = new ArrayList<>();

        Line(String path, Fork home, long spawnIndex, int node, Place place) {
            this.path = path;
            this.home = home;
            this.spawnIndex = spawnIndex;
            this.node = node;
            this.place = place;
        }
    }

    /** A scope: a fork, or the run. */
    static final class Fork {

        final @Nullable Line resolver;
        final @Nullable Fork parent;
        final int node;
        final RandomJoin join;
        final List<Invocation> invocations;
        final Instant at;
        boolean lostFromTheStart;
        boolean mayBeLost;
        boolean decided;
        int members;
        int answered;
        int failed;
        final Map<Place, String> outcomes = new TreeMap<>();
        final Map<Integer, Long> firedEarly = new HashMap<>();
        final Map<Integer, Integer> instances = new HashMap<>();

        Fork(
                @Nullable Line resolver,
                @Nullable Fork parent,
                int node,
                RandomJoin join,
                List<Invocation> invocations,
                Instant at) {
            this.resolver = resolver;
            this.parent = parent;
            this.node = node;
            this.join = join;
            this.invocations = invocations;
            this.at = at;
        }

        boolean isInside(Fork outer) {
            for (Fork at = this; at != null; at = at.parent) {
                if (at == outer) {
                    return true;
                }
            }
            return false;
        }
    }

    /** A rendezvous that waits. */
    static final class Meeting {

        final Fork fork;
        final int node;
        final int instance;
        final Instant at;
        final Map<Place, String> arrivals = new TreeMap<>();
        final Map<Place, List<Integer>> handedOn = new TreeMap<>();

        Meeting(Fork fork, int node, Instant at) {
            this.fork = fork;
            this.node = node;
            this.instance = fork.instances.merge(node, 1, Integer::sum);
            this.at = at;
        }
    }

    /**
     * Where among all others a branch stands: at every level the number of the fork, then for an invocation 0 and its index,
     * for a rendezvous 1 and more, by its node's place in topological order, and its instance.
     */
    record Place(List<Integer> numbers) implements Comparable<Place> {

        static Place of(@Nullable Line resolver, int fork, int kind, int number) {
            List<Integer> numbers = resolver == null ? new ArrayList<>() : new ArrayList<>(resolver.place.numbers);
            numbers.addAll(List.of(fork, kind, number));
            return new Place(numbers);
        }

        @Override
        public int compareTo(Place other) {
            for (int at = 0; at < Math.min(numbers.size(), other.numbers.size()); at++) {
                int here = numbers.get(at).compareTo(other.numbers.get(at));
                if (here != 0) {
                    return here;
                }
            }
            return Integer.compare(numbers.size(), other.numbers.size());
        }
    }

    Onlooker(
            RandomGraph graph,
            RandomScript script,
            RandomJoin[] joins,
            Plan plan,
            List<Set<Integer>> exclusive,
            Set<Integer> compensated,
            RandomState state,
            Counts counts) {
        this.graph = graph;
        this.script = script;
        this.joins = joins;
        this.limits = plan.limits();
        this.corrections = plan.maxCorrections();
        this.exclusive = exclusive;
        this.compensated = compensated;
        this.state = state;
        this.maxSignals = plan.maxPendingSignals();
        this.counts = counts;
        this.root = new Fork(null, null, -1, joins[graph.agents], List.of(), Instant.EPOCH);
    }

    // --- a fact and what comes of it

    void look(Fact fact, List<RunEvent> events, List<Effect> effects, @Nullable String steppedOn) {
        this.fact = fact;
        isDeadline = fact instanceof Fact.DeadlinePassed;
        eventsOfFact = 0;
        now = fact.at();
        Line stepped = steppedOn == null ? null : lines.get(steppedOn);
        Fact.StepSettled step = fact instanceof Fact.StepSettled settledFact ? settledFact : null;
        String expected = null;
        if (stepped != null && step != null && !events.isEmpty()) {
            Decision decision = step.decision();
            asked |= decision instanceof Decision.Compensate;
            if (compensated.contains(stepped.node)
                    && decision != null
                    && step.failed() == null
                    && !(decision instanceof Decision.Fail || decision instanceof Decision.Compensate)) {
                done.add(new Done(stepped.place, stepped.path, stepped.node, stepped.steps - 1));
            }
            written = state.settle(step, script.isAllowed(stepped.node, decision, stepped.home == root));
            expected = expected(stepped, step);
        } else if (step != null && !events.isEmpty()) { // a compensation
            written = state.settle(step, true);
            undoFails = step.failed() != null
                    || written == RandomState.Verdict.REJECTED
                    || written == RandomState.Verdict.BROKEN;
        }
        if (expected != null && !isLimited(effects, events)) {
            int at = written == RandomState.Verdict.TAKEN ? 2 : 1;
            RunEvent next = events.size() > at ? events.get(at) : null;
            String told = next == null ? "nothing" : next.getClass().getSimpleName() + " " + next.branch();
            check(told.equals(expected), "expected %s, was %s", expected, next);
        }
        for (RunEvent event : events) {
            check(!finished, "%s after the end", event);
            check(event.sequence() == sequence++, "sequence %s of %s", event.sequence(), event);
            check(event.at().equals(now), "time of %s", event);
            take(event);
            eventsOfFact++;
        }
        state.checkAllTold();
        checkTurns(effects);
        if (fact instanceof Fact.BranchCancelRequested cancel) {
            checkCancelled(lines.get(cancel.branch().toString()));
        }
        if (!finished && !compensating) {
            checkForks();
            checkRendezvous();
        }
    }

    private void checkCancelled(@Nullable Line line) {
        if (line != null && !live.containsKey(line.path)) {
            counts.add("branches cancelled from outside");
        }
        check(line == null || line.state == State.SETTLED, "not cancelled: %s", line);
        check(
                line == null
                        || live.values().stream()
                                .noneMatch(other -> line.opened.stream().anyMatch(other.home::isInside)),
                "something lives in the forks of a cancelled branch");
    }

    private static boolean isLimited(List<Effect> effects, List<RunEvent> events) {
        return events.stream()
                        .anyMatch(event -> event instanceof RunEvent.BranchFailed failed
                                && failed.failure() instanceof LimitExceededException)
                || (!effects.isEmpty()
                        && effects.get(effects.size() - 1) instanceof Effect.Finish finish
                        && finish.failure() instanceof LimitExceededException);
    }

    /** What has to be told right after the end of a step; null if nothing. By lineage: names are looked for around the branch only. */
    private @Nullable String expected(Line line, Fact.StepSettled step) {
        Decision decision = step.decision();
        line.decision = decision;
        line.deliversTo = null;
        if (step.failed() != null) {
            return "BranchFailed " + line.path;
        }
        if (!script.isAllowed(line.node, decision, line.home == root)) {
            line.corrected++;
            counts.add("corrections");
            return (line.corrected > corrections ? "BranchFailed " : "DecisionRejected ") + line.path;
        }
        if (written == RandomState.Verdict.BROKEN) {
            return "BranchFailed " + line.path;
        }
        if (written == RandomState.Verdict.REJECTED) {
            line.corrected++;
            return (line.corrected > corrections ? "BranchFailed " : "DecisionRejected ") + line.path;
        }
        line.corrected = 0;
        line.carry = null;
        if (decision instanceof Decision.Sleep sleep) {
            line.carry = sleep.carry();
            return sleep.duration().isZero() ? null : "SleepStarted " + line.path;
        } else if (decision instanceof Decision.AwaitSignal await) {
            line.carry = await.carry();
            return (kept.containsKey(await.signal().name()) ? "SignalTaken " : "SignalAwaited ") + line.path;
        } else if (decision instanceof Decision.Repeat again) {
            line.carry = again.carry();
            return null;
        } else if (decision instanceof Decision.Answer answer) {
            line.value = answer.value();
            line.deliversTo = line.home;
            return "BranchAnswered " + line.path;
        } else if (decision instanceof Decision.HandOff handOff) {
            return handedOff(line, graph.number(handOff.agent()), handOff.request());
        } else if (decision instanceof Decision.FanOut) {
            return "Forked " + line.path;
        } else if (decision instanceof Decision.Ask ask) {
            line.carry = ask.carry();
            return "QuestionAsked " + line.path;
        } else if (decision instanceof Decision.Fail || decision instanceof Decision.Compensate) {
            return "BranchFailed " + line.path;
        }
        return null;
    }

    private String handedOff(Line line, int to, @Nullable Object value) {
        line.value = value;
        if (to == graph.end) {
            line.deliversTo = root;
            return (line.home == root ? "BranchAnswered " : "BranchMovedOn ") + line.path;
        }
        for (Fork around = line.home; around != null; around = around.parent) {
            if (around.node == to) {
                line.deliversTo = around;
                return "BranchAnswered " + line.path;
            }
        }
        return (graph.isRendezvous(to) ? "BranchMovedOn " : "HandedOff ") + line.path;
    }

    private void take(RunEvent event) {
        if (event instanceof RunEvent.BranchStarted started) {
            born(started);
        } else if (event instanceof RunEvent.StepStarted started) {
            stepStarted(started);
        } else if (event instanceof RunEvent.StepSettled step) {
            Line line = line(step.branch(), State.RUNNING, event);
            check(step.step() == line.steps - 1, "%s", step);
            line.state = State.READY;
        } else if (event instanceof RunEvent.HandedOff handedOff) {
            Line line = line(handedOff.branch(), State.READY, event);
            line.handedOn = handedOn(line);
            line.node = graph.number(handedOff.to());
            checkCycle(line.handedOn, line.node, event);
            counts.add("hand-offs");
        } else if (event instanceof RunEvent.Forked forked) {
            forked(forked);
        } else if (event instanceof RunEvent.Joined joined) {
            joined(joined);
        } else if (event instanceof RunEvent.RendezvousFired fired) {
            fired(fired);
        } else if (event instanceof RunEvent.BranchAnswered answered) {
            answered(answered);
        } else if (event instanceof RunEvent.BranchFailed failed) {
            failed(failed);
        } else if (event instanceof RunEvent.BranchMovedOn moved) {
            movedOn(moved);
        } else if (event instanceof RunEvent.BranchCancelled cancelled) {
            Line line = settle(cancelled.branch(), "cancelled", event);
            for (Fork fork : line.opened) {
                fork.decided = true;
                rendezvous.removeIf(meeting -> meeting.fork.isInside(fork));
            }
            withdraw(line);
        } else if (event instanceof RunEvent.QuestionAsked asked) {
            asked(asked);
        } else if (event instanceof RunEvent.QuestionAnswered answered) {
            check(questions.remove(answered.question()) != null, "%s was not asked", event);
            if (!answered.agent().equals("end")) {
                line(answered.branch(), State.AWAITING_ANSWER, event).state = State.READY;
            }
            counts.add(answered.byDefault() ? "questions answered by default" : "questions answered");
        } else if (event instanceof RunEvent.RunPaused || event instanceof RunEvent.RunResumed) {
            check(paused == event instanceof RunEvent.RunResumed, "%s changes nothing", event);
            paused = !paused;
        } else if (event instanceof RunEvent.RunFinished) {
            finished = true;
        } else {
            waited(event);
        }
    }

    // --- sleeps and signals

    private void waited(RunEvent event) {
        if (event instanceof RunEvent.SleepStarted slept) {
            Line line = line(slept.branch(), State.READY, event);
            line.state = State.SLEEPING;
            line.wakes = slept.until();
            Decision.Sleep sleep = (Decision.Sleep) Objects.requireNonNull(line.decision);
            check(slept.until().equals(now.plus(sleep.duration())), "%s, but it sleeps for %s", event, sleep);
            counts.add("sleeps");
        } else if (event instanceof RunEvent.SleepEnded woken) {
            Line line = line(woken.branch(), State.SLEEPING, event);
            check(isDeadline && now.equals(line.wakes), "%s, but it wakes at %s", event, line.wakes);
            line.state = State.READY;
        } else if (event instanceof RunEvent.SignalAwaited awaited) {
            Line line = line(awaited.branch(), State.READY, event);
            line.state = State.AWAITING_SIGNAL;
            line.wakes = awaited.deadline();
            check(awaited.signal().equals(awaits(line).name()), "%s, but it waits for %s", event, awaits(line));
            Duration limit = awaits(line).timeout();
            check(Objects.equals(awaited.deadline(), limit == null ? null : now.plus(limit)), "%s", event);
            counts.add("signals awaited");
        } else if (event instanceof RunEvent.SignalReceived received) {
            received(received);
        } else if (event instanceof RunEvent.SignalTaken taken) {
            taken(taken);
        } else if (event instanceof RunEvent.StateWritten change) {
            check(eventsOfFact == (undoing ? 0 : 1), "%s is not told at once", event);
            state.told(change);
        } else if (event instanceof RunEvent.CompensationStarted started) {
            undo(started);
        } else if (event instanceof RunEvent.CompensationSettled undone) {
            check(undoing, "%s, but nothing is being undone", event);
            check(undone.failed() == undoFails, "%s", event);
            undoing = false;
            notUndone += undone.failed() ? 1 : 0;
            counts.add(undone.failed() ? "compensations that failed" : "compensations");
        }
    }

    private void undo(RunEvent.CompensationStarted event) {
        check(!undoing && live.isEmpty(), "%s, but others are at work", event);
        undoing = true;
        compensating = true;
        done.sort(Comparator.comparing(Done::place).thenComparing(Done::number));
        check(!done.isEmpty(), "%s, but nothing is left to undo", event);
        Done last = done.remove(done.size() - 1);
        check(
                last.path().equals(event.branch().toString())
                        && last.number() == event.step()
                        && graph.name(last.node()).equals(event.agent()),
                "%s, but %s is the last",
                event,
                last);
    }

    private static Await awaits(Line line) {
        return ((Decision.AwaitSignal) Objects.requireNonNull(line.decision)).signal();
    }

    private List<Line> waitingFor(String signal) {
        return live.values().stream()
                .filter(line -> line.state == State.AWAITING_SIGNAL
                        && awaits(line).name().equals(signal))
                .toList();
    }

    /** The names that branches wait for. */
    List<String> awaited() {
        return live.values().stream()
                .filter(line -> line.state == State.AWAITING_SIGNAL)
                .map(line -> awaits(line).name())
                .distinct()
                .sorted()
                .toList();
    }

    private void received(RunEvent.SignalReceived event) {
        Fact.SignalReceived signal = (Fact.SignalReceived) fact;
        int all = kept.values().stream().mapToInt(List::size).sum();
        RunEvent.Delivery expected = !waitingFor(event.signal()).isEmpty()
                ? RunEvent.Delivery.DELIVERED
                : signal.ifAwaited()
                        ? RunEvent.Delivery.LOST
                        : all >= maxSignals ? RunEvent.Delivery.REFUSED : RunEvent.Delivery.KEPT;
        check(event.delivery() == expected && event.signal().equals(signal.signal()), "%s, not %s", event, expected);
        if (expected == RunEvent.Delivery.KEPT) {
            kept.computeIfAbsent(event.signal(), any -> new ArrayList<>()).add(Objects.requireNonNull(signal.value()));
        }
        counts.add("signals " + expected);
    }

    private void taken(RunEvent.SignalTaken event) {
        Line line = Objects.requireNonNull(live.get(event.branch().toString()));
        String name = event.signal();
        check(awaits(line).name().equals(name), "%s, but it waits for %s", event, awaits(line));
        if (event.byDefault()) {
            check(line.state == State.AWAITING_SIGNAL && isDeadline && now.equals(line.wakes), "%s", event);
            line.signalled = awaits(line).defaultValue();
            counts.add("signals by default");
        } else if (line.state == State.READY) {
            List<Object> oldest = Objects.requireNonNull(kept.get(name), "none is kept");
            line.signalled = oldest.remove(0);
            if (oldest.isEmpty()) {
                kept.remove(name);
            }
            counts.add("signals taken later");
        } else {
            check(line.state == State.AWAITING_SIGNAL, "%s, but it is %s", event, line.state);
            check(
                    waitingFor(name).stream().noneMatch(other -> other.place.compareTo(line.place) < 0),
                    "%s, but another is before it",
                    event);
            line.signalled = ((Fact.SignalReceived) fact).value();
        }
        line.state = State.READY;
    }

    // --- branches

    private void born(RunEvent.BranchStarted started) {
        String path = started.branch().toString();
        check(!lines.containsKey(path), "%s twice", path);
        BranchPath parent = started.branch().parent();
        Fork home = root;
        if (parent != null) {
            Line resolver = Objects.requireNonNull(lines.get(parent.toString()), "parent");
            check(started.branch().fork() < resolver.opened.size(), "%s is of no fork", path);
            home = resolver.opened.get(started.branch().fork());
        }
        check(started.branch().index() >= home.members, "%s: index twice", path);
        int index = started.branch().index();
        int node = graph.number(started.agent());
        boolean isInvoked = index < (home == root ? graph.entries() : home.invocations.size());
        Meeting meeting = isInvoked ? null : meetingAt(home, node);
        check(isInvoked || meeting != null, "%s, but nobody waits there", started);
        Place place = meeting == null ? Place.of(home.resolver, started.branch().fork(), 0, index) : place(meeting);
        Line line = new Line(path, home, spawned++, node, place);
        if (home.members < home.invocations.size()) { // invocations have the first indices
            check(index == home.members, "%s is not the next invocation", path);
            Invocation invocation = home.invocations.get(index);
            check(invocation.agent().equals(started.agent()), "%s is not at %s", path, invocation);
            line.value = invocation.request();
            line.deliversTo = line.node == graph.end ? root : null;
            line.handedOn = handedOn(Objects.requireNonNull(home.resolver));
            checkCycle(line.handedOn, line.node, started);
        }
        home.members = index + 1;
        lines.put(path, line);
        live.put(path, line);
        check(limits.maxBranches() == null || spawned <= limits.maxBranches() + 1, "%s branches", spawned);
        counts.add("branches");
    }

    private static List<Integer> handedOn(Line line) {
        List<Integer> longer = new ArrayList<>(line.handedOn);
        longer.add(line.node);
        return longer;
    }

    private void checkCycle(List<Integer> handedOn, int node, RunEvent event) {
        check(
                limits.maxDelegationCycles() == null
                        || handedOn.stream().filter(at -> at == node).count() <= limits.maxDelegationCycles(),
                "%s comes back once too often",
                event);
    }

    private Line line(BranchPath path, State state, RunEvent event) {
        Line line = live.get(path.toString());
        check(line != null, "%s on a branch that is not live", event);
        Line found = Objects.requireNonNull(line);
        check(found.state == state, "%s on a branch that is %s", event, found.state);
        return found;
    }

    private Line settle(BranchPath path, String how, RunEvent event) {
        Line line = live.remove(path.toString());
        check(line != null, "%s, but it is not live", event);
        Line found = Objects.requireNonNull(line);
        found.state = State.SETTLED;
        settled.merge(how, 1L, Long::sum);
        return found;
    }

    private void stepStarted(RunEvent.StepStarted started) {
        Line line = line(started.branch(), State.READY, started);
        check(graph.name(line.node).equals(started.agent()), "%s, but the branch is at %s", started, line.node);
        check(started.step() == line.steps, "%s, but %s were started", started, line.steps);
        check(!isRunDecided(), "%s, though the run is decided", started);
        check(!paused, "%s during a pause", started);
        for (Line other : live.values()) {
            check(
                    other.state != State.RUNNING
                            || exclusive.stream()
                                    .noneMatch(group -> group.contains(line.node) && group.contains(other.node)),
                    "%s overlaps with %s",
                    started,
                    other.path);
        }
        line.state = State.RUNNING;
        line.steps++;
        steps++;
        check(limits.maxSteps() == null || steps <= limits.maxSteps(), "%s steps", steps);
        counts.add("steps");
    }

    /** As far as it is plain: the first or enough answers, or one failure of all, end it when nobody is to run on. */
    private boolean isRunDecided() {
        return !root.join.keeps()
                && ((root.answered > 0 && root.join.isQuorum(root.answered))
                        || (root.join.kind() == RandomJoin.ALL && root.failed > 0));
    }

    private void answered(RunEvent.BranchAnswered event) {
        Line line = settle(event.branch(), "answered", event);
        Fork to = Objects.requireNonNull(line.deliversTo, () -> event + " was not decided");
        answer(line, to, event.late(), event);
    }

    private void answer(Line line, Fork to, boolean isLate, RunEvent event) {
        late += isLate ? 1 : 0;
        if (isLate) {
            counts.add("late answers");
        }
        check(to == root || isLate == to.decided, "%s, but the join is decided: %s", event, to.decided);
        if (!isLate) {
            to.answered++;
            to.outcomes.put(line.place, "answered " + line.path + " " + line.value);
        }
    }

    private void failed(RunEvent.BranchFailed event) {
        Line line = settle(event.branch(), "failed", event);
        if (!line.home.decided) {
            line.home.failed++;
            line.home.outcomes.put(line.place, "failed " + line.path + " null");
        }
        withdraw(line);
    }

    /** What the branch asked is asked no more. */
    private void withdraw(Line line) {
        questions
                .values()
                .removeIf(asked -> asked.branch().toString().equals(line.path)
                        && !asked.agent().equals("end"));
    }

    private void movedOn(RunEvent.BranchMovedOn event) {
        Line line = settle(event.branch(), "movedOn", event);
        String to = event.to();
        if (to == null) {
            check(!event.late(), "%s is late", event);
        } else if (to.equals("end")) {
            answer(line, root, event.late(), event);
        } else {
            arrived(line, graph.number(to), event);
        }
    }

    private void asked(RunEvent.QuestionAsked event) {
        PendingQuestion question = event.question();
        check(questions.put(question.id(), question) == null, "%s twice", event);
        if (question.agent().equals("end")) { // of the run's join: whoever was left has been cancelled
            rootCleared = true;
            counts.add("questions of the run");
            if (!root.join.keeps()) {
                rendezvous.clear();
            }
        } else {
            line(event.branch(), State.READY, event).state = State.AWAITING_ANSWER;
            counts.add(question.choices().isEmpty() ? "questions" : "questions of joins");
        }
        check(
                limits.maxQuestions() == null || questions.size() <= limits.maxQuestions(),
                "%s questions",
                questions.size());
    }

    // --- forks

    private void forked(RunEvent.Forked event) {
        Line line = line(event.branch(), State.READY, event);
        List<Invocation> invocations =
                line.decision instanceof Decision.FanOut fanOut ? fanOut.invocations() : List.of();
        check(event.branches() == invocations.size() && event.fork() == line.opened.size(), "%s", event);
        check(limits.maxDepth() == null || event.branch().depth() < limits.maxDepth(), "%s is too deep", event);
        Fork fork = new Fork(line, line.home, line.node, joins[line.node], invocations, now);
        boolean few = fork.join.kind() == RandomJoin.AT_LEAST && invocations.size() < fork.join.least();
        fork.mayBeLost = few && nobody(invocations, node -> mayLeave(node, fork));
        fork.lostFromTheStart = few && nobody(invocations, node -> mayArrive(node, fork));
        line.opened.add(fork);
        line.state = State.WAITING;
        forks.add(fork);
        counts.add("forks");
    }

    private boolean nobody(List<Invocation> invocations, IntPredicate leaves) {
        return invocations.stream().noneMatch(invocation -> leaves.test(graph.number(invocation.agent())));
    }

    /** Whether a branch at a node may end without having answered or failed in the fork, nor another in its place. */
    private boolean mayLeave(int node, Fork fork) {
        return isWay(node, fork, to -> graph.isRendezvous(to) && !graph.dominates(fork.node, to));
    }

    /** The same, whoever may come in its place. */
    private boolean mayArrive(int node, Fork fork) {
        return isWay(node, fork, graph::isRendezvous);
    }

    private boolean isWay(int node, Fork fork, IntPredicate leaves) {
        BitSet around = new BitSet();
        BitSet out = new BitSet();
        out.set(graph.end);
        for (Fork at = fork; at.parent != null; at = at.parent) {
            around.set(at.node);
            out.set(at.node, at.node != fork.node);
        }
        for (int to = 0; to < graph.agents; to++) {
            out.set(to, out.get(to) || (!around.get(to) && leaves.test(to)));
        }
        return node == graph.end || leaves.test(node) || out.stream().anyMatch(to -> graph.leads(node, to, around));
    }

    private int liveIn(Fork fork) {
        int found = 0;
        for (Line line : live.values()) {
            found += line.home == fork ? 1 : 0;
        }
        for (Meeting meeting : rendezvous) {
            found += meeting.fork == fork ? 1 : 0;
        }
        return found;
    }

    private void joined(RunEvent.Joined event) {
        Line line = line(event.branch(), State.WAITING, event);
        Fork fork = line.opened.get(event.fork());
        check(!fork.decided, "%s twice", event);
        int stillLive = liveIn(fork);
        boolean expired = isDeadline && eventsOfFact == 0;
        int answered = fork.answered;
        int failed = expired ? fork.failed + stillLive : fork.failed;
        int open = expired ? 0 : stillLive;
        check(event.answered() == answered, "%s, but %s answered", event, answered);
        check(event.failed() == failed, "%s, but %s failed", event, failed);
        check(event.stragglers() == stillLive, "%s, but %s live", event, stillLive);
        long due = fork.join.withinMs();
        check(due == 0 || !now.isAfter(fork.at.plusMillis(due)), "%s after its deadline", event);
        check(!expired || now.equals(fork.at.plusMillis(due)), "%s before its deadline", event);
        boolean isMet = fork.join.isMet(answered, failed, open);
        switch (event.verdict()) {
            case MET -> check(isMet, "%s, but it is not", event);
            case VACATED -> check(answered + failed + open == 0, "%s, but somebody did not", event);
            case UNMET -> {
                check(!isMet, "%s, but it is met", event);
                check(expired || fork.mayBeLost || answered + failed > 0, "%s, but all may yet move on", event);
                check(expired || fork.join.isLost(answered, failed, open), "%s, but it is not lost", event);
            }
        }
        counts.add("joins " + event.verdict());
        counts.add(expired ? "joins at their deadline" : stillLive > 0 ? "joins early" : "joins when all ended");
        decide(fork, line, expired);
    }

    private void decide(Fork fork, Line line, boolean expired) {
        if (expired) {
            for (Line straggler : live.values()) {
                if (straggler.home == fork) {
                    fork.outcomes.put(straggler.place, "timedOut " + straggler.path + " null");
                }
            }
            for (Meeting meeting : rendezvous) {
                if (meeting.fork == fork) {
                    fork.outcomes.put(place(meeting), "timedOut " + graph.name(meeting.node) + " null");
                    counts.add("rendezvous timed out by the join around them");
                }
            }
        }
        line.joined = List.copyOf(fork.outcomes.values());
        line.state = State.READY;
        fork.decided = true;
        if (!fork.join.keeps()) {
            rendezvous.removeIf(meeting -> meeting.fork.isInside(fork));
        }
    }

    private Place place(Meeting meeting) {
        Line resolver = meeting.fork.resolver;
        int fork = resolver == null ? 0 : resolver.opened.indexOf(meeting.fork);
        return Place.of(resolver, fork, 1 + order(meeting.node), meeting.instance);
    }

    /** No join waits longer than it has to. */
    private void checkForks() {
        forks.removeIf(fork -> fork.decided);
        for (Fork fork : forks) {
            int stillLive = liveIn(fork);
            int ended = fork.answered + fork.failed;
            String where = Objects.requireNonNull(fork.resolver).path;
            check(stillLive > 0, "the fork of %s waits for nobody", where);
            check(!fork.join.isMet(fork.answered, fork.failed, stillLive), "the fork of %s is met", where);
            check(
                    ended == 0 || !fork.join.isLost(fork.answered, fork.failed, stillLive),
                    "the fork of %s is lost",
                    where);
            check(!fork.lostFromTheStart, "the fork of %s is lost from the start", where);
            check(
                    fork.join.withinMs() == 0 || !now.isAfter(fork.at.plusMillis(fork.join.withinMs())),
                    "the fork of %s is past its deadline",
                    where);
        }
        check(
                root.join.withinMs() == 0
                        || root.join.keeps()
                        || rootCleared
                        || !now.isAfter(Instant.ofEpochMilli(root.join.withinMs())),
                "the run is past its join's deadline");
        check(
                limits.maxTime() == null || !now.isAfter(Instant.EPOCH.plus(limits.maxTime())),
                "the run is past its limit of time");
        check(!isRunDecided() || rootCleared || root.join.shortfall() == 2, "the run is decided and goes on");
    }

    // --- rendezvous

    private Fork meetingPlace(Line line, int node) {
        for (Fork fork = line.home; fork.parent != null; fork = fork.parent) {
            if (graph.dominates(fork.node, node)) {
                return fork;
            }
        }
        return root;
    }

    private void arrived(Line line, int node, RunEvent.BranchMovedOn event) {
        Fork place = meetingPlace(line, node);
        Long firedEarly = place.firedEarly.get(node);
        boolean isLate = firedEarly != null && line.spawnIndex < firedEarly;
        check(event.late() == isLate, "%s, but late is %s", event, isLate);
        if (isLate) {
            late++;
            counts.add("late arrivals");
            return;
        }
        Meeting meeting = meetingAt(place, node);
        if (meeting == null) {
            meeting = new Meeting(place, node, now);
            rendezvous.add(meeting);
        }
        meeting.arrivals.put(line.place, line.path + " " + line.value);
        boolean sentHere = line.node == node && line.steps == 0; // by the fork itself
        meeting.handedOn.put(line.place, sentHere ? line.handedOn : handedOn(line));
    }

    private @Nullable Meeting meetingAt(Fork place, int node) {
        for (Meeting meeting : rendezvous) {
            if (meeting.fork == place && meeting.node == node) {
                return meeting;
            }
        }
        return null;
    }

    private void fired(RunEvent.RendezvousFired event) {
        Line line = line(event.branch(), State.READY, event);
        Meeting found = meetingAt(line.home, line.node);
        check(found != null, "%s, but nobody waits there", event);
        Meeting meeting = Objects.requireNonNull(found);
        RandomJoin join = joins[line.node];
        int arrivals = meeting.arrivals.size();
        check(event.arrivals() == arrivals, "%s, but %s came", event, arrivals);
        line.arrived = List.copyOf(meeting.arrivals.values());
        line.handedOn = meeting.handedOn.values().iterator().next();
        boolean isQuorum = join.isQuorum(arrivals);
        boolean isExpired = isDeadline && eventsOfFact == 1;
        boolean isMet;
        if (isQuorum || isExpired) {
            line.home.firedEarly.put(line.node, line.spawnIndex);
            isMet = join.isMetBy(arrivals, isExpired && !isQuorum);
            check(
                    !isExpired || now.equals(meeting.at.plusMillis(join.withinMs())),
                    "%s, but not at its deadline",
                    event);
            counts.add(isQuorum ? "rendezvous at their quorum" : "rendezvous at their deadline");
        } else {
            isMet = join.isMetBy(arrivals, false);
            KnotRule rule = new KnotRule(graph, rendezvous, live.values(), line);
            List<Meeting> knot = rule.knotOf(meeting);
            check(!knot.isEmpty(), "%s, but others could still come", event);
            for (Meeting other : knot) {
                check(order(line.node) <= order(other.node), "%s, but %s is first", event, graph.name(other.node));
            }
            counts.add(
                    knot.size() > 1
                            ? "rendezvous that waited for each other"
                            : "rendezvous when nobody else could come");
            boolean isQuiet = questions.isEmpty()
                    && live.values().stream().allMatch(other -> other == line || other.state == State.WAITING);
            counts.add(knot.size() > 1 && !isQuiet ? "knots untied while others were at work" : "other firings");
        }
        rendezvous.remove(meeting);
        check((event.verdict() == RunEvent.Verdict.MET) == isMet, "%s, but met is %s", event, isMet);
    }

    private int order(int node) {
        return graph.topology.inTopologicalOrder().indexOf(graph.name(node));
    }

    /** No rendezvous waits for nobody, and no knot is left. */
    private void checkRendezvous() {
        boolean isQuiet = questions.isEmpty();
        for (Line line : live.values()) {
            isQuiet &= line.state == State.WAITING;
        }
        check(!isQuiet, "nothing can happen any more");
        KnotRule rule = new KnotRule(graph, rendezvous, live.values(), null);
        for (Meeting meeting : rendezvous) {
            RandomJoin join = joins[meeting.node];
            check(
                    join.withinMs() == 0 || !now.isAfter(meeting.at.plusMillis(join.withinMs())),
                    "the rendezvous %s is past its deadline",
                    graph.name(meeting.node));
            check(
                    !join.isQuorum(meeting.arrivals.size()),
                    "the rendezvous %s has its quorum and waits",
                    graph.name(meeting.node));
            check(
                    rule.knotOf(meeting).isEmpty(),
                    "the rendezvous %s waits, but nobody can come, or is in a knot",
                    graph.name(meeting.node));
        }
    }

    /** Whether somebody's turn has come, and only a place is missing. */
    boolean mayStart() {
        return !paused && live.values().stream().anyMatch(line -> line.state == State.READY && !isExcluded(line));
    }

    List<Set<Integer>> exclusive() {
        return exclusive;
    }

    /** Whether a step runs that excludes it, or one it waits for, and so on. */
    private boolean isExcluded(Line line) {
        Set<Integer> all = new HashSet<>();
        boolean grows = exclusive.stream().anyMatch(group -> group.contains(line.node)) && all.add(line.node);
        while (grows) {
            grows = false;
            for (Set<Integer> group : exclusive) {
                grows |= group.stream().anyMatch(all::contains) && all.addAll(group);
            }
        }
        boolean isExcluded =
                live.values().stream().anyMatch(other -> other.state == State.RUNNING && all.contains(other.node));
        if (isExcluded) {
            counts.add("turns excluded");
        }
        return isExcluded;
    }

    /** How many deadlines there are that somebody waits for, that of the run's own join aside. */
    long deadlines() {
        return forks.stream().filter(fork -> fork.join.withinMs() > 0).count()
                + rendezvous.stream()
                        .filter(meeting -> joins[meeting.node].withinMs() > 0)
                        .count()
                + questions.values().stream()
                        .filter(question -> question.deadline() != null)
                        .count()
                + live.values().stream()
                        .filter(line -> line.state == State.SLEEPING
                                || (line.state == State.AWAITING_SIGNAL && line.wakes != null))
                        .count()
                + (limits.maxTime() == null ? 0 : 1);
    }

    // --- what agents are told

    private void checkTurns(List<Effect> effects) {
        for (Effect effect : effects) {
            if (effect instanceof Effect.StartStep start) {
                state.checkValues(start.state());
            }
            if (effect instanceof Effect.StartStep start && !start.isCompensation()) {
                Line line = Objects.requireNonNull(lines.get(start.branch().toString()));
                checkTurn(line, start.turn());
                List<Integer> handedOn = Delegation.nodes(start.delegation());
                check(
                        handedOn.equals(line.handedOn),
                        "%s was handed on by %s, was told %s",
                        line.path,
                        line.handedOn,
                        handedOn);
            }
        }
    }

    private void checkTurn(Line line, Turn turn) {
        check(Objects.equals(turn.carried(), line.carry), "%s carries %s, was %s", line.path, turn, line.carry);
        check(
                turn.reason() != Turn.Reason.SIGNALLED || Objects.equals(turn.signal(), line.signalled),
                "%s is signalled %s, was %s",
                line.path,
                turn,
                line.signalled);
        if (turn.reason() == Turn.Reason.JOINED) {
            List<String> joined = turn.outcomes().stream()
                    .map(outcome -> kind(outcome) + " " + who(outcome) + " " + outcome.value())
                    .toList();
            check(
                    line.joined == null || joined.equals(line.joined),
                    "%s is told %s, but was %s",
                    line.path,
                    joined,
                    line.joined);
            line.joined = null;
        } else if (turn.reason() == Turn.Reason.ARRIVED && line.arrived != null) {
            List<String> arrived = turn.arrivals().stream()
                    .map(arrival -> arrival.branch() + " " + arrival.value())
                    .toList();
            check(arrived.equals(line.arrived), "%s is told %s, but was %s", line.path, arrived, line.arrived);
            line.arrived = null;
        }
    }

    /** A rendezvous that had not fired when the time was up is no branch yet. */
    private String who(Outcome outcome) {
        String path = outcome.branch().toString();
        return lines.containsKey(path) ? path : outcome.agent();
    }

    private static String kind(Outcome outcome) {
        return outcome.fold(any -> "answered", any -> "failed", any -> "timedOut");
    }

    // --- the end

    void checkEnd(Effect.Finish finish) {
        check(finished, "no last event");
        check(!undoing, "a compensation has not ended");
        check(finish.uncompensated().size() == notUndone, "%s, but %s failed", finish.uncompensated(), notUndone);
        check(
                finish.status() == RunResult.Status.SUCCEEDED ? !compensating : done.isEmpty(),
                "%s, not undone: %s",
                finish.status(),
                done);
        check(live.isEmpty(), "live at the end: %s", live.keySet());
        RunResult.Branches branches = finish.branches();
        check(branches.answered() == settledAs("answered"), "answered %s", branches);
        check(branches.failed() == settledAs("failed"), "failed %s", branches);
        check(branches.movedOn() == settledAs("movedOn"), "moved on %s", branches);
        check(branches.cancelled() == settledAs("cancelled"), "cancelled %s", branches);
        check(finish.steps() == steps, "%s steps, but %s were told of", finish.steps(), steps);
        check(finish.lateArrivals() == late, "%s late, but %s were told of", finish.lateArrivals(), late);
        counts.add("runs " + finish.status());
        if (finish.status() == RunResult.Status.SUCCEEDED) {
            List<String> answers = root.outcomes.values().stream()
                    .filter(outcome -> outcome.startsWith("answered"))
                    .map(outcome -> outcome.substring(outcome.lastIndexOf(' ') + 1))
                    .toList();
            check(finish.answers().equals(answers), "answers %s, but were %s", finish.answers(), answers);
            check(finish.failure() == null, "succeeded with %s", finish.failure());
            check(
                    root.join.keeps()
                            || root.join.shortfall() > 0
                            || root.join.takesNothing()
                            || root.join.isMet(root.answered, root.failed, 0),
                    "succeeded with %s answers and %s failures",
                    root.answered,
                    root.failed);
        } else {
            RunFailure failure = Objects.requireNonNull(finish.failure());
            counts.add("ends by " + failure.kind());
            check(
                    finish.status() == RunResult.Status.CANCELLED
                            || failure instanceof LimitExceededException
                            || asked
                            || root.join.keeps()
                            || root.join.kind() > RandomJoin.AT_LEAST
                            || !root.join.isMet(root.answered, root.failed, 0)
                            || (root.join.kind() == RandomJoin.ALL && root.join.withinMs() > 0),
                    "failed with %s answers and %s failures: %s",
                    root.answered,
                    root.failed,
                    failure);
            if (failure instanceof LimitExceededException exceeded) {
                counts.add("limits of " + exceeded.limit());
                check(
                        !exceeded.limit().equals("steps") || (limits.maxSteps() != null && steps <= limits.maxSteps()),
                        "%s after %s steps",
                        failure,
                        steps);
            }
        }
    }

    private long settledAs(String how) {
        return settled.getOrDefault(how, 0L);
    }

    /** Formats only when it fails: it is asked a great many times. */
    @SuppressWarnings("AnnotateFormatMethod") // its annotation is of a library that is not here
    static void check(boolean holds, String message, @Nullable Object... arguments) {
        if (!holds) {
            throw new AssertionError(String.format(message, arguments));
        }
    }
}
