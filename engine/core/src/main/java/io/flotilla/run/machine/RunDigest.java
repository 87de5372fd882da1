package io.flotilla.run.machine;

import io.flotilla.run.BranchPath;
import io.flotilla.run.RunEvent;
import io.flotilla.run.StateChange;
import java.util.List;

/**
 * What a replay compares: a digest over what has come of the facts of a run. Numbers, names of agents, ids of questions and
 * paths of branches go into it; names of classes, messages and instants do not, so they may change. {@code format.md} beside
 * this file says what goes into it, and in which order.
 *
 * <p>Left out on purpose: when a step gets its place, and with it {@link RunEvent.StepStarted} and the numbers of events.
 * That depends on the engine's concurrency, which is no part of a run's history.
 *
 * <p>Not thread-safe.
 *
 * @since 0.1
 */
public final class RunDigest {

    /** Stands in the first fact of a run; another one cannot be compared. */
    public static final int VERSION = 1;

    private final Routes routes;
    private long value = Digest.EMPTY;

    /**
     * The digest of a run that has not started.
     *
     * @param plan the run's plan
     */
    public RunDigest(Plan plan) {
        this.routes = plan.routes();
    }

    /**
     * The digest so far.
     *
     * @return a number
     */
    public long value() {
        return value;
    }

    /**
     * Adds what has come of a fact.
     *
     * @param fact the fact
     * @param events what has come of it
     * @param turns how many turns have come by then, see {@link RunMachine#turns()}
     */
    public void add(Fact fact, List<RunEvent> events, long turns) {
        value = Digest.add(value, DigestCode.of(fact));
        for (int at = 0; at < events.size(); at++) {
            add(events.get(at));
        }
        value = Digest.add(value, turns);
    }

    private void add(RunEvent event) {
        int code = DigestCode.of(event);
        if (code == DigestCode.LEFT_OUT) {
            return;
        }
        number(code);
        BranchPath branch = event.branch();
        if (branch != null) {
            number(branch.digest());
        }
        if (event instanceof RunEvent.StepSettled settled) {
            name(settled.agent());
            number(settled.step());
            flag(settled.failed());
        } else if (event instanceof RunEvent.BranchStarted started) {
            name(started.agent());
        } else if (event instanceof RunEvent.BranchAnswered answered) {
            name(answered.agent());
            flag(answered.late());
        } else if (event instanceof RunEvent.HandedOff handedOff) {
            name(handedOff.agent());
            name(handedOff.to());
        } else if (event instanceof RunEvent.BranchMovedOn movedOn) {
            name(movedOn.agent());
            name(movedOn.to() == null ? "" : movedOn.to());
            flag(movedOn.late());
        } else if (event instanceof RunEvent.Forked forked) {
            name(forked.agent());
            number(forked.fork());
            number(forked.branches());
        } else if (event instanceof RunEvent.Joined joined) {
            add(joined);
        } else if (event instanceof RunEvent.RendezvousFired fired) {
            name(fired.agent());
            number(DigestCode.of(fired.verdict()));
            number(fired.arrivals());
        } else {
            addRare(event);
        }
    }

    private void add(RunEvent.Joined joined) {
        name(joined.agent());
        number(joined.fork());
        number(DigestCode.of(joined.verdict()));
        number(joined.answered());
        number(joined.failed());
        number(joined.stragglers());
    }

    private void addRare(RunEvent event) {
        if (event instanceof RunEvent.BranchFailed failed) {
            name(failed.agent());
            number(DigestCode.of(failed.failure().kind()));
            number(DigestCode.detail(failed.failure()));
        } else if (event instanceof RunEvent.BranchCancelled cancelled) {
            name(cancelled.agent());
        } else if (event instanceof RunEvent.DecisionRejected corrected) {
            name(corrected.agent());
        } else if (event instanceof RunEvent.QuestionAsked asked) {
            name(asked.question().agent());
            name(asked.question().id());
            number(asked.question().choices().size());
        } else if (event instanceof RunEvent.QuestionAnswered answered) {
            name(answered.agent());
            name(answered.question());
            flag(answered.byDefault());
        } else if (event instanceof RunEvent.RunFinished finished) {
            number(DigestCode.of(finished.status()));
        } else {
            addWait(event);
        }
    }

    private void addWait(RunEvent event) {
        if (event instanceof RunEvent.SleepStarted slept) {
            name(slept.agent());
        } else if (event instanceof RunEvent.SleepEnded woken) {
            name(woken.agent());
        } else if (event instanceof RunEvent.SignalAwaited awaited) {
            name(awaited.agent());
            name(awaited.signal());
        } else if (event instanceof RunEvent.SignalReceived received) {
            name(received.signal());
            number(DigestCode.of(received.delivery()));
        } else if (event instanceof RunEvent.SignalTaken taken) {
            name(taken.agent());
            name(taken.signal());
            flag(taken.byDefault());
        } else if (event instanceof RunEvent.CompensationStarted started) {
            name(started.agent());
            number(started.step());
        } else if (event instanceof RunEvent.CompensationSettled settled) {
            name(settled.agent());
            number(settled.step());
            flag(settled.failed());
        } else if (event instanceof RunEvent.StateWritten written) {
            add(written);
        }
    }

    private void add(RunEvent.StateWritten written) {
        name(written.agent());
        number(written.step());
        number(written.changes().size());
        for (StateChange change : written.changes()) {
            value = Digest.add(value, Digest.of(change.key()));
            number(change.version());
            flag(change.value() != null);
        }
    }

    private void number(long number) {
        value = Digest.add(value, number);
    }

    private void flag(boolean flag) {
        value = Digest.add(value, flag);
    }

    private void name(String name) {
        value = Digest.add(value, routes.digest(name));
    }
}
