package io.flotilla.run;

import static io.flotilla.run.TestRuns.SOON;
import static io.flotilla.run.TestRuns.alone;
import static io.flotilla.run.TestRuns.crew;
import static io.flotilla.run.TestRuns.ended;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatNullPointerException;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.flotilla.AgentId;
import io.flotilla.agent.Agent;
import io.flotilla.agent.StepContext;
import io.flotilla.agent.StepState;
import io.flotilla.agent.StepStateException;
import io.flotilla.agent.StepStateException.Reason;
import io.flotilla.step.StepEngine;
import io.flotilla.step.StepInterceptor;
import io.flotilla.step.StepResult;
import io.flotilla.topology.Topology;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.BiFunction;
import java.util.function.Consumer;
import java.util.function.Function;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import reactor.core.publisher.Mono;
import reactor.core.publisher.Sinks;

/** What the steps of a run write into its own state, and read of it. */
@Timeout(60)
class OwnStateTest {

    private static final Topology LINE = Topology.parse("start -> A -> B -> C -> end");

    private static Agent<Turn, Decision> agent(String id, BiFunction<Turn, StepState, Decision> body) {
        return Agent.of(id, (turn, context) -> Mono.fromSupplier(() -> body.apply(turn, context.state())));
    }

    private static Workflow.Builder<String> line(
            BiFunction<Turn, StepState, Decision> a,
            BiFunction<Turn, StepState, Decision> b,
            BiFunction<Turn, StepState, Decision> c) {
        return Workflow.builder(LINE, String.class)
                .agent("A", agent("A", a))
                .agent("B", agent("B", b))
                .agent("C", agent("C", c));
    }

    /** The values, as the run has them. */
    private static Map<String, Object> values(Run<?> run) {
        Map<String, Object> values = new LinkedHashMap<>();
        run.state().block(SOON).values().forEach((key, value) -> values.put(key, value.value()));
        return values;
    }

    private static Reason refusal(Runnable write) {
        try {
            write.run();
        } catch (StepStateException refused) {
            return refused.reason();
        }
        throw new AssertionError("was not refused");
    }

    // --- reading and writing

    @Test
    void state_writtenByAStep_isReadByTheNextWithItsVersion() {
        List<String> read = new CopyOnWriteArrayList<>();
        Run<String> run = line(
                        (turn, state) -> {
                            read.add("A " + state.get("plan", String.class) + " " + state.version("plan") + " "
                                    + state.keys());
                            state.put("plan", "first");
                            state.put("count", 1);
                            read.add("A " + state.get("plan", String.class) + " " + state.version("plan") + " "
                                    + state.keys());
                            return Decision.handOff("B", "x");
                        },
                        (turn, state) -> {
                            state.put("count", state.get("count", Integer.class) + 1);
                            state.remove("plan");
                            state.remove("nothing");
                            read.add("B " + state.get("plan", String.class) + " " + state.version("plan") + " "
                                    + state.keys());
                            return Decision.handOff("C", "x");
                        },
                        (turn, state) -> {
                            read.add("C " + state.get("plan", String.class) + " " + state.version("count") + " "
                                    + state.get("count", Integer.class) + " " + state.keys());
                            return Decision.answer("done");
                        })
                .build()
                .start("task");

        assertThat(ended(run).isSucceeded()).isTrue();
        assertThat(read)
                .containsExactly("A null 0 []", "A first 0 [count, plan]", "B null 1 [count]", "C null 2 2 [count]");
        assertThat(run.state().block(SOON).values()).isEqualTo(Map.of("count", new StateValue(2, 2)));
        assertThat(TestRuns.events(run).stream().filter(RunEvent.StateWritten.class::isInstance))
                .extracting(event -> event.branch() + " " + ((RunEvent.StateWritten) event).changes())
                .containsExactly(
                        "/ [count=1 (version 1), plan=\"first\" (version 1)]",
                        "/ [count=2 (version 2), plan=null (version 2)]");
    }

