package io.flotilla.run;

import java.util.ArrayDeque;
import java.util.Deque;
import org.jspecify.annotations.Nullable;

/**
 * Which branch of a run: for every fork on the way to it the number of that fork on its branch, and the index in it,
 * both from 0. Written {@code /0.2/1.0/}: of the first fork the third branch, of whose second fork the first. The branch
 * the run starts with is {@code /}; a second one outside every fork is {@code /~1/}.
 *
 * <p>A rendezvous is a branch too and has the next index of the fork it belongs to, in the order they fire. Paths are ordered
 * as the forks are: a branch comes before those it forks, these in order of their forks; of one fork the invocations come
 * first, in their order, then the rendezvous, in topological order of their agents and, at one agent, one after another. All
 * lists in lineage order are in this order. It does not depend on time.
 *
 * <p>Immutable.
 */
public final class BranchPath implements Comparable<BranchPath> {

    /** The rank of a branch that is no rendezvous: before all that are. */
    static final long INVOKED = -1;

    private final @Nullable BranchPath parent;
    private final int fork;
    private final int index;

    /** Of a rendezvous its place among those of its fork, whenever they fire; {@link #INVOKED} for all others. */
    private final long rank;

    private final int depth;
    private final long digest;
    private @Nullable String text; // made when asked for; two threads may both make it

    private BranchPath(@Nullable BranchPath parent, int fork, int index, long rank) {
        this.parent = parent;
        this.fork = fork;
        this.index = index;
        this.rank = rank;
        this.depth = parent == null ? 0 : parent.depth + 1;
        this.digest = Digest.add(parent == null ? Digest.EMPTY : Digest.add(parent.digest, fork), index);
    }

    static BranchPath outsideForks(int index) {
        return outsideForks(index, INVOKED);
    }

    static BranchPath outsideForks(int index, long rank) {
        return new BranchPath(null, 0, index, rank);
    }

    BranchPath forked(int fork, int index) {
        return forked(fork, index, INVOKED);
    }

    BranchPath forked(int fork, int index, long rank) {
        return new BranchPath(this, fork, index, rank);
    }

    /** The rank of a rendezvous, in its fork: by its agent's place in topological order, then by instance. */
    static long rank(int order, int instance) {
        return (long) order << 32 | instance;
    }

    /**
     * How many forks are around the branch.
     *
     * @return 0 for a branch outside every fork
     */
    public int depth() {
        return depth;
    }

    /**
     * The branch that forked this one.
     *
     * @return its path; null outside every fork
     */
    public @Nullable BranchPath parent() {
        return parent;
    }

    /**
     * Which fork of its parent the branch is of.
     *
     * @return a number from 0
     */
    public int fork() {
        return fork;
    }

    /**
     * Which branch of its fork it is.
     *
     * @return a number from 0; those of rendezvous follow those of the invocations
     */
    public int index() {
        return index;
    }

    /** Of the numbers it is made of, from the outermost in. */
    long digest() {
        return digest;
    }

    /** Without recursion: forks may be nested as deep as the run's limits let them. */
    @Override
    @SuppressWarnings("ReferenceEquality") // where two lines meet, they share the same object, or have no parent
    public int compareTo(BranchPath other) {
        BranchPath mine = this;
        BranchPath theirs = other;
        int byDepth = Integer.compare(depth, other.depth);
        while (mine.depth > theirs.depth && mine.parent != null) {
            mine = mine.parent;
        }
        while (theirs.depth > mine.depth && theirs.parent != null) {
            theirs = theirs.parent;
        }
        int outermost = byDepth; // a branch comes before those inside of it
        while (mine != theirs) {
            int here = compareAlone(mine, theirs);
            if (here != 0) {
                outermost = here;
            }
            if (mine.parent == null || theirs.parent == null) {
                break;
            }
            mine = mine.parent;
            theirs = theirs.parent;
        }
        return outermost;
    }

    private static int compareAlone(BranchPath one, BranchPath other) {
        if (one.fork != other.fork) {
            return Integer.compare(one.fork, other.fork);
        }
        return one.rank == other.rank ? Integer.compare(one.index, other.index) : Long.compare(one.rank, other.rank);
    }

    /** By forks and indices, which name a branch of a run; so within a run as {@link #compareTo} has it. */
    @Override
    @SuppressWarnings("ReferenceEquality") // where two lines meet, they share the same object, or have no parent
    public boolean equals(@Nullable Object other) {
        if (!(other instanceof BranchPath that) || depth != that.depth) {
            return false;
        }
        BranchPath mine = this;
        BranchPath theirs = that;
        while (mine != theirs && mine != null && theirs != null) {
            if (mine.fork != theirs.fork || mine.index != theirs.index) {
                return false;
            }
            mine = mine.parent;
            theirs = theirs.parent;
        }
        return true;
    }

    @Override
    public int hashCode() {
        int hash = depth;
        for (BranchPath at = this; at != null; at = at.parent) {
            hash = 31 * (31 * hash + at.fork) + at.index;
        }
        return hash;
    }

    /** {@code /}, {@code /0.2/1.0/}; printable ASCII without spaces. */
    @Override
    public String toString() {
        String known = text;
        if (known == null) {
            known = write();
            text = known;
        }
        return known;
    }

    private String write() {
        Deque<BranchPath> inside = new ArrayDeque<>();
        BranchPath at = this;
        while (at.parent != null && at.text == null) {
            inside.push(at);
            at = at.parent;
        }
        StringBuilder written = new StringBuilder(at.text == null ? at.outermost() : at.text);
        for (BranchPath level : inside) {
            written.append(level.fork).append('.').append(level.index).append('/');
        }
        return written.toString();
    }

    private String outermost() {
        return index == 0 ? "/" : "/~" + index + "/";
    }
}
