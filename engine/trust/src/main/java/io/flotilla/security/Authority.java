package io.flotilla.security;

import io.flotilla.AgentId;
import java.time.Instant;
import org.jspecify.annotations.Nullable;

/** Whether the sender of a verified message may use its edge: by its own capability, or by a chain of delegations. */
final class Authority {

    private final Verifier verifier;
    private final Capabilities capabilities;

    Authority(Verifier verifier, Capabilities capabilities) {
        this.verifier = verifier;
        this.capabilities = capabilities;
    }

    private static RefusedException denied(String what) {
        return new RefusedException(Refusal.UNAUTHORISED, what);
    }

    boolean permits(Edge edge, Instant now) {
        return capabilities.permits(edge, now);
    }

    void check(Checked verified, boolean isAnswer, Instant now) {
        SignedMessage.Fields fields = verified.fields();
        Delegation delegation = Delegation.read(fields.delegation());
        if (delegation == null) {
            if (!fields.edge().equals(fields.address())) {
                throw denied("it claims " + fields.edge() + ", and nobody has delegated it");
            }
            if (!isAnswer && !capabilities.permits(fields.edge(), now)) {
                throw denied("nobody has granted " + fields.edge());
            }
            return;
        }
        checkChain(delegation, fields, now);
    }

    private void checkChain(Delegation delegation, SignedMessage.Fields fields, Instant now) {
        Delegation.Link first = delegation.links().get(0);
        if (!first.edge().from().equals(first.delegator()) || !capabilities.permits(first.edge(), now)) {
            throw denied("nobody has granted " + first.edge() + ", which " + first.delegator() + " has delegated");
        }
        Delegation.Link before = null;
        for (Delegation.Link link : delegation.links()) {
            checkLink(before, link, now);
            before = link;
        }
        Edge claimed = fields.address().from(first.delegator());
        if (!delegation.delegate().equals(fields.address().from())
                || !fields.edge().equals(claimed)
                || !delegation.edge().covers(claimed)) {
            throw denied(delegation + " is not for " + fields.address());
        }
        String run = delegation.run();
        if (run != null && !run.equals(fields.run())) {
            throw denied(delegation + " is for another run");
        }
    }

    private void checkLink(Delegation.@Nullable Link before, Delegation.Link link, Instant now) {
        AgentId delegator = link.delegator();
        if (before != null && !before.covers(link)) {
            throw denied(delegator + " has delegated more than it has: " + link.edge());
        }
        KeyRing.Held held = verifier.ring.find(link.keyId());
        if (held == null
                || held.key().algorithm().signatureLength() != link.signature().length
                || link.signature().length == 0
                || !held.key()
                        .material()
                        .verifies(link.content(before == null ? new byte[0] : before.signature()), link.signature())) {
            throw denied("a delegation is not what " + delegator + " has signed");
        }
        verifier.checkOwner(held.key(), delegator);
        if (!verifier.ring.isBelieved(held, Bounds.instant(link.issuedAt()), now, verifier.maxSkew)) {
            throw denied("a delegation is signed with the retired key " + link.keyId());
        }
        long skew = verifier.maxSkew.toNanos();
        if (link.issuedAt() > Bounds.nanos(now) + skew || link.expiresAt() <= Bounds.nanos(now) - skew) {
            throw denied("the delegation of " + delegator + " is valid from " + Bounds.instant(link.issuedAt()) + " to "
                    + Bounds.instant(link.expiresAt()));
        }
    }
}
