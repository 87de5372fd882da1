package io.flotilla.run.machine;

import static io.flotilla.run.machine.Onlooker.check;

import io.flotilla.agent.Usage;
import io.flotilla.run.BranchPath;
import io.flotilla.run.Decision;
import io.flotilla.run.Limits;
import io.flotilla.run.RunEvent;
import io.flotilla.run.RunState;
import io.flotilla.run.Turn;
import io.flotilla.step.StepResult;
import java.math.BigDecimal;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.PriorityQueue;
import java.util.Random;
import java.util.Set;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * One run drawn from a seed: a topology, scripts, joins and limits, driven through the machine by a queue of facts and a
 * clock of its own. Facts of the same instant come in the order in which what brings them was started, deadlines last.
 *
 * <p>Steps that never end and questions nobody answers are left alone for as long as anything else happens; then the run
 * is cancelled or a question answered, at random.
 */
final class RandomRun {

    private final Watcher watcher;
    private final Random random;
    private final Counts counts;
    private final RandomGraph graph;
    private final RandomScript script;
    private final RandomState state;
    private final RandomJoin[] joins;
    private final Plan plan;
    private final RunMachine machine;
    private final Onlooker onlooker;

    private final PriorityQueue<Due> queue = new PriorityQueue<>(
            Comparator.comparingLong(Due::at).thenComparing(Due::isDeadline).thenComparingLong(Due::order));
    private long now;
    private long order;
    private Usage used = Usage.NONE;

    private final Map<Long, Effect.StartStep> inFlight = new LinkedHashMap<>();
    private final Set<Long> cancelled = new HashSet<>();
    private final Set<Long> timers = new HashSet<>();
    private final List<String> questions = new ArrayList<>();
    private Effect.@Nullable Finish finish;

    private final List<Fact> facts = new ArrayList<>();
    private final StringBuilder told = new StringBuilder();

    /** Something that will happen; null if there is nothing to it any more. */
    private record Due(long at, boolean isDeadline, long order, Supplier<@Nullable Fact> fact) {}

    /** Sees every fact the machine is told of. */
    interface Watcher {

        Watcher NOBODY = new Watcher() {};

        default void before(Fact fact, RunMachine machine) {}

        default void after(Fact fact, RunMachine machine, List<Effect> effects) {}
    }

    RandomRun(long seed, Counts counts) {
        this(seed, counts, Watcher.NOBODY);
    }

    RandomRun(long seed, Counts counts, Watcher watcher) {
        this.watcher = watcher;
        this.random = new Random(seed * 0x9E3779B97F4A7C15L);
        this.counts = counts;
        this.graph = new RandomGraph(random);
        this.script = new RandomScript(graph, random);
        this.state = new RandomState(random, counts);
        this.joins = drawJoins();
        int corrections = random.nextInt(3);
        int signals = random.nextInt(2) == 0 ? random.nextInt(3) : 1_000;
        int places = random.nextInt(3) == 0 ? 1 + random.nextInt(4) : 1_000;
        Plan.Builder drawn = Plan.builder(graph.topology, String.class)
                .join(joins[graph.agents + 1].join())
                .joinAt("end", joins[graph.agents].join())
                .limits(drawLimits())
                .maxCorrections(corrections)
                .maxStepsInFlight(places)
                .maxPendingSignals(signals);
        for (int node = 0; node < graph.agents; node++) {
            if (!joins[node].equals(joins[graph.agents + 1])) {
                drawn.joinAt(graph.name(node), joins[node].join());
            }
        }
        Set<Integer> compensated = new HashSet<>();
        for (int node = 0; node < graph.agents && random.nextInt(2) == 0; node++) {
            compensated.add(random.nextInt(graph.agents));
        }
        compensated.forEach(node -> drawn.compensated(graph.name(node)));
        List<Set<Integer>> exclusive = drawExclusive();
        exclusive.forEach(
                group -> drawn.exclusive(group.stream().map(graph::name).toList()));
        state.plan(drawn);
        this.plan = drawn.build();
        this.machine = new RunMachine(plan);
        this.onlooker = new Onlooker(graph, script, joins, plan, exclusive, compensated, state, counts);
    }

