package io.flotilla.security;

import static io.flotilla.security.World.MINUTE;
import static io.flotilla.security.World.NOON;
import static io.flotilla.security.World.PLANNER;
import static io.flotilla.security.World.SKEW;
import static io.flotilla.security.World.plan;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assertions.assertTimeoutPreemptively;

import io.flotilla.message.Envelope;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.CyclicBarrier;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

@Timeout(120)
class ReplayGuardTest {

    private static final int THREADS = 8;
    private static final long SECOND = 1_000_000_000L;

    private final World world = new World();

    private static byte[] nonce(long high, long low) {
        return ByteBuffer.allocate(16).putLong(high).putLong(low).array();
    }

    private static Refusal refusal(Runnable accept) {
        try {
            accept.run();
            return null;
        } catch (RefusedException refused) {
            return refused.refusal();
        }
    }

    /** 8 threads offer the same 2,000 messages at the same time: each is admitted once. */
    @Test
    void nonce_onEightThreads_isAcceptedExactlyOnce() throws Exception {
        Trust trust = world.trust().build();
        List<Envelope> messages = new ArrayList<>();
        for (int at = 0; at < 2_000; at++) {
            messages.add(world.signed());
        }
        AtomicInteger admitted = new AtomicInteger();
        CyclicBarrier start = new CyclicBarrier(THREADS);
        ExecutorService threads = Executors.newFixedThreadPool(THREADS);
        try {
            List<Future<?>> all = new ArrayList<>();
            for (int each = 0; each < THREADS; each++) {
                all.add(threads.submit(() -> {
                    start.await(30, TimeUnit.SECONDS);
                    for (Envelope message : messages) {
                        if (refusal(() -> trust.admit(message, false)) == null) {
                            admitted.incrementAndGet();
                        }
                    }
                    return null;
                }));
            }
            for (Future<?> each : all) {
                each.get(60, TimeUnit.SECONDS);
            }
        } finally {
            threads.shutdownNow();
        }

        assertThat(admitted).hasValue(messages.size());
        assertThat(trust.refusedCount(Refusal.REPLAYED)).isEqualTo((THREADS - 1L) * messages.size());
    }

    /**
     * The bound that is stated holds at every moment, and what is remembered is right, while the window slides over many
     * times as many messages as fit: {@code -Dreplay.messages}.
     */
    @Test
    void memory_afterManyMessages_isAtItsStatedBound() {
        int messages = Integer.getInteger("replay.messages", 10_000_000);
        int fit = 100_000;
        ReplayGuard guard = ReplayGuard.builder()
                .maxMessages(fit)
                .window(Duration.ofSeconds(320))
                .build();
        Random random = new Random(7);
        long step = 320 * SECOND / fit; // as many as fit come within a window, and then some
        long now = Bounds.nanos(NOON);
        long most = 0;
        int full = 0;
        for (int at = 0; at < messages; at++) {
            now += step;
            Refusal refusal = accept(guard, "domain", random.nextLong(), at, now + 300 * SECOND, now);
            if (refusal == Refusal.REPLAY_GUARD_FULL) {
                full++;
            } else if (refusal != null) {
                throw new AssertionError(at + " is refused: " + refusal);
            }
            if (at % 1_000 == 0) {
                most = Math.max(most, guard.memoryBytes());
            }
        }

        assertThat(guard.size()).isBetween(fit * 9 / 10, fit);
        assertThat(most).isPositive().isLessThanOrEqualTo(guard.maxMemoryBytes());
        assertThat(guard.maxMemoryBytes()).isEqualTo(64L * fit + 64 * 1024);
        assertThat(full).as("refused rather than forgotten").isLessThan(messages / 10);
        now += 400 * SECOND;
        assertThat(accept(guard, "domain", 1, 1, now + SECOND, now)).isNull();
        assertThat(guard.size()).isEqualTo(1);
        assertThat(guard.memoryBytes()).isLessThan(1024);
    }

    private static Refusal accept(ReplayGuard guard, String key, long high, long low, long until, long now) {
        return refusal(() -> guard.accept(key, nonce(high, low), until, now));
    }