    @Test
    void state_ofRunsWithoutWrites_isEmptyAndTellsNothing() {
        Run<String> run = alone(agent("Solo", (turn, state) -> Decision.answer("" + state.keys())))
                .build()
                .start("task");

        assertThat(ended(run).answer()).isEqualTo("[]");
        assertThat(run.state().block(SOON).values()).isEmpty();
        assertThat(TestRuns.events(run)).noneMatch(RunEvent.StateWritten.class::isInstance);
        assertThat(run.state().block(SOON).toString()).doesNotContain("values");
    }

    @Test
    void state_ofOtherRuns_isTheirs() {
        Workflow<String, String> workflow = alone(agent("Solo", (turn, state) -> {
                    if (state.keys().isEmpty()) {
                        state.put("task", String.valueOf(turn.input()));
                        return Decision.repeat(turn.input());
                    }
                    return Decision.answer(state.get("task", String.class));
                }))
                .build();

        List<Run<String>> runs = new ArrayList<>();
        for (int at = 0; at < 20; at++) {
            runs.add(workflow.start("task " + at));
        }
        for (int at = 0; at < 20; at++) {
            assertThat(ended(runs.get(at)).answer()).isEqualTo("task " + at);
        }
    }

    @Test
    void state_atTheStartOfAStep_staysWhatItReads() {
        Sinks.One<Boolean> written = Sinks.one();
        Run<String> run = crew(TestRuns.forking(2), Agent.of("Worker", (turn, context) -> {
                    if (turn.input().equals(1)) {
                        context.state().put("key", "other's");
                        return Mono.just(Decision.answer("wrote")).doFinally(end -> written.tryEmitValue(true));
                    }
                    return written.asMono()
                            .delayElement(Duration.ofMillis(20))
                            .map(any -> Decision.answer("" + context.state().get("key", String.class)));
                }))
                .build()
                .start("task");

        assertThat(ended(run).answer()).isEqualTo("null,wrote");
        assertThat(values(run)).containsExactly(Map.entry("key", "other's"));
    }

    // --- what counts

    @ParameterizedTest
    @ValueSource(strings = {"throws", "decides to fail", "times out", "compensates", "decides nothing"})
    void state_writtenByAStepThatDoesNotSucceed_isNot(String how) {
        Run<String> run = alone(Agent.of("Solo", (turn, context) -> {
                    context.state().put("key", "value");
                    return switch (how) {
                        case "throws" -> Mono.error(new IllegalStateException("broken"));
                        case "decides to fail" -> Mono.just(Decision.fail("no"));
                        case "times out" -> Mono.never();
                        case "compensates" -> Mono.just(Decision.compensate("no"));
                        default -> Mono.empty();
                    };
                }))
                .engine(StepEngine.builder().stepTimeout(Duration.ofMillis(100)).build())
                .build()
                .start("task");

        assertThat(ended(run).isSucceeded()).isFalse();
        assertThat(values(run)).isEmpty();
    }

    @Test
    void state_writtenByAStepThatIsCancelled_isNot() {
        AtomicReference<StepState> kept = new AtomicReference<>();
        Run<String> run = alone(Agent.of("Solo", (turn, context) -> {
                    context.state().put("key", "value");
                    kept.set(context.state());
                    return Mono.never();
                }))
                .build()
                .start("task");
        run.cancel();

        assertThat(ended(run).status()).isEqualTo(RunResult.Status.CANCELLED);
        assertThat(values(run)).isEmpty();
        assertThat(refusal(() -> kept.get().put("key", "later"))).isEqualTo(Reason.STEP_OVER);
        assertThat(kept.get().get("key", String.class)).as("it still reads").isEqualTo("value");
    }

    /** A retry and, when all attempts have failed, what {@code then} makes of it. */
    private static StepInterceptor retrying(int times) {
        return StepInterceptor.ofStep(attempts -> attempts.retry(times));
    }

