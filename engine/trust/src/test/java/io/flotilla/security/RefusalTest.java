package io.flotilla.security;

import static io.flotilla.security.World.MALLORY;
import static io.flotilla.security.World.MINUTE;
import static io.flotilla.security.World.NOON;
import static io.flotilla.security.World.PLANNER;
import static io.flotilla.security.World.SKEW;
import static io.flotilla.security.World.WRITER;
import static io.flotilla.security.World.overTheWire;
import static io.flotilla.security.World.plan;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatNullPointerException;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.flotilla.journal.PayloadCodec;
import io.flotilla.message.Envelope;
import io.flotilla.message.Hub;
import io.flotilla.message.NetworkOptions;
import io.flotilla.message.UndeliverableException;
import io.flotilla.message.Withheld;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.time.Duration;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.function.UnaryOperator;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import reactor.core.publisher.Mono;

/** Every reason has its case, and each is the same at the verifier, the door of a network, and the meters. */
class RefusalTest {

    private final World world = new World();

    /** What it takes to be refused for a reason. */
    private record Case(Trust trust, Envelope envelope) {}

    private Trust trust(UnaryOperator<Verifier.Builder> settings) {
        return Trust.builder(settings.apply(world.verifier()).build())
                .capabilities(world.capabilities)
                .meterRegistry(meters)
                .build();
    }

    private final SimpleMeterRegistry meters = new SimpleMeterRegistry();

    private Trust requiringTokens() {
        AgentTokens tokens = AgentTokens.builder(world.ring).clock(world.clock).build();
        return world.trust().meterRegistry(meters).requireTokens(tokens, "here").build();
    }

    private Case bad(Refusal refusal) {
        Trust trust = trust(UnaryOperator.identity());
        Envelope good = world.signed();
        return switch (refusal) {
            case UNSIGNED -> new Case(trust, plan("canary"));
            case TOO_LARGE -> new Case(trust(verifier -> verifier.maxBytes(10)), good);
            case MALFORMED -> new Case(trust, malformed());
            case UNKNOWN_KEY -> {
                world.ring.add(KeyEntry.generateEd25519("unknown"));
                Envelope signed = world.signed();
                world.ring.remove("unknown");
                yield new Case(trust, signed);
            }
            case ALTERED -> {
                KeyRing other = KeyRing.of(KeyEntry.hmac("domain", World.secret(9)));
                yield new Case(
                        trust,
                        Signer.builder(other, PLANNER)
                                .clock(world.clock)
                                .build()
                                .sign(plan("canary")));
            }
            case RETIRED_KEY -> {
                world.ring.rotate("domain", KeyEntry.hmac("domain-2", KeySource.random()));
                world.pass(KeyRing.DEFAULT_RETIREMENT_WINDOW);
                yield new Case(trust, good);
            }
            case MISDIRECTED -> new Case(trust, redirected(good));
            case WRONG_SENDER -> {
                world.ring.add(KeyEntry.generateEd25519("own").ownedBy(PLANNER));
                KeyEntry stolen = world.ring.find("own").key().ownedBy(MALLORY);
                Signer thief = Signer.builder(KeyRing.of(stolen), MALLORY)
                        .clock(world.clock)
                        .build();
                yield new Case(
                        trust,
                        thief.sign(Envelope.to(WRITER, "canary").from(MALLORY).build()));
            }
            case EARLY -> {
                world.pass(SKEW.plusNanos(1).negated());
                yield new Case(trust, good);
            }
            case EXPIRED -> {
                world.pass(MINUTE.plus(SKEW));
                yield new Case(trust, good);
            }
            case LONG_LIVED -> new Case(trust(verifier -> verifier.maxLifetime(MINUTE.minusNanos(1))), good);
            case NO_TOKEN -> new Case(requiringTokens(), good);
            case INVALID_TOKEN -> {
                Signer showing = world.signer(PLANNER).build().showing("canary");
                yield new Case(requiringTokens(), showing.sign(plan("canary")));
            }
            case UNAUTHORISED -> {
                world.capabilities.revoke(Edge.between(PLANNER, WRITER));
                yield new Case(trust, good);
            }
            case REPLAYED -> {
                assertThat(trust.admit(good, false).payload()).isEqualTo("a title");
                yield new Case(trust, good);
            }
            case REPLAY_GUARD_FULL -> {
                Trust small = world.trust()
                        .meterRegistry(meters)
                        .replayGuard(ReplayGuard.builder().maxMessages(1).build())
                        .build();
                assertThat(small.admit(world.signed(), false).payload()).isEqualTo("a title");
                yield new Case(small, good);
            }
            case UNENCRYPTED -> new Case(trust(Verifier.Builder::requireEncryption), good);
            case UNDECRYPTABLE -> {
                Envelope signed = world.signer(PLANNER).encrypting().build().sign(plan("canary"));
                world.ring.remove("payloads");
                world.ring.add(KeyEntry.aes("payloads", KeySource.random()));
                yield new Case(trust, signed);
            }
            case UNREADABLE -> new Case(trust(verifier -> verifier.codec(new Broken())), good);
            case TOO_DEEP ->
                new Case(
                        trust(verifier -> verifier.maxDepth(1)),
                        world.signer(PLANNER).build().sign(plan(List.of(List.of("canary")))));
            case UNVERIFIABLE ->
                new Case(
                        trust(verifier -> verifier.clock(() -> {
                            throw new IllegalStateException("canary");
                        })),
                        good);
        };
    }

