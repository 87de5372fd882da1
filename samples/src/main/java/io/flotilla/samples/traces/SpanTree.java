package io.flotilla.samples.traces;

import io.opentelemetry.api.common.AttributeKey;
import io.opentelemetry.sdk.trace.data.SpanData;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.stream.Collectors;

/** Spans as lines of text: each inside of its parent, with a number, when it started, how long it took, and what it is linked to. */
final class SpanTree {

    private static final Comparator<SpanData> ORDER =
            Comparator.comparingLong(SpanData::getStartEpochNanos).thenComparing(SpanTree::rank);

    private final Map<String, List<SpanData>> children = new HashMap<>();
    private final Map<String, Integer> numbers = new HashMap<>();
    private final List<Line> lines = new ArrayList<>();

    private record Line(int number, String text, SpanData span) {}

    SpanTree(List<SpanData> spans) {
        for (SpanData span : spans) {
            children.computeIfAbsent(span.getParentSpanId(), any -> new ArrayList<>())
                    .add(span);
        }
        children.values().forEach(siblings -> siblings.sort(ORDER));
        Map<String, SpanData> byId = spans.stream().collect(Collectors.toMap(SpanData::getSpanId, span -> span));
        spans.stream()
                .filter(span -> !byId.containsKey(span.getParentSpanId()))
                .sorted(ORDER)
                .forEach(root -> add(root, "", ""));
    }

    /** Of those that start together: the step that forks, the wait for the fork, then the branches by their paths. */
    private static String rank(SpanData span) {
        String kind = span.getName();
        int first = kind.endsWith(".step") ? 0 : kind.endsWith(".join") ? 1 : 2;
        return first + tag(span, "branch") + tag(span, "attempt");
    }

    private static String tag(SpanData span, String key) {
        return Objects.requireNonNullElse(span.getAttributes().get(AttributeKey.stringKey(key)), "");
    }

    private void add(SpanData span, String indent, String below) {
        numbers.put(span.getSpanId(), lines.size() + 1);
        lines.add(new Line(lines.size() + 1, indent + name(span), span));
        List<SpanData> inside = children.getOrDefault(span.getSpanId(), List.of()).stream()
                .filter(SpanTree::says)
                .toList();
        for (int at = 0; at < inside.size(); at++) {
            boolean last = at == inside.size() - 1;
            add(inside.get(at), below + (last ? "`- " : "|- "), below + (last ? "   " : "|  "));
        }
    }

    /** An attempt that is the only one says nothing that its step does not say. */
    private static boolean says(SpanData span) {
        return !(tag(span, "attempt").equals("1") && tag(span, "outcome").equals("succeeded"));
    }

    private static String name(SpanData span) {
        String name = span.getName().replace("flotilla.", "");
        String what = tag(span, "workflow") + tag(span, "agent");
        return switch (name) {
            case "attempt" -> name + ' ' + tag(span, "attempt");
            case "branch" -> name + ' ' + tag(span, "branch") + ' ' + what;
            case "join", "question" -> name;
            default -> name + ' ' + what;
        };
    }

    List<String> lines() {
        return lines.stream().map(this::text).toList();
    }

    private String text(Line line) {
        SpanData span = line.span();
        Duration start = VirtualTime.sinceBegin(span.getStartEpochNanos());
        Duration took = Duration.ofNanos(span.getEndEpochNanos() - span.getStartEpochNanos());
        String links = span.getLinks().stream()
                .map(link -> numbers.get(link.getSpanContext().getSpanId()))
                .sorted()
                .map(number -> "#" + number)
                .collect(Collectors.joining(" "));
        return String.format(
                        Locale.ROOT,
                        "%3s  %-34s %6s %6s  %-10s %s",
                        "#" + line.number(),
                        line.text(),
                        seconds(start),
                        seconds(took),
                        tag(span, "outcome"),
                        links.isEmpty() ? "" : "<- " + links)
                .stripTrailing();
    }

    private static String seconds(Duration time) {
        return String.format(Locale.ROOT, "%.1f s", time.toMillis() / 1_000.0);
    }
}
