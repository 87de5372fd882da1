package io.flotilla.team;

import io.flotilla.AgentId;
import io.flotilla.message.MailboxStats;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/** How many messages wait for whom, from interval to interval. Of one thread at a time. */
final class Backlogs {

    private record Growth(int from, int queued, int intervals) {}

    private final int allowed;
    private final int minQueued;
    private final double seconds;
    private final int most;
    private Map<AgentId, Growth> growths = new HashMap<>();

    Backlogs(int allowed, int minQueued, double seconds, int most) {
        this.allowed = allowed;
        this.minQueued = minQueued;
        this.seconds = seconds;
        this.most = most;
    }

    /** Those that have grown for too long. */
    List<AntiPattern.GrowingBacklog> look(Map<AgentId, MailboxStats> mailboxes) {
        List<AntiPattern.GrowingBacklog> found = new ArrayList<>();
        Map<AgentId, Growth> next = new HashMap<>();
        mailboxes.forEach((agent, stats) -> {
            if (next.size() >= most) {
                return;
            }
            int queued = stats.queued();
            Growth before = growths.get(agent);
            Growth growth = before != null && queued > before.queued()
                    ? new Growth(before.from(), queued, before.intervals() + 1)
                    : new Growth(queued, queued, 0);
            next.put(agent, growth);
            if (growth.intervals() > allowed && queued >= minQueued) {
                double rate = (queued - growth.from()) / (growth.intervals() * seconds);
                found.add(new AntiPattern.GrowingBacklog(agent, queued, growth.intervals(), rate, allowed));
            }
        });
        growths = next;
        return found;
    }
}