    @Test
    void state_writtenByAnAttemptThatIsRetried_isNot() {
        List<StepState> states = new CopyOnWriteArrayList<>();
        Run<String> run = alone(Agent.of("Solo", (turn, context) -> {
                    states.add(context.state());
                    context.state().put("attempt " + context.attempt(), context.attempt());
                    assertThat(context.state().keys()).containsExactly("attempt " + context.attempt());
                    return context.attempt() < 3
                            ? Mono.error(new IllegalStateException("broken"))
                            : Mono.just(Decision.answer("done"));
                }))
                .engine(StepEngine.builder().interceptor(retrying(5)).build())
                .build()
                .start("task");

        assertThat(ended(run).isSucceeded()).isTrue();
        assertThat(values(run)).containsExactly(Map.entry("attempt 3", 3));
        assertThat(states).hasSize(3);
        for (StepState state : states) {
            assertThat(refusal(() -> state.merge("key", 1))).isEqualTo(Reason.NO_MERGE);
            assertThat(refusal(() -> state.put("key", 1))).isEqualTo(Reason.STEP_OVER);
        }
    }

    @Test
    void state_ofAStepWithAFallback_isTheFallbacks() {
        Agent<Object, Object> other = Agent.of("other", (input, context) -> {
            context.state().put("by", "fallback");
            return Mono.just(Decision.answer("instead"));
        });
        StepInterceptor fallback = new StepInterceptor() {
            @Override
            @SuppressWarnings("unchecked")
            public <I, O> Mono<O> aroundStep(io.flotilla.step.StepCall<I, O> call, Mono<O> attempts) {
                return attempts.onErrorResume(cause -> {
                    call.markDegraded("other", cause);
                    return call.invoke((Agent<I, O>) (Agent<?, ?>) other);
                });
            }
        };
        Run<String> run = failingWith(fallback);

        assertThat(ended(run).answer()).isEqualTo("instead");
        assertThat(values(run)).containsExactly(Map.entry("by", "fallback"));
    }

    @Test
    void state_ofAStepWithAValueFromElsewhere_isNot() {
        StepInterceptor constant = new StepInterceptor() {
            @Override
            @SuppressWarnings("unchecked")
            public <I, O> Mono<O> aroundStep(io.flotilla.step.StepCall<I, O> call, Mono<O> attempts) {
                return attempts.onErrorReturn((O) Decision.answer("constant"));
            }
        };
        Run<String> run = failingWith(constant);

        assertThat(ended(run).answer()).isEqualTo("constant");
        assertThat(values(run)).isEmpty();
    }

    private static Run<String> failingWith(StepInterceptor guard) {
        return alone(Agent.of("Solo", (turn, context) -> {
                    context.state().put("by", "agent");
                    return Mono.error(new IllegalStateException("broken"));
                }))
                .engine(StepEngine.builder().interceptor(guard).build())
                .build()
                .start("task");
    }

    @Test
    void state_writtenWithADecisionThatIsNotAllowed_isNot() {
        Run<String> run = alone(agent("Solo", (turn, state) -> {
                    assertThat(state.keys()).isEmpty();
                    state.put("turn", turn.correction() == null ? "first" : "corrected");
                    return turn.correction() == null ? Decision.handOff("Nobody", "x") : Decision.answer("done");
                }))
                .build()
                .start("task");

        assertThat(ended(run).isSucceeded()).isTrue();
        assertThat(values(run)).containsExactly(Map.entry("turn", "corrected"));
        assertThat(run.state().block(SOON).values().get("turn").version()).isEqualTo(1);
    }

    // --- side by side

    /** Two workers that write while both are at work; what becomes of the second one's next turn is {@code then}. */
    private static Run<String> bothWriting(
            Function<Workflow.Builder<String>, Workflow.Builder<String>> settings,
            BiFunction<Turn, StepState, Decision> write) {
        Sinks.Many<Integer> began = Sinks.many().replay().limit(2);
        return settings.apply(crew(TestRuns.forking(2), Agent.of("Worker", (turn, context) -> {
                    if (turn.correction() != null) {
                        return Mono.fromSupplier(() -> write.apply(turn, context.state()));
                    }
                    synchronized (began) {
                        began.tryEmitNext(1);
                    }
                    return began.asFlux().take(2).then(Mono.fromSupplier(() -> write.apply(turn, context.state())));
                })))
                .build()
                .start("task");
    }

