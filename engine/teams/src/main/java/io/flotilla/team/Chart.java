package io.flotilla.team;

import io.flotilla.AgentId;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/** Who is whose manager: a forest. Thread-safe. */
final class Chart {

    /** The manager of each member, null for none. Guarded by this. */
    private final Map<AgentId, @Nullable AgentId> managers = new LinkedHashMap<>();

    synchronized boolean contains(AgentId member) {
        return managers.containsKey(member);
    }

    /** False if the manager is no member, or below the member. */
    synchronized boolean put(AgentId member, @Nullable AgentId manager) {
        AgentId above = manager;
        while (above != null) {
            if (above.equals(member) || !managers.containsKey(above)) {
                return false;
            }
            above = managers.get(above);
        }
        managers.put(member, manager);
        return true;
    }

    /** Its workers have no manager then. */
    synchronized void remove(AgentId member) {
        managers.remove(member);
        workersOf(member).forEach(worker -> managers.put(worker, null));
    }

    synchronized @Nullable AgentId managerOf(AgentId member) {
        return managers.get(member);
    }

    synchronized List<AgentId> workersOf(AgentId member) {
        return withManager(member);
    }

    /** Those of the same manager; those without one are colleagues of each other. */
    synchronized List<AgentId> colleaguesOf(AgentId member) {
        if (!managers.containsKey(member)) {
            return List.of();
        }
        List<AgentId> colleagues = withManager(managers.get(member));
        colleagues.remove(member);
        return colleagues;
    }

    private List<AgentId> withManager(@Nullable AgentId manager) {
        List<AgentId> found = new ArrayList<>();
        managers.forEach((each, its) -> {
            if (Objects.equals(its, manager)) {
                found.add(each);
            }
        });
        return found;
    }
}
