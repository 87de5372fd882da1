package io.flotilla.observe;

import io.micrometer.common.docs.KeyName;
import io.micrometer.observation.Observation;
import io.micrometer.observation.docs.ObservationDocumentation;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * What conventions, filters and handlers know of an observation of the library while it lasts. Each observation has a type of its own.
 *
 * <p>Not thread-safe: written by the library, read where Micrometer calls.
 *
 * @since 0.1
 */
public abstract class FlotillaObservationContext extends Observation.Context {

    private final ObservationDocumentation documentation;
    private @Nullable String outcome;

    /**
     * The context of an observation that has not started yet.
     *
     * @param documentation which observation it is
     * @throws NullPointerException if {@code documentation} or its name is null
     */
    protected FlotillaObservationContext(ObservationDocumentation documentation) {
        this.documentation = documentation;
        setName(Objects.requireNonNull(
                documentation.getName(), "name")); // handlers choose by it, before conventions name it
    }

    /**
     * Which observation it is.
     *
     * @return the constant that documents it
     */
    public final ObservationDocumentation documentation() {
        return documentation;
    }

    /**
     * How it ended, see {@link FlotillaKey#OUTCOME}.
     *
     * @return the outcome; null until it has
     */
    public final @Nullable String outcome() {
        return outcome;
    }

    /**
     * Sets how it ended.
     *
     * @param how the value of {@link FlotillaKey#OUTCOME}
     * @throws NullPointerException if {@code how} is null
     */
    public final void endedAs(String how) {
        this.outcome = Objects.requireNonNull(how, "how");
    }

    /**
     * What this observation has to say for a key of its {@link #documentation()}.
     *
     * @param key one of its low or high cardinality keys
     * @return the value; null if there is none, or none yet
     */
    public @Nullable String value(KeyName key) {
        return key == FlotillaKey.OUTCOME ? outcome : null;
    }
}
