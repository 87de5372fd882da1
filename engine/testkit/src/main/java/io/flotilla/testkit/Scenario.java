package io.flotilla.testkit;

import io.flotilla.Experimental;
import io.flotilla.run.Join;
import io.flotilla.run.Limits;
import io.flotilla.run.Outcome;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.function.Function;

/**
 * A run described in a file: a topology, the turns of each agent, and the expected outcome. The module's {@code
 * README.md} describes the format. Immutable; a scenario may be run any number of times, see {@link ScenarioRunner}.
 *
 * @since 0.1
 */
@Experimental
public final class Scenario {

    private static final Set<String> KEYS = Keys.of(
            "name",
            "about",
            "topology",
            "join",
            "joinAt",
            "limits",
            "exclusive",
            "compensate",
            "mergeState",
            "task",
            "agents",
            "outside",
            "expect");
    private static final Set<String> JOIN_KEYS = Keys.of("require", "within", "shortfall", "stragglers");
    private static final Set<String> LIMIT_KEYS = Keys.of("steps", "time", "branches", "depth");
    private static final String RATIO = "ratio:";
    private static final String AT_LEAST = "atLeast:";
    private static final String WHEN = "when:";

    private final String name;
    private final String about;
    final List<String> topology;
    final Join join;
    final Map<String, Join> joinAt;
    final Limits limits;
    final List<List<String>> exclusive;
    final Map<String, String> compensate;
    final Map<String, String> mergeState;
    final Object task;
    final Map<String, Script> agents;
    final List<Outside> outside;
    final Expected expected;

    private Scenario(String defaultName, Json json) {
        json.object(KEYS);
        this.name = json.has("name") ? json.get("name").text() : defaultName;
        this.about = json.has("about") ? json.get("about").text() : "";
        this.topology = json.get("topology").list(Json::text);
        this.join = json.has("join") ? join(json.get("join")) : Join.all();
        this.joinAt = json.has("joinAt") ? json.get("joinAt").map(Scenario::join) : Map.of();
        this.limits = json.has("limits") ? limits(json.get("limits")) : Limits.none();
        this.exclusive =
                json.has("exclusive") ? json.get("exclusive").list(group -> group.list(Json::text)) : List.of();
        this.compensate = json.has("compensate") ? json.get("compensate").map(Scenario::compensation) : Map.of();
        this.mergeState = json.has("mergeState") ? json.get("mergeState").map(ScriptedState::merge) : Map.of();
        this.task = task(json.get("task"));
        this.agents = json.get("agents").map(Script::read);
        this.outside = json.has("outside") ? json.get("outside").list(Outside::read) : List.of();
        this.expected = json.has("expect") ? Expected.read(json.get("expect")) : Expected.NOTHING;
    }

    /**
     * Reads a scenario.
     *
     * @param name the name to use if the text has none
     * @param json the text
     * @return the scenario
     * @throws NullPointerException if an argument is null
     * @throws InvalidScenarioException if the text is not JSON, or a part of it is missing, of the wrong type, out of
     *     bounds or unknown
     */
    public static Scenario parse(String name, String json) {
        return new Scenario(Objects.requireNonNull(name, "name"), Json.parse(json));
    }

    /**
     * Reads a file.
     *
     * @param file a scenario in UTF-8; its default name is that of the file without the extension
     * @return the scenario
     * @throws NullPointerException if {@code file} is null
     * @throws IOException if the file cannot be read
     * @throws InvalidScenarioException if it is not a scenario, see {@link #parse}
     */
    public static Scenario read(Path file) throws IOException {
        return parse(nameOf(file), Files.readString(file, StandardCharsets.UTF_8));
    }

    static String nameOf(Path file) {
        String name = String.valueOf(file.getFileName());
        return name.endsWith(".json") ? name.substring(0, name.length() - ".json".length()) : name;
    }

    /**
     * The name of the scenario.
     *
     * @return its name
     */
    public String name() {
        return name;
    }

    /**
     * The purpose of the scenario.
     *
     * @return a sentence; empty if none was given
     */
    public String about() {
        return about;
    }

