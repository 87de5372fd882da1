package io.flotilla.message;

import io.flotilla.AgentId;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import org.jspecify.annotations.Nullable;

/** Who is linked with whom, and on which side of a partition. */
final class Links implements Router {

    private final Map<AgentId, Set<AgentId>> links = new ConcurrentHashMap<>();

    /** By id the number of its side, from 1; empty if there is no partition. Replaced as a whole. */
    private volatile Map<AgentId, Integer> sides = Map.of();

    synchronized boolean connect(AgentId one, AgentId other) {
        neighboursOf(other).add(one);
        return neighboursOf(one).add(other);
    }

    private Set<AgentId> neighboursOf(AgentId member) {
        return links.computeIfAbsent(member, any -> ConcurrentHashMap.newKeySet());
    }

    synchronized boolean disconnect(AgentId one, AgentId other) {
        boolean was = isConnected(one, other);
        if (was) {
            neighboursOf(one).remove(other);
            neighboursOf(other).remove(one);
        }
        return was;
    }

    boolean isConnected(AgentId one, AgentId other) {
        Set<AgentId> neighbours = links.get(one);
        return neighbours != null && neighbours.contains(other);
    }

    Set<AgentId> of(AgentId member) {
        return Set.copyOf(links.getOrDefault(member, Set.of()));
    }

    void partition(List<? extends Collection<AgentId>> apart) {
        Map<AgentId, Integer> numbered = new HashMap<>();
        int side = 0;
        for (Collection<AgentId> each : apart) {
            side++;
            for (AgentId member : each) {
                Integer before = numbered.put(Objects.requireNonNull(member, "member"), side);
                if (before != null && before != side) {
                    throw new IllegalArgumentException("a member must be on one side, " + member + " was on two");
                }
            }
        }
        sides = Map.copyOf(numbered);
    }

    void heal() {
        sides = Map.of();
    }

    private boolean isCut(AgentId one, AgentId other) {
        Map<AgentId, Integer> now = sides;
        return !now.isEmpty() && !now.getOrDefault(one, 0).equals(now.getOrDefault(other, 0));
    }

    @Override
    public DeadLetter.@Nullable Reason refusal(AgentId from, AgentId to) {
        if (!isConnected(from, to)) {
            return DeadLetter.Reason.NOT_CONNECTED;
        }
        return isCut(from, to) ? DeadLetter.Reason.PARTITIONED : null;
    }

    @Override
    public List<Member> neighbours(AgentId sender, Members members) {
        return members.some(
                of(sender).stream().filter(other -> !isCut(sender, other)).toList());
    }

    @Override
    public List<Member> subscribers(String topic, Members members) {
        return List.of();
    }

    @Override
    public synchronized void left(AgentId member) {
        Set<AgentId> neighbours = links.remove(member);
        if (neighbours != null) {
            neighbours.forEach(other -> links.getOrDefault(other, Set.of()).remove(member));
        }
    }
}
