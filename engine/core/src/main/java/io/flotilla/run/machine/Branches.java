package io.flotilla.run.machine;

import io.flotilla.run.BranchPath;
import io.flotilla.run.Outcome;
import io.flotilla.run.RunEvent;
import io.flotilla.run.RunFailure;
import io.flotilla.run.RunResult;
import io.flotilla.run.RunState;
import io.flotilla.run.Turn;
import io.flotilla.run.machine.Branch.State;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.Deque;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.PriorityQueue;
import java.util.Queue;
import org.jspecify.annotations.Nullable;

/**
 * The branches of a run: how they are spawned, what each is doing and where, and how they end. Every branch is spawned once and
 * ends once; whatever happens to it goes through here, so the counts are right by construction.
 */
final class Branches {

    /** The run itself: the scope around everything. */
    final Scope root;

    /** Whose turn has come, and has no number yet; some may have been cancelled since. */
    private final Deque<Branch> ready = new ArrayDeque<>();

    /** Whose turn has a number and waits for a place, in the order of the numbers; some may have been cancelled since. */
    private final Queue<Branch> queued = new PriorityQueue<>(Comparator.comparingLong(branch -> branch.step));

    /**
     * By the serial number of the step, in the order in which their turns came: those that wait for a place too. What a
     * run decides rests on the turns; which of them have a place already is a matter of the engine's concurrency, of
     * which no decision may depend.
     */
    private final Map<Long, Branch> turns = new LinkedHashMap<>();

    /** Scopes whose members have changed, to be looked at before the fact is done with. */
    private final Deque<Scope> changed = new ArrayDeque<>();

    /** Rendezvous that may wait for nobody any more, or only for each other. */
    private final Deque<Rendezvous> abandoned = new ArrayDeque<>();

    private final Routes routes;
    private final Output output;
    private final Exclusion exclusion;
    private int live;
    private int awaitJoin;
    private int watched;
    private int inFlight;
    private int excluded;
    private long spawned;
    private long numbered;
    private long steps;
    private long answered;
    private long failed;
    private long movedOn;
    private long cancelled;
    private long lateArrivals;

    Branches(Plan plan, Output output) {
        this.routes = plan.routes();
        this.output = output;
        this.exclusion = new Exclusion(plan);
        this.root = new Scope(null, plan.end());
    }

    // --- spawns and moves

    Branch spawn(Scope scope, int node, Turn turn, @Nullable Delegation delegation) {
        return spawn(scope, scope.nextPath(), node, turn, delegation);
    }

    /** The branch that comes of a rendezvous. */
    Branch spawn(Rendezvous rendezvous, Turn turn, Delegation delegation) {
        Scope scope = rendezvous.scope;
        return spawn(scope, scope.nextPath(rendezvous.rank), rendezvous.node, turn, delegation);
    }

    private Branch spawn(Scope scope, BranchPath path, int node, Turn turn, @Nullable Delegation delegation) {
        Branch branch = new Branch(path, scope, spawned++, node, turn, delegation);
        scope.add(branch);
        live++;
        enter(scope, node);
        output.record(new RunEvent.BranchStarted(output.next(), output.at(), branch.path, name(branch)));
        return branch;
    }

    void move(Branch branch, int node, Turn turn, Delegation delegation) {
        enter(branch.home, node);
        leave(branch.home, branch.node);
        branch.node = node;
        branch.turn = turn;
        branch.delegation = delegation;
        ready(branch);
    }

    String name(Branch branch) {
        return routes.name(branch.node);
    }

    // --- what a branch is doing

    void ready(Branch branch) {
        become(branch, State.READY);
        ready.add(branch);
    }

    void awaitJoin(Branch branch) {
        become(branch, State.JOINING);
    }

    void awaitAnswer(Branch branch) {
        become(branch, State.AWAITING_ANSWER);
    }

    void awaitSignal(Branch branch) {
        become(branch, State.AWAITING_SIGNAL);
    }

    void sleep(Branch branch) {
        become(branch, State.SLEEPING);
    }

    /** The branch is joined with the outcomes of its fork. */
    void join(Branch branch, List<Outcome> outcomes, boolean joinUnmet) {
        branch.turn = branch.turn.thenJoined(outcomes, joinUnmet);
        ready(branch);
    }

