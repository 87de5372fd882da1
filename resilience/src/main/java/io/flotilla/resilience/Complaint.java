package io.flotilla.resilience;

import java.util.concurrent.atomic.AtomicBoolean;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Logs user code that throws where no step can be failed for it: the first time at ERROR with its stack, then at DEBUG. Throws nothing itself. Thread-safe.
 */
final class Complaint {

    private static final Logger LOG = LoggerFactory.getLogger(Resilience.class);

    private final String what;
    private final AtomicBoolean reported = new AtomicBoolean();

    Complaint(String what) {
        this.what = what;
    }

    void about(Throwable thrown) {
        try {
            if (reported.compareAndSet(false, true)) {
                LOG.error("{} threw; reported once, later ones at DEBUG", what, thrown);
            } else {
                LOG.debug("{} threw", what, thrown);
            }
        } catch (Throwable again) {
            // It is the log that throws.
        }
    }
}
