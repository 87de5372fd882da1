package io.flotilla.testkit;

import io.flotilla.run.Arrival;
import io.flotilla.run.Outcome;
import io.flotilla.run.RunFailure;
import io.flotilla.run.RunResult;
import io.flotilla.run.StateValue;
import io.flotilla.run.Turn;
import java.util.ArrayList;
import java.util.Collections;
import java.util.IdentityHashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** Holds a run against what was expected of it, and collects the differences. Not thread-safe. */
final class Comparison {

    private final Expected expected;
    private final Map<String, ScriptedAgent> agents;
    private final List<String> differences = new ArrayList<>();

    private Comparison(Expected expected, Map<String, ScriptedAgent> agents) {
        this.expected = expected;
        this.agents = agents;
    }

    static List<String> differences(
            Expected expected,
            RunResult<Object> result,
            Map<String, ScriptedAgent> agents,
            List<List<@Nullable Object>> compensated,
            Map<String, StateValue> state) {
        Comparison comparison = new Comparison(expected, agents);
        comparison.compareResult(result);
        comparison.compareAgents();
        comparison.compare("compensated", expected.compensated(), Values.plain(compensated));
        comparison.compare(
                "uncompensated",
                expected.uncompensated(),
                Values.plain(result.uncompensated().stream()
                        .map(step -> List.of(step.agent(), step.reason()))
                        .toList()));
        comparison.compareState(state);
        return comparison.differences;
    }

    private void compareState(Map<String, StateValue> state) {
        if (expected.state() != null) {
            Map<String, @Nullable Object> values = new LinkedHashMap<>();
            state.forEach((key, value) -> values.put(key, Values.plain(value.value())));
            if (!expected.state().equals(values)) {
                differ("state", Json.write(expected.state()), Json.write(values));
            }
        }
    }

    private void compareResult(RunResult<Object> result) {
        RunFailure failure = result.failure();
        if (expected.status() != null && expected.status() != result.status()) {
            differ(
                    "status",
                    expected.status(),
                    result.status() + (failure == null ? "" : " (" + failure.getMessage() + ")"));
        }
        List<@Nullable Object> answers = Values.plain(result.answers());
        if (expected.answers() != null && !expected.answers().equals(answers)) {
            differ("answers", Json.write(expected.answers()), Json.write(answers));
        }
        if (expected.answersAnyOrder() != null && !sameInAnyOrder(expected.answersAnyOrder(), answers)) {
            differ("answersAnyOrder", Json.write(expected.answersAnyOrder()), Json.write(answers));
        }
        if (expected.failure() != null) {
            compare(expected.failure(), failure);
        }
        if (expected.steps() != null && expected.steps() != result.steps()) {
            differ("steps", expected.steps(), result.steps());
        }
        if (expected.took() != null && !expected.took().equals(result.duration())) {
            differ("took", expected.took(), result.duration());
        }
        compare(result.branches());
    }

    private void compare(String what, @Nullable List<@Nullable Object> wanted, List<@Nullable Object> was) {
        if (wanted != null && !wanted.equals(was)) {
            differ(what, Json.write(wanted), Json.write(was));
        }
    }

    private static boolean sameInAnyOrder(List<@Nullable Object> expected, List<@Nullable Object> answers) {
        List<@Nullable Object> left = new ArrayList<>(answers);
        return expected.size() == answers.size() && expected.stream().allMatch(left::remove);
    }

    private void compare(Expected.Failure wanted, @Nullable RunFailure failure) {
        if (failure == null) {
            differ("failure", wanted.kind() == null ? "one" : Expected.name(wanted.kind()), "none");
            return;
        }
        if (wanted.kind() != null && wanted.kind() != failure.kind()) {
            differ(
                    "failure.kind",
                    Expected.name(wanted.kind()),
                    Expected.name(failure.kind()) + " (" + failure.getMessage() + ")");
        }
        List<String> said = new ArrayList<>();
        collect(failure, said, Collections.newSetFromMap(new IdentityHashMap<>()));
        for (String mention : wanted.mentions()) {
            if (said.stream().noneMatch(message -> message.contains(mention))) {
                differ("failure.mentions", Json.write(mention), Json.write(said));
            }
        }
    }

    /** The messages of a failure, of what caused it and of what it suppresses. */
    private static void collect(@Nullable Throwable failure, List<String> said, Set<Throwable> seen) {
        for (Throwable at = failure; at != null && seen.add(at); at = at.getCause()) {
            said.add(String.valueOf(at.getMessage()));
            for (Throwable suppressed : at.getSuppressed()) {
                collect(suppressed, said, seen);
            }
        }
    }

