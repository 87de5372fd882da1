package io.flotilla.step;

import static org.assertj.core.api.Assertions.assertThat;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.core.read.ListAppender;
import io.flotilla.agent.Agent;
import io.flotilla.agent.StepContext;
import io.flotilla.observe.FlotillaMeter;
import io.flotilla.observe.Redactor;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.nio.CharBuffer;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicReference;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.slf4j.LoggerFactory;
import reactor.core.publisher.Mono;
import reactor.test.subscriber.TestSubscriber;

/** What a body may emit, when, and what becomes of it. */
@Timeout(60)
class EmitTest {

    private static final Duration SOON = Duration.ofSeconds(10);

    private static List<Object> emitted(List<? extends StepSignal<?>> signals) {
        List<Object> values = new ArrayList<>();
        for (StepSignal<?> signal : signals) {
            if (signal instanceof StepSignal.Emitted<?> emitted) {
                values.add(emitted.value());
            }
        }
        return values;
    }

    private static <O> List<StepSignal<O>> signals(StepEngine engine, Agent<String, O> agent) {
        return engine.<String, O>signals(agent, "go").collectList().block(SOON);
    }

    @Test
    void emit_null_ignoredCountedAndLoggedOnce() {
        Logger logger = (Logger) LoggerFactory.getLogger(StepEngine.class);
        ListAppender<ILoggingEvent> appender = new ListAppender<>();
        appender.list = new CopyOnWriteArrayList<>();
        appender.start();
        Level before = logger.getLevel();
        logger.setLevel(Level.WARN);
        logger.addAppender(appender);
        try {
            SimpleMeterRegistry meters = new SimpleMeterRegistry();
            StepEngine engine = StepEngine.builder().meterRegistry(meters).build();
            Agent<String, String> agent = Agent.of("careless", (input, context) -> {
                context.emit("a");
                context.emit(null);
                context.emit(null);
                context.emit("b");
                return Mono.just("done");
            });

            List<StepSignal<String>> signals = signals(engine, agent);
            StepReport<String> unheard =
                    engine.<String, String>run(List.of(agent), "go").block(SOON);

            assertThat(emitted(signals)).containsExactly("a", "b");
            assertThat(unheard.values()).as("it fails no step").containsExactly("done");
            assertThat(engine.ignoredEmissionCount()).as("heard or not").isEqualTo(4);
            assertThat(meters.get(FlotillaMeter.EMISSIONS_IGNORED.getName())
                            .counter()
                            .count())
                    .isEqualTo(4);
            assertThat(appender.list)
                    .filteredOn(event -> event.getLevel() == Level.WARN)
                    .singleElement()
                    .asString()
                    .contains("emitted null");
        } finally {
            logger.detachAppender(appender);
            logger.setLevel(before);
        }
    }

    @Test
    void emit_afterTheEndOfTheStep_ignoredAndCounted() {
        StepEngine engine = StepEngine.builder().build();
        AtomicReference<StepContext> kept = new AtomicReference<>();
        Agent<String, String> agent = Agent.of("late", (input, context) -> {
            kept.set(context);
            context.emit("in time");
            return Mono.just("done");
        });

        List<StepSignal<String>> signals = signals(engine, agent);
        kept.get().emit("late");

        assertThat(emitted(signals)).containsExactly("in time");
        assertThat(engine.ignoredEmissionCount()).isEqualTo(1);
        engine.<String, String>run(List.of(agent), "go").block(SOON);
        kept.get().emit("late");
        assertThat(engine.ignoredEmissionCount()).as("also if nobody listened").isEqualTo(2);
    }

    @Test
    void emit_timedOutStep_ignoredAndCounted() {
        StepEngine engine =
                StepEngine.builder().stepTimeout(Duration.ofMillis(50)).build();
        AtomicReference<StepContext> kept = new AtomicReference<>();
        Agent<String, String> agent = Agent.of("slow", (input, context) -> {
            kept.set(context);
            return Mono.never();
        });

        List<StepSignal<String>> signals = signals(engine, agent);
        kept.get().emit("late");

        assertThat(signals.get(signals.size() - 1))
                .isInstanceOfSatisfying(
                        StepSignal.Settled.class,
                        settled -> assertThat(settled.result().kind()).isEqualTo(StepResult.Kind.TIMED_OUT));
        assertThat(engine.ignoredEmissionCount()).isEqualTo(1);
    }

