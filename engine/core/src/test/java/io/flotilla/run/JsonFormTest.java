package io.flotilla.run;

import static org.assertj.core.api.Assertions.assertThat;

import io.flotilla.agent.Agent;
import io.flotilla.agent.Usage;
import io.flotilla.step.StepEngine;
import io.flotilla.step.StepResult;
import io.flotilla.topology.Topology;
import java.lang.reflect.RecordComponent;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collection;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import reactor.core.publisher.Mono;

/** What runs and steps tell, as JSON has it. */
class JsonFormTest {

    private static final BranchPath BRANCH = BranchPath.outsideForks(0).forked(0, 2);
    private static final PendingQuestion QUESTION =
            new PendingQuestion("q0", "Boss", BRANCH, "Shall we?", List.of("yes", "no"), Instant.EPOCH, String.class);

    /** A value for a component of any record that is an event. */
    private static @Nullable Object sample(RecordComponent component) {
        Class<?> type = component.getType();
        if (type.isEnum()) {
            return type.getEnumConstants()[0];
        }
        return Map.<Class<?>, Object>of(
                        long.class,
                        7L,
                        int.class,
                        3,
                        boolean.class,
                        true,
                        String.class,
                        component.getName() + " text",
                        Instant.class,
                        Instant.EPOCH,
                        BranchPath.class,
                        BRANCH,
                        RunFailure.class,
                        AgentFailedException.decided("Boss", BRANCH, "no"),
                        PendingQuestion.class,
                        QUESTION,
                        List.class,
                        List.of(new StateChange("plan", 2, List.of("a", 1)), new StateChange("old", 2, null)))
                .get(type);
    }

    private static RunEvent sample(Class<?> event) throws ReflectiveOperationException {
        RecordComponent[] components = event.getRecordComponents();
        Class<?>[] types =
                Arrays.stream(components).map(RecordComponent::getType).toArray(Class<?>[]::new);
        Object[] values = Arrays.stream(components).map(JsonFormTest::sample).toArray();
        return (RunEvent) event.getDeclaredConstructor(types).newInstance(values);
    }

    @Test
    void toMap_everyKindOfEvent_hasTypeAndAllItsComponents() throws ReflectiveOperationException {
        Set<String> types = new TreeSet<>();
        for (Class<?> kind : RunEvent.class.getPermittedSubclasses()) {
            RunEvent event = sample(kind);
            Map<String, @Nullable Object> map = event.toMap();

            assertThat(map).as(kind.getName()).containsEntry("type", event.type());
            assertThat(map.keySet()).startsWith("type", "sequence", "at");
            assertThat(event.type()).isEqualTo(kebab(kind.getSimpleName()));
            for (RecordComponent component : kind.getRecordComponents()) {
                assertThat(map).as(kind.getName()).containsKey(component.getName());
            }
            assertPlain(map);
            types.add(event.type());
        }
        assertThat(types).hasSameSizeAs(RunEvent.class.getPermittedSubclasses());
    }

    private static String kebab(String name) {
        return name.replaceAll("(?<=[a-z])(?=[A-Z])", "-").toLowerCase(java.util.Locale.ROOT);
    }

    private static void assertPlain(@Nullable Object value) {
        if (value instanceof Map<?, ?> map) {
            map.forEach((key, element) -> {
                assertThat(key).isInstanceOf(String.class);
                assertPlain(element);
            });
        } else if (value instanceof Collection<?> list) {
            list.forEach(JsonFormTest::assertPlain);
        } else {
            assertThat(value == null
                            || value instanceof String
                            || value instanceof Boolean
                            || (value instanceof Number
                                    && value.getClass().getName().startsWith("java.")))
                    .as("%s", value)
                    .isTrue();
        }
    }

    @Test
    void toMap_eventsOfFailures_messageButNoStackTrace() {
        IllegalStateException cause = new IllegalStateException("the disk is full");
        RunFailure failure = AgentFailedException.step("Boss", BRANCH, StepResult.Kind.FAILED, cause);

        Map<String, @Nullable Object> map =
                new RunEvent.BranchFailed(4, Instant.EPOCH, BRANCH, "Boss", failure).toMap();

        assertThat(JsonText.of(map))
                .isEqualTo(
                        "{\"type\":\"branch-failed\",\"sequence\":4,\"at\":\"1970-01-01T00:00:00Z\",\"branch\":\"/0.2/\","
                                + "\"agent\":\"Boss\",\"failure\":{\"type\":\"step-failed\",\"message\":\"agent Boss (branch /0.2/) FAILED:"
                                + " java.lang.IllegalStateException: the disk is full\",\"reason\":\"the disk is full\",\"agent\":\"Boss\","
                                + "\"branch\":\"/0.2/\",\"stepKind\":\"failed\",\"suppressed\":[]}}");
    }