    private static Workflow.Builder<String> asItIs(Workflow.Builder<String> builder) {
        return builder;
    }

    @Test
    void put_ofTheSameKeySideBySide_isAConflictAndTheSecondReadsTheFirst() {
        List<Correction> corrections = new CopyOnWriteArrayList<>();
        Run<String> run = bothWriting(OwnStateTest::asItIs, (turn, state) -> {
            if (turn.correction() != null) {
                corrections.add(turn.correction());
            }
            Integer before = state.get("count", Integer.class);
            state.put("count", before == null ? 1 : before + 1);
            state.put("mine " + turn.input(), turn.correction() != null);
            return Decision.answer("ok");
        });

        assertThat(ended(run).answer()).isEqualTo("ok,ok");
        assertThat(values(run)).containsEntry("count", 2).hasSize(3);
        assertThat(values(run).values()).as("nothing of a conflict is taken").contains(true, false);
        assertThat(corrections).singleElement().satisfies(correction -> {
            assertThat(correction.conflicts()).containsExactly("count");
            assertThat(correction.problem())
                    .isEqualTo("what it wrote was not taken, others have written the same state meanwhile: count");
            assertThat(correction.decision()).isEqualTo(Decision.answer("ok"));
        });
        assertThat(TestRuns.events(run))
                .filteredOn(RunEvent.DecisionRejected.class::isInstance)
                .hasSize(1);
    }

    @Test
    void put_inConflictMoreOftenThanCorrected_failsTheBranchWithTheKeys() {
        Run<String> run = bothWriting(builder -> builder.maxCorrections(0), (turn, state) -> {
            state.put("b", 1);
            state.put("a", 1);
            return Decision.answer("ok");
        });

        assertThat(ended(run).failure().first()).isInstanceOfSatisfying(StateRejectedException.class, rejected -> {
            assertThat(rejected.conflicts()).containsExactly("a", "b");
            assertThat(rejected.agent()).isEqualTo("Worker");
            assertThat(rejected).hasMessageContaining("others have written the same state meanwhile: a, b");
        });
    }

    @Test
    void remove_ofAKeyThatAnotherHasWritten_isAConflict() {
        Run<String> run = line(
                        (turn, state) -> {
                            state.put("key", 0);
                            return Decision.handOff("B", "x");
                        },
                        (turn, state) -> Decision.handOff("C", "x"),
                        (turn, state) -> Decision.answer("x"))
                .build()
                .start("task");
        assertThat(ended(run).isSucceeded()).isTrue();

        AtomicInteger removals = new AtomicInteger();
        Run<String> both = bothWriting(OwnStateTest::asItIs, (turn, state) -> {
            if (turn.input().equals(0)) {
                state.put("key", "put");
                return Decision.answer("put");
            }
            removals.incrementAndGet();
            state.put("key", "then removed");
            state.remove("key");
            return Decision.answer("removed");
        });
        assertThat(ended(both).answer()).as("it never was there").isEqualTo("put,removed");
        assertThat(values(both)).containsExactly(Map.entry("key", "put"));
        assertThat(removals).hasValue(1);
    }

    /** An agent that knows nothing of runs cannot read a correction, but it reads the state. */
    @Test
    void put_inConflictByAPlainAgent_isCalledAgain() {
        Sinks.Many<Integer> began = Sinks.many().replay().limit(2);
        AtomicInteger calls = new AtomicInteger();
        Agent<Integer, String> plain = Agent.of("plain", (input, context) -> {
            Mono<String> write = Mono.fromSupplier(() -> {
                Integer before = context.state().get("count", Integer.class);
                context.state().put("count", before == null ? 1 : before + 1);
                return "ok";
            });
            if (calls.incrementAndGet() > 2) {
                return write;
            }
            synchronized (began) {
                began.tryEmitNext(1);
            }
            return began.asFlux().take(2).then(write);
        });
        Run<String> run = Workflow.builder(
                        Topology.parse("start -> Lead\nLead <-> Worker\nWorker -> Lead, end"), String.class)
                .agent("Lead", TestRuns.forking(2))
                .agent("Worker", Integer.class, plain)
                .build()
                .start("task");

        assertThat(ended(run).answer()).isEqualTo("ok,ok");
        assertThat(values(run)).containsExactly(Map.entry("count", 2));
        assertThat(calls).hasValue(3);
    }

