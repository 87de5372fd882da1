package io.flotilla.run;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatNullPointerException;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.flotilla.agent.Agent;
import io.flotilla.run.Flows.Ended;
import io.flotilla.step.StepEngine;
import io.flotilla.step.StepResult;
import io.flotilla.topology.Topology;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import reactor.core.publisher.Mono;
import reactor.util.context.Context;

/** What a workflow is made of, and what it says of bad input. */
@Timeout(30)
class WorkflowTest {

    private static final Topology ONE = Topology.parse("start -> A -> end");

    private final Agents agents = new Agents();

    private Workflow.Builder<String> one(String line) {
        return Workflow.builder(ONE, String.class).agent("A", agents.doing(line));
    }

    private static Ended run(Workflow.Builder<String> flow) {
        return Flows.run(0, () -> flow.<String>build().start("task"));
    }

    // --- bad input

    @Test
    void nullArguments_areNamed() {
        Workflow.Builder<String> builder = Workflow.builder(ONE, String.class);
        Agent<Turn, Decision> agent = agents.doing(":a");
        assertNamed("topology", () -> Workflow.builder(null, String.class));
        assertNamed("answerType", () -> Workflow.builder(ONE, null));
        assertNamed("name", () -> builder.agent(null, agent));
        assertNamed("agent A is null", () -> builder.agent("A", (Agent<Turn, Decision>) null));
        assertNamed("name", () -> builder.agent(null, Turn.class, agent));
        assertNamed("inputType", () -> builder.agent("A", null, agent));
        assertNamed("agent A is null", () -> builder.agent("A", Turn.class, null));
        assertNamed("join", () -> builder.join(null));
        assertNamed("join", () -> builder.joinAt("A", null));
        assertNamed("name", () -> builder.joinAt(null, Join.all()));
        assertNamed("limits", () -> builder.limits(null));
        assertNamed("engine", () -> builder.engine(null));
        Workflow<String, String> flow = one(":a").build();
        assertNamed("task", () -> flow.run(null));
        assertNamed("task", () -> flow.start(null));
        assertNamed("context", () -> flow.start("task", (reactor.util.context.ContextView) null));
    }

    @Test
    void builder_primitiveAnswerType_isRefused() {
        org.assertj.core.api.Assertions.assertThatIllegalArgumentException()
                .isThrownBy(() -> Workflow.builder(ONE, int.class))
                .withMessage("answerType must not be primitive, was int");
    }

    @Test
    void plainAgent_answersWithTheWrongType_isCalledOnce() {
        java.util.concurrent.atomic.AtomicInteger calls = new java.util.concurrent.atomic.AtomicInteger();
        RunResult<String> result = Workflow.builder(ONE, String.class)
                .agent(
                        "A",
                        String.class,
                        Agent.<String, Integer>of(
                                "A", (input, context) -> reactor.core.publisher.Mono.just(calls.incrementAndGet())))
                .build()
                .run("go")
                .block();

        assertThat(calls).hasValue(1);
        assertThat(result.failure()).hasMessageContaining("must be a java.lang.String, was a java.lang.Integer");
    }

    private static void assertNamed(String name, ThrowingCallable call) {
        assertThatNullPointerException().isThrownBy(call).withMessage(name);
    }

    @Test
    void build_allIsWrong_saysAllOfItAtOnce() {
        Workflow.Builder<String> builder = Workflow.builder(Topology.parse("start -> A, B, C -> end"), String.class)
                .agent("A", agents.doing(":a"))
                .agent("A", agents.doing(":a"))
                .agent("Nobody", agents.doing(":a"))
                .joinAt("Nowhere", Join.all())
                .joinAt("user", Join.all())
                .joinAt("start", Join.all())
                .joinAt("A", Join.all())
                .joinAt("A", Join.firstSuccess())
                .joinAt("end", Join.all())
                .joinAt("End", Join.firstSuccess());

        assertThatThrownBy(builder::build).isInstanceOfSatisfying(InvalidWorkflowException.class, wrong -> {
            assertThat(wrong.errors())
                    .containsExactlyInAnyOrder(
                            "agent A is given twice",
                            "the join at A is given twice",
                            "the join at end is given twice",
                            "agent B of the topology was not given",
                            "agent C of the topology was not given",
                            "there is no agent Nobody in the topology",
                            "there is no agent Nowhere in the topology to join at",
                            "there is no agent user in the topology to join at",
                            "there is no agent start in the topology to join at");
            wrong.errors().forEach(fault -> assertThat(wrong).hasMessageContaining(fault));
        });
    }

