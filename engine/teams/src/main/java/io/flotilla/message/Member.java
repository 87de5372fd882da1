package io.flotilla.message;

import io.flotilla.AgentId;

/** A member of a network; {@code number} counts in the order of joining. */
record Member(AgentId id, Mailbox mailbox, long number) {}
