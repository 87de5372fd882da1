package io.flotilla.security;

import io.flotilla.AgentId;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * The right to use an edge, handed on by who has it: a chain of links, each signed by the one who hands on, each with at most
 * what the link before has. {@link Signer#delegate} makes them, and messages carry them. Immutable.
 *
 * <p>A chain is worth what its first agent may do at the moment of use: when that agent's capability is revoked or ends, so
 * are all delegations of it.
 *
 * @since 0.1
 */
public final class Delegation {

    /** The most links of a chain. */
    public static final int MAX_LINKS = 8;

    private static final String CHAIN = "flotilla delegation 1";
    private static final String LINK = "flotilla delegation link 1";

    /** One hand-over. What is signed has the signature of the link before in it, so links cannot be put together anew. */
    @SuppressWarnings("ArrayRecordComponent") // never compared, never leaves the package
    record Link(
            String keyId,
            AgentId delegator,
            AgentId delegate,
            Edge edge,
            @Nullable String run,
            long issuedAt,
            long expiresAt,
            int further,
            byte[] signature) {

        byte[] content(byte[] before) {
            CanonicalWriter to = new CanonicalWriter(LINK).bytes(before);
            to.text(keyId).text(delegator.toString()).text(delegate.toString());
            SignedMessage.write(to, edge);
            return to.optional(run)
                    .number(issuedAt)
                    .number(expiresAt)
                    .number(further)
                    .done();
        }

        Link signed(byte[] by) {
            return new Link(keyId, delegator, delegate, edge, run, issuedAt, expiresAt, further, by);
        }

        /** Whether the other one has at most what this one has. */
        boolean covers(Link other) {
            return delegate.equals(other.delegator)
                    && edge.covers(other.edge)
                    && (run == null || run.equals(other.run))
                    && other.issuedAt >= issuedAt
                    && other.expiresAt <= expiresAt
                    && other.further >= 0 // whoever made the link may have written any number into it
                    && other.further < further;
        }
    }

    private final List<Link> links;

    Delegation(List<Link> links) {
        this.links = List.copyOf(links);
    }

    static byte[] bytes(@Nullable Delegation delegation) {
        return delegation == null ? new byte[0] : delegation.toBytes();
    }

    /** Null for no bytes. */
    static @Nullable Delegation read(byte[] bytes) {
        return bytes.length == 0 ? null : parse(bytes);
    }

    /**
     * The delegation as bytes, for the delegate.
     *
     * @return a copy
     */
    public byte[] toBytes() {
        CanonicalWriter to = new CanonicalWriter(CHAIN).number(links.size());
        for (Link link : links) {
            to.text(link.keyId).text(link.delegator.toString()).text(link.delegate.toString());
            SignedMessage.write(to, link.edge);
            to.optional(link.run).number(link.issuedAt).number(link.expiresAt).number(link.further);
            to.bytes(link.signature);
        }
        return to.done();
    }

    /**
     * Reads a delegation from bytes. That it can be read says nothing: it is verified when it is used.
     *
     * @param bytes what {@link #toBytes()} has returned
     * @return the delegation
     * @throws NullPointerException if {@code bytes} is null
     * @throws RefusedException as {@link Refusal#MALFORMED} if it is anything else
     */
    public static Delegation parse(byte[] bytes) {
        CanonicalReader from = new CanonicalReader(Objects.requireNonNull(bytes, "bytes"), CHAIN);
        int size = from.number();
        if (size < 1 || size > MAX_LINKS) {
            throw CanonicalReader.malformed("a delegation must have 1 to " + MAX_LINKS + " links, had " + size);
        }
        List<Link> links = new ArrayList<>();
        for (int at = 0; at < size; at++) {
            links.add(new Link(
                    from.text(),
                    readAgent(from),
                    readAgent(from),
                    SignedMessage.readEdge(from),
                    from.optional(),
                    from.longNumber(),
                    from.longNumber(),
                    from.number(),
                    from.bytes()));
        }
        from.end();
        return new Delegation(links);
    }

    private static AgentId readAgent(CanonicalReader from) {
        try {
            return AgentId.of(from.text());
        } catch (IllegalArgumentException wrong) {
            throw CanonicalReader.malformed("it has an agent that is none");
        }
    }

    List<Link> links() {
        return links;
    }

    Link last() {
        return links.get(links.size() - 1);
    }

    /**
     * The edge that may be used. It begins at the agent that had the capability first.
     *
     * @return the last link's
     */
    public Edge edge() {
        return last().edge;
    }

    /**
     * Who may use it.
     *
     * @return the last link's delegate
     */
    public AgentId delegate() {
        return last().delegate;
    }

    /**
     * The only run in which it may be used.
     *
     * @return null for any
     */
    public @Nullable String run() {
        return last().run;
    }

    /**
     * Until when it may be used.
     *
     * @return the first instant at which it may not
     */
    public Instant expiresAt() {
        return Bounds.instant(last().expiresAt);
    }

    /**
     * How many more times it may be handed on.
     *
     * @return 0 if the delegate has to use it itself
     */
    public int further() {
        return last().further;
    }

    /** Edge, delegate and expiry; no signature. */
    @Override
    public String toString() {
        return edge() + " delegated to " + delegate() + " until " + expiresAt();
    }
}
