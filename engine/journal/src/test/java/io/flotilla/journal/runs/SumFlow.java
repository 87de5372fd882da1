package io.flotilla.journal.runs;

import io.flotilla.agent.Agent;
import io.flotilla.agent.StepContext;
import io.flotilla.journal.Journal;
import io.flotilla.journal.json.JsonPayloadCodec;
import io.flotilla.run.Decision;
import io.flotilla.run.Invocation;
import io.flotilla.run.Turn;
import io.flotilla.run.Workflow;
import io.flotilla.topology.Topology;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ThreadLocalRandom;
import java.util.function.Consumer;
import reactor.core.publisher.Mono;

/** A boss who has workers add up, in several forks; what comes of it is known beforehand. */
final class SumFlow {

    static final int FORKS = 12;
    static final int WIDTH = 4;

    /** What is handed to a worker, and what it answers. */
    record Part(int fork, long sum) {}

    static final JsonPayloadCodec CODEC =
            JsonPayloadCodec.builder().register("part", Part.class).build();

    private SumFlow() {}

    /** {@code sideEffect} is told the key of every step, before it answers. */
    static Workflow<Long, Long> over(Journal journal, Duration longest, Consumer<String> sideEffect) {
        Agent<Turn, Decision> boss = Agent.of(
                "Boss", (turn, context) -> outside(context, longest, sideEffect).thenReturn(decide(turn)));
        Agent<Turn, Decision> worker = Agent.of(
                "Worker",
                (turn, context) ->
                        outside(context, longest, sideEffect).thenReturn(Decision.answer(turn.input(Part.class))));
        return Workflow.builder(Topology.parse("start -> Boss\nBoss <-> Worker\nBoss -> end"), Long.class)
                .name("sum")
                .agent("Boss", boss)
                .agent("Worker", worker)
                .journal(journal)
                .build();
    }

    private static Mono<Void> outside(StepContext context, Duration longest, Consumer<String> sideEffect) {
        Mono<Void> effect = Mono.fromRunnable(() -> sideEffect.accept(context.idempotencyKey()));
        if (longest.isZero()) {
            return effect;
        }
        return effect.then(
                        Mono.delay(Duration.ofNanos(ThreadLocalRandom.current().nextLong(longest.toNanos()))))
                .then();
    }

    private static Decision decide(Turn turn) {
        List<Part> parts = turn.answers(Part.class);
        if (parts.isEmpty()) {
            return fork(0, turn.input(Long.class));
        }
        long sum = parts.stream().mapToLong(Part::sum).sum() % 1_000_003;
        int fork = parts.get(0).fork() + 1;
        return fork < FORKS ? fork(fork, sum) : Decision.handOff("end", sum);
    }

    private static Decision fork(int fork, long sum) {
        List<Invocation> workers = new ArrayList<>();
        for (int index = 0; index < WIDTH; index++) {
            workers.add(Invocation.of("Worker", new Part(fork, sum + index)));
        }
        return Decision.fanOut(workers);
    }

    static long answer(long task) {
        long sum = task;
        for (int fork = 0; fork < FORKS; fork++) {
            sum = (WIDTH * sum + WIDTH * (WIDTH - 1) / 2) % 1_000_003;
        }
        return sum;
    }

    /** How many steps a run has. */
    static int steps() {
        return 1 + FORKS * (WIDTH + 1);
    }
}
