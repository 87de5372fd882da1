package io.flotilla.run.machine;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.flotilla.FlotillaException;
import io.flotilla.agent.Usage;
import io.flotilla.journal.JournalEntry;
import io.flotilla.journal.PayloadCodec;
import io.flotilla.journal.PayloadException;
import io.flotilla.observe.Redactor;
import io.flotilla.run.AgentFailedException;
import io.flotilla.run.Await;
import io.flotilla.run.BranchPath;
import io.flotilla.run.Decision;
import io.flotilla.run.DivergenceException;
import io.flotilla.run.Invocation;
import io.flotilla.run.Join;
import io.flotilla.run.Limits;
import io.flotilla.run.Question;
import io.flotilla.run.RecordedException;
import io.flotilla.run.UnsupportedRunFormatException;
import io.flotilla.step.StepResult;
import io.flotilla.topology.Topology;
import java.math.BigDecimal;
import java.time.Duration;
import java.time.Instant;
import java.util.Arrays;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Facts as they stand in a journal. */
@Timeout(60)
class FactCodecTest {

    private static final FactCodec CODEC = new FactCodec(PayloadCodec.basic(), Redactor.NONE);
    private static final Instant AT = Instant.parse("2026-02-03T04:05:06.789012345Z");
    private static final Usage USED = new Usage(Long.MAX_VALUE / 4, 7, new BigDecimal("12345678901234567890.120"));
    private static final Map<String, Object> TREE = tree();

    static final Plan PLAN = Plan.builder(Topology.parse("start -> A\nA -> A, end, user"), String.class)
            .joinAt(
                    "A",
                    Join.ratio(0.5).within(Duration.ofSeconds(2)).orProceed().keepStragglers())
            .limits(Limits.steps(7).cost(new BigDecimal("0.10")))
            .build();
    private static final RunHeader HEADER = RunHeader.of("workflow", "1.2", Map.of(), PLAN)
            .ofRun(
                    Map.of("tenant", "t1"),
                    "parent/#3",
                    Limits.steps(3).time(Duration.ofMinutes(2)).cost(new BigDecimal("0.5")),
                    7)
            .tracedAs("00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01");

    private static Map<String, Object> tree() {
        Map<String, Object> tree = new LinkedHashMap<>();
        tree.put("none", null);
        tree.put("list", Arrays.asList(1, null, Long.MIN_VALUE, List.of(Map.of("a", 1.5)), new BigDecimal("1.10")));
        tree.put("\uD83D\uDE00", "漢字 \uD83D");
        return tree;
    }

    static Stream<Fact> facts() {
        return Stream.concat(
                Stream.of(
                        new Fact.Started(AT, "task"),
                        new Fact.Started(AT, TREE),
                        new Fact.DeadlinePassed(AT, Long.MAX_VALUE),
                        new Fact.QuestionAnswered(AT, "q7", null),
                        new Fact.QuestionAnswered(AT, "q7", TREE),
                        new Fact.Paused(AT),
                        new Fact.Resumed(AT),
                        new Fact.Cancelled(AT),
                        new Fact.SignalReceived(AT, "paid", null, false),
                        new Fact.SignalReceived(AT, "paid", TREE, true),
                        new Fact.BranchCancelRequested(AT, BranchPath.outsideForks(2)),
                        new Fact.BranchCancelRequested(
                                AT, BranchPath.outsideForks(0).forked(1, 2).forked(0, 33))),
                Stream.of(
                                null,
                                Decision.answer(null),
                                Decision.answer(TREE),
                                Decision.handOff("Größe", null),
                                Decision.handOff("Größe", TREE),
                                Decision.fanOut(),
                                Decision.fanOut(Invocation.of("A", null), Invocation.of("A", TREE)),
                                Decision.ask(""),
                                Decision.ask(Question.of("what?").timeout(Duration.ofNanos(1))),
                                Decision.ask(Question.of("what?").defaultAnswer(null)),
                                Decision.ask(Question.of("what?")
                                        .timeout(Duration.ofDays(40_000))
                                        .defaultAnswer(TREE)),
                                Decision.ask(Question.of("what?"), TREE),
                                Decision.ask(Question.of("which?").answerType(String.class)),
                                Decision.ask(Question.of("which?").choices("a", 1, TREE)),
                                Decision.fail("no"),
                                Decision.repeat(null),
                                Decision.repeat(null, "draft"),
                                Decision.compensate("no"),
                                Decision.sleep(Duration.ZERO),
                                Decision.sleep(Duration.ofDays(40_000), TREE),
                                Decision.await("paid"),
                                Decision.await(Await.of("paid").defaultValue(null), "draft"),
                                Decision.await(Await.of("paid")
                                        .timeout(Duration.ofNanos(1))
                                        .defaultValue(TREE)),
                                Decision.repeat(TREE))
                        .map(decision -> new Fact.StepSettled(AT, 5, decision, null, null, USED, null)));
    }

    static Recorded recorded(Fact fact) {
        return recorded(fact, false);
    }

