package io.flotilla.step;

import static org.assertj.core.api.Assertions.assertThat;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.core.AppenderBase;
import ch.qos.logback.core.read.ListAppender;
import io.flotilla.agent.Agent;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CancellationException;
import java.util.concurrent.CopyOnWriteArrayList;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.slf4j.LoggerFactory;
import reactor.core.publisher.Mono;
import reactor.test.StepVerifier;

/** Each failure is one line in the log, and stays one line. */
@Timeout(30)
class FailureLogTest {

    private final Logger logger = (Logger) LoggerFactory.getLogger(StepEngine.class);
    private final ListAppender<ILoggingEvent> appender = new ListAppender<>();
    private Level before;

    @BeforeEach
    void listen() {
        before = logger.getLevel();
        logger.setLevel(Level.WARN);
        logger.setAdditive(false);
        appender.list = new CopyOnWriteArrayList<>();
        appender.start();
        logger.addAppender(appender);
    }

    @AfterEach
    void stopListening() {
        logger.detachAppender(appender);
        logger.setAdditive(true);
        logger.setLevel(before);
    }

    private List<String> lines(Level level) {
        return appender.list.stream()
                .filter(event -> event.getLevel() == level)
                .map(ILoggingEvent::getFormattedMessage)
                .toList();
    }

    private static void run(Agent<String, String> agent) {
        StepEngine.builder().build().run(List.of(agent), "go").block();
    }

    @Test
    void warn_oneFailure_isOneLineWithAgentStepKindAndCause() {
        List<String> stepIds = new CopyOnWriteArrayList<>();
        run(Agent.of("reader#17", (input, context) -> {
            stepIds.add(context.stepId());
            return Mono.error(new IllegalStateException("no such folder"));
        }));

        assertThat(lines(Level.WARN))
                .singleElement()
                .asString()
                .contains(
                        "agent=reader#17",
                        "step=" + stepIds.get(0),
                        "kind=FAILED",
                        "java.lang.IllegalStateException: no such folder");
        assertThat(appender.list).hasSize(1);
        assertThat(appender.list.get(0).getThrowableProxy())
                .as("no stack at WARN")
                .isNull();
    }

    @Test
    void warn_failuresOfEachKind_areNamed() {
        Map<String, Throwable> causes = Map.of(
                "FAILED", new IllegalStateException("boom"),
                "TIMED_OUT", new StepTimeoutException("slow", java.time.Duration.ofSeconds(1)),
                "REJECTED", new StepRejectedException("circuitbreaker", "open", null),
                "CANCELLED", new CancellationException("gone"));

        causes.forEach((kind, cause) -> {
            appender.list.clear();
            run(TestAgents.failing("a", cause));
            assertThat(lines(Level.WARN)).singleElement().asString().contains("kind=" + kind);
        });
    }

    @ParameterizedTest
    @ValueSource(ints = {0, 1, 100})
    void warn_manyFailures_isOneLineEach(int failures) {
        StepEngine.builder().build().run(TestAgents.manyFailing(failures), "go").block();

        assertThat(lines(Level.WARN)).hasSize(failures).doesNotHaveDuplicates();
    }

    @Test
    void warn_severalAttempts_isOneLine() {
        StepEngine.builder()
                .interceptor(new StepInterceptor() {
                    @Override
                    public <I, O> Mono<O> aroundStep(StepCall<I, O> call, Mono<O> attempts) {
                        return attempts.retry(3);
                    }
                })
                .build()
                .run(TestAgents.manyFailing(1), "go")
                .block();

        assertThat(lines(Level.WARN)).singleElement().asString().contains("attempts=4");
    }

    @Test
    void warn_successes_areNotLogged() {
        run(TestAgents.answering("a"));

        assertThat(appender.list).isEmpty();
    }

    @Test
    void warn_failFastAndFailAtEnd_isOneLine() {
        for (FailureMode mode : FailureMode.values()) {
            appender.list.clear();
            StepEngine.builder()
                    .failureMode(mode)
                    .build()
                    .run(TestAgents.manyFailing(1), "go")
                    .onErrorComplete()
                    .block();
            assertThat(lines(Level.WARN)).as("%s", mode).hasSize(1);
        }
    }

    @Test
    void debug_oneFailure_hasASecondLineWithTheStack() {
        logger.setLevel(Level.DEBUG);
        IllegalStateException boom = new IllegalStateException("boom");

        run(TestAgents.failing("a", boom));

        assertThat(lines(Level.WARN)).hasSize(1);
        assertThat(appender.list.stream().filter(event -> event.getLevel() == Level.DEBUG))
                .singleElement()
                .satisfies(event -> {
                    assertThat(event.getThrowableProxy().getMessage()).isEqualTo("boom");
                    assertThat(event.getFormattedMessage()).contains("/#0");
                });
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "x\n2026-01-01 WARN forged",
                "x\r\nWARN forged",
                "x\u2028WARN forged",
                "x\u2029WARN forged",
                "x\u0085WARN forged",
                "x\u000bforged",
                "x\fforged",
                "x\u001b[2Jforged",
                "x\u0000forged",
                "x\bforged"
            })
    void warn_lineBreaksAndControlCharactersInTheMessage_cannotForgeALine(String message) {
        run(TestAgents.failing("a", new IllegalStateException(message)));

        assertThat(lines(Level.WARN))
                .singleElement()
                .asString()
                .contains("forged")
                .doesNotContainPattern("[\\p{Cntrl}\\u0085\\u2028\\u2029]");
    }

    @Test
    void warn_longMessage_isCut() {
        run(TestAgents.failing("a", new IllegalStateException("x".repeat(100_000))));

        assertThat(lines(Level.WARN)).singleElement().asString().hasSizeLessThan(1_000);
    }

    @Test
    void warn_appenderThrows_losesNoResultAndNoFailure() {
        AppenderBase<ILoggingEvent> broken = new AppenderBase<>() {
            @Override
            public synchronized void doAppend(ILoggingEvent event) {
                throw new IllegalStateException("disk full");
            }

            @Override
            protected void append(ILoggingEvent event) {}
        };
        broken.start();
        logger.addAppender(broken);
        try {
            StepEngine engine = StepEngine.builder().build();
            StepVerifier.create(engine.failures().take(3))
                    .then(() -> assertThat(engine.run(TestAgents.manyFailing(3), "go")
                                    .block()
                                    .failureCount())
                            .isEqualTo(3))
                    .expectNextCount(3)
                    .verifyComplete();
        } finally {
            logger.detachAppender(broken);
        }
    }
}
