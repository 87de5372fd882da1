package io.flotilla.message;

import static io.flotilla.message.Messages.SOON;
import static org.assertj.core.api.Assertions.assertThat;

import io.flotilla.AgentId;
import io.flotilla.run.Join;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashSet;
import java.util.List;
import java.util.Random;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import reactor.core.Disposable;
import reactor.core.publisher.Mono;

/**
 * Networks at random, with members that join, leave, fail, hang, forward, and are cancelled, while several threads send:
 * every accepted message is delivered once or a dead letter once, and nobody is called after it has left.
 */
@Timeout(300)
class RandomNetworkTest {

    private static final int NETWORKS = Math.max(100, Integer.getInteger("random.runs", 5_000) / 5);
    private static final int THREADS = 3;

    /** Networks beside each other: each of them waits for its time limits most of its time. */
    private static final int AT_ONCE = 4;

    private static final int NAMES = 6;
    private static final int ACTIONS = 25;

    /** One network, and what was seen of it. */
    private static final class Trial {
        final Network network;
        final DeadLetters dead = DeadLetters.keeping(100_000);
        final Set<String> accepted = ConcurrentHashMap.newKeySet();
        final List<String> called = Collections.synchronizedList(new ArrayList<>());
        final Set<Object> gone = ConcurrentHashMap.newKeySet();
        final List<String> faults = Collections.synchronizedList(new ArrayList<>());
        final List<Disposable> asked = Collections.synchronizedList(new ArrayList<>());

        Trial(Random random) {
            NetworkOptions options = NetworkOptions.builder()
                    .deadLetters(dead)
                    .hopLimit(3)
                    .requestTimeout(Duration.ofMillis(1 + random.nextInt(20)))
                    .undeliverable(Messages.pick(random, Undeliverable.values()))
                    .build();
            network = switch (random.nextInt(3)) {
                case 0 -> Hub.create(options);
                case 1 -> Mesh.create(options);
                default -> Topics.create(options);
            };
        }

        private static String key(AgentId receiver, Envelope envelope) {
            return receiver + " " + envelope.id();
        }

        void note(DeliveryReport report) {
            report.deliveries().stream()
                    .filter(Delivery::isAccepted)
                    .filter(each -> !report.envelope().answersRequest())
                    .forEach(each -> accepted.add(key(each.receiver(), report.envelope())));
        }

        void join(AgentId id, Random random) {
            Object membership = new Object();
            int good = random.nextInt(8);
            Random own = new Random(random.nextLong());
            MemberOptions how = MemberOptions.defaults()
                    .capacity(1 + random.nextInt(8))
                    .overflow(Messages.pick(random, Overflow.values()))
                    .maxWaiting(random.nextInt(5))
                    .handlerTimeout(Duration.ofMillis(1 + random.nextInt(5)));
            try {
                network.join(id, envelope -> handle(id, membership, envelope, own.nextInt(7 + good)), how);
                memberships.put(id, membership);
            } catch (DuplicateMemberException known) {
                return;
            }
            for (AgentId other : network.members()) {
                try {
                    if (network instanceof Mesh mesh && !other.equals(id)) {
                        mesh.connect(id, other);
                    } else if (network instanceof Topics topics) {
                        topics.subscribe(id, random.nextBoolean() ? "t/*" : "t/" + random.nextInt(2));
                    }
                } catch (UnknownMemberException left) {
                    // in between
                }
            }
        }

        final ConcurrentHashMap<AgentId, Object> memberships = new ConcurrentHashMap<>();

        Mono<?> handle(AgentId id, Object membership, Envelope envelope, int what) {
            if (gone.contains(membership)) {
                faults.add("called after it had left: " + id);
            }
            called.add(key(id, envelope));
            return switch (what) {
                case 0 -> Mono.error(new IllegalStateException("boom"));
                case 1 -> Mono.never();
                case 2 -> throw new LinkageError("boom");
                case 3 -> Mono.delay(Duration.ofNanos(200_000));
                case 4 ->
                    network.send(envelope.forward(id, name(what + envelope.hops()))
                                    .build())
                            .doOnNext(this::note);
                default ->
                    network.send(envelope.reply(id, "answer").build())
                            .doOnNext(this::note)
                            .onErrorComplete(UndeliverableException.class);
            };
        }

