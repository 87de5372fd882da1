package io.flotilla.run;

import static io.flotilla.run.TestRuns.SOON;
import static io.flotilla.run.TestRuns.alone;
import static io.flotilla.run.TestRuns.crew;
import static io.flotilla.run.TestRuns.ended;
import static org.assertj.core.api.Assertions.assertThat;

import io.flotilla.agent.Agent;
import io.flotilla.agent.StepState;
import io.flotilla.agent.StepStateException;
import io.flotilla.agent.StepStateException.Reason;
import io.flotilla.journal.Journal;
import io.flotilla.journal.JournalEntry;
import io.flotilla.observe.Redactor;
import io.flotilla.step.StepEngine;
import io.flotilla.topology.Topology;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import reactor.core.publisher.Mono;

/** The own state of a run is in its journal: what is seen of it, recovered, forked and undone. */
@Timeout(60)
class RecordedStateTest {

    private static final Topology LINE = Topology.parse("start -> A -> B -> end\nA -> user");

    private final Journal journal = Journal.inMemory();
    private final List<String> read = new CopyOnWriteArrayList<>();

    private static Map<String, Object> values(RunState state) {
        Map<String, Object> values = new LinkedHashMap<>();
        state.values().forEach((key, value) -> values.put(key, value.value()));
        return values;
    }

    private static Map<String, Object> values(Run<?> run) {
        return values(run.state().block(SOON));
    }

    /** A writes, asks, writes once more and hands over; B reads and writes. */
    private Workflow<String, String> asking(Journal where) {
        return Workflow.builder(LINE, String.class)
                .agent(
                        "A",
                        Agent.of(
                                "A",
                                (turn, context) -> Mono.fromSupplier(() -> {
                                    StepState state = context.state();
                                    if (turn.reason() == Turn.Reason.REQUESTED) {
                                        state.put("plan", List.of("a", turn.input()));
                                        state.merge("count", 1);
                                        return Decision.ask("go?");
                                    }
                                    read.add("A " + state.get("plan", List.class) + " " + state.version("plan"));
                                    state.merge("count", 10);
                                    state.put("said", String.valueOf(turn.answer()));
                                    return Decision.handOff("B", "x");
                                })))
                .agent(
                        "B",
                        Agent.of(
                                "B",
                                (turn, context) -> Mono.fromSupplier(() -> {
                                    StepState state = context.state();
                                    read.add("B " + state.get("said", String.class) + " "
                                            + state.get("count", Integer.class));
                                    state.remove("plan");
                                    return Decision.answer("done");
                                })))
                .mergeState("count", Integer.class, Integer::sum)
                .journal(where)
                .build();
    }

    // --- what is seen

    @Test
    void stateAt_everyFact_isWhatItWasThen() {
        Run<String> run = asking(journal).start("task");
        assertThat(run.answer("q0", "yes").block(SOON)).isTrue();
        assertThat(ended(run).isSucceeded()).isTrue();

        List<Map<String, Object>> states = new ArrayList<>();
        for (int at = 0; at <= 5; at++) {
            states.add(values(asking(journal).runs().stateAt(run.runId(), at).block(SOON)));
        }
        Map<String, Object> asked = Map.of("count", 1, "plan", List.of("a", "task"));
        Map<String, Object> said = Map.of("count", 11, "plan", List.of("a", "task"), "said", "yes");
        assertThat(states).containsExactly(Map.of(), Map.of(), asked, asked, said, Map.of("count", 11, "said", "yes"));
        RunState live = run.state().block(SOON);
        assertThat(asking(journal).runs().stateAt(run.runId(), live.facts()).block(SOON))
                .isEqualTo(live);
        assertThat(live.values().get("count").version()).isEqualTo(2);
        assertThat(asking(journal).runs().events(run.runId()).collectList().block(SOON))
                .isEqualTo(TestRuns.events(run));
    }

    @Test
    void recover_inTheMiddle_stateIsThere() {
        Run<String> run = asking(journal).start("task");
        TestRuns.until(() -> run.questions().isEmpty() ? null : run);

        Run<String> recovered = asking(new ForwardingJournal(journal))
                .runs()
                .recover(run.runId())
                .block(SOON);
        assertThat(values(recovered)).isEqualTo(Map.of("count", 1, "plan", List.of("a", "task")));
        assertThat(recovered.answer("q0", "yes").block(SOON)).isTrue();

        assertThat(ended(recovered).isSucceeded()).isTrue();
        assertThat(read).containsExactly("A [a, task] 1", "B yes 11");
        assertThat(values(recovered)).isEqualTo(Map.of("count", 11, "said", "yes"));
    }

