package io.flotilla.run;

import io.flotilla.internal.JsonFields;
import java.time.Instant;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * A signal that no branch has taken. Its value is not in it. Immutable.
 *
 * @param name its name
 * @param receivedAt when it came, on the engine's clock
 * @since 0.1
 */
public record PendingSignal(String name, Instant receivedAt) {

    /**
     * The same as JSON has it: the components under their names.
     *
     * @return texts and null; cannot be changed
     */
    public Map<String, @Nullable Object> toMap() {
        return new JsonFields()
                .text("name", name)
                .instant("receivedAt", receivedAt)
                .toMap();
    }
}
