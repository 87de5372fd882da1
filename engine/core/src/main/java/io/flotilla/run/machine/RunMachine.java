package io.flotilla.run.machine;

import io.flotilla.agent.Usage;
import io.flotilla.run.PendingQuestion;
import io.flotilla.run.PendingSignal;
import io.flotilla.run.PendingWait;
import io.flotilla.run.RunCancelledException;
import io.flotilla.run.RunEvent;
import io.flotilla.run.RunResult;
import io.flotilla.run.RunState;
import io.flotilla.run.StateValue;
import io.flotilla.run.Turn;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.function.Function;
import java.util.function.LongFunction;
import org.jspecify.annotations.Nullable;

/**
 * Decides what happens next in a run: facts in, effects out. It knows no threads, clocks, randomness or I/O, so the same
 * facts make the same run, live, replayed, or driven by another engine.
 *
 * <p>The first fact is {@link Fact.Started}. The caller carries out the effects of a fact, in order, before it applies the
 * next. After {@link Effect.Finish} no fact has an effect.
 *
 * <p>A run never hangs on structure: as long as it has not finished, a step or a timer is running, a question is open, a branch
 * waits for a signal, or the run is paused.
 *
 * <p>Not thread-safe: one fact at a time.
 *
 * @since 0.1
 */
public final class RunMachine {

    // A fact changes one branch. What follows is worked off until nothing moves (apply): scopes whose
    // members have changed are evaluated, rendezvous that wait for no branch fire, branches whose turn has come start.
    // Nothing here calls itself, so forks may be nested as deep as memory lets them.
    //
    // The parts, each over those above it:
    //   Output         what comes of a fact: effects and events
    //   Timers         the deadlines
    //   Branches       spawn, move and end in a tree of Scopes; Occupancy knows when no other branch can come
    //   OpenQuestions, OpenWaits, RendezvousRegistry    what waits
    //   Cancellation   ends what lives inside a scope
    //   RunCompletion  ends the run; LimitGuard does when a limit is exceeded
    //   QuestionRegistry, Waits, Shortfalls  ask, sleep, signals; what a join that is not met leads to
    //   Arrivals, ForkJoins, RunJoin         decide joins, with JoinEvaluator over a Tally
    //   Deliveries, Forks                    where answers go, and how forks begin
    //   Settlements                          what the end of a step leads to; StateValues has what steps have written
    //
    // DecisionCheck holds a decision against the edges of its own agent. BranchPath is the lineage all is ordered by.
    //
    // Why a run cannot hang on structure: a live branch is ready, running, awaiting an answer or a signal, sleeping, or
    // joining a scope that is not empty. Of an innermost scope without any but the last only rendezvous are left. They
    // wait for each other at most, so some of them are a Knot, which is untied.

    /** Whose the timer of the run's own time limit is. */
    private static final Object RUN = new Object();

    private final Plan plan;
    private final Routes routes;
    private final Output output = new Output();
    private final Timers timers = new Timers(output);
    private final Branches branches;
    private final OpenQuestions openQuestions = new OpenQuestions(output, timers);
    private final OpenWaits openWaits = new OpenWaits(timers);
    private final RendezvousRegistry rendezvousRegistry;
    private final StateValues state;
    private final Compensations compensations;
    private final RunCompletion completion;
    private final LimitGuard limits;
    private final QuestionRegistry questions;
    private final Waits waits;
    private final Cancellation cancellation;
    private final Arrivals arrivals;
    private final ForkJoins joins;
    private final RunJoin runJoin;
    private final Settlements settlements;
    private boolean paused;

    /**
     * A run that has not started.
     *
     * @param plan what it keeps to
     * @throws NullPointerException if {@code plan} is null
     */
    public RunMachine(Plan plan) {
        this.plan = plan;
        this.routes = plan.routes();
        this.branches = new Branches(plan, output);
        this.rendezvousRegistry = new RendezvousRegistry(plan, branches, timers);
        this.cancellation = new Cancellation(branches, openQuestions, openWaits, rendezvousRegistry, timers, output);
        this.state = new StateValues(plan);
        this.compensations = new Compensations(plan, branches, output, state);
        this.completion =
                new RunCompletion(branches, openQuestions, openWaits, cancellation, timers, output, compensations);
        this.limits = new LimitGuard(plan, completion);
        this.questions = new QuestionRegistry(branches, openQuestions, limits, completion, timers, output);
        this.waits = new Waits(plan, branches, openWaits, timers, output);
        Shortfalls shortfalls = new Shortfalls(branches, questions);
        this.arrivals = new Arrivals(routes, branches, rendezvousRegistry, limits, shortfalls, output);
        this.joins = new ForkJoins(routes, branches, cancellation, shortfalls, timers, output);
        this.runJoin = new RunJoin(branches, rendezvousRegistry, questions, cancellation, completion, timers);
        Deliveries deliveries = new Deliveries(branches);
        Forks forks = new Forks(plan, branches, limits, joins, arrivals, deliveries, timers, output);
        this.settlements = new Settlements(
                plan,
                branches,
                output,
                state,
                compensations,
                completion,
                limits,
                questions,
                waits,
                arrivals,
                deliveries,
                forks);
    }