    /** A step that was in flight when the process died reads what it had read. */
    @Test
    void recover_aStepInFlight_readsTheStateOfItsStart() {
        AtomicInteger calls = new AtomicInteger();
        Agent<Turn, Decision> worker = Agent.of("Worker", (turn, context) -> {
            if (turn.input().equals(0)) {
                context.state().put("key", "written");
                return Mono.just(Decision.answer("wrote"));
            }
            read.add("read " + context.state().get("key", String.class));
            return calls.incrementAndGet() == 1
                    ? Mono.never()
                    : Mono.fromSupplier(() -> {
                        context.state().put("mine", true);
                        return Decision.answer("done");
                    });
        });
        Run<String> run =
                crew(TestRuns.forking(2), worker).journal(journal).build().start("task");
        TestRuns.until(() -> read.isEmpty() || !values(run).containsKey("key") ? null : run);

        Run<String> recovered = crew(TestRuns.forking(2), worker)
                .journal(new ForwardingJournal(journal))
                .<String>build()
                .runs()
                .recover(run.runId())
                .block(SOON);
        assertThat(ended(recovered).answer()).isEqualTo("wrote,done");
        assertThat(read).containsExactly("read null", "read null");
        assertThat(values(recovered)).isEqualTo(Map.of("key", "written", "mine", true));
    }

    @Test
    void suspend_stepInFlight_writesNothingAndOnceRecoveredWrites() {
        AtomicInteger calls = new AtomicInteger();
        Agent<Turn, Decision> solo = Agent.of("Solo", (turn, context) -> {
            context.state().put("call", calls.incrementAndGet());
            return calls.get() == 1 ? Mono.never() : Mono.just(Decision.answer("done"));
        });
        Run<String> run = alone(solo).journal(journal).build().start("task");
        TestRuns.until(() -> calls.get() == 0 ? null : run);
        run.suspend().block(SOON);

        Workflow<String, String> again = alone(solo).journal(journal).build();
        assertThat(values(again.runs().replay(run.runId()).block(SOON))).isEmpty();
        Run<String> recovered = again.runs().recover(run.runId()).block(SOON);
        assertThat(ended(recovered).answer()).isEqualTo("done");
        assertThat(values(recovered)).isEqualTo(Map.of("call", 2));
    }

    @Test
    void fork_atAFact_hasTheStateOfThatFactAndKeepsTheWritesOfTheStep() {
        Run<String> run = asking(journal).start("task");
        assertThat(run.answer("q0", "yes").block(SOON)).isTrue();
        assertThat(ended(run).isSucceeded()).isTrue();
        Runs<String> runs = asking(journal).runs();

        read.clear();
        Run<String> otherAnswer = runs.fork(run.runId(), 2, "no").block(SOON);
        assertThat(ended(otherAnswer).isSucceeded()).isTrue();
        assertThat(read).containsExactly("A [a, task] 1", "B no 11");

        read.clear();
        Run<String> otherDecision =
                runs.fork(run.runId(), 3, Decision.handOff("B", "other")).block(SOON);
        assertThat(ended(otherDecision).isSucceeded()).isTrue();
        assertThat(read).containsExactly("B yes 11");
        assertThat(values(otherDecision)).isEqualTo(Map.of("count", 11, "said", "yes"));

        Run<String> otherTask = runs.fork(run.runId(), 0, "another task").block(SOON);
        assertThat(values(otherTask)).containsEntry("plan", List.of("a", "another task"));
        otherTask.cancel();
        assertThat(values(run)).as("the old one").isEqualTo(Map.of("count", 11, "said", "yes"));
    }

    /** What was merged is in the journal, not what came of it: another merge makes another state, and that is known. */
    @Test
    void replay_withoutTheMerge_divergesInWords() {
        Run<String> run = alone(Agent.of("Solo", (turn, context) -> {
                    context.state().merge("count", 1);
                    return Mono.just(Decision.answer("done"));
                }))
                .mergeState("count", Integer.class, Integer::sum)
                .journal(journal)
                .build()
                .start("task");
        assertThat(ended(run).isSucceeded()).isTrue();

        Workflow<String, String> without = alone(TestRuns.deciding("Solo", turn -> Decision.answer("done")))
                .journal(journal)
                .build();
        assertThat(without.runs().verify(RunFilter.all()).block(SOON).toString())
                .contains("failed=1", "the workflow has no merge for it");
    }

    // --- redaction

    private static final String SECRET = "hunter2";
    private static final Redactor REDACTOR = text -> text.replace(SECRET, "***");

