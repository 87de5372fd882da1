package io.flotilla.run;

import io.flotilla.journal.Journal;
import java.lang.ref.Reference;
import java.lang.ref.ReferenceQueue;
import java.lang.ref.WeakReference;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * One thing for each journal, made when it is first asked for; kept for as long as the journal, which it must not refer to. Keeps no
 * journal. Thread-safe.
 */
final class PerJournal<T> {

    private final Map<Key, T> things = new ConcurrentHashMap<>();
    private final ReferenceQueue<Journal> collected = new ReferenceQueue<>();
    private final Supplier<T> make;

    PerJournal(Supplier<T> make) {
        this.make = make;
    }

    T of(Journal journal) {
        for (Reference<?> gone = collected.poll(); gone != null; gone = collected.poll()) {
            things.remove(gone);
        }
        return things.computeIfAbsent(new Key(journal, collected), any -> make.get());
    }

    /** Which journal, whatever its own {@code equals} and {@code hashCode} say or do. */
    private static final class Key extends WeakReference<Journal> {

        private final int hash;

        Key(Journal journal, ReferenceQueue<Journal> collected) {
            super(journal, collected);
            this.hash = System.identityHashCode(journal);
        }

        @Override
        public int hashCode() {
            return hash;
        }

        @Override
        public boolean equals(@Nullable Object other) {
            if (this == other) {
                return true;
            }
            Journal journal = get();
            return journal != null && other instanceof Key key && key.refersTo(journal);
        }
    }
}
