package io.flotilla.security;

import static io.flotilla.security.World.MALLORY;
import static io.flotilla.security.World.MINUTE;
import static io.flotilla.security.World.NOON;
import static io.flotilla.security.World.PLANNER;
import static io.flotilla.security.World.SKEW;
import static io.flotilla.security.World.WRITER;
import static io.flotilla.security.World.plan;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatNullPointerException;

import io.flotilla.AgentId;
import io.flotilla.agent.Agent;
import io.flotilla.message.DeadLetter;
import io.flotilla.message.Delivery;
import io.flotilla.message.Envelope;
import io.flotilla.message.Hub;
import io.flotilla.message.NetworkOptions;
import io.flotilla.step.StepEngine;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneId;
import java.time.ZoneOffset;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import reactor.core.publisher.Mono;
import reactor.test.StepVerifier;

/** A network that requires tokens: whoever sends has to show one of its own, besides the signature. */
@Timeout(30)
class RequiredTokensTest {

    private static final Duration LONG = Duration.ofSeconds(10);
    private static final String AUDIENCE = "the hub";

    private final World world = new World();

    /** The authority's ring: it signs tokens, and no messages. */
    private final KeyRing authority = KeyRing.builder().clock(world.clock).build();

    private final AgentTokens tokens =
            AgentTokens.builder(authority).clock(world.clock).maxSkew(SKEW).build();
    private final Trust trust;

    RequiredTokensTest() {
        authority.add(KeyEntry.hmac("authority", World.secret(9)));
        for (AgentId each : new AgentId[] {PLANNER, WRITER, MALLORY}) {
            world.ring.add(KeyEntry.generateEd25519("of-" + each.kind()).ownedBy(each));
        }
        world.capabilities.grant(Edge.between(MALLORY, WRITER));
        trust = world.trust().requireTokens(tokens, AUDIENCE).build();
    }

    private String token(AgentId of) {
        return tokens.issue(of, AUDIENCE, MINUTE);
    }

    private Signer signer(AgentId of) {
        return world.signer(of).build();
    }

    private String refusal(Envelope signed) {
        try {
            assertThat(trust.admit(signed, false).payload()).isEqualTo("1");
            return "none";
        } catch (RefusedException refused) {
            Throwable cause = refused.getCause();
            return refused.refusal() + (cause instanceof RefusedException token ? " " + token.refusal() : "");
        }
    }

    @Test
    void token_ofTheSenderForThisNetwork_isLetIn() {
        assertThat(refusal(signer(PLANNER).showing(token(PLANNER)).sign(plan("1"))))
                .isEqualTo("none");
        assertThat(trust.admittedCount()).isEqualTo(1);
    }

    @Test
    void token_absent_isRefused() {
        assertThat(refusal(signer(PLANNER).sign(plan("1")))).isEqualTo("NO_TOKEN");
        assertThat(trust.refusals()).containsEntry(Refusal.NO_TOKEN, 1L);
    }

    /** 1 ns below, at. */
    @Test
    void token_expired_isRefused() {
        Signer planner = signer(PLANNER).showing(token(PLANNER));

        world.now.set(NOON.plus(MINUTE).plus(SKEW).minusNanos(1));
        assertThat(refusal(planner.sign(plan("1")))).isEqualTo("none");
        world.now.set(NOON.plus(MINUTE).plus(SKEW));
        assertThat(refusal(planner.sign(plan("1")))).isEqualTo("INVALID_TOKEN EXPIRED");
    }

    @Test
    void token_forAnotherAudience_isRefused() {
        String other = tokens.issue(PLANNER, "another hub", MINUTE);

        assertThat(refusal(signer(PLANNER).showing(other).sign(plan("1")))).isEqualTo("INVALID_TOKEN MISDIRECTED");
    }

    /** Whoever has it shows it in its own name, or in that of the agent that it was stolen from. */
    @Test
    void token_stolen_isRefused() {
        String stolen = token(PLANNER);
        Envelope own = Envelope.to(WRITER, "1").from(MALLORY).build();
        KeyRing mallorys = KeyRing.builder().clock(world.clock).build();
        mallorys.add(KeyEntry.generateEd25519("of-planner").ownedBy(PLANNER)); // not the key of this name

        assertThat(refusal(signer(MALLORY).showing(stolen).sign(own))).isEqualTo("INVALID_TOKEN WRONG_SENDER");
        Signer forger = Signer.builder(mallorys, PLANNER).clock(world.clock).build();
        assertThat(refusal(forger.showing(stolen).sign(plan("1")))).isEqualTo("ALTERED");
    }

