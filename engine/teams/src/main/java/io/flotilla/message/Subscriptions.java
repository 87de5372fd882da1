package io.flotilla.message;

import io.flotilla.AgentId;
import java.util.Collection;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import org.jspecify.annotations.Nullable;

/**
 * Who is subscribed to what. The receivers of a topic are worked out once and kept until a subscription changes, so
 * publishing costs nothing for subscriptions that do not match.
 */
final class Subscriptions implements Router {

    private static final int MAX_KEPT = 1_000;

    // Guarded by this.
    private final Map<AgentId, Map<String, TopicPattern>> byMember = new HashMap<>();
    private final Map<String, Set<AgentId>> exact = new HashMap<>();
    private final Map<AgentId, Collection<TopicPattern>> wild = new HashMap<>();

    /** By topic. Replaced after each change: what was worked out before it is not found any more. */
    private volatile Map<String, List<Member>> receivers = new ConcurrentHashMap<>();

    synchronized boolean add(AgentId member, TopicPattern pattern) {
        Map<String, TopicPattern> own = byMember.computeIfAbsent(member, any -> new LinkedHashMap<>());
        if (own.putIfAbsent(pattern.toString(), pattern) != null) {
            return false;
        }
        changed(member, pattern, true);
        return true;
    }

    synchronized boolean remove(AgentId member, TopicPattern pattern) {
        Map<String, TopicPattern> own = byMember.get(member);
        if (own == null || own.remove(pattern.toString()) == null) {
            return false;
        }
        changed(member, pattern, false);
        return true;
    }

    private void changed(AgentId member, TopicPattern pattern, boolean isAdded) {
        if (pattern.isExact()) {
            Set<AgentId> subscribed = exact.computeIfAbsent(pattern.toString(), any -> new LinkedHashSet<>());
            if (isAdded) {
                subscribed.add(member);
            } else {
                subscribed.remove(member);
                exact.computeIfPresent(pattern.toString(), (any, left) -> left.isEmpty() ? null : left);
            }
        } else {
            List<TopicPattern> patterns = byMember.getOrDefault(member, Map.of()).values().stream()
                    .filter(each -> !each.isExact())
                    .toList();
            if (patterns.isEmpty()) {
                wild.remove(member);
            } else {
                wild.put(member, patterns);
            }
        }
        receivers = new ConcurrentHashMap<>();
    }

    synchronized List<String> of(AgentId member) {
        return List.copyOf(byMember.getOrDefault(member, Map.of()).keySet());
    }

    @Override
    public DeadLetter.@Nullable Reason refusal(AgentId from, AgentId to) {
        return null;
    }

    @Override
    public List<Member> neighbours(AgentId sender, Members members) {
        return members.all().stream()
                .filter(member -> !member.id().equals(sender))
                .toList();
    }

    @Override
    public List<Member> subscribers(String topic, Members members) {
        Map<String, List<Member>> known = receivers;
        List<Member> found = known.get(topic);
        if (found == null) {
            found = List.copyOf(members.some(matching(topic)));
            if (known.size() < MAX_KEPT) {
                known.put(topic, found);
            }
        }
        return found;
    }

    private synchronized Set<AgentId> matching(String topic) {
        Set<AgentId> matching = new LinkedHashSet<>(exact.getOrDefault(topic, Set.of()));
        wild.forEach((member, patterns) -> {
            if (patterns.stream().anyMatch(pattern -> pattern.matches(topic))) {
                matching.add(member);
            }
        });
        return matching;
    }

    @Override
    public synchronized void left(AgentId member) {
        Map<String, TopicPattern> own = byMember.remove(member);
        if (own != null) {
            own.values().forEach(pattern -> changed(member, pattern, false));
        }
    }
}
