package io.flotilla.agent;

import java.util.Objects;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** The state where there is no run. */
final class NoState implements StepState {

    static final StepState INSTANCE = new NoState();

    private NoState() {}

    static String checkKey(String key) {
        if (Objects.requireNonNull(key, "key").isBlank() || key.length() > MAX_KEY_LENGTH) {
            throw new IllegalArgumentException(
                    "key must not be blank and have at most " + MAX_KEY_LENGTH + " characters, had " + key.length());
        }
        if (key.chars().anyMatch(Character::isISOControl)) {
            throw new IllegalArgumentException("key must not contain control characters");
        }
        return key;
    }

    private static void refuse(String key) {
        throw new StepStateException(
                StepStateException.Reason.NOT_IN_A_RUN,
                checkKey(key),
                "cannot be written, the step is in no run",
                null);
    }

    @Override
    public <T> @Nullable T get(String key, Class<T> type) {
        checkKey(key);
        Objects.requireNonNull(type, "type");
        return null;
    }

    @Override
    public long version(String key) {
        checkKey(key);
        return 0;
    }

    @Override
    public Set<String> keys() {
        return Set.of();
    }

    @Override
    public void put(String key, Object value) {
        Objects.requireNonNull(value, "value");
        refuse(key);
    }

    @Override
    public void remove(String key) {
        refuse(key);
    }

    @Override
    public void merge(String key, Object update) {
        Objects.requireNonNull(update, "update");
        refuse(key);
    }

    @Override
    public String toString() {
        return "StepState[not in a run]";
    }
}
