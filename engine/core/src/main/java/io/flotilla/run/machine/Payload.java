package io.flotilla.run.machine;

import java.util.AbstractMap;
import java.util.AbstractSet;
import java.util.Arrays;
import java.util.Iterator;
import java.util.NoSuchElementException;
import java.util.Set;
import java.util.function.BiConsumer;
import org.jspecify.annotations.Nullable;

/**
 * A map of a few keys, in the order in which they were put, each of them once. It is written once and read once, and costs
 * two arrays, as long as who makes it expects. Not thread-safe.
 */
final class Payload extends AbstractMap<String, @Nullable Object> {

    private String[] keys;
    private @Nullable Object[] values;
    private int size;

    /** {@code expected} is how many keys there will be, at a guess. */
    Payload(int expected) {
        keys = new String[expected];
        values = new Object[expected];
    }

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

    /** What codecs use: makes no entries. */
    @Override
    public void forEach(BiConsumer<? super String, ? super @Nullable Object> action) {
        for (int at = 0; at < size; at++) {
            action.accept(keys[at], values[at]);
        }
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
