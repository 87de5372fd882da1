package io.flotilla.message;

import static io.flotilla.message.Messages.SOON;
import static io.flotilla.message.Messages.WRITER;
import static io.flotilla.message.Messages.assertAllEnded;
import static org.assertj.core.api.Assertions.assertThat;

import io.flotilla.AgentId;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CyclicBarrier;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import reactor.core.publisher.Mono;

/** Many producers, random handlers, cancels and ends: each accepted message is delivered once or a dead letter once. */
@Timeout(120)
class MailboxRaceTest {

    private static final int ROUNDS = Math.max(100, Integer.getInteger("random.rounds", 1_000) / 2);
    private static final int PRODUCERS = 4;
    private static final int MESSAGES = 30;

    /** What was seen of one mailbox from outside. */
    private static final class Seen {
        final Set<Envelope> accepted = ConcurrentHashMap.newKeySet();
        final List<Envelope> called = Collections.synchronizedList(new ArrayList<>());
        final DeadLetters dead = DeadLetters.keeping(10_000);
    }

    private static Mono<?> handle(Seen seen, Envelope envelope, int what) {
        seen.called.add(envelope);
        return switch (what) {
            case 0 -> Mono.error(new IllegalStateException("boom"));
            case 1 -> throw new LinkageError("boom");
            case 2 -> Mono.delay(Duration.ofNanos(50_000));
            case 3 -> Mono.never();
            case 4 -> Mono.fromRunnable(() -> {}).hide();
            case 5 -> Mono.delay(Duration.ofNanos(20_000)).then(Mono.error(new IllegalStateException("boom")));
            default -> Mono.empty();
        };
    }

    @Test
    void mailbox_atRandom_everyAcceptedMessageEndsOnce() throws Exception {
        ExecutorService threads = Executors.newFixedThreadPool(PRODUCERS + 1);
        long seed = System.nanoTime();
        Random seeds = new Random(seed);
        try {
            for (int round = 0; round < ROUNDS; round++) {
                long own = seeds.nextLong();
                try {
                    round(threads, new Random(own));
                } catch (Throwable failed) {
                    throw new AssertionError("seed " + seed + ", round " + round + ", its seed " + own, failed);
                }
            }
        } finally {
            threads.shutdownNow();
        }
    }

    private static void round(ExecutorService threads, Random random) throws Exception {
        Seen seen = new Seen();
        boolean hangs = random.nextInt(4) == 0;
        int good = random.nextInt(30);
        Random ofHandler = new Random(random.nextLong());
        Mailbox mailbox = Mailbox.builder(WRITER)
                .capacity(1 + random.nextInt(20))
                .maxWaiting(random.nextInt(40))
                .overflow(Messages.pick(random, Overflow.values()))
                .handlerTimeout(hangs ? Duration.ofMillis(1) : Duration.ofSeconds(30))
                .deadLetters(seen.dead)
                .handler(envelope -> {
                    int what = ofHandler.nextInt(6 + good);
                    return handle(seen, envelope, what == 3 && !hangs ? 0 : what);
                })
                .build();
        CyclicBarrier start = new CyclicBarrier(PRODUCERS + 1);
        List<Future<?>> producers = new ArrayList<>();
        for (int producer = 0; producer < PRODUCERS; producer++) {
            AgentId sender = AgentId.of("sender", producer);
            Random own = new Random(random.nextLong());
            producers.add(threads.submit(() -> {
                start.await(20, TimeUnit.SECONDS);
                produce(mailbox, seen, sender, own);
                return null;
            }));
        }
        int end = random.nextInt(4);
        int after = random.nextInt(200_000);
        Future<?> ender = threads.submit(() -> {
            start.await(20, TimeUnit.SECONDS);
            long until = System.nanoTime() + after;
            while (System.nanoTime() < until) {
                Thread.onSpinWait();
            }
            if (end == 0) {
                mailbox.dispose();
            } else if (end == 1) {
                mailbox.close(Duration.ofMillis(1)).block(SOON);
            }
            return null;
        });
        for (Future<?> producer : producers) {
            producer.get(20, TimeUnit.SECONDS);
        }
        ender.get(20, TimeUnit.SECONDS);
        mailbox.close(SOON).block(SOON);

        check(mailbox, seen);
    }

