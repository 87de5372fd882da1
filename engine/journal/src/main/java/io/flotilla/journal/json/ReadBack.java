package io.flotilla.journal.json;

import java.lang.reflect.Array;
import java.lang.reflect.RecordComponent;
import java.util.Arrays;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Whether a value that was read back is the one that was written. Lists, sets and maps are compared by content, arrays element
 * by element, everything else of the same class with {@code equals}. Where that says no, or throws, records are compared
 * component by component, since those with arrays in them have no useful {@code equals}; a class that has none at all is
 * taken as it is: what it writes as JSON was read without a complaint, and nobody can say more.
 */
final class ReadBack {

    private ReadBack() {}

    /** A path to the first difference; null if there is none. */
    static @Nullable String difference(@Nullable Object written, @Nullable Object read, String path) {
        if (written == null || read == null) {
            return written == null && read == null ? null : path;
        }
        if (written instanceof Map<?, ?> map) {
            return read instanceof Map<?, ?> other ? ofMaps(map, other, path) : path;
        }
        if (written instanceof List<?> list) {
            return read instanceof List<?> other ? ofLists(list, other, path) : path;
        }
        if (written instanceof Set<?> set) {
            return read instanceof Set<?> other ? ofSets(set, other, path) : path;
        }
        if (!Types.typeOf(written).equals(Types.typeOf(read))) {
            return path;
        }
        if (written.getClass().isArray()) {
            return ofArrays(written, read, path);
        }
        if (isEqual(written, read)) {
            return null;
        }
        if (written instanceof Optional<?> some && read instanceof Optional<?> other) {
            return difference(some.orElse(null), other.orElse(null), path);
        }
        if (written instanceof Record) {
            return ofRecords(written, read, path);
        }
        return hasEquals(written.getClass()) ? path : null;
    }

    private static boolean isEqual(Object written, Object read) {
        try {
            return written.equals(read);
        } catch (RuntimeException | StackOverflowError | LinkageError broken) {
            return false;
        }
    }

    private static boolean hasEquals(Class<?> type) {
        try {
            return !Object.class.equals(type.getMethod("equals", Object.class).getDeclaringClass());
        } catch (NoSuchMethodException | LinkageError unknown) {
            return true;
        }
    }

    private static @Nullable String ofMaps(Map<?, ?> written, Map<?, ?> read, String path) {
        if (written.size() != read.size()) {
            return path;
        }
        for (Map.Entry<?, ?> entry : written.entrySet()) {
            String inside = path + "." + (entry.getKey() instanceof String key ? key : "?");
            if (!read.containsKey(entry.getKey())) {
                return inside;
            }
            String difference = difference(entry.getValue(), read.get(entry.getKey()), inside);
            if (difference != null) {
                return difference;
            }
        }
        return null;
    }

    private static @Nullable String ofLists(List<?> written, List<?> read, String path) {
        if (written.size() != read.size()) {
            return path;
        }
        Iterator<?> others = read.iterator();
        int at = 0;
        for (Object item : written) {
            String difference = difference(item, others.next(), path + "[" + at + "]");
            if (difference != null) {
                return difference;
            }
            at++;
        }
        return null;
    }

    /** By what the items call equal; where they call nothing equal, by their order. */
    private static @Nullable String ofSets(Set<?> written, Set<?> read, String path) {
        if (written.size() != read.size()) {
            return path;
        }
        return isEqual(written, read) ? null : ofLists(List.copyOf(nonNull(written)), List.copyOf(nonNull(read)), path);
    }

    private static List<?> nonNull(Set<?> set) {
        return set.stream().filter(Objects::nonNull).toList();
    }

    private static @Nullable String ofArrays(Object written, Object read, String path) {
        int length = Array.getLength(written);
        if (length != Array.getLength(read)) {
            return path;
        }
        if (written instanceof byte[] bytes && read instanceof byte[] others) {
            return Arrays.equals(bytes, others) ? null : path;
        }
        for (int at = 0; at < length; at++) {
            String difference = difference(Array.get(written, at), Array.get(read, at), path + "[" + at + "]");
            if (difference != null) {
                return difference;
            }
        }
        return null;
    }

    private static @Nullable String ofRecords(Object written, Object read, String path) {
        for (RecordComponent component : written.getClass().getRecordComponents()) {
            String inside = path + "." + component.getName();
            try {
                component.getAccessor().setAccessible(true);
                String difference = difference(
                        component.getAccessor().invoke(written),
                        component.getAccessor().invoke(read),
                        inside);
                if (difference != null) {
                    return difference;
                }
            } catch (ReflectiveOperationException | RuntimeException unreadable) {
                return inside;
            }
        }
        return null;
    }
}
