package io.flotilla.message;

import io.flotilla.AgentId;
import java.time.Duration;
import java.util.List;
import java.util.Random;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import java.util.function.BooleanSupplier;

/** What the tests of this package share. */
final class Messages {

    static final Duration SOON = Duration.ofSeconds(20);
    static final AgentId WRITER = AgentId.of("writer");

    private Messages() {}

    static <T> T pick(Random random, T[] from) {
        return List.of(from).get(random.nextInt(from.length));
    }

    static Envelope to(AgentId recipient, Object payload) {
        return Envelope.to(recipient, payload).build();
    }

    static Envelope message(Object payload) {
        return to(WRITER, payload);
    }

    /** Waits for another thread; fails after a long while. */
    static void await(BooleanSupplier condition) {
        long until = System.nanoTime() + SOON.toNanos();
        while (!condition.getAsBoolean()) {
            if (System.nanoTime() > until) {
                throw new AssertionError("nothing happened for " + SOON);
            }
            LockSupport.parkNanos(100_000);
        }
    }

    static void await(CountDownLatch latch) {
        try {
            if (!latch.await(SOON.toSeconds(), TimeUnit.SECONDS)) {
                throw new AssertionError("nothing happened for " + SOON);
            }
        } catch (InterruptedException interrupted) {
            throw new AssertionError(interrupted);
        }
    }

    /** Accepted is delivered and dead-lettered, and nothing is left. */
    static void assertAllEnded(Mailbox mailbox) {
        MailboxStats stats = mailbox.stats();
        if (stats.accepted() != stats.delivered() + stats.deadLettered()
                || stats.queued() != 0
                || stats.inFlight() != 0
                || stats.waitingSenders() != 0) {
            throw new AssertionError(stats.toString());
        }
    }
}
