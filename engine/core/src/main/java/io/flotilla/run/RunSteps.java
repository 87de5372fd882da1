package io.flotilla.run;

import io.flotilla.agent.Agent;
import io.flotilla.agent.Usage;
import io.flotilla.run.machine.Effect;
import io.flotilla.run.machine.Fact;
import io.flotilla.run.machine.Replay;
import io.flotilla.step.StepDriver;
import io.flotilla.step.StepResult;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Consumer;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;
import reactor.core.publisher.Mono;
import reactor.util.context.Context;

/**
 * The steps of a run that are in flight: starts and cancels them, and makes facts of how they end.
 *
 * <p>Steps are started and cancelled by the worker of the run only. {@link #stopStarting}, {@link #cancelAllAtOnce} and {@link #settled}
 * may be called by any thread.
 */
final class RunSteps {

    private final Map<String, Agent<Turn, Decision>> agents;
    private final StepDriver<Turn, Decision> driver;
    private final RunStep.Scope scope;
    private final RunClock clock;
    private final Redaction redaction;
    private final Consumer<Fact> facts;
    private final NestedRuns nested;

    /** The steps that were in flight when the process died, and have not been started since. Touched by the worker only. */
    private final Set<Long> inDoubt = new HashSet<>();

    /** The steps that were started and have not ended, by number. Whoever takes one out is the one to cancel it. */
    private final Map<Long, InFlight> inFlight = new ConcurrentHashMap<>();

    private record InFlight(StepDriver.Prepared step, Effect.StartStep start) {}

    private final EndingRuns ending = new EndingRuns();

    /** Nobody wants the run any more, though the machine may not know yet: no agent is called, though steps may be undone. */
    private volatile boolean cancelled;

    /** Nothing is called any more. */
    private volatile boolean stopped;

    RunSteps(
            Map<String, Agent<Turn, Decision>> agents,
            StepDriver<Turn, Decision> driver,
            RunStep.Scope scope,
            RunClock clock,
            Redaction redaction,
            Consumer<Fact> facts,
            NestedRuns nested) {
        this.agents = agents;
        this.driver = driver;
        this.scope = scope;
        this.clock = clock;
        this.redaction = redaction;
        this.facts = facts;
        this.nested = nested;
    }

    /** These effects start steps that were in flight when the process died; what was cancelled may not have come to its end. */
    void recover(Replay replay, List<Effect> outstanding) {
        for (Replay.CancelledStep step : replay.cancelledSteps()) {
            Mono<Void> end = nested.ended(step);
            if (end != null) {
                ending.add(end);
            }
        }
        for (Effect effect : outstanding) {
            if (effect instanceof Effect.StartStep start) {
                inDoubt.add(start.step());
            }
        }
    }

    /** False if the thread was kept and another has taken over. */
    boolean start(Effect.StartStep start, Context context) {
        if (start.isCompensation() && ending.whenOver(() -> nested.startLater().accept(start))) {
            return true;
        }
        StepDriver.Prepared step =
                start.isCompensation() ? null : nested.prepare(start, !inDoubt.contains(start.step()), context);
        if (step instanceof NestedRun run) {
            inFlight.put(start.step(), new InFlight(step, start));
            if (stopped || cancelled) {
                inFlight.remove(start.step());
            } else {
                run.start();
            }
            return true;
        }
        try {
            step = driver.prepare(agent(start), start.turn(), start.step(), new RunStep(scope, start), context);
        } catch (Throwable noTime) { // a clock or timer of the user's that throws
            facts.accept(new Fact.StepSettled(
                    clock.now(),
                    start.step(),
                    null,
                    StepResult.Kind.FAILED,
                    redaction.readOnce(noTime),
                    scope.usage().total(),
                    Usage.NONE));
            return true;
        }
        inFlight.put(start.step(), new InFlight(step, start)); // whoever stops the starting sees it, or is seen here
        if (stopped || (cancelled && !start.isCompensation())) {
            inFlight.remove(start.step());
            return true;
        }
        return driver.start(step);
    }

    private Agent<Turn, Decision> agent(Effect.StartStep start) {
        Agent<Turn, Decision> agent = Objects.requireNonNull(agents.get(start.agent()), start.agent());
        if (start.isCompensation()) { // which is idempotent
            return agent;
        }
        InDoubtAgent.Reconciled reconciled =
                nested.setup().places().reconcilers().get(start.agent());
        return reconciled != null && inDoubt.remove(start.step()) ? new InDoubtAgent(agent, reconciled) : agent;
    }

    /** False if the thread was kept and another has taken over. */
    boolean cancel(long number) {
        InFlight cancelling = inFlight.remove(number);
        if (cancelling != null && cancelling.step() instanceof NestedRun run) {
            ending.add(run);
            run.cancelElsewhere();
            return true;
        }
        return cancelling == null || driver.cancel(cancelling.step());
    }

