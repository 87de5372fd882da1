package io.flotilla.run.machine;

import io.flotilla.run.BranchPath;
import io.flotilla.run.Decision;
import io.flotilla.run.RecordedException;
import io.flotilla.run.RunEvent;
import io.flotilla.run.Turn;
import io.flotilla.run.Uncompensated;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.Deque;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * The settled steps that can be undone, and, when the run has not succeeded, their compensations: one at a time, in reverse lineage
 * order, each a step of its own.
 */
final class Compensations {

    private final Plan plan;
    private final Branches branches;
    private final Output output;
    private final StateValues state;
    private final Deque<Done> left = new ArrayDeque<>();
    private final List<Done> done = new ArrayList<>();
    private final List<Uncompensated> failed = new ArrayList<>();
    private @Nullable Done current;
    private long step;

    private record Done(
            BranchPath branch,
            int node,
            long number,
            @Nullable Object input,
            @Nullable Object value) {}

    /** The agent and branch of a step. */
    record Place(String agent, BranchPath branch) {}

    Compensations(Plan plan, Branches branches, Output output, StateValues state) {
        this.plan = plan;
        this.branches = branches;
        this.output = output;
        this.state = state;
    }

    /** A step of the branch has settled with a decision. */
    void settled(Branch branch, Decision decision) {
        if (plan.isCompensated(branch.node)
                && !(decision instanceof Decision.Fail)
                && !(decision instanceof Decision.Compensate)) {
            done.add(new Done(branch.path, branch.node, branch.steps - 1, branch.turn.input(), value(decision)));
        }
    }

    private static @Nullable Object value(Decision decision) {
        if (decision instanceof Decision.Answer answer) {
            return answer.value();
        }
        return decision instanceof Decision.HandOff handOff ? handOff.request() : null;
    }

    /** The run has not succeeded. False if nothing is to be undone. */
    boolean begin() {
        done.sort(Comparator.comparing(Done::branch).thenComparing(Done::number).reversed());
        left.addAll(done);
        done.clear();
        return next();
    }

    private boolean next() {
        Done next = left.poll();
        current = next;
        if (next == null) {
            return false;
        }
        step = branches.takeNumber();
        String agent = name(next);
        output.record(new RunEvent.CompensationStarted(output.next(), output.at(), next.branch, agent, next.number));
        output.add(new Effect.StartStep(
                step, agent, Turn.compensating(next.input, next.value), next.branch, next.number, null, state.now()));
        return true;
    }

    private String name(Done of) {
        return plan.routes().name(of.node);
    }

    /** True if that was the last. */
    boolean apply(Fact.StepSettled settled) {
        Done undone = current;
        if (undone == null || settled.step() != step) {
            return false;
        }
        String problem = problem(undone, settled);
        boolean hasFailed = problem != null;
        if (problem != null) {
            failed.add(new Uncompensated(name(undone), undone.branch, undone.number, problem));
        }
        output.record(new RunEvent.CompensationSettled(
                output.next(), output.at(), undone.branch, name(undone), undone.number, hasFailed, settled.ownUsage()));
        return !next();
    }

    /** Why the step could not be undone; null if it was, and what that has written was taken. */
    private @Nullable String problem(Done undone, Fact.StepSettled settled) {
        if (settled.failed() != null) {
            return settled.cause() == null
                    ? ""
                    : String.valueOf(RecordedException.of(settled.cause()).getMessage());
        }
        StateValues.Outcome written = state.write(settled.writes());
        if (!written.changes().isEmpty()) {
            output.record(new RunEvent.StateWritten(
                    output.next(), output.at(), undone.branch, name(undone), undone.number, written.changes()));
        }
        return written.thrown() == null
                ? written.problem()
                : String.valueOf(written.thrown().getMessage());
    }

    boolean isRunning() {
        return current != null;
    }

    /** What is being undone, if that is the step. */
    @Nullable Place place(long number) {
        return current != null && number == step ? new Place(name(current), current.branch) : null;
    }

    List<Uncompensated> failed() {
        return List.copyOf(failed);
    }
}
