package io.flotilla.security;

import io.flotilla.AgentId;
import java.time.Duration;
import org.jspecify.annotations.Nullable;

/** Whether the sender of a verified message has shown a token of its own for this network; of a network that requires one. */
final class TokenGate {

    private final AgentTokens tokens;
    private final String audience;

    TokenGate(AgentTokens tokens, String audience) {
        this.tokens = tokens;
        this.audience = audience;
    }

    void check(Checked verified) {
        AgentId sender = verified.fields().address().from();
        String token = verified.fields().token();
        if (token == null) {
            throw new RefusedException(Refusal.NO_TOKEN, sender + " has shown no token for " + audience);
        }
        AgentId subject = subject(sender, token);
        if (!subject.equals(sender)) {
            throw invalid(sender, new RefusedException(Refusal.WRONG_SENDER, "it is of " + subject));
        }
    }

    private AgentId subject(AgentId sender, String token) {
        try {
            return tokens.verify(token, audience).subject();
        } catch (RefusedException refused) {
            throw invalid(sender, refused);
        }
    }

    private static RefusedException invalid(AgentId sender, @Nullable RefusedException why) {
        return new RefusedException(Refusal.INVALID_TOKEN, "that of " + sender + " is refused", why);
    }

    /** For what the network itself sends for a member. */
    Signer showing(Signer signer, Duration lifetime) {
        Duration longest = tokens.maxLifetime();
        Duration valid = lifetime.compareTo(longest) < 0 ? lifetime : longest;
        return signer.showing(tokens.issue(signer.sender(), audience, valid));
    }
}
