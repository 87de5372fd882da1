package io.flotilla.resilience;

import static org.assertj.core.api.Assertions.assertThat;

import io.flotilla.agent.Agent;
import io.flotilla.step.StepEngine;
import io.flotilla.step.StepInterceptor;
import io.flotilla.step.StepReport;
import io.flotilla.step.StepResult;
import io.github.resilience4j.circuitbreaker.CircuitBreaker;
import io.github.resilience4j.reactor.circuitbreaker.operator.CircuitBreakerOperator;
import io.github.resilience4j.reactor.retry.RetryOperator;
import io.github.resilience4j.retry.Retry;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import reactor.core.publisher.Mono;
import reactor.test.StepVerifier;

/** What the Javadoc and the README show is here, and runs. */
class ResilienceExamplesTest {

    private static final Path MAIN = Path.of("src/main/java/io/flotilla/resilience");
    private static final Path README = Path.of("README.md");
    private static final Pattern README_BLOCK = Pattern.compile("```java\n(.*?)```", Pattern.DOTALL);
    private static final Pattern JAVADOC_BLOCK = Pattern.compile("<pre>\\{@code\n(.*?)}</pre>", Pattern.DOTALL);

    private static List<String> blocks(Pattern block, String page) {
        List<String> blocks = new ArrayList<>();
        Matcher matcher = block.matcher(page);
        while (matcher.find()) {
            blocks.add(matcher.group(1).replaceAll("(?m)^ +\\* ?", ""));
        }
        return blocks;
    }

    private static String here() throws IOException {
        return squeezed(Files.readString(Path.of("src/test/java/io/flotilla/resilience/ResilienceExamplesTest.java")));
    }

    /** Without imports, comments and white space, in which a page and a formatted file differ. */
    private static String squeezed(String code) {
        return code.lines()
                .filter(line -> !line.startsWith("import "))
                .map(line -> line.replaceFirst("//.*$", ""))
                .collect(Collectors.joining())
                .replaceAll("\\s+", "");
    }

    @ParameterizedTest
    @ValueSource(strings = {"Resilience.java", "Chaos.java"})
    void javadoc_everyBlock_standsInThisTest(String file) throws IOException {
        String here = here();

        assertThat(blocks(JAVADOC_BLOCK, Files.readString(MAIN.resolve(file))))
                .isNotEmpty()
                .allSatisfy(block -> assertThat(here).contains(squeezed(block)));
    }

    @Test
    void readme_everyJavaBlock_standsInThisTest() throws IOException {
        String here = here();
        String readme = Files.exists(README) ? Files.readString(README) : "";

        assertThat(blocks(README_BLOCK, readme))
                .allSatisfy(block -> assertThat(here).contains(squeezed(block)));
    }

    @Test
    void resilience_exampleOfTheJavadoc_stepIsRetried() {
        Resilience resilience = Resilience.builder()
                .retry(RetryPolicy.attempts(3))
                .circuitBreaker(CircuitBreakerPolicy.defaults())
                .attemptTimeout(Duration.ofSeconds(5))
                .build();
        StepEngine engine = StepEngine.builder().interceptor(resilience).build();

        Agent<String, String> shy = Agent.of(
                "shy",
                (input, context) -> context.attempt() == 1 ? Mono.error(new IOException("shy")) : Mono.just("hello"));
        StepReport<String> report = engine.run(List.of(shy), "go").block();

        assertThat(report.values()).containsExactly("hello");
        assertThat(report.results().get(0).attempts()).isEqualTo(2);
    }

    @Test
    void readme_allGuards_stepSucceeds() {
        Agent<String, String> cheaper = Agent.of("cheaper", (input, context) -> Mono.just("cheap"));

        Resilience resilience = Resilience.builder()
                .retry(RetryPolicy.builder()
                        .maxAttempts(3)
                        .minBackoff(Duration.ofMillis(100))
                        .retryBudget(0.2, 10)
                        .build())
                .bulkhead(BulkheadPolicy.of(20))
                .rateLimiter(RateLimiterPolicy.of(50, Duration.ofSeconds(1)))
                .circuitBreaker(CircuitBreakerPolicy.defaults())
                .attemptTimeout(Duration.ofSeconds(5))
                .fallback(Fallback.builder()
                        .agent(cheaper)
                        .lastKnownValue(LastKnownValue.of(1_000, Duration.ofHours(1)))
                        .build())
                .build();
        StepEngine engine = StepEngine.builder().interceptor(resilience).build();

        Agent<String, String> broken = Agent.of("broken", (input, context) -> null);
        assertThat(engine.run(List.of(broken), "go").block().results())
                .singleElement()
                .isInstanceOf(StepResult.Degraded.class);
    }