    private static void produce(Mailbox mailbox, Seen seen, AgentId sender, Random random) {
        for (int count = 0; count < MESSAGES; count++) {
            Envelope.Builder builder = Envelope.to(WRITER, count).from(sender);
            Envelope envelope = random.nextInt(20) == 0
                    ? builder.deadline(Instant.now().plusNanos(random.nextInt(200_000)))
                            .build()
                    : builder.build();
            switch (random.nextInt(8)) {
                case 0 ->
                    mailbox.send(envelope)
                            .doOnSuccess(any -> seen.accepted.add(envelope))
                            .onErrorComplete(UndeliverableException.class)
                            .block(SOON);
                case 1 ->
                    mailbox.send(envelope)
                            .doOnSuccess(any -> seen.accepted.add(envelope))
                            .subscribe(any -> {}, any -> {})
                            .dispose();
                case 2 -> {
                    if (mailbox.offer(envelope).isAccepted()) {
                        seen.accepted.add(envelope);
                        mailbox.withdraw(envelope);
                    }
                }
                default -> {
                    if (mailbox.offer(envelope).isAccepted()) {
                        seen.accepted.add(envelope);
                    }
                }
            }
        }
    }

    private static void check(Mailbox mailbox, Seen seen) {
        assertAllEnded(mailbox);
        MailboxStats stats = mailbox.stats();
        List<Envelope> dead =
                seen.dead.recent().stream().map(DeadLetter::envelope).toList();
        assertThat(dead).as("each once").doesNotHaveDuplicates().hasSize((int) stats.deadLettered());
        assertThat(seen.called).as("called once").doesNotHaveDuplicates();
        // A send that is cancelled while it is admitted may not hear of it.
        assertThat(stats.accepted()).isGreaterThanOrEqualTo(seen.accepted.size());
        Set<Envelope> delivered = new HashSet<>(seen.called);
        dead.forEach(delivered::remove);
        assertThat(delivered).as("called, and no dead letter").hasSize((int) stats.delivered());
        Set<Envelope> ended = new HashSet<>(seen.called);
        ended.addAll(dead);
        assertThat(ended).containsAll(seen.accepted);
        Map<AgentId, Integer> last = new HashMap<>();
        for (Envelope envelope : seen.called) {
            Integer before = last.put(envelope.sender(), envelope.payload(Integer.class));
            assertThat(before == null || before < envelope.payload(Integer.class))
                    .as("order of %s: %s after %s", envelope.sender(), envelope.payload(), before)
                    .isTrue();
        }
    }

    @Test
    void receive_subscribersComeAndGo_everyMessageIsReceivedOnceInOrder() {
        long seed = System.nanoTime();
        Random random = new Random(seed);
        for (int round = 0; round < ROUNDS / 10; round++) {
            Mailbox mailbox = Mailbox.builder(WRITER).capacity(1_000).build();
            List<Object> received = Collections.synchronizedList(new ArrayList<>());
            for (int count = 0; count < 200; count++) {
                mailbox.offer(Messages.message(count));
            }
            mailbox.close(SOON).subscribe(); // so that a subscriber for more than there is comes to an end
            while (mailbox.stats().queued() + mailbox.stats().inFlight() > 0) {
                int most = random.nextInt(30);
                mailbox.receive()
                        .doOnNext(envelope -> received.add(envelope.payload()))
                        .take(most)
                        .onErrorComplete() // the one before is on its way out
                        .blockLast(SOON);
            }
            mailbox.close(SOON).block(SOON);

            assertAllEnded(mailbox);
            assertThat(received)
                    .as("seed %s, round %s", seed, round)
                    .isSortedAccordingTo((a, b) -> Integer.compare((int) a, (int) b))
                    .hasSize(200);
        }
    }
}
