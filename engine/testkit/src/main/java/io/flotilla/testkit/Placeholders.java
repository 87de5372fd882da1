package io.flotilla.testkit;

import io.flotilla.agent.StepState;
import io.flotilla.run.Arrival;
import io.flotilla.run.Outcome;
import io.flotilla.run.Turn;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/** Fills {@code $request}, {@code $joined}, {@code $answer}, {@code $signal}, {@code $carried} and {@code $state.KEY}. */
final class Placeholders {

    private static final Pattern PLACE =
            Pattern.compile("\\$(request|joined|answer|signal|carried|state\\.([A-Za-z0-9_-]+))");

    private Placeholders() {}

    static @Nullable Object fill(@Nullable Object value, Turn turn, StepState state) {
        if (value instanceof String text) {
            return fill(text, turn, state);
        }
        if (value instanceof List<?> list) {
            List<@Nullable Object> filled = new ArrayList<>(list.size());
            list.forEach(element -> filled.add(fill(element, turn, state)));
            return filled;
        }
        if (value instanceof Map<?, ?> map) {
            Map<Object, @Nullable Object> filled = new LinkedHashMap<>();
            map.forEach((key, element) -> filled.put(key, fill(element, turn, state)));
            return filled;
        }
        return value;
    }

    /** In one pass: what is filled in is not filled again. */
    static String fill(String text, Turn turn, StepState state) {
        return text.indexOf('$') < 0
                ? text
                : PLACE.matcher(text)
                        .replaceAll(
                                place -> Matcher.quoteReplacement(said(place.group(1), place.group(2), turn, state)));
    }

    private static String said(String place, @Nullable String key, Turn turn, StepState state) {
        if (key != null) {
            return said(state.get(key, Object.class));
        }
        return switch (place) {
            case "request" -> request(turn);
            case "joined" -> joined(turn);
            case "answer" -> said(turn.answer());
            case "signal" -> said(turn.signal());
            default -> said(turn.carried());
        };
    }

    private static String request(Turn turn) {
        return isRendezvous(turn) ? arrivals(turn) : said(turn.input());
    }

    private static String joined(Turn turn) {
        if (turn.outcomes().isEmpty() && isRendezvous(turn)) {
            return arrivals(turn);
        }
        return said(
                turn.outcomes().stream().filter(outcome -> !outcome.isFailure()).map(Outcome::value));
    }

    /** Whether the input is still what has arrived, and not that of an {@code again}. */
    private static boolean isRendezvous(Turn turn) {
        return !turn.arrivals().isEmpty();
    }

    private static String arrivals(Turn turn) {
        return said(turn.arrivals().stream().map(Arrival::value));
    }

    private static String said(Stream<? extends @Nullable Object> values) {
        return values.map(Placeholders::said).collect(Collectors.joining(","));
    }

    private static String said(@Nullable Object value) {
        return value == null ? "" : value.toString();
    }
}
