package io.flotilla.run;

import io.flotilla.run.machine.Digest;
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
 *
 * @since 0.1
 */
public final class BranchPath implements Comparable<BranchPath> {

    /** The rank of a branch that is no rendezvous: before all that are. */
    public static final long INVOKED = -1;

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
        this.fork = (int) Bounds.atLeast(0, "fork", fork);
        this.index = (int) Bounds.atLeast(0, "index", index);
        this.rank = Bounds.atLeast(INVOKED, "rank", rank);
        this.depth = parent == null ? 0 : parent.depth + 1;
        this.digest = Digest.add(parent == null ? Digest.EMPTY : Digest.add(parent.digest, fork), index);
    }

    /**
     * The path of a branch outside every fork.
     *
     * @param index which of them, from 0
     * @return the path; {@code /} for 0
     * @throws IllegalArgumentException if {@code index} is negative
     */
    public static BranchPath outsideForks(int index) {
        return outsideForks(index, INVOKED);
    }

    /**
     * The path of a branch outside every fork, at a place in the order.
     *
     * @param index which of them, from 0
     * @param rank of a rendezvous its place among the rendezvous of the run, 0 or more; {@link #INVOKED} for others
     * @return the path
     * @throws IllegalArgumentException if {@code index} is negative, or {@code rank} below {@link #INVOKED}
     */
    public static BranchPath outsideForks(int index, long rank) {
        return new BranchPath(null, 0, index, rank);
    }

    /**
     * The path that a text is of, as {@link #toString} writes it. It names the same branch, also if that is of a rendezvous; only
     * its place in lineage order is not known.
     *
     * @param text a path
     * @return the path
     * @throws NullPointerException if {@code text} is null
     * @throws IllegalArgumentException if it is no path
     */
    public static BranchPath parse(String text) {
        String[] levels = text.split("/", -1);
        try {
            boolean first = levels.length > 2 && levels[1].startsWith("~");
            BranchPath path = outsideForks(first ? Integer.parseInt(levels[1].substring(1)) : 0);
            for (int level = first ? 2 : 1; level < levels.length - 1; level++) {
                int dot = levels[level].indexOf('.');
                path = path.forked(
                        Integer.parseInt(levels[level].substring(0, Math.max(0, dot))),
                        Integer.parseInt(levels[level].substring(dot + 1)));
            }
            if (path.toString().equals(text)) {
                return path;
            }
        } catch (IllegalArgumentException noNumber) {
            throw new IllegalArgumentException("not the path of a branch: \"" + text + "\"", noNumber);
        }
        throw new IllegalArgumentException("not the path of a branch: \"" + text + "\"");
    }

    /**
     * The path of a branch that this one forks.
     *
     * @param fork which fork of this branch, from 0
     * @param index which branch of that fork, from 0
     * @return the path
     * @throws IllegalArgumentException if a number is negative
     */
    public BranchPath forked(int fork, int index) {
        return forked(fork, index, INVOKED);
    }

    /**
     * The path of a branch that this one forks, at a place in the order.
     *
     * @param fork which fork of this branch, from 0
     * @param index which branch of that fork, from 0
     * @param rank of a rendezvous its place among the rendezvous of the fork, 0 or more; {@link #INVOKED} for others
     * @return the path
     * @throws IllegalArgumentException if {@code fork} or {@code index} is negative, or {@code rank} below {@link #INVOKED}
     */
    public BranchPath forked(int fork, int index, long rank) {
        return new BranchPath(this, fork, index, rank);
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

    /**
     * A digest of the forks and indices, from the outermost in. It is part of a journal's format: the same path has the same
     * digest in every version of the library.
     *
     * @return the digest
     */
    public long digest() {
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
        String around = parent == null ? null : parent.text;
        if (around != null) {
            return around + fork + '.' + index + '/';
        }
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
