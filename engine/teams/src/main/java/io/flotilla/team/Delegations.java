package io.flotilla.team;

import io.flotilla.AgentId;
import io.flotilla.message.Envelope;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** Which message went to whom, and from which it followed; the oldest are forgotten. Thread-safe. */
final class Delegations {

    /** Longer ways are not followed back. */
    private static final int MAX_PATH = 64;

    private record Step(AgentId at, @Nullable Step before, int length) {}

    private final int most;
    private final int allowed;

    /** By message and receiver. Guarded by this. */
    private final Map<String, Step> steps = new LinkedHashMap<>();

    Delegations(int most, int allowed) {
        this.most = most;
        this.allowed = allowed;
    }

    /** What the message closes to a circle; null for nothing. */
    synchronized AntiPattern.@Nullable CircularDelegation passing(Envelope envelope, AgentId receiver) {
        if (envelope.kind() == Envelope.Kind.REPLY) {
            return null;
        }
        Step before = envelope.causationId() == null ? null : steps.get(key(envelope.causationId(), envelope.sender()));
        if (before == null || before.length() >= MAX_PATH) {
            before = new Step(envelope.sender(), null, 1);
        }
        Step step = new Step(receiver, before, before.length() + 1);
        steps.put(key(envelope.id(), receiver), step);
        if (steps.size() > most) {
            steps.remove(steps.keySet().iterator().next());
        }
        int times = 0;
        List<AgentId> path = new ArrayList<>(List.of(receiver));
        for (Step at = before; at != null; at = at.before()) {
            path.add(at.at());
            times += at.at().equals(receiver) ? 1 : 0;
        }
        if (times <= allowed) {
            return null;
        }
        Collections.reverse(path);
        return new AntiPattern.CircularDelegation(path, envelope.correlationId(), times, allowed);
    }

    private static String key(String message, AgentId receiver) {
        return message + ' ' + receiver;
    }
}