    @Test
    void put_byExclusiveAgents_neverConflicts() {
        Run<String> run = Workflow.builder(Topology.parse("start -> Lead\nLead <-> X, Y\nLead -> end"), String.class)
                .agent("Lead", TestRuns.deciding("Lead", turn -> {
                    if (turn.reason() == Turn.Reason.JOINED) {
                        return Decision.answer("done");
                    }
                    List<Invocation> all = new ArrayList<>(TestRuns.invocations("X", 20));
                    all.addAll(TestRuns.invocations("Y", 20));
                    return Decision.fanOut(all);
                }))
                .agent("X", counting())
                .agent("Y", counting())
                .exclusive("X", "Y")
                .maxCorrections(0)
                .build()
                .start("task");

        assertThat(ended(run).isSucceeded()).isTrue();
        assertThat(values(run)).containsExactly(Map.entry("count", 40));
    }

    private static Agent<Turn, Decision> counting() {
        return Agent.of(
                "counting",
                (turn, context) -> Mono.delay(Duration.ofMillis(1)).map(any -> {
                    Integer before = context.state().get("count", Integer.class);
                    context.state().put("count", before == null ? 1 : before + 1);
                    return Decision.answer("ok");
                }));
    }

    // --- merges

    private static List<?> concat(List<?> one, List<?> other) {
        List<Object> all = new ArrayList<>(one);
        all.addAll(other);
        return all;
    }

    @Test
    void merge_sideBySide_hasAll() {
        Run<String> run = crew(TestRuns.forking(1_000), agent("Worker", (turn, state) -> {
                    state.merge("sum", (Integer) turn.input());
                    state.merge("sum", 1);
                    state.merge("pages", List.of(turn.input()));
                    assertThat(state.get("sum", Integer.class)).isGreaterThanOrEqualTo((Integer) turn.input() + 1);
                    return Decision.answer("ok");
                }))
                .mergeState("sum", Integer.class, Integer::sum)
                .mergeState("pages", List.class, OwnStateTest::concat)
                .maxCorrections(0)
                .build()
                .start("task");

        assertThat(ended(run).isSucceeded()).isTrue();
        assertThat(values(run)).containsEntry("sum", 999 * 500 + 1_000);
        assertThat((List<?>) values(run).get("pages")).hasSize(1_000).doesNotHaveDuplicates();
    }

    @Test
    void merge_withOtherWritesOfTheStep_isInThem() {
        Run<String> run = line(
                        (turn, state) -> {
                            state.merge("a", 1);
                            state.merge("b", 1);
                            state.merge("c", 1);
                            state.put("c", 10);
                            state.merge("c", 5);
                            return Decision.handOff("B", "x");
                        },
                        (turn, state) -> {
                            state.merge("a", 2);
                            assertThat(state.get("a", Integer.class)).isEqualTo(3);
                            state.put("a", 7);
                            state.remove("b");
                            state.merge("b", 9);
                            assertThat(state.get("b", Integer.class)).isEqualTo(9);
                            state.merge("c", 1);
                            return Decision.handOff("C", "x");
                        },
                        (turn, state) -> Decision.answer("x"))
                .mergeState("a", Integer.class, Integer::sum)
                .mergeState("b", Integer.class, Integer::sum)
                .mergeState("c", Integer.class, Integer::sum)
                .build()
                .start("task");

        assertThat(ended(run).isSucceeded()).isTrue();
        assertThat(values(run)).isEqualTo(Map.of("a", 7, "b", 9, "c", 16));
    }

