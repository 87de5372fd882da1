package io.flotilla.step;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.flotilla.AgentId;
import io.flotilla.UndisturbedTime;
import io.flotilla.agent.Agent;
import io.flotilla.agent.StepContext;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import java.util.stream.Collector;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.reactivestreams.Publisher;
import org.reactivestreams.Subscriber;
import org.reactivestreams.Subscription;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;
import reactor.test.StepVerifier;

/** Agents whose body is a stream: what is emitted, what is collected, and every way a stream can go wrong. */
@Timeout(60)
class StreamingAgentTest {

    private static final Duration SOON = Duration.ofSeconds(10);

    private static StepResult<String> result(StepEngine engine, Agent<String, String> agent) {
        return engine.step(agent, "go").block(SOON);
    }

    private static StepResult<String> result(Agent<String, String> agent) {
        return result(StepEngine.builder().build(), agent);
    }

    private static Agent<String, String> joining(Publisher<String> stream) {
        return Agent.streaming("writer", (input, context) -> stream, Collectors.joining());
    }

    @Test
    void streaming_elements_areEmittedAndCollected() {
        List<Object> emitted = new ArrayList<>();
        Agent<String, String> agent = joining(Flux.just("The ", "harbour"));

        String value =
                agent.step("go", StepContext.detached(agent.id(), emitted::add)).block(SOON);

        assertThat(value).isEqualTo("The harbour");
        assertThat(emitted).containsExactly("The ", "harbour");
    }

    @Test
    void streaming_empty_theCollectorsValueOfNothing() {
        assertThat(result(joining(Flux.empty())).value()).isEmpty();
    }

    @Test
    void streaming_collectorMakesNull_noValue() {
        Agent<String, String> agent = Agent.streaming(
                "writer",
                (input, context) -> Flux.just("a"),
                Collector.<String, List<String>, String>of(
                        ArrayList::new, List::add, (one, other) -> one, gathered -> null));

        StepResult<String> result = result(agent);

        assertThat(result.kind()).isEqualTo(StepResult.Kind.SUCCEEDED);
        assertThat(result.value()).isNull();
    }

    @Test
    void streaming_errorHalfWay_failsWithItAndAnotherAttemptBeginsAnew() {
        StepInterceptor twice = new StepInterceptor() {
            @Override
            public <I, O> Mono<O> aroundStep(StepCall<I, O> call, Mono<O> attempts) {
                return attempts.retry(1);
            }
        };
        AtomicInteger called = new AtomicInteger();
        Agent<String, String> agent = Agent.streaming(
                "writer",
                (input, context) -> called.incrementAndGet() == 1
                        ? Flux.just("The ", "ha").concatWith(Mono.error(new IllegalStateException("cut")))
                        : Flux.just("The ", "harbour"),
                Collectors.joining());

        assertThat(result(agent).cause()).hasMessage("cut");
        called.set(0);
        StepResult<String> retried =
                result(StepEngine.builder().interceptor(twice).build(), agent);
        assertThat(retried.value()).as("nothing of the first attempt is in it").isEqualTo("The harbour");
        assertThat(retried.attempts()).isEqualTo(2);
    }

    @Test
    void streaming_neverEnds_timesOutThoughItEmits() {
        AtomicInteger cancelled = new AtomicInteger();
        Agent<String, String> agent = Agent.streaming(
                "endless",
                (input, context) -> Flux.interval(Duration.ofSeconds(1))
                        .map(String::valueOf)
                        .doOnCancel(cancelled::incrementAndGet),
                Collectors.joining());

        UndisturbedTime.verifier(() -> StepEngine.builder()
                        .stepTimeout(Duration.ofSeconds(30))
                        .build()
                        .step(agent, "go"))
                .expectSubscription()
                .expectNoEvent(Duration.ofSeconds(30))
                .assertNext(result -> assertThat(result.kind()).isEqualTo(StepResult.Kind.TIMED_OUT))
                .verifyComplete();
        assertThat(cancelled).hasValue(1);
    }

    @Test
    void streaming_ignoresCancel_whatItSendsAfterwardsIsNeitherEmittedNorCollected() {
        List<Object> emitted = new ArrayList<>();
        AtomicInteger collected = new AtomicInteger();
        AtomicReference<Subscriber<? super String>> stream = new AtomicReference<>();
        Agent<String, String> agent = Agent.streaming(
                "stubborn",
                (input, context) -> (Publisher<String>) subscriber -> {
                    stream.set(subscriber);
                    subscriber.onSubscribe(new Subscription() {
                        @Override
                        public void request(long n) {}

                        @Override
                        public void cancel() {}
                    });
                },
                Collector.<String, StringBuilder, String>of(
                        StringBuilder::new,
                        (text, word) -> {
                            collected.incrementAndGet();
                            text.append(word);
                        },
                        StringBuilder::append,
                        StringBuilder::toString));

        StepVerifier.create(agent.step("go", StepContext.detached(agent.id(), emitted::add)))
                .then(() -> stream.get().onNext("a"))
                .thenCancel()
                .verify(SOON);
        stream.get().onNext("b");
        stream.get().onComplete();
        stream.get().onError(new IllegalStateException("late"));

        assertThat(emitted).containsExactly("a");
        assertThat(collected).hasValue(1);
    }

