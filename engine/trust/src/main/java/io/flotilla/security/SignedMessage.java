package io.flotilla.security;

import io.flotilla.AgentId;
import io.flotilla.message.Envelope;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.Collections;
import java.util.HexFormat;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Objects;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * What stands in the payload's place in a signed envelope: the payload as bytes, plain or encrypted, whatever else is signed,
 * and the signature. A {@link Signer} makes them, and a {@link Verifier} reads them; they can travel as bytes.
 *
 * <p>Signed are the key's id and algorithm, sender, recipient or topic, run, edge, nonce, issued-at, expiry, the ids of the
 * conversation and of the message it follows from, headers, delegation, token and payload, each with its length before it. Not
 * signed are what networks change on the way: the envelope's own id, its kind, hops, deadline and trace.
 *
 * <p>Immutable. Nothing of it is believed before it has been verified.
 *
 * @since 0.1
 */
public final class SignedMessage {

    /** The length of a nonce. */
    static final int NONCE_BYTES = 16;

    private static final String MAGIC = "flotilla message 1";

    /** What is signed, as it is. */
    @SuppressWarnings("ArrayRecordComponent") // never compared, never leaves the package
    record Fields(
            String keyId,
            int algorithm,
            Edge address,
            @Nullable String run,
            Edge edge,
            byte[] nonce,
            long issuedAt,
            long expiresAt,
            String correlationId,
            @Nullable String causationId,
            Map<String, String> headers,
            byte[] delegation,
            @Nullable String token,
            @Nullable String encryptionKeyId,
            byte[] payload) {

        byte[] content() {
            CanonicalWriter to = context().bytes(payload);
            return to.done();
        }

        /** Key and edge: a token is worth something to whoever reads it. */
        @Override
        public String toString() {
            return "signed by " + keyId + ", " + edge;
        }

        /** All but the payload: what an encrypted payload is bound to. */
        CanonicalWriter context() {
            CanonicalWriter to = new CanonicalWriter(MAGIC).text(keyId).number(algorithm);
            write(to, address);
            to.optional(run);
            write(to, edge);
            to.bytes(nonce)
                    .number(issuedAt)
                    .number(expiresAt)
                    .text(correlationId)
                    .optional(causationId);
            to.number(headers.size());
            new TreeMap<>(headers).forEach((key, value) -> to.text(key).text(value));
            return to.bytes(delegation).optional(token).optional(encryptionKeyId);
        }
    }

    static void write(CanonicalWriter to, Edge edge) {
        to.text(edge.from().toString()).number(edge.kind().ordinal()).text(edge.target());
    }

    static Edge readEdge(CanonicalReader from) {
        String sender = from.text();
        int kind = from.number();
        String target = from.text();
        if (kind < 0 || kind >= Edge.Kind.values().length) {
            throw CanonicalReader.malformed("it has an unknown kind of edge");
        }
        try {
            Edge edge = new Edge(AgentId.of(sender), Edge.Kind.values()[kind], target);
            if (edge.target().equals(target)) {
                return edge;
            }
        } catch (IllegalArgumentException wrong) {
            // what it says may be anything
        }
        throw CanonicalReader.malformed("it has an edge that is none");
    }

    private final Fields fields;
    private final byte[] content;
    private final byte[] signature;

    SignedMessage(Fields fields, byte[] content, byte[] signature) {
        this.fields = fields;
        this.content = content;
        this.signature = signature;
    }

    /**
     * Reads a message from bytes. That it can be read says nothing: a {@link Verifier} has to verify it.
     *
     * @param bytes what {@link #toBytes()} has returned
     * @return the message
     * @throws NullPointerException if {@code bytes} is null
     * @throws RefusedException as {@link Refusal#MALFORMED} if it is anything else
     */
    public static SignedMessage parse(byte[] bytes) {
        CanonicalReader outer = new CanonicalReader(Objects.requireNonNull(bytes, "bytes"), MAGIC);
        byte[] content = outer.bytes();
        byte[] signature = outer.bytes();
        outer.end();
        return new SignedMessage(read(content), content, signature);
    }