    /** The branch continues though its join was not met; {@code outcomes} is null at a rendezvous, which has its arrivals. */
    void proceed(Branch branch, @Nullable List<Outcome> outcomes) {
        if (outcomes == null) {
            ready(branch);
        } else {
            join(branch, outcomes, true);
        }
    }

    /** Gives the first of those whose turn has come its number; it now waits for a place, or for one that excludes it. */
    void number() {
        Branch branch = ready.remove();
        branch.step = ++numbered;
        turns.put(branch.step, branch);
        if (exclusion.enter(branch)) {
            queued.add(branch);
        } else {
            become(branch, State.EXCLUDED);
        }
    }

    /** The number of a turn that is no branch's. */
    long takeNumber() {
        return ++numbered;
    }

    /** Those that a turn has kept out, which is over. */
    private void letIn(Branch over) {
        for (Branch next : exclusion.leave(over)) {
            become(next, State.READY);
            queued.add(next); // before those whose turns have come later, and behind those whose have come before
        }
    }

    /** The branch has a place, and starts its step. */
    void startStep(Branch branch) {
        queued.remove(branch); // the first of them, unless facts are replayed with fewer places
        become(branch, State.RUNNING);
        inFlight++;
        steps++;
        branch.steps++;
        output.record(
                new RunEvent.StepStarted(output.next(), output.at(), branch.path, name(branch), branch.steps - 1));
    }

    /** The branch whose turn it was; null if it was cancelled. */
    @Nullable Branch takeStep(long step) {
        Branch branch = turns.remove(step);
        if (branch != null) {
            letIn(branch);
        }
        return branch;
    }

    private void become(Branch branch, State state) {
        if (branch.state == State.JOINING) {
            awaitJoin--;
        }
        if (state == State.JOINING) {
            awaitJoin++;
        }
        if (branch.state == State.RUNNING) {
            inFlight--;
        }
        if (branch.state == State.EXCLUDED) {
            excluded--;
        }
        if (state == State.EXCLUDED) {
            excluded++;
        }
        branch.state = state;
    }

    // --- ends

    void answered(Branch branch, boolean tooLate) {
        answered++;
        lateArrivals += tooLate ? 1 : 0;
        settle(branch);
        output.record(new RunEvent.BranchAnswered(output.next(), output.at(), branch.path, name(branch), tooLate));
    }

    /** {@code to} is null if it is those it forked who went. */
    void movedOn(Branch branch, @Nullable String to, boolean tooLate) {
        movedOn++;
        lateArrivals += tooLate ? 1 : 0;
        settle(branch);
        output.record(new RunEvent.BranchMovedOn(output.next(), output.at(), branch.path, name(branch), to, tooLate));
    }

    void failed(Branch branch, RunFailure why) {
        if (!branch.home.decided) {
            branch.home.add(new Outcome.Failed(name(branch), branch.path, why));
        }
        failed++;
        settle(branch);
        output.record(new RunEvent.BranchFailed(output.next(), output.at(), branch.path, name(branch), why));
    }

    /** True if a step of it is in flight. */
    boolean cancelled(Branch branch) {
        boolean inFlight = turns.remove(branch.step, branch) && branch.state == State.RUNNING;
        cancelled++;
        settle(branch);
        letIn(branch);
        output.record(new RunEvent.BranchCancelled(output.next(), output.at(), branch.path, name(branch)));
        return inFlight;
    }

    private void settle(Branch branch) {
        become(branch, State.SETTLED);
        live--;
        branch.home.remove(branch);
        leave(branch.home, branch.node);
        changed(branch.home);
    }

    // --- where they are

    /** Begins to count where branches are inside a scope; ends when it is closed. */
    void watch(Scope scope) {
        if (scope.occupancy == null) {
            scope.occupancy = Occupancy.of(scope);
            watched++;
        }
    }

    void enter(@Nullable Scope scope, int node) {
        for (Scope at = watched == 0 ? null : scope; at != null; at = at.parent) {
            if (at.occupancy != null) {
                at.occupancy.enter(node);
            }
        }
    }

    void leave(@Nullable Scope scope, int node) {
        for (Scope at = watched == 0 ? null : scope; at != null; at = at.parent) {
            if (at.occupancy != null) {
                at.occupancy.leave(node, abandoned);
            }
        }
    }

    /** Nothing lives in the scope any more, or is about to. */
    void close(Scope scope) {
        if (scope.occupancy != null) {
            watched--;
        }
        scope.close();
        changed(scope.parent);
    }