    @Test
    void memory_whenFull_isWithinTheBoundForEverySize() {
        for (int most : new int[] {1, 12, 13, 100, 1_000, 24_576, 24_577, 30_000}) {
            ReplayGuard guard = ReplayGuard.builder().maxMessages(most).build();
            long now = Bounds.nanos(NOON);
            for (int at = 0; at <= most; at++) {
                Refusal refusal = accept(guard, "k", at, at, now + SECOND, now);
                assertThat(refusal).isEqualTo(at < most ? null : Refusal.REPLAY_GUARD_FULL);
                assertThat(guard.memoryBytes()).isLessThanOrEqualTo(guard.maxMemoryBytes());
            }
            assertThat(guard.size()).isEqualTo(most);
        }
    }

    /** The plain thing beside it: a set that never forgets. */
    @Test
    void nonces_atRandom_areKnownAsASetKnowsThem() {
        ReplayGuard guard = ReplayGuard.builder().build();
        Random random = new Random(3);
        var known = new java.util.HashSet<String>();
        long now = Bounds.nanos(NOON);
        for (int at = 0; at < 50_000; at++) {
            long high = random.nextInt(40);
            long low = random.nextInt(400) - 200L;
            String key = random.nextBoolean() ? "one" : "other";
            long until = now + SECOND * (1 + (high + low + 200) % 200);
            boolean isNew = known.add(key + high + "/" + low);
            assertThat(accept(guard, key, high, low, until, now)).isEqualTo(isNew ? null : Refusal.REPLAYED);
        }
        assertThat(guard.size()).isEqualTo(known.size());
    }

    /** The rates of SECURITY-MODEL.md, a hundredth of each: the guard is never full. */
    @ParameterizedTest
    @CsvSource({"300, 31", "60, 130"})
    void rate_thatIsStated_doesNotFillTheGuard(long lifetimeSeconds, int perSecond) {
        ReplayGuard guard = ReplayGuard.builder()
                .maxMessages(ReplayGuard.DEFAULT_MAX_MESSAGES / 100)
                .build();
        long now = Bounds.nanos(NOON);
        long lifetime = (lifetimeSeconds + SKEW.toSeconds()) * SECOND;
        int most = 0;
        for (int at = 0; at < 1_000 * perSecond; at++) {
            now += SECOND / perSecond;
            assertThat(accept(guard, "domain", at, at, now + lifetime, now)).isNull();
            most = Math.max(most, guard.size());
        }
        assertThat(most).as("nor is it far from full").isGreaterThan(guard.maxMessages() * 95 / 100);
    }

    @Test
    void message_untilItHasExpired_isRemembered() {
        Trust trust = world.trust().build();
        Envelope message = world.signed();
        assertThat(refusal(() -> trust.admit(message, false))).isNull();

        world.pass(MINUTE.plus(SKEW).minusNanos(1));
        assertThat(refusal(() -> trust.admit(message, false))).isEqualTo(Refusal.REPLAYED);
        world.pass(Duration.ofNanos(1));
        assertThat(refusal(() -> trust.admit(message, false))).isEqualTo(Refusal.EXPIRED);
    }

    @Test
    void guard_full_acceptsAgainWhenOlderOnesHaveExpired() {
        Trust trust = world.trust()
                .replayGuard(ReplayGuard.builder().maxMessages(2).build())
                .build();
        for (int at = 0; at < 2; at++) {
            assertThat(refusal(() -> trust.admit(world.signed(), false))).isNull();
        }
        assertThat(refusal(() -> trust.admit(world.signed(), false))).isEqualTo(Refusal.REPLAY_GUARD_FULL);
        world.pass(Duration.ofSeconds(320));
        assertThat(refusal(() -> trust.admit(world.signed(), false))).isNull();
        assertThat(trust.replayGuard().size()).isEqualTo(1);
    }

