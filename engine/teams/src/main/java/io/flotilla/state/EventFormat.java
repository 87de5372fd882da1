package io.flotilla.state;

import io.flotilla.journal.PayloadCodec;
import io.flotilla.state.EventReplayException.EventFault;
import io.flotilla.state.EventReplayException.Reason;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Objects;
import java.util.function.Function;
import java.util.function.UnaryOperator;
import org.jspecify.annotations.Nullable;

/**
 * How the events of a state are written and read: each has a name and a version, so events that were written long ago can be
 * read in the form that they have today.
 *
 * <pre>{@code
 * EventFormat<Event> format = EventFormat.<Event>builder()
 *         .event("deposited", 2, Deposited.class,
 *                 event -> Map.of("cents", event.cents()),
 *                 fields -> new Deposited((Long) fields.get("cents")))
 *         .upcast("deposited", 1, fields -> Map.of("cents", (Long) fields.get("euros") * 100))
 *         .renamed("paid-in", "deposited")
 *         .build();
 * }</pre>
 *
 * <p>The fields of an event are a tree as in {@link PayloadCodec}: null, booleans, numbers, strings, lists, maps with string
 * keys, and what the journal's codec knows besides. Immutable.
 *
 * @param <E> the type of the events
 * @since 0.1
 */
public final class EventFormat<E> {

    private static final String EVENT = "event";
    private static final String VERSION = "version";

    private final Map<String, Kind<E>> byName;
    private final Map<Class<?>, Kind<E>> byClass;
    private final Map<String, String> renamed;

    /** One kind of event. */
    private record Kind<E>(
            String name,
            int version,
            Function<E, Map<String, ?>> write,
            Function<Map<String, @Nullable Object>, ? extends E> read,
            Map<Integer, UnaryOperator<Map<String, @Nullable Object>>> upcasts) {}

    private EventFormat(Builder<E> builder) {
        this.byName = Map.copyOf(builder.byName);
        this.byClass = Map.copyOf(builder.byClass);
        this.renamed = Map.copyOf(builder.renamed);
    }

    /**
     * Starts a format.
     *
     * @param <E> the type of the events
     * @return a builder without events
     */
    public static <E> Builder<E> builder() {
        return new Builder<>();
    }

    /** No text in it but the event's own: a redactor goes over all texts, and must leave the names alone. */
    Map<String, Object> write(E event) {
        Kind<E> kind = byClass.get(event.getClass());
        if (kind == null) {
            throw new EventFault(
                    Reason.UNKNOWN_EVENT,
                    "the format has no " + event.getClass().getName(),
                    null);
        }
        try {
            Map<String, Object> payload = new LinkedHashMap<>();
            payload.put(
                    EVENT,
                    Map.of(kind.name(), Objects.requireNonNull(kind.write().apply(event), "no fields")));
            payload.put(VERSION, kind.version());
            return payload;
        } catch (Throwable thrown) {
            throw new EventFault(Reason.MALFORMED, "it cannot be written", thrown);
        }
    }

    E read(Map<String, @Nullable Object> payload) {
        if (!(payload.get(EVENT) instanceof Map<?, ?> named)
                || !(payload.get(VERSION) instanceof Number number)
                || named.size() != 1) {
            throw new EventFault(Reason.NO_EVENT, "it has no name or no version", null);
        }
        Map.Entry<?, ?> only = named.entrySet().iterator().next();
        String written = String.valueOf(only.getKey());
        Kind<E> kind = byName.get(renamed.getOrDefault(written, written));
        if (kind == null) {
            throw new EventFault(Reason.UNKNOWN_EVENT, "the format has no event " + written, null);
        }
        int version = number.intValue();
        if (version > kind.version()) {
            throw new EventFault(
                    Reason.NEWER_VERSION,
                    written + " has version " + version + ", this program knows up to " + kind.version(),
                    null);
        }
        try {
            return Objects.requireNonNull(
                    kind.read().apply(upcast(kind, version, fields(only.getValue()))), "no event");
        } catch (Throwable thrown) {
            throw new EventFault(Reason.MALFORMED, written + " of version " + version + " cannot be read", thrown);
        }
    }

    private static <E> Map<String, @Nullable Object> upcast(
            Kind<E> kind, int from, Map<String, @Nullable Object> written) {
        Map<String, @Nullable Object> fields = written;
        for (int version = from; version < kind.version(); version++) {
            UnaryOperator<Map<String, @Nullable Object>> step =
                    Objects.requireNonNull(kind.upcasts().get(version), "no upcast from version " + version);
            fields = Objects.requireNonNull(step.apply(fields), "an upcast returned null");
        }
        return fields;
    }

    /** A copy: what an upcast does to it happens to nobody else. */
    private static Map<String, @Nullable Object> fields(@Nullable Object any) {
        Map<String, @Nullable Object> fields = new LinkedHashMap<>();
        ((Map<?, ?>) Objects.requireNonNull(any, "no fields"))
                .forEach((key, value) -> fields.put(String.valueOf(key), value));
        return fields;
    }

