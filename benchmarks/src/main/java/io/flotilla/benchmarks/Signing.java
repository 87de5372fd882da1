package io.flotilla.benchmarks;

import io.flotilla.AgentId;
import io.flotilla.message.Envelope;
import io.flotilla.security.KeyEntry;
import io.flotilla.security.KeyRing;
import io.flotilla.security.KeySource;
import io.flotilla.security.Signer;
import io.flotilla.security.Verifier;
import java.security.GeneralSecurityException;
import java.security.KeyPair;
import java.security.KeyPairGenerator;
import java.security.MessageDigest;
import java.security.Signature;
import java.time.Duration;
import java.util.concurrent.TimeUnit;
import javax.crypto.Mac;
import javax.crypto.spec.SecretKeySpec;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.Warmup;

/**
 * What does it cost to sign a message, and to verify one, beside the bare primitive of the JDK over as many bytes?
 *
 * <pre>mvn -q -Pbenchmarks -Djmh.args="Signing"</pre>
 *
 * <p>{@code sign} encodes the payload and what else is signed, and signs it. {@code verify} verifies a message that was
 * signed, and decodes its payload. {@code jdkSign} and {@code jdkVerify} do nothing but the primitive, over the signed
 * bytes of such a message; a {@code Mac} is set up once, a {@code Signature} each time, as it has to be.
 */
@State(Scope.Benchmark)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
@Warmup(iterations = 3, time = 1)
@Measurement(iterations = 4, time = 1)
@Fork(
        value = 1,
        jvmArgsAppend = {"-Xms1g", "-Xmx1g"})
@SuppressWarnings("NullAway.Init") // by JMH, and the set-up
public class Signing {

    private static final AgentId SENDER = AgentId.of("planner");
    private static final int CONTENT_BYTES = 300;

    /** How it is signed; {@code encrypted}: HMAC, and the payload encrypted. */
    @Param({"hmac", "encrypted", "ed25519"})
    String how;

    private final Envelope plain =
            Envelope.to("writer", "x".repeat(100)).from(SENDER).build();
    private Signer signer;
    private Verifier verifier;
    private Envelope signed;

    private boolean isMac;
    private Mac mac;
    private KeyPair pair;
    private final byte[] content = new byte[CONTENT_BYTES];
    private byte[] signature;

    @Setup
    public void keys() throws GeneralSecurityException {
        isMac = !how.equals("ed25519");
        KeyRing ring = KeyRing.of(
                isMac ? KeyEntry.hmac("key", KeySource.random()) : KeyEntry.generateEd25519("key"),
                KeyEntry.aes("payloads", KeySource.random()));
        Signer.Builder builder = Signer.builder(ring, SENDER).lifetime(Duration.ofHours(1));
        signer = (how.equals("encrypted") ? builder.encrypting() : builder).build();
        verifier = Verifier.builder(ring).maxLifetime(Duration.ofHours(1)).build();
        signed = signer.sign(plain);

        mac = Mac.getInstance("HmacSHA256");
        mac.init(new SecretKeySpec(new byte[32], "HmacSHA256"));
        pair = KeyPairGenerator.getInstance("Ed25519").generateKeyPair();
        signature = jdkSign();
    }

    @Benchmark
    public Envelope sign() {
        return signer.sign(plain);
    }

    @Benchmark
    public Envelope verify() {
        return verifier.verify(signed);
    }

    @Benchmark
    public byte[] jdkSign() throws GeneralSecurityException {
        if (isMac) {
            return mac.doFinal(content);
        }
        Signature by = Signature.getInstance("Ed25519");
        by.initSign(pair.getPrivate());
        by.update(content);
        return by.sign();
    }

    @Benchmark
    public boolean jdkVerify() throws GeneralSecurityException {
        if (isMac) {
            return MessageDigest.isEqual(mac.doFinal(content), signature);
        }
        Signature by = Signature.getInstance("Ed25519");
        by.initVerify(pair.getPublic());
        by.update(content);
        return by.verify(signature);
    }
}