    /** The agents with their scripts, those without one too; a new set at every call. */
    Map<String, ScriptedAgent> agents(List<String> ofTopology) {
        Map<String, ScriptedAgent> made = new LinkedHashMap<>();
        ofTopology.forEach(
                agent -> made.put(agent, agents.getOrDefault(agent, Script.NONE).agent(agent)));
        return made;
    }

    /** What it fails with; empty if it does not. */
    private static String compensation(Json json) {
        if (json.isObject()) {
            json.object(Keys.of("fail"));
            return json.get("fail").text();
        }
        json.isTrue();
        return "";
    }

    private static Object task(Json json) {
        Object task = json.value();
        if (task == null) {
            throw json.wrong("must not be null");
        }
        return task;
    }

    private static Join join(Json json) {
        json.object(JOIN_KEYS);
        Join required = json.has("require") ? required(json.get("require")) : Join.all();
        Join within = json.has("within") ? within(required, json.get("within")) : required;
        Join or = json.has("shortfall") && isFirst(json.get("shortfall"), "proceed", "fail")
                ? within.orProceed()
                : within;
        return json.has("stragglers") && isFirst(json.get("stragglers"), "keep", "cancel") ? or.keepStragglers() : or;
    }

    private static Join within(Join join, Json json) {
        return json.checked(() -> join.within(json.duration()));
    }

    /** Whether it is the first of two words. */
    private static boolean isFirst(Json json, String first, String second) {
        String text = json.text();
        if (!text.equals(first) && !text.equals(second)) {
            throw json.wrong("must be " + second + " or " + first + ", is " + json);
        }
        return text.equals(first);
    }

    private static Join required(Json json) {
        String text = json.text();
        if (text.startsWith(RATIO)) {
            double ratio = number(json, text.substring(RATIO.length()), Double::parseDouble);
            return json.checked(() -> Join.ratio(ratio));
        }
        if (text.startsWith(AT_LEAST)) {
            int count = number(json, text.substring(AT_LEAST.length()), Integer::parseInt);
            return json.checked(() -> Join.atLeast(count));
        }
        if (text.startsWith(WHEN)) {
            return when(text.substring(WHEN.length()));
        }
        return switch (text) {
            case "all" -> Join.all();
            case "allSettled" -> Join.allSettled();
            case "firstSuccess" -> Join.firstSuccess();
            default ->
                throw json.wrong(
                        "must be all, allSettled, firstSuccess, ratio:R, atLeast:K, when:ANSWER or when:ANSWER|ANSWER, is "
                                + json);
        };
    }

    /** Met by the first answer that reads so; with a second one, unmet by the first that reads like that. */
    private static Join when(String answers) {
        int bar = answers.indexOf('|');
        String met = bar < 0 ? answers : answers.substring(0, bar);
        String unmet = bar < 0 ? null : answers.substring(bar + 1);
        return Join.when(soFar -> {
            for (Outcome outcome : soFar.outcomes()) {
                if (!outcome.isFailure() && met.equals(outcome.value())) {
                    return Join.Verdict.MET;
                }
                if (!outcome.isFailure()
                        && outcome.value() != null
                        && outcome.value().equals(unmet)) {
                    return Join.Verdict.UNMET;
                }
            }
            return Join.Verdict.OPEN;
        });
    }

    private static <T> T number(Json json, String text, Function<String, T> parse) {
        try {
            return parse.apply(text.strip());
        } catch (NumberFormatException notANumber) {
            throw json.wrong("must have a number behind the colon, is " + json);
        }
    }

    private static Limits limits(Json json) {
        json.object(LIMIT_KEYS);
        Limits.Chain limits = Limits.none();
        for (String key : json.keys()) {
            limits = limit(limits, key, json.get(key));
        }
        return limits;
    }

    private static Limits.Chain limit(Limits.Chain limits, String key, Json value) {
        return value.checked(() -> switch (key) {
            case "steps" -> limits.steps(value.integer());
            case "time" -> limits.time(value.duration());
            case "branches" -> limits.branches(value.integer());
            default -> limits.depth(value.small());
        });
    }

    /** The name, so that a parameterised test is called by it. */
    @Override
    public String toString() {
        return name;
    }
}