    /** The names of the events. */
    @Override
    public String toString() {
        return "EventFormat" + byName.keySet().stream().sorted().toList();
    }

    /**
     * Makes a format. Not thread-safe.
     *
     * @param <E> the type of the events
     */
    public static final class Builder<E> {

        private final Map<String, Kind<E>> byName = new LinkedHashMap<>();
        private final Map<Class<?>, Kind<E>> byClass = new HashMap<>();
        private final Map<String, String> renamed = new HashMap<>();

        private Builder() {}

        private static String name(String name) {
            if (Objects.requireNonNull(name, "name").isBlank()
                    || name.length() > StateKey.MAX_LENGTH
                    || name.chars().anyMatch(Character::isISOControl)) {
                throw new IllegalArgumentException("a name must not be blank, have at most " + StateKey.MAX_LENGTH
                        + " characters, and no control characters");
            }
            return name;
        }

        /**
         * An event.
         *
         * @param name its name in the journal; never use it for something else
         * @param version the version in which it is written; 1 or more, and one more whenever its fields change
         * @param type its class; events of subclasses are other events
         * @param write its fields
         * @param read makes it of the fields of this version
         * @param <T> its class
         * @return this builder
         * @throws NullPointerException if an argument is null
         * @throws IllegalArgumentException if there is an event of this name or class, or an argument is out of its bounds
         */
        public <T extends E> Builder<E> event(
                String name,
                int version,
                Class<T> type,
                Function<? super T, ? extends Map<String, ?>> write,
                Function<Map<String, @Nullable Object>, ? extends T> read) {
            Objects.requireNonNull(type, "type");
            Objects.requireNonNull(write, "write");
            Objects.requireNonNull(read, "read");
            if (version < 1) {
                throw new IllegalArgumentException("version must be >= 1, was " + version);
            }
            Kind<E> kind =
                    new Kind<>(name(name), version, event -> write.apply(type.cast(event)), read, new HashMap<>());
            if (byName.containsKey(name) || byClass.containsKey(type)) {
                throw new IllegalArgumentException("there is an event " + name + " or one of " + type.getName());
            }
            byName.put(name, kind);
            byClass.put(type, kind);
            return this;
        }

        /**
         * Turns the fields of an old version into those of the next one.
         *
         * @param name the event, which has been added
         * @param fromVersion the old version; 1 or more, and below the event's own
         * @param upcast gets the old fields, as a copy that it may change
         * @return this builder
         * @throws NullPointerException if an argument is null
         * @throws IllegalArgumentException if there is no such event, or the version is out of its bounds or has an upcast
         */
        public Builder<E> upcast(String name, int fromVersion, UnaryOperator<Map<String, @Nullable Object>> upcast) {
            Kind<E> kind = byName.get(Objects.requireNonNull(name, "name"));
            if (kind == null) {
                throw new IllegalArgumentException("there is no event " + name);
            }
            if (fromVersion < 1 || fromVersion >= kind.version()) {
                throw new IllegalArgumentException("fromVersion must be >= 1 and below " + kind.version()
                        + ", the version of " + name + ", was " + fromVersion);
            }
            if (kind.upcasts().putIfAbsent(fromVersion, Objects.requireNonNull(upcast, "upcast")) != null) {
                throw new IllegalArgumentException("there is an upcast of " + name + " from version " + fromVersion);
            }
            return this;
        }

        /**
         * Reads events that were written under another name.
         *
         * @param oldName the name in the journal, which no event has
         * @param name the event, which has been added
         * @return this builder
         * @throws NullPointerException if an argument is null
         * @throws IllegalArgumentException if there is no such event, or the old name is in use
         */
        public Builder<E> renamed(String oldName, String name) {
            if (!byName.containsKey(Objects.requireNonNull(name, "name"))) {
                throw new IllegalArgumentException("there is no event " + name);
            }
            if (byName.containsKey(name(oldName)) || renamed.putIfAbsent(oldName, name) != null) {
                throw new IllegalArgumentException("the name " + oldName + " is in use");
            }
            return this;
        }

        /**
         * Makes the format.
         *
         * @return the format
         * @throws IllegalStateException if there is no event, or an old version of one cannot be read for want of an upcast
         */
        public EventFormat<E> build() {
            if (byName.isEmpty()) {
                throw new IllegalStateException("the format has no event");
            }
            byName.values().forEach(kind -> {
                for (int version = 1; version < kind.version(); version++) {
                    if (!kind.upcasts().containsKey(version)) {
                        throw new IllegalStateException(
                                kind.name() + " has no upcast from version " + version + " to " + (version + 1));
                    }
                }
            });
            return new EventFormat<>(this);
        }
    }
}