    /**
     * Applies a fact. A fact that comes too late, for a step that was cancelled as for a run that has ended, has no effects.
     *
     * @param fact what has happened
     * @return what is to be done about it, in this order; cannot be changed
     * @throws NullPointerException if {@code fact} is null
     */
    public List<Effect> apply(Fact fact) {
        output.begin(fact.at());
        if (!completion.isFinished()) {
            take(fact);
            while (!completion.isFinished() && advance()) {
                // until nothing moves
            }
        } else if (fact instanceof Fact.StepSettled settled && compensations.apply(settled)) {
            completion.conclude();
        }
        return output.effects();
    }

    /**
     * What has come of the last fact.
     *
     * @return the events in order; cannot be changed
     */
    public List<RunEvent> events() {
        return output.events();
    }

    /**
     * How many turns have come whose steps have not started: more steps are in flight than may be, or the run is paused.
     *
     * @return the number
     */
    public int waiting() {
        return branches.waiting();
    }

    /** Whether nothing is left of the run: no branch, step, scope, rendezvous, question or timer. For tests. */
    boolean isQuiet() {
        return branches.isQuiet()
                && rendezvousRegistry.size() == 0
                && openQuestions.isEmpty()
                && openWaits.isEmpty()
                && timers.isQuiet();
    }

    /** How many steps have started. */
    long steps() {
        return branches.steps();
    }

    /** How many branches have ended, and how. */
    RunResult.Branches ends() {
        return branches.ends();
    }

    /** Which step of which branch it is, in words; empty if it is not in flight. */
    String describeStep(long step) {
        Compensations.Place place = place(step);
        return place == null ? "" : place.agent() + " " + place.branch();
    }

    /** Which step of which branch it is, or undoes; null if it is not in flight. */
    Compensations.@Nullable Place place(long step) {
        Branch branch = branches.turn(step);
        return branch == null ? compensations.place(step) : new Compensations.Place(branches.name(branch), branch.path);
    }

    /** Whether the run has not succeeded, and what its steps have done is being undone. */
    boolean isCompensating() {
        return compensations.isRunning();
    }

    /**
     * Whether the end of a step still matters to the run.
     *
     * @param step its {@linkplain Effect.StartStep#step() number}
     * @return false if it has ended or was cancelled, and if there is no such step
     */
    public boolean isAwaited(long step) {
        return branches.turn(step) != null || compensations.place(step) != null;
    }

    /**
     * Whether the run has ended: facts that come now have no effects.
     *
     * @return true after {@link Effect.Finish}
     */
    public boolean isFinished() {
        return completion.isFinished() && !compensations.isRunning();
    }

    /**
     * How many turns have come.
     *
     * @return the number, which {@link RunDigest#add} takes
     */
    public long turns() {
        return branches.turns();
    }

    /**
     * The plan.
     *
     * @return as given
     */
    public Plan plan() {
        return plan;
    }

    /**
     * The live branches.
     *
     * @return in lineage order; cannot be changed
     */
    public List<RunState.BranchState> branchStates() {
        return List.copyOf(branches.states());
    }

    /**
     * The branches that sleep or wait for a signal.
     *
     * @return in lineage order, with their deadlines as of the facts they began with; cannot be changed
     */
    public List<PendingWait> waits() {
        return waits(entry -> entry.deadline);
    }

    private List<PendingWait> waits(Function<WaitEntry, @Nullable Instant> deadlines) {
        return branches.waits().stream()
                .map(entry -> entry.pending(branches.name(entry.branch), deadlines.apply(entry)))
                .toList();
    }

    /**
     * The state of the run, of which the machine does not know all.
     *
     * @param runId which run
     * @param facts how many facts have made it so
     * @param status how it is, unless it undoes what was done
     * @param questions what is open, in the order they were asked
     * @param used what the steps have used
     * @param deadlines when a timer is due, by its number; null if it is not running
     * @return the state
     */
    public RunState state(
            String runId,
            long facts,
            RunState.Status status,
            List<PendingQuestion> questions,
            Usage used,
            LongFunction<@Nullable Instant> deadlines) {
        return new RunState(
                runId,
                facts,
                compensations.isRunning() ? RunState.Status.COMPENSATING : status,
                branchStates(),
                ends(),
                questions,
                steps(),
                used,
                waits(entry -> deadlines.apply(entry.timer)),
                signals(),
                values());
    }