    @ParameterizedTest
    @ValueSource(strings = {"throws", "null", "error"})
    void merge_thatFails_failsTheBranchAndNothingIsTaken(String how) {
        AtomicInteger calls = new AtomicInteger();
        Run<String> run = line(
                        (turn, state) -> {
                            state.merge("key", 1);
                            return Decision.handOff("B", "x");
                        },
                        (turn, state) -> {
                            state.merge("key", 2);
                            state.put("other", 2);
                            return Decision.handOff("C", "x");
                        },
                        (turn, state) -> Decision.answer("x"))
                .mergeState("key", Integer.class, (one, other) -> {
                    calls.incrementAndGet();
                    return switch (how) {
                        case "throws" -> throw new IllegalStateException("no way");
                        case "error" -> throw new StackOverflowError("no way");
                        default -> null;
                    };
                })
                .build()
                .start("task");

        assertThat(ended(run).failure()).isInstanceOfSatisfying(StateMergeException.class, failed -> {
            assertThat(failed.key()).isEqualTo("key");
            assertThat(failed.agent()).isEqualTo("B");
            assertThat(failed.branch()).isEqualTo(BranchPath.outsideForks(0));
            assertThat(failed).hasMessageContaining(how.equals("null") ? "returned null" : "no way");
        });
        assertThat(values(run)).containsExactly(Map.entry("key", 1));
        assertThat(calls).hasValue(1);
    }

    @Test
    void merge_thatCannotBe_isRefusedWhereItIsAskedFor() {
        List<Reason> reasons = new CopyOnWriteArrayList<>();
        Run<String> run = alone(agent("Solo", (turn, state) -> {
                    reasons.add(refusal(() -> state.merge("unknown", 1)));
                    reasons.add(refusal(() -> state.merge("sum", "text")));
                    reasons.add(refusal(() -> state.put("sum", "text")));
                    state.merge("sum", 1);
                    reasons.add(refusal(() -> state.merge("sum", -1)));
                    reasons.add(refusal(() -> state.get("sum", String.class)));
                    return Decision.answer("done");
                }))
                .mergeState("sum", Integer.class, (one, other) -> {
                    if (other < 0) {
                        throw new IllegalArgumentException("negative");
                    }
                    return one + other;
                })
                .build()
                .start("task");

        assertThat(ended(run).answer()).isEqualTo("done");
        assertThat(reasons)
                .containsExactly(
                        Reason.NO_MERGE, Reason.WRONG_TYPE, Reason.WRONG_TYPE, Reason.MERGE_FAILED, Reason.WRONG_TYPE);
        assertThat(values(run)).containsExactly(Map.entry("sum", 1));
    }

    @Test
    void mergeState_badInput_isRefused() {
        Workflow.Builder<String> builder = alone(agent("Solo", (turn, state) -> Decision.answer("x")));

        assertThatNullPointerException().isThrownBy(() -> builder.mergeState(null, String.class, (a, b) -> a));
        assertThatNullPointerException().isThrownBy(() -> builder.mergeState("k", null, (a, b) -> a));
        assertThatNullPointerException().isThrownBy(() -> builder.mergeState("k", String.class, null));
        assertThatIllegalArgumentException()
                .isThrownBy(() -> builder.mergeState("k", int.class, (a, b) -> a))
                .withMessage("type must not be primitive, was int");
        assertThatIllegalArgumentException().isThrownBy(() -> builder.mergeState(" ", String.class, (a, b) -> a));
        builder.mergeState("k", String.class, (a, b) -> a).mergeState("k", String.class, (a, b) -> a);
        assertThatThrownBy(builder::build)
                .isInstanceOf(InvalidWorkflowException.class)
                .hasMessageContaining("the merge of state \"k\" is given twice");
    }

    // --- bounds and bad input

    @Test
    void put_moreKeysThanThereMayBe_isRefused() {
        Run<String> run = alone(agent("Solo", (turn, state) -> {
                    state.put("a", 1);
                    state.put("b", 1);
                    assertThat(refusal(() -> state.put("c", 1))).isEqualTo(Reason.TOO_MANY_KEYS);
                    state.remove("a");
                    state.put("c", 1);
                    return Decision.answer("done");
                }))
                .maxStateKeys(2)
                .build()
                .start("task");

        assertThat(ended(run).answer()).isEqualTo("done");
        assertThat(values(run)).containsOnlyKeys("b", "c");
    }

