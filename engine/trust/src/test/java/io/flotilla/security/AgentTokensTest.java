package io.flotilla.security;

import static io.flotilla.security.World.MALLORY;
import static io.flotilla.security.World.MINUTE;
import static io.flotilla.security.World.NOON;
import static io.flotilla.security.World.PLANNER;
import static io.flotilla.security.World.SKEW;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatNullPointerException;

import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Base64;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class AgentTokensTest {

    private final World world = new World();
    private final AgentTokens tokens =
            AgentTokens.builder(world.ring).clock(world.clock).maxSkew(SKEW).build();

    private Refusal refusal(String token, String audience) {
        try {
            tokens.verify(token, audience);
            return null;
        } catch (RefusedException refused) {
            return refused.refusal();
        }
    }

    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void token_issuedAndVerified_saysWhatItSays(boolean isEd25519) {
        if (isEd25519) {
            world.ring.add(KeyEntry.generateEd25519("ed").ownedBy(PLANNER));
        }
        AgentToken token = tokens.verify(tokens.issue(PLANNER, "billing", MINUTE), "billing");

        assertThat(token.subject()).isEqualTo(PLANNER);
        assertThat(token.audience()).isEqualTo("billing");
        assertThat(token.issuedAt()).isEqualTo(NOON);
        assertThat(token.expiresAt()).isEqualTo(NOON.plus(MINUTE));
        assertThat(token.keyId()).isEqualTo(isEd25519 ? "ed" : "domain");
        assertThat(token.id()).hasSize(32);
    }

    @Test
    void token_forAnotherAudience_isMisdirected() {
        assertThat(refusal(tokens.issue(PLANNER, "billing", MINUTE), "mail")).isEqualTo(Refusal.MISDIRECTED);
    }

    @Test
    void token_byTheSharedKeyOfAnAgentWithItsOwn_isOfTheWrongSender() {
        String shared = tokens.issue(PLANNER, "billing", MINUTE);
        world.ring.add(KeyEntry.generateEd25519("own").ownedBy(PLANNER));

        assertThat(refusal(shared, "billing")).isEqualTo(Refusal.WRONG_SENDER);
        assertThat(refusal(tokens.issue(PLANNER, "billing", MINUTE), "billing")).isNull();
    }

    /** 1 ns below, at, above. */
    @Test
    void token_atTheBoundsOfItsTime_isAsTheySay() {
        String token = tokens.issue(PLANNER, "billing", MINUTE);

        world.now.set(NOON.minus(SKEW).minusNanos(1));
        assertThat(refusal(token, "billing")).isEqualTo(Refusal.EARLY);
        world.now.set(NOON.minus(SKEW));
        assertThat(refusal(token, "billing")).isNull();
        world.now.set(NOON.plus(MINUTE).plus(SKEW).minusNanos(1));
        assertThat(refusal(token, "billing")).isNull();
        world.now.set(NOON.plus(MINUTE).plus(SKEW));
        assertThat(refusal(token, "billing")).isEqualTo(Refusal.EXPIRED);
    }

    @Test
    void token_withAnyOneBitFlipped_isRefused() {
        byte[] good = Base64.getUrlDecoder().decode(tokens.issue(PLANNER, "billing", MINUTE));
        for (int bit = 0; bit < 8 * good.length; bit++) {
            byte[] bad = good.clone();
            bad[bit / 8] ^= (byte) (1 << (bit % 8));
            assertThat(refusal(Base64.getUrlEncoder().withoutPadding().encodeToString(bad), "billing"))
                    .as("bit %d", bit)
                    .isNotNull();
        }
    }

    @Test
    void token_inAnyOtherForm_isMalformed() {
        String good = tokens.issue(PLANNER, "billing", MINUTE);
        for (String bad : new String[] {"", "x", good + "=", good + "A", good.substring(1), " " + good, "canary!"}) {
            assertThat(refusal(bad, "billing")).as(bad).isEqualTo(Refusal.MALFORMED);
        }
        assertThat(refusal("A".repeat(4_097), "billing")).isEqualTo(Refusal.TOO_LARGE);
        for (int at = 0; at < good.length(); at++) {
            char other = good.charAt(at) == 'A' ? 'B' : 'A';
            assertThat(refusal(good.substring(0, at) + other + good.substring(at + 1), "billing"))
                    .isNotNull();
        }
    }

    /** The same key signs messages: neither is taken for the other. */
    /** A token has no memory of its own: by a clock that was set back it is valid again, unless its key is removed. */
    @Test
    void token_ofAClockThatGoesBack_isValidAgainUntilItsKeyIsRemoved() {
        String token = tokens.issue(PLANNER, "billing", MINUTE);
        world.pass(MINUTE.plus(SKEW));
        assertThat(refusal(token, "billing")).isEqualTo(Refusal.EXPIRED);

        world.now.set(NOON);

        assertThat(refusal(token, "billing")).isNull();
        world.ring.remove("domain");
        assertThat(refusal(token, "billing")).isEqualTo(Refusal.UNKNOWN_KEY);
    }

    @Test
    void token_asAMessage_isMalformed() {
        byte[] token = Base64.getUrlDecoder().decode(tokens.issue(PLANNER, "billing", MINUTE));
        byte[] message = ((SignedMessage) world.signed().payload()).toBytes();

        assertThat(refusal(Base64.getUrlEncoder().withoutPadding().encodeToString(message), "billing"))
                .isEqualTo(Refusal.MALFORMED);
        assertThat(org.assertj.core.api.Assertions.catchThrowableOfType(
                                RefusedException.class, () -> SignedMessage.parse(token))
                        .refusal())
                .isEqualTo(Refusal.MALFORMED);
        assertThat(new String(token, StandardCharsets.ISO_8859_1)).contains("flotilla token 1");
    }

    @Test
    void token_ofAKeyThatIsAnothers_isRefused() {
        world.ring.add(KeyEntry.generateEd25519("own").ownedBy(PLANNER));
        KeyRing stolen = KeyRing.of(world.ring.find("own").key().ownedBy(MALLORY));
        String forged = AgentTokens.builder(stolen).clock(world.clock).build().issue(MALLORY, "billing", MINUTE);

        assertThat(refusal(forged, "billing")).isEqualTo(Refusal.WRONG_SENDER);
    }

    @Test
    void token_ofAKeyThatIsGone_isRefused() {
        String token = tokens.issue(PLANNER, "billing", Duration.ofHours(1));
        world.ring.rotate("domain", KeyEntry.hmac("domain-2", KeySource.random()));
        assertThat(refusal(token, "billing")).isNull();
        world.pass(KeyRing.DEFAULT_RETIREMENT_WINDOW);
        assertThat(refusal(token, "billing")).isEqualTo(Refusal.RETIRED_KEY);
        world.ring.remove("domain");
        assertThat(refusal(token, "billing")).isEqualTo(Refusal.UNKNOWN_KEY);
    }

    @Test
    void token_longerThanTheLongest_isRefused() {
        AgentTokens generous = AgentTokens.builder(world.ring)
                .clock(world.clock)
                .maxLifetime(Duration.ofDays(1))
                .build();
        String token = generous.issue(PLANNER, "billing", Duration.ofHours(2));

        assertThat(refusal(token, "billing")).isEqualTo(Refusal.LONG_LIVED);
        assertThat(generous.verify(token, "billing").subject()).isEqualTo(PLANNER);
        assertThatIllegalArgumentException()
                .isThrownBy(() ->
                        tokens.issue(PLANNER, "billing", Duration.ofHours(1).plusNanos(1)))
                .withMessage("duration must be at most PT1H, was PT1H0.000000001S");
    }

    @Test
    void arguments_outOfTheirBounds_areRefused() {
        assertThatIllegalArgumentException().isThrownBy(() -> tokens.issue(PLANNER, "", MINUTE));
        assertThatIllegalArgumentException().isThrownBy(() -> tokens.issue(PLANNER, "x".repeat(201), MINUTE));
        assertThatIllegalArgumentException().isThrownBy(() -> tokens.issue(PLANNER, "billing", Duration.ZERO));
        assertThatIllegalArgumentException().isThrownBy(() -> tokens.verify("x", ""));
        assertThatNullPointerException().isThrownBy(() -> tokens.verify(null, "billing"));
        assertThatNullPointerException().isThrownBy(() -> tokens.issue(null, "billing", MINUTE));
        assertThatIllegalArgumentException()
                .isThrownBy(() -> AgentTokens.builder(world.ring).maxSkew(Duration.ofDays(-1)));
        assertThatIllegalArgumentException()
                .isThrownBy(() -> AgentTokens.builder(world.ring).maxLifetime(Duration.ZERO));
        assertThatNullPointerException().isThrownBy(() -> AgentTokens.builder(null));
    }
}
