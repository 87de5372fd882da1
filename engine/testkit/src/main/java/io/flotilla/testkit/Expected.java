package io.flotilla.testkit;

import io.flotilla.run.RunFailure;
import io.flotilla.run.RunResult;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * What must come of a scenario. What is null or empty is not looked at; {@code arrivals}, {@code joined} and {@code
 * corrections} are by agent.
 */
record Expected(
        RunResult.@Nullable Status status,
        @Nullable List<@Nullable Object> answers,
        @Nullable List<@Nullable Object> answersAnyOrder,
        @Nullable Failure failure,
        @Nullable Long steps,
        @Nullable Duration took,
        Map<String, Long> branches,
        Map<String, List<Joined>> joined,
        Map<String, List<@Nullable Object>> arrivals,
        Map<String, Long> corrections,
        @Nullable List<@Nullable Object> compensated,
        @Nullable List<@Nullable Object> uncompensated,
        @Nullable Map<String, @Nullable Object> state) {

    private static final Set<String> KEYS = Keys.of(
            "status",
            "answers",
            "answersAnyOrder",
            "failure",
            "steps",
            "took",
            "branches",
            "joined",
            "arrivals",
            "corrections",
            "compensated",
            "uncompensated",
            "state");
    private static final Set<String> FAILURE_KEYS = Keys.of("kind", "mentions");
    private static final Set<String> OUTCOME_KEYS = Keys.of("failed", "timedOut");

    static final String MOVED_ON = "movedOn";

    /** How the kinds of branches are written, and the name each has here. */
    private static final Map<String, String> BRANCHES = branchNames();

    private static final Map<String, RunFailure.Kind> FAILURES = Map.ofEntries(
            Map.entry("StepFailed", RunFailure.Kind.STEP_FAILED),
            Map.entry("InvalidDecision", RunFailure.Kind.INVALID_DECISION),
            Map.entry("JoinShortfall", RunFailure.Kind.JOIN_SHORTFALL),
            Map.entry("LimitExceeded", RunFailure.Kind.LIMIT_EXCEEDED),
            Map.entry("NoAnswer", RunFailure.Kind.NO_ANSWER),
            Map.entry("QuestionExpired", RunFailure.Kind.QUESTION_EXPIRED),
            Map.entry("Cancelled", RunFailure.Kind.CANCELLED),
            Map.entry("SignalTimeout", RunFailure.Kind.SIGNAL_TIMEOUT),
            Map.entry("JoinPredicateFailed", RunFailure.Kind.JOIN_PREDICATE_FAILED),
            Map.entry("StateRejected", RunFailure.Kind.STATE_REJECTED),
            Map.entry("StateMergeFailed", RunFailure.Kind.STATE_MERGE_FAILED));

    static final Expected NOTHING =
            new Expected(null, null, null, null, null, null, Map.of(), Map.of(), Map.of(), Map.of(), null, null, null);

    record Failure(RunFailure.@Nullable Kind kind, List<String> mentions) {}

    /** An outcome: of three, one is meant. */
    record Joined(
            String agent,
            @Nullable Object value,
            @Nullable String failed,
            @Nullable Duration timedOut) {}

    private static Map<String, String> branchNames() {
        Map<String, String> names = new LinkedHashMap<>();
        for (String kind : List.of("answered", "failed", MOVED_ON, "cancelled")) {
            names.put(kind, kind);
        }
        names.put("moved_on", MOVED_ON);
        names.put("moved on", MOVED_ON);
        return names;
    }

    /** As it is written in scenarios. */
    static String name(RunFailure.Kind kind) {
        return FAILURES.entrySet().stream()
                .filter(entry -> entry.getValue() == kind)
                .map(Map.Entry::getKey)
                .findFirst()
                .orElseThrow();
    }

    static Expected read(Json json) {
        json.object(KEYS);
        return new Expected(
                json.find("status", Expected::status),
                json.find("answers", Expected::values),
                json.find("answersAnyOrder", Expected::values),
                json.find("failure", Expected::failure),
                json.find("steps", Json::integer),
                json.find("took", Json::duration),
                json.has("branches") ? branches(json.get("branches")) : Map.of(),
                byAgent(json, "joined", outcomes -> outcomes.list(Expected::joined)),
                byAgent(json, "arrivals", Expected::values),
                byAgent(json, "corrections", Json::integer),
                json.find("compensated", Expected::values),
                json.find("uncompensated", Expected::values),
                json.find("state", state -> state.map(value -> Values.plain(value.value()))));
    }

    private static <T> Map<String, T> byAgent(Json json, String key, Function<Json, T> read) {
        Map<String, T> found = json.find(key, map -> map.map(read));
        return found == null ? Map.of() : found;
    }

    private static RunResult.Status status(Json json) {
        for (RunResult.Status status : RunResult.Status.values()) {
            if (status.name().equals(json.text())) {
                return status;
            }
        }
        throw json.wrong("must be SUCCEEDED, FAILED or CANCELLED, is " + json);
    }

    private static List<@Nullable Object> values(Json json) {
        List<@Nullable Object> values = new ArrayList<>();
        for (Json value : json.list()) {
            values.add(Values.plain(value.value()));
        }
        return values;
    }

    private static Failure failure(Json json) {
        json.object(FAILURE_KEYS);
        List<String> mentions = json.find("mentions", strings -> strings.list(Json::text));
        return new Failure(json.find("kind", Expected::kind), mentions == null ? List.of() : mentions);
    }

    private static RunFailure.Kind kind(Json json) {
        RunFailure.Kind kind = FAILURES.get(json.text());
        if (kind == null) {
            throw json.wrong(
                    "must be one of " + FAILURES.keySet().stream().sorted().toList() + ", is " + json);
        }
        return kind;
    }

    private static Map<String, Long> branches(Json json) {
        json.object(BRANCHES.keySet());
        Map<String, Long> branches = new LinkedHashMap<>();
        json.map(Json::integer).forEach((written, count) -> {
            if (branches.put(BRANCHES.get(written), count) != null) {
                throw json.wrong(MOVED_ON + " is given twice");
            }
        });
        return branches;
    }

    private static Joined joined(Json json) {
        List<Json> pair = json.pair("agent", "outcome");
        String agent = pair.get(0).text();
        Json outcome = pair.get(1);
        if (!outcome.isObject()) {
            return new Joined(agent, Values.plain(outcome.value()), null, null);
        }
        outcome.object(OUTCOME_KEYS);
        if (outcome.keys().size() != 1) {
            throw outcome.wrong("an outcome is either failed or timedOut, is " + outcome);
        }
        return new Joined(agent, null, outcome.find("failed", Json::text), outcome.find("timedOut", Json::duration));
    }
}
