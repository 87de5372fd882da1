package io.flotilla.security;

import static io.flotilla.security.World.MALLORY;
import static io.flotilla.security.World.PLANNER;
import static io.flotilla.security.World.WRITER;
import static io.flotilla.security.World.overTheWire;
import static io.flotilla.security.World.plan;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatNullPointerException;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.flotilla.journal.PayloadException;
import io.flotilla.message.Envelope;
import java.time.Duration;
import java.util.Arrays;
import java.util.HashSet;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.TreeSet;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class SignedMessageTest {

    private final World world = new World();
    private final Verifier verifier = world.verifier().build();

    private Signer signer(String kind) {
        if (kind.startsWith("ed25519")) {
            world.ring.add(KeyEntry.generateEd25519("ed").ownedBy(PLANNER));
        }
        Signer.Builder builder = world.signer(PLANNER);
        return (kind.endsWith("encrypted") ? builder.encrypting() : builder)
                .build()
                .inRun("run-1");
    }

    private static Envelope full() {
        return Envelope.to(WRITER, Map.of("title", "The Fleet", "pages", 12))
                .from(PLANNER)
                .causationId("cause")
                .correlationId("talk")
                .headers(Map.of("one", "1", "two", "2"))
                .build();
    }

    @ParameterizedTest
    @ValueSource(strings = {"hmac", "ed25519", "hmac encrypted", "ed25519 encrypted"})
    void envelope_signedAndVerified_isWhatItWas(String kind) {
        Envelope signed = signer(kind).sign(full());

        Envelope here = verifier.verify(signed);
        Envelope there = verifier.verify(overTheWire(signed));

        assertThat(here).isEqualTo(signed);
        for (Envelope each : List.of(here, there)) {
            assertThat(each.payload()).isEqualTo(full().payload());
            assertThat(each.sender()).isEqualTo(PLANNER);
            assertThat(each.recipient()).isEqualTo(WRITER);
            assertThat(each.headers()).isEqualTo(full().headers());
            assertThat(each.correlationId()).isEqualTo("talk");
            assertThat(each.causationId()).isEqualTo("cause");
            Verified verified = Verified.of(each);
            assertThat(verified).isNotNull();
            assertThat(verified.run()).isEqualTo("run-1");
            assertThat(verified.edge()).isEqualTo(Edge.between(PLANNER, WRITER));
            assertThat(verified.keyId()).isEqualTo(kind.startsWith("ed") ? "ed" : "domain");
            assertThat(verified.wasEncrypted()).isEqualTo(kind.endsWith("encrypted"));
            assertThat(verified.isDelegated()).isFalse();
        }
    }

    @Test
    void verified_ofAnotherEnvelope_isNone() {
        Envelope opened = verifier.verify(world.signed());

        assertThat(Verified.of(opened)).isNotNull();
        assertThat(Verified.of(opened.reply(WRITER, "done").build()))
                .as("a reply takes the context along")
                .isNull();
        assertThat(Verified.of(plan("?"))).isNull();
    }

    @Test
    void envelope_ofEveryAddress_isVerified() {
        Signer signer = world.signer(PLANNER).build();

        for (Envelope.Builder each :
                List.of(Envelope.onTopic("news/sport", "1"), Envelope.toAll("1"), Envelope.to("writer#2", "1"))) {
            Envelope signed = signer.sign(each.from(PLANNER).build());
            assertThat(verifier.verify(overTheWire(signed)).payload()).isEqualTo("1");
        }
    }

    /** Whichever bit is flipped on the way, the message is refused; with what, is another matter. */
    @ParameterizedTest
    @ValueSource(strings = {"hmac", "ed25519", "hmac encrypted"})
    void message_withAnyOneBitFlipped_isRefused(String kind) {
        byte[] good = ((SignedMessage) signer(kind).sign(full()).payload()).toBytes();
        TreeSet<Refusal> seen = new TreeSet<>();
        int accepted = 0;

        for (int bit = 0; bit < 8 * good.length; bit++) {
            byte[] bad = good.clone();
            bad[bit / 8] ^= (byte) (1 << (bit % 8));
            try {
                verifier.verify(SignedMessage.parse(bad).toEnvelope().build());
                accepted++;
            } catch (RefusedException refused) {
                seen.add(refused.refusal());
            }
        }

        assertThat(accepted).isZero();
        assertThat(seen).contains(Refusal.MALFORMED, Refusal.ALTERED, Refusal.UNKNOWN_KEY);
        assertThat(verifier.verify(SignedMessage.parse(good).toEnvelope().build())
                        .payload())
                .isEqualTo(full().payload());
    }

    @Test
    void bytes_ofAnyKind_areMalformedOrAMessage() {
        Random random = new Random(42);
        byte[] good = ((SignedMessage) world.signed().payload()).toBytes();
        for (int round = 0; round < 5_000; round++) {
            byte[] bad = Arrays.copyOf(good, random.nextInt(good.length + 20));
            for (int changes = random.nextInt(4); changes > 0 && bad.length > 0; changes--) {
                bad[random.nextInt(bad.length)] = (byte) random.nextInt();
            }
            if (Arrays.equals(bad, good)) {
                continue;
            }
            assertThatThrownBy(() -> verifier.verify(
                            SignedMessage.parse(bad).toEnvelope().build()))
                    .isInstanceOf(RefusedException.class);
        }
        assertThatNullPointerException().isThrownBy(() -> SignedMessage.parse(null));
    }

    /** A signature of the secret as a signature of the public key, and the other way round: no message chooses. */
    @Test
    void algorithm_isThatOfTheKeyId() {
        world.ring.add(KeyEntry.generateEd25519("ed").ownedBy(PLANNER));
        SignedMessage ed = (SignedMessage) world.signed().payload();
        SignedMessage.Fields asHmac = withKey(ed.fields(), "ed", KeyAlgorithm.HMAC_SHA256);
        byte[] content = asHmac.content();
        byte[] signature = world.ring.find("domain").key().material().sign(content);

        assertRefused(Refusal.UNKNOWN_KEY, new SignedMessage(asHmac, content, signature));
        SignedMessage.Fields withAes = withKey(ed.fields(), "payloads", KeyAlgorithm.AES_256_GCM);
        assertRefused(Refusal.UNKNOWN_KEY, new SignedMessage(withAes, withAes.content(), new byte[0]));
    }

    private static SignedMessage.Fields withKey(SignedMessage.Fields from, String id, KeyAlgorithm algorithm) {
        return new SignedMessage.Fields(
                id,
                algorithm.code(),
                from.address(),
                from.run(),
                from.edge(),
                from.nonce(),
                from.issuedAt(),
                from.expiresAt(),
                from.correlationId(),
                from.causationId(),
                from.headers(),
                from.delegation(),
                from.token(),
                from.encryptionKeyId(),
                from.payload());
    }

    private void assertRefused(Refusal refusal, SignedMessage message) {
        assertThatThrownBy(() -> verifier.verify(message.toEnvelope().build()))
                .isInstanceOfSatisfying(
                        RefusedException.class,
                        refused -> assertThat(refused.refusal()).isEqualTo(refusal));
    }

    @Test
    void fields_thatMoveFromOneToTheNext_areAnotherMessage() {
        Envelope one = Envelope.to(WRITER, "x")
                .from(PLANNER)
                .correlationId("ab")
                .causationId("c")
                .build();
        Envelope other = Envelope.to(WRITER, "x")
                .from(PLANNER)
                .correlationId("a")
                .causationId("bc")
                .build();
        Signer signer = world.signer(PLANNER).build();
        SignedMessage.Fields first = ((SignedMessage) signer.sign(one).payload()).fields();
        SignedMessage.Fields second = ((SignedMessage) signer.sign(other).payload()).fields();

        assertThat(first.content()).isNotEqualTo(second.content());
        assertThat(first.content()).hasSameSizeAs(second.content());
    }

    @Test
    void encrypted_itsText_isNowhereInTheBytes() {
        byte[] bytes = ((SignedMessage) world.signer(PLANNER)
                        .encrypting()
                        .build()
                        .sign(plan("canary-canary"))
                        .payload())
                .toBytes();

        assertThat(new String(bytes, java.nio.charset.StandardCharsets.ISO_8859_1))
                .doesNotContain("canary");
    }

    /** Two texts under one key and IV would show their difference, and how to forge. */
    @Test
    void encrypted_theSameTextAgain_isNeverTheSame() {
        Signer signer = world.signer(PLANNER).encrypting().build();
        Set<String> salts = new HashSet<>();
        for (int at = 0; at < 1_000; at++) {
            byte[] payload = ((SignedMessage) signer.sign(plan("a title")).payload())
                    .fields()
                    .payload();
            salts.add(HexFormat.of().formatHex(payload, 0, AesKey.SALT_BYTES));
        }

        assertThat(salts).hasSize(1_000);
    }

    @Test
    void encrypted_inAnotherContext_isUndecryptable() {
        SignedMessage.Fields one = ((SignedMessage) world.signer(PLANNER)
                        .encrypting()
                        .build()
                        .sign(plan("one"))
                        .payload())
                .fields();
        SignedMessage.Fields two = ((SignedMessage) world.signer(PLANNER)
                        .encrypting()
                        .build()
                        .sign(plan("two"))
                        .payload())
                .fields();

        assertRefused(Refusal.UNDECRYPTABLE, signedAgain(withPayload(one, two.payload(), one.encryptionKeyId())));
    }

    /** By somebody who has the key that signs, and not the one that encrypts. */
    @Test
    void encrypted_withAnyOneBitFlippedAndSignedAgain_isUndecryptable() {
        SignedMessage.Fields good = ((SignedMessage) world.signer(PLANNER)
                        .encrypting()
                        .build()
                        .sign(plan("a title"))
                        .payload())
                .fields();
        for (int bit = 0; bit < 8 * good.payload().length; bit++) {
            byte[] payload = good.payload().clone();
            payload[bit / 8] ^= (byte) (1 << (bit % 8));
            assertUndecryptable(good, payload);
        }
        for (int length = 0; length < good.payload().length; length++) {
            assertUndecryptable(good, Arrays.copyOf(good.payload(), length));
        }
        SignedMessage.Fields said = withPayload(good, good.payload(), null);
        assertThatThrownBy(() -> verifier.verify(signedAgain(said).toEnvelope().build()))
                .as("said not to be encrypted")
                .hasMessageStartingWith("UNREADABLE");
        SignedMessage.Fields other = withPayload(good, good.payload(), "domain");
        assertRefused(Refusal.UNDECRYPTABLE, signedAgain(other));
    }

    private void assertUndecryptable(SignedMessage.Fields good, byte[] payload) {
        assertRefused(Refusal.UNDECRYPTABLE, signedAgain(withPayload(good, payload, good.encryptionKeyId())));
    }

    private SignedMessage signedAgain(SignedMessage.Fields fields) {
        byte[] content = fields.content();
        return new SignedMessage(
                fields, content, world.ring.find("domain").key().material().sign(content));
    }

    private static SignedMessage.Fields withPayload(SignedMessage.Fields from, byte[] payload, String encryptionKeyId) {
        return new SignedMessage.Fields(
                from.keyId(),
                from.algorithm(),
                from.address(),
                from.run(),
                from.edge(),
                from.nonce(),
                from.issuedAt(),
                from.expiresAt(),
                from.correlationId(),
                from.causationId(),
                from.headers(),
                from.delegation(),
                from.token(),
                encryptionKeyId,
                payload);
    }

    // --- bad input

    /** It would arrive as a question mark, under a signature that is right. */
    @Test
    void sign_halfACharacter_isRefused() {
        Signer signer = world.signer(PLANNER).build();
        AgentTokens tokens = AgentTokens.builder(world.ring).build();
        Duration minute = Duration.ofMinutes(1);
        Envelope.Builder message = Envelope.to(WRITER, "1").from(PLANNER);

        for (String half : List.of("\uD800", "a\uDC00", "\uDC00\uD800", "\uD83D\uDE00\uD83D", "\uD800\uD800\uDC00")) {
            Envelope bad = message.headers(Map.of("a", half)).build();
            assertThatIllegalArgumentException()
                    .isThrownBy(() -> signer.sign(bad))
                    .withMessageStartingWith("a text must have whole characters, had half of one at ");
            assertThatIllegalArgumentException().isThrownBy(() -> tokens.issue(PLANNER, half, minute));
        }
        Envelope whole = message.headers(Map.of("a", "\uD83D\uDE00?")).build();
        assertThat(verifier.verify(overTheWire(signer.sign(whole))).headers()).containsEntry("a", "\uD83D\uDE00?");
    }

    @Test
    void sign_ofAnothersMessage_isRefused() {
        Signer signer = world.signer(PLANNER).build();

        assertThatIllegalArgumentException()
                .isThrownBy(
                        () -> signer.sign(Envelope.to(WRITER, "?").from(MALLORY).build()))
                .withMessage("the sender must be planner, was mallory");
        assertThatIllegalArgumentException().isThrownBy(() -> signer.sign(world.signed()));
        assertThatNullPointerException().isThrownBy(() -> signer.sign(null)).withMessage("envelope");
    }

    @Test
    void sign_aTypeThatTheCodecDoesNotKnow_isAnError() {
        assertThatThrownBy(() -> world.signer(PLANNER).build().sign(plan(Duration.ZERO)))
                .isInstanceOf(PayloadException.class);
    }

    @Test
    void sign_encryptingWithoutAKey_isAnError() {
        world.ring.retire("payloads");

        assertThatThrownBy(() -> world.signer(PLANNER).encrypting().build().sign(plan("?")))
                .isInstanceOf(KeyUnavailableException.class);
    }

    @Test
    void settings_outOfTheirBounds_areRefused() {
        Verifier.Builder builder = world.verifier();

        assertThatIllegalArgumentException()
                .isThrownBy(() -> builder.maxSkew(Duration.ofMillis(-1)))
                .withMessage("maxSkew must be >= 0 and at most 10000 days, was PT-0.001S");
        assertThatIllegalArgumentException().isThrownBy(() -> builder.maxLifetime(Duration.ZERO));
        assertThatIllegalArgumentException().isThrownBy(() -> builder.maxLifetime(Duration.ofDays(10_001)));
        assertThatIllegalArgumentException().isThrownBy(() -> builder.maxBytes(0));
        assertThatIllegalArgumentException().isThrownBy(() -> builder.maxDepth(-1));
        assertThatIllegalArgumentException().isThrownBy(() -> builder.maxDepth(101));
        assertThatIllegalArgumentException()
                .isThrownBy(() -> world.signer(PLANNER).lifetime(Duration.ZERO));
        assertThatNullPointerException().isThrownBy(() -> Verifier.builder(null));
        assertThatNullPointerException().isThrownBy(() -> builder.run(null));
        assertThatNullPointerException().isThrownBy(() -> builder.clock(null));
        assertThatNullPointerException().isThrownBy(() -> builder.codec(null));
        assertThatNullPointerException().isThrownBy(() -> Signer.builder(world.ring, null));
    }
}
