package io.flotilla.observe;

import io.micrometer.observation.Observation;

/**
 * The events of core's observations.
 *
 * @since 0.1
 */
public enum FlotillaEvent implements Observation.Event {
    /** A round waits for the first time. */
    PERMITS_WAITING("permits.waiting", "waiting for a permit of the engine's maxInFlight"),
    /** A branch has forked. */
    FORK("fork"),
    /** The join of a branch's fork has what it needs. */
    JOIN_MET("join met"),
    /** The join of a branch's fork can no longer get what it needs. */
    JOIN_UNMET("join unmet"),
    /** All branches of a fork have moved on. */
    JOIN_VACATED("join vacated"),
    /** A rendezvous fires with what it needs. */
    RENDEZVOUS_MET("rendezvous met"),
    /** A rendezvous fires without what it needs. */
    RENDEZVOUS_UNMET("rendezvous unmet");

    private final String key;
    private final String text;

    FlotillaEvent(String key) {
        this(key, key);
    }

    FlotillaEvent(String key, String text) {
        this.key = key;
        this.text = text;
    }

    @Override
    public String getName() {
        return key;
    }

    @Override
    public String getContextualName() {
        return text;
    }
}
