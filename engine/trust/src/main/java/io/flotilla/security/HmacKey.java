package io.flotilla.security;

import java.security.GeneralSecurityException;
import java.security.MessageDigest;
import javax.crypto.Mac;
import javax.crypto.spec.SecretKeySpec;

/**
 * A shared secret. One {@link Mac} is set up once and copied for each use: a look-up of the algorithm and the key's own two
 * blocks are spared.
 */
final class HmacKey implements KeyMaterial {

    private static final String NAME = "HmacSHA256";
    private final Mac prototype;

    HmacKey(byte[] secret) throws GeneralSecurityException {
        this.prototype = Mac.getInstance(NAME);
        prototype.init(new SecretKeySpec(secret, NAME));
        prototype.update(new byte[0]);
    }

    byte[] mac(byte[]... parts) {
        Mac mac = copy();
        for (byte[] part : parts) {
            mac.update(part);
        }
        return mac.doFinal();
    }

    /** Of two texts after each other, of which the second ends before its bytes do. */
    byte[] mac(byte[] head, byte[] tail, int tailLength) {
        Mac mac = copy();
        mac.update(head);
        mac.update(tail, 0, tailLength);
        return mac.doFinal();
    }

    private Mac copy() {
        try {
            return (Mac) prototype.clone();
        } catch (CloneNotSupportedException never) {
            throw new IllegalStateException("the JDK's HmacSHA256 can be copied", never);
        }
    }

    @Override
    public boolean signs() {
        return true;
    }

    @Override
    public byte[] sign(byte[] content) {
        return mac(content);
    }

    @Override
    public boolean verifies(byte[] content, byte[] signature) {
        return MessageDigest.isEqual(mac(content), signature);
    }

    @Override
    public byte[] derive(byte[] purpose) {
        return mac(purpose);
    }

    @Override
    public String toString() {
        return "HmacKey";
    }
}