    /** A delegation that is none, in a message that is signed all the same. */
    private Envelope malformed() {
        SignedMessage.Fields fields = ((SignedMessage) world.signed().payload()).fields();
        SignedMessage.Fields torn = new SignedMessage.Fields(
                fields.keyId(),
                fields.algorithm(),
                fields.address(),
                fields.run(),
                fields.edge(),
                fields.nonce(),
                fields.issuedAt(),
                fields.expiresAt(),
                fields.correlationId(),
                fields.causationId(),
                fields.headers(),
                new byte[] {1},
                fields.token(),
                fields.encryptionKeyId(),
                fields.payload());
        byte[] content = torn.content();
        byte[] signature = world.ring.find("domain").key().material().sign(content);
        return new SignedMessage(torn, content, signature).toEnvelope().build();
    }

    private static Envelope redirected(Envelope good) {
        return Envelope.to(MALLORY, good.payload())
                .from(good.sender())
                .correlationId(good.correlationId())
                .build();
    }

    /** Its errors have what they read in their text. */
    private static final class Broken implements PayloadCodec {

        @Override
        public byte[] encode(Map<String, ?> payload, UnaryOperator<String> redactor) {
            return PayloadCodec.basic().encode(payload, redactor);
        }

        @Override
        public Map<String, @Nullable Object> decode(byte[] payload) {
            throw new IllegalStateException("canary " + PayloadCodec.basic().decode(payload));
        }
    }

    @ParameterizedTest
    @EnumSource(Refusal.class)
    void message_bad_isRefusedForItsReason(Refusal refusal) {
        Case bad = bad(refusal);

        assertThatThrownBy(() -> bad.trust().admit(bad.envelope(), false))
                .isInstanceOfSatisfying(RefusedException.class, refused -> {
                    assertThat(refused.refusal()).isEqualTo(refusal);
                    for (Throwable each = refused; each != null; each = each.getCause()) {
                        assertThat(each).as("no other says what it has read").isInstanceOf(RefusedException.class);
                        assertThat(each.getMessage()).doesNotContain("canary", "a title");
                        assertThat(each.getStackTrace()).isEmpty();
                    }
                    assertThat(refused).hasMessageStartingWith(refusal + ": ");
                });
        assertThat(bad.trust().refusals()).containsExactly(Map.entry(refusal, 1L));
        assertThat(meters.get("flotilla.messages.refused")
                        .tag("reason", refusal.tag())
                        .counter()
                        .count())
                .isEqualTo(1);
    }

