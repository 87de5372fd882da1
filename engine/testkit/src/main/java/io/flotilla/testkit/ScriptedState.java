package io.flotilla.testkit;

import io.flotilla.agent.StepState;
import io.flotilla.run.Turn;
import java.math.BigDecimal;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.BinaryOperator;
import org.jspecify.annotations.Nullable;

/** What a scripted agent writes into its run's state, and the merges that scenarios have. */
final class ScriptedState {

    private static final Set<String> MERGES = Keys.of("append", "sum");

    private ScriptedState() {}

    /** Writes of a turn, each filled in and done in the turn. */
    interface Writes {

        Writes NONE = (turn, state) -> {};

        void write(Turn turn, StepState state);

        default Writes then(Writes next) {
            return (turn, state) -> {
                write(turn, state);
                next.write(turn, state);
            };
        }
    }

    static Writes put(String key, Object value) {
        StepState.checkKey(key);
        return (turn, state) -> state.put(key, filled(value, turn, state));
    }

    static Writes merge(String key, Object update) {
        StepState.checkKey(key);
        return (turn, state) -> state.merge(key, filled(update, turn, state));
    }

    static Writes remove(String key) {
        StepState.checkKey(key);
        return (turn, state) -> state.remove(key);
    }

    private static Object filled(Object value, Turn turn, StepState state) {
        Object filled = Placeholders.fill(value, turn, state);
        return filled == null ? value : filled; // what is not null stays so
    }

    // --- as a scenario has it

    static Map<String, Object> values(Json json) {
        Map<String, Object> values = new LinkedHashMap<>();
        json.map(Json::value).forEach((key, value) -> {
            if (value == null) {
                throw json.wrong("the state has no nulls, here is one of " + key);
            }
            values.put(key, value);
        });
        return values;
    }

    static String merge(Json json) {
        if (!MERGES.contains(json.text())) {
            throw json.wrong("must be one of " + MERGES + ", is " + json);
        }
        return json.text();
    }

    static boolean isSum(String merge) {
        return merge.equals("sum");
    }

    static BinaryOperator<List<?>> appending() {
        return (one, other) -> {
            List<@Nullable Object> all = new ArrayList<>(one);
            all.addAll(other);
            return all;
        };
    }

    static Number sum(Number one, Number other) {
        return new BigDecimal(one.toString()).add(new BigDecimal(other.toString()));
    }
}