    /** Texts are redacted where others read them, in lists and maps too; agents have what was written. */
    @Test
    void redactor_everywhereOthersRead_hidesTheSecret() {
        List<Object> seen = new CopyOnWriteArrayList<>();
        Map<String, Object> tree = Map.of("passwords", List.of(SECRET, 1), "number", 2);
        Run<String> run = alone(Agent.of("Solo", (turn, context) -> {
                    StepState state = context.state();
                    if (state.keys().isEmpty()) {
                        state.put("text", SECRET);
                        state.put("tree", tree);
                        state.put("flag", true);
                        state.merge("all", List.of("one " + SECRET));
                        state.merge("all", List.of("two " + SECRET));
                        return Mono.just(Decision.repeat("x"));
                    }
                    seen.add(state.get("text", String.class));
                    seen.add(state.get("tree", Map.class));
                    return Mono.just(Decision.answer("done"));
                }))
                .mergeState(
                        "all",
                        List.class,
                        (List<?> one, List<?> other) ->
                                Stream.concat(one.stream(), other.stream()).toList())
                .engine(StepEngine.builder().redactor(REDACTOR).build())
                .journal(journal)
                .build()
                .start("task");

        assertThat(ended(run).isSucceeded()).isTrue();
        assertThat(seen).containsExactly(SECRET, tree);
        RunState live = run.state().block(SOON);
        assertThat(live.values().toString() + live.toMap()).doesNotContain(SECRET);
        assertThat(values(live))
                .containsEntry("text", "***")
                .containsEntry("tree", Map.of("passwords", List.of("***", 1), "number", 2))
                .containsEntry("flag", true)
                .containsEntry("all", List.of("one ***", "two ***"));
        for (RunEvent event : TestRuns.events(run)) {
            assertThat(event.toMap().toString() + event).doesNotContain(SECRET);
        }
        for (JournalEntry entry : journal.read(run.runId(), 0).collectList().block(SOON)) {
            assertThat(new String(entry.payload(), StandardCharsets.ISO_8859_1)).doesNotContain(SECRET);
        }
    }

    @Test
    void redactor_thatThrows_withholdsTheValuesAndTheRunWithoutJournalGoesOn() {
        Run<String> run = alone(Agent.of("Solo", (turn, context) -> {
                    context.state().put("text", SECRET);
                    context.state().put("object", java.net.URI.create(SECRET));
                    return Mono.just(Decision.answer("done"));
                }))
                .engine(StepEngine.builder()
                        .redactor(text -> {
                            throw new IllegalStateException(text);
                        })
                        .build())
                .build()
                .start("task");

        assertThat(ended(run).isSucceeded()).isTrue();
        assertThat(values(run).values()).containsOnly("(withheld, the redactor failed)");
        assertThat(TestRuns.events(run).toString()).doesNotContain(SECRET).contains("withheld");
    }

    // --- bounds of the codec

    @Test
    void put_whatTheCodecCannotWrite_isRefusedWhereItIsPut() {
        List<Object> cycle = new ArrayList<>();
        cycle.add(cycle);
        List<StepStateException> refused = new CopyOnWriteArrayList<>();
        String large = "x".repeat(StepState.MAX_VALUE_BYTES);
        Run<String> run = alone(Agent.of(
                        "Solo",
                        (turn, context) -> Mono.fromSupplier(() -> {
                            for (Object value : List.of(new Object(), cycle, Thread.currentThread(), large)) {
                                try {
                                    context.state().put("key", value);
                                } catch (StepStateException no) {
                                    refused.add(no);
                                }
                                try {
                                    context.state().merge("merged", value);
                                } catch (StepStateException no) {
                                    refused.add(no);
                                }
                            }
                            context.state().put("fits", large.substring(100));
                            return Decision.answer("done");
                        })))
                .mergeState("merged", Object.class, (one, other) -> other)
                .journal(journal)
                .build()
                .start("task");

        assertThat(ended(run).answer()).isEqualTo("done");
        assertThat(refused)
                .extracting(StepStateException::reason)
                .containsExactly(
                        Reason.UNWRITABLE,
                        Reason.UNWRITABLE,
                        Reason.UNWRITABLE,
                        Reason.UNWRITABLE,
                        Reason.UNWRITABLE,
                        Reason.UNWRITABLE,
                        Reason.TOO_LARGE,
                        Reason.TOO_LARGE);
        assertThat(refused.get(6)).hasMessageContaining("bytes, and may have 1000000");
        assertThat(values(run)).containsOnlyKeys("fits");
        assertThat(values(alone(TestRuns.deciding("Solo", turn -> Decision.answer("x")))
                        .journal(journal)
                        .<String>build()
                        .runs()
                        .replay(run.runId())
                        .block(SOON)))
                .containsOnlyKeys("fits");
    }