    @Test
    void emit_afterItsAttemptHasFailed_ignoredAndNotMixedWithTheNext() {
        StepInterceptor twice = new StepInterceptor() {
            @Override
            public <I, O> Mono<O> aroundStep(StepCall<I, O> call, Mono<O> attempts) {
                return attempts.retry(1);
            }
        };
        StepEngine engine = StepEngine.builder().interceptor(twice).build();
        AtomicReference<StepContext> first = new AtomicReference<>();
        Agent<String, String> agent = Agent.of("flaky", (input, context) -> {
            if (context.attempt() == 1) {
                first.set(context);
                context.emit("void");
                return Mono.error(new IllegalStateException("again"));
            }
            first.get().emit("of the first");
            context.emit("of the second");
            return Mono.just("done");
        });

        List<StepSignal<String>> signals = signals(engine, agent);

        assertThat(signals.stream().map(StepSignal::toString).map(EmitTest::shortened))
                .containsExactly(
                        "AttemptStarted attempt=1",
                        "Emitted attempt=1 position=0 \"void\"",
                        "AttemptStarted attempt=2",
                        "Emitted attempt=2 position=0 \"of the second\"",
                        "Settled");
        assertThat(engine.ignoredEmissionCount()).isEqualTo(1);
    }

    private static String shortened(String signal) {
        String type = signal.substring(0, signal.indexOf('['));
        if (type.equals("Settled")) {
            return type;
        }
        String attempt = signal.replaceAll(".*attempt=(\\d+).*", "$1");
        return type.equals("AttemptStarted")
                ? type + " attempt=" + attempt
                : type + " attempt=" + attempt + signal.replaceAll(".*( position=\\d+), value=(.*)]", "$1 $2");
    }

    @Test
    void emit_fromManyThreads_everyThreadsValuesInOrderAndPositionsWithoutGaps() throws InterruptedException {
        int threads = 4;
        int values = 500;
        StepEngine engine =
                StepEngine.builder().emissionBuffer(threads * values).build();
        Agent<String, String> agent = Agent.of(
                "parallel",
                (input, context) -> Mono.fromCallable(() -> {
                    CountDownLatch done = new CountDownLatch(threads);
                    for (int thread = 0; thread < threads; thread++) {
                        int number = thread;
                        new Thread(() -> {
                                    IntStream.range(0, values).forEach(at -> context.emit(number + ":" + at));
                                    done.countDown();
                                })
                                .start();
                    }
                    done.await();
                    return "done";
                }));

        List<StepSignal<String>> signals = signals(engine, agent);

        List<Object> emitted = emitted(signals);
        assertThat(emitted).hasSize(threads * values);
        Map<String, List<Integer>> byThread = emitted.stream()
                .map(String::valueOf)
                .collect(Collectors.groupingBy(
                        value -> value.substring(0, 1),
                        Collectors.mapping(value -> Integer.valueOf(value.substring(2)), Collectors.toList())));
        assertThat(byThread.values()).allSatisfy(of -> assertThat(of).isSorted());
        List<Long> positions = new ArrayList<>();
        for (StepSignal<String> signal : signals) {
            if (signal instanceof StepSignal.Emitted<String> value) {
                positions.add(value.position());
            }
        }
        assertThat(positions)
                .containsExactlyElementsOf(IntStream.range(0, threads * values)
                        .mapToObj(Long::valueOf)
                        .toList());
    }

    @Test
    void emit_aMillionValuesToOneWhoAsksForNothing_neverWaitsAndKeepsOnlyTheLast() {
        int values = 1_000_000;
        SimpleMeterRegistry meters = new SimpleMeterRegistry();
        StepEngine engine =
                StepEngine.builder().emissionBuffer(10).meterRegistry(meters).build();
        Agent<String, String> loud = Agent.of("loud", (input, context) -> {
            for (int at = 0; at < values; at++) {
                context.emit(at);
            }
            return Mono.just("done");
        });
        TestSubscriber<StepSignal<String>> subscriber =
                TestSubscriber.builder().initialRequest(0).build();

        engine.<String, String>signals(loud, "go").subscribe(subscriber); // returns: the body has emitted all
        subscriber.request(Long.MAX_VALUE);
        subscriber.block(SOON);

        List<StepSignal<String>> signals = subscriber.getReceivedOnNext();
        assertThat(emitted(signals))
                .containsExactlyElementsOf(
                        IntStream.range(values - 10, values).boxed().toList());
        assertThat(signals.get(signals.size() - 1))
                .isInstanceOfSatisfying(
                        StepSignal.Settled.class,
                        settled -> assertThat(settled.dropped()).isEqualTo(values - 10));
        assertThat(engine.droppedEmissionCount()).isEqualTo(values - 10);
        assertThat(meters.get(FlotillaMeter.EMISSIONS_DROPPED.getName())
                        .counter()
                        .count())
                .isEqualTo(values - 10);
    }