    /** Each of them knows of its own only. */
    @Test
    void put_moreKeysThanThereMayBeSideBySide_isNotTaken() {
        Run<String> run = bothWriting(builder -> builder.maxStateKeys(1).maxCorrections(0), (turn, state) -> {
            state.put("key " + turn.input(), 1);
            return Decision.answer("ok");
        });

        assertThat(ended(run).failure().first()).isInstanceOfSatisfying(StateRejectedException.class, rejected -> {
            assertThat(rejected.conflicts()).isEmpty();
            assertThat(rejected).hasMessageContaining("the run's state would have 2 keys, and may have 1");
        });
        assertThat(values(run)).hasSize(1);
    }

    @Test
    void maxStateKeys_negative_isRefused() {
        assertThatIllegalArgumentException()
                .isThrownBy(() -> alone(agent("Solo", (turn, state) -> Decision.answer("x")))
                        .maxStateKeys(-1))
                .withMessage("maxStateKeys must be >= 0, was -1");
    }

    private static void badInput(StepState state) {
        List<Consumer<String>> calls = List.of(
                key -> state.get(key, String.class),
                state::version,
                key -> state.put(key, 1),
                state::remove,
                key -> state.merge(key, 1));
        for (Consumer<String> call : calls) {
            assertThatNullPointerException().isThrownBy(() -> call.accept(null)).withMessage("key");
            for (String bad : List.of("", "  ", "a\nb", "x".repeat(StepState.MAX_KEY_LENGTH + 1))) {
                assertThatIllegalArgumentException().isThrownBy(() -> call.accept(bad));
            }
        }
        assertThatNullPointerException()
                .isThrownBy(() -> state.get("key", null))
                .withMessage("type");
        assertThatNullPointerException()
                .isThrownBy(() -> state.put("key", null))
                .withMessage("value");
        assertThatNullPointerException()
                .isThrownBy(() -> state.merge("key", null))
                .withMessage("update");
        assertThatThrownBy(() -> state.keys().add("x")).isInstanceOf(UnsupportedOperationException.class);
    }

    @Test
    void badInput_ofAllKinds_isRefusedAndTheStepGoesOn() {
        Run<String> run = alone(agent("Solo", (turn, state) -> {
                    badInput(state);
                    state.put("x".repeat(StepState.MAX_KEY_LENGTH), "fits");
                    return Decision.answer("done");
                }))
                .build()
                .start("task");

        assertThat(ended(run).answer()).isEqualTo("done");
        badInput(StepState.none());
        badInput(StepContext.detached(AgentId.of("a")).state());
    }

    /** What it has of methods throws. */
    private static final class Nasty {

        @Override
        public boolean equals(Object other) {
            throw new IllegalStateException("equals");
        }

        @Override
        public int hashCode() {
            throw new IllegalStateException("hashCode");
        }

        @Override
        public String toString() {
            throw new IllegalStateException("toString");
        }
    }

    @Test
    void put_valuesWhoseMethodsThrow_doNoHarm() {
        Nasty nasty = new Nasty();
        Run<String> run = line(
                        (turn, state) -> {
                            state.put("nasty", nasty);
                            assertThat(state.toString()).isEqualTo("StepState[nasty]");
                            return Decision.handOff("B", "x");
                        },
                        (turn, state) -> {
                            assertThat(state.get("nasty", Nasty.class) == nasty).isTrue();
                            state.put("nasty", nasty);
                            return Decision.handOff("C", "x");
                        },
                        (turn, state) -> Decision.answer("done"))
                .build()
                .start("task");

        assertThat(ended(run).answer()).isEqualTo("done");
        assertThat(run.state().block(SOON).toString()).contains("nasty=Nasty (version 2)");
        assertThat(run.state().block(SOON).toMap().toString()).contains("which cannot be read");
        assertThat(TestRuns.events(run).toString()).contains("nasty=Nasty (version 1)");
    }

