package io.flotilla.samples.readingcrew;

import static org.assertj.core.api.Assertions.assertThat;

import io.flotilla.agent.Agent;
import io.flotilla.agent.Usage;
import io.flotilla.samples.readingcrew.chat.RateLimitedException;
import io.flotilla.step.StepEngine;
import io.flotilla.step.StepResult;
import io.flotilla.testkit.UndisturbedTime;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Consumer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;

@Timeout(30)
class ProtectionTest {

    private static final Duration TIMEOUT = Duration.ofSeconds(1);
    private static final Digest GOOD = new Digest("a.md", "Good.", Usage.NONE);
    private static final Digest LOCAL = new Digest("a.md", "Local.", Usage.NONE);

    private final AtomicInteger asked = new AtomicInteger();

    @Test
    void retry_rateLimited_notBeforeTheServerSays() {
        Duration retryAfter = Duration.ofSeconds(5);

        UndisturbedTime.verifier(() -> step(Mono.defer(() -> asked.incrementAndGet() == 1
                        ? Mono.error(new RateLimitedException(retryAfter))
                        : Mono.just(GOOD))))
                .expectSubscription()
                .expectNoEvent(retryAfter.minusMillis(1))
                .then(() -> assertThat(asked).hasValue(1))
                .thenAwait(Duration.ofMillis(1))
                .assertNext(is(StepResult.Kind.SUCCEEDED, GOOD, 2))
                .verifyComplete();
    }

    @Test
    void retry_hintLongerThanObeyed_localAtOnce() {
        Duration tooLong = Duration.ofMinutes(10);

        UndisturbedTime.verifier(() -> step(Mono.error(() -> new RateLimitedException(tooLong))))
                .assertNext(is(StepResult.Kind.DEGRADED, LOCAL, 1))
                .verifyComplete();
    }

    @Test
    void attemptTimeout_neverAnswered_threeAttemptsThenLocal() {
        UndisturbedTime.verifier(() -> step(Mono.never()))
                .thenAwait(Protection.stepTimeout(TIMEOUT))
                .assertNext(is(StepResult.Kind.DEGRADED, LOCAL, Protection.ATTEMPTS))
                .verifyComplete();
    }

    @Test
    void attempt_noFailureOfTheEndpoint_notRetried() {
        UndisturbedTime.verifier(() -> step(Mono.error(() -> new IllegalStateException("a bug"))))
                .assertNext(is(StepResult.Kind.DEGRADED, LOCAL, 1))
                .verifyComplete();
    }

    private static Flux<StepResult<Digest>> step(Mono<Digest> answer) {
        Agent<String, Digest> reader = Agent.of("reader", (task, context) -> answer);
        Agent<String, Digest> local = Agent.of("local", (task, context) -> Mono.just(LOCAL));
        return StepEngine.builder()
                .stepTimeout(Protection.stepTimeout(TIMEOUT))
                .interceptor(Protection.of(TIMEOUT, 42, local))
                .build()
                .stream(List.of(reader), "go");
    }

    private static Consumer<StepResult<Digest>> is(StepResult.Kind kind, Digest value, int attempts) {
        return result -> {
            assertThat(result.kind()).as("%s", result).isEqualTo(kind);
            assertThat(result.value()).isEqualTo(value);
            assertThat(result.attempts()).isEqualTo(attempts);
        };
    }
}
