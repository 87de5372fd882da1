package io.flotilla.security;

import java.nio.ByteBuffer;
import java.security.GeneralSecurityException;
import java.security.SecureRandom;
import java.time.Duration;
import java.time.Instant;
import java.util.HashMap;
import java.util.Map;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * Remembers which messages have been here, each until it has expired, so that none is accepted twice. Bounded in time by a
 * window, and in count; when it cannot tell, it refuses.
 *
 * <p>Messages are remembered by what they are until: 128 bits for each, in generations of 1/32 of the window, which are
 * forgotten as a whole. The memory is at most {@value #BYTES_PER_MESSAGE} bytes for each message of {@link
 * Builder#maxMessages}, and {@value #FIXED_BYTES} bytes, however many messages come; it is taken as they come, and given back
 * when they are forgotten.
 *
 * <p>It fails closed. When it is full, a message is refused with {@link Refusal#REPLAY_GUARD_FULL} until older ones have
 * expired. When the clock goes back, messages that would belong to forgotten generations have expired. It knows nothing of
 * what was before it: after a restart let {@link Builder#notIssuedBefore} refuse what was issued before.
 *
 * <p>Thread-safe. One guard may serve several {@link Trust}s, of different skews too: a message is then accepted by one of them.
 *
 * @since 0.1
 */
public final class ReplayGuard {

    /** The most bytes that a message takes. */
    public static final int BYTES_PER_MESSAGE = 64;

    /** The bytes that it takes besides, at most. */
    public static final int FIXED_BYTES = 64 * 1024;

    /** The default of {@link Builder#maxMessages}. */
    public static final int DEFAULT_MAX_MESSAGES = 1_000_000;

    private static final int GENERATIONS = 32;
    private static final int MAX_MASKS = 500;

    /** 128 bits that nobody knows, so that the holder of one key cannot choose the nonces of another. */
    private record Mask(long high, long low) {}

    private final int maxMessages;
    private final Duration window;
    private final long width;
    private final @Nullable Instant notIssuedBefore;
    private final HmacKey secret = secret();

    // --- guarded by this

    private final Map<Long, NonceSet> generations = new HashMap<>();
    private final Map<String, Mask> masks = new HashMap<>();
    private int size;

    /** The largest skew of those it serves, in nanoseconds: what has expired may be offered for that long. */
    private long maxSkew;

    /** The first generation that is not forgotten. */
    private long horizon = Long.MIN_VALUE;

    private ReplayGuard(Builder from) {
        this.maxMessages = from.maxMessages;
        this.window = from.window;
        this.width = Math.max(1, from.window.toNanos() / GENERATIONS);
        this.notIssuedBefore = from.notIssuedBefore;
    }

    private static HmacKey secret() {
        byte[] bits = new byte[KeyEntry.MIN_HMAC_BYTES];
        new SecureRandom().nextBytes(bits);
        try {
            return new HmacKey(bits);
        } catch (GeneralSecurityException never) {
            throw new IllegalStateException("the JDK has HmacSHA256", never);
        }
    }

    /**
     * Starts a guard.
     *
     * @return a builder with all defaults
     */
    public static Builder builder() {
        return new Builder();
    }

    /** Of a verifier that accepts what has expired by no more than this. */
    synchronized void serve(Duration skew) {
        maxSkew = Math.max(maxSkew, skew.toNanos());
    }

    /** Whichever of those it serves let it in before: that one may have believed a clock that was further ahead. */
    private synchronized long maxSkew() {
        return maxSkew;
    }

    /** Refuses what has been here, and remembers what has not. */
    void check(Checked verified, Instant now) {
        SignedMessage.Fields fields = verified.fields();
        if (notIssuedBefore != null
                && verified.message().issuedAt().minusNanos(maxSkew()).isBefore(notIssuedBefore)) {
            throw new RefusedException(
                    Refusal.EXPIRED,
                    "it may have been issued before " + notIssuedBefore + ", of which nothing is known");
        }
        accept(verified.key().id(), fields.nonce(), fields.expiresAt(), Bounds.nanos(now));
    }

    /** By its expiry alone, which is signed: whoever offers it again finds it in the same generation. */
    synchronized void accept(String keyId, byte[] nonce, long expiresAt, long now) {
        forget(Math.floorDiv(now - maxSkew, width));
        long generation = Math.floorDiv(expiresAt, width);
        if (generation < horizon) {
            throw new RefusedException(Refusal.EXPIRED, "messages of its time are forgotten");
        }
        if (generation > Math.floorDiv(now, width) + GENERATIONS + 1) {
            throw new RefusedException(Refusal.LONG_LIVED, "messages are remembered for " + window + " at most");
        }
        Mask mask = mask(keyId);
        ByteBuffer bits = ByteBuffer.wrap(nonce);
        long high = bits.getLong() ^ mask.high();
        long low = bits.getLong() ^ mask.low();
        NonceSet known = generations.get(generation);
        if (known != null && known.contains(high, low)) {
            throw new RefusedException(Refusal.REPLAYED, "the same message has been here before");
        }
        if (size >= maxMessages) {
            throw new RefusedException(
                    Refusal.REPLAY_GUARD_FULL, maxMessages + " messages are remembered, which is the most");
        }
        generations.computeIfAbsent(generation, any -> new NonceSet()).add(high, low);
        size++;
    }

    private void forget(long before) {
        if (before <= horizon) {
            return;
        }
        horizon = before;
        generations.entrySet().removeIf(each -> {
            boolean isOver = each.getKey() < before;
            if (isOver) {
                size -= each.getValue().size();
            }
            return isOver;
        });
    }

    private Mask mask(String keyId) {
        Mask known = masks.get(keyId);
        if (known != null) {
            return known;
        }
        ByteBuffer bits = ByteBuffer.wrap(
                secret.mac(new CanonicalWriter("mask").text(keyId).done()));
        Mask made = new Mask(bits.getLong(), bits.getLong());
        if (masks.size() < MAX_MASKS) {
            masks.put(keyId, made);
        }
        return made;
    }

    /**
     * How many messages are remembered.
     *
     * @return those that have not expired, and those that have and are not forgotten yet
     */
    public synchronized int size() {
        return size;
    }

    /**
     * The most messages that are remembered.
     *
     * @return as configured
     */
    public int maxMessages() {
        return maxMessages;
    }

    /**
     * The longest time for which a message is remembered.
     *
     * @return as configured
     */
    public Duration window() {
        return window;
    }

    /**
     * The memory that what is remembered takes.
     *
     * @return the bytes of the tables
     */
    public synchronized long memoryBytes() {
        return generations.values().stream().mapToLong(NonceSet::memoryBytes).sum();
    }

    /**
     * The most that {@link #memoryBytes()} can be.
     *
     * @return {@value #BYTES_PER_MESSAGE} times {@link #maxMessages()}, and {@value #FIXED_BYTES}
     */
    public long maxMemoryBytes() {
        return (long) BYTES_PER_MESSAGE * maxMessages + FIXED_BYTES;
    }

    /** How much of it is used. */
    @Override
    public String toString() {
        return "ReplayGuard[" + size() + " of " + maxMessages + ", window=" + window + "]";
    }

    /** Makes a guard. Each setting checks its argument at once. Not thread-safe. */
    public static final class Builder {

        private int maxMessages = DEFAULT_MAX_MESSAGES;
        private Duration window = Verifier.DEFAULT_MAX_LIFETIME.plus(Verifier.DEFAULT_MAX_SKEW.multipliedBy(2));
        private @Nullable Instant notIssuedBefore;

        private Builder() {}

        /**
         * The most messages that are remembered at the same time: at least as many as come within the window.
         *
         * @param most 1 to 100,000,000; default 1,000,000
         * @return this
         * @throws IllegalArgumentException if {@code most} is out of its bounds
         */
        public Builder maxMessages(int most) {
            this.maxMessages = Bounds.between("maxMessages", most, 1, 100_000_000);
            return this;
        }

        /**
         * The longest time for which a message is remembered: at least the verifier's longest lifetime, and twice its skew.
         *
         * @param duration more than zero, at most 10,000 days; default 5 minutes and 10 seconds
         * @return this
         * @throws NullPointerException if {@code duration} is null
         * @throws IllegalArgumentException if {@code duration} is out of its bounds
         */
        public Builder window(Duration duration) {
            this.window = Bounds.positive("window", duration);
            return this;
        }

        /**
         * Refuses messages that may have been issued before an instant, such as the start of the process: whether they were
         * accepted then, nobody knows. The clock of a sender may be ahead by the verifier's skew, the largest of those it serves, so
         * messages are let in only if they were issued that much later than the instant: after a restart nothing is, for as long as that.
         *
         * @param instant default none
         * @return this
         * @throws NullPointerException if {@code instant} is null
         */
        public Builder notIssuedBefore(Instant instant) {
            this.notIssuedBefore = Objects.requireNonNull(instant, "instant");
            return this;
        }

        /**
         * Makes the guard.
         *
         * @return a guard that remembers nothing yet
         */
        public ReplayGuard build() {
            return new ReplayGuard(this);
        }
    }
}
