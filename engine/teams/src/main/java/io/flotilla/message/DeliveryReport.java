package io.flotilla.message;

import java.util.List;
import java.util.Objects;

/**
 * What became of a message at each of its receivers. Accepted is not handled: a mailbox has the message then. Immutable.
 *
 * @param envelope the message
 * @param deliveries one for each receiver, in the order in which they joined; at least one
 * @since 0.1
 */
public record DeliveryReport(Envelope envelope, List<Delivery> deliveries) {

    /**
     * Copies the list.
     *
     * @param envelope the message
     * @param deliveries one for each receiver
     * @throws NullPointerException if an argument or a delivery is null
     */
    public DeliveryReport {
        Objects.requireNonNull(envelope, "envelope");
        deliveries = List.copyOf(deliveries);
    }

    /**
     * How many receivers have the message.
     *
     * @return the number of accepted deliveries
     */
    public int acceptedCount() {
        int count = 0;
        for (Delivery delivery : deliveries) {
            if (delivery.isAccepted()) {
                count++;
            }
        }
        return count;
    }

    /**
     * Whether every receiver has the message.
     *
     * @return true if nobody refused it, and there was somebody
     */
    public boolean isComplete() {
        return acceptedCount() == deliveries.size();
    }

    /**
     * The receivers that do not have the message.
     *
     * @return the refused deliveries
     */
    public List<Delivery> refused() {
        return deliveries.stream().filter(delivery -> !delivery.isAccepted()).toList();
    }

    /** The envelope, how many have it, and who refused it. */
    @Override
    public String toString() {
        List<Delivery> refused = refused();
        return envelope + ": accepted by " + acceptedCount() + " of " + deliveries.size()
                + (refused.isEmpty() ? "" : ", refused " + refused);
    }
}
