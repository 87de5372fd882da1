package io.flotilla.step;

import java.lang.ref.Reference;
import java.lang.ref.ReferenceQueue;
import java.lang.ref.WeakReference;
import java.util.List;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentMap;

/**
 * Whose exception it is. Later causes of a step are suppressed in its first one, but an exception that several steps fail
 * with, such as a constant, must not collect what happened to each of them: the first step to see it owns it, a second one
 * makes it nobody's. Exceptions are known by identity and held weakly.
 */
final class SharedCauses {

    private static final Object NOBODY = new Object();
    private static final ConcurrentMap<Key, Object> OWNERS = new ConcurrentHashMap<>();
    private static final ReferenceQueue<Throwable> GONE = new ReferenceQueue<>();

    private SharedCauses() {}

    private static final class Key extends WeakReference<Throwable> {
        private final int hash;

        Key(Throwable cause, ReferenceQueue<Throwable> gone) {
            super(cause, gone);
            this.hash = System.identityHashCode(cause);
        }

        @Override
        public int hashCode() {
            return hash;
        }

        @Override
        @SuppressWarnings("ReferenceEquality") // an exception's own equals may do anything
        public boolean equals(Object other) {
            if (this == other) {
                return true;
            }
            Throwable mine = get();
            return other instanceof Key key && mine != null && mine == key.get();
        }
    }

    /** A step has seen the exception; {@code owner} holds on to nothing. */
    @SuppressWarnings("ReferenceEquality")
    static void claim(Throwable cause, Object owner) {
        for (Reference<?> gone = GONE.poll(); gone != null; gone = GONE.poll()) {
            OWNERS.remove(gone);
        }
        OWNERS.merge(new Key(cause, GONE), owner, (known, next) -> known == next ? known : NOBODY);
    }

    /**
     * The cause with the later ones suppressed: the exception itself if it is the owner's alone, else one that stands in for
     * it and says the same.
     */
    @SuppressWarnings("ReferenceEquality")
    static Throwable with(Throwable first, List<Throwable> later, Object owner) {
        if (later.isEmpty()) {
            return first;
        }
        Throwable cause = OWNERS.get(new Key(first, GONE)) == owner ? first : new SharedCauseException(first);
        later.forEach(cause::addSuppressed);
        return cause;
    }
}
