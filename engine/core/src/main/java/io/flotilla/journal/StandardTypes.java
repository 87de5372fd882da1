package io.flotilla.journal;

import java.math.BigDecimal;
import java.math.BigInteger;
import java.time.Duration;
import java.time.Instant;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/** The names of the types that need no registration. They are format. */
final class StandardTypes {

    private static final Map<String, Class<?>> BY_NAME = Map.ofEntries(
            Map.entry("any", Object.class),
            Map.entry("boolean", Boolean.class),
            Map.entry("string", String.class),
            Map.entry("number", Number.class),
            Map.entry("int", Integer.class),
            Map.entry("long", Long.class),
            Map.entry("double", Double.class),
            Map.entry("decimal", BigDecimal.class),
            Map.entry("bigint", BigInteger.class),
            Map.entry("instant", Instant.class),
            Map.entry("duration", Duration.class),
            Map.entry("uuid", UUID.class),
            Map.entry("bytes", byte[].class),
            Map.entry("list", List.class),
            Map.entry("map", Map.class),
            Map.entry("set", Set.class));

    private static final Map<Class<?>, String> BY_TYPE = new HashMap<>();

    static {
        BY_NAME.forEach((name, type) -> BY_TYPE.put(type, name));
    }

    private StandardTypes() {}

    static @Nullable String name(Class<?> type) {
        return BY_TYPE.get(type);
    }

    static @Nullable Class<?> type(String name) {
        return BY_NAME.get(name);
    }
}