    /** It refuses rather than forgets, whatever comes; what was let in before is still known. */
    @Test
    void guard_full_letsInNothingThatItHasSeenNorAnythingNew() {
        Trust trust = world.trust()
                .replayGuard(ReplayGuard.builder().maxMessages(50).build())
                .build();
        List<Envelope> first = new ArrayList<>();
        for (int at = 0; at < 50; at++) {
            first.add(world.signed());
            assertThat(refusal(() -> trust.admit(first.get(first.size() - 1), false)))
                    .isNull();
        }
        for (int at = 0; at < 5_000; at++) {
            assertThat(refusal(() -> trust.admit(world.signed(), false))).isEqualTo(Refusal.REPLAY_GUARD_FULL);
        }
        for (Envelope each : first) {
            assertThat(refusal(() -> trust.admit(each, false))).isEqualTo(Refusal.REPLAYED);
        }
        assertThat(trust.replayGuard().size()).isEqualTo(50);
        assertThat(trust.refusedCount(Refusal.REPLAY_GUARD_FULL)).isEqualTo(5_000);
    }

    /** Who may send chooses its nonces. These shared one slot of the table, in which each had to be looked for behind all others. */
    @Test
    void nonces_chosenToShareASlot_takeNoLongerThanOthers() {
        ReplayGuard guard = ReplayGuard.builder().build();
        long now = Bounds.nanos(NOON);
        assertTimeoutPreemptively(Duration.ofSeconds(20), () -> {
            for (long low = 0; low < 400_000; low++) {
                guard.accept("k", nonce(Long.rotateLeft(low, 32), low), now + SECOND, now);
            }
        });
        assertThat(guard.size()).isEqualTo(400_000);
    }

    /** Forgotten, then the clock goes back, and the same message comes again: it must not be taken for a new one. */
    @Test
    void clock_goingBack_letsNothingInAgain() {
        Trust trust = world.trust().build();
        Envelope message = world.signed();
        assertThat(refusal(() -> trust.admit(message, false))).isNull();
        world.pass(Duration.ofMinutes(10));
        assertThat(refusal(() -> trust.admit(world.signed(), false))).isNull();
        world.now.set(NOON);

        assertThat(refusal(() -> trust.admit(message, false))).isEqualTo(Refusal.EXPIRED);
    }

    @Test
    void notIssuedBefore_aRestart_refusesWhatWasIssuedThen() {
        Envelope before = world.signed();
        world.pass(Duration.ofSeconds(1));
        Trust trust = world.trust()
                .replayGuard(
                        ReplayGuard.builder().notIssuedBefore(world.now.get()).build())
                .build();

        assertThat(refusal(() -> trust.admit(before, false))).isEqualTo(Refusal.EXPIRED);
        world.pass(SKEW);
        assertThat(refusal(() -> trust.admit(world.signed(), false))).isNull();
    }

    /** Its sender's clock is ahead by as much as it may be: it was let in before the restart, and is issued after it. */
    @Test
    void notIssuedBefore_aSenderWhoseClockIsAhead_isRefusedWhatItSentThen() {
        world.pass(SKEW);
        Envelope ahead = world.signed();
        world.pass(SKEW.negated());
        assertThat(refusal(() -> world.trust().build().admit(ahead, false))).isNull();
        world.pass(Duration.ofNanos(1));
        Trust restarted = world.trust()
                .replayGuard(
                        ReplayGuard.builder().notIssuedBefore(world.now.get()).build())
                .build();

        assertThat(refusal(() -> restarted.admit(ahead, false))).isEqualTo(Refusal.EXPIRED);
        world.pass(SKEW);
        Envelope after = world.signed();
        assertThat(refusal(() -> restarted.admit(after, false))).isNull();
    }

    /** The lenient one had let it in, from a clock that was far ahead; the strict one must not do so again. */
    @Test
    void notIssuedBefore_aGuardOfNetworksWithDifferentSkews_believesClocksAsTheMostLenientDoes() {
        Duration lenient = Duration.ofMinutes(1);
        world.pass(lenient.minusSeconds(1));
        Envelope ahead = world.signed();
        world.pass(lenient.minusSeconds(1).negated());
        ReplayGuard restarted =
                ReplayGuard.builder().notIssuedBefore(world.now.get()).build();
        Trust strict = world.trust().replayGuard(restarted).build();
        Trust.builder(world.verifier().maxSkew(lenient).maxLifetime(MINUTE).build())
                .capabilities(world.capabilities)
                .replayGuard(restarted)
                .build();
        world.pass(lenient);

        assertThat(refusal(() -> strict.admit(ahead, false))).isEqualTo(Refusal.EXPIRED);
    }

