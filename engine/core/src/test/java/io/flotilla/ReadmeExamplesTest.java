package io.flotilla;

import static org.assertj.core.api.Assertions.assertThat;

import io.flotilla.agent.Agent;
import io.flotilla.agent.StepContext;
import io.flotilla.observe.GenAiRunConvention;
import io.flotilla.observe.GenAiStepConvention;
import io.flotilla.simulation.AgentSet;
import io.flotilla.step.InFlightLimit;
import io.flotilla.step.ResultSink;
import io.flotilla.step.StepCall;
import io.flotilla.step.StepEngine;
import io.flotilla.step.StepInterceptor;
import io.flotilla.step.StepReport;
import io.flotilla.step.StepResult;
import io.flotilla.topology.Topology;
import io.micrometer.common.KeyValue;
import io.micrometer.observation.Observation;
import io.micrometer.observation.ObservationHandler;
import io.micrometer.observation.ObservationRegistry;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;
import reactor.test.StepVerifier;
import reactor.util.function.Tuple2;
import reactor.util.function.Tuples;

/** What the READMEs show is here, and runs. */
class ReadmeExamplesTest {

    private static final Pattern BLOCK = Pattern.compile("```java\n(.*?)```", Pattern.DOTALL);

    private final AtomicInteger stored = new AtomicInteger();

    @ParameterizedTest
    @ValueSource(strings = {"../../README.md", "README.md"})
    void readme_everyJavaBlock_standsInATest(String readme) throws IOException {
        String here = squeezed(Files.readString(Path.of("src/test/java/io/flotilla/ReadmeExamplesTest.java")))
                + squeezed(Files.readString(Path.of("src/test/java/io/flotilla/RunExamplesTest.java")));
        List<String> blocks = new ArrayList<>();
        Matcher matcher = BLOCK.matcher(Files.readString(Path.of(readme)));
        while (matcher.find()) {
            blocks.add(matcher.group(1));
        }

        assertThat(blocks).isNotEmpty().allSatisfy(block -> assertThat(here).contains(squeezed(block)));
    }

    /** Without imports, comments and white space, in which a page and a formatted file differ. */
    private static String squeezed(String code) {
        return code.lines()
                .filter(line -> !line.startsWith("import "))
                .map(line -> line.replaceFirst("//.*$", ""))
                .collect(Collectors.joining())
                .replaceAll("\\s+", "");
    }

    @Test
    void limitExample_byTenant_isTheEngines() {
        List<Agent<String, String>> agents = List.of(
                Agent.of("reader", (task, context) -> Mono.just(task).doOnNext(any -> stored.incrementAndGet())));

        StepEngine engine = StepEngine.builder()
                .maxInFlight(InFlightLimit.of(64)
                        .keyedBy(
                                context -> context.getOrDefault("tenant", null),
                                tenant -> tenant.equals("gold") ? 4 : 1)
                        .maxQueued(1_000))
                .build();
        engine.run(agents, "the task")
                .contextWrite(context -> context.put("tenant", "gold"))
                .subscribe();

        assertThat(stored).hasValue(1);
        assertThat(engine.maxInFlight()).hasToString("InFlightLimit[maxInFlight=64, maxQueued=1000, keyed]");
    }