    @Test
    void put_moreBytesThanAStepMayWrite_isRefused() {
        AtomicReference<StepStateException> refused = new AtomicReference<>();
        String value = "x".repeat(900_000);
        Run<String> run = alone(Agent.of(
                        "Solo",
                        (turn, context) -> Mono.fromSupplier(() -> {
                            for (int at = 0; at < 8; at++) {
                                context.state().put("key " + at, value);
                            }
                            try {
                                context.state().put("one more", value);
                            } catch (StepStateException no) {
                                refused.set(no);
                            }
                            context.state().put("key 0", "small");
                            context.state().put("one more", value);
                            return Decision.answer("done");
                        })))
                .journal(journal)
                .build()
                .start("task");

        assertThat(ended(run).answer()).isEqualTo("done");
        assertThat(refused.get().reason()).isEqualTo(Reason.TOO_LARGE);
        assertThat(refused.get()).hasMessageContaining("and may write 8000000");
        assertThat(values(run)).hasSize(9);
    }

    /** As with every payload: what is changed after it was given away is the agent's own fault, and no run hangs on it. */
    @Test
    void put_aValueThatIsUnwritableLater_breaksTheRunDownWithAnError() {
        List<Object> value = new ArrayList<>();
        Run<String> run = alone(Agent.of(
                        "Solo",
                        (turn, context) -> Mono.fromSupplier(() -> {
                            context.state().put("key", value);
                            value.add(new Object());
                            return Decision.answer("done");
                        })))
                .journal(journal)
                .build()
                .start("task");

        assertThat(run.result().materialize().block(SOON).getThrowable())
                .isInstanceOf(io.flotilla.journal.PayloadException.class);
    }

    /** Else the run would go on, and never be recovered: its replay would have another class than the merge is for. */
    @Test
    void mergeState_ofAClassThatIsNotReadBack_isRefusedWhereItIsWritten() {
        List<StepStateException> refused = new CopyOnWriteArrayList<>();
        Run<String> run = alone(Agent.of(
                        "Solo",
                        (turn, context) -> Mono.fromSupplier(() -> {
                            StepState state = context.state();
                            for (Runnable write : List.<Runnable>of(
                                    () -> state.merge("linked", new CopyOnWriteArrayList<>(List.of("a"))),
                                    () -> state.put("linked", new CopyOnWriteArrayList<>(List.of("a"))),
                                    () -> state.put("sorted", new TreeMap<>(Map.of("a", 1))))) {
                                try {
                                    write.run();
                                } catch (StepStateException no) {
                                    refused.add(no);
                                }
                            }
                            state.merge("list", new CopyOnWriteArrayList<>(List.of("b")));
                            state.put("free", new CopyOnWriteArrayList<>(List.of("c")));
                            return Decision.answer("done");
                        })))
                .mergeState(
                        "linked",
                        CopyOnWriteArrayList.class,
                        (CopyOnWriteArrayList<?> one, CopyOnWriteArrayList<?> other) -> other)
                .mergeState("sorted", SortedMap.class, (SortedMap<?, ?> one, SortedMap<?, ?> other) -> other)
                .mergeState("list", List.class, (List<?> one, List<?> other) -> other)
                .journal(journal)
                .build()
                .start("task");

        assertThat(ended(run).answer()).isEqualTo("done");
        assertThat(refused).extracting(StepStateException::reason).containsOnly(Reason.WRONG_TYPE);
        assertThat(refused).extracting(StepStateException::key).containsExactly("linked", "linked", "sorted");
        assertThat(refused.get(0))
                .hasMessageContaining(
                        "must be a java.util.concurrent.CopyOnWriteArrayList, and is read from the journal as a java.util.ArrayList");
        assertThat(values(run)).containsOnlyKeys("list", "free");
        assertThat(values(alone(TestRuns.deciding("Solo", turn -> Decision.answer("x")))
                        .mergeState("list", List.class, (List<?> one, List<?> other) -> other)
                        .journal(journal)
                        .<String>build()
                        .runs()
                        .replay(run.runId())
                        .block(SOON)))
                .isEqualTo(values(run));
    }

    // --- nested runs, compensations, reconcilers

