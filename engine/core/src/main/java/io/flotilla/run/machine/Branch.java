package io.flotilla.run.machine;

import io.flotilla.run.BranchPath;
import io.flotilla.run.Turn;
import org.jspecify.annotations.Nullable;

/** One line of work: at one agent at a time, in one state at a time, until it settles. */
final class Branch {

    /** What a branch is doing. */
    enum State {
        /** Its agent's turn has come, and waits for a place. */
        READY,
        /** Its agent's turn has come, and waits until a step that excludes it has ended. */
        EXCLUDED,
        /** Its agent has been called. */
        RUNNING,
        /** It has forked, and waits for the join. */
        JOINING,
        /** It, or the join of its fork, has asked a question. */
        AWAITING_ANSWER,
        /** It waits for a signal. */
        AWAITING_SIGNAL,
        /** It sleeps. */
        SLEEPING,
        /** It has ended. */
        SETTLED
    }

    final BranchPath path;

    /** The innermost scope it is a member of. */
    final Scope home;

    /** How many branches there were when it was spawned. */
    final long spawnIndex;

    State state = State.READY;
    int node;
    Turn turn;

    @Nullable Delegation delegation;

    /** The serial number of its step, while it is stepping. */
    long step;

    Exclusion.Stake stake = Exclusion.Stake.NONE;

    /** How many steps it has started. */
    long steps;

    /** How many corrections in a row it was given. */
    int corrections;

    /** How many forks it has opened. */
    int forks;

    /** What its next turn is to carry, while it waits. */
    @Nullable Object carry;

    /** What it asks, while it is asking. */
    @Nullable QuestionEntry questionEntry;

    /** What it waits for, while it sleeps or waits for a signal. */
    @Nullable WaitEntry waitEntry;

    // The scope's list of the live.
    @Nullable Branch previous;

    @Nullable Branch next;

    Branch(BranchPath path, Scope home, long spawnIndex, int node, Turn turn, @Nullable Delegation delegation) {
        this.path = path;
        this.home = home;
        this.spawnIndex = spawnIndex;
        this.node = node;
        this.turn = turn;
        this.delegation = delegation;
    }

    /** For its next turn, and for no other. */
    @Nullable Object takeCarry() {
        Object taken = carry;
        carry = null;
        return taken;
    }

    boolean isLive() {
        return state != State.SETTLED;
    }

    @Override
    public String toString() {
        return "branch " + path + " " + state;
    }
}