    @Test
    void token_takenOutOfAMessageOrPutIntoOne_altersIt() {
        Envelope with = signer(PLANNER).showing(token(PLANNER)).sign(plan("1"));
        SignedMessage message = (SignedMessage) with.payload();
        SignedMessage.Fields fields = message.fields();
        Envelope without = signer(PLANNER).sign(plan("1"));

        assertThat(fields.token()).isNotNull();
        assertThat(refusal(World.overTheWire(with))).isEqualTo("none");
        assertThat(((SignedMessage) without.payload()).fields().token()).isNull();
        byte[] bytes = message.toBytes();
        int at = new String(bytes, java.nio.charset.StandardCharsets.ISO_8859_1).indexOf(fields.token());
        assertThat(at).isPositive();
        bytes[at] ^= 1;
        assertThat(refusal(SignedMessage.parse(bytes).toEnvelope().build())).isEqualTo("ALTERED");
    }

    @Test
    void token_thatIsNone_isRefused() {
        assertThat(refusal(signer(PLANNER).showing("").sign(plan("1")))).startsWith("INVALID_TOKEN ");
        assertThat(refusal(signer(PLANNER).showing("garbage!").sign(plan("1")))).isEqualTo("INVALID_TOKEN MALFORMED");
        KeyRing others = KeyRing.builder().clock(world.clock).build();
        others.add(KeyEntry.hmac("authority", World.secret(8)));
        String forged = AgentTokens.builder(others).clock(world.clock).build().issue(PLANNER, AUDIENCE, MINUTE);
        assertThat(refusal(signer(PLANNER).showing(forged).sign(plan("1")))).isEqualTo("INVALID_TOKEN ALTERED");
        authority.remove("authority");
        assertThat(refusal(signer(PLANNER).showing(forged).sign(plan("1")))).isEqualTo("INVALID_TOKEN UNKNOWN_KEY");
    }

    @Test
    void tokens_bad_areRefusedAtOnce() {
        assertThatNullPointerException().isThrownBy(() -> world.trust().requireTokens(null, "a"));
        assertThatNullPointerException().isThrownBy(() -> world.trust().requireTokens(tokens, null));
        assertThatIllegalArgumentException().isThrownBy(() -> world.trust().requireTokens(tokens, ""));
        assertThatNullPointerException().isThrownBy(() -> signer(PLANNER).showing(null));
        assertThatIllegalArgumentException()
                .isThrownBy(() -> signer(PLANNER).showing("t".repeat(AgentTokens.MAX_LENGTH + 1)))
                .withMessage("a token must have at most 4096 characters, had 4097");
    }

    // --- in a network

    /** The network's clock is the verifier's. */
    private final class WorldClock extends Clock {

        @Override
        public ZoneId getZone() {
            return ZoneOffset.UTC;
        }

        @Override
        public Clock withZone(ZoneId zone) {
            return this;
        }

        @Override
        public Instant instant() {
            return world.now.get();
        }
    }

    @Test
    void request_withAToken_isAnsweredWithOneOfTheNetworks() {
        StepEngine engine = StepEngine.builder().clock(new WorldClock()).build();
        Hub hub =
                Hub.create(NetworkOptions.builder().engine(engine).guard(trust).build());
        hub.join(Agent.<String, String>of(WRITER.kind(), (text, context) -> Mono.just("done")));

        assertThat(hub.offer(signer(PLANNER).sign(plan("1"))).deliveries())
                .containsExactly(new Delivery(WRITER, DeadLetter.Reason.REFUSED));
        StepVerifier.create(hub.request(signer(PLANNER).showing(token(PLANNER)).sign(plan("?"))))
                .assertNext(reply -> assertThat(reply.payload()).isEqualTo("done"))
                .expectComplete()
                .verify(LONG);
        assertThat(trust.refusals()).containsOnlyKeys(Refusal.NO_TOKEN);
        assertThat(trust.admittedCount()).isEqualTo(2);
    }
}
