package io.flotilla.step;

import io.flotilla.agent.Agent;
import io.flotilla.agent.UsageLedger;
import java.util.concurrent.atomic.AtomicIntegerFieldUpdater;
import java.util.function.IntPredicate;
import org.jspecify.annotations.Nullable;
import reactor.core.CoreSubscriber;

/**
 * The steps of a list of agents. {@link #places} counts the free places, and with them the role of the starter:
 *
 * <pre>
 * places       becomes   by                                   then
 * 0            n         any thread that frees n places       it is the starter
 * more than 0  plus n    any thread that frees n places       the starter takes them along
 * more than 1  minus 1   the starter, with a step started     it starts the next
 * more than 0  the same  the starter: the step has ended, its  it starts the next
 *                        result is delivered and so its place
 *                        is free again
 * 1            0         the starter, with a step started     the role is free
 * more than 0  the same  the starter: the round is stopped,   it leaves with the role, so that nothing starts any more
 *                        or no agent is left
 * more than 0  minus 1   a rescue thread, for a starter that  it is the starter if places are left
 *                        its body holds
 * </pre>
 */
final class ListSource<I, O> implements Round.Source {

    private final Round<I, O> round;
    private final Agent<? super I, ? extends O>[] agents;
    private final I input;
    private final int @Nullable [] order;
    private final @Nullable IntPredicate stillWanted;
    private final @Nullable Waiter waiter;

    @SuppressWarnings("UnusedVariable") // by its updater
    private volatile int places;

    /** The starter's own: handed from one to the next through {@link #places}, or by the stall watch. */
    private int next;

    private long started;

    @SuppressWarnings("rawtypes")
    private static final AtomicIntegerFieldUpdater<ListSource> PLACES =
            AtomicIntegerFieldUpdater.newUpdater(ListSource.class, "places");

    ListSource(
            StepEngine engine,
            boolean failFast,
            CoreSubscriber<? super StepResult<O>> downstream,
            Agent<? super I, ? extends O>[] agents,
            I input,
            @Nullable IntPredicate stillWanted,
            UsageLedger usage,
            @Nullable RoundOutput output) {
        this.round = new Round<>(engine, failFast, downstream, usage, output, this);
        this.agents = agents;
        this.input = input;
        this.order = engine.order().isShuffled() ? engine.order().indices(agents.length) : null;
        this.stillWanted = stillWanted;
        FairPermits permits = round.steps().permits;
        this.waiter =
                permits == null ? null : round.steps().newWaiter(permits, round.context(), this::fill, this::fill);
    }

    void run(int concurrency) {
        round.begin(() -> go(concurrency));
    }

    private void go(int concurrency) {
        round.open();
        if (agents.length == 0) {
            round.sourceEnded(0, null);
        } else {
            placesFreed(Math.min(concurrency, agents.length));
        }
    }

    @Override
    public void placesFreed(int freed) {
        if (freed > 0 && PLACES.getAndAdd(this, freed) == 0) {
            fill();
        }
    }

    private void fill() {
        int freed = 0;
        do {
            if (round.isStopped() || next == agents.length) {
                return; // the role is kept: nobody needs to start anything any more
            }
            freed = waiter == null ? startNext(freed == 1) : startPermitted(waiter);
            if (freed == Round.LOST) {
                return;
            }
            if (next == agents.length) {
                ended();
            }
        } while (freed == 1 || PLACES.addAndGet(this, freed - 1) != 0);
    }

    /** How many places came free at once; {@link Round#LOST} if the body, or the engine's limit, has another thread go on. */
    private int startPermitted(Waiter waiting) {
        for (; ; ) {
            if (round.passedRoundTimeout() != null) {
                return startNext(null, null); // to be skipped: nothing is called
            }
            Permit permit = waiting.acquire();
            if (permit != null) {
                return startNext(permit, null);
            }
            switch (waiting.await(Math.min(places, agents.length - next))) {
                case GRANTED -> {}
                case REFUSED -> {
                    return startNext(null, waiting.permits().rejected());
                }
                case WAITING, HELD -> {
                    round.waitsForPermits();
                    if (round.passedRoundTimeout() != null) {
                        waiting.wantLess(); // its time was up meanwhile
                    }
                    return Round.LOST; // the role is kept, for the one who comes with a permit
                }
            }
        }
    }

    /** {@code follows}: the step before has ended just now. */
    private int startNext(boolean follows) {
        int index = nextIndex();
        if (!isWanted(index)) {
            return 1;
        }
        started++;
        return round.start(agents[index], input, index, follows);
    }

    private int startNext(@Nullable Permit permit, @Nullable Throwable refusal) {
        int index = nextIndex();
        if (!isWanted(index)) {
            if (permit != null) {
                permit.end();
            }
            return 1;
        }
        started++;
        return round.start(agents[index], input, index, permit, refusal);
    }

    private int nextIndex() {
        int index = order == null ? next : order[next];
        next++;
        return index;
    }

    private boolean isWanted(int index) {
        return stillWanted == null || stillWanted.test(index);
    }

    private void ended() {
        if (waiter != null) {
            waiter.finish();
        }
        round.sourceEnded(started, null);
    }

    @Override
    public void resumeStarting() {
        if (next == agents.length) {
            ended();
        }
        if (PLACES.decrementAndGet(this) != 0) {
            fill();
        }
    }

    @Override
    public long waiting() {
        return agents.length - (long) next;
    }

    @Override
    public boolean isOpen() {
        return false;
    }

    /** Each agent that is left has its turn, and is skipped then. */
    @Override
    public void cut(Runnable then) {
        then.run();
    }

    @Override
    public void cancel() {}
}
