package io.flotilla.testkit;

import io.flotilla.run.Invocation;
import java.util.List;
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
        List<Play> turns,
        boolean perBranch,
        @Nullable Play otherwise,
        @Nullable FailEvery failEvery) {

    private static final Set<String> KEYS = Keys.of("perBranch", "otherwise", "failEvery");
    private static final Set<String> TURN_KEYS =
            Keys.of("answer", "handOff", "fanOut", "fanOutMany", "fail", "throw", "hang", "ask", "repeat", "after");

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
        List<Play> perBranch = json.find("perBranch", turns -> turns.list(Script::turn));
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

    private static Play turn(Json json) {
        json.object(TURN_KEYS);
        List<String> decisions =
                json.keys().stream().filter(key -> !key.equals("after")).toList();
        if (decisions.size() != 1) {
            throw json.wrong("a turn is one of " + TURN_KEYS + " and may have after; here are " + json.keys());
        }
        Play play = play(decisions.get(0), json.get(decisions.get(0)));
        return json.has("after") ? after(play, json.get("after")) : play;
    }

    private static Play after(Play play, Json json) {
        return json.checked(() -> play.after(json.duration()));
    }

    private static Play play(String decision, Json json) {
        return switch (decision) {
            case "answer" -> Play.answer(json.value());
            case "handOff" -> {
                Invocation to = invocation(json);
                yield Play.handOff(to.agent(), to.request());
            }
            case "fanOut" -> Play.fanOut(json.list(Script::invocation));
            case "fanOutMany" -> {
                List<Json> pair = json.pair("agent", "count");
                yield json.checked(
                        () -> Play.fanOutMany(pair.get(0).text(), pair.get(1).small()));
            }
            case "fail" -> Play.fail(json.text());
            case "throw" -> Play.throwing(json.text());
            case "hang" -> {
                json.isTrue();
                yield Play.hang();
            }
            case "ask" -> Play.ask(json.text());
            default -> Play.again(json.value());
        };
    }

    private static Invocation invocation(Json json) {
        List<Json> pair = json.pair("agent", "request");
        return Invocation.of(pair.get(0).text(), pair.get(1).value());
    }

    /** A new agent, at the start of the script; its plays come in order of time, also those that take none. */
    ScriptedAgent agent(String name) {
        ScriptedAgent.Builder agent = ScriptedAgent.named(name);
        Play[] plays = turns.toArray(Play[]::new);
        if (perBranch) {
            agent.perBranch(plays);
        } else {
            agent.plays(plays);
        }
        if (otherwise != null) {
            agent.otherwise(otherwise);
        }
        if (failEvery != null) {
            agent.failEvery(failEvery.n, failEvery.reason);
        }
        return agent.inOrderOfTime().build();
    }
}
