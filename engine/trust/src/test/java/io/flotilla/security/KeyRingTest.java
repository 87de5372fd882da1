package io.flotilla.security;

import static io.flotilla.security.World.MALLORY;
import static io.flotilla.security.World.NOON;
import static io.flotilla.security.World.PLANNER;
import static io.flotilla.security.World.secret;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatNullPointerException;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.flotilla.message.Envelope;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.KeyPair;
import java.security.KeyPairGenerator;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class KeyRingTest {

    private final World world = new World();

    // --- keys

    /** Else everybody who has the shared key could be that agent. */
    @Test
    void sharedKey_ofAnAgentWithItsOwn_isNotBelieved() {
        Envelope shared = world.signed();
        world.ring.add(KeyEntry.generateEd25519("own").ownedBy(PLANNER));
        Verifier verifier = world.verifier().build();

        assertThatThrownBy(() -> verifier.verify(shared))
                .hasMessage("WRONG_SENDER: planner has a key of its own, and it is not domain");
        assertThat(verifier.verify(world.signed()).payload()).isEqualTo("a title");

        world.ring.retire("own");
        assertThatThrownBy(() -> verifier.verify(shared)).as("nor now").hasMessageStartingWith("WRONG_SENDER");
        assertThatThrownBy(world::signed)
                .hasMessage("key of planner cannot be had: its own keys are public ones or retired");
        world.ring.remove("own");
        assertThat(verifier.verify(world.signed()).payload())
                .as("by the shared key again")
                .isEqualTo("a title");
    }

    /** It has a key of its own elsewhere, and here is what verifies it. */
    @Test
    void sharedKey_ofAnAgentWithAPublicKey_neitherSignsNorIsBelieved() throws Exception {
        Envelope shared = world.signed();
        KeyPair pair = KeyPairGenerator.getInstance("Ed25519").generateKeyPair();
        world.ring.add(
                KeyEntry.ed25519Public("its", pair.getPublic()::getEncoded).ownedBy(PLANNER));

        assertThatThrownBy(() -> world.verifier().build().verify(shared)).hasMessageStartingWith("WRONG_SENDER");
        assertThatThrownBy(world::signed).isInstanceOf(KeyUnavailableException.class);
        assertThat(world.ring.signing(MALLORY).id()).isEqualTo("domain");
    }

    /** A key that encrypts says nothing about who speaks. */
    @Test
    void sharedKey_ofAnAgentWithAKeyThatEncrypts_speaksForIt() {
        world.ring.add(KeyEntry.aes("its", secret(3)).ownedBy(PLANNER));

        assertThat(world.verifier().build().verify(world.signed()).payload()).isEqualTo("a title");
    }

    @Test
    void ownKey_rotated_isBelievedAndTheSharedOneIsNot() {
        Envelope shared = world.signed();
        world.ring.add(KeyEntry.generateEd25519("own-1").ownedBy(PLANNER));
        Envelope before = world.signed();
        world.ring.rotate("own-1", KeyEntry.generateEd25519("own-2").ownedBy(PLANNER));
        Verifier verifier = world.verifier().build();

        assertThat(verifier.verify(before).payload()).isEqualTo("a title");
        assertThat(verifier.verify(world.signed()).payload()).isEqualTo("a title");
        assertThatThrownBy(() -> verifier.verify(shared)).hasMessageStartingWith("WRONG_SENDER");
    }

    @Test
    void key_fromAFile_isThatOfItsText(@TempDir Path folder) throws Exception {
        Path file = Files.writeString(
                folder.resolve("key"),
                Base64.getMimeEncoder().encodeToString(secret(1).load()) + "\n");

        world.ring.remove("domain");
        world.ring.add(KeyEntry.hmac("domain", KeySource.file(file)));

        assertThat(world.verifier().build().verify(new World().signed()).payload())
                .isEqualTo("a title");
        assertThat(file).exists();
    }

    @Test
    void keys_asPem_areRead() throws Exception {
        KeyPair pair = KeyPairGenerator.getInstance("Ed25519").generateKeyPair();
        String hidden = pem("PRIVATE KEY", pair.getPrivate().getEncoded());
        String shown = pem("PUBLIC KEY", pair.getPublic().getEncoded());

        KeyEntry both = KeyEntry.ed25519("pair", KeySource.base64(hidden), KeySource.base64(shown));
        KeyEntry half = KeyEntry.ed25519Public("half", KeySource.base64(shown));

        assertThat(both.signs()).isTrue();
        assertThat(half.signs()).isFalse();
        byte[] content = {1, 2, 3};
        assertThat(half.material().verifies(content, both.material().sign(content)))
                .isTrue();
        assertThat(half.material().sign(content)).isNull();
    }

    private static String pem(String what, byte[] der) {
        return "-----BEGIN " + what + "-----\n" + Base64.getMimeEncoder().encodeToString(der) + "\n-----END " + what
                + "-----\n";
    }

    @Test
    void key_ofTheEnvironment_isRead() {
        String path = System.getenv("PATH");
        assertThat(path).isNotNull();

        assertThatThrownBy(() -> KeyEntry.hmac("k", KeySource.environment("PATH")))
                .isInstanceOf(KeyUnavailableException.class)
                .hasMessageNotContaining(path)
                .hasNoCause();
        assertThatThrownBy(() -> KeyEntry.hmac("k", KeySource.environment("FLOTILLA_NOT_SET")))
                .isInstanceOf(KeyUnavailableException.class)
                .hasMessage("key k cannot be had: the environment variable FLOTILLA_NOT_SET is not set");
    }

    @Test
    void source_thatFails_isNamedByItsClassAlone(@TempDir Path folder) {
        assertThatThrownBy(() -> KeyEntry.aes("k", () -> {
                    throw new IOException("canary");
                }))
                .hasMessage("key k cannot be had: its source failed with java.io.IOException")
                .hasNoCause();
        assertThatThrownBy(() -> KeyEntry.aes("k", () -> {
                    throw new StackOverflowError("canary");
                }))
                .isInstanceOf(KeyUnavailableException.class)
                .hasMessageNotContaining("canary");
        assertThatThrownBy(() -> KeyEntry.hmac("k", () -> null))
                .hasMessage("key k cannot be had: its source returned null");
        assertThatThrownBy(() -> KeyEntry.hmac("k", KeySource.file(folder.resolve("none"))))
                .hasMessage("key k cannot be had: the file " + folder.resolve("none")
                        + " cannot be read, java.nio.file.NoSuchFileException")
                .isInstanceOfSatisfying(
                        KeyUnavailableException.class,
                        missing -> assertThat(missing.keyId()).isEqualTo("k"));
        assertThatThrownBy(() -> KeyEntry.hmac("k", KeySource.base64("not base64!")))
                .isInstanceOf(KeyUnavailableException.class)
                .hasMessageNotContaining("base64!");
        assertThatThrownBy(() -> KeyEntry.ed25519Public("k", KeySource.random()))
                .hasMessage("key k cannot be had: its bytes are not those of such a key");
    }

    /** Else the ring would have no key left to sign with, and say so at the next message. */
    @Test
    void rotate_toAKeyForSomethingElse_isRefusedAndNothingIsRetired() {
        KeyRing ring = KeyRing.of(KeyEntry.hmac("signs", secret(1)), KeyEntry.aes("encrypts", secret(2)));

        assertThatIllegalArgumentException()
                .isThrownBy(() -> ring.rotate("signs", KeyEntry.aes("next", secret(3))))
                .withMessage("key next, AES_256_GCM is not for what key signs, HMAC_SHA256 is for");
        assertThatIllegalArgumentException()
                .isThrownBy(() -> ring.rotate("encrypts", KeyEntry.hmac("next", secret(3))));

        assertThat(ring.signing(PLANNER).id()).isEqualTo("signs");
        ring.rotate("signs", KeyEntry.generateEd25519("next"));
        assertThat(ring.signing(PLANNER).id()).isEqualTo("next");
    }

    @Test
    void key_tooShort_isRefused() {
        assertThatThrownBy(() -> KeyEntry.hmac("k", () -> new byte[31]))
                .hasMessage("key k cannot be had: an HMAC key must have 32 bytes or more, had 31");
        assertThat(KeyEntry.hmac("k", World.secret(1)).signs()).isTrue();
        assertThatThrownBy(() -> KeyEntry.aes("k", () -> new byte[31])).isInstanceOf(KeyUnavailableException.class);
        assertThatThrownBy(() -> KeyEntry.aes("k", () -> new byte[33])).isInstanceOf(KeyUnavailableException.class);
    }

    @Test
    void keyBytes_afterTheKeyIsMade_areZeros() {
        byte[] bytes = new byte[32];
        bytes[7] = 7;

        KeyEntry.hmac("k", () -> bytes);

        assertThat(bytes).containsOnly(0);
    }

    /** A vault that returns the array that it keeps: the second key would be one that everybody knows. */
    @Test
    void keyBytes_ofAnArrayThatAKeyWasMadeOf_areRefused() {
        byte[] kept = new byte[32];
        kept[31] = 1;
        KeySource vault = () -> kept;

        assertThat(KeyEntry.hmac("first", vault).signs()).isTrue();
        assertThatThrownBy(() -> KeyEntry.hmac("second", vault))
                .isInstanceOf(KeyUnavailableException.class)
                .hasMessageStartingWith("key second cannot be had: its bytes are zeros");
        assertThatThrownBy(() -> KeyEntry.aes("third", vault)).isInstanceOf(KeyUnavailableException.class);
    }

    @Test
    void key_ofAFileWithoutAnEnd_isRefused() {
        Path endless = Path.of("/dev/zero");
        assumeTrue(Files.exists(endless));

        assertThatThrownBy(() -> KeyEntry.hmac("k", KeySource.file(endless)))
                .hasMessage("key k cannot be had: the file /dev/zero is too long for a key");
    }

    @Test
    void pair_ofTwoPairs_isRefused() throws Exception {
        KeyPair one = KeyPairGenerator.getInstance("Ed25519").generateKeyPair();
        KeyPair other = KeyPairGenerator.getInstance("Ed25519").generateKeyPair();

        assertThatThrownBy(() -> KeyEntry.ed25519("k", one.getPrivate()::getEncoded, other.getPublic()::getEncoded))
                .isInstanceOf(KeyUnavailableException.class);
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "a b", "é", "a\n"})
    void keyId_outOfItsBounds_isRefused(String id) {
        assertThatIllegalArgumentException().isThrownBy(() -> KeyEntry.hmac(id, KeySource.random()));
        assertThatIllegalArgumentException().isThrownBy(() -> KeyEntry.generateEd25519("k".repeat(65)));
    }

    // --- the ring

    @Test
    void ring_twoKeysOfOneId_isRefused() {
        assertThatIllegalArgumentException()
                .isThrownBy(() -> world.ring.add(KeyEntry.hmac("domain", KeySource.random())))
                .withMessage("there is a key of this id: domain");
        assertThat(world.verifier().build().verify(world.signed()).payload()).isEqualTo("a title");
    }

    @Test
    void ring_bad_isRefused() {
        assertThatNullPointerException().isThrownBy(() -> world.ring.add(null));
        assertThatThrownBy(() -> world.ring.retire("none")).isInstanceOf(KeyUnavailableException.class);
        assertThatThrownBy(() -> world.ring.rotate("none", KeyEntry.generateEd25519("new")))
                .isInstanceOf(KeyUnavailableException.class);
        assertThat(world.ring.keys()).extracting(KeyEntry::id).containsExactly("domain", "payloads");
        assertThatIllegalArgumentException()
                .isThrownBy(() -> KeyRing.builder().retirementWindow(Duration.ofMillis(-1)));
        assertThat(world.ring.remove("none")).isFalse();
    }

    @Test
    void signing_withSeveralKeys_takesTheNewestOfTheAgentItself() {
        assertThat(world.ring.signing(PLANNER).id()).isEqualTo("domain");
        world.ring.add(KeyEntry.generateEd25519("own-1").ownedBy(PLANNER));
        world.ring.add(KeyEntry.generateEd25519("own-2").ownedBy(PLANNER));
        world.ring.add(KeyEntry.hmac("domain-2", KeySource.random()));

        assertThat(world.ring.signing(PLANNER).id()).isEqualTo("own-2");
        assertThat(world.ring.signing(MALLORY).id()).isEqualTo("domain-2");
        world.ring.retire("own-2");
        assertThat(world.ring.signing(PLANNER).id()).isEqualTo("own-1");
        world.ring.remove("own-1");
        assertThatThrownBy(() -> world.ring.signing(PLANNER))
                .as("own-2 is retired")
                .isInstanceOf(KeyUnavailableException.class);
        world.ring.remove("own-2");
        assertThat(world.ring.signing(PLANNER).id()).isEqualTo("domain-2");
    }

    @Test
    void signing_withoutAKey_isAnError() {
        KeyRing empty = KeyRing.of(KeyEntry.generateEd25519("own").ownedBy(PLANNER));

        assertThatThrownBy(() -> empty.signing(MALLORY))
                .hasMessage("key of mallory cannot be had: no key of the ring signs for it");
        assertThatThrownBy(() -> empty.current(KeyAlgorithm.AES_256_GCM)).isInstanceOf(KeyUnavailableException.class);
    }

    @Test
    void rotate_newMessages_areSignedByTheNewKeyAndOldOnesBelieved() {
        var before = world.signed();
        world.ring.rotate("domain", KeyEntry.hmac("domain-2", KeySource.random()));
        var after = world.signed();

        assertThat(((SignedMessage) after.payload()).keyId()).isEqualTo("domain-2");
        assertThat(world.verifier().build().verify(before).payload()).isEqualTo("a title");
        assertThat(world.verifier().build().verify(after).payload()).isEqualTo("a title");
        assertThat(world.ring.retiredAt("domain")).isEqualTo(NOON);
        assertThat(world.ring.retiredAt("domain-2")).isNull();
        assertThat(world.ring.retire("domain")).isFalse();
    }

    /** Four threads sign and verify while the key is exchanged 200 times: each message is believed, and by a key of the ring. */
    @Test
    void rotate_underLoad_refusesNothing() throws Exception {
        KeyRing ring = KeyRing.of(KeyEntry.hmac("k0", KeySource.random()), KeyEntry.aes("a0", KeySource.random()));
        Verifier verifier = Verifier.builder(ring).requireEncryption().build();
        Signer signer = Signer.builder(ring, PLANNER).encrypting().build();
        AtomicBoolean isOver = new AtomicBoolean();
        Set<String> keys = ConcurrentHashMap.newKeySet();
        ExecutorService threads = Executors.newFixedThreadPool(4);
        try {
            List<Future<Integer>> all = new ArrayList<>();
            for (int each = 0; each < 4; each++) {
                all.add(threads.submit(() -> {
                    int count = 0;
                    while (!isOver.get()) {
                        Envelope message = signer.sign(World.plan("title " + count));
                        Envelope opened = verifier.verify(message);
                        assertThat(opened.payload()).isEqualTo("title " + count);
                        keys.add(((SignedMessage) message.payload()).keyId());
                        count++;
                    }
                    return count;
                }));
            }
            for (int number = 1; number <= 200; number++) {
                int seen = keys.size();
                ring.rotate("k" + (number - 1), KeyEntry.hmac("k" + number, KeySource.random()));
                ring.rotate("a" + (number - 1), KeyEntry.aes("a" + number, KeySource.random()));
                long deadline = System.nanoTime() + Duration.ofSeconds(1).toNanos();
                while (keys.size() == seen && System.nanoTime() < deadline) {
                    Thread.onSpinWait();
                }
            }
            isOver.set(true);
            for (Future<Integer> each : all) {
                assertThat(each.get(20, TimeUnit.SECONDS)).isPositive();
            }
        } finally {
            isOver.set(true);
            threads.shutdownNow();
        }
        assertThat(keys).as("the new keys are used at once").hasSizeGreaterThan(20);
        assertThat(ring.keys()).hasSize(402);
    }

    /** A clock that goes back brings back what has ended by time alone; what is removed is gone whatever the clock says. */
    @Test
    void clock_goingBack_bringsBackWhatWasRetiredAndNotWhatWasRemoved() {
        Verifier verifier = world.verifier().build();
        Envelope before = world.signed();
        world.ring.rotate("domain", KeyEntry.hmac("domain-2", KeySource.random()));
        world.pass(KeyRing.DEFAULT_RETIREMENT_WINDOW);
        assertThatThrownBy(() -> verifier.verify(before)).hasMessageStartingWith("RETIRED_KEY");
        Envelope later = world.signed();

        world.now.set(NOON);

        assertThat(verifier.verify(before).payload()).isEqualTo("a title");
        assertThatThrownBy(() -> verifier.verify(later))
                .as("it was issued later than now")
                .hasMessageStartingWith("EARLY");
        world.ring.remove("domain");
        assertThatThrownBy(() -> verifier.verify(before)).hasMessageStartingWith("UNKNOWN_KEY");
    }

    /** 1 ns below, at, and above. */
    @Test
    void retirementWindow_isTheTimeFromRetirementOn() {
        world.ring.retire("domain");
        KeyRing.Held held = world.ring.find("domain");
        Instant end = NOON.plus(KeyRing.DEFAULT_RETIREMENT_WINDOW);

        assertThat(world.ring.isBelieved(held, NOON, end.minusNanos(1), World.SKEW))
                .isTrue();
        assertThat(world.ring.isBelieved(held, NOON, end, World.SKEW)).isFalse();
        assertThat(world.ring.isBelieved(held, NOON.plus(World.SKEW), NOON, World.SKEW))
                .isTrue();
        assertThat(world.ring.isBelieved(held, NOON.plus(World.SKEW).plusNanos(1), NOON, World.SKEW))
                .as("a key that is retired signs nothing")
                .isFalse();
        KeyRing other = KeyRing.builder()
                .clock(world.clock)
                .retirementWindow(Duration.ZERO)
                .build();
        other.add(KeyEntry.hmac("k", KeySource.random()));
        other.retire("k");
        assertThat(other.isBelieved(other.find("k"), NOON, NOON, World.SKEW)).isFalse();
    }
}
