package io.flotilla.run.machine;

import io.flotilla.run.AgentFailedException;
import io.flotilla.run.Arrival;
import io.flotilla.run.Correction;
import io.flotilla.run.Decision;
import io.flotilla.run.InvalidDecisionException;
import io.flotilla.run.LimitExceededException;
import io.flotilla.run.Outcome;
import io.flotilla.run.RunCancelledException;
import io.flotilla.run.RunEvent;
import io.flotilla.run.RunState;
import io.flotilla.run.Turn;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Decides what happens next in a run: facts in, effects out. It knows no threads, clocks, randomness or I/O, so the same
 * facts make the same run, live, replayed, or driven by another engine.
 *
 * <p>The first fact is {@link Fact.Started}. The caller carries out the effects of a fact, in order, before it applies the
 * next. After {@link Effect.Finish} no fact has an effect.
 *
 * <p>A run never hangs on structure: as long as it has not finished, a step or a timer is running, a question is open, or the
 * run is paused.
 *
 * <p>Not thread-safe: one fact at a time.
 *
 * @since 0.1
 */
public final class RunMachine {

    // A fact changes one branch. What follows is worked off until nothing moves (advanceUntilQuiet): scopes whose
    // members
    // have changed are evaluated, rendezvous that wait for nobody fire, branches whose turn has come start. Nothing
    // here
    // calls itself, so forks may be nested as deep as memory lets them.
    //
    // The parts: Branches spawn, move and end in a tree of Scopes. Forks opens scopes and has a JoinEvaluator decide
    // over
    // their Tally. RendezvousRegistry is where branches meet at a Rendezvous, and Occupancy knows when nobody else can
    // come.
    // QuestionRegistry has the questions to people, Timers the deadlines. LimitGuard holds the run against its limits,
    // DecisionCheck a decision against the edges of its own agent. BranchPath is the lineage that everything is ordered
    // by.
    // RunCompletion ends the run, EventRecorder keeps what has come of a fact.
    //
    // Why a run cannot hang on structure: a live branch is ready, running, awaiting an answer, or joining a scope that
    // is not
    // empty. Of an innermost scope without any of the first three only rendezvous are left. They wait for each other at
    // most, so some of them are a Knot, which is untied.

    /** Whose the timer of the run's own time limit is. */
    private static final Object RUN = new Object();

    // For the parts.
    final Plan plan;
    final Routes routes;
    final List<Effect> effects = new ArrayList<>();
    final EventRecorder recorder = new EventRecorder();
    final Timers timers = new Timers(effects);
    final Branches branches;
    final LimitGuard limits;
    final Forks forks = new Forks(this);
    final RendezvousRegistry rendezvousRegistry = new RendezvousRegistry(this);
    final QuestionRegistry questions = new QuestionRegistry(this);
    final RunCompletion completion;