    @ParameterizedTest
    @EnumSource(Refusal.class)
    void message_badAtTheDoorOfANetwork_isADeadLetterWithoutItsPayload(Refusal refusal) {
        Case bad = bad(refusal);
        Hub hub = Hub.create(NetworkOptions.builder().guard(bad.trust()).build());
        List<Object> heard = new ArrayList<>();
        for (var each : List.of(WRITER, MALLORY)) {
            hub.join(each, envelope -> Mono.fromRunnable(() -> heard.add(envelope.payload())));
        }

        assertThatThrownBy(() -> hub.send(bad.envelope()).block(Duration.ofSeconds(10)))
                .isInstanceOf(UndeliverableException.class)
                .hasMessageStartingWith("REFUSED at ")
                .hasMessageContaining(", " + refusal + ": ")
                .cause()
                .isInstanceOfSatisfying(
                        RefusedException.class,
                        refused -> assertThat(refused.refusal()).isEqualTo(refusal));

        hub.close(Duration.ofSeconds(5)).block(Duration.ofSeconds(10));
        assertThat(heard).isEmpty();
        assertThat(hub.deadLetters().recent()).singleElement().satisfies(letter -> {
            assertThat(letter.envelope().payload()).isEqualTo(Withheld.PAYLOAD);
            assertThat(((RefusedException) letter.cause()).refusal()).isEqualTo(refusal);
            assertThat(letter).asString().contains(", " + refusal + ": ");
        });
    }

    @Test
    void message_good_isAdmittedAndCounted() {
        Trust trust = trust(UnaryOperator.identity());

        assertThat(trust.admit(world.signed(), false).payload()).isEqualTo("a title");

        assertThat(trust.admittedCount()).isEqualTo(1);
        assertThat(trust.refusals()).isEmpty();
        assertThat(meters.get("flotilla.messages.admitted").counter().count()).isEqualTo(1);
        assertThat(trust).hasToString("Trust[admitted=1, refused={}]");
    }

    private static void assertRefused(Refusal refusal, Trust trust, Envelope envelope) {
        assertThatThrownBy(() -> trust.admit(envelope, false))
                .isInstanceOfSatisfying(
                        RefusedException.class,
                        refused -> assertThat(refused.refusal()).isEqualTo(refusal));
    }

    /** Else whoever may send nothing could fill the memory of the guard, and spoil a message that is permitted later. */
    @Test
    void message_unauthorised_takesNoPlaceInTheReplayGuard() {
        Trust trust = world.trust()
                .replayGuard(ReplayGuard.builder().maxMessages(1).build())
                .build();
        Envelope message = world.signed();
        world.capabilities.revoke(Edge.between(PLANNER, WRITER));
        assertRefused(Refusal.UNAUTHORISED, trust, message);
        assertRefused(Refusal.UNAUTHORISED, trust, world.signed());
        assertThat(trust.replayGuard().size()).isZero();

        world.capabilities.grant(Edge.between(PLANNER, WRITER));
        assertThat(trust.admit(message, false).payload()).isEqualTo("a title");
    }

    /** An answer needs no capability; all else is as for any message. */
    @Test
    void answer_sentAgain_isReplayed() {
        Trust trust = world.trust().capabilities(Capabilities.create()).build();
        Envelope answer = world.signed();

        assertThat(trust.admit(answer, true).payload()).isEqualTo("a title");
        for (int again = 0; again < 2; again++) {
            assertThatThrownBy(() -> trust.admit(answer, true)).hasMessageStartingWith("REPLAYED");
        }
        assertRefused(Refusal.UNAUTHORISED, trust, answer);
    }

    /** A payload is read once, whether it can be read or not. */
    @Test
    void message_unreadableAndSentAgain_isReplayed() {
        Trust trust = trust(verifier -> verifier.codec(new Broken()));
        Envelope message = world.signed();

        assertRefused(Refusal.UNREADABLE, trust, message);
        assertRefused(Refusal.REPLAYED, trust, message);
    }