    @Test
    void streaming_emitsNull_failsNamingTheAgent() {
        Publisher<String> rogue = subscriber -> subscriber.onSubscribe(new Subscription() {
            @Override
            public void request(long n) {
                subscriber.onNext("a");
                subscriber.onNext(null);
                subscriber.onNext("b");
                subscriber.onComplete();
            }

            @Override
            public void cancel() {}
        });

        StepResult<String> result = result(joining(rogue));

        assertThat(result.kind()).isEqualTo(StepResult.Kind.FAILED);
        assertThat(result.cause()).isInstanceOf(NullPointerException.class).hasMessage("agent writer emitted null");
    }

    @Test
    void streaming_bodyReturnsNullOrThrows_fails() {
        assertThat(result(joining(null)).cause()).hasMessage("agent writer returned null instead of a stream");
        Agent<String, String> throwing =
                Agent.streaming("throwing", (input, context) -> thrown(), Collectors.joining());
        assertThat(result(throwing).cause()).hasMessage("no stream");
    }

    private static Flux<String> thrown() {
        throw new IllegalStateException("no stream");
    }

    @Test
    void streaming_collectorThrows_failsAtOnceFatalErrorsToo() {
        StackOverflowError fatal = new StackOverflowError("collector");
        AtomicInteger cancelled = new AtomicInteger();
        Flux<String> stream = Flux.just("a").concatWith(Mono.never()).doOnCancel(cancelled::incrementAndGet);
        Agent<String, String> accumulating = Agent.streaming(
                "writer",
                (input, context) -> stream,
                Collector.<String, StringBuilder, String>of(
                        StringBuilder::new,
                        (text, word) -> {
                            throw fatal;
                        },
                        StringBuilder::append,
                        StringBuilder::toString));
        Agent<String, String> finishing = Agent.streaming(
                "writer",
                (input, context) -> Flux.just("a"),
                Collector.<String, StringBuilder, String>of(
                        StringBuilder::new, StringBuilder::append, StringBuilder::append, text -> {
                            throw fatal;
                        }));
        Agent<String, String> supplying = Agent.streaming(
                "writer",
                (input, context) -> Flux.just("a"),
                Collector.<String, StringBuilder, String>of(
                        () -> {
                            throw fatal;
                        },
                        StringBuilder::append,
                        StringBuilder::append,
                        StringBuilder::toString));
        Agent<String, String> without = Agent.streaming(
                "writer",
                (input, context) -> Flux.just("a"),
                Collector.<String, StringBuilder, String>of(
                        () -> null, StringBuilder::append, StringBuilder::append, StringBuilder::toString));

        assertThat(result(accumulating).cause()).isSameAs(fatal);
        assertThat(cancelled).as("the stream is not wanted any more").hasValue(1);
        assertThat(result(finishing).cause()).isSameAs(fatal);
        assertThat(result(supplying).cause()).isSameAs(fatal);
        assertThat(result(without).cause()).hasMessage("agent writer has a collector without a container");
    }

    @Test
    void streaming_slowSubscriber_theStreamIsAskedForAllAtOnce() {
        AtomicReference<Long> asked = new AtomicReference<>();
        result(joining(Flux.just("a", "b").doOnRequest(asked::set)));

        assertThat(asked).hasValue(Long.MAX_VALUE);
    }

    @Test
    void streaming_valueAskedForLate_isDeliveredThen() {
        Agent<String, String> agent = joining(Flux.just("a", "b"));

        StepVerifier.create(agent.step("go", StepContext.detached(agent.id())), 0)
                .expectSubscription()
                .expectNoEvent(Duration.ofMillis(20))
                .thenRequest(1)
                .expectNext("ab")
                .expectComplete()
                .verify(SOON);
    }

    @Test
    void streaming_context_reachesTheStream() {
        Agent<String, String> agent =
                joining(Flux.deferContextual(context -> Flux.just("hello ", context.get("name"))));

        assertThat(StepEngine.builder()
                        .build()
                        .<String, String>step(agent, "go")
                        .contextWrite(context -> context.put("name", "flotilla"))
                        .block(SOON)
                        .value())
                .isEqualTo("hello flotilla");
    }

    @Test
    void streaming_nullArguments_refused() {
        assertThatThrownBy(
                        () -> Agent.streaming((AgentId) null, (input, context) -> Flux.empty(), Collectors.counting()))
                .isInstanceOf(NullPointerException.class);
        assertThatThrownBy(() -> Agent.streaming("a", null, Collectors.counting()))
                .isInstanceOf(NullPointerException.class);
        assertThatThrownBy(() -> Agent.streaming("a", (input, context) -> Flux.empty(), null))
                .isInstanceOf(NullPointerException.class);
    }

    @Test
    void detached_emitted_isGivenAllButNull() {
        List<Object> emitted = new ArrayList<>();
        StepContext context = StepContext.detached(AgentId.of("a"), emitted::add);
        context.emit("x");
        context.emit(null);
        StepContext.detached(AgentId.of("a")).emit("nobody listens");

        assertThat(emitted).containsExactly("x");
    }
}
