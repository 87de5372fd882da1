package io.flotilla.samples.batching;

import io.flotilla.AgentId;
import io.flotilla.agent.Agent;
import io.flotilla.pool.BatchResult;
import io.flotilla.pool.Batcher;
import io.flotilla.samples.shell.Output;
import io.flotilla.samples.shell.Sample;
import io.flotilla.samples.shell.Settings;
import io.flotilla.samples.shell.Shell;
import io.flotilla.step.StepEngine;
import io.flotilla.step.StepResult;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Objects;
import java.util.Random;
import java.util.TreeMap;
import java.util.concurrent.CompletableFuture;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;
import reactor.util.function.Tuples;

/**
 * An endpoint takes 25 texts at once, and agents have one each. A batcher stands in between: a hundred steps become four calls.
 * One text cannot be embedded, and fails alone; one call fails, and its 25 texts with it.
 */
public final class Batching implements Sample {

    private static final int TEXTS = 100;
    private static final int BATCH = 25;

    public static void main(String[] args) {
        Shell.exit(new Batching());
    }

    @Override
    public String name() {
        return "batching";
    }

    /** An endpoint, and what it was asked for. */
    private static final class Endpoint {

        private final List<Integer> calls = Collections.synchronizedList(new ArrayList<>());
        private final int unreadable;
        private final int outage;

        Endpoint(Random random) {
            this.unreadable = random.nextInt(BATCH);
            this.outage = 1 + random.nextInt(TEXTS / BATCH - 1);
        }

        Mono<List<BatchResult<Integer>>> embed(List<Integer> texts) {
            calls.add(texts.size());
            return texts.contains(outage * BATCH)
                    ? Mono.error(new IllegalStateException("the endpoint is down"))
                    : Mono.just(texts.stream()
                            .map(text -> text == unreadable
                                    ? BatchResult.<Integer>failed(new IllegalArgumentException("unreadable text"))
                                    : BatchResult.of(text * text))
                            .toList());
        }
    }

    @Override
    public int run(Settings settings, Output output) {
        Endpoint endpoint = new Endpoint(new Random(settings.seed()));
        Batcher<Integer, Integer> batcher = Batcher.<Integer, Integer>ofResults(endpoint::embed)
                .maxItems(BATCH)
                .maxWait(Duration.ofHours(1))
                .build();
        Agent<Integer, Integer> embedder = batcher.asAgent(AgentId.of("embedder"));

        List<StepResult<Integer>> results = Objects.requireNonNull(
                StepEngine.builder().build().stream(Flux.range(0, TEXTS).map(text -> Tuples.of(embedder, text)))
                        .collectList()
                        .block());
        output.line(
                "%d steps, seed %d: %d calls of %s texts",
                TEXTS, settings.seed(), endpoint.calls.size(), endpoint.calls);
        TreeMap<String, Integer> failures = new TreeMap<>();
        results.stream()
                .filter(StepResult::isFailure)
                .forEach(result -> failures.merge(String.valueOf(result.cause()), 1, Integer::sum));
        output.line(
                "  answered: %d",
                results.stream().filter(result -> !result.isFailure()).count());
        failures.forEach((cause, count) -> output.line("  failed:   %d, %s", count, cause));
        CompletableFuture<Integer> last = batcher.submit(TEXTS).toFuture();
        batcher.close().block();
        output.line("one more text, handed on when the batcher is closed: %s", last.join());
        return 0;
    }
}