    /**
     * The signals that no branch has taken.
     *
     * @return in the order they came; cannot be changed
     */
    public List<PendingSignal> signals() {
        return waits.signals();
    }

    /**
     * The run's own state.
     *
     * @return the values by key, in alphabetical order; cannot be changed
     */
    public Map<String, StateValue> values() {
        return state.now();
    }

    private void take(Fact fact) {
        if (fact instanceof Fact.StepSettled settled) {
            settlements.settle(settled);
        } else if (fact instanceof Fact.Started started) {
            start(started.task());
        } else if (fact instanceof Fact.DeadlinePassed deadline) {
            deadlinePassed(timers.fired(deadline.timer()));
        } else if (fact instanceof Fact.QuestionAnswered answer) {
            questions.answer(answer.question(), answer.value());
        } else if (fact instanceof Fact.Cancelled) {
            completion.end(new RunCancelledException());
        } else if (fact instanceof Fact.SignalReceived received) {
            waits.receive(received);
        } else if (fact instanceof Fact.BranchCancelRequested cancel) {
            Branch branch = branches.find(cancel.branch());
            if (branch != null) {
                cancellation.cancelWithForks(branch);
            }
        } else {
            pause(fact instanceof Fact.Paused);
        }
    }

    private void start(@Nullable Object task) {
        output.record(new RunEvent.RunStarted(output.next(), output.at()));
        timers.start(plan.limits().maxTime(), RUN);
        Scope root = branches.root;
        root.timer = timers.start(root.join.within(), root);
        for (int entry : routes.entries()) {
            Branch branch =
                    branches.spawn(root, entry, Turn.requested(task, "start", routes.successorNames(entry)), null);
            if (limits.endsByBranches(branches.spawned(), branch)) {
                return;
            }
            branches.ready(branch);
        }
    }

    private void pause(boolean pause) {
        if (paused != pause) {
            paused = pause;
            output.record(
                    pause
                            ? new RunEvent.RunPaused(output.next(), output.at())
                            : new RunEvent.RunResumed(output.next(), output.at()));
        }
    }

    @SuppressWarnings("ReferenceEquality") // each is the only one of its kind
    private void deadlinePassed(@Nullable Object whose) {
        if (whose == RUN) {
            limits.endByTime(atWork());
        } else if (whose == branches.root) {
            runJoin.expire();
        } else if (whose instanceof Scope scope) {
            joins.expire(scope);
        } else if (whose instanceof Rendezvous rendezvous) {
            arrivals.expire(rendezvous);
        } else if (whose instanceof QuestionEntry entry) {
            questions.expire(entry);
        } else if (whose instanceof WaitEntry entry) {
            waits.expire(entry);
        }
    }

    /** Whose path stands for that of the run: of whose turn it is, else of who asks, else of who is live at all. */
    private @Nullable Branch atWork() {
        Branch running = branches.firstTurn();
        Branch asking = running == null ? openQuestions.longestWaiting() : running;
        return asking == null ? branches.root.firstLive() : asking;
    }

    // --- what follows from a fact

    /** Does one thing that is due; false if nothing is. */
    private boolean advance() {
        Scope scope = branches.nextChanged();
        if (scope != null) {
            if (scope != branches.root) {
                joins.evaluate(scope);
            }
            return true;
        }
        Rendezvous rendezvous = branches.nextToFire();
        if (rendezvous != null) {
            arrivals.fireComplete(rendezvous);
            return true;
        }
        if (runJoin.evaluate()) { // before an agent is called in vain
            return true;
        }
        return !paused && nextTurn();
    }

    /** Starts what may start, or else numbers the turn that has come. */
    private boolean nextTurn() {
        Branch queued = branches.inFlight() < plan.maxStepsInFlight() ? branches.nextQueued() : null;
        if (queued != null) {
            branches.startStep(queued);
            output.add(new Effect.StartStep(
                    queued.step,
                    branches.name(queued),
                    queued.turn,
                    queued.path,
                    queued.steps - 1,
                    queued.delegation,
                    state.now()));
            return true;
        }
        Branch ready = branches.nextReady();
        if (ready != null && !limits.endsByStep(branches.turns(), ready)) {
            branches.number();
        }
        return ready != null;
    }
}