    /** Events are kept, so a large value is not in them. */
    @Test
    void put_largeValues_areInTheStateAndNotInTheEvents() {
        String fits = "x".repeat(StateChange.MAX_SHOWN);
        List<Object> cycle = new ArrayList<>();
        cycle.add(cycle);
        Run<String> run = alone(agent("Solo", (turn, state) -> {
                    state.put("a", fits);
                    state.put("b", fits + "x");
                    state.put("c", List.of("x", List.of(fits)));
                    state.put("d", Map.of("k", fits));
                    state.put("e", cycle);
                    state.put("f", Map.of("k", List.of(1, 2)));
                    state.put("g", new byte[StateChange.MAX_SHOWN]);
                    return Decision.answer("done");
                }))
                .build()
                .start("task");

        assertThat(ended(run).answer()).isEqualTo("done");
        assertThat(run.state().block(SOON).values().get("b").value()).isEqualTo(fits + "x");
        RunEvent.StateWritten written = TestRuns.events(run).stream()
                .filter(RunEvent.StateWritten.class::isInstance)
                .map(RunEvent.StateWritten.class::cast)
                .findFirst()
                .orElseThrow();
        assertThat(written.changes())
                .extracting(StateChange::value)
                .containsExactly(
                        fits,
                        StateChange.TOO_LARGE,
                        StateChange.TOO_LARGE,
                        StateChange.TOO_LARGE,
                        StateChange.TOO_LARGE,
                        Map.of("k", List.of(1, 2)),
                        StateChange.TOO_LARGE);
    }

    @Test
    void put_byManyThreadsOfAStep_allAreThere() {
        Run<String> run = alone(Agent.of(
                        "Solo",
                        (turn, context) -> reactor.core.publisher.Flux.range(0, 2_000)
                                .flatMap(
                                        at -> Mono.fromRunnable(() -> {
                                                    context.state().put("key " + at % 50, at);
                                                    context.state().merge("sum", 1);
                                                })
                                                .subscribeOn(reactor.core.scheduler.Schedulers.boundedElastic()),
                                        8)
                                .then(Mono.just(Decision.answer("done")))))
                .mergeState("sum", Integer.class, Integer::sum)
                .build()
                .start("task");

        assertThat(ended(run).answer()).isEqualTo("done");
        assertThat(values(run)).hasSize(51).containsEntry("sum", 2_000);
    }

    // --- outside of runs

    @Test
    void state_ofARound_readsNothingAndRefusesToBeWritten() {
        List<Reason> reasons = new CopyOnWriteArrayList<>();
        StepResult<String> result = StepEngine.builder()
                .build()
                .run(
                        List.of(Agent.<String, String>of("a", (input, context) -> {
                            StepState state = context.state();
                            reasons.add(refusal(() -> state.put("key", 1)));
                            reasons.add(refusal(() -> state.remove("key")));
                            reasons.add(refusal(() -> state.merge("key", 1)));
                            return Mono.just(
                                    state.get("key", String.class) + " " + state.version("key") + state.keys());
                        })),
                        "x")
                .block(SOON)
                .results()
                .get(0);

        assertThat(result.value()).isEqualTo("null 0[]");
        assertThat(reasons).containsExactly(Reason.NOT_IN_A_RUN, Reason.NOT_IN_A_RUN, Reason.NOT_IN_A_RUN);
    }

    @Test
    void state_ofADetachedContext_isItsOwn() {
        StepState state = StepContext.detached(AgentId.of("a")).state();
        state.put("key", "one");
        state.merge("new", 1);

        assertThat(state.get("key", String.class)).isEqualTo("one");
        assertThat(state.version("key")).isEqualTo(1);
        assertThat(state.version("new")).isEqualTo(2);
        assertThat(refusal(() -> state.get("key", Integer.class))).isEqualTo(Reason.WRONG_TYPE);
        assertThat(refusal(() -> state.merge("key", "two"))).isEqualTo(Reason.NO_MERGE);
        state.remove("key");
        assertThat(state.keys()).containsExactly("new");
        assertThat(state).hasToString("StepState[new]");
        assertThat(StepContext.detached(AgentId.of("a")).state().keys()).isEmpty();
    }
}
