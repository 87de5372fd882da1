package io.flotilla.inspector;

import io.flotilla.agent.Agent;
import io.flotilla.agent.StepContext;
import io.flotilla.agent.Usage;
import io.flotilla.journal.Journal;
import io.flotilla.run.Decision;
import io.flotilla.run.Invocation;
import io.flotilla.run.Join;
import io.flotilla.run.Question;
import io.flotilla.run.Turn;
import io.flotilla.run.Workflow;
import io.flotilla.step.StepEngine;
import io.flotilla.step.StepInterceptor;
import io.flotilla.topology.Topology;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.math.BigDecimal;
import java.time.Duration;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.ConcurrentHashMap;
import java.util.stream.IntStream;
import reactor.core.publisher.Mono;
import reactor.core.publisher.Sinks;
import reactor.util.retry.Retry;

/**
 * A workflow with something of everything to look at: a fork whose researchers work until the test lets them end, one of whom fails and one
 * tries twice, a rendezvous, a hand-off back, output, a question, usage. Thread-safe.
 */
final class Newsroom {

    private final Map<String, Sinks.Empty<Void>> gates = new ConcurrentHashMap<>();
    private final Duration pace;

    /** Of so many branches the first is tried twice, and the third fails. */
    private final int researchers;

    /** So many of them wait for nobody. */
    private final int free;

    private Newsroom(Duration pace, int researchers, int free) {
        this.pace = pace;
        this.researchers = researchers;
        this.free = free;
    }

    static Newsroom atOnce() {
        return new Newsroom(Duration.ZERO, 6, 0);
    }

    /** Twelve, of whom seven wait, and whose steps take some time, as those of a model do. */
    static Newsroom unhurried() {
        return new Newsroom(Duration.ofMillis(16), 12, 5);
    }

    /** Lets the researchers of a task end, also those that come later. */
    void open(String task) {
        gate(task).tryEmitEmpty();
    }

    private Sinks.Empty<Void> gate(String task) {
        return gates.computeIfAbsent(task, any -> Sinks.empty());
    }

    /** Tasks that begin with {@code ask} are asked about first; researchers of those with {@code gate} in them wait. */
    Workflow<Object, String> workflow(String name, Journal journal) {
        Topology topology = Topology.parse("""
                start -> Editor
                Editor <-> Researcher, Analyst
                Editor <-> user
                Researcher -> Checker
                Analyst -> Checker
                Editor -> Checker
                Checker -> Writer
                Writer <-> Critic
                Writer -> end
                """);
        return Workflow.builder(topology, String.class)
                .name(name)
                .version("4")
                .journal(journal)
                .engine(StepEngine.builder()
                        .interceptor(StepInterceptor.ofStep(
                                steps -> steps.retryWhen(Retry.max(1).filter(UncheckedIOException.class::isInstance))))
                        .build())
                .joinAt("Editor", Join.allSettled().orProceed())
                .agent("Editor", Agent.of("Editor", (turn, context) -> paced(2).then(edited(turn, context))))
                .agent("Researcher", Agent.of("Researcher", this::researched))
                .agent("Analyst", Agent.of("Analyst", this::researched))
                .agent(
                        "Checker",
                        Agent.of(
                                "Checker",
                                (turn, context) -> used(context, 900, 80)
                                        .then(paced(7))
                                        .thenReturn(Decision.handOff("Writer", "facts"))))
                .agent(
                        "Writer",
                        Agent.of(
                                "Writer",
                                (turn, context) -> used(context, 2100, 640)
                                        .then(paced(9))
                                        .thenReturn(
                                                Objects.equals(turn.input(), "facts")
                                                        ? Decision.handOff("Critic", "draft")
                                                        : Decision.answer("# The market\nIt grows by four percent."))))
                .agent(
                        "Critic",
                        Agent.of(
                                "Critic",
                                (turn, context) -> used(context, 1300, 90)
                                        .then(paced(5))
                                        .thenReturn(Decision.handOff("Writer", "remarks"))))
                .build();
    }

    private Mono<Void> paced(int times) {
        return pace.isZero()
                ? Mono.empty()
                : Mono.delay(pace.multipliedBy(times)).then();
    }

    private static Mono<Void> used(StepContext context, long input, long output) {
        return Mono.fromRunnable(() ->
                context.usage().record(new Usage(input, output, BigDecimal.valueOf(input + 4 * output, 6))));
    }

    private Mono<Decision> edited(Turn turn, StepContext context) {
        String task = String.valueOf(turn.reason() == Turn.Reason.REQUESTED ? turn.input() : "");
        if (task.startsWith("ask")) {
            return Mono.just(Decision.ask(Question.of("Which market comes first?")));
        }
        if (turn.reason() == Turn.Reason.JOINED) {
            return Mono.just(Decision.handOff("Checker", "notes"));
        }
        String name = turn.reason() == Turn.Reason.ANSWERED ? String.valueOf(turn.answer()) : task;
        return used(context, 700, 120)
                .thenReturn(Decision.fanOut(IntStream.range(0, researchers)
                        .mapToObj(index -> Invocation.of(index % 3 == 1 ? "Analyst" : "Researcher", name + "#" + index))
                        .toList()));
    }

    private Mono<Decision> researched(Turn turn, StepContext context) {
        String[] task = String.valueOf(turn.input()).split("#", 2);
        int index = Integer.parseInt(task[1]);
        context.emit("Source " + (index + 1) + " of " + task[0] + ": ");
        Mono<Void> gate =
                index >= free && task[0].contains("gate") ? gate(task[0]).asMono() : Mono.empty();
        return used(context, 1400 + 100L * index, 420)
                .then(paced(4 + index * 5 % 13))
                .then(gate)
                .then(Mono.fromSupplier(() -> {
                    if (index == 2) {
                        throw new IllegalStateException(
                                "HTTP 429 of search.example: too many requests", new IOException("connection reset"));
                    }
                    if (index == 0 && context.attempt() == 1) {
                        throw new UncheckedIOException(new IOException("cut before the answer was there"));
                    }
                    context.emit("the market grows.");
                    return Decision.answer("notes " + index);
                }));
    }
}