    @ParameterizedTest
    @ValueSource(strings = {"start", "START", "end", "End", "user", "USER", "a"})
    void agent_reservedOrOfAnotherCase_isNone(String name) {
        assertThatThrownBy(() -> one(":a").agent(name, agents.doing(":a")).build())
                .isInstanceOf(InvalidWorkflowException.class)
                .hasMessageContaining("there is no agent " + name + " in the topology");
    }

    @Test
    void numbers_belowTheirBounds_areRefusedWithTheValue() {
        assertThatIllegalArgumentException()
                .isThrownBy(() -> one(":a").maxCorrections(-1))
                .withMessage("maxCorrections must be >= 0, was -1");
        assertThatIllegalArgumentException()
                .isThrownBy(() -> one(":a").eventHistory(0))
                .withMessage("eventHistory must be >= 1, was 0");
    }

    // --- options; corrections, join, limits have tests of their own

    @ParameterizedTest
    @ValueSource(strings = {"end", "END", "End"})
    void joinAt_theEndInAnyCase_isTheRuns(String end) {
        Ended ended = Flows.run(
                1,
                () -> Workflow.builder(Topology.parse("start -> A, B -> end"), String.class)
                        .agent("A", agents.doing("1:a"))
                        .agent("B", agents.doing("2:b"))
                        .joinAt(end, Join.firstSuccess())
                        .<String>build()
                        .start("task"));

        assertThat(ended.result().answers()).containsExactly("a");
    }

    @Test
    void engine_itsConcurrency_boundsTheStepsInFlight() {
        Ended ended = Flows.run(
                3,
                () -> Flows.fork(Flows.FORK, agents, Join.all(), "1:a 1:b 1:c 1:d 1:e")
                        .engine(StepEngine.builder().concurrency(2).build())
                        .<String>build()
                        .start("task"));

        assertThat(ended.result().answers()).containsExactly("a b c d e");
    }

    @Test
    void engine_itsStepTimeout_endsSteps() {
        Ended ended = Flows.run(
                4,
                () -> one("-").engine(StepEngine.builder()
                                .stepTimeout(Flows.seconds(4))
                                .build())
                        .<String>build()
                        .start("task"));

        AgentFailedException failure = (AgentFailedException) ended.result().failure();
        assertThat(failure.agent()).isEqualTo("A");
        assertThat(failure.stepKind()).isEqualTo(StepResult.Kind.TIMED_OUT);
        assertThat(agents.cancelled).containsExactly("-");
    }

    @Test
    void eventHistory_fewerThanHappened_lateSubscribersAreTold() {
        Run<String> run = one(":a").eventHistory(2).<String>build().start("task");

        assertThat(run.result().block().answers()).containsExactly("a");
        assertThatThrownBy(() -> run.events().collectList().block()).isInstanceOf(EventsLostException.class);
    }

    @Test
    void eventHistory_asManyAsHappened_areAllThere() {
        long all = one(":a").<String>build().start("task").events().count().block();

        Run<String> run = one(":a").eventHistory((int) all).<String>build().start("task");
        assertThat(run.events().count().block()).isEqualTo(all);
    }

    @Test
    void builder_usedAgain_doesNotChangeWhatItMade() {
        Workflow.Builder<String> builder = one(":a");
        Workflow<String, String> made = builder.build();
        builder.agent("B", agents.doing(":b"));

        assertThatThrownBy(builder::build).isInstanceOf(InvalidWorkflowException.class);
        assertThat(made.run("task").block().answers()).containsExactly("a");
    }

    @Test
    void accessors_areAsConfigured() {
        StepEngine engine = StepEngine.builder().build();
        Workflow<String, String> flow = one(":a").engine(engine).build();

        assertThat(flow.topology()).isSameAs(ONE);
        assertThat(flow.engine()).isSameAs(engine);
        assertThat(flow).hasToString("Workflow[1 agents, " + engine + "]");
    }

    // --- run and start

    @Test
    void run_isCold_andEverySubscriptionIsARunOfItsOwn() {
        Mono<RunResult<String>> cold = one(":a").<String>build().run("task");
        assertThat(agents.turns).isEmpty();

        assertThat(cold.block().runId()).isNotEqualTo(cold.block().runId());
        assertThat(agents.turns).hasSize(2);
    }

    @Test
    void run_cancelled_cancelsTheSteps() {
        one("-").<String>build().run("task").subscribe().dispose();

        assertThat(agents.cancelled).containsExactly("-");
    }

