package io.flotilla.internal;

import io.flotilla.observe.FlotillaKey;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;

/**
 * The first {@link FlotillaKey#MAX_VALUES} names are told apart, all others are {@link FlotillaKey#OTHER}. Thread-safe.
 *
 * @since 0.1
 */
public final class BoundedNames {

    private final Map<String, String> known = new ConcurrentHashMap<>();

    /** None is known yet. */
    public BoundedNames() {}

    /**
     * The value of a key for a name.
     *
     * @param name any
     * @return the name itself for those seen first, {@link FlotillaKey#OTHER} for all that come when the table is full
     */
    public String bounded(String name) {
        if (known.containsKey(name)) {
            return name;
        }
        if (known.size() >= FlotillaKey.MAX_VALUES) {
            return FlotillaKey.OTHER;
        }
        synchronized (known) { // two threads with a new name each must not both take the last place
            if (!known.containsKey(name) && known.size() >= FlotillaKey.MAX_VALUES) {
                return FlotillaKey.OTHER;
            }
            known.put(name, name);
        }
        return name;
    }
}