    static Recorded recorded(Fact fact, boolean timeShifted) {
        boolean step = fact instanceof Fact.StepSettled;
        RunHeader header = fact instanceof Fact.Started ? HEADER : null;
        return new Recorded(fact, 1234567L, 89L, header, step ? "A" : "", step ? "/0.1/" : "", timeShifted);
    }

    /** Everything a fact of a step may have. */
    static Stream<Fact> failures() {
        return Stream.of(
                new Fact.StepSettled(AT, 5, null, StepResult.Kind.FAILED, new IllegalStateException("why"), USED, null),
                new Fact.StepSettled(AT, 5, Decision.answer("x"), null, null, USED, 3, true, List.of(), USED),
                new Fact.StepSettled(
                        AT,
                        5,
                        Decision.answer("x"),
                        null,
                        null,
                        USED,
                        1,
                        false,
                        List.of(
                                StateWrite.merge("Größe", TREE),
                                StateWrite.put("flag", 0, false),
                                StateWrite.remove("old", Long.MAX_VALUE)),
                        Usage.NONE));
    }

    static JournalEntry entry(Fact fact) {
        return CODEC.entry(3, recorded(fact, true));
    }

    static Map<String, Object> tree(Fact fact) {
        return PayloadCodec.basic().decode(entry(fact).payload());
    }

    /** What of a fact is read by a machine. */
    private static Fact roundTrip(Fact fact) {
        JournalEntry entry = CODEC.entry(3, recorded(fact));
        assertThat(entry.timestamp()).isEqualTo(AT);
        return CODEC.fact(entry);
    }

    @ParameterizedTest
    @MethodSource("facts")
    void fact_whatWasWritten_isReadBack(Fact fact) {
        assertThat(roundTrip(fact)).isEqualTo(fact);
    }

    @Test
    void fact_everyKindOfFailure_keepsKindMessageAndText() {
        for (StepResult.Kind kind : StepResult.Kind.values()) {
            if (!kind.isFailure()) {
                continue;
            }
            for (Throwable cause : List.of(
                    new IllegalStateException("why"),
                    new IllegalStateException(),
                    new RecordedException("a", "b: a"))) {
                Fact.StepSettled fact = new Fact.StepSettled(AT, 5, null, kind, cause, USED, null);
                Fact.StepSettled read = (Fact.StepSettled) roundTrip(fact);

                assertThat(read.failed()).isEqualTo(kind);
                assertThat(read.used()).isEqualTo(USED);
                BranchPath path = BranchPath.outsideForks(0);
                assertThat(AgentFailedException.step("A", path, kind, read.cause())
                                .toString())
                        .isEqualTo(AgentFailedException.step("A", path, kind, cause)
                                .toString());
                assertThat(AgentFailedException.step("A", path, kind, read.cause())
                                .reason())
                        .isEqualTo(AgentFailedException.step("A", path, kind, cause)
                                .reason());
            }
        }
    }

    @Test
    void fact_aCauseThatCannotBeRead_isWrittenByItsType() {
        Throwable broken = new IllegalStateException() {
            @Override
            public String getMessage() {
                throw new UnsupportedOperationException("no message");
            }
        };

        Fact.StepSettled read = (Fact.StepSettled)
                roundTrip(new Fact.StepSettled(AT, 5, null, StepResult.Kind.FAILED, broken, USED, null));

        assertThat(read.cause()).hasMessageContaining("cannot be read");
    }

    @Test
    void fact_anUnknownType_isAPayloadException() {
        JournalEntry known = CODEC.entry(4, recorded(new Fact.Paused(AT)));

        assertThatThrownBy(() -> CODEC.fact(new JournalEntry(4, AT, "run-paused-2", known.payload())))
                .isInstanceOf(PayloadException.class)
                .hasMessageContaining("fact 4")
                .hasMessageContaining("run-paused-2");
    }

    @Test
    void entry_aTypeTheCodecDoesNotKnow_isAPayloadException() {
        assertThatThrownBy(() -> roundTrip(new Fact.Started(AT, AT)))
                .isInstanceOf(PayloadException.class)
                .hasMessageContaining("java.time.Instant");
    }

    static Stream<Map<String, Object>> wrong() {
        return Stream.of(
                Map.of("step", "one"),
                Map.of("inputTokens", -1L),
                Map.of("cost", Double.NaN),
                Map.of("ownUsage", 3),
                Map.of("ownUsage", Map.of("outputTokens", -1L)),
                Map.of("failure", "lost", "cause", "t"),
                Map.of("failure", "java.util.Random", "cause", "t"),
                Map.of("failure", "failed"),
                Map.of("decision", "answer"),
                Map.of("decision", Map.of()),
                Map.of("decision", Map.of("kind", "java.util.Random")),
                Map.of("decision", Map.of("kind", "hand-off")),
                Map.of("decision", Map.of("kind", "fan-out", "invocations", "none")),
                Map.of("decision", Map.of("kind", "fan-out", "invocations", List.of("none"))),
                Map.of("decision", Map.of("kind", "sleep")),
                Map.of("decision", Map.of("kind", "sleep", "duration", "PT-1S")),
                Map.of("decision", Map.of("kind", "await")),
                Map.of("decision", Map.of("kind", "await", "signal", " ")),
                Map.of("decision", Map.of("kind", "await", "signal", "paid", "timeout", "PT0S")),
                Map.of("decision", Map.of("kind", "ask", "text", "t", "timeout", "soon")),
                Map.of("decision", Map.of("kind", "ask", "text", "t", "timeout", "PT-1S")));
    }

