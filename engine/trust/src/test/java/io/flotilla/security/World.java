package io.flotilla.security;

import io.flotilla.AgentId;
import io.flotilla.message.Envelope;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.Base64;
import java.util.concurrent.atomic.AtomicReference;

/** Agents, keys and a clock that stands still. */
final class World {

    static final AgentId PLANNER = AgentId.of("planner");
    static final AgentId WRITER = AgentId.of("writer");
    static final AgentId MALLORY = AgentId.of("mallory");
    static final Instant NOON = Instant.parse("2026-11-21T12:00:00Z");
    static final Duration SKEW = Duration.ofSeconds(5);
    static final Duration MINUTE = Duration.ofMinutes(1);

    final AtomicReference<Instant> now = new AtomicReference<>(NOON);
    final InstantSource clock = now::get;
    final KeyRing ring = KeyRing.builder().clock(clock).build();
    final Capabilities capabilities = Capabilities.create().grant(Edge.between(PLANNER, WRITER));

    World() {
        ring.add(KeyEntry.hmac("domain", secret(1))).add(KeyEntry.aes("payloads", secret(2)));
    }

    static KeySource secret(int seed) {
        byte[] bytes = new byte[32];
        java.util.Arrays.fill(bytes, (byte) seed);
        return KeySource.base64(Base64.getEncoder().encodeToString(bytes));
    }

    Verifier.Builder verifier() {
        return Verifier.builder(ring).clock(clock).maxSkew(SKEW);
    }

    Trust.Builder trust() {
        return Trust.builder(verifier().build()).capabilities(capabilities);
    }

    Signer.Builder signer(AgentId sender) {
        return Signer.builder(ring, sender).clock(clock).lifetime(MINUTE);
    }

    static Envelope plan(Object payload) {
        return Envelope.to(WRITER, payload).from(PLANNER).build();
    }

    Envelope signed() {
        return signer(PLANNER).build().sign(plan("a title"));
    }

    void pass(Duration time) {
        now.updateAndGet(before -> before.plus(time));
    }

    /** The same envelope after its message has gone elsewhere and come back as bytes. */
    static Envelope overTheWire(Envelope signed) {
        byte[] bytes = ((SignedMessage) signed.payload()).toBytes();
        return SignedMessage.parse(bytes).toEnvelope().build();
    }
}