    @Test
    void toMap_everyKindOfFailure_saysWhatItsClassKnows() {
        Join join = Join.all();
        RunFailure decided = AgentFailedException.decided("Boss", BRANCH, "no");
        RunFailure other = AgentFailedException.decided("Boss", BRANCH, "neither");
        Map<RunFailure, Map<String, @Nullable Object>> expected = new LinkedHashMap<>();
        expected.put(decided, orNull("agent", "Boss", "branch", "/0.2/", "stepKind", null));
        expected.put(
                new InvalidDecisionException("Boss", BRANCH, new Correction("no edge", null, List.of("A", "B"), 3)),
                orNull("agent", "Boss", "branch", "/0.2/", "allowed", List.of("A", "B")));
        expected.put(
                JoinShortfallException.ofFork(
                        "Boss",
                        BRANCH,
                        join,
                        List.of(new Outcome.Failed("A", BRANCH, decided), new Outcome.Failed("B", BRANCH, other)),
                        0,
                        2,
                        0),
                orNull(
                        "join",
                        join.toString(),
                        "first",
                        decided.toMap(),
                        "suppressed",
                        List.of(Objects.requireNonNull(other.getMessage()))));
        expected.put(new LimitExceededException("steps", "9", " at /"), orNull("limit", "steps", "value", "9"));
        expected.put(new NoAnswerException(), Map.of("type", "no-answer"));
        expected.put(new QuestionExpiredException(QUESTION), orNull("question", QUESTION.toMap()));
        expected.put(
                new SignalTimeoutException("Boss", BRANCH, "go", Duration.ofSeconds(1)),
                orNull("type", "signal-timeout", "signal", "go", "timeout", "PT1S"));
        expected.put(
                new JoinPredicateException("Boss", BRANCH, new RecordedException("no", "x: no")),
                orNull("type", "join-predicate-failed", "agent", "Boss", "branch", "/0.2/"));
        expected.put(
                new StateRejectedException("Boss", BRANCH, new Correction("no", null, List.of(), 3, List.of("a", "b"))),
                orNull("type", "state-rejected", "agent", "Boss", "branch", "/0.2/", "conflicts", List.of("a", "b")));
        expected.put(
                new StateMergeException("Boss", BRANCH, "plan", new RecordedException("no", "x: no")),
                orNull("type", "state-merge-failed", "agent", "Boss", "branch", "/0.2/", "key", "plan"));
        expected.put(new RunCancelledException(), Map.of("type", "cancelled"));

        Set<Class<?>> seen = new HashSet<>();
        expected.forEach((failure, fields) -> {
            assertThat(failure.toMap()).containsAllEntriesOf(fields);
            assertThat(failure.toMap()).containsKeys("type", "message", "reason", "suppressed");
            assertPlain(failure.toMap());
            seen.add(failure.getClass());
        });
        assertThat(seen).containsExactlyInAnyOrder(RunFailure.class.getPermittedSubclasses());
    }

    private static Map<String, @Nullable Object> orNull(@Nullable Object... pairs) {
        Map<String, @Nullable Object> map = new LinkedHashMap<>();
        for (int at = 0; at < pairs.length; at += 2) {
            map.put(String.valueOf(pairs[at]), pairs[at + 1]);
        }
        return map;
    }

    @Test
    void toMap_outcomes_valueFailureOrLimit() {
        RunFailure failure = AgentFailedException.decided("Boss", BRANCH, "no");

        assertThat(new Outcome.Answered("A", BRANCH, 5).toMap())
                .isEqualTo(orNull("type", "answered", "agent", "A", "branch", "/0.2/", "value", 5));
        assertThat(new Outcome.Failed("A", BRANCH, failure).toMap())
                .isEqualTo(orNull("type", "failed", "agent", "A", "branch", "/0.2/", "failure", failure.toMap()));
        assertThat(new Outcome.TimedOut("A", BRANCH, Duration.ofSeconds(2)).toMap())
                .isEqualTo(orNull("type", "timed-out", "agent", "A", "branch", "/0.2/", "limit", "PT2S"));
    }

    @SuppressWarnings("unchecked") // a class has no parameters
    private static Class<List<?>> listType() {
        return (Class<List<?>>) (Class<?>) List.class;
    }