        void act(Random random) {
            AgentId one = name(random.nextInt(NAMES));
            AgentId other = name(random.nextInt(NAMES));
            switch (random.nextInt(12)) {
                case 0 -> join(one, random);
                case 1 -> {
                    Object membership = memberships.get(one);
                    network.leave(one)
                            .doOnSuccess(any -> {
                                if (membership != null && memberships.remove(one, membership)) {
                                    gone.add(membership);
                                }
                            })
                            .onErrorComplete(UnknownMemberException.class)
                            .block(SOON);
                }
                case 2 ->
                    asked.add(network.request(Envelope.to(other, "?").from(one).build())
                            .subscribe(any -> {}, any -> {}));
                case 3 ->
                    network.request(Envelope.to(other, "?").from(one).build())
                            .subscribe(any -> {}, any -> {})
                            .dispose();
                case 4 ->
                    asked.add(network.gather(
                                    Envelope.toAll("?").from(one).build(),
                                    random.nextBoolean()
                                            ? Join.firstSuccess()
                                            : Join.ratio(0.5).orProceed())
                            .subscribe(any -> {}, any -> {}));
                case 5 -> note(network.offer(Envelope.toAll(1).from(one).build()));
                case 6 ->
                    note(network.offer(Envelope.onTopic("t/" + random.nextInt(2), 1)
                            .from(one)
                            .build()));
                case 7 ->
                    network.send(Envelope.to(other, 1).from(one).build())
                            .doOnNext(this::note)
                            .onErrorComplete(UndeliverableException.class)
                            .timeout(Duration.ofMillis(5), Mono.empty())
                            .block(SOON);
                default -> note(network.offer(Envelope.to(other, 1).from(one).build()));
            }
        }

        void check() {
            NetworkStats stats = network.stats();
            assertThat(faults).isEmpty();
            assertThat(stats.queued() + stats.inFlight() + stats.pendingRequests())
                    .as("left over: %s", stats)
                    .isZero();
            assertThat(stats.accepted()).as("%s", stats).isEqualTo(stats.delivered() + stats.deadLettered());
            List<String> deadAfterAcceptance = dead.recent().stream()
                    .filter(letter -> AFTER_ACCEPTANCE.contains(letter.reason()))
                    .map(letter -> key(letter.receiver(), letter.envelope()))
                    .toList();
            assertThat(called).as("called once").doesNotHaveDuplicates();
            Set<String> delivered = new HashSet<>(called);
            deadAfterAcceptance.forEach(delivered::remove);
            assertThat(delivered).as("called, and no dead letter: %s", stats).hasSize((int) stats.delivered());
            Set<String> ended = new HashSet<>(called);
            ended.addAll(dead.recent().stream()
                    .filter(letter -> letter.receiver() != null)
                    .map(letter -> key(letter.receiver(), letter.envelope()))
                    .toList());
            assertThat(ended).as("what was accepted has ended").containsAll(accepted);
        }
    }

    private static final Set<DeadLetter.Reason> AFTER_ACCEPTANCE = Set.of(
            DeadLetter.Reason.DROPPED,
            DeadLetter.Reason.EXPIRED,
            DeadLetter.Reason.CLOSED,
            DeadLetter.Reason.CANCELLED,
            DeadLetter.Reason.HANDLER_FAILED,
            DeadLetter.Reason.HANDLER_TIMED_OUT);

    private static AgentId name(int number) {
        return AgentId.of("m", number % NAMES);
    }

    @Test
    void networks_atRandom_everyAcceptedMessageEndsOnce() throws Exception {
        long seed = System.nanoTime();
        Random seeds = new Random(seed);
        Semaphore room = new Semaphore(AT_ONCE);
        ExecutorService threads = Executors.newFixedThreadPool(AT_ONCE * (THREADS + 1));
        List<Future<?>> trials = new ArrayList<>();
        try {
            for (int network = 0; network < NETWORKS; network++) {
                int number = network;
                long own = seeds.nextLong();
                room.acquire();
                trials.add(threads.submit(() -> {
                    try {
                        trial(threads, new Random(own));
                    } catch (Throwable failed) {
                        throw new AssertionError("seed " + seed + ", network " + number + ", its seed " + own, failed);
                    } finally {
                        room.release();
                    }
                }));
            }
            for (Future<?> each : trials) {
                each.get(60, TimeUnit.SECONDS);
            }
        } finally {
            threads.shutdownNow();
        }
    }

    private static void trial(ExecutorService threads, Random random) throws Exception {
        Trial trial = new Trial(random);
        for (int at = 0; at < NAMES / 2; at++) {
            trial.join(name(at), random);
        }
        List<Future<?>> acting = new ArrayList<>();
        for (int thread = 0; thread < THREADS; thread++) {
            Random own = new Random(random.nextLong());
            acting.add(threads.submit(() -> {
                for (int count = 0; count < ACTIONS; count++) {
                    trial.act(own);
                }
            }));
        }
        for (Future<?> each : acting) {
            each.get(30, TimeUnit.SECONDS);
        }
        if (random.nextBoolean()) {
            trial.asked.forEach(Disposable::dispose);
        }
        trial.network.close(Duration.ofMillis(random.nextInt(20))).block(SOON);
        trial.check();
    }
}