    @Test
    void firstExample_oneAgentFails_theOthersResultsAreThere() {
        Agent<String, Integer> counter = Agent.of("counter", (text, context) -> Mono.just(text.length()));
        Agent<String, Integer> parser = Agent.of("parser", (text, context) -> Mono.just(Integer.parseInt(text)));
        Agent<String, Integer> silent = Agent.of("silent", (text, context) -> Mono.never());

        StepEngine engine =
                StepEngine.builder().stepTimeout(Duration.ofSeconds(1)).build();
        StepReport<Integer> report =
                engine.run(List.of(counter, parser, silent), "ahoy").block();

        System.out.println(report.values());
        report.failures().forEach(failure -> System.out.println(failure.agentId() + " " + failure.cause()));

        ResultSink<Integer> sink = ResultSink.keepingAll();
        Flux<String> byHand = Flux.merge(List.of(counter, parser).stream()
                .map(agent -> Mono.defer(() -> agent.step("ahoy", StepContext.detached(agent.id())))
                        .map(length -> agent.id() + " " + length)
                        .onErrorResume(failed -> Mono.just(agent.id() + " " + failed)))
                .toList());
        Flux<StepResult<Integer>> composed = Flux.merge(engine.step(counter, "ahoy"), engine.step(parser, "ahoy"))
                .transform(sink::tap);
        Flux<StepResult<Integer>> fused = engine.stream(List.of(counter, parser), "ahoy");

        StepVerifier.create(byHand)
                .expectNext("counter 4")
                .expectNextMatches(line -> line.startsWith("parser java.lang.NumberFormatException"))
                .verifyComplete();
        for (Flux<StepResult<Integer>> form : List.of(composed, fused)) {
            StepVerifier.create(form.map(result -> result.agentId() + " " + result.kind()))
                    .expectNext("counter SUCCEEDED", "parser FAILED")
                    .verifyComplete();
        }
        assertThat(sink.report().failureCount()).isOne();
        assertThat(report.values()).containsExactly(4);
        assertThat(report.failures())
                .extracting(StepResult::kind)
                .containsExactly(StepResult.Kind.FAILED, StepResult.Kind.TIMED_OUT);
    }

    @Test
    void stepMany_twoAgents_reportAndStream() {
        List<Agent<String, String>> agents = List.of(
                Agent.of("a", (task, context) -> Mono.just("1")), Agent.of("b", (task, context) -> Mono.just("2")));

        StepEngine engine = StepEngine.builder()
                .concurrency(64) // steps in flight; default 256
                .stepTimeout(Duration.ofSeconds(30)) // default 10 min
                .build();

        Mono<StepReport<String>> report = engine.run(agents, "the task"); // all of them, in input order
        Flux<StepResult<String>> live = engine.stream(agents, "the task"); // each as its step ends

        StepVerifier.create(report.map(StepReport::values))
                .expectNext(List.of("1", "2"))
                .verifyComplete();
        StepVerifier.create(live).expectNextCount(2).verifyComplete();
    }

    /** A model whose connection is cut the first time. */
    private static final class Model {

        private final AtomicInteger asked = new AtomicInteger();

        Flux<String> tokens(String prompt) {
            assertThat(prompt).isEqualTo("Describe the harbour.");
            return Flux.defer(() -> asked.incrementAndGet() == 1
                    ? Flux.just("The ", "harbour ", "lies").concatWith(Mono.error(new IOException("cut")))
                    : Flux.just("The ", "harbour ", "lies ", "in the north."));
        }
    }

    @Test
    void stream_cutOnce_shownAsItComesAndAgain() {
        StepInterceptor retry = StepInterceptor.ofStep(attempts -> attempts.retry(1));
        StepEngine engine = StepEngine.builder().interceptor(retry).build();
        Model model = new Model();

        Agent<String, String> writer =
                Agent.streaming("writer", (prompt, context) -> model.tokens(prompt), Collectors.joining());

        Flux<String> shown = engine.signals(writer, "Describe the harbour.")
                .map(signal -> signal.fold(
                        started -> "\n" + started.agentId() + ": ", // another attempt: forget what came before
                        emitted -> String.valueOf(emitted.value()),
                        settled -> " (" + settled.result().kind() + ")"));

        StepVerifier.create(shown.collect(Collectors.joining()))
                .expectNext("\nwriter: The harbour lies\nwriter: The harbour lies in the north. (SUCCEEDED)")
                .verifyComplete();
    }

