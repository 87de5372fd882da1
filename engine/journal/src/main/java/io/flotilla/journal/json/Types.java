package io.flotilla.journal.json;

import java.lang.reflect.Modifier;
import java.math.BigDecimal;
import java.math.BigInteger;
import java.time.Duration;
import java.time.Instant;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/** Names and types, both ways. Immutable. */
final class Types {

    /** The key that says that its neighbour {@link #VALUE} is of a type. */
    static final String TYPE = "$type";

    static final String VALUE = "value";

    static final String INT = "int";
    static final String DOUBLE = "double";
    static final String DECIMAL = "decimal";
    static final String BIG_INTEGER = "bigint";
    static final String INSTANT = "instant";
    static final String DURATION = "duration";
    static final String ID = "uuid";
    static final String BYTES = "bytes";
    static final String SET = "set";

    /** A map that has a key {@link #TYPE} of its own. */
    static final String MAP = "map";

    static final Set<String> BUILT_IN =
            Set.of(INT, DOUBLE, DECIMAL, BIG_INTEGER, INSTANT, DURATION, ID, BYTES, SET, MAP);

    private static final Set<Class<?>> PLAIN = Set.of(
            Object.class,
            Boolean.class,
            String.class,
            Long.class,
            Integer.class,
            Double.class,
            BigDecimal.class,
            BigInteger.class,
            Instant.class,
            Duration.class,
            UUID.class,
            byte[].class);

    private final Map<String, Class<?>> byName;
    private final Map<Class<?>, String> byType = new HashMap<>();

    Types(Map<String, Class<?>> registered) {
        byName = Map.copyOf(registered);
        byName.forEach((name, type) -> byType.put(type, name));
    }

    static boolean isBuiltIn(Class<?> type) {
        return PLAIN.contains(type)
                || type.isPrimitive()
                || List.class.isAssignableFrom(type)
                || Set.class.isAssignableFrom(type)
                || Map.class.isAssignableFrom(type);
    }

    static boolean isAbstract(Class<?> type) {
        return Modifier.isAbstract(type.getModifiers()) && !type.isArray();
    }

    @Nullable String name(Object value) {
        return byType.get(typeOf(value));
    }

    @Nullable String registeredName(Class<?> type) {
        return byType.get(type);
    }

    @Nullable Class<?> type(String name) {
        return byName.get(name);
    }

    /** Constants of an enum that have bodies have classes of their own. */
    static Class<?> typeOf(Object value) {
        return value instanceof Enum<?> constant ? constant.getDeclaringClass() : value.getClass();
    }

    Set<String> names() {
        return new TreeSet<>(byName.keySet());
    }
}
