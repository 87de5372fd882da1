package io.flotilla.security;

/** A signed message whose signature, address and times have been found right; nothing of what its sender may do. */
record Checked(String envelopeId, SignedMessage message, KeyEntry key) {

    SignedMessage.Fields fields() {
        return message.fields();
    }

    /** For handlers: without the signature, the token and the delegation. */
    Verified verified() {
        SignedMessage.Fields fields = fields();
        return new Verified(
                envelopeId,
                message.keyId(),
                fields.edge(),
                fields.run(),
                fields.delegation().length > 0,
                message.isEncrypted());
    }
}
