package io.flotilla.samples.readingcrew.standin;

import static org.assertj.core.api.Assertions.assertThat;

import io.flotilla.agent.Agent;
import io.flotilla.samples.readingcrew.chat.Answer;
import io.flotilla.samples.readingcrew.chat.ChatClient;
import io.flotilla.samples.readingcrew.chat.ConnectionCutException;
import io.flotilla.samples.readingcrew.chat.Delta;
import io.flotilla.samples.readingcrew.chat.MalformedAnswerException;
import io.flotilla.samples.readingcrew.chat.RateLimitedException;
import io.flotilla.samples.readingcrew.chat.ServerErrorException;
import io.flotilla.step.StepEngine;
import io.flotilla.step.StepResult;
import io.flotilla.step.StepTimeoutException;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import reactor.core.publisher.Mono;

/** Every way to misbehave, over a real connection, and what becomes of it in a report. */
@Timeout(30)
class StandInTest {

    private static final long SEED = 42;
    private static final String TEXT = "The harbour lies in the north. Ships leave the harbour at dawn.";

    private static StandIn standIn;
    private static ChatClient chat;

    @BeforeAll
    static void start() {
        standIn = new StandIn(SEED);
        chat = new ChatClient(standIn.endpoint(), 4);
    }

    @AfterAll
    static void stop() {
        chat.close();
        standIn.close();
    }

    @ParameterizedTest
    @EnumSource(names = {"NONE", "SLOW"})
    void ask_noFault_anExtractWithItsTokens(Fault fault) {
        StepResult<Answer> result = ask(fault, Duration.ofSeconds(10));

        assertThat(result.kind()).isEqualTo(StepResult.Kind.SUCCEEDED);
        assertThat(result.value().text()).isEqualTo(TEXT);
        assertThat(result.value().usage().inputTokens()).isPositive();
        assertThat(result.value().usage().outputTokens()).isEqualTo((TEXT.length() + 3) / 4);
    }

    @Test
    void ask_noFault_comesInPieces() {
        List<Delta> pieces =
                chat.ask(taskFor(Fault.NONE), TEXT, "key").collectList().block();

        assertThat(pieces).hasSizeGreaterThan(3);
        assertThat(pieces.stream()
                        .map(Delta::text)
                        .collect(Collectors.joining())
                        .strip())
                .isEqualTo(TEXT);
    }

    @Test
    void ask_cutOrSilent_halfOfItHasComeByThen() {
        for (Fault fault : List.of(Fault.CUT, Fault.SILENT)) {
            List<String> pieces = new CopyOnWriteArrayList<>();
            chat.ask(taskFor(fault), TEXT, "key")
                    .doOnNext(delta -> pieces.add(delta.text()))
                    .onErrorComplete()
                    .takeUntilOther(Mono.delay(Duration.ofMillis(1500)))
                    .blockLast();

            assertThat(String.join("", pieces)).isNotEmpty().isNotEqualTo(TEXT);
            assertThat(TEXT).startsWith(String.join("", pieces));
        }
    }

    @Test
    void ask_rateLimited_failsAndSaysWhenToComeBack() {
        StepResult<Answer> result = ask(Fault.RATE_LIMITED, Duration.ofSeconds(10));

        assertThat(result.kind()).isEqualTo(StepResult.Kind.FAILED);
        assertThat(result.cause())
                .isInstanceOfSatisfying(
                        RateLimitedException.class,
                        limited -> assertThat(limited.retryAfter()).isEqualTo(Duration.ofSeconds(2)));
    }

    @Test
    void ask_serverError_failsWithItsStatus() {
        StepResult<Answer> result = ask(Fault.SERVER_ERROR, Duration.ofSeconds(10));

        assertThat(result.kind()).isEqualTo(StepResult.Kind.FAILED);
        assertThat(result.cause())
                .isInstanceOfSatisfying(
                        ServerErrorException.class,
                        error -> assertThat(error.status()).isEqualTo(500))
                .hasMessage("HTTP 500, server error: out of order");
    }

    @Test
    void ask_malformed_fails() {
        StepResult<Answer> result = ask(Fault.MALFORMED, Duration.ofSeconds(10));

        assertThat(result.kind()).isEqualTo(StepResult.Kind.FAILED);
        assertThat(result.cause()).isInstanceOf(MalformedAnswerException.class);
    }

    @Test
    void ask_cut_fails() {
        StepResult<Answer> result = ask(Fault.CUT, Duration.ofSeconds(10));

        assertThat(result.kind()).isEqualTo(StepResult.Kind.FAILED);
        assertThat(result.cause()).isInstanceOf(ConnectionCutException.class);
    }

    @Test
    void ask_silent_timesOut() {
        StepResult<Answer> result = ask(Fault.SILENT, Duration.ofMillis(300));

        assertThat(result.kind()).isEqualTo(StepResult.Kind.TIMED_OUT);
        assertThat(result.cause()).isInstanceOf(StepTimeoutException.class);
    }

    /** Asks, as an agent's step, something that the seed has that fault for. */
    private static StepResult<Answer> ask(Fault fault, Duration timeout) {
        String task = taskFor(fault);
        Agent<String, Answer> asker = Agent.streaming(
                "asker", (input, context) -> chat.ask(input, TEXT, context.idempotencyKey()), Answer.ofDeltas());
        return StepEngine.builder()
                .stepTimeout(timeout)
                .build()
                .<String, Answer>run(List.of(asker), task)
                .block()
                .results()
                .get(0);
    }

    private static final AtomicInteger TASKS = new AtomicInteger();

    /** What the seed has that fault for, and nobody has asked yet. */
    private static String taskFor(Fault fault) {
        FaultPlan plan = new FaultPlan(SEED);
        return IntStream.generate(TASKS::getAndIncrement)
                .mapToObj(at -> "Task " + at)
                .filter(candidate -> plan.faultFor(candidate + "\n" + TEXT, 1) == fault)
                .findFirst()
                .orElseThrow();
    }
}