    @Test
    void message_ofAnotherRun_isMisdirected() {
        Verifier verifier = world.verifier().run("run-1").build();
        Signer signer = world.signer(PLANNER).build();

        assertThat(verifier.verify(signer.inRun("run-1").sign(plan("1"))).payload())
                .isEqualTo("1");
        for (Signer other : List.of(signer, signer.inRun("run-2"))) {
            assertThatThrownBy(() -> verifier.verify(other.sign(plan("1"))))
                    .isInstanceOfSatisfying(
                            RefusedException.class,
                            refused -> assertThat(refused.refusal()).isEqualTo(Refusal.MISDIRECTED));
        }
    }

    /** What stands outside of the signed message, but is signed too. */
    @Test
    void envelope_aroundTheMessage_isTheOneThatWasSigned() {
        Envelope good = world.signed();
        Verifier verifier = world.verifier().build();
        List<Envelope> bad = List.of(
                good.withPayload(good.payload())
                        .headers(Map.of("priority", "high"))
                        .build(),
                good.withPayload(good.payload()).correlationId("another").build(),
                good.withPayload(good.payload()).causationId("another").build(),
                good.withPayload(good.payload()).from(MALLORY).build());

        for (Envelope each : bad) {
            assertThatThrownBy(() -> verifier.verify(each))
                    .isInstanceOfSatisfying(
                            RefusedException.class,
                            refused -> assertThat(refused.refusal()).isEqualTo(Refusal.ALTERED));
        }
        assertThat(verifier.verify(good.withPayload(good.payload()).hops(3).build())
                        .hops())
                .as("networks count hops")
                .isEqualTo(3);
    }

    // --- clocks, 1 ns below the bound, at it, and above

    private void assertTime(Duration passed, @Nullable Refusal refusal) {
        Envelope good = overTheWire(world.signed());
        world.now.set(NOON.plus(passed));
        Verifier verifier = world.verifier().build();
        if (refusal == null) {
            assertThatCode(() -> verifier.verify(good)).doesNotThrowAnyException();
        } else {
            assertThatThrownBy(() -> verifier.verify(good))
                    .isInstanceOfSatisfying(
                            RefusedException.class,
                            refused -> assertThat(refused.refusal()).isEqualTo(refusal));
        }
        world.now.set(NOON);
    }

    @Test
    void skew_belowAtAndAboveItsBound_isAsItSays() {
        assertTime(SKEW.minusNanos(1).negated(), null);
        assertTime(SKEW.negated(), null);
        assertTime(SKEW.plusNanos(1).negated(), Refusal.EARLY);

        assertTime(MINUTE.plus(SKEW).minusNanos(1), null);
        assertTime(MINUTE.plus(SKEW), Refusal.EXPIRED);
        assertTime(MINUTE.plus(SKEW).plusNanos(1), Refusal.EXPIRED);
    }

    @Test
    void skew_zero_isNone() {
        Envelope good = world.signed();
        Verifier verifier = world.verifier().maxSkew(Duration.ZERO).build();

        assertThat(verifier.verify(good).payload()).isEqualTo("a title");
        world.pass(MINUTE.minusNanos(1));
        assertThat(verifier.verify(good).payload()).isEqualTo("a title");
        world.pass(Duration.ofNanos(1));
        assertThatThrownBy(() -> verifier.verify(good)).hasMessageStartingWith("EXPIRED");
    }

    @Test
    void lifetime_atItsBound_isAccepted() {
        assertThat(world.verifier()
                        .maxLifetime(MINUTE)
                        .build()
                        .verify(world.signed())
                        .payload())
                .isEqualTo("a title");
    }

