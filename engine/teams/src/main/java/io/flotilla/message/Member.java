package io.flotilla.message;

import io.flotilla.AgentId;

/**
 * A member of a network; {@code number} counts in the order of joining, {@code accepted} is what each report says that it
 * has accepted a message: one object for all of them.
 */
record Member(AgentId id, Mailbox mailbox, long number, Delivery accepted) {

    Member(AgentId id, Mailbox mailbox, long number) {
        this(id, mailbox, number, new Delivery(id, null));
    }
}
