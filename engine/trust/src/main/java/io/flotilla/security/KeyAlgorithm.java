package io.flotilla.security;

/**
 * What a key is for. Each key id stands for one algorithm: a message cannot choose another.
 *
 * @since 0.1
 */
public enum KeyAlgorithm {
    /** Signs within a trust domain: whoever can verify can sign as well. A secret of 32 bytes or more. */
    HMAC_SHA256(1, 32),
    /** Signs across trust domains: who verifies has the public key alone. */
    ED25519(2, 64),
    /** Encrypts payloads. A secret of 32 bytes. */
    AES_256_GCM(3, 0);

    private final int code;
    private final int signatureLength;

    KeyAlgorithm(int code, int signatureLength) {
        this.code = code;
        this.signatureLength = signatureLength;
    }

    /** Its number inside what is signed. */
    int code() {
        return code;
    }

    /** In bytes; 0 if it does not sign. */
    int signatureLength() {
        return signatureLength;
    }
}