    @Test
    void step_mergedAndZipped_oneTypeOrTwo() {
        StepEngine engine = StepEngine.builder().build();
        Agent<String, String> reader = Agent.of("reader", (text, context) -> Mono.just("read " + text));
        Agent<Integer, String> critic =
                Agent.of("critic", (number, context) -> Mono.error(new IllegalStateException()));
        Agent<String, Integer> weather = Agent.of("weather", (name, context) -> Mono.just(21));
        Agent<String, String> news = Agent.of("news", (subject, context) -> Mono.just("none of " + subject));
        String page = "page";
        int draft = 2;
        String city = "Oslo";
        String topic = "agents";
        ResultSink<String> sink = ResultSink.keepingAll();

        Flux<StepResult<String>> live = // each isolated from the other
                Flux.merge(engine.step(reader, page), engine.step(critic, draft))
                        .transform(sink::tap);
        Mono<Tuple2<StepResult<Integer>, StepResult<String>>> both = // different types side by side
                Mono.zip(engine.step(weather, city), engine.step(news, topic));

        StepVerifier.create(live).expectNextCount(2).verifyComplete();
        assertThat(sink.report().values()).containsExactly("read page");
        assertThat(sink.report().failureCount()).isOne();
        StepVerifier.create(both.map(results ->
                        results.getT1().value() + " and " + results.getT2().value()))
                .expectNext("21 and none of agents")
                .verifyComplete();
    }

    @Test
    void fold_aResult_isALine() {
        StepResult<String> result = StepEngine.builder().build().<String, String>stream(
                        List.of(Agent.of("a", (task, context) -> Mono.just("yes"))), "go")
                .blockFirst();

        String line = result.fold(
                succeeded -> "answer: " + succeeded.value(),
                degraded -> "stand-in from " + degraded.source() + ": " + degraded.value(),
                failed -> "failed: " + failed.cause(),
                timedOut -> "not within " + timedOut.limit(),
                rejected -> rejected.guard() + " refused it, retry after " + rejected.retryAfter(),
                cancelled -> "cancelled");

        assertThat(line).isEqualTo("answer: yes");
    }

    @Test
    void stream_pairs_everyOneIsStored() {
        StepEngine engine = StepEngine.builder().build();
        Agent<String, String> reader = Agent.of("reader", (text, context) -> Mono.just(text));
        Flux<String> inputs = Flux.just("x");

        Flux<Tuple2<Agent<String, String>, String>> pairs =
                inputs.map(input -> Tuples.of(reader, input)); // may be endless
        engine.stream(pairs).doOnNext(this::store).subscribe();

        assertThat(stored).hasValue(1);
    }

    private void store(StepResult<String> result) {
        stored.incrementAndGet();
    }

    @Test
    void blocking_aBodyThatBlocks_runsOnAThreadOfItsOwn() {
        Agent<String, Integer> query = Agent.blocking("query", (sql, context) -> blockingQuery(sql));

        assertThat(StepEngine.builder()
                        .build()
                        .run(List.of(query), "select")
                        .block()
                        .values())
                .containsExactly(6);
    }

    private static int blockingQuery(String sql) {
        return sql.length();
    }

    @Test
    void stepTimeout_inVirtualTime_takesNoTime() {
        Agent<String, String> silent = Agent.of("silent", (text, context) -> Mono.never());

        StepVerifier.withVirtualTime(() -> StepEngine.builder().build().run(List.of(silent), "ahoy"))
                .expectSubscription()
                .expectNoEvent(Duration.ofSeconds(60))
                .assertNext(report -> assertThat(report.failureCount()).isEqualTo(1))
                .verifyComplete();
    }

    private record Trader(AgentId id, AtomicInteger coins) {
        Mono<Integer> trade() {
            return Mono.fromSupplier(coins::incrementAndGet);
        }
    }

