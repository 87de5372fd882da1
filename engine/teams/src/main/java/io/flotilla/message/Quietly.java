package io.flotilla.message;

import org.reactivestreams.Subscription;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Calls of user code whose failure is nobody's result. */
final class Quietly {

    private static final Logger LOG = LoggerFactory.getLogger(Mailbox.class);

    private Quietly() {}

    static void cancel(Subscription subscription) {
        try {
            subscription.cancel();
        } catch (Throwable thrown) {
            warn("a cancel handler threw", thrown);
        }
    }

    static void warn(String what, Throwable thrown) {
        try {
            LOG.warn(what, thrown);
        } catch (Throwable again) {
            // It is the log that throws.
        }
    }
}