    @Test
    void size_atItsBound_isAccepted() {
        int size = ((SignedMessage) world.signed().payload()).size();
        Envelope good = world.signed();

        assertThat(size).isEqualTo(((SignedMessage) good.payload()).toBytes().length);
        int own = ((SignedMessage) good.payload()).size();
        assertThat(world.verifier().maxBytes(own).build().verify(good).payload())
                .isEqualTo("a title");
        assertThatThrownBy(() -> world.verifier().maxBytes(own - 1).build().verify(good))
                .hasMessageStartingWith("TOO_LARGE");
    }

    @Test
    void depth_atItsBound_isAccepted() {
        Envelope nested = world.signer(PLANNER).build().sign(plan(Map.of("a", List.of(1))));

        assertThat(world.verifier().maxDepth(2).build().verify(nested).payload())
                .isEqualTo(Map.of("a", List.of(1)));
        assertThatThrownBy(() -> world.verifier().maxDepth(1).build().verify(nested))
                .hasMessageStartingWith("TOO_DEEP");
    }

    // --- the window and the settings

    @Test
    void messages_whileTheyWait_expire() {
        Envelope opened = world.verifier().build().verify(world.signed());

        assertThat(opened.deadline()).isEqualTo(NOON.plus(MINUTE).plus(SKEW));
        Envelope sooner = world.signer(PLANNER)
                .build()
                .sign(Envelope.to(WRITER, "1")
                        .from(PLANNER)
                        .deadline(NOON.plusSeconds(1))
                        .build());
        assertThat(world.verifier().build().verify(sooner).deadline()).isEqualTo(NOON.plusSeconds(1));
    }

    @Test
    void settings_thatDoNotFit_areRefused() {
        Trust.Builder builder = world.trust();
        assertThatIllegalArgumentException()
                .isThrownBy(() -> world.trust()
                        .replayGuard(ReplayGuard.builder().window(MINUTE).build())
                        .build())
                .withMessageContaining("the replay guard's window must be >= PT5M10S");
        assertThatIllegalArgumentException()
                .isThrownBy(() -> world.trust().lifetime(Duration.ofMinutes(6)).build())
                .withMessageContaining("lifetime must be <= the verifier's maxLifetime, PT5M, was PT6M");
        assertThatIllegalArgumentException().isThrownBy(() -> builder.lifetime(Duration.ZERO));
        assertThatNullPointerException().isThrownBy(() -> builder.capabilities(null));
        assertThatNullPointerException().isThrownBy(() -> builder.replayGuard(null));
        assertThatNullPointerException().isThrownBy(() -> builder.meterRegistry(null));
        assertThatNullPointerException().isThrownBy(() -> Trust.builder((KeyRing) null));
        assertThatNullPointerException().isThrownBy(() -> builder.build().refusedCount(null));
    }

    @Test
    void signer_ofTheTrust_hasItsSettings() {
        Trust trust = Trust.builder(world.verifier()
                        .requireEncryption()
                        .maxLifetime(Duration.ofSeconds(30))
                        .build())
                .capabilities(world.capabilities)
                .build();

        SignedMessage message =
                (SignedMessage) trust.signer(PLANNER).sign(plan("1")).payload();

        assertThat(message.isEncrypted()).isTrue();
        assertThat(message.issuedAt()).isEqualTo(NOON);
        assertThat(message.expiresAt()).isEqualTo(NOON.plusSeconds(30));
        assertThat(((SignedMessage) world.trust()
                                .lifetime(Duration.ofSeconds(7))
                                .build()
                                .signer(PLANNER)
                                .sign(plan("1"))
                                .payload())
                        .expiresAt())
                .isEqualTo(NOON.plusSeconds(7));
    }

    @Test
    void reasons_haveTags() {
        Map<Refusal, String> tags = new EnumMap<>(Refusal.class);
        for (Refusal each : Refusal.values()) {
            tags.put(each, each.tag());
        }
        assertThat(tags.values()).doesNotHaveDuplicates().allMatch(tag -> tag.matches("[a-z_]+"));
    }
}