    @ParameterizedTest
    @MethodSource("wrong")
    void fact_aValueThatCannotBe_isAPayloadException(Map<String, Object> other) {
        JournalEntry entry = CODEC.entry(4, recorded(new Fact.StepSettled(AT, 1, null, null, null, USED, null)));
        Map<String, Object> tree = new HashMap<>(PayloadCodec.basic().decode(entry.payload()));
        tree.putAll(other);
        byte[] payload = PayloadCodec.basic().encode(tree, text -> text);

        assertThatThrownBy(() -> CODEC.fact(new JournalEntry(4, AT, entry.type(), payload)))
                .isInstanceOf(PayloadException.class)
                .hasMessageContaining("fact 4");
    }

    /** Not the run's machine, which must hold out too. */
    @Test
    void read_alteredBytes_isAPayloadExceptionOrADivergence() {
        Random random = new Random(5);
        List<JournalEntry> entries = facts().map(fact -> CODEC.entry(0, recorded(fact, random.nextBoolean())))
                .toList();
        int refused = 0;
        for (int run = 0; run < 30_000; run++) {
            JournalEntry entry = entries.get(random.nextInt(entries.size()));
            byte[] altered = entry.payload();
            for (int times = 1 + random.nextInt(3); times > 0; times--) {
                altered[random.nextInt(altered.length)] = (byte) random.nextInt(256);
            }
            Replay replay = new Replay("run", PLAN);
            try {
                CODEC.read(new JournalEntry(0, AT, entry.type(), altered), replay);
            } catch (PayloadException | DivergenceException | UnsupportedRunFormatException expected) {
                refused++;
                assertThat(expected).isInstanceOf(FlotillaException.class);
            } catch (Throwable other) {
                throw new AssertionError("run " + run + " of " + entry, other);
            }
        }

        assertThat(refused).isGreaterThan(1_000);
    }

    @Test
    void entry_aRedactorThatTakesNumbersAndWords_leavesTheRunsOwnAlone() {
        FactCodec redacting = new FactCodec(PayloadCodec.basic(), text -> "***");
        Decision decision = Decision.fanOut(Invocation.of("A", "secret"));
        JournalEntry entry =
                redacting.entry(3, recorded(new Fact.StepSettled(AT, 5, decision, null, null, USED, null)));

        assertThat(((Fact.StepSettled) redacting.fact(entry)).decision())
                .isEqualTo(Decision.fanOut(Invocation.of("A", "***")));
        assertThat(PayloadCodec.basic().decode(entry.payload()))
                .containsEntry("digestBefore", 1234567L)
                .containsEntry("digestAfter", 89L)
                .containsEntry("agent", "A")
                .containsEntry("branch", "/0.1/");
    }

    private static Fact.StepSettled using(Usage whole, @Nullable Usage own) {
        return new Fact.StepSettled(AT, 5, Decision.answer("x"), null, null, whole, 1, false, List.of(), own);
    }

    @Test
    void stepSettled_usageOfItsOwn_isKeptAlsoIfItIsNone() {
        for (Usage own : List.of(USED, Usage.ofTokens(3, 0), Usage.ofTokens(0, 4), Usage.NONE)) {
            assertThat(roundTrip(using(USED, own))).isEqualTo(using(USED, own));
        }
        assertThat(roundTrip(using(USED, null)))
                .as("of an older run it is not known")
                .isEqualTo(using(USED, null));
        assertThat(roundTrip(using(Usage.NONE, null)))
                .as("where the run has used nothing, the step has not")
                .isEqualTo(using(Usage.NONE, Usage.NONE));
    }

    @Test
    void stepSettled_ofARunThatCountsNothing_isWrittenAsEver() {
        byte[] counting =
                CODEC.entry(4, recorded(using(Usage.NONE, Usage.NONE))).payload();

        assertThat(PayloadCodec.basic().decode(counting)).doesNotContainKey("ownUsage");
    }

    @Test
    void stepSettled_forkedWithAnotherDecision_keepsWhatItHasUsed() {
        JournalEntry entry = CODEC.entry(4, recorded(using(USED, Usage.ofTokens(3, 0))));

        assertThat(((Fact.StepSettled) CODEC.with(entry, Decision.fail("no"))).ownUsage())
                .isEqualTo(Usage.ofTokens(3, 0));
    }

    @Test
    void stepSettled_afterSeveralAttemptsOrByAFallback_saysSo() {
        for (int attempts : new int[] {0, 1, 3}) {
            for (boolean degraded : new boolean[] {true, false}) {
                Fact fact = new Fact.StepSettled(
                        AT, 5, Decision.answer("x"), null, null, USED, attempts, degraded, List.of(), null);
                assertThat(roundTrip(fact)).isEqualTo(fact);
            }
        }
    }
}