    @Test
    void guard_ofTwoNetworks_lettsAMessageIntoOne() {
        ReplayGuard shared = ReplayGuard.builder().build();
        Trust one = world.trust().replayGuard(shared).build();
        Trust other = world.trust().replayGuard(shared).build();
        Envelope message = world.signer(PLANNER).build().sign(plan("1"));

        assertThat(refusal(() -> one.admit(message, false))).isNull();
        assertThat(refusal(() -> other.admit(message, false))).isEqualTo(Refusal.REPLAYED);
    }

    /** What one forgets by its clock and skew, the other may still be offered. */
    @Test
    void guard_ofNetworksWithDifferentSkews_letsAMessageIntoOne() {
        ReplayGuard shared = ReplayGuard.builder().build();
        Trust strict = world.trust().replayGuard(shared).build();
        Verifier lenient = world.verifier()
                .maxSkew(Duration.ofMinutes(2))
                .maxLifetime(MINUTE)
                .build();
        Trust other = Trust.builder(lenient)
                .capabilities(world.capabilities)
                .replayGuard(shared)
                .build();
        Envelope first = world.signed();
        Envelope second = world.signed();

        assertThat(refusal(() -> strict.admit(first, false))).isNull();
        assertThat(refusal(() -> other.admit(second, false))).isNull();
        for (int passed = 0; passed < 120; passed += 10) {
            assertThat(refusal(() -> other.admit(first, false))).isEqualTo(Refusal.REPLAYED);
            assertThat(refusal(() -> strict.admit(second, false))).isIn(Refusal.REPLAYED, Refusal.EXPIRED);
            world.pass(Duration.ofSeconds(10));
        }
    }

    /** The guard counts its window from now on, whatever skews it serves. */
    @Test
    void guard_ofNetworksWithDifferentSkews_letsInTheLongestOfEach() {
        ReplayGuard shared = ReplayGuard.builder().build();
        Trust strict = world.trust().replayGuard(shared).build();
        Trust lenient = Trust.builder(world.verifier()
                        .maxSkew(Duration.ofSeconds(150))
                        .maxLifetime(Duration.ofSeconds(10))
                        .build())
                .capabilities(world.capabilities)
                .replayGuard(shared)
                .build();
        Signer longest =
                world.signer(PLANNER).lifetime(Verifier.DEFAULT_MAX_LIFETIME).build();
        Signer shortest = world.signer(PLANNER).lifetime(Duration.ofSeconds(10)).build();
        world.pass(SKEW);
        Envelope early = longest.sign(plan("1"));
        world.pass(SKEW.negated());

        assertThat(refusal(() -> strict.admit(early, false))).isNull();
        assertThat(refusal(() -> lenient.admit(shortest.sign(plan("2")), false)))
                .isNull();
    }

    @Test
    void message_longerThanTheWindow_isRefused() {
        ReplayGuard guard = ReplayGuard.builder().window(Duration.ofSeconds(32)).build();
        long now = Bounds.nanos(NOON);

        assertThat(accept(guard, "k", 1, 1, now + 32 * SECOND, now)).isNull();
        assertThat(accept(guard, "k", 2, 2, now + 40 * SECOND, now)).isEqualTo(Refusal.LONG_LIVED);
    }

    @Test
    void settings_outOfTheirBounds_areRefused() {
        assertThatIllegalArgumentException()
                .isThrownBy(() -> ReplayGuard.builder().maxMessages(0))
                .withMessage("maxMessages must be between 1 and 100000000, was 0");
        assertThatIllegalArgumentException()
                .isThrownBy(() -> ReplayGuard.builder().maxMessages(100_000_001));
        assertThatIllegalArgumentException()
                .isThrownBy(() -> ReplayGuard.builder().window(Duration.ZERO));
        assertThatThrownBy(() -> ReplayGuard.builder().notIssuedBefore(null)).isInstanceOf(NullPointerException.class);
        assertThat(ReplayGuard.builder().build()).hasToString("ReplayGuard[0 of 1000000, window=PT5M10S]");
    }
}