    // --- what is to be looked at

    void changed(@Nullable Scope scope) {
        if (scope != null && !scope.queued) {
            scope.queued = true;
            changed.add(scope);
        }
    }

    @Nullable Scope nextChanged() {
        Scope scope = changed.poll();
        if (scope != null) {
            scope.queued = false;
        }
        return scope;
    }

    /** Somebody has come to the rendezvous. */
    void arrived(Rendezvous rendezvous) {
        if (rendezvous.movers == 0) {
            abandoned.add(rendezvous);
        }
    }

    /** The next rendezvous that waits for nobody, or is the first of a knot; null if there is none. */
    @Nullable Rendezvous nextToFire() {
        Rendezvous first = null;
        while (first == null && !abandoned.isEmpty()) {
            Rendezvous next = abandoned.remove();
            first = next.open ? Knot.firstOf(next) : null;
        }
        return first;
    }

    /** The next branch whose turn has come; null if there is none. It stays in until {@link #number}. */
    @Nullable Branch nextReady() {
        while (!ready.isEmpty() && ready.element().state != State.READY) {
            ready.remove();
        }
        return ready.peek();
    }

    /** The next branch that waits for a place; null if there is none. It stays in until {@link #startStep}. */
    @Nullable Branch nextQueued() {
        while (!queued.isEmpty() && queued.element().state != State.READY) {
            queued.remove();
        }
        return queued.peek();
    }

    // --- counts

    int waiting() {
        return ready.size() + queued.size() + excluded;
    }

    int inFlight() {
        return inFlight;
    }

    /** The branch whose turn has that number; null if there is none. */
    @Nullable Branch turn(long step) {
        return turns.get(step);
    }

    /** How many turns have come. */
    long turns() {
        return numbered;
    }

    /** What the live ones are doing, in lineage order. */
    List<RunState.BranchState> states() {
        List<RunState.BranchState> states = new ArrayList<>(live);
        for (Branch branch : inOrder()) {
            states.add(new RunState.BranchState(
                    branch.path, name(branch), RunState.BranchStatus.valueOf(branch.state.name()), branch.steps));
        }
        return states;
    }

    /** Those that sleep or wait for a signal, in lineage order. */
    List<WaitEntry> waits() {
        List<WaitEntry> waits = new ArrayList<>();
        for (Branch branch : inOrder()) {
            if (branch.waitEntry != null) {
                waits.add(branch.waitEntry);
            }
        }
        return waits;
    }

    /** The live branch of that path; null if there is none. */
    @Nullable Branch find(BranchPath path) {
        for (Branch branch : inOrder()) {
            if (branch.path.equals(path)) {
                return branch;
            }
        }
        return null;
    }

    /** The live ones, in lineage order. */
    private List<Branch> inOrder() {
        List<Branch> found = new ArrayList<>(live);
        Deque<Scope> inside = new ArrayDeque<>(List.of(root));
        while (!inside.isEmpty()) {
            Scope at = inside.remove();
            for (Branch branch = at.firstLive(); branch != null; branch = branch.next) {
                found.add(branch);
            }
            for (Scope inner = at.firstInner(); inner != null; inner = inner.nextSibling()) {
                inside.add(inner);
            }
        }
        found.sort(Comparator.comparing(branch -> branch.path));
        return found;
    }

    /** The branch whose turn came first of those that have not been taken; null if there is none. */
    @Nullable Branch firstTurn() {
        return turns.isEmpty() ? null : turns.values().iterator().next();
    }

    int live() {
        return live;
    }

    /** How many live branches do not wait for those they have forked. */
    int working() {
        return live - awaitJoin;
    }

    /** Whether no branch lives and no scope is open. */
    boolean isQuiet() {
        return live == 0
                && awaitJoin == 0
                && inFlight == 0
                && excluded == 0
                && exclusion.isQuiet()
                && turns.isEmpty()
                && root.isEmpty()
                && watched == (root.occupancy == null ? 0 : 1);
    }

    long spawned() {
        return spawned;
    }

    /** How many steps have started. */
    long steps() {
        return steps;
    }

    long lateArrivals() {
        return lateArrivals;
    }

    RunResult.Branches ends() {
        return new RunResult.Branches(answered, failed, movedOn, cancelled);
    }
}