    @Test
    void nestedRun_hasItsOwnState() {
        Workflow<Object, String> inner = alone(Agent.of("Solo", (turn, context) -> {
                    read.add("inner " + context.state().keys());
                    context.state().put("inner", "value");
                    return Mono.just(Decision.answer("from inside"));
                }))
                .name("inner")
                .build();
        Run<String> run = Workflow.builder(Topology.parse("start -> A -> Inner -> B -> end"), String.class)
                .agent("A", Agent.of("A", (turn, context) -> {
                    context.state().put("outer", "value");
                    return Mono.just(Decision.handOff("Inner", "x"));
                }))
                .agent("Inner", inner)
                .agent("B", Agent.of("B", (turn, context) -> {
                    read.add("B " + context.state().keys());
                    return Mono.just(Decision.answer("done"));
                }))
                .journal(journal)
                .build()
                .start("task");

        assertThat(ended(run).isSucceeded()).isTrue();
        assertThat(read).containsExactly("inner []", "B [outer]");
        assertThat(values(run)).containsOnlyKeys("outer");
    }

    @Test
    void compensation_seesTheStateAndWritesWhenItSucceeds() {
        AtomicInteger calls = new AtomicInteger();
        Workflow<String, String> workflow = Workflow.builder(Topology.parse("start -> A -> B -> C"), String.class)
                .agent("A", Agent.of("A", (turn, context) -> {
                    context.state().put("a", "booked");
                    return Mono.just(Decision.handOff("B", "x"));
                }))
                .agent("B", Agent.of("B", (turn, context) -> {
                    context.state().put("b", "booked");
                    return Mono.just(Decision.handOff("C", "x"));
                }))
                .agent("C", Agent.of("C", (turn, context) -> {
                    context.state().put("c", "lost");
                    return Mono.just(Decision.fail("no"));
                }))
                .compensate("A", (step, context) -> {
                    read.add("A " + context.state().keys() + " "
                            + context.state().get("b", String.class));
                    context.state().put("a", "undone");
                    return Mono.empty();
                })
                .compensate("B", (step, context) -> {
                    read.add("B " + context.state().keys());
                    context.state().put("try " + calls.incrementAndGet(), true);
                    context.state().put("b", "undone");
                    return calls.get() == 1 ? Mono.error(new IllegalStateException("not yet")) : Mono.empty();
                })
                .journal(journal)
                .build();
        Run<String> run = workflow.start("task");

        assertThat(ended(run).uncompensated()).isEmpty();
        assertThat(read).containsExactly("B [a, b]", "B [a, b]", "A [a, b, try 2] undone");
        assertThat(values(run)).isEqualTo(Map.of("a", "undone", "b", "undone", "try 2", true));
        assertThat(workflow.runs().replay(run.runId()).block(SOON))
                .isEqualTo(run.state().block(SOON));
        assertThat(TestRuns.events(run))
                .extracting(RunEvent::type)
                .containsSubsequence("state-written", "compensation-settled", "state-written", "compensation-settled");
    }

    @Test
    void compensation_thatFails_writesNothing() {
        Run<String> run = Workflow.builder(Topology.parse("start -> A -> B"), String.class)
                .agent("A", TestRuns.deciding("A", turn -> Decision.handOff("B", "x")))
                .agent("B", TestRuns.deciding("B", turn -> Decision.fail("no")))
                .compensate("A", (step, context) -> {
                    context.state().put("a", "undone");
                    return Mono.error(new IllegalStateException("cannot"));
                })
                .engine(StepEngine.builder().stepTimeout(Duration.ofMillis(700)).build())
                .build()
                .start("task");

        assertThat(ended(run).uncompensated()).hasSize(1);
        assertThat(values(run)).isEmpty();
    }

    /** The step it was settled by another process; what it had written is for the reconciler to say. */
    @Test
    void reconciler_whoKnows_mayWriteWhatTheStepWouldHave() {
        AtomicInteger calls = new AtomicInteger();
        Agent<Turn, Decision> solo = Agent.of("Solo", (turn, context) -> {
            calls.incrementAndGet();
            context.state().put("by", "agent");
            return Mono.never();
        });
        Run<String> run = alone(solo).journal(journal).build().start("task");
        TestRuns.until(() -> calls.get() == 0 ? null : run);

        Run<String> recovered = alone(solo)
                .reconcile("Solo", (turn, context) -> {
                    context.state().put("by", "reconciler");
                    return Mono.just(Reconciliation.happened("it was"));
                })
                .journal(new ForwardingJournal(journal))
                .<String>build()
                .runs()
                .recover(run.runId())
                .block(SOON);
        assertThat(ended(recovered).isSucceeded()).isTrue();
        assertThat(values(recovered)).isEqualTo(Map.of("by", "reconciler"));
    }
}
