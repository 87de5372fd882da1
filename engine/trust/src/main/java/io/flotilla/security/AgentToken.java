package io.flotilla.security;

import io.flotilla.AgentId;
import java.time.Instant;
import java.util.Objects;

/**
 * What a token says, once {@link AgentTokens} has verified it. Immutable.
 *
 * @param id tells it from all other tokens
 * @param subject the agent that it is of
 * @param audience whom it is for: a service, a trust domain
 * @param issuedAt from when on it is valid
 * @param expiresAt the first instant at which it is not
 * @param keyId the key that has signed it
 * @since 0.1
 */
public record AgentToken(
        String id, AgentId subject, String audience, Instant issuedAt, Instant expiresAt, String keyId) {

    /**
     * Checks for nulls.
     *
     * @param id tells it from all other tokens
     * @param subject the agent that it is of
     * @param audience whom it is for
     * @param issuedAt from when on it is valid
     * @param expiresAt the first instant at which it is not
     * @param keyId the key that has signed it
     * @throws NullPointerException if a component is null
     */
    public AgentToken {
        Objects.requireNonNull(id, "id");
        Objects.requireNonNull(subject, "subject");
        Objects.requireNonNull(audience, "audience");
        Objects.requireNonNull(issuedAt, "issuedAt");
        Objects.requireNonNull(expiresAt, "expiresAt");
        Objects.requireNonNull(keyId, "keyId");
    }
}
