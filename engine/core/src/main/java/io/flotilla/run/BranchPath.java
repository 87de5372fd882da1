package io.flotilla.run;

import java.util.ArrayDeque;
import java.util.Deque;
import org.jspecify.annotations.Nullable;

/**
 * Which branch of a run: for every fork on the way to it the number of that fork on its branch, and the index in it,
 * both from 0. Written {@code /0.2/1.0/}: of the first fork the third branch, of whose second fork the first. The branch
 * the run starts with is {@code /}; a second one outside every fork is {@code /~1/}.
 *
 * <p>A rendezvous is a branch too and has the next index of the fork it belongs to. Paths are ordered as the forks are: a
 * branch comes before those it forks, these in order of their forks and indices. Whatever is given in lineage order is in this
 * order, which does not depend on time.
 *
 * <p>Immutable.
 */
public final class BranchPath implements Comparable<BranchPath> {

    private final @Nullable BranchPath parent;
    private final int fork;
    private final int index;
    private final int depth;
    private @Nullable String text; // made when asked for; two threads may both make it

    private BranchPath(@Nullable BranchPath parent, int fork, int index) {
        this.parent = parent;
        this.fork = fork;
        this.index = index;
        this.depth = parent == null ? 0 : parent.depth + 1;
    }

    static BranchPath outsideForks(int index) {
        return new BranchPath(null, 0, index);
    }

    BranchPath forked(int fork, int index) {
        return new BranchPath(this, fork, index);
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
            int here = mine.fork == theirs.fork
                    ? Integer.compare(mine.index, theirs.index)
                    : Integer.compare(mine.fork, theirs.fork);
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

    @Override
    public boolean equals(@Nullable Object other) {
        return other instanceof BranchPath that && depth == that.depth && compareTo(that) == 0;
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
