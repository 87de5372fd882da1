package io.flotilla.journal.jackson;

import static org.assertj.core.api.Assertions.assertThat;

import io.flotilla.agent.Agent;
import io.flotilla.journal.Journal;
import io.flotilla.run.AgentFailedException;
import io.flotilla.run.BranchPath;
import io.flotilla.run.Decision;
import io.flotilla.run.Outcome;
import io.flotilla.run.PendingQuestion;
import io.flotilla.run.RunEvent;
import io.flotilla.run.RunFailure;
import io.flotilla.run.RunResult;
import io.flotilla.run.RunState;
import io.flotilla.run.StateChange;
import io.flotilla.run.Turn;
import io.flotilla.run.Workflow;
import io.flotilla.step.StepEngine;
import io.flotilla.step.StepResult;
import io.flotilla.topology.Topology;
import java.lang.reflect.RecordComponent;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import reactor.core.publisher.Mono;

/** Each version of Jackson writes what runs tell as their maps have it, wherever it stands. */
@Timeout(60)
class RunsModulesTest {

    private static final Duration SOON = Duration.ofSeconds(20);
    private static final BranchPath BRANCH = BranchPath.outsideForks(0).forked(0, 2);

    private final tools.jackson.databind.json.JsonMapper three = tools.jackson.databind.json.JsonMapper.builder()
            .addModule(new RunsModule())
            .build();
    private final com.fasterxml.jackson.databind.ObjectMapper two =
            new com.fasterxml.jackson.databind.ObjectMapper().registerModule(new RunsModule2());

    /** Something of the application's, with what runs tell inside of it. */
    record Message(String to, Object about, List<RunEvent> events, BranchPath branch) {}

    private static RunFailure failure() {
        return AgentFailedException.step(
                "Boss", BRANCH, StepResult.Kind.FAILED, new IllegalStateException("the disk is full"));
    }

    private static Object sample(RecordComponent component) {
        Class<?> type = component.getType();
        if (type.isEnum()) {
            return type.getEnumConstants()[0];
        }
        if (type == List.class) {
            return List.of(new StateChange("plan", 2, List.of("a", 1)));
        }
        Map<Class<?>, Object> samples = Map.of(
                long.class,
                7L,
                int.class,
                3,
                boolean.class,
                true,
                String.class,
                "text",
                Instant.class,
                Instant.EPOCH,
                BranchPath.class,
                BRANCH,
                RunFailure.class,
                failure(),
                Duration.class,
                Duration.ofSeconds(1),
                PendingQuestion.class,
                new PendingQuestion("q0", "Boss", BRANCH, "?", List.of("a", 1), null, null));
        return samples.get(type);
    }

    /** One of every kind there is. */
    private static List<RunEvent> events() throws ReflectiveOperationException {
        List<RunEvent> events = new ArrayList<>();
        for (Class<?> kind : RunEvent.class.getPermittedSubclasses()) {
            RecordComponent[] components = kind.getRecordComponents();
            Class<?>[] types =
                    Arrays.stream(components).map(RecordComponent::getType).toArray(Class<?>[]::new);
            Object[] values =
                    Arrays.stream(components).map(RunsModulesTest::sample).toArray();
            events.add((RunEvent) kind.getDeclaredConstructor(types).newInstance(values));
        }
        return events;
    }

    /** What both write is what the map says, read back by a mapper that knows nothing of runs. */
    private void assertForm(Object value, Object form) throws Exception {
        Object plain = tools.jackson.databind.json.JsonMapper.shared()
                .readValue(tools.jackson.databind.json.JsonMapper.shared().writeValueAsString(form), Object.class);
        String byThree = three.writeValueAsString(value);
        String byTwo = two.writeValueAsString(value);

        assertThat(tools.jackson.databind.json.JsonMapper.shared().readValue(byThree, Object.class))
                .isEqualTo(plain);
        assertThat(tools.jackson.databind.json.JsonMapper.shared().readValue(byTwo, Object.class))
                .isEqualTo(plain);
        assertThat(byThree + byTwo).doesNotContain("stackTrace").doesNotContain("at io.flotilla");
    }

    @Test
    void events_ofEveryKind_areAsTheirMapsAre() throws Exception {
        List<RunEvent> events = events();
        assertThat(events).hasSameSizeAs(RunEvent.class.getPermittedSubclasses());

        for (RunEvent event : events) {
            assertForm(event, event.toMap());
        }
    }

    @Test
    void everythingElse_isAsItsMapIs() throws Exception {
        Workflow<String, String> flow = Workflow.builder(
                        Topology.parse("start -> Solo\nSolo -> end, user"), String.class)
                .agent(
                        "Solo",
                        Agent.of(
                                "Solo",
                                (turn, context) -> Mono.just(
                                        turn.reason() == Turn.Reason.ANSWERED
                                                ? Decision.answer("told")
                                                : Decision.ask("what?"))))
                .journal(Journal.inMemory())
                .build();
        var run = flow.start("go");
        RunState asked = Objects.requireNonNull(flow.runs().replay(run.runId()).block(SOON));
        assertForm(asked, asked.toMap());
        assertForm(asked.questions().get(0), asked.questions().get(0).toMap());
        assertForm(asked.branches().get(0), asked.branches().get(0).toMap());
        run.answer("q0", "x").block(SOON);
        RunResult<String> result = Objects.requireNonNull(run.result().block(SOON));
        assertForm(result, result.toMap());

        RunFailure failure = failure();
        assertForm(failure, failure.toMap());
        assertForm(BRANCH, BRANCH.toString());
        for (Outcome outcome : List.of(
                new Outcome.Answered("A", BRANCH, Map.of("a", List.of(1, true))),
                new Outcome.Failed("A", BRANCH, failure),
                new Outcome.TimedOut("A", BRANCH, Duration.ofSeconds(1)))) {
            assertForm(outcome, outcome.toMap());
        }
        StepEngine engine = StepEngine.builder().build();
        for (StepResult<String> step : Objects.requireNonNull(engine.run(
                                List.of(
                                        Agent.<String, String>of("good", (input, context) -> Mono.just("fine")),
                                        Agent.<String, String>of(
                                                "bad",
                                                (input, context) -> Mono.error(new IllegalStateException("boom")))),
                                "x")
                        .block(SOON))
                .results()) {
            assertForm(step, step.toMap());
        }
    }

    @Test
    void insideOfOtherObjects_isAsItsMapIs() throws Exception {
        RunEvent event = new RunEvent.RunStarted(0, Instant.EPOCH);

        assertForm(
                new Message("me", failure(), List.of(event), BRANCH),
                Map.of(
                        "to",
                        "me",
                        "about",
                        failure().toMap(),
                        "events",
                        List.of(event.toMap()),
                        "branch",
                        BRANCH.toString()));
    }

    @Test
    void mapperWithTypesInTheData_writesThemAllTheSame() throws Exception {
        var typed = tools.jackson.databind.json.JsonMapper.builder()
                .addModule(new RunsModule())
                .activateDefaultTyping(
                        tools.jackson.databind.jsontype.BasicPolymorphicTypeValidator.builder()
                                .allowIfSubType("io.flotilla")
                                .build(),
                        tools.jackson.databind.DefaultTyping.NON_FINAL)
                .build();

        assertThat(typed.writeValueAsString(new RunEvent.RunStarted(0, Instant.EPOCH)))
                .contains("run-started")
                .doesNotContain("RunStarted");
    }
}
