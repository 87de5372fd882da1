package io.flotilla.testkit;

import io.flotilla.run.Await;
import io.flotilla.run.Invocation;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * What an agent of a scenario does.
 *
 * @param turns its turns, one after another
 * @param perBranch whether they are counted anew in every branch
 * @param otherwise its turn past the end; null for a failure
 * @param failEvery which steps of it fail; null for none
 */
record Script(
        List<ScriptedDecision> turns,
        boolean perBranch,
        @Nullable ScriptedDecision otherwise,
        @Nullable FailEvery failEvery) {

    private static final Set<String> KEYS = Keys.of("perBranch", "otherwise", "failEvery");
    private static final Set<String> TURN_KEYS = Keys.of(
            "answer",
            "handOff",
            "fanOut",
            "fanOutMany",
            "fail",
            "compensate",
            "throw",
            "hang",
            "ask",
            "repeat",
            "sleep",
            "await",
            "carry",
            "put",
            "merge",
            "remove",
            "after");
    private static final Set<String> BESIDES = Keys.of("after", "carry", "put", "merge", "remove");
    private static final Set<String> CARRYING = Keys.of("ask", "repeat", "sleep", "await");
    private static final Set<String> AWAIT_KEYS = Keys.of("signal", "timeout", "default");

    record FailEvery(int n, String reason) {}

    /** Of an agent the scenario says nothing of. */
    static final Script NONE = new Script(List.of(), false, null, null);

    static Script read(Json json) {
        if (json.isList()) {
            return new Script(json.list(Script::turn), false, null, null);
        }
        if (!json.isObject()) {
            throw json.wrong("must be a list of turns or an object, is " + json);
        }
        json.object(KEYS);
        List<ScriptedDecision> perBranch = json.find("perBranch", turns -> turns.list(Script::turn));
        return new Script(
                perBranch == null ? List.of() : perBranch,
                true,
                json.find("otherwise", Script::turn),
                json.find("failEvery", Script::failEvery));
    }

    private static FailEvery failEvery(Json json) {
        List<Json> pair = json.pair("n", "reason");
        int n = pair.get(0).small();
        if (n < 1) {
            throw pair.get(0).wrong("must be >= 1, was " + n);
        }
        return new FailEvery(n, pair.get(1).text());
    }

    private static ScriptedDecision turn(Json json) {
        json.object(TURN_KEYS);
        List<String> decisions =
                json.keys().stream().filter(key -> !BESIDES.contains(key)).toList();
        if (decisions.size() != 1) {
            throw json.wrong("a turn is one of " + TURN_KEYS + " and may have after; here are " + json.keys());
        }
        ScriptedDecision decision = play(decisions.get(0), json.get(decisions.get(0)));
        if (json.has("carry")) {
            if (!CARRYING.contains(decisions.get(0))) {
                throw json.wrong("only " + CARRYING + " carry, not " + decisions.get(0));
            }
            decision = decision.carrying(json.get("carry").value());
        }
        return delayed(writing(decision, json), json);
    }

    private static ScriptedDecision writing(ScriptedDecision decision, Json json) {
        ScriptedDecision writing = decision;
        for (String key : json.keys()) {
            writing = switch (key) {
                case "put" -> writing(writing, json.get(key), ScriptedDecision::putting);
                case "merge" -> writing(writing, json.get(key), ScriptedDecision::merging);
                case "remove" -> removing(writing, json.get(key));
                default -> writing;
            };
        }
        return writing;
    }

    /** One of the ways to write a key. */
    private interface Write {

        ScriptedDecision to(ScriptedDecision decision, String key, Object value);
    }

    private static ScriptedDecision writing(ScriptedDecision decision, Json json, Write write) {
        ScriptedDecision writing = decision;
        for (Map.Entry<String, Object> value : ScriptedState.values(json).entrySet()) {
            ScriptedDecision before = writing;
            writing = json.checked(() -> write.to(before, value.getKey(), value.getValue()));
        }
        return writing;
    }

    private static ScriptedDecision removing(ScriptedDecision decision, Json json) {
        ScriptedDecision removing = decision;
        for (String key : json.list(Json::text)) {
            ScriptedDecision before = removing;
            removing = json.checked(() -> before.removing(key));
        }
        return removing;
    }

    private static ScriptedDecision delayed(ScriptedDecision decision, Json json) {
        return json.has("after") ? after(decision, json.get("after")) : decision;
    }

    private static ScriptedDecision after(ScriptedDecision decision, Json json) {
        return json.checked(() -> decision.after(json.duration()));
    }

    private static ScriptedDecision play(String decision, Json json) {
        return switch (decision) {
            case "answer" -> ScriptedDecision.answer(json.value());
            case "handOff" -> {
                Invocation to = invocation(json);
                yield ScriptedDecision.handOff(to.agent(), to.request());
            }
            case "fanOut" -> ScriptedDecision.fanOut(json.list(Script::invocation));
            case "fanOutMany" -> {
                List<Json> pair = json.pair("agent", "count");
                yield json.checked(() -> ScriptedDecision.fanOutMany(
                        pair.get(0).text(), pair.get(1).small()));
            }
            case "fail" -> ScriptedDecision.fail(json.text());
            case "compensate" -> ScriptedDecision.compensate(json.text());
            case "throw" -> ScriptedDecision.throwing(json.text());
            case "hang" -> {
                json.isTrue();
                yield ScriptedDecision.hang();
            }
            case "ask" -> ScriptedDecision.ask(json.text());
            case "sleep" -> json.checked(() -> ScriptedDecision.sleep(json.duration()));
            case "await" -> ScriptedDecision.await(json.checked(() -> await(json)));
            default -> ScriptedDecision.repeat(json.value());
        };
    }

    /** A name, or an object with its deadline and default. */
    private static Await await(Json json) {
        if (!json.isObject()) {
            return Await.of(json.text());
        }
        json.object(AWAIT_KEYS);
        Await signal = Await.of(json.get("signal").text());
        if (json.has("timeout")) {
            signal = signal.timeout(json.get("timeout").duration());
        }
        return json.has("default") ? signal.defaultValue(json.get("default").value()) : signal;
    }

    private static Invocation invocation(Json json) {
        List<Json> pair = json.pair("agent", "request");
        return Invocation.of(pair.get(0).text(), pair.get(1).value());
    }

    /** A new agent, at the start of the script; its plays come in order of time, also those that take none. */
    ScriptedAgent agent(String name) {
        ScriptedAgent.Builder agent = ScriptedAgent.named(name);
        ScriptedDecision[] script = turns.toArray(ScriptedDecision[]::new);
        if (perBranch) {
            agent.perBranch(script);
        } else {
            agent.script(script);
        }
        if (otherwise != null) {
            agent.thenAlways(otherwise);
        }
        if (failEvery != null) {
            agent.failEvery(failEvery.n, failEvery.reason);
        }
        return agent.inOrderOfTime().build();
    }
}
