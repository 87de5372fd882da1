package io.flotilla.run;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.classic.spi.IThrowableProxy;
import ch.qos.logback.core.read.ListAppender;
import io.flotilla.journal.Journal;
import io.flotilla.journal.JournalEntry;
import io.flotilla.journal.JournalFilter;
import io.flotilla.observe.Redactor;
import io.flotilla.step.StepEngine;
import io.flotilla.topology.Topology;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.regex.Pattern;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.slf4j.LoggerFactory;
import reactor.core.publisher.Mono;

/** What must not be read by others is nowhere others read. */
@Timeout(60)
class RedactionTest {

    private static final String CANARY = "4111-1111-CANARY-0042";
    private static final Redactor REDACTOR = text -> text.replace(CANARY, "***");
    private static final Topology TOPOLOGY = Topology.parse("start -> Boss\nBoss <-> Worker\nBoss -> end, user");

    private final Logger logger = (Logger) LoggerFactory.getLogger("io.flotilla");
    private final ListAppender<ILoggingEvent> appender = new ListAppender<>();
    private final List<Object> inputs = new CopyOnWriteArrayList<>();
    private final Journal journal = Journal.inMemory();
    private Level before = Level.OFF;

    @BeforeEach
    void listen() {
        before = logger.getLevel();
        logger.setLevel(Level.DEBUG);
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

    /** The secret in whatever an agent can say. */
    private Workflow<Object, Object> workflow(Redactor redactor, Journal kept) {
        var builder = Workflow.builder(TOPOLOGY, Object.class)
                .agent("Boss", TestRuns.deciding("Boss", turn -> {
                    inputs.add(String.valueOf(turn.input()));
                    return switch (turn.reason()) {
                        case REQUESTED ->
                            turn.input() instanceof List
                                    ? Decision.answer(List.of(CANARY))
                                    : turn.correction() == null
                                            ? Decision.handOff("no " + CANARY, CANARY)
                                            : turn.correction().number() == 1
                                                    ? Decision.fanOut(Invocation.of("no " + CANARY, CANARY))
                                                    : Decision.fanOut(
                                                            Invocation.of("Worker", "answer " + CANARY),
                                                            Invocation.of("Worker", "throw " + CANARY),
                                                            Invocation.of("Worker", "cut " + CANARY),
                                                            Invocation.of("Worker", "late " + CANARY),
                                                            Invocation.of("Worker", "fail " + CANARY));
                        case JOINED ->
                            Decision.ask(Question.of("may I " + CANARY + "?").defaultAnswer(CANARY));
                        case ANSWERED -> {
                            inputs.add(turn.answer());
                            yield Decision.repeat(List.of(Map.of("again", CANARY)));
                        }
                        default -> Decision.answer(List.of(CANARY));
                    };
                }))
                .agent("Worker", TestRuns.stepping("Worker", turn -> {
                    String input = String.valueOf(turn.input());
                    inputs.add(input);
                    return switch (input.charAt(0)) {
                        case 'a' -> Mono.just(Decision.answer(input));
                        case 't' -> Mono.error(new IllegalStateException(input, new IllegalArgumentException(input)));
                        case 'c' -> Mono.error(new IllegalStateException("x".repeat(460) + input));
                        case 'l' -> throw new AssertionError(input);
                        default -> Mono.just(Decision.fail(input));
                    };
                }))
                .join(Join.ratio(0).within(Duration.ofMinutes(1)))
                .maxCorrections(5)
                .engine(StepEngine.builder().redactor(redactor).build());
        return builder.journal(kept).build();
    }

    private List<String> logged() {
        List<String> lines = new ArrayList<>();
        for (ILoggingEvent event : appender.list) {
            lines.add(event.getFormattedMessage());
            for (IThrowableProxy at = event.getThrowableProxy(); at != null; at = at.getCause()) {
                lines.add(at.getClassName() + ": " + at.getMessage());
            }
        }
        return lines;
    }

    private List<String> payloads() {
        return journal.list(JournalFilter.all())
                .concatMap(summary -> journal.read(summary.runId(), 0))
                .map(JournalEntry::payload)
                .map(bytes -> new String(bytes, StandardCharsets.ISO_8859_1))
                .collectList()
                .block();
    }

    private static List<String> told(Run<?> run) {
        List<String> told = new ArrayList<>();
        run.events()
                .onErrorComplete()
                .doOnNext(event -> told.add(event.toString()))
                .blockLast(TestRuns.SOON);
        return told;
    }

    private static void nowhere(List<String> texts) {
        for (int length = CANARY.length(); length >= 8; length--) {
            String part = CANARY.substring(0, length);
            assertThat(texts).noneMatch(text -> text.contains(part));
        }
    }

    private Run<Object> ran(Redactor redactor) {
        Run<Object> run = workflow(redactor, journal).start(Map.of("task", CANARY));
        run.events() // on a busy machine another thread may have taken the run over
                .filter(RunEvent.QuestionAsked.class::isInstance)
                .blockFirst(TestRuns.SOON);
        assertThat(run.questions()).singleElement().satisfies(question -> nowhere(List.of(question.toString())));
        run.answer("q0", "answer: " + CANARY).subscribe();
        return run;
    }

    @Test
    void redactor_aSecretEverywhere_isInNoJournalLogOrEvent() {
        Run<Object> run = ran(REDACTOR);
        RunResult<Object> result = run.result().block(TestRuns.SOON);

        assertThat(result.status()).isEqualTo(RunResult.Status.SUCCEEDED);
        assertThat(result.answers()).as("who asked is told").containsExactly(List.of(CANARY));
        assertThat(inputs)
                .as("agents see what there is")
                .contains("answer " + CANARY, "answer: " + CANARY, "{task=" + CANARY + "}");
        nowhere(payloads());
        nowhere(told(run));
        assertThat(logged()).isNotEmpty();
        nowhere(logged());
        assertThat(payloads()).anyMatch(text -> text.contains("***"));
    }

    @Test
    void redactor_none_theSecretIsThere() {
        Run<Object> run = workflow(Redactor.NONE, journal).start(Map.of("task", CANARY));
        run.answer("q0", "answer: " + CANARY).subscribe();
        run.result().block(TestRuns.SOON);

        assertThat(payloads()).as("or the search finds nothing").anyMatch(text -> text.contains(CANARY));
        assertThat(told(run)).anyMatch(text -> text.contains(CANARY));
        assertThat(logged()).anyMatch(text -> text.contains(CANARY));
    }

    /** Such as take more than the secret: what the run itself says is not theirs. */
    static List<Redactor> greedy() {
        Pattern digits = Pattern.compile("[0-9a-f]{2,}|4111[^ ]*");
        return List.of(
                REDACTOR,
                text -> digits.matcher(text).replaceAll("#"),
                text -> text.contains("CANARY") ? "#" : text,
                text -> "#");
    }

    private static final AtomicInteger ASKED = new AtomicInteger();

    /** What they make of a text they make of it once: asked again, they say something else. */
    static List<Redactor> unrepeatable() {
        return List.of(
                text -> "<" + REDACTOR.redact(text) + ">",
                text -> REDACTOR.redact(text) + " " + ASKED.incrementAndGet(),
                text -> "x".repeat(ASKED.incrementAndGet() % 7));
    }

    @ParameterizedTest
    @MethodSource("greedy")
    void replay_ofARedactedRun_doesNotDiverge(Redactor redactor) {
        Run<Object> run = ran(redactor);
        run.result().block(TestRuns.SOON);
        Runs<Object> runs = workflow(redactor, journal).runs();

        assertThat(runs.replay(run.runId()).block().status()).isEqualTo(RunState.Status.SUCCEEDED);
        assertThat(runs.events(run.runId()).map(String::valueOf).collectList().block())
                .isEqualTo(told(run));
        nowhere(payloads());
        nowhere(logged());
    }

    @ParameterizedTest
    @MethodSource("unrepeatable")
    void redactor_thatSaysSomethingElseEachTime_isAskedOnceForWhatIsToldAndRecorded(Redactor redactor) {
        Run<Object> run = ran(redactor);
        run.result().block(TestRuns.SOON);
        Runs<Object> runs = workflow(redactor, journal).runs();

        assertThat(runs.events(run.runId()).map(String::valueOf).collectList().block())
                .isEqualTo(told(run));
        assertThat(runs.recover(run.runId())
                        .flatMap(Run::result)
                        .block(TestRuns.SOON)
                        .status())
                .isEqualTo(RunResult.Status.SUCCEEDED);
        nowhere(payloads());
    }

    @Test
    void fork_withASecret_isRedacted() {
        Run<Object> run = ran(REDACTOR);
        run.result().block(TestRuns.SOON);
        Runs<Object> runs = workflow(REDACTOR, journal).runs();
        for (Decision decision : List.of(
                Decision.fail(CANARY),
                Decision.ask(CANARY),
                Decision.answer(CANARY),
                Decision.handOff(CANARY, CANARY))) {
            Run<Object> other = runs.fork(run.runId(), 1, decision).block();
            other.questions()
                    .forEach(question -> other.answer(question.id(), CANARY).subscribe());
            other.result().block(TestRuns.SOON);
            nowhere(told(other));
            nowhere(payloads());
            nowhere(logged());
            assertThat(runs.replay(other.runId()).block()).isNotNull();
        }
    }

    static List<Redactor> failing() {
        return List.of(
                text -> {
                    throw new IllegalStateException("no");
                },
                text -> {
                    throw new StackOverflowError();
                },
                text -> {
                    throw new NoClassDefFoundError("x");
                },
                new Redactor() {
                    @Override
                    @SuppressWarnings("NullAway") // what it must not
                    public String redact(String text) {
                        return null;
                    }
                });
    }

    @ParameterizedTest
    @MethodSource("failing")
    void redactor_thatFails_letsNothingThroughAndEndsARunWithAJournal(Redactor redactor) {
        Run<Object> run = workflow(redactor, journal).start(CANARY);

        assertThatThrownBy(() -> run.result().block(TestRuns.SOON)).hasMessageNotContaining(CANARY);
        nowhere(told(run));
        nowhere(payloads());
        nowhere(logged());
    }

    @ParameterizedTest
    @MethodSource("failing")
    void redactor_thatFails_withoutAJournal_withholds(Redactor redactor) {
        Run<Object> run = Workflow.builder(TOPOLOGY, Object.class)
                .agent("Boss", TestRuns.stepping("Boss", turn -> Mono.error(new IllegalStateException(CANARY))))
                .agent("Worker", TestRuns.stepping("Worker", turn -> Mono.empty()))
                .engine(StepEngine.builder().redactor(redactor).build())
                .<Object>build()
                .start(CANARY);

        assertThat(run.result().block(TestRuns.SOON).status()).isEqualTo(RunResult.Status.FAILED);
        nowhere(told(run));
        nowhere(logged());
        assertThat(logged()).anyMatch(line -> line.contains("withheld"));
        assertThat(told(run)).anyMatch(line -> line.contains("withheld"));
    }

    @Test
    void debug_whatAStepSaysAfterItsEnd_isRedacted() {
        StepEngine engine = StepEngine.builder()
                .redactor(REDACTOR)
                .stepTimeout(Duration.ofMillis(10))
                .build();
        Run<Object> run = Workflow.builder(TOPOLOGY, Object.class)
                .agent(
                        "Boss",
                        TestRuns.stepping(
                                "Boss",
                                turn -> Mono.<Decision>never().doOnCancel(() -> {
                                    throw new IllegalStateException(CANARY);
                                })))
                .agent("Worker", TestRuns.stepping("Worker", turn -> Mono.empty()))
                .engine(engine)
                .<Object>build()
                .start(CANARY);
        run.result().block(TestRuns.SOON);

        nowhere(logged());
    }
}
