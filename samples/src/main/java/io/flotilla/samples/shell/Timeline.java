package io.flotilla.samples.shell;

import io.flotilla.run.BranchPath;
import io.flotilla.run.RunEvent;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.function.Function;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * Draws the branches of a run as text: a line a branch, in lineage order, with time from left to right. Of many branches
 * that began at the same agent only the first, the slowest and those that did not make it have a line, and it says how
 * many others there are.
 */
public final class Timeline {

    private static final int WIDTH = 50;
    private static final int MAX_NAME = 46;

    /** So many branches of one agent all have a line. */
    private static final int CROWD = 8;

    /** How many of a crowd are the first, and the slowest. */
    private static final int FEW = 3;

    private static final String LEGEND =
            "= step  . waits  ( forks  ) joins  / hands off  * meets  o in time  ! late  x failed  c cancelled";

    private final List<Lane> lanes;
    private final Lane.Scale scale;
    private final Function<? super BranchPath, String> names;

    private Timeline(List<Lane> lanes, Lane.Scale scale, Function<? super BranchPath, String> names) {
        this.lanes = lanes;
        this.scale = scale;
        this.names = names;
    }

    /**
     * Takes all events of a run.
     *
     * @param names what else is known of a branch, such as the file it is about; empty for nothing
     */
    public static Timeline of(List<RunEvent> events, Function<? super BranchPath, String> names) {
        Instant startedAtOrAfter =
                events.isEmpty() ? Instant.EPOCH : events.get(0).at();
        Instant to = events.isEmpty()
                ? startedAtOrAfter
                : events.get(events.size() - 1).at();
        Map<BranchPath, Lane> lanes = new LinkedHashMap<>();
        for (RunEvent event : events) {
            BranchPath branch = event.branch();
            if (event instanceof RunEvent.BranchStarted started) {
                lanes.put(started.branch(), new Lane(started, to));
            } else if (branch != null && lanes.get(branch) != null) {
                lanes.get(branch).add(event);
            }
        }
        List<Lane> sorted = new ArrayList<>(lanes.values());
        sorted.sort(Comparator.comparing(Lane::path));
        return new Timeline(sorted, new Lane.Scale(startedAtOrAfter, to, WIDTH), names);
    }

    /**
     * The picture.
     *
     * @param most how many lines there are at most for the branches of an agent that failed; as many for the late, and for
     *     the cancelled
     */
    public String draw(int most) {
        Map<String, List<Lane>> byAgent =
                lanes.stream().collect(Collectors.groupingBy(Lane::agent, LinkedHashMap::new, Collectors.toList()));
        Set<Lane> shown = new HashSet<>();
        Map<Lane, String> below = new HashMap<>();
        byAgent.forEach((agent, all) -> choose(agent, all, most, shown, below));
        int nameWidth =
                shown.stream().mapToInt(lane -> name(lane).length()).max().orElse(0);
        StringBuilder text = new StringBuilder();
        String to = Duration.between(scale.startedAtOrAfter(), scale.to()).toMillis() + " ms";
        line(text, nameWidth, "branch", String.format(Locale.ROOT, "0 ms%" + (WIDTH - 4) + "s", to), null);
        for (Lane lane : lanes) {
            if (shown.contains(lane)) {
                line(text, nameWidth, name(lane), lane.bar(scale), lane.words());
            }
            String more = below.get(lane);
            if (more != null) {
                text.append("  ").append(more).append('\n');
            }
        }
        return text.append(LEGEND).append('\n').toString();
    }

    private static void line(StringBuilder text, int nameWidth, String name, String bar, @Nullable String words) {
        text.append(String.format(Locale.ROOT, "%-" + Math.max(nameWidth, 6) + "s  ", name));
        text.append(words == null ? bar : bar + "  " + words).append('\n');
    }

    private String name(Lane lane) {
        String name = names.apply(lane.path());
        String all = lane.path() + " " + lane.agents() + (name.isEmpty() ? "" : " " + Output.oneLine(name));
        return all.length() <= MAX_NAME
                ? all
                : lane.path() + " ..."
                        + all.substring(
                                all.length() - MAX_NAME + lane.path().toString().length() + 4);
    }

    private static void choose(String agent, List<Lane> all, int most, Set<Lane> shown, Map<Lane, String> below) {
        if (all.size() <= CROWD) {
            shown.addAll(all);
            return;
        }
        Map<Lane.Fate, List<Lane>> byFate =
                all.stream().collect(Collectors.groupingBy(Lane::fate, TreeMap::new, Collectors.toList()));
        Map<Lane.Fate, Integer> hidden = new TreeMap<>();
        byFate.forEach((fate, lanes) -> {
            List<Lane> chosen =
                    fate == Lane.Fate.IN_TIME ? firstAndSlowest(lanes) : lanes.subList(0, Math.min(most, lanes.size()));
            shown.addAll(chosen);
            if (lanes.size() > chosen.size()) {
                hidden.put(fate, lanes.size() - chosen.size());
            }
        });
        if (!hidden.isEmpty()) {
            below.put(
                    all.get(all.size() - 1),
                    "and of " + agent + " "
                            + hidden.entrySet().stream()
                                    .map(count -> count.getValue() + " more " + count.getKey())
                                    .collect(Collectors.joining(", ")));
        }
    }

    private static List<Lane> firstAndSlowest(List<Lane> lanes) {
        Set<Lane> chosen = new HashSet<>(lanes.subList(0, Math.min(FEW, lanes.size())));
        lanes.stream()
                .sorted(Comparator.comparing(Lane::duration).reversed())
                .limit(FEW)
                .forEach(chosen::add);
        return List.copyOf(chosen);
    }
}
