package io.flotilla.security;

import io.flotilla.AgentId;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * The keys of a ring as they are between two changes, so that a message costs no search among them. Immutable.
 *
 * @param held all of them, by id, in the order of adding
 * @param owners the agents with a key for signatures of their own
 * @param signing the newest key of an agent's own that signs
 * @param shared the newest key of nobody in particular that signs
 */
record RingKeys(
        Map<String, KeyRing.Held> held,
        Set<AgentId> owners,
        Map<AgentId, KeyEntry> signing,
        @Nullable KeyEntry shared) {

    static RingKeys of(Map<String, KeyRing.Held> held) {
        Set<AgentId> owners = new HashSet<>();
        Map<AgentId, KeyEntry> signing = new HashMap<>();
        KeyEntry shared = null;
        for (KeyRing.Held each : held.values()) {
            KeyEntry key = each.key();
            AgentId owner = key.owner();
            if (owner != null && key.algorithm().signatureLength() > 0) {
                owners.add(owner);
            }
            if (each.retiredAt() == null && key.signs()) {
                if (owner == null) {
                    shared = key;
                } else {
                    signing.put(owner, key);
                }
            }
        }
        return new RingKeys(held, owners, signing, shared);
    }

    KeyEntry signing(AgentId sender) {
        KeyEntry own = signing.get(sender);
        if (own != null) {
            return own;
        }
        if (owners.contains(sender)) {
            throw new KeyUnavailableException("of " + sender, "its own keys are public ones or retired");
        }
        if (shared == null) {
            throw new KeyUnavailableException("of " + sender, "no key of the ring signs for it");
        }
        return shared;
    }
}