    @Test
    void readme_chaos_isGivenLast() {
        Resilience resilience =
                Resilience.builder().retry(RetryPolicy.attempts(3)).build();

        Chaos chaos = Chaos.seeded(42)
                .forKind("reader")
                .fail(0.1)
                .hang(0.02)
                .delay(0.3, Duration.ofMillis(5), Duration.ofSeconds(2));
        StepEngine stormy =
                StepEngine.builder().interceptor(resilience).interceptor(chaos).build();

        Agent<String, String> writer = Agent.of("writer", (input, context) -> Mono.just("written"));
        assertThat(stormy.run(List.of(writer), "go").block().values()).containsExactly("written");
    }

    @Test
    void readme_virtualTime_backoffsTakeNoTime() {
        Agent<String, String> failsTwice = Agent.of(
                "shy",
                (input, context) -> context.attempt() < 3 ? Mono.error(new IOException("shy")) : Mono.just("hello"));

        StepVerifier.withVirtualTime(() -> {
                    Resilience resilience = Resilience.builder()
                            .retry(RetryPolicy.builder().jitter(() -> 1).build())
                            .build();
                    return StepEngine.builder().interceptor(resilience).build().run(List.of(failsTwice), "go");
                })
                .expectSubscription()
                .expectNoEvent(Duration.ofMillis(100 + 200))
                .assertNext(report -> assertThat(report.values()).containsExactly("hello"))
                .verifyComplete();
    }

    @Test
    void readme_operators_stepIsRetriedAndCounted() {
        Retry retry = Retry.ofDefaults("shy");
        CircuitBreaker breaker = CircuitBreaker.ofDefaults("shy");

        StepEngine engine = StepEngine.builder()
                .interceptor(StepInterceptor.ofStep(steps -> steps.transformDeferred(RetryOperator.of(retry))))
                .interceptor(StepInterceptor.ofAttempt(
                        attempt -> attempt.transformDeferred(CircuitBreakerOperator.of(breaker))))
                .build();

        Agent<String, String> shy = Agent.of(
                "shy",
                (input, context) -> context.attempt() == 1 ? Mono.error(new IOException("shy")) : Mono.just("hello"));
        assertThat(engine.run(List.of(shy), "go").block().values()).containsExactly("hello");
        assertThat(breaker.getMetrics().getNumberOfBufferedCalls()).isEqualTo(2);
    }

    @Test
    void chaos_exampleOfTheJavadoc_injectsIntoReaders() {
        Resilience resilience =
                Resilience.builder().attemptTimeout(Duration.ofMillis(50)).build();

        Chaos chaos = Chaos.seeded(42)
                .forKind("reader")
                .fail(0.1)
                .hang(0.02)
                .delay(0.3, Duration.ofMillis(5), Duration.ofSeconds(2));
        StepEngine engine =
                StepEngine.builder().interceptor(resilience).interceptor(chaos).build();

        Agent<String, String> reader = Agent.of("reader", (input, context) -> Mono.just("read"));
        StepReport<String> report =
                engine.run(Collections.nCopies(200, reader), "go").block();

        assertThat(report.size()).isEqualTo(200);
        assertThat(report.results())
                .extracting(StepResult::kind)
                .contains(StepResult.Kind.SUCCEEDED, StepResult.Kind.FAILED, StepResult.Kind.TIMED_OUT);
        assertThat(chaos.injected())
                .extracting(InjectedFault::kind)
                .contains(InjectedFault.Kind.FAIL, InjectedFault.Kind.HANG, InjectedFault.Kind.DELAY);
    }
}