    private static Fields read(byte[] content) {
        CanonicalReader from = new CanonicalReader(content, MAGIC);
        Fields fields = new Fields(
                from.text(),
                from.number(),
                readEdge(from),
                from.optional(),
                readEdge(from),
                from.bytes(),
                from.longNumber(),
                from.longNumber(),
                from.text(),
                from.optional(),
                readHeaders(from),
                from.bytes(),
                from.optional(),
                from.optional(),
                from.bytes());
        from.end();
        if (fields.nonce().length != NONCE_BYTES) {
            throw CanonicalReader.malformed("its nonce has " + fields.nonce().length + " bytes");
        }
        return fields;
    }

    /** In order, and each key once: the same headers have one form. */
    private static Map<String, String> readHeaders(CanonicalReader from) {
        int size = from.number();
        Map<String, String> headers = new LinkedHashMap<>();
        String last = null;
        for (int at = 0; at < size; at++) {
            String key = from.text();
            if (last != null && last.compareTo(key) >= 0) {
                throw CanonicalReader.malformed("its headers are in disorder");
            }
            last = key;
            headers.put(key, from.text());
        }
        if (size < 0) {
            throw CanonicalReader.malformed("it is torn");
        }
        return Collections.unmodifiableMap(headers);
    }

    /**
     * The message as bytes, to be sent elsewhere.
     *
     * @return a copy
     */
    public byte[] toBytes() {
        return new CanonicalWriter(MAGIC).bytes(content).bytes(signature).done();
    }

    /**
     * An envelope around a message that came as bytes. Its address, sender, headers and ids of the conversation are those that
     * are signed.
     *
     * @return a builder for what else there is to be said: the envelope's own id, hops, deadline, trace
     * @throws RefusedException as {@link Refusal#MALFORMED} if they are none
     */
    public Envelope.Builder toEnvelope() {
        Edge address = fields.address();
        try {
            Envelope.Builder envelope = switch (address.kind()) {
                case AGENT -> Envelope.to(address.target(), this);
                case TOPIC -> Envelope.onTopic(address.target(), this);
                case ALL -> Envelope.toAll(this);
            };
            envelope.from(address.from()).headers(fields.headers()).correlationId(fields.correlationId());
            String causationId = fields.causationId();
            return causationId == null ? envelope : envelope.causationId(causationId);
        } catch (IllegalArgumentException wrong) {
            throw CanonicalReader.malformed("its address, an id or a header is none");
        }
    }

    Fields fields() {
        return fields;
    }

    byte[] content() {
        return content;
    }

    byte[] signature() {
        return signature;
    }

    /**
     * Which key is said to have signed it.
     *
     * @return the id of the key
     */
    public String keyId() {
        return fields.keyId();
    }

    /**
     * When it is said to have been signed.
     *
     * @return by the sender's clock
     */
    public Instant issuedAt() {
        return Bounds.instant(fields.issuedAt());
    }

    /**
     * Until when it is said to be valid.
     *
     * @return the first instant at which it is not, by the sender's clock
     */
    public Instant expiresAt() {
        return Bounds.instant(fields.expiresAt());
    }

    /**
     * Whether its payload is encrypted.
     *
     * @return false if whoever has it can read it
     */
    public boolean isEncrypted() {
        return fields.encryptionKeyId() != null;
    }

    /**
     * What tells it from all other messages of its key.
     *
     * @return 32 hexadecimal digits
     */
    public String nonce() {
        return HexFormat.of().formatHex(fields.nonce());
    }

    /**
     * Its size.
     *
     * @return the number of bytes of {@link #toBytes()}
     */
    public int size() {
        return 3 * Integer.BYTES + MAGIC.getBytes(StandardCharsets.US_ASCII).length + content.length + signature.length;
    }

    /** Key, edge and size; neither payload nor signature. */
    @Override
    public String toString() {
        return "message signed by " + fields.keyId() + ", " + fields.edge() + ", " + size() + " B";
    }
}
