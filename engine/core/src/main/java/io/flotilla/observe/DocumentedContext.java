package io.flotilla.observe;

import io.micrometer.common.docs.KeyName;
import io.micrometer.observation.Observation;
import io.micrometer.observation.docs.ObservationDocumentation;
import org.jspecify.annotations.Nullable;

/**
 * What is common to the {@link Observation.Context}s of the library: which observation it is, how it ended, and the values of its keys.
 * Most are {@link FlotillaObservationContext}s; those of messages that leave or enter a process are Micrometer's {@code SenderContext} and
 * {@code ReceiverContext}, so that its handlers pass the trace on.
 *
 * @since 0.1
 */
public interface DocumentedContext {

    /**
     * Which observation it is.
     *
     * @return the constant that documents it
     */
    ObservationDocumentation documentation();

    /**
     * How it ended, see {@link FlotillaKey#OUTCOME}.
     *
     * @return the outcome; null until it has
     */
    @Nullable String outcome();

    /**
     * Sets how it ended.
     *
     * @param how the value of {@link FlotillaKey#OUTCOME}
     * @throws NullPointerException if {@code how} is null
     */
    void endedAs(String how);

    /**
     * How often a convention has given all of its keys: once when the observation has started, twice when it has stopped. It tells what a
     * convention throws, which is asked first, from what a handler throws.
     *
     * @return a number from 0
     */
    int timesNamed();

    /**
     * What this observation has to say for a key of its {@link #documentation()}.
     *
     * @param key one of its low or high cardinality keys
     * @return the value; null if there is none, or none yet
     */
    @Nullable String value(KeyName key);
}