    private List<Set<Integer>> drawExclusive() {
        List<Set<Integer>> groups = new ArrayList<>();
        for (int more = graph.agents > 1 && random.nextInt(3) == 0 ? 1 + random.nextInt(3) : 0; more > 0; more--) {
            Set<Integer> group = new HashSet<>();
            while (group.size() < Math.min(graph.agents, 2 + random.nextInt(2))) {
                group.add(random.nextInt(graph.agents));
            }
            groups.add(group);
        }
        return groups;
    }

    /** By node, then that of the run, then the default. */
    private RandomJoin[] drawJoins() {
        RandomJoin byDefault = RandomJoin.draw(random);
        RandomJoin all = new RandomJoin(RandomJoin.ALL, 0, 0, 0, 0, false);
        RandomJoin[] drawn = new RandomJoin[graph.agents + 2];
        for (int node = 0; node < graph.agents; node++) {
            int which = random.nextInt(4);
            drawn[node] = which == 0 ? byDefault : which == 1 ? all : RandomJoin.draw(random);
        }
        drawn[graph.agents] = random.nextInt(2) == 0 ? all : RandomJoin.draw(random);
        drawn[graph.agents + 1] = byDefault;
        return drawn;
    }

    private Limits.Chain drawLimits() {
        Limits.Chain limits = Limits.steps(60 + random.nextInt(241));
        limits = random.nextInt(8) == 0 ? limits.time(Duration.ofMillis(1 + random.nextInt(100))) : limits;
        limits = random.nextInt(6) == 0 ? limits.branches(1 + random.nextInt(40)) : limits;
        limits = random.nextInt(8) == 0 ? limits.depth(random.nextInt(4)) : limits;
        limits = random.nextInt(8) == 0 ? limits.questions(random.nextInt(3)) : limits;
        limits = random.nextInt(8) == 0 ? limits.delegationCycles(random.nextInt(4)) : limits;
        limits = random.nextInt(12) == 0 ? limits.tokens(1 + random.nextInt(200)) : limits;
        return random.nextInt(12) == 0 ? limits.cost(BigDecimal.valueOf(1 + random.nextInt(50))) : limits;
    }

    Plan itsPlan() {
        return plan;
    }

    /** What the run told, word for word. */
    String told() {
        return told.toString();
    }

    /** The plan, for somebody who has to find out what went wrong. */
    String plan() {
        StringBuilder described = new StringBuilder(graph.toString());
        for (int node = 0; node <= graph.agents; node++) {
            described.append("\njoinAt ").append(graph.name(node)).append(' ').append(joins[node].join());
        }
        return described
                .append('\n')
                .append(plan.limits())
                .append(" places=")
                .append(plan.maxStepsInFlight())
                .append(" corrections=")
                .append(plan.maxCorrections())
                .append(" exclusive=")
                .append(onlooker.exclusive())
                .toString();
    }

    void run() {
        apply(new Fact.Started(at(), "task"), null);
        drawInterruptions();
        while (finish == null) {
            Due next = queue.poll();
            if (next == null) {
                nudge();
            } else {
                now = next.at();
                Fact fact = next.fact().get();
                if (fact != null) {
                    apply(fact, null);
                }
            }
        }
        end(finish);
    }

    private Instant at() {
        return Instant.ofEpochMilli(now);
    }

    private void after(long delayMs, Supplier<@Nullable Fact> fact) {
        queue.add(new Due(now + delayMs, false, order++, fact));
    }

    private void drawInterruptions() {
        for (int pauses = random.nextInt(6) == 0 ? 1 + random.nextInt(2) : 0; pauses > 0; pauses--) {
            long from = random.nextInt(60);
            after(from, () -> {
                counts.add("pauses");
                return new Fact.Paused(at());
            });
            after(from + random.nextInt(40), () -> new Fact.Resumed(at()));
        }
        for (int more = random.nextInt(3) == 0 ? random.nextInt(6) : 0; more > 0; more--) {
            after(random.nextInt(60), () -> signal(script.signal(), random.nextInt(4) == 0));
        }
        for (int more = random.nextInt(4) == 0 ? 1 + random.nextInt(3) : 0; more > 0; more--) {
            after(random.nextInt(40), this::cancelOfABranch);
        }
        if (random.nextInt(15) == 0) {
            after(random.nextInt(80), () -> new Fact.Cancelled(at()));
        }
    }

