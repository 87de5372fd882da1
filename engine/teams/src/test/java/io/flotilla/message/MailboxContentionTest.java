package io.flotilla.message;

import static io.flotilla.message.Messages.SOON;
import static io.flotilla.message.Messages.WRITER;
import static io.flotilla.message.Messages.assertAllEnded;
import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import reactor.core.publisher.Mono;

/** Many producers that never pause, more than there are cores: nothing is lost, and the handler gets its turn. */
@Timeout(120)
class MailboxContentionTest {

    private static final int MESSAGES = Integer.getInteger("mailbox.messages", 16_000);

    /** Each producer sends its share. */
    private static void produce(int producers, Runnable send) throws Exception {
        ExecutorService threads = Executors.newFixedThreadPool(producers);
        CountDownLatch start = new CountDownLatch(1);
        try {
            List<Future<?>> all = new ArrayList<>();
            for (int producer = 0; producer < producers; producer++) {
                all.add(threads.submit(() -> {
                    start.await(20, TimeUnit.SECONDS);
                    for (int count = 0; count < MESSAGES / producers; count++) {
                        send.run();
                    }
                    return null;
                }));
            }
            start.countDown();
            for (Future<?> each : all) {
                each.get(60, TimeUnit.SECONDS);
            }
        } finally {
            threads.shutdownNow();
        }
    }

    @ParameterizedTest
    @CsvSource({"8, 16", "64, 16", "64, 16384"})
    void reject_producersTryAgainAtOnce_allAreHandledOnce(int producers, int capacity) throws Exception {
        AtomicLong handled = new AtomicLong();
        Mailbox mailbox = Mailbox.builder(WRITER)
                .capacity(capacity)
                .handler(envelope -> {
                    handled.lazySet(handled.get() + 1); // one at a time
                    return Mono.empty();
                })
                .build();
        Envelope envelope = Messages.message("hello");
        produce(producers, () -> {
            while (!mailbox.offer(envelope).isAccepted()) {
                Thread.onSpinWait();
            }
        });
        mailbox.close(SOON).block(SOON);

        assertThat(handled).hasValue(MESSAGES);
        assertThat(mailbox.stats().accepted()).isEqualTo(MESSAGES);
        assertThat(mailbox.stats().delivered()).isEqualTo(MESSAGES);
        assertAllEnded(mailbox);
    }

    @Test
    void reject_producersDoNotTryAgain_whatIsNotAcceptedIsRefused() throws Exception {
        AtomicLong accepted = new AtomicLong();
        Mailbox mailbox = Mailbox.builder(WRITER)
                .capacity(16)
                .handler(envelope -> Mono.empty())
                .build();
        Envelope envelope = Messages.message("hello");
        produce(64, () -> {
            if (mailbox.offer(envelope).isAccepted()) {
                accepted.incrementAndGet();
            }
        });
        mailbox.close(SOON).block(SOON);

        assertThat(mailbox.stats().accepted()).isEqualTo(accepted.get());
        assertThat(mailbox.stats().refused()).isEqualTo(MESSAGES - accepted.get());
        assertAllEnded(mailbox);
    }

    @Test
    void dropOldest_manyProducers_acceptedIsDeliveredAndDropped() throws Exception {
        AtomicLong handled = new AtomicLong();
        DeadLetters dead = DeadLetters.create();
        Mailbox mailbox = Mailbox.builder(WRITER)
                .capacity(16)
                .overflow(Overflow.DROP_OLDEST)
                .deadLetters(dead)
                .handler(envelope -> {
                    handled.lazySet(handled.get() + 1);
                    return Mono.empty();
                })
                .build();
        Envelope envelope = Messages.message("hello");
        produce(64, () -> assertThat(mailbox.offer(envelope)).isEqualTo(OfferResult.ACCEPTED));
        mailbox.close(SOON).block(SOON);

        assertThat(mailbox.stats().accepted()).isEqualTo(MESSAGES);
        assertThat(handled.get() + dead.count(DeadLetter.Reason.DROPPED)).isEqualTo(MESSAGES);
        assertAllEnded(mailbox);
    }

    @Test
    void backpressure_manyProducersWait_allAreHandledOnce() throws Exception {
        AtomicLong handled = new AtomicLong();
        Mailbox mailbox = Mailbox.builder(WRITER)
                .capacity(16)
                .overflow(Overflow.BACKPRESSURE)
                .handler(envelope -> {
                    handled.lazySet(handled.get() + 1);
                    return Mono.empty();
                })
                .build();
        Envelope envelope = Messages.message("hello");
        produce(64, () -> mailbox.send(envelope).block(SOON));
        mailbox.close(SOON).block(SOON);

        assertThat(handled).hasValue(MESSAGES);
        assertThat(mailbox.stats().refused()).isZero();
        assertAllEnded(mailbox);
    }
}
