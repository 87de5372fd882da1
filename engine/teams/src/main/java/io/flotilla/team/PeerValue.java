package io.flotilla.team;

import io.flotilla.AgentId;

/**
 * A value of the state of peers. Immutable, as far as the value is.
 *
 * @param value the value
 * @param version one more than the version that the writer had seen, from 1
 * @param writer the peer that wrote it
 * @since 0.1
 */
public record PeerValue(Object value, long version, AgentId writer) {}