    private Fact signal(String name, boolean ifAwaited) {
        return new Fact.SignalReceived(at(), name, "signalled at " + order++, ifAwaited);
    }

    /** Of one that lives, or has lived, or never was. */
    private Fact cancelOfABranch() {
        List<RunState.BranchState> live = machine.branchStates();
        BranchPath path = live.isEmpty() || random.nextInt(8) == 0
                ? BranchPath.outsideForks(0).forked(random.nextInt(3), random.nextInt(3))
                : live.get(random.nextInt(live.size())).path();
        return new Fact.BranchCancelRequested(at(), path);
    }

    /** Nothing happens by itself any more: somebody has to answer, to signal or to cancel. */
    private void nudge() {
        List<String> awaited = onlooker.awaited();
        check(!inFlight.isEmpty() || !questions.isEmpty() || !awaited.isEmpty(), "the run hangs");
        if (!awaited.isEmpty() && random.nextInt(4) > 0) {
            counts.add("nudged by a signal");
            apply(signal(awaited.get(random.nextInt(awaited.size())), random.nextInt(2) == 0), null);
        } else if (!questions.isEmpty() && random.nextInt(4) > 0) {
            counts.add("nudged by an answer");
            answer(questions.get(random.nextInt(questions.size())));
        } else {
            counts.add("nudged by a cancel");
            apply(new Fact.Cancelled(at()), null);
        }
    }

    private void answer(String question) {
        Object value = random.nextInt(3) == 0 ? "fail" : random.nextInt(2) == 0 ? "proceed" : true;
        apply(new Fact.QuestionAnswered(at(), question, value), null);
    }

    // --- facts

    private void apply(Fact fact, @Nullable String steppedOn) {
        List<Effect> effects = applied(fact);
        List<RunEvent> events = List.copyOf(machine.events());
        tell(told, effects, events);
        carryOut(effects);
        onlooker.look(fact, events, effects, steppedOn);
        state.checkValues(machine.values());
        if (finish == null && !machine.isCompensating()) {
            check(
                    inFlight.size() == plan.maxStepsInFlight() || !onlooker.mayStart(),
                    "a turn waits, and so does a place");
            long ofTheRun = timers.size() - onlooker.deadlines();
            long most = joins[graph.agents].withinMs() > 0 ? 1 : 0;
            check(ofTheRun >= 0 && ofTheRun <= most, "timers %s, but %s deadlines", timers, onlooker.deadlines());
        }
    }

    private List<Effect> applied(Fact fact) {
        facts.add(fact);
        watcher.before(fact, machine);
        List<Effect> effects = List.copyOf(machine.apply(fact));
        watcher.after(fact, machine, effects);
        return effects;
    }

    private void settle(Effect.StartStep step, RandomScript.Act act) {
        boolean stale = inFlight.remove(step.step()) == null;
        Usage own = new Usage(random.nextInt(3), random.nextInt(3), BigDecimal.valueOf(random.nextInt(2)));
        used = used.plus(own);
        Fact.StepSettled fact = new Fact.StepSettled(
                at(),
                step.step(),
                act.decision(),
                act.fails() ? StepResult.Kind.FAILED : null,
                act.fails() ? new IllegalStateException("broken") : null,
                used,
                1,
                false,
                state.draw(step),
                own);
        if (stale) {
            check(cancelled.contains(step.step()), "step %s was neither in flight nor cancelled", step.step());
            checkIgnored(fact);
            return;
        }
        apply(fact, step.isCompensation() ? null : step.branch().toString());
        checkUsage();
    }

    private void checkUsage() {
        Limits limits = plan.limits();
        boolean exceeded = (limits.maxTokens() != null && used.tokens() > limits.maxTokens())
                || (limits.maxCost() != null && used.cost().compareTo(limits.maxCost()) > 0);
        check(!exceeded || finish != null || machine.isCompensating(), "used %s and goes on", used);
    }

    private void checkIgnored(Fact fact) {
        List<Effect> effects = applied(fact);
        check(effects.isEmpty() && machine.events().isEmpty(), "%s was not ignored: %s", fact, effects);
        tell(told, effects, machine.events());
    }

    // --- effects