    /** A value of the user's, whose text nobody can have. */
    private static final class Unprintable {
        @Override
        public String toString() {
            throw new IllegalStateException("no text");
        }
    }

    @Test
    void emit_valueWhoseToStringThrows_passedOnAndNeverPrinted() {
        Unprintable value = new Unprintable();
        List<StepSignal<String>> signals = signals(StepEngine.builder().build(), emitting(value));

        assertThat(emitted(signals)).containsExactly(value);
        assertThat(signals.toString()).contains("value=Unprintable");
    }

    @Test
    void emit_valueWhoseToStringThrowsWithRedactor_withheld() {
        StepEngine engine = StepEngine.builder().redactor(text -> text).build();

        assertThat(emitted(signals(engine, emitting(new Unprintable()))))
                .containsExactly("(withheld, the redactor failed)");
    }

    @Test
    void emit_withRedactor_textsAreRedactedAndOtherValuesReplacedIfTheySaySecrets() {
        Redactor redactor = text -> text.replace("sk-1", "[key]");
        StepEngine engine = StepEngine.builder().redactor(redactor).build();
        List<String> harmless = List.of("a", "b");

        assertThat(emitted(
                        signals(engine, emitting("key sk-1", CharBuffer.wrap("sk-1"), harmless, List.of("sk-1"), 7))))
                .containsExactly("key [key]", "[key]", harmless, "[[key]]", 7);
    }

    @Test
    void emit_redactorFails_withheld() {
        StepEngine engine = StepEngine.builder()
                .redactor(text -> {
                    throw new StackOverflowError("pattern");
                })
                .build();

        assertThat(emitted(signals(engine, emitting("sk-1")))).containsExactly("(withheld, the redactor failed)");
    }

    private static Agent<String, String> emitting(Object... values) {
        return Agent.of("emitting", (input, context) -> {
            for (Object value : values) {
                context.emit(value);
            }
            return Mono.just("done");
        });
    }

    @Test
    void emit_inARoundWithinABody_isNotTheOuterRounds() {
        StepEngine engine = StepEngine.builder().build();
        Agent<String, String> outer = Agent.of("outer", (input, context) -> {
            context.emit("outer");
            return engine.<String, String>run(List.of(emitting("inner")), "go").map(report -> "done");
        });

        assertThat(emitted(signals(engine, outer))).containsExactly("outer");
    }

    @Test
    void emit_byAFallback_anAttemptOfTheFallbackBeginsAndIsNamed() {
        Agent<Object, Object> fallback = Agent.of("stand-in", (input, context) -> {
            context.emit("from the stand-in");
            return Mono.just("instead");
        });
        StepInterceptor falling = new StepInterceptor() {
            @Override
            @SuppressWarnings("unchecked")
            public <I, O> Mono<O> aroundStep(StepCall<I, O> call, Mono<O> attempts) {
                return attempts.onErrorResume(cause -> {
                    call.markDegraded("stand-in", cause);
                    return call.invoke((Agent<I, O>) (Agent<?, ?>) fallback);
                });
            }
        };
        StepEngine engine = StepEngine.builder().interceptor(falling).build();
        Agent<String, String> agent = Agent.of("broken", (input, context) -> {
            context.emit("void");
            return Mono.error(new IllegalStateException("broken"));
        });

        List<StepSignal<String>> signals = signals(engine, agent);

        assertThat(signals).hasSize(5);
        assertThat(signals.get(2)).isInstanceOfSatisfying(StepSignal.AttemptStarted.class, started -> {
            assertThat(started.agentId()).hasToString("broken");
            assertThat(started.called()).hasToString("stand-in");
            assertThat(started.attempt()).isEqualTo(1);
        });
        assertThat(emitted(signals)).containsExactly("void", "from the stand-in");
        assertThat(signals.get(4))
                .isInstanceOfSatisfying(
                        StepSignal.Settled.class,
                        settled -> assertThat(settled.result().kind()).isEqualTo(StepResult.Kind.DEGRADED));
    }
}
