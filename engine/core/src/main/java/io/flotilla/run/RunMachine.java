package io.flotilla.run;

import io.flotilla.agent.Usage;
import io.flotilla.run.Branch.State;
import io.flotilla.run.RunEvent.Verdict;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Decides what happens next in a run: facts in, effects out. It knows no threads, no clocks, no randomness and no I/O, so the
 * same facts make the same run, live, replayed, or driven by another engine.
 *
 * <p>A fact changes one branch; what follows is worked off until nothing moves any more ({@link #settleDown}): scopes
 * whose members have changed are looked at, rendezvous that wait for nobody fire, branches whose turn has come start. Nothing
 * here calls itself, so forks may be nested as deep as memory lets them.
 *
 * <p>What it is made of: {@link Branch} and {@link Scope}, whose tree the run is; {@link Rendezvous} and {@link
 * Occupancy}, which knows when nobody else can come; {@link Join} decides over a {@link Tally}; {@link DecisionCheck} holds
 * a decision against the edges of its own agent; {@link BranchPath} is the lineage; {@link Story} tells.
 *
 * <p>Why a run cannot hang on structure: a branch is ready, stepping, asking, or joining a scope that is not empty; if no
 * branch is any of the first three, a rendezvous waits, and the first in topological order is made to fire.
 *
 * <p>Not thread-safe.
 */
final class RunMachine {

    /** What the run's own time limit is noted as among the timers. */
    private static final Object RUN = new Object();

    private final Plan plan;
    private final Routes routes;
    private final Limits.Chain limits;
    private final DecisionCheck check;
    private final Story story = new Story();
    private final List<Effect> effects = new ArrayList<>();

    private final Scope root;
    private final Deque<Branch> ready = new ArrayDeque<>();
    private final Map<Long, Branch> stepping = new LinkedHashMap<>();
    private final Map<Long, Object> timers = new HashMap<>();
    private final Map<String, Inquiry> inquiries = new LinkedHashMap<>();
    private final Set<Rendezvous> meetings = new LinkedHashSet<>();

    // What is to be looked at before the fact is done with.
    private final Deque<Scope> changed = new ArrayDeque<>();
    private final Deque<Rendezvous> fulfilled = new ArrayDeque<>();

    private boolean paused;
    private boolean finished;
    private int live;
    private int joining;
    private int watched;
    private long births;
    private long steps;
    private long timersStarted;
    private long questionsAsked;
    private long answered;
    private long failed;
    private long movedOn;
    private long cancelled;
    private long late;

    /** What the run will end with, once it is decided. */
    private List<@Nullable Object> answers = List.of();

    private @Nullable RunFailure failure;

    RunMachine(Plan plan) {
        this.plan = plan;
        this.routes = plan.routes();
        this.limits = plan.limits();
        this.check = new DecisionCheck(plan);
        this.root = new Scope(null, plan.end());
    }

    /** What is to be done about a fact, in this order; valid until the next. Facts that come too late do nothing. */
    List<Effect> apply(Fact fact) {
        effects.clear();
        story.begin(fact.at());
        if (!finished) {
            take(fact);
            settleDown();
        }
        return effects;
    }

    /** What the last fact has to tell; valid until the next. */
    List<RunEvent> events() {
        return story.told();
    }

    /** How many turns wait for a place. */
    int waiting() {
        return ready.size();
    }

    private void take(Fact fact) {
        if (fact instanceof Fact.StepSettled settled) {
            stepSettled(settled);
        } else if (fact instanceof Fact.Started started) {
            start(started.task());
        } else if (fact instanceof Fact.DeadlinePassed deadline) {
            deadlinePassed(timers.remove(deadline.timer()));
        } else if (fact instanceof Fact.QuestionAnswered answer) {
            Inquiry inquiry = inquiries.get(answer.question());
            if (inquiry != null) {
                answered(inquiry, answer.value(), false);
            }
        } else if (fact instanceof Fact.Cancelled) {
            end(new RunCancelledException());
        } else {
            pause(fact instanceof Fact.Paused);
        }
    }

    private void pause(boolean pause) {
        if (paused != pause) {
            paused = pause;
            story.tell(
                    pause
                            ? new RunEvent.Paused(story.next(), story.at())
                            : new RunEvent.Resumed(story.next(), story.at()));
        }
    }

    private void start(@Nullable Object task) {
        story.tell(new RunEvent.RunStarted(story.next(), story.at()));
        startTimer(limits.time, RUN);
        root.timer = startTimer(root.join.within(), root);
        for (int entry : routes.entries()) {
            Branch branch = born(root, entry, Turn.requested(task, "start", routes.targets(entry)), null);
            if (finished) {
                return;
            }
            ready(branch);
        }
    }

    // --- what follows from a fact

    private void settleDown() {
        while (!finished) {
            if (!changed.isEmpty()) {
                look(changed.remove());
            } else if (!fulfilled.isEmpty()) {
                fireIfFulfilled(fulfilled.remove());
            } else if (mayStart()) {
                startStep(ready.remove());
            } else if (stepping.isEmpty() && ready.isEmpty() && inquiries.isEmpty() && !meetings.isEmpty()) {
                fire(firstInOrder(), true, false); // they wait for each other
            } else {
                lookAtRun();
                return;
            }
        }
    }

    private boolean mayStart() {
        while (!ready.isEmpty() && ready.element().state != State.READY) {
            ready.remove(); // cancelled while it waited
        }
        return !ready.isEmpty() && !paused && stepping.size() < plan.places();
    }

    private void startStep(Branch branch) {
        if (limits.steps != null && steps >= limits.steps) {
            exceed("steps", limits.steps, branch);
            return;
        }
        steps++;
        branch.step = steps;
        become(branch, State.STEPPING);
        stepping.put(steps, branch);
        long number = branch.steps++;
        story.tell(new RunEvent.StepStarted(story.next(), story.at(), branch.path, name(branch), number));
        effects.add(new Effect.StartStep(steps, branch.node, branch.turn, branch.path, number, branch.delegation));
    }

    private void look(Scope scope) {
        scope.queued = false;
        if (scope == root || scope.closed) {
            return;
        }
        if (!scope.decided) {
            Tally tally = scope.tally();
            Join.Verdict verdict = scope.join.judge(tally, false);
            if (verdict != Join.Verdict.OPEN) {
                decide(scope, verdict == Join.Verdict.MET, tally);
            } else if (tally.live() == 0) {
                allMovedOn(scope);
            }
        }
        if (scope.decided && scope.isEmpty()) {
            close(scope);
            changed(scope.parent);
        }
    }

    private void changed(@Nullable Scope scope) {
        if (scope != null && !scope.queued) {
            scope.queued = true;
            changed.add(scope);
        }
    }

    private void close(Scope scope) {
        scope.closed = true;
        scope.decided = true;
        scope.timer = stopTimer(scope.timer);
        if (scope.occupancy != null) {
            scope.occupancy = null;
            watched--;
        }
        scope.leaveParent();
    }

    // --- steps and decisions

    private void stepSettled(Fact.StepSettled settled) {
        Branch branch = stepping.remove(settled.step());
        if (branch == null) {
            return; // cancelled meanwhile
        }
        story.tell(new RunEvent.StepSettled(
                story.next(), story.at(), branch.path, name(branch), branch.steps - 1, settled.failed() != null));
        if (exceedsUsage(settled.used(), branch)) {
            return;
        }
        if (settled.failed() != null && settled.cause() != null) {
            fail(branch, AgentFailedException.step(name(branch), branch.path, settled.failed(), settled.cause()));
            return;
        }
        String problem = check.problem(branch.node, settled.decision(), branch.home == root);
        if (problem == null) {
            branch.corrections = 0;
            act(branch, settled.decision());
        } else {
            correct(branch, settled.decision(), problem);
        }
    }

    private void act(Branch branch, @Nullable Decision decision) {
        if (decision instanceof Decision.Answer answer) {
            deliver(branch, branch.home, answer.value());
        } else if (decision instanceof Decision.HandOff handOff) {
            handOff(branch, routes.number(handOff.agent()), handOff.request());
        } else if (decision instanceof Decision.FanOut fanOut) {
            fork(branch, fanOut.invocations());
        } else if (decision instanceof Decision.Ask ask) {
            ask(branch, ask.question());
        } else if (decision instanceof Decision.Fail fail) {
            fail(branch, AgentFailedException.decided(name(branch), branch.path, fail.reason()));
        } else if (decision instanceof Decision.Again again) {
            branch.turn = branch.turn.again(again.input());
            ready(branch);
        }
    }

    private void correct(Branch branch, @Nullable Decision decision, String problem) {
        branch.corrections++;
        Correction correction = new Correction(problem, decision, routes.targets(branch.node), branch.corrections);
        if (branch.corrections > plan.corrections()) {
            fail(branch, new InvalidDecisionException(name(branch), branch.path, correction));
        } else {
            story.tell(new RunEvent.Corrected(story.next(), story.at(), branch.path, name(branch), problem));
            branch.turn = branch.turn.corrected(correction);
            ready(branch);
        }
    }

    /** By lineage, never by name alone: the resolver that is meant is one of the branch's own. */
    private void handOff(Branch branch, int target, @Nullable Object request) {
        if (routes.isEnd(target)) {
            deliverToRun(branch, name(branch), request);
            return;
        }
        for (Scope scope = branch.home; scope != null; scope = scope.parent) {
            if (scope.node == target) { // never the run, which is at no node
                deliver(branch, scope, request);
                return;
            }
        }
        if (isCycle(branch, target)) {
            return;
        }
        Delegation delegation = Delegation.after(branch.delegation, branch.node);
        if (routes.isRendezvous(target)) {
            arrive(branch, target, new Arrival(name(branch), branch.path, request), delegation);
            return;
        }
        String from = name(branch);
        story.tell(new RunEvent.HandedOff(story.next(), story.at(), branch.path, from, routes.name(target)));
        enter(branch.home, target);
        leave(branch.home, branch.node);
        branch.node = target;
        branch.delegation = delegation;
        branch.turn = Turn.requested(request, from, routes.targets(target));
        ready(branch);
    }

    private void deliver(Branch branch, Scope scope, @Nullable Object value) {
        if (scope == root) {
            deliverToRun(branch, name(branch), value);
            return;
        }
        boolean tooLate = scope.decided;
        if (!tooLate) {
            scope.add(new Outcome.Answered(name(branch), branch.path, value));
            changed(scope);
        }
        settleAnswered(branch, tooLate);
    }

    private void settleAnswered(Branch branch, boolean tooLate) {
        late += tooLate ? 1 : 0;
        answered++;
        settle(branch);
        story.tell(new RunEvent.Answered(story.next(), story.at(), branch.path, name(branch), tooLate));
    }

    private void deliverToRun(Branch branch, String from, @Nullable Object value) {
        boolean tooLate = root.decided;
        if (!tooLate) {
            root.add(new Outcome.Answered(from, branch.path, value));
        }
        if (branch.home == root) {
            settleAnswered(branch, tooLate);
        } else {
            moveOn(branch, "end", tooLate);
        }
    }

    private void moveOn(Branch branch, @Nullable String to, boolean tooLate) {
        late += tooLate ? 1 : 0;
        movedOn++;
        settle(branch);
        story.tell(new RunEvent.MovedOn(story.next(), story.at(), branch.path, name(branch), to, tooLate));
    }

    private void fail(Branch branch, RunFailure why) {
        if (!branch.home.decided) {
            branch.home.add(new Outcome.Failed(name(branch), branch.path, why));
        }
        failed++;
        settle(branch);
        story.tell(new RunEvent.Failed(story.next(), story.at(), branch.path, name(branch), why));
    }

    // --- branches

    /** A new branch, ready for nothing yet. If it is one too many, the run is over. */
    private Branch born(Scope scope, int node, Turn turn, @Nullable Delegation delegation) {
        Branch branch = new Branch(scope.nextPath(), scope, births++, node, turn, delegation);
        scope.add(branch);
        live++;
        enter(scope, node);
        story.tell(new RunEvent.BranchStarted(story.next(), story.at(), branch.path, routes.name(node)));
        if (limits.branches != null && births > limits.branches) {
            exceed("branches", limits.branches, branch);
        }
        return branch;
    }

    private void ready(Branch branch) {
        become(branch, State.READY);
        ready.add(branch);
    }

    private void become(Branch branch, State state) {
        if (branch.state == State.JOINING) {
            joining--;
        }
        if (state == State.JOINING) {
            joining++;
        }
        branch.state = state;
    }

    private void settle(Branch branch) {
        become(branch, State.SETTLED);
        live--;
        branch.home.remove(branch);
        leave(branch.home, branch.node);
        changed(branch.home);
    }

    private String name(Branch branch) {
        return routes.name(branch.node);
    }

    // --- forks and joins

    private void fork(Branch branch, List<Invocation> invocations) {
        if (limits.depth != null && branch.path.depth() >= limits.depth) {
            exceed("depth", limits.depth, branch);
            return;
        }
        if (limits.branches != null && births + invocations.size() > limits.branches) {
            exceed("branches", limits.branches, branch);
            return;
        }
        Scope scope = new Scope(branch, plan.joinAt(branch.node));
        become(branch, State.JOINING);
        String from = name(branch);
        story.tell(new RunEvent.Forked(story.next(), story.at(), branch.path, from, scope.fork, invocations.size()));
        scope.timer = startTimer(scope.join.within(), scope);
        Delegation delegation = Delegation.after(branch.delegation, branch.node);
        boolean mayMoveOn = !scope.join.isLostFromTheStart(invocations.size());
        for (Invocation invocation : invocations) {
            int node = routes.number(invocation.agent());
            if (isCycle(branch, node)) {
                return;
            }
            mayMoveOn = mayMoveOn || !routes.isAgent(node) || routes.mayMoveOn(node, branch.node);
            spawn(scope, node, invocation.request(), from, delegation);
        }
        if (mayMoveOn) {
            changed(scope);
        } else {
            decide(scope, false, scope.tally());
        }
    }

    private void spawn(Scope scope, int node, @Nullable Object request, String from, Delegation delegation) {
        if (!routes.isAgent(node)) {
            deliverToRun(born(scope, node, Turn.requested(request, from, List.of()), delegation), from, request);
            return;
        }
        Branch child = born(scope, node, Turn.requested(request, from, routes.targets(node)), delegation);
        if (routes.isRendezvous(node)) {
            arrive(child, node, new Arrival(from, child.path, request), delegation);
        } else {
            ready(child);
        }
    }

    private void decide(Scope scope, boolean met, Tally tally) {
        List<Outcome> outcomes = scope.takeOutcomes();
        Branch resolver = decided(scope, met ? Verdict.MET : Verdict.SHORT, tally);
        if (met) {
            resume(resolver, outcomes);
        } else {
            shortfall(
                    resolver,
                    scope.join,
                    JoinShortfallException.ofFork(name(resolver), resolver.path, scope.join, outcomes, tally),
                    outcomes);
        }
    }

    /** Everybody has gone out of the fork; so has the one who forked. */
    private void allMovedOn(Scope scope) {
        moveOn(decided(scope, Verdict.MOVED_ON, scope.tally()), null, false);
    }

    private Branch decided(Scope scope, Verdict verdict, Tally tally) {
        Branch resolver = scope.resolver;
        if (resolver == null) {
            throw new IllegalStateException("the run is not joined by a branch");
        }
        scope.decided = true;
        scope.timer = stopTimer(scope.timer);
        story.tell(new RunEvent.Joined(
                story.next(),
                story.at(),
                resolver.path,
                name(resolver),
                scope.fork,
                verdict,
                tally.answered(),
                tally.failed(),
                scope.tally().live()));
        if (!scope.join.keepsStragglers()) {
            cancelInside(scope);
        }
        changed(scope);
        return resolver;
    }

    private void resume(Branch branch, @Nullable List<Outcome> outcomes) {
        if (outcomes != null) {
            branch.turn = branch.turn.joined(outcomes);
        }
        ready(branch);
    }

    /** {@code outcomes} null: of a rendezvous. */
    private void shortfall(Branch branch, Join join, JoinShortfallException why, @Nullable List<Outcome> outcomes) {
        switch (join.shortfall()) {
            case FAIL -> fail(branch, why);
            case PROCEED -> resume(branch, outcomes);
            case ASK -> askJoin(branch, why, outcomes);
        }
    }

    /** The deadline of a join: whoever is still live has failed it. */
    private void expire(Scope scope) {
        Duration limit = scope.join.within();
        if (scope.decided || limit == null) {
            return;
        }
        if (scope == root) {
            decideRun(root.join.isMet(tallyOfRun().expired()), tallyOfRun().expired());
            return;
        }
        Tally tally = scope.tally().expired();
        for (Branch branch = scope.firstLive(); branch != null; branch = branch.next) {
            scope.add(new Outcome.TimedOut(name(branch), branch.path, limit));
        }
        for (Rendezvous rendezvous : scope.rendezvous.values()) {
            scope.add(new Outcome.TimedOut(routes.name(rendezvous.node), scope.nextPath(), limit));
        }
        decide(scope, scope.join.isMet(tally), tally);
    }

    // --- rendezvous

    private void arrive(Branch branch, int node, Arrival arrival, Delegation delegation) {
        Scope scope = meetingPlace(branch, node);
        Long firedEarly = scope.firedEarly.get(node);
        if (firedEarly != null && branch.born < firedEarly) {
            moveOn(branch, routes.name(node), true);
            return;
        }
        Rendezvous rendezvous = scope.rendezvous.get(node);
        if (rendezvous == null) {
            rendezvous = open(scope, node);
        }
        rendezvous.add(arrival, delegation);
        moveOn(branch, routes.name(node), false);
        if (rendezvous.join.firesOnArrival(rendezvous.arrived())) {
            fire(rendezvous, true, true);
        } else if (rendezvous.expected == 0) {
            fulfilled.add(rendezvous);
        }
    }

    /** The innermost scope around the branch that everybody on the way to the node has to come through; else the run. */
    private Scope meetingPlace(Branch branch, int node) {
        Scope scope = branch.home;
        while (scope.parent != null && (scope.closed || !routes.dominates(scope.node, node))) {
            scope = scope.parent;
        }
        return scope;
    }

    private Rendezvous open(Scope scope, int node) {
        if (scope.occupancy == null) {
            scope.occupancy = occupancyOf(scope);
            watched++;
        }
        Rendezvous rendezvous = new Rendezvous(scope, node, plan.joinAt(node));
        scope.rendezvous.put(node, rendezvous);
        meetings.add(rendezvous);
        enter(scope, node);
        scope.occupancy.add(rendezvous);
        rendezvous.timer = startTimer(rendezvous.join.within(), rendezvous);
        return rendezvous;
    }

    private Occupancy occupancyOf(Scope scope) {
        Occupancy occupancy = new Occupancy(routes, scope.node);
        Deque<Scope> inside = new ArrayDeque<>(List.of(scope));
        while (!inside.isEmpty()) {
            Scope at = inside.remove();
            for (Branch branch = at.firstLive(); branch != null; branch = branch.next) {
                occupancy.enter(branch.node);
            }
            at.rendezvous.keySet().forEach(occupancy::enter);
            for (Scope inner = at.firstInner(); inner != null; inner = inner.nextSibling()) {
                inside.add(inner);
            }
        }
        return occupancy;
    }

    private void fireIfFulfilled(Rendezvous rendezvous) {
        if (rendezvous.open && rendezvous.expected == 0) {
            fire(rendezvous, rendezvous.join.isMetBy(rendezvous.arrived()), false);
        }
    }

    private Rendezvous firstInOrder() {
        Rendezvous first = meetings.iterator().next();
        for (Rendezvous rendezvous : meetings) {
            if (routes.order(rendezvous.node) < routes.order(first.node)) {
                first = rendezvous;
            }
        }
        return first;
    }

    private void fire(Rendezvous rendezvous, boolean met, boolean early) {
        Scope scope = rendezvous.scope;
        if (early) {
            scope.firedEarly.put(rendezvous.node, births);
        }
        List<Arrival> arrivals = rendezvous.arrivals();
        Turn turn = Turn.arrived(arrivals, routes.targets(rendezvous.node));
        Branch branch = born(scope, rendezvous.node, turn, rendezvous.delegation());
        discard(rendezvous);
        if (finished) {
            return;
        }
        story.tell(new RunEvent.RendezvousFired(
                story.next(),
                story.at(),
                branch.path,
                name(branch),
                met ? Verdict.MET : Verdict.SHORT,
                arrivals.size()));
        if (met) {
            ready(branch);
        } else {
            shortfall(
                    branch,
                    rendezvous.join,
                    JoinShortfallException.ofRendezvous(
                            name(branch), branch.path, rendezvous.join, arrivals.size(), early),
                    null);
        }
    }

    private void discard(Rendezvous rendezvous) {
        Scope scope = rendezvous.scope;
        rendezvous.open = false;
        rendezvous.timer = stopTimer(rendezvous.timer);
        scope.rendezvous.remove(rendezvous.node);
        meetings.remove(rendezvous);
        if (scope.occupancy != null) {
            scope.occupancy.remove(rendezvous);
        }
        leave(scope, rendezvous.node);
        changed(scope);
    }

    private void enter(Scope scope, int node) {
        for (Scope at = watched == 0 ? null : scope; at != null; at = at.parent) {
            if (at.occupancy != null) {
                at.occupancy.enter(node);
            }
        }
    }

    private void leave(Scope scope, int node) {
        for (Scope at = watched == 0 ? null : scope; at != null; at = at.parent) {
            if (at.occupancy != null) {
                at.occupancy.leave(node, fulfilled);
            }
        }
    }

    // --- cancel

    /** Whatever lives inside a scope, at any depth. */
    private void cancelInside(Scope scope) {
        Deque<Scope> inside = new ArrayDeque<>(List.of(scope));
        while (!inside.isEmpty()) {
            Scope at = inside.remove();
            for (Branch branch = at.firstLive(); branch != null; branch = at.firstLive()) {
                cancel(branch);
            }
            List.copyOf(at.rendezvous.values()).forEach(this::discard);
            for (Scope inner = at.firstInner(); inner != null; inner = at.firstInner()) {
                inside.add(inner);
                close(inner);
            }
        }
    }

    private void cancel(Branch branch) {
        if (branch.state == State.STEPPING) {
            stepping.remove(branch.step);
            effects.add(new Effect.CancelStep(branch.step));
        }
        if (branch.inquiry != null) {
            withdraw(branch.inquiry);
        }
        cancelled++;
        settle(branch);
        story.tell(new RunEvent.Cancelled(story.next(), story.at(), branch.path, name(branch)));
    }

    // --- questions

    private void ask(Branch branch, Question question) {
        open(branch, question.text(), List.of(), question, null, null);
    }

    private void askJoin(@Nullable Branch branch, JoinShortfallException why, @Nullable List<Outcome> outcomes) {
        open(branch, why.getMessage() + "; proceed?", List.of("proceed", "fail"), null, why, outcomes);
    }

    private void open(
            @Nullable Branch branch,
            String text,
            List<String> choices,
            @Nullable Question question,
            @Nullable JoinShortfallException shortfall,
            @Nullable List<Outcome> outcomes) {
        if (limits.questions != null && inquiries.size() >= limits.questions) {
            exceed("questions", limits.questions, branch);
            return;
        }
        Duration within = question == null ? null : question.within();
        OpenQuestion asked = new OpenQuestion(
                "q" + questionsAsked++,
                branch == null ? "end" : name(branch),
                branch == null ? BranchPath.outsideForks(0) : branch.path,
                text,
                choices,
                within == null ? null : story.at().plus(within));
        Inquiry inquiry = new Inquiry(asked, branch, question, shortfall, outcomes);
        inquiry.timer = startTimer(within, inquiry);
        inquiries.put(asked.id(), inquiry);
        if (branch != null) {
            become(branch, State.ASKING);
            branch.inquiry = inquiry;
        }
        story.tell(new RunEvent.Asked(story.next(), story.at(), asked));
        effects.add(new Effect.Ask(asked));
    }

    private void answered(Inquiry inquiry, @Nullable Object value, boolean byDefault) {
        OpenQuestion asked = inquiry.open;
        withdraw(inquiry);
        story.tell(new RunEvent.QuestionAnswered(
                story.next(), story.at(), asked.branch(), asked.agent(), asked.id(), byDefault));
        Branch branch = inquiry.branch;
        JoinShortfallException shortfall = inquiry.shortfall;
        if (branch == null) {
            failure = isProceed(value) && !answers.isEmpty() ? null : shortfall;
        } else if (shortfall == null) {
            branch.turn = branch.turn.answered(value);
            ready(branch);
        } else if (isProceed(value)) {
            resume(branch, inquiry.outcomes);
        } else {
            fail(branch, shortfall);
        }
    }

    private static boolean isProceed(@Nullable Object value) {
        return Boolean.TRUE.equals(value) || "proceed".equals(value);
    }

    private void withdraw(Inquiry inquiry) {
        inquiry.timer = stopTimer(inquiry.timer);
        inquiries.remove(inquiry.open.id());
        if (inquiry.branch != null) {
            inquiry.branch.inquiry = null;
        }
        effects.add(new Effect.CloseQuestion(inquiry.open.id()));
    }

    private void expire(Inquiry inquiry) {
        Question question = inquiry.question;
        Branch branch = inquiry.branch;
        if (question == null || branch == null) {
            return;
        }
        if (question.hasDefault()) {
            answered(inquiry, question.byDefault(), true);
        } else {
            withdraw(inquiry);
            fail(branch, new QuestionExpiredException(inquiry.open));
        }
    }

    // --- timers

    /** 0 without a limit. */
    private long startTimer(@Nullable Duration limit, Object what) {
        if (limit == null) {
            return 0;
        }
        long timer = ++timersStarted;
        timers.put(timer, what);
        effects.add(new Effect.StartTimer(timer, limit));
        return timer;
    }

    /** Returns 0, for no timer. */
    private long stopTimer(long timer) {
        if (timer != 0 && timers.remove(timer) != null) {
            effects.add(new Effect.CancelTimer(timer));
        }
        return 0;
    }

    private void deadlinePassed(@Nullable Object what) {
        if (what == RUN && limits.time != null) {
            exceed(
                    "time",
                    limits.time,
                    stepping.isEmpty() ? null : stepping.values().iterator().next());
        } else if (what instanceof Scope scope) {
            expire(scope);
        } else if (what instanceof Rendezvous rendezvous && rendezvous.open) {
            fire(rendezvous, rendezvous.join.isMetAtDeadline(), true);
        } else if (what instanceof Inquiry inquiry) {
            expire(inquiry);
        }
    }

    // --- limits

    private boolean exceedsUsage(Usage used, Branch branch) {
        if (limits.tokens != null && used.tokens() > limits.tokens) {
            exceed("tokens", limits.tokens, branch);
        } else if (limits.cost != null && used.cost().compareTo(limits.cost) > 0) {
            exceed("cost", limits.cost, branch);
        }
        return finished;
    }

    private boolean isCycle(Branch branch, int target) {
        if (limits.delegationCycles != null) {
            Delegation path = Delegation.after(branch.delegation, branch.node);
            if (Delegation.count(path, target) > limits.delegationCycles) {
                exceed("delegationCycles", limits.delegationCycles, branch, "; cycle " + cycle(path, target));
            }
        }
        return finished;
    }

    private String cycle(Delegation path, int target) {
        List<Integer> nodes = Delegation.nodes(path);
        return path(nodes.subList(nodes.lastIndexOf(target), nodes.size())) + " > " + routes.name(target);
    }

    private String path(List<Integer> nodes) {
        return String.join(" > ", nodes.stream().map(routes::name).toList());
    }

    private void exceed(String limit, Object value, @Nullable Branch branch) {
        exceed(limit, value, branch, "");
    }

    private void exceed(String limit, Object value, @Nullable Branch branch, String more) {
        String where = branch == null
                ? ""
                : " at agent " + name(branch) + " (branch " + branch.path + "), path "
                        + path(Delegation.nodes(Delegation.after(branch.delegation, branch.node)));
        LimitExceededException exceeded = new LimitExceededException(limit, value.toString(), where + more);
        if (branch != null) {
            stepping.remove(branch.step, branch);
            fail(branch, exceeded);
        }
        end(exceeded);
    }

    // --- the end

    private void lookAtRun() {
        if (!root.decided) {
            Tally tally = tallyOfRun();
            Join.Verdict verdict = root.join.judge(tally, true);
            if (verdict != Join.Verdict.OPEN) {
                decideRun(verdict == Join.Verdict.MET, tally);
            } else if (live == 0) {
                end(new NoAnswerException());
            }
        }
        if (root.decided && root.isEmpty() && inquiries.isEmpty() && !finished) {
            finish(failure == null ? RunResult.Status.SUCCEEDED : RunResult.Status.FAILED);
        }
    }

    /** Of the run everybody may answer who is not waiting for others. */
    private Tally tallyOfRun() {
        return root.tally(live - joining + meetings.size());
    }

    private void decideRun(boolean met, Tally tally) {
        List<Outcome> outcomes = root.takeOutcomes();
        root.decided = true;
        root.timer = stopTimer(root.timer);
        answers = outcomes.stream()
                .filter(outcome -> !outcome.isFailure())
                .map(Outcome::value)
                .collect(ArrayList::new, ArrayList::add, ArrayList::addAll);
        if (!root.join.keepsStragglers()) {
            cancelInside(root);
        }
        if (!met) {
            fallShort(outcomes, tally);
        }
    }

    private void fallShort(List<Outcome> outcomes, Tally tally) {
        JoinShortfallException shortfall =
                JoinShortfallException.ofFork("end", BranchPath.outsideForks(0), root.join, outcomes, tally);
        RunFailure reached = outcomes.stream()
                .filter(Outcome.Failed.class::isInstance)
                .map(failed -> ((Outcome.Failed) failed).failure())
                .findFirst()
                .orElse(shortfall);
        switch (root.join.shortfall()) {
            case FAIL -> failure = root.join.equals(Join.all()) || answers.isEmpty() ? reached : shortfall;
            case PROCEED -> failure = answers.isEmpty() ? reached : null;
            case ASK -> {
                failure = shortfall;
                askJoin(null, shortfall, null);
            }
        }
    }

    /** Ends the run at once, whatever lives. */
    private void end(RunFailure why) {
        root.decided = true;
        answers = List.of();
        failure = why;
        cancelInside(root);
        List.copyOf(inquiries.values()).forEach(this::withdraw);
        finish(why instanceof RunCancelledException ? RunResult.Status.CANCELLED : RunResult.Status.FAILED);
    }

    private void finish(RunResult.Status status) {
        finished = true;
        story.tell(new RunEvent.Finished(story.next(), story.at(), status));
        timers.keySet().forEach(timer -> effects.add(new Effect.CancelTimer(timer)));
        timers.clear();
        effects.add(new Effect.Finish(
                status,
                status == RunResult.Status.SUCCEEDED ? answers : List.of(),
                failure,
                steps,
                new RunResult.Branches(answered, failed, movedOn, cancelled),
                late));
    }
}