    private void carryOut(List<Effect> effects) {
        for (Effect effect : effects) {
            check(finish == null, "%s after the end", effect);
            if (effect instanceof Effect.StartStep start) {
                start(start);
            } else if (effect instanceof Effect.CancelStep cancel) {
                check(inFlight.remove(cancel.step()) != null, "%s is not in flight", cancel);
                cancelled.add(cancel.step());
                counts.add("steps cancelled");
            } else if (effect instanceof Effect.StartTimer timer) {
                check(timers.add(timer.timer()), "%s twice", timer);
                queue.add(new Due(now + timer.delay().toMillis(), true, order++, () -> fire(timer.timer())));
            } else if (effect instanceof Effect.CancelTimer timer) {
                check(timers.remove(timer.timer()), "%s does not run", timer);
            } else if (effect instanceof Effect.Ask ask) {
                ask(ask.question().id());
            } else if (effect instanceof Effect.CloseQuestion close) {
                check(questions.remove(close.question()), "%s is not open", close);
            } else if (effect instanceof Effect.Finish end) {
                finish = end;
            }
        }
        check(inFlight.size() <= plan.maxStepsInFlight(), "%s steps in flight", inFlight.size());
    }

    private void start(Effect.StartStep start) {
        check(inFlight.put(start.step(), start) == null, "%s twice", start);
        if (start.isCompensation()) {
            boolean fails = random.nextInt(5) == 0;
            after(random.nextInt(5), () -> {
                settle(start, new RandomScript.Act(0, fails ? null : Decision.answer(null), fails));
                return null;
            });
            return;
        }
        RandomScript.Act act = script.act(
                graph.number(start.agent()),
                start.branch().depth(),
                start.turn().reason() == Turn.Reason.JOINED || start.number() > 2);
        if (act.delayMs() >= 0) {
            boolean bringsStale = random.nextInt(8) == 0;
            after(act.delayMs(), () -> {
                if (bringsStale || inFlight.containsKey(start.step())) {
                    settle(start, act);
                }
                return null;
            });
        } else {
            counts.add("steps that never end");
        }
    }

    private @Nullable Fact fire(long timer) {
        return timers.remove(timer) ? new Fact.DeadlinePassed(at(), timer) : null;
    }

    private void ask(String question) {
        questions.add(question);
        if (random.nextInt(3) > 0) {
            after(random.nextInt(40), () -> {
                if (questions.contains(question)) {
                    answer(question);
                } else if (random.nextInt(4) == 0) {
                    checkIgnored(new Fact.QuestionAnswered(at(), question, "too late"));
                }
                return null;
            });
        }
    }

    // --- the end

    private void end(Effect.Finish finish) {
        check(inFlight.isEmpty(), "in flight at the end: %s", inFlight.keySet());
        check(timers.isEmpty(), "timers at the end: %s", timers);
        check(questions.isEmpty(), "questions at the end: %s", questions);
        check(machine.isQuiet(), "something is left open in the machine");
        onlooker.checkEnd(finish);
        checkIgnored(new Fact.Resumed(at()));
        checkIgnored(new Fact.StepSettled(at(), 1, Decision.answer("late"), null, null, used, null));
        checkIgnored(new Fact.Cancelled(at()));
    }

    /** The facts of this run, brought to a machine that knows nothing of it. */
    String replayed() {
        RunMachine fresh = new RunMachine(plan);
        StringBuilder replayed = new StringBuilder();
        for (Fact fact : facts) {
            List<Effect> effects = fresh.apply(fact);
            tell(replayed, effects, fresh.events());
        }
        return replayed.toString();
    }

    private static void tell(StringBuilder told, List<Effect> effects, List<RunEvent> events) {
        events.forEach(event -> told.append(event).append('\n'));
        for (Effect effect : effects) {
            if (effect instanceof Effect.StartStep start) {
                told.append("StartStep ")
                        .append(start.step())
                        .append(' ')
                        .append(start.agent())
                        .append(' ')
                        .append(start.branch())
                        .append(' ')
                        .append(start.number())
                        .append(' ')
                        .append(start.turn())
                        .append(' ')
                        .append(start.delegationPath())
                        .append(start.state());
            } else {
                told.append(effect);
            }
            told.append('\n');
        }
    }
}