    @Test
    void toMap_resultAndState_componentsUnderTheirNames() {
        Workflow<String, List<?>> workflow = Workflow.builder(Topology.parse("start -> Boss -> end"), listType())
                .agent("Boss", Agent.of("Boss", (turn, context) -> Mono.just(Decision.answer(List.of("a", 1, true)))))
                .build();
        RunResult<List<?>> result = Objects.requireNonNull(workflow.run("task").block(Duration.ofSeconds(10)));

        Map<String, @Nullable Object> map = result.toMap();

        assertThat(map.keySet())
                .containsExactly(
                        "runId",
                        "status",
                        "answers",
                        "failure",
                        "steps",
                        "branches",
                        "lateArrivals",
                        "uncompensated",
                        "usage",
                        "startedAt",
                        "duration");
        assertThat(map)
                .containsEntry("status", "succeeded")
                .containsEntry("answers", List.of(List.of("a", 1, true)))
                .containsEntry("branches", Map.of("answered", 1L, "failed", 0L, "movedOn", 0L, "cancelled", 0L));
        assertPlain(map);

        RunState state = new RunState(
                "r",
                3,
                RunState.Status.RUNNING,
                List.of(new RunState.BranchState(BRANCH, "Boss", RunState.BranchStatus.AWAITING_ANSWER, 2)),
                result.branches(),
                List.of(QUESTION),
                2,
                Usage.NONE,
                List.of(new PendingWait(BRANCH, "Boss", "go", Instant.EPOCH)),
                List.of(new PendingSignal("go", Instant.EPOCH)),
                Map.of("plan", new StateValue(List.of("a", 1), 3)));
        assertThat(JsonText.of(state.toMap()))
                .startsWith("{\"runId\":\"r\",\"facts\":3,\"status\":\"running\",\"branches\":[{\"path\":\"/0.2/\","
                        + "\"agent\":\"Boss\",\"status\":\"awaiting-answer\",\"steps\":2}],\"ended\":{\"answered\":1,")
                .contains(
                        "\"questions\":[{\"id\":\"q0\",\"agent\":\"Boss\",\"branch\":\"/0.2/\",\"text\":\"Shall we?\",")
                .contains("\"usage\":{\"inputTokens\":0,\"outputTokens\":0,\"cost\":0}")
                .endsWith("\"values\":{\"plan\":{\"value\":[\"a\",1],\"version\":3}}}");
        assertThat(state.toMap().keySet())
                .containsAll(Arrays.stream(RunState.class.getRecordComponents())
                        .map(RecordComponent::getName)
                        .toList());
        assertPlain(state.toMap());
    }

    @Test
    void toMap_resultsOfSteps_allKindsWithWhatOnlyTheyHave() {
        StepEngine engine = StepEngine.builder().build();
        List<StepResult<String>> results = new ArrayList<>();
        engine.run(
                        List.of(
                                Agent.<String, String>of("good", (input, context) -> Mono.just("fine")),
                                Agent.<String, String>of("bad", (input, context) -> Mono.error(new Nasty()))),
                        "x")
                .block(Duration.ofSeconds(10))
                .results()
                .forEach(results::add);
        results.add(new StepResult.TimedOut<>(
                results.get(0).agentId(),
                2,
                1,
                Instant.EPOCH,
                Duration.ofSeconds(1),
                Duration.ofSeconds(1),
                new Nasty()));
        results.add(new StepResult.Rejected<>(
                results.get(0).agentId(), 3, 1, Instant.EPOCH, Duration.ofSeconds(1), "bulkhead", null, new Nasty()));
        results.add(new StepResult.Degraded<>(
                results.get(0).agentId(), 4, 1, Instant.EPOCH, Duration.ofSeconds(1), "old", "last", new Nasty()));
        results.add(new StepResult.Cancelled<>(
                results.get(0).agentId(), 5, 1, Instant.EPOCH, Duration.ofSeconds(1), new Nasty()));

        assertThat(results.get(0).toMap())
                .containsEntry("type", "succeeded")
                .containsEntry("agentId", "good")
                .containsEntry("value", "fine")
                .containsEntry("cause", null);
        assertThat(results.get(1).toMap())
                .containsEntry("type", "failed")
                .containsEntry(
                        "cause",
                        Map.of(
                                "type",
                                Nasty.class.getName(),
                                "message",
                                Nasty.class.getName() + " (whose message cannot be read)"));
        assertThat(results.get(2).toMap()).containsEntry("type", "timed-out").containsEntry("limit", "PT1S");
        assertThat(results.get(3).toMap())
                .containsEntry("type", "rejected")
                .containsEntry("guard", "bulkhead")
                .containsEntry("retryAfter", null);
        assertThat(results.get(4).toMap()).containsEntry("type", "degraded").containsEntry("source", "last");
        assertThat(results.get(5).toMap()).containsEntry("type", "cancelled");
        results.forEach(result -> assertPlain(result.toMap()));
        assertThat(results.stream().map(StepResult::kind)).containsExactlyInAnyOrder(StepResult.Kind.values());
    }

    /** Whose message cannot be had. */
    private static final class Nasty extends RuntimeException {

        private static final long serialVersionUID = 1L;

        @Override
        public String getMessage() {
            throw new IllegalStateException("no message");
        }
    }

    @Test
    void toMap_changed_isRefused() {
        Map<String, @Nullable Object> map = new RunEvent.RunStarted(0, Instant.EPOCH).toMap();

        org.assertj.core.api.Assertions.assertThatThrownBy(() -> map.put("more", 1))
                .isInstanceOf(UnsupportedOperationException.class);
    }
}
