package io.flotilla.security;

import java.security.GeneralSecurityException;
import java.security.KeyFactory;
import java.security.PrivateKey;
import java.security.PublicKey;
import java.security.Signature;
import java.security.spec.PKCS8EncodedKeySpec;
import java.security.spec.X509EncodedKeySpec;
import org.jspecify.annotations.Nullable;

/** A public key, and the private one if it is ours. */
final class Ed25519Key implements KeyMaterial {

    private static final String NAME = "Ed25519";
    private static final byte[] PROBE = {1, 2, 3};

    private final @Nullable PrivateKey privateKey;
    private final PublicKey publicKey;

    Ed25519Key(@Nullable PrivateKey privateKey, PublicKey publicKey) throws GeneralSecurityException {
        this.privateKey = privateKey;
        this.publicKey = publicKey;
        byte[] probe = sign(PROBE);
        if (probe != null && !verifies(PROBE, probe)) {
            throw new GeneralSecurityException("the public key is not that of the private key");
        }
    }

    /** From the encodings of PKCS #8 and X.509. */
    static Ed25519Key of(byte @Nullable [] pkcs8, byte[] x509) throws GeneralSecurityException {
        KeyFactory factory = KeyFactory.getInstance(NAME);
        PrivateKey own = pkcs8 == null ? null : factory.generatePrivate(new PKCS8EncodedKeySpec(pkcs8));
        return new Ed25519Key(own, factory.generatePublic(new X509EncodedKeySpec(x509)));
    }

    @Override
    public boolean signs() {
        return privateKey != null;
    }

    @Override
    public byte @Nullable [] sign(byte[] content) {
        if (privateKey == null) {
            return null;
        }
        try {
            Signature signature = Signature.getInstance(NAME);
            signature.initSign(privateKey);
            signature.update(content);
            return signature.sign();
        } catch (GeneralSecurityException never) {
            throw new IllegalStateException("the JDK's Ed25519 signs", never);
        }
    }

    @Override
    public boolean verifies(byte[] content, byte[] signed) {
        try {
            Signature signature = Signature.getInstance(NAME);
            signature.initVerify(publicKey);
            signature.update(content);
            return signature.verify(signed);
        } catch (GeneralSecurityException malformed) {
            return false;
        }
    }

    @Override
    public String toString() {
        return privateKey == null ? "Ed25519Key, public" : "Ed25519Key";
    }
}