    @Test
    void simulation_tenRounds_everyTraderHasTraded() {
        StepEngine engine = StepEngine.builder().build();
        List<Trader> list = List.of(
                new Trader(AgentId.of("trader", 1), new AtomicInteger()),
                new Trader(AgentId.of("trader", 2), new AtomicInteger()));

        AgentSet<Trader> traders = AgentSet.of(42, Trader::id, list);
        Mono<Double> average = Flux.range(0, 10)
                .concatMap(round ->
                        traders.step(engine.withOrder(traders.shuffledOrder()), (trader, context) -> trader.trade()))
                .then(traders.aggregate(AgentSet.Aggregate.AVERAGE, Trader::coins));

        StepVerifier.create(average).expectNext(10.0).verifyComplete();
    }

    @Test
    void interceptor_retriesOnce_theSecondAttemptSucceeds() {
        StepInterceptor twice = new StepInterceptor() {
            @Override
            public <I, O> Mono<O> aroundStep(StepCall<I, O> call, Mono<O> attempts) {
                return attempts.retry(1);
            }
        };
        StepEngine engine = StepEngine.builder().interceptor(twice).build();
        Duration pause = Duration.ofMillis(1);
        StepEngine retrying = StepEngine.builder()
                .interceptor(StepInterceptor.ofStep(steps -> steps.retry(1))) // once a step
                .interceptor(StepInterceptor.ofAttempt(attempt -> attempt.delaySubscription(pause))) // once an attempt
                .build();

        Agent<String, String> shy = Agent.of(
                "shy",
                (input, context) ->
                        context.attempt() == 1 ? Mono.error(new IllegalStateException("not yet")) : Mono.just("hello"));
        for (StepEngine each : List.of(engine, retrying)) {
            StepVerifier.create(each.run(List.of(shy), "go"))
                    .assertNext(report ->
                            assertThat(report.results().get(0).attempts()).isEqualTo(2))
                    .verifyComplete();
        }
    }

    @Test
    void topology_theExample_isChecked() {
        Topology topology = Topology.parse("""
                start -> Plan
                Plan <-> user
                Plan -> ReadA, ReadB -> Write
                Write <-> Review
                Write -> end
                timeout(180)
                """);

        topology.warnings().forEach(warning -> System.out.println(warning.message()));
        System.out.println(topology.toMermaid());

        assertThat(topology.isRendezvous("Write")).isTrue();
        assertThat(topology.warnings()).isEmpty();
    }

    @Test
    void readme_theMermaidPicture_isThatOfTheExample() throws IOException {
        Matcher picture =
                Pattern.compile("```mermaid\n(.*?)```", Pattern.DOTALL).matcher(Files.readString(Path.of("README.md")));

        assertThat(picture.find()).isTrue();
        assertThat(picture.group(1))
                .isEqualTo(Topology.parse(
                                "start -> Plan <-> user\nPlan -> ReadA, ReadB -> Write\nWrite <-> Review\nWrite -> end")
                        .toMermaid());
    }

    @Test
    void conventions_forGenerativeAi_nameStepsByThem() {
        ObservationRegistry observationRegistry = ObservationRegistry.create();
        List<String> providers = new ArrayList<>();
        observationRegistry.observationConfig().observationHandler(new ObservationHandler<>() {
            @Override
            public void onStop(Observation.Context context) {
                KeyValue provider = context.getLowCardinalityKeyValue("gen_ai.provider.name");
                if (provider != null) {
                    providers.add(provider.getValue());
                }
            }

            @Override
            public boolean supportsContext(Observation.Context context) {
                return true;
            }
        });
        observationRegistry
                .observationConfig()
                .observationConvention(new GenAiStepConvention("openai")) // the provider; "flotilla" if none is named
                .observationConvention(new GenAiRunConvention());
        StepEngine engine =
                StepEngine.builder().observationRegistry(observationRegistry).build();
        List<Agent<String, Integer>> agents = List.of(Agent.of("counter", (text, context) -> Mono.just(text.length())));

        assertThat(engine.run(agents, "ahoy").block().values()).containsExactly(4);

        assertThat(providers).contains("openai");
    }
}
