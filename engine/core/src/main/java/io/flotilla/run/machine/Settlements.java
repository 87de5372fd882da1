package io.flotilla.run.machine;

import io.flotilla.run.AgentFailedException;
import io.flotilla.run.Arrival;
import io.flotilla.run.Correction;
import io.flotilla.run.Decision;
import io.flotilla.run.InvalidDecisionException;
import io.flotilla.run.RunEvent;
import io.flotilla.run.StateMergeException;
import io.flotilla.run.StateRejectedException;
import io.flotilla.run.Turn;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** What the end of a step leads to: its decision is carried out, or given back to its agent as a correction. */
final class Settlements {

    private final Plan plan;
    private final Routes routes;
    private final Branches branches;
    private final Output output;
    private final DecisionCheck check;
    private final StateValues state;
    private final Compensations compensations;
    private final RunCompletion completion;
    private final LimitGuard limits;
    private final QuestionRegistry questions;
    private final Waits waits;
    private final Arrivals arrivals;
    private final Deliveries deliveries;
    private final Forks forks;

    Settlements(
            Plan plan,
            Branches branches,
            Output output,
            StateValues state,
            Compensations compensations,
            RunCompletion completion,
            LimitGuard limits,
            QuestionRegistry questions,
            Waits waits,
            Arrivals arrivals,
            Deliveries deliveries,
            Forks forks) {
        this.plan = plan;
        this.routes = plan.routes();
        this.branches = branches;
        this.output = output;
        this.check = new DecisionCheck(plan);
        this.state = state;
        this.compensations = compensations;
        this.completion = completion;
        this.limits = limits;
        this.questions = questions;
        this.waits = waits;
        this.arrivals = arrivals;
        this.deliveries = deliveries;
        this.forks = forks;
    }

    void settle(Fact.StepSettled settled) {
        Branch branch = branches.takeStep(settled.step());
        if (branch == null) {
            return; // cancelled meanwhile
        }
        if (branch.state != Branch.State.RUNNING) { // it had a place when this was recorded, with more places
            branches.startStep(branch);
        }
        String name = branches.name(branch);
        output.record(new RunEvent.StepSettled(
                output.next(),
                output.at(),
                branch.path,
                name,
                branch.steps - 1,
                settled.failed() != null,
                settled.attempts(),
                settled.degraded(),
                settled.ownUsage()));
        Decision decision = settled.failed() == null ? settled.decision() : null;
        String problem = check.problem(branch.node, decision, branch.home == branches.root);
        boolean writes =
                problem == null && !(decision instanceof Decision.Fail || decision instanceof Decision.Compensate);
        StateValues.Outcome written = state.write(writes ? settled.writes() : List.of());
        if (!written.changes().isEmpty()) {
            output.record(new RunEvent.StateWritten(
                    output.next(), output.at(), branch.path, name, branch.steps - 1, written.changes()));
        }
        if (decision != null) {
            compensations.settled(branch, decision);
        }
        if (limits.endsByUsage(settled.used(), branch)) {
            return;
        }
        if (settled.failed() != null && settled.cause() != null) {
            branches.failed(branch, AgentFailedException.step(name, branch.path, settled.failed(), settled.cause()));
        } else if (written.thrown() != null) {
            branches.failed(branch, new StateMergeException(name, branch.path, written.mergedKey(), written.thrown()));
        } else if (problem != null) {
            correct(branch, decision, problem, null);
        } else if (written.problem() != null) {
            correct(branch, decision, written.problem(), written.conflicts());
        } else {
            branch.corrections = 0;
            act(branch, decision);
        }
    }

    /** {@code conflicts} is null if it is the decision that is not allowed, not what the step has written. */
    private void correct(Branch branch, @Nullable Decision decision, String problem, @Nullable List<String> conflicts) {
        branch.corrections++;
        Correction correction = new Correction(
                problem,
                decision,
                routes.successorNames(branch.node),
                branch.corrections,
                conflicts == null ? List.of() : conflicts);
        String name = branches.name(branch);
        if (branch.corrections > plan.maxCorrections()) {
            branches.failed(
                    branch,
                    conflicts == null
                            ? new InvalidDecisionException(name, branch.path, correction)
                            : new StateRejectedException(name, branch.path, correction));
        } else {
            output.record(new RunEvent.DecisionRejected(output.next(), output.at(), branch.path, name, problem));
            branch.turn = branch.turn.thenCorrected(correction);
            branches.ready(branch);
        }
    }

    private void act(Branch branch, @Nullable Decision decision) {
        if (decision instanceof Decision.Answer answer) {
            deliveries.deliver(branch, branch.home, answer.value());
        } else if (decision instanceof Decision.HandOff handOff) {
            handOff(branch, routes.number(handOff.agent()), handOff.request());
        } else if (decision instanceof Decision.FanOut fanOut) {
            forks.open(branch, fanOut.invocations());
        } else if (decision instanceof Decision.Ask ask) {
            questions.ask(branch, ask.question(), ask.carry());
        } else if (decision instanceof Decision.Sleep sleep) {
            waits.sleep(branch, sleep);
        } else if (decision instanceof Decision.AwaitSignal await) {
            waits.await(branch, await);
        } else if (decision instanceof Decision.Fail fail) {
            branches.failed(branch, AgentFailedException.decided(branches.name(branch), branch.path, fail.reason()));
        } else if (decision instanceof Decision.Compensate compensate) {
            AgentFailedException why =
                    AgentFailedException.decided(branches.name(branch), branch.path, compensate.reason());
            branches.failed(branch, why);
            completion.end(why);
        } else if (decision instanceof Decision.Repeat again) {
            branch.turn = branch.turn.thenRepeated(again.input()).withCarried(again.carry());
            branches.ready(branch);
        }
    }

    /** By lineage, never by name alone: an agent that forked is one of the branch's own resolvers. */
    private void handOff(Branch branch, int target, @Nullable Object request) {
        String from = branches.name(branch);
        if (routes.isEnd(target)) {
            deliveries.deliverToRun(branch, from, request);
            return;
        }
        for (Scope scope = branch.home; scope != null; scope = scope.parent) {
            if (scope.node == target) { // never the run, which is at no node
                deliveries.deliver(branch, scope, request);
                return;
            }
        }
        if (limits.endsByDelegation(branch, target)) {
            return;
        }
        Delegation delegation = plan.delegation(branch.delegation, branch.node);
        if (routes.isRendezvous(target)) {
            arrivals.arrive(branch, target, new Arrival(from, branch.path, request), delegation);
        } else {
            output.record(new RunEvent.HandedOff(output.next(), output.at(), branch.path, from, routes.name(target)));
            branches.move(branch, target, Turn.requested(request, from, routes.successorNames(target)), delegation);
        }
    }
}
