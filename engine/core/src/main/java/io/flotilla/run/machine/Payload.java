package io.flotilla.run.machine;

import java.util.AbstractMap;
import java.util.AbstractSet;
import java.util.Arrays;
import java.util.Iterator;
import java.util.NoSuchElementException;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * A map of a few keys, in the order in which they were put, each of them once. It is written once and read once, and costs
 * two arrays. Not thread-safe.
 */
final class Payload extends AbstractMap<String, @Nullable Object> {

    private String[] keys = new String[12];
    private @Nullable Object[] values = new Object[12];
    private int size;

    /** {@code key} must not be in it. */
    void add(String key, @Nullable Object value) {
        if (size == keys.length) {
            keys = Arrays.copyOf(keys, 2 * size);
            values = Arrays.copyOf(values, 2 * size);
        }
        keys[size] = key;
        values[size++] = value;
    }

    @Override
    public int size() {
        return size;
    }

    @Override
    public Set<Entry<String, @Nullable Object>> entrySet() {
        return new Entries();
    }

    private final class Entries extends AbstractSet<Entry<String, @Nullable Object>> {

        @Override
        public int size() {
            return size;
        }

        @Override
        public Iterator<Entry<String, @Nullable Object>> iterator() {
            return new Iterator<>() {

                private int next;

                @Override
                public boolean hasNext() {
                    return next < size;
                }

                @Override
                public Entry<String, @Nullable Object> next() {
                    if (next == size) {
                        throw new NoSuchElementException();
                    }
                    return new SimpleImmutableEntry<>(keys[next], values[next++]);
                }
            };
        }
    }
}