    @Test
    void context_ofTheSubscriberOrGiven_reachesTheSteps() {
        Workflow<String, String> flow = Workflow.builder(ONE, String.class)
                .agent(
                        "A",
                        agents.body(turn ->
                                Mono.deferContextual(context -> Mono.just(Decision.answer(context.get("who"))))))
                .build();

        assertThat(flow.run("task")
                        .contextWrite(Context.of("who", "me"))
                        .block()
                        .answer())
                .isEqualTo("me");
        assertThat(flow.start("task", Context.of("who", "you")).result().block().answer())
                .isEqualTo("you");
    }

    // --- plain agents

    private static final Agent<Integer, Integer> TWICE = Agent.of("twice", (input, context) -> Mono.just(input * 2));

    @Test
    void plain_oneSuccessor_handsOver() {
        Workflow<Integer, Integer> flow = Workflow.builder(Topology.pipeline("A", "B"), Integer.class)
                .agent("A", Integer.class, TWICE)
                .agent("B", Integer.class, TWICE)
                .build();

        assertThat(flow.run(5).block().answers()).containsExactly(20);
    }

    @ParameterizedTest
    @CsvSource({"start -> A -> B -> end; A -> end", "start -> A -> user"})
    void plain_severalOrNoSuccessors_answers(String topology) {
        Topology parsed = Topology.parse(topology.replace("; ", "\n"));
        Workflow.Builder<Integer> builder =
                Workflow.builder(parsed, Integer.class).agent("A", Integer.class, TWICE);
        if (parsed.agents().contains("B")) {
            builder.agent("B", Integer.class, TWICE);
        }

        RunResult<Integer> result = builder.<Integer>build().run(5).block();
        assertThat(result.answers()).containsExactly(10);
        assertThat(result.steps()).isEqualTo(1);
    }

    @Test
    @SuppressWarnings("rawtypes") // there is no class of a list of something
    void plain_aRendezvous_takesTheListOfArrivals() {
        Workflow<Integer, Integer> flow = Workflow.builder(
                        Topology.parse("start -> A, B -> Meet -> end"), Integer.class)
                .agent("A", Integer.class, TWICE)
                .agent("B", Integer.class, TWICE)
                .agent("Meet", List.class, Agent.<List, Integer>of("count", (list, context) -> Mono.just(list.size())))
                .build();

        assertThat(flow.run(5).block().answers()).containsExactly(2);
    }

    @Test
    void plain_empty_handsOverNothing() {
        AtomicInteger called = new AtomicInteger();
        Workflow<String, String> flow = Workflow.builder(Topology.pipeline("A"), String.class)
                .agent("A", String.class, Agent.<String, String>of("a", (input, context) -> {
                    called.incrementAndGet();
                    return Mono.empty();
                }))
                .build();

        RunResult<String> result = flow.run("task").block();
        assertThat(result.status()).isEqualTo(RunResult.Status.SUCCEEDED);
        assertThat(result.answers()).containsExactly((String) null);
        assertThat(called).hasValue(1);
    }

    @Test
    void plain_inputMissingOrOfAnotherType_failsItsStep() {
        Workflow<Object, Integer> wrong = Workflow.builder(ONE, Integer.class)
                .agent("A", Integer.class, TWICE)
                .build();
        assertThat(wrong.run("five").block().failure())
                .isInstanceOf(AgentFailedException.class)
                .hasMessageContaining("agent A (branch /)")
                .hasMessageContaining("input is a java.lang.String, not a java.lang.Integer");

        Workflow<Integer, Integer> missing = Workflow.builder(Topology.pipeline("A", "B"), Integer.class)
                .agent("A", Integer.class, Agent.<Integer, Integer>of("a", (input, context) -> Mono.empty()))
                .agent("B", Integer.class, TWICE)
                .build();
        assertThat(missing.run(5).block().failure())
                .isInstanceOf(AgentFailedException.class)
                .hasMessageContaining("agent B (branch /)");
    }

    @Test
    void agent_inARun_goesByItsNameInTheTopology() {
        run(one(":a"));

        assertThat(agents.contexts.get(0).agentId()).hasToString("A");
    }

    // --- results

    @Test
    void result_asText_saysHowItWent() {
        Ended good = run(one(":a"));
        assertThat(good.result())
                .hasToString("RunResult[" + good.result().runId() + " SUCCEEDED answers=[a] steps=1 duration=PT0S]");
        assertThat(good.result().orThrow()).isSameAs(good.result());

        Ended bad = run(one("!no"));
        assertThat(bad.result().toString()).contains("FAILED failure=agent A (branch /) decided to fail: no");
        assertThatThrownBy(() -> bad.result().orThrow()).isSameAs(bad.result().failure());
    }
}
