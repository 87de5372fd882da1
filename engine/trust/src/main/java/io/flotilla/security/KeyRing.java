package io.flotilla.security;

import io.flotilla.AgentId;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * The keys of a trust domain, by id. The id pins the algorithm: a message names a key, and never how to verify it.
 *
 * <pre>{@code
 * KeyRing ring = KeyRing.of(
 *         KeyEntry.hmac("domain-1", KeySource.environment("FLOTILLA_DOMAIN_KEY")),
 *         KeyEntry.aes("payloads-1", KeySource.file(Path.of("/run/secrets/payloads"))));
 * ring.rotate("domain-1", KeyEntry.hmac("domain-2", vault));
 * }</pre>
 *
 * <p>Rotation: add the new key to all rings, then make it the signing one, then retire the old one. {@link #rotate} does both
 * of the last in one ring. A retired key signs nothing any more. What it has signed before it was retired is believed for the
 * {@linkplain Builder#retirementWindow retirement window}, so messages on their way arrive; what it signs later is not.
 * Journals sealed with a retired key can be read until it is {@linkplain #remove removed}.
 *
 * <p>An agent of which the ring has a key for signatures speaks with its own keys alone, be they public ones or retired: else
 * everybody who has a key of nobody in particular could be that agent. Of several keys that could sign, the one that was added
 * last does.
 *
 * <p>Thread-safe: changes replace the whole, and readers never wait.
 *
 * @since 0.1
 */
public final class KeyRing {

    /** The default of {@link Builder#retirementWindow}. */
    public static final Duration DEFAULT_RETIREMENT_WINDOW = Duration.ofMinutes(10);

    /** A key, and since when it is retired. */
    record Held(KeyEntry key, @Nullable Instant retiredAt) {}

    private final Duration retirementWindow;
    private final InstantSource clock;

    /** Replaced as a whole, under the lock of this. */
    private volatile RingKeys keys = RingKeys.of(Map.of());

    private KeyRing(Builder from) {
        this.retirementWindow = from.retirementWindow;
        this.clock = from.clock;
    }

    /**
     * A ring with all defaults.
     *
     * @param keys the keys
     * @return a new ring
     * @throws NullPointerException if a key is null
     * @throws IllegalArgumentException if two have the same id
     */
    public static KeyRing of(KeyEntry... keys) {
        KeyRing ring = builder().build();
        for (KeyEntry key : keys) {
            ring.add(key);
        }
        return ring;
    }

    /**
     * Starts a ring.
     *
     * @return a builder with all defaults
     */
    public static Builder builder() {
        return new Builder();
    }

    /**
     * Adds a key. It verifies, decrypts, and is the one that signs or encrypts from now on.
     *
     * @param key a key with an id of its own
     * @return this
     * @throws NullPointerException if {@code key} is null
     * @throws IllegalArgumentException if there is a key of this id
     */
    public synchronized KeyRing add(KeyEntry key) {
        keys = RingKeys.of(with(key));
        return this;
    }

    private Map<String, Held> with(KeyEntry key) {
        Map<String, Held> changed = new LinkedHashMap<>(keys.held());
        if (changed.put(Objects.requireNonNull(key, "key").id(), new Held(key, null)) != null) {
            throw new IllegalArgumentException("there is a key of this id: " + key.id());
        }
        return changed;
    }

    /**
     * Retires a key.
     *
     * @param id which one
     * @return false if it was retired before
     * @throws NullPointerException if {@code id} is null
     * @throws KeyUnavailableException if there is no such key
     */
    public synchronized boolean retire(String id) {
        Held before = known(id);
        if (before.retiredAt() != null) {
            return false;
        }
        Map<String, Held> changed = new LinkedHashMap<>(keys.held());
        changed.put(id, new Held(before.key(), clock.instant()));
        keys = RingKeys.of(changed);
        return true;
    }

    /**
     * Adds a key and retires another one, at once.
     *
     * @param old the id of the key to retire
     * @param next the key in its place
     * @throws NullPointerException if an argument is null
     * @throws IllegalArgumentException if there is a key of the new one's id, or one of both signs and the other encrypts
     * @throws KeyUnavailableException if there is no old one
     */
    public synchronized void rotate(String old, KeyEntry next) {
        Held before = known(old);
        if (encrypts(before.key()) != encrypts(next)) {
            throw new IllegalArgumentException(next + " is not for what " + before.key() + " is for");
        }
        Map<String, Held> changed = with(next);
        if (before.retiredAt() == null) {
            changed.put(old, new Held(before.key(), clock.instant()));
        }
        keys = RingKeys.of(changed);
    }

    /**
     * Forgets a key. Nothing that it has signed or encrypted can be verified or read any more. Once the last key of an agent
     * is forgotten, those of nobody in particular speak for it again.
     *
     * @param id which one
     * @return false if there was none
     * @throws NullPointerException if {@code id} is null
     */
    public synchronized boolean remove(String id) {
        Map<String, Held> changed = new LinkedHashMap<>(keys.held());
        boolean was = changed.remove(Objects.requireNonNull(id, "id")) != null;
        keys = RingKeys.of(changed);
        return was;
    }

    private static boolean encrypts(KeyEntry key) {
        return key.algorithm() == KeyAlgorithm.AES_256_GCM;
    }

    private Held known(String id) {
        Held found = keys.held().get(Objects.requireNonNull(id, "id"));
        if (found == null) {
            throw new KeyUnavailableException(id, "the ring has none of this id");
        }
        return found;
    }

    /**
     * The keys.
     *
     * @return a copy, in the order of adding
     */
    public List<KeyEntry> keys() {
        return keys.held().values().stream().map(Held::key).toList();
    }

    /**
     * Since when a key is retired.
     *
     * @param id which one
     * @return null if it is not
     * @throws NullPointerException if {@code id} is null
     * @throws KeyUnavailableException if there is no such key
     */
    public @Nullable Instant retiredAt(String id) {
        return known(id).retiredAt();
    }

    // --- for what signs and verifies

    @Nullable Held find(String id) {
        return keys.held().get(id);
    }

    /** Whether what the key has signed may be believed, as far as its retirement is concerned. */
    boolean isBelieved(Held key, Instant issuedAt, Instant now, Duration maxSkew) {
        Instant retiredAt = key.retiredAt();
        return retiredAt == null
                || (!issuedAt.isAfter(retiredAt.plus(maxSkew)) && now.isBefore(retiredAt.plus(retirementWindow)));
    }

    /** Whether the agent speaks with keys of its own alone: one that only verifies here counts, and a retired one too. */
    boolean hasOwn(AgentId agent) {
        return keys.owners().contains(agent);
    }

    /** The key that signs for an agent. */
    KeyEntry signing(AgentId sender) {
        return keys.signing(sender);
    }

    /** The newest key of an algorithm that is not retired, and of nobody in particular. */
    KeyEntry current(KeyAlgorithm algorithm) {
        KeyEntry found = null;
        for (Held each : keys.held().values()) {
            KeyEntry key = each.key();
            if (each.retiredAt() == null && key.algorithm() == algorithm && key.owner() == null) {
                found = key;
            }
        }
        if (found == null) {
            throw new KeyUnavailableException("of " + algorithm, "the ring has none that is not retired");
        }
        return found;
    }

    /** The keys of an algorithm, of nobody in particular, retired ones too. */
    List<KeyEntry> shared(KeyAlgorithm algorithm) {
        List<KeyEntry> found = new ArrayList<>();
        for (Held each : keys.held().values()) {
            if (each.key().algorithm() == algorithm && each.key().owner() == null) {
                found.add(each.key());
            }
        }
        return found;
    }

    /** The keys, without what is secret about them. */
    @Override
    public String toString() {
        return "KeyRing" + keys();
    }

    /** Makes a ring. Not thread-safe. */
    public static final class Builder {

        private Duration retirementWindow = DEFAULT_RETIREMENT_WINDOW;
        private InstantSource clock = InstantSource.system();

        private Builder() {}

        /**
         * How long what a key has signed is believed after it has been retired.
         *
         * @param window zero or more, at most 10,000 days; default 10 minutes
         * @return this
         * @throws NullPointerException if {@code window} is null
         * @throws IllegalArgumentException if {@code window} is out of its bounds
         */
        public Builder retirementWindow(Duration window) {
            this.retirementWindow = Bounds.notNegative("retirementWindow", window);
            return this;
        }

        /**
         * The time at which keys are retired.
         *
         * @param source default the system's
         * @return this
         * @throws NullPointerException if {@code source} is null
         */
        public Builder clock(InstantSource source) {
            this.clock = Objects.requireNonNull(source, "source");
            return this;
        }

        /**
         * Makes the ring.
         *
         * @return a ring without keys
         */
        public KeyRing build() {
            return new KeyRing(this);
        }
    }
}
