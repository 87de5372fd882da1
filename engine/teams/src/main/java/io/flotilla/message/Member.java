package io.flotilla.message;

import io.flotilla.AgentId;

/**
 * A member of a network; {@code number} counts in the order of joining, {@code accepted} is what each report says that it
 * has accepted a message: one object for all of them. {@code name} is the text of its id, which checks of health have for a
 * name.
 */
record Member(
        AgentId id,
        String name,
        Mailbox mailbox,
        MailboxCore core,
        boolean isInterchangeable,
        long number,
        Delivery accepted) {

    Member(AgentId id, Mailbox mailbox, boolean isInterchangeable, long number) {
        this(id, id.toString(), mailbox, mailbox.core(), isInterchangeable, number, new Delivery(id, null));
    }
}