    private void compare(RunResult.Branches branches) {
        Map<String, Long> counted = Map.of(
                "answered",
                branches.answered(),
                "failed",
                branches.failed(),
                Expected.MOVED_ON,
                branches.movedOn(),
                "cancelled",
                branches.cancelled());
        expected.branches().forEach((kind, count) -> {
            if (!count.equals(counted.get(kind))) {
                differ("branches." + kind, count, counted.get(kind));
            }
        });
    }

    // --- what the agents were called with

    private void compareAgents() {
        expected.joined().forEach((name, outcomes) -> {
            ScriptedAgent agent = agent("joined", name);
            if (agent != null) {
                compareJoined(name, outcomes, agent.lastTurn(Turn.Reason.JOINED));
            }
        });
        for (Map.Entry<String, List<@Nullable Object>> arrivals :
                expected.arrivals().entrySet()) {
            ScriptedAgent agent = agent("arrivals", arrivals.getKey());
            if (agent != null) {
                compareArrivals(arrivals.getKey(), arrivals.getValue(), agent.lastTurn(Turn.Reason.ARRIVED));
            }
        }
        expected.corrections().forEach((name, count) -> {
            ScriptedAgent agent = agent("corrections", name);
            if (agent != null && agent.corrections() != count) {
                differ("corrections." + name, count, agent.corrections());
            }
        });
    }

    private @Nullable ScriptedAgent agent(String what, String name) {
        ScriptedAgent agent = agents.get(name);
        if (agent == null) {
            differences.add(what + "." + name + ": there is no such agent in the topology");
        }
        return agent;
    }

    private void compareArrivals(String name, List<@Nullable Object> values, @Nullable Turn turn) {
        if (turn == null) {
            differ("arrivals." + name, Json.write(values), "never a rendezvous that fired");
            return;
        }
        List<@Nullable Object> arrived = new ArrayList<>();
        for (Arrival arrival : turn.arrivals()) {
            arrived.add(Values.plain(arrival.value()));
        }
        if (!values.equals(arrived)) {
            differ("arrivals." + name, Json.write(values), Json.write(arrived));
        }
    }

    private void compareJoined(String name, List<Expected.Joined> wanted, @Nullable Turn turn) {
        if (turn == null) {
            differ("joined." + name, said(wanted), "never resumed");
            return;
        }
        List<Outcome> outcomes = turn.outcomes();
        boolean same = wanted.size() == outcomes.size();
        for (int index = 0; same && index < wanted.size(); index++) {
            same = isSame(wanted.get(index), outcomes.get(index));
        }
        if (!same) {
            differ(
                    "joined." + name,
                    said(wanted),
                    Json.write(outcomes.stream().map(Comparison::plain).toList()));
        }
    }

    private static boolean isSame(Expected.Joined wanted, Outcome outcome) {
        return wanted.agent().equals(outcome.agent())
                && outcome.fold(
                        answered -> wanted.failed() == null
                                && wanted.timedOut() == null
                                && Objects.equals(wanted.value(), Values.plain(answered.value())),
                        failed -> wanted.failed() != null && isReason(wanted.failed(), failed.failure()),
                        timedOut -> timedOut.limit().equals(wanted.timedOut()));
    }

    /** What an agent said must be said exactly; of what the library says, a part is enough. */
    private static boolean isReason(String wanted, RunFailure failure) {
        return failure.kind() == RunFailure.Kind.STEP_FAILED
                ? wanted.equals(failure.reason())
                : failure.reason().contains(wanted);
    }

    private static String said(List<Expected.Joined> wanted) {
        return Json.write(wanted.stream()
                .map(joined -> pair(
                        joined.agent(),
                        joined.failed() != null
                                ? Map.of("failed", joined.failed())
                                : joined.timedOut() != null
                                        ? Map.of("timedOut", joined.timedOut().toString())
                                        : joined.value()))
                .toList());
    }

    private static List<@Nullable Object> plain(Outcome outcome) {
        return pair(
                outcome.agent(),
                outcome.<@Nullable Object>fold(
                        answered -> Values.plain(answered.value()),
                        failed -> Map.of("failed", failed.reason()),
                        timedOut -> Map.of("timedOut", timedOut.limit().toString())));
    }

    private static List<@Nullable Object> pair(String agent, @Nullable Object outcome) {
        List<@Nullable Object> pair = new ArrayList<>(2);
        pair.add(agent);
        pair.add(outcome);
        return pair;
    }

    private void differ(String what, Object wanted, @Nullable Object was) {
        differences.add(what + ": expected " + wanted + ", was " + was);
    }
}