    /** The branches whose steps wait for a permit of the engine's limit, in lineage order. By any thread. */
    List<RunState.BranchState> waiting() {
        return inFlight.values().stream()
                .filter(each -> each.step().isWaiting())
                .map(InFlight::start)
                .map(start -> new RunState.BranchState(
                        start.branch(), start.agent(), RunState.BranchStatus.READY, start.number()))
                .sorted(Comparator.comparing(RunState.BranchState::path))
                .toList();
    }

    /** Whether one of them waits for a permit. By any thread. */
    boolean isWaiting() {
        return inFlight.values().stream().anyMatch(each -> each.step().isWaiting());
    }

    /** From now on a step that is to be started is not: its end is not waited for. */
    void stopStarting() {
        stopped = true;
    }

    /** The run is cancelled: steps that are in flight are, and no other is started but to undo what was done. */
    void stopAgents() {
        cancelled = true;
    }

    /** Cancels what is in flight but compensations, the last step first, on the calling thread. */
    void cancelAgentsAtOnce() {
        cancelAtOnce(step -> !step.start().isCompensation());
    }

    /** Cancels what is in flight, the last step first, on the calling thread. */
    void cancelAllAtOnce() {
        cancelAtOnce(step -> true);
    }

    private void cancelAtOnce(Predicate<InFlight> which) {
        List<InFlight> steps = new ArrayList<>(inFlight.values());
        steps.sort(Comparator.comparing((InFlight each) -> each.start().step()).reversed());
        for (InFlight each : steps) {
            if (which.test(each) && inFlight.remove(each.start().step(), each)) {
                if (each.step() instanceof NestedRun run) {
                    ending.add(run);
                }
                each.step().cancel();
            }
        }
    }

    /** Cancels what waits for a permit: its agent has not been called. By any thread. */
    void cancelWaiting() {
        List<InFlight> waiting = inFlight.values().stream()
                .filter(each -> each.step().isWaiting())
                .toList();
        for (InFlight each : waiting) {
            if (inFlight.remove(each.start().step(), each)) {
                each.step().cancel();
            }
        }
    }

    /** How many steps were started and have not ended. By any thread. */
    int inFlight() {
        return inFlight.size();
    }

    /** Its end is known, or does not matter any more. False if that was so before. */
    boolean remove(long number) {
        return inFlight.remove(number) != null;
    }

    /** The nested runs that are in flight. By any thread. */
    private List<NestedRun> nestedInFlight() {
        List<NestedRun> runs = new ArrayList<>();
        for (InFlight each : inFlight.values()) {
            if (each.step() instanceof NestedRun run) {
                runs.add(run);
            }
        }
        return runs;
    }

    /** The nested runs are suspended with this one. By any thread. */
    void suspendNested(Duration grace) {
        nestedInFlight().forEach(run -> run.suspend(grace));
        ending.runs().forEach(run -> run.suspend(grace));
    }

    /** Completes when the nested runs that this one wants no more are live no more. */
    Mono<Void> nestedOver() {
        return ending.over();
    }

    /** This run has broken down, and may be recovered: then it finds its nested runs, which go on. */
    void leaveNested() {
        nestedInFlight().forEach(NestedRun::leave);
    }

    /** Cancels what is in flight; nothing is started any more. */
    void close() {
        driver.close();
        for (NestedRun run : nestedInFlight()) {
            ending.add(run);
            run.cancelIfWanted();
        }
        inFlight.clear();
    }

    /** The fact that a step has ended. */
    Fact.StepSettled settled(RunStep step, StepResult<Decision> settled) {
        StepResult.Kind kind = settled.kind();
        Decision decision = null;
        Throwable cause = null;
        try {
            cause = kind.isFailure() ? redaction.readOnce(settled.cause()) : null;
            decision = redaction.readable(decisionOf(step, settled));
        } catch (Throwable thrown) { // a guard's or a fallback's value that is none, a redactor that throws
            kind = StepResult.Kind.FAILED;
            cause = redaction.readOnce(thrown);
        }
        return new Fact.StepSettled(
                clock.now(),
                step.start().step(),
                decision,
                kind.isFailure() ? kind : null,
                cause,
                scope.usage().total(),
                settled.attempts(),
                kind == StepResult.Kind.DEGRADED,
                kind.isFailure() ? List.of() : step.writes(),
                settled.usage());
    }

    /** Types are erased where steps are guarded: what comes out of them may be anything. */
    private static @Nullable Decision decisionOf(RunStep step, StepResult<?> settled) {
        Object value = settled.value();
        return value == null ? null : NodeAgent.decision(step.start().agent(), value);
    }
}