    private final DecisionCheck check;
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
        this.branches = new Branches(plan, recorder);
        this.limits = new LimitGuard(plan);
        this.completion = new RunCompletion(this);
        this.check = new DecisionCheck(plan);
    }

    /**
     * Applies a fact. A fact that comes too late, for a step that was cancelled as for a run that has ended, has no effects.
     *
     * @param fact what has happened
     * @return what is to be done about it, in this order; cannot be changed
     * @throws NullPointerException if {@code fact} is null
     */
    public List<Effect> apply(Fact fact) {
        effects.clear();
        recorder.begin(fact.at());
        if (!completion.isFinished()) {
            take(fact);
            advanceUntilQuiet();
        }
        return List.copyOf(effects);
    }

    /**
     * What has come of the last fact.
     *
     * @return the events in order; cannot be changed
     */
    public List<RunEvent> events() {
        return List.copyOf(recorder.emitted());
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
        return branches.isQuiet() && rendezvousRegistry.size() == 0 && questions.isEmpty() && timers.isQuiet();
    }

    /** Which step of which branch it is, in words; empty if it is not in flight. */
    String describeStep(long step) {
        Branch branch = branches.turn(step);
        return branch == null ? "" : branches.name(branch) + " " + branch.path;
    }

    /**
     * Whether the end of a step still matters to the run.
     *
     * @param step its {@linkplain Effect.StartStep#step() number}
     * @return false if it has ended or was cancelled, and if there is no such step
     */
    public boolean isAwaited(long step) {
        return branches.turn(step) != null;
    }

    /**
     * Whether the run has ended: facts that come now have no effects.
     *
     * @return true after {@link Effect.Finish}
     */
    public boolean isFinished() {
        return completion.isFinished();
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

    private void take(Fact fact) {
        if (fact instanceof Fact.StepSettled settled) {
            stepSettled(settled);
        } else if (fact instanceof Fact.Started started) {
            start(started.task());
        } else if (fact instanceof Fact.DeadlinePassed deadline) {
            deadlinePassed(timers.fired(deadline.timer()));
        } else if (fact instanceof Fact.QuestionAnswered answer) {
            questions.answer(answer.question(), answer.value());
        } else if (fact instanceof Fact.Cancelled) {
            completion.end(new RunCancelledException());
        } else {
            pause(fact instanceof Fact.Paused);
        }
    }

    private void start(@Nullable Object task) {
        recorder.record(new RunEvent.RunStarted(recorder.next(), recorder.at()));
        timers.start(plan.limits().maxTime(), RUN);
        Scope root = branches.root;
        root.timer = timers.start(root.join.within(), root);
        for (int entry : routes.entries()) {
            Branch branch =
                    branches.spawn(root, entry, Turn.requested(task, "start", routes.successorNames(entry)), null);
            if (isOver(limits.branches(branches.spawned(), branch), branch)) {
                return;
            }
            branches.ready(branch);
        }
    }

    private void pause(boolean pause) {
        if (paused != pause) {
            paused = pause;
            recorder.record(
                    pause
                            ? new RunEvent.RunPaused(recorder.next(), recorder.at())
                            : new RunEvent.RunResumed(recorder.next(), recorder.at()));
        }
    }

    @SuppressWarnings("ReferenceEquality") // each is the only one of its kind
    private void deadlinePassed(@Nullable Object whose) {
        if (whose == RUN) {
            Branch atWork = atWork();
            isOver(limits.time(atWork), atWork);
        } else if (whose == branches.root) {
            completion.expire();
        } else if (whose instanceof Scope scope) {
            forks.expire(scope);
        } else if (whose instanceof Rendezvous rendezvous) {
            rendezvousRegistry.expire(rendezvous);
        } else if (whose instanceof QuestionEntry entry) {
            questions.expire(entry);
        }
    }

    /** Whose path stands for that of the run: of whose turn it is, else of who asks, else of who is live at all. */
    private @Nullable Branch atWork() {
        Branch running = branches.firstTurn();
        Branch asking = running == null ? questions.longestWaiting() : running;
        return asking == null ? branches.root.firstLive() : asking;
    }

    // --- what follows from a fact

    private void advanceUntilQuiet() {
        while (!completion.isFinished() && advance()) {
            // until nothing moves
        }
    }

    /** Does one thing that is due; false if nothing is. */
    private boolean advance() {
        Scope scope = branches.nextChanged();
        if (scope != null) {
            if (scope != branches.root) {
                forks.evaluate(scope);
            }
            return true;
        }
        Rendezvous rendezvous = branches.nextToFire();
        if (rendezvous != null) {
            rendezvousRegistry.fireComplete(rendezvous);
            return true;
        }
        if (completion.evaluate()) { // before anybody is called for nothing
            return true;
        }
        return !paused && nextTurn();
    }

    /** Starts what may start, or else numbers the turn that has come. */
    private boolean nextTurn() {
        Branch queued = branches.inFlight() < plan.maxStepsInFlight() ? branches.nextQueued() : null;
        if (queued != null) {
            startStep(queued);
            effects.add(new Effect.StartStep(
                    queued.step, branches.name(queued), queued.turn, queued.path, queued.steps - 1, queued.delegation));
            return true;
        }
        Branch ready = branches.nextReady();
        if (ready != null && !isOver(limits.step(branches.turns(), ready), ready)) {
            branches.number();
        }
        return ready != null;
    }

    private void startStep(Branch branch) {
        branches.startStep(branch);
        recorder.record(new RunEvent.StepStarted(
                recorder.next(), recorder.at(), branch.path, branches.name(branch), branch.steps - 1));
    }

    /** Ends the run if a limit was exceeded; the branch that did has failed by it. True if the run is over. */
    boolean isOver(@Nullable LimitExceededException exceeded, @Nullable Branch branch) {
        if (exceeded != null && !completion.isFinished()) {
            if (branch != null) {
                boolean inFlight = branch.state == Branch.State.RUNNING;
                if (branches.takeStep(branch.step) != null && inFlight) { // only the limit of time passes during a step
                    effects.add(new Effect.CancelStep(branch.step));
                }
                branches.failed(branch, exceeded);
            }
            completion.end(exceeded);
        }
        return completion.isFinished();
    }

    // --- decisions

    private void stepSettled(Fact.StepSettled settled) {
        Branch branch = branches.takeStep(settled.step());
        if (branch == null) {
            return; // cancelled meanwhile
        }
        if (branch.state
                != Branch.State.RUNNING) { // it had a place when this was recorded, and there were more of them
            startStep(branch);
        }
        String name = branches.name(branch);
        recorder.record(new RunEvent.StepSettled(
                recorder.next(), recorder.at(), branch.path, name, branch.steps - 1, settled.failed() != null));
        if (isOver(limits.usage(settled.used(), branch), branch)) {
            return;
        }
        if (settled.failed() != null && settled.cause() != null) {
            branches.failed(branch, AgentFailedException.step(name, branch.path, settled.failed(), settled.cause()));
            return;
        }
        String problem = check.problem(branch.node, settled.decision(), branch.home == branches.root);
        if (problem == null) {
            branch.corrections = 0;
            act(branch, settled.decision());
        } else {
            correct(branch, settled.decision(), problem);
        }
    }

    private void correct(Branch branch, @Nullable Decision decision, String problem) {
        branch.corrections++;
        Correction correction =
                new Correction(problem, decision, routes.successorNames(branch.node), branch.corrections);
        String name = branches.name(branch);
        if (branch.corrections > plan.maxCorrections()) {
            branches.failed(branch, new InvalidDecisionException(name, branch.path, correction));
        } else {
            recorder.record(new RunEvent.DecisionRejected(recorder.next(), recorder.at(), branch.path, name, problem));
            branch.turn = branch.turn.thenCorrected(correction);
            branches.ready(branch);
        }
    }

    private void act(Branch branch, @Nullable Decision decision) {
        if (decision instanceof Decision.Answer answer) {
            deliver(branch, branch.home, answer.value());
        } else if (decision instanceof Decision.HandOff handOff) {
            handOff(branch, routes.number(handOff.agent()), handOff.request());
        } else if (decision instanceof Decision.FanOut fanOut) {
            forks.open(branch, fanOut.invocations());
        } else if (decision instanceof Decision.Ask ask) {
            questions.ask(branch, ask.question());
        } else if (decision instanceof Decision.Fail fail) {
            branches.failed(branch, AgentFailedException.decided(branches.name(branch), branch.path, fail.reason()));
        } else if (decision instanceof Decision.Repeat again) {
            branch.turn = branch.turn.thenRepeated(again.input());
            branches.ready(branch);
        }
    }

    /** By lineage, never by name alone: an agent that forked is one of the branch's own resolvers. */
    private void handOff(Branch branch, int target, @Nullable Object request) {
        String from = branches.name(branch);
        if (routes.isEnd(target)) {
            deliverToRun(branch, from, request);
            return;
        }
        for (Scope scope = branch.home; scope != null; scope = scope.parent) {
            if (scope.node == target) { // never the run, which is at no node
                deliver(branch, scope, request);
                return;
            }
        }
        if (isOver(limits.delegation(branch, target), branch)) {
            return;
        }
        Delegation delegation = plan.delegation(branch.delegation, branch.node);
        if (routes.isRendezvous(target)) {
            rendezvousRegistry.arrive(branch, target, new Arrival(from, branch.path, request), delegation);
        } else {
            recorder.record(
                    new RunEvent.HandedOff(recorder.next(), recorder.at(), branch.path, from, routes.name(target)));
            branches.move(branch, target, Turn.requested(request, from, routes.successorNames(target)), delegation);
        }
    }

    private void deliver(Branch branch, Scope scope, @Nullable Object value) {
        if (scope == branches.root) {
            deliverToRun(branch, branches.name(branch), value);
            return;
        }
        boolean tooLate = scope.decided;
        if (!tooLate) {
            scope.add(new Outcome.Answered(branches.name(branch), branch.path, value));
            branches.changed(scope);
        }
        branches.answered(branch, tooLate);
    }

    /** Out of a fork it is a move to the end; outside of all of them it is the branch's answer. */
    void deliverToRun(Branch branch, String from, @Nullable Object value) {
        Scope root = branches.root;
        boolean tooLate = root.decided;
        if (!tooLate) {
            root.add(new Outcome.Answered(from, branch.path, value));
        }
        if (branch.home == root) {
            branches.answered(branch, tooLate);
        } else {
            branches.movedOn(branch, "end", tooLate);
        }
    }
}
