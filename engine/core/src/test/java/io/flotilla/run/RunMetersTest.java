package io.flotilla.run;

import static io.flotilla.run.TestRuns.SOON;
import static io.flotilla.run.TestRuns.alone;
import static io.flotilla.run.TestRuns.crew;
import static io.flotilla.run.TestRuns.deciding;
import static io.flotilla.run.TestRuns.ended;
import static io.flotilla.run.TestRuns.forking;
import static io.flotilla.run.TestRuns.stepping;
import static io.flotilla.run.TestRuns.until;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.flotilla.agent.Agent;
import io.flotilla.agent.Usage;
import io.flotilla.journal.Journal;
import io.flotilla.observe.FlotillaKey;
import io.flotilla.observe.FlotillaMeter;
import io.flotilla.run.JournalFailureTest.Odd;
import io.flotilla.step.InFlightLimit;
import io.flotilla.step.NothingDropped;
import io.flotilla.step.StepEngine;
import io.flotilla.topology.Topology;
import io.micrometer.core.instrument.Meter;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.Timer;
import io.micrometer.core.instrument.config.MeterFilter;
import io.micrometer.core.instrument.config.MeterFilterReply;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.lang.ref.WeakReference;
import java.math.BigDecimal;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import reactor.core.publisher.Mono;
import reactor.core.publisher.Sinks;

/** What is counted of runs. */
@Timeout(60)
@ExtendWith(NothingDropped.class)
class RunMetersTest {

    private SimpleMeterRegistry meters = new SimpleMeterRegistry();
    private final Journal journal = Journal.inMemory();

    private StepEngine engine() {
        return StepEngine.builder().meterRegistry(meters).build();
    }

    private double count(FlotillaMeter meter, String... tags) {
        return meters.find(meter.getName()).tags(tags).counters().stream()
                .mapToDouble(counter -> counter.count())
                .sum();
    }

    private double gauge(FlotillaMeter meter) {
        return meters.get(meter.getName()).gauge().value();
    }

    private double ends(String outcome) {
        return count(FlotillaMeter.RUNS_ENDED, "outcome", outcome);
    }

    private long timed(String outcome) {
        return meters.find(FlotillaMeter.RUN_DURATION.getName()).tag("outcome", outcome).timers().stream()
                .mapToLong(Timer::count)
                .sum();
    }

    /** Whoever has come in is in flight or has ended. */
    private void assertBalanced() {
        assertThat(count(FlotillaMeter.RUNS_STARTED) + count(FlotillaMeter.RUNS_RECOVERED))
                .isEqualTo(count(FlotillaMeter.RUNS_ENDED) + gauge(FlotillaMeter.RUNS_IN_FLIGHT));
    }

    // --- started, ended, in flight

    @Test
    void workflow_beforeItsFirstRun_hasItsMetersAtZero() {
        alone(deciding("Solo", turn -> Decision.answer("done")))
                .engine(engine())
                .build();

        assertThat(meters.find(FlotillaMeter.RUNS_ENDED.getName()).counters()).hasSize(5);
        assertThat(count(FlotillaMeter.RUNS_STARTED)).isZero();
        assertThat(gauge(FlotillaMeter.RUNS_IN_FLIGHT)).isZero();
    }

    @Test
    void run_succeeds_isStartedEndedAndTimedOnce() {
        Workflow<String, String> flow = alone(deciding("Solo", turn -> Decision.answer("done")))
                .name("solo")
                .engine(engine())
                .build();

        RunResult<String> result = ended(flow.start("task"));

        assertThat(count(FlotillaMeter.RUNS_STARTED, "workflow", "solo")).isEqualTo(1);
        assertThat(ends("succeeded")).isEqualTo(1);
        assertThat(count(FlotillaMeter.RUNS_ENDED)).isEqualTo(1);
        Timer timer = meters.get("flotilla.run.duration")
                .tags("workflow", "solo", "outcome", "succeeded")
                .timer();
        assertThat(timer.count()).isEqualTo(1);
        assertThat(timer.totalTime(TimeUnit.NANOSECONDS))
                .isEqualTo((double) result.duration().toNanos());
        assertThat(count(FlotillaMeter.RUNS_RECOVERED)).isZero();
        assertBalanced();
    }

    @Test
    void run_fails_endsAsFailed() {
        ended(alone(stepping("Solo", turn -> Mono.error(new IllegalStateException("on purpose"))))
                .engine(engine())
                .<String>build()
                .start("task"));

        assertThat(ends("failed")).isEqualTo(1);
        assertThat(timed("failed")).isEqualTo(1);
        assertBalanced();
    }

    @Test
    void run_inFlightThenCancelled_isInTheGaugeUntilItEnds() {
        Workflow<String, String> flow =
                alone(stepping("Solo", turn -> Mono.never())).engine(engine()).build();
        Run<String> one = flow.start("task");
        Run<String> two = flow.start("task");

        assertThat(gauge(FlotillaMeter.RUNS_IN_FLIGHT)).isEqualTo(2);
        one.cancel();
        ended(one);
        assertThat(gauge(FlotillaMeter.RUNS_IN_FLIGHT)).isEqualTo(1);
        two.cancel();
        two.cancel();
        ended(two);

        assertThat(gauge(FlotillaMeter.RUNS_IN_FLIGHT)).isZero();
        assertThat(ends("cancelled")).isEqualTo(2);
        assertThat(timed("cancelled")).isEqualTo(2);
        assertBalanced();
    }

    @Test
    void run_journalFailsLater_hasBrokenDownAndIsNotTimed() {
        Workflow<String, String> flow = alone(deciding("Solo", turn -> Decision.answer("done")))
                .engine(engine())
                .journal(new Odd(append ->
                        append.number() > 1 ? Mono.error(new IllegalStateException("disk full")) : append.as()))
                .build();

        assertThatThrownBy(() -> ended(flow.start("task"))).hasMessageContaining("disk full");

        until(() -> ends("broken_down") == 1 ? true : null);
        assertThat(count(FlotillaMeter.RUNS_ENDED)).isEqualTo(1);
        assertThat(Stream.of("succeeded", "failed", "cancelled")
                        .mapToLong(this::timed)
                        .sum())
                .isZero();
        assertBalanced();
    }

    @Test
    void run_journalFailsAtOnce_hasNeverStarted() {
        Workflow<String, String> flow = alone(deciding("Solo", turn -> Decision.answer("done")))
                .engine(engine())
                .journal(new Odd(append -> Mono.error(new IllegalStateException("disk full"))))
                .build();

        assertThatThrownBy(() -> ended(flow.start("task"))).hasMessageContaining("disk full");

        assertThat(count(FlotillaMeter.RUNS_STARTED)).isZero();
        assertThat(count(FlotillaMeter.RUNS_ENDED)).isZero();
        assertBalanced();
    }

    // --- suspended and recovered

    private Workflow<String, String> recorded(Mono<Decision> second) {
        return crew(forking(2), stepping("Worker", turn -> {
                    if (Integer.valueOf(0).equals(turn.input())) {
                        return Mono.just(
                                turn.correction() == null
                                        ? Decision.handOff("Nobody", "x") // given back once
                                        : Decision.answer("0"));
                    }
                    return second;
                }))
                .join(Join.all().orProceed())
                .engine(engine())
                .journal(journal)
                .build();
    }

    @Test
    void run_suspendedAndRecovered_isCountedOncePerProcessAndNothingOfItTwice() {
        Run<String> run = recorded(Mono.never()).start("task");
        until(() -> count(FlotillaMeter.CORRECTIONS) == 1 ? true : null);

        run.suspend().block(SOON);

        assertThat(ends("suspended")).isEqualTo(1);
        assertThat(timed("succeeded")).isZero();
        assertThat(gauge(FlotillaMeter.RUNS_IN_FLIGHT)).isZero();
        assertBalanced();

        meters = new SimpleMeterRegistry(); // of the next process
        Sinks.One<Decision> second = Sinks.one();
        Run<String> again =
                recorded(second.asMono()).runs().recover(run.runId()).block(SOON);

        assertThat(count(FlotillaMeter.RUNS_STARTED)).isZero();
        assertThat(count(FlotillaMeter.RUNS_RECOVERED)).isEqualTo(1);
        assertThat(gauge(FlotillaMeter.RUNS_IN_FLIGHT)).isEqualTo(1);
        assertThat(count(FlotillaMeter.CORRECTIONS)).as("it was in the journal").isZero();

        second.tryEmitValue(Decision.fail("on purpose"));
        RunResult<String> result = ended(again);

        assertThat(ends("succeeded")).isEqualTo(1);
        assertThat(count(FlotillaMeter.JOINS_UNMET, "agent", "Lead")).isEqualTo(1);
        assertThat(meters.get("flotilla.run.duration")
                        .tag("outcome", "succeeded")
                        .timer()
                        .totalTime(TimeUnit.NANOSECONDS))
                .as("from the first start")
                .isEqualTo((double) result.duration().toNanos());
        assertBalanced();
    }

    @Test
    void run_recoveredAfterItsEnd_isNotCountedAgain() {
        Run<String> run = recorded(Mono.just(Decision.answer("1"))).start("task");
        ended(run);
        meters = new SimpleMeterRegistry();

        RunResult<String> again =
                ended(recorded(Mono.never()).runs().recover(run.runId()).block(SOON));

        assertThat(again.isSucceeded()).isTrue();
        assertThat(Stream.of(
                                FlotillaMeter.RUNS_STARTED,
                                FlotillaMeter.RUNS_RECOVERED,
                                FlotillaMeter.RUNS_ENDED,
                                FlotillaMeter.CORRECTIONS,
                                FlotillaMeter.JOINS_UNMET)
                        .mapToDouble(this::count)
                        .sum())
                .isZero();
        assertThat(timed("succeeded")).isZero();
        assertThat(gauge(FlotillaMeter.RUNS_IN_FLIGHT)).isZero();
    }

    @Test
    void run_suspendedWhileABodyKeepsItsThread_isCountedAtOnce() {
        Sinks.Empty<Void> over = Sinks.empty();
        Workflow<String, String> flow = alone(stepping("Solo", turn -> {
                    over.asMono().block();
                    return Mono.just(Decision.answer("late"));
                }))
                .engine(engine())
                .journal(journal)
                .build();
        CopyOnWriteArrayList<Run<String>> runs = new CopyOnWriteArrayList<>();
        new Thread(() -> flow.submit("task").subscribe(runs::add)).start();
        Run<String> run = until(() -> runs.isEmpty() ? null : runs.get(0));
        until(() -> gauge(FlotillaMeter.RUNS_IN_FLIGHT) == 1 ? true : null);
        try {
            run.suspend().block(SOON);

            until(() -> ends("suspended") == 1 ? true : null);
            assertThat(gauge(FlotillaMeter.RUNS_IN_FLIGHT)).isZero();
        } finally {
            over.tryEmitEmpty();
        }
        assertBalanced();
    }

    // --- waiting

    @Test
    void run_moreTurnsThanPlaces_waitsUntilAllHaveOne() {
        Sinks.One<Decision> worker = Sinks.one();
        Run<String> run = crew(forking(3), stepping("Worker", turn -> worker.asMono()))
                .engine(engine().toBuilder().concurrency(2).build())
                .<String>build()
                .start("task");

        assertThat(gauge(FlotillaMeter.RUNS_WAITING)).isEqualTo(1);
        worker.tryEmitValue(Decision.answer("x"));
        ended(run);

        assertThat(gauge(FlotillaMeter.RUNS_WAITING)).isZero();
    }

    @Test
    void run_moreRunsThanPermits_onlyThoseWithoutWait() {
        Sinks.One<Decision> solo = Sinks.one();
        Workflow<String, String> flow = alone(stepping("Solo", turn -> solo.asMono()))
                .engine(engine().toBuilder().maxInFlight(InFlightLimit.of(1)).build())
                .build();
        List<Run<String>> runs = List.of(flow.start("a"), flow.start("b"), flow.start("c"));

        assertThat(gauge(FlotillaMeter.RUNS_WAITING)).isEqualTo(2);
        assertThat(gauge(FlotillaMeter.RUNS_IN_FLIGHT)).isEqualTo(3);
        solo.tryEmitValue(Decision.answer("x"));
        runs.forEach(TestRuns::ended);

        assertThat(gauge(FlotillaMeter.RUNS_WAITING)).isZero();
    }

    @Test
    void run_asks_itsQuestionIsPendingUntilItIsAnsweredOrTheRunEnds() {
        Workflow<String, String> flow = alone(deciding(
                        "Solo",
                        turn -> turn.reason() == Turn.Reason.ANSWERED
                                ? Decision.answer("done")
                                : Decision.ask("really?")))
                .engine(engine())
                .build();
        Run<String> answered = flow.start("a");
        Run<String> cancelled = flow.start("b");

        assertThat(gauge(FlotillaMeter.QUESTIONS_PENDING)).isEqualTo(2);
        answered.answer(answered.questions().get(0).id(), "yes").block(SOON);
        ended(answered);
        assertThat(gauge(FlotillaMeter.QUESTIONS_PENDING)).isEqualTo(1);
        cancelled.cancel();
        ended(cancelled);

        assertThat(gauge(FlotillaMeter.QUESTIONS_PENDING)).isZero();
    }

    // --- joins, corrections, usage

    @Test
    void join_ofTheRunItselfFallsShort_isCountedForItsEnd() {
        RunResult<String> result = ended(crew(
                        deciding(
                                "Lead",
                                turn -> Decision.fanOut(
                                        Invocation.of("Worker", 0),
                                        Invocation.of("Worker", 1),
                                        Invocation.of("Worker", 2))),
                        deciding(
                                "Worker",
                                turn -> Integer.valueOf(0).equals(turn.input())
                                        ? Decision.handOff("end", "one")
                                        : Decision.fail("on purpose")))
                .joinAt("end", Join.atLeast(2))
                .engine(engine())
                .<String>build()
                .start("task"));

        assertThat(result.isSucceeded()).isFalse();
        assertThat(meters.find(FlotillaMeter.JOINS_UNMET.getName()).counters())
                .as("%s", result.failure())
                .isNotEmpty();
    }

    @Test
    void rendezvous_fallsShort_isCountedForItsAgent() {
        ended(Workflow.builder(Topology.parse("""
                        start -> Lead
                        Lead -> Left -> Writer
                        Lead -> Right -> Writer
                        Writer -> end
                        Lead -> end
                        """), String.class)
                .agent(
                        "Lead",
                        deciding(
                                "Lead",
                                turn -> turn.reason() == Turn.Reason.JOINED
                                        ? Decision.handOff("end", "short")
                                        : Decision.fanOut(Invocation.of("Left", "l"), Invocation.of("Right", "r"))))
                .agent("Left", deciding("Left", turn -> Decision.handOff("Writer", "l")))
                .agent("Right", deciding("Right", turn -> Decision.answer("r")))
                .agent("Writer", deciding("Writer", turn -> Decision.handOff("end", "done")))
                .joinAt("Writer", Join.atLeast(2).orFail())
                .engine(engine())
                .<String>build()
                .start("task"));

        assertThat(count(FlotillaMeter.JOINS_UNMET, "agent", "Writer")).isEqualTo(1);
    }

    @Test
    void step_recordsUsage_isCountedByItsKindAllAttemptsTogetherAndWhenCancelled() {
        AtomicInteger attempts = new AtomicInteger();
        StepEngine engine = engine().toBuilder()
                .interceptor(io.flotilla.step.StepInterceptor.ofStep((call, mono) -> mono.retry(1)))
                .build();
        Agent<Turn, Decision> solo = Agent.of("Solo", (turn, context) -> {
            context.usage().record(new Usage(10, 5, new BigDecimal("0.25")));
            return attempts.incrementAndGet() == 1
                    ? Mono.error(new IllegalStateException("once"))
                    : Mono.just(Decision.answer("done"));
        });
        ended(alone(solo).engine(engine).<String>build().start("task"));

        assertThat(count(FlotillaMeter.TOKENS, "agent", "Solo", "direction", "input"))
                .isEqualTo(20);
        assertThat(count(FlotillaMeter.TOKENS, "agent", "Solo", "direction", "output"))
                .isEqualTo(10);
        assertThat(count(FlotillaMeter.COST, "agent", "Solo")).isEqualTo(0.5);

        Agent<Turn, Decision> silent = Agent.of("Solo", (turn, context) -> {
            context.usage().record(Usage.ofTokens(7, 0));
            return Mono.never();
        });
        Run<String> cancelled = alone(silent).engine(engine).<String>build().start("task");
        cancelled.cancel();
        ended(cancelled);

        assertThat(count(FlotillaMeter.TOKENS, "direction", "input")).isEqualTo(27);
    }

    @Test
    void step_recordsNothing_hasNoMeterOfIt() {
        ended(alone(deciding("Solo", turn -> Decision.answer("done")))
                .engine(engine())
                .<String>build()
                .start("task"));

        assertThat(meters.find(FlotillaMeter.TOKENS.getName()).counters()).isEmpty();
        assertThat(meters.find(FlotillaMeter.COST.getName()).counters()).isEmpty();
    }

    @Test
    void run_nestedInAnother_isCountedByItsOwnWorkflowAndItsTokensOnce() {
        Agent<Turn, Decision> solo = Agent.of("Solo", (turn, context) -> {
            context.usage().record(Usage.ofTokens(3, 0));
            return Mono.just(Decision.answer("inner"));
        });
        Workflow<String, String> inner =
                alone(solo).name("inner").engine(engine()).build();
        RunResult<String> result = ended(Workflow.builder(Topology.parse("start -> Inner -> end"), String.class)
                .name("outer")
                .agent("Inner", inner)
                .engine(engine())
                .<String>build()
                .start("task"));

        assertThat(result.usage().inputTokens()).isEqualTo(3);
        assertThat(count(FlotillaMeter.RUNS_STARTED, "workflow", "inner")).isEqualTo(1);
        assertThat(count(FlotillaMeter.RUNS_STARTED, "workflow", "outer")).isEqualTo(1);
        assertThat(count(FlotillaMeter.TOKENS)).isEqualTo(3);
    }

    // --- few values

    @ParameterizedTest
    @ValueSource(ints = {FlotillaKey.MAX_VALUES - 1, FlotillaKey.MAX_VALUES, FlotillaKey.MAX_VALUES + 40})
    void workflow_namesAroundTheMost_theFirstHaveAValueOfTheirOwnAndTheOthersShareOne(int names) {
        StepEngine engine = engine();
        for (int at = 0; at < names; at++) {
            ended(alone(deciding("Solo", turn -> Decision.answer("done")))
                    .name("flow-" + at)
                    .engine(engine)
                    .<String>build()
                    .start("task"));
        }

        int own = Math.min(names, FlotillaKey.MAX_VALUES);
        assertThat(meters.find(FlotillaMeter.RUNS_STARTED.getName()).counters()).hasSize(own + (names > own ? 1 : 0));
        assertThat(count(FlotillaMeter.RUNS_STARTED, "workflow", FlotillaKey.OTHER))
                .isEqualTo(names - own);
        assertThat(count(FlotillaMeter.RUNS_STARTED)).isEqualTo(names);
    }

    @Test
    void corrections_ofMoreAgentsThanTheMost_shareOneValue() {
        int agents = FlotillaKey.MAX_VALUES + 10;
        StringBuilder notation = new StringBuilder("start -> Lead\n");
        for (int at = 0; at < agents; at++) {
            notation.append("Lead <-> W").append(at).append('\n');
        }
        Workflow.Builder<String> flow = Workflow.builder(Topology.parse(notation + "Lead -> end"), String.class)
                .agent(
                        "Lead",
                        deciding(
                                "Lead",
                                turn -> turn.reason() == Turn.Reason.JOINED
                                        ? Decision.answer("done")
                                        : Decision.fanOut(java.util.stream.IntStream.range(0, agents)
                                                .mapToObj(at -> Invocation.of("W" + at, "x"))
                                                .toList())));
        for (int at = 0; at < agents; at++) {
            flow.agent(
                    "W" + at,
                    deciding(
                            "W" + at,
                            turn -> turn.correction() == null
                                    ? Decision.handOff("Nobody", "x")
                                    : Decision.answer("w")));
        }

        assertThat(ended(flow.engine(engine()).<String>build().start("task")).isSucceeded())
                .isTrue();

        assertThat(count(FlotillaMeter.CORRECTIONS)).isEqualTo(agents);
        assertThat(meters.find(FlotillaMeter.CORRECTIONS.getName()).counters()).hasSizeLessThanOrEqualTo(257);
        assertThat(count(FlotillaMeter.CORRECTIONS, "agent", FlotillaKey.OTHER)).isGreaterThanOrEqualTo(10);
    }

    // --- nothing is kept

    @Test
    void gauges_after10000Runs_keepNone() {
        Workflow<String, String> flow = alone(deciding("Solo", turn -> Decision.answer("done")))
                .engine(engine())
                .build();
        for (int run = 0; run < 10_000; run++) {
            flow.start("task");
        }

        assertThat(gauge(FlotillaMeter.RUNS_IN_FLIGHT)).isZero();
        assertThat(ends("succeeded")).isEqualTo(10_000);
        assertThat(meters.getMeters()).hasSizeLessThan(40);
        assertBalanced();
    }

    @Test
    void gauges_runDroppedWithoutAnEnd_doNotKeepIt() {
        Workflow<String, String> flow = alone(stepping("Solo", turn -> Mono.never()))
                .engine(engineWithoutTimeouts())
                .build();
        WeakReference<Run<String>> dropped = new WeakReference<>(flow.start("task"));

        until(() -> {
            System.gc();
            return dropped.get() == null ? true : null;
        });
        until(() -> {
            System.gc();
            return gauge(FlotillaMeter.RUNS_IN_FLIGHT) == 0 ? true : null;
        });
    }

    private StepEngine engineWithoutTimeouts() {
        return StepEngine.builder()
                .meterRegistry(meters)
                .noStepTimeout()
                .noIdleTimeout()
                .build();
    }

    // --- other registries

    @Test
    void gauges_ofTwoEnginesWithOneRegistry_haveTheSum() {
        Run<String> one = alone(stepping("Solo", turn -> Mono.never()))
                .engine(engine())
                .<String>build()
                .start("a");
        Run<String> two = alone(stepping("Solo", turn -> Mono.never()))
                .engine(engine())
                .<String>build()
                .start("b");

        assertThat(gauge(FlotillaMeter.RUNS_IN_FLIGHT)).isEqualTo(2);
        Stream.of(one, two).forEach(run -> {
            run.cancel();
            ended(run);
        });
        assertThat(gauge(FlotillaMeter.RUNS_IN_FLIGHT)).isZero();
    }

    @Test
    void run_noRegistry_countsNothing() {
        ended(alone(deciding("Solo", turn -> Decision.answer("done")))
                .<String>build()
                .start("task"));

        assertThat(meters.getMeters()).isEmpty();
    }

    private static MeterFilter onAccept(FlotillaMeter which, Runnable then) {
        return new MeterFilter() {
            @Override
            public MeterFilterReply accept(Meter.Id id) {
                if (id.getName().equals(which.getName())) {
                    then.run();
                }
                return MeterFilterReply.NEUTRAL;
            }
        };
    }

    @Test
    void run_registryThrows_endsAllTheSame() {
        for (FlotillaMeter meter : List.of(FlotillaMeter.RUNS_STARTED, FlotillaMeter.CORRECTIONS)) {
            MeterRegistry throwing = new SimpleMeterRegistry();
            throwing.config().meterFilter(onAccept(meter, () -> {
                throw new IllegalStateException("registry");
            }));

            assertThat(ended(alone(deciding(
                                            "Solo",
                                            turn -> turn.correction() == null
                                                    ? Decision.handOff("Nobody", "x")
                                                    : Decision.answer("done")))
                                    .engine(StepEngine.builder()
                                            .meterRegistry(throwing)
                                            .build())
                                    .<String>build()
                                    .start("task"))
                            .answer())
                    .isEqualTo("done");
        }
    }

    @Test
    void run_registryKeepsTheThread_endsAllTheSame() {
        Sinks.Empty<Void> over = Sinks.empty();
        MeterRegistry blocking = new SimpleMeterRegistry();
        blocking.config()
                .meterFilter(
                        onAccept(FlotillaMeter.CORRECTIONS, () -> over.asMono().block()));
        Workflow<String, String> flow = alone(deciding(
                        "Solo",
                        turn -> turn.correction() == null ? Decision.handOff("Nobody", "x") : Decision.answer("done")))
                .engine(StepEngine.builder().meterRegistry(blocking).build())
                .build();
        CopyOnWriteArrayList<RunResult<String>> results = new CopyOnWriteArrayList<>();
        try {
            new Thread(() -> flow.run("task").subscribe(results::add)).start();

            assertThat(until(() -> results.isEmpty() ? null : results.get(0)).answer())
                    .isEqualTo("done");
        } finally {
            over.tryEmitEmpty();
        }
    }

    // --- docs

    @Test
    void meters_ofRuns_areThoseThatAreDocumented() {
        recorded(Mono.just(Decision.fail("on purpose"))).start("task").result().block(Duration.ofSeconds(20));

        for (FlotillaMeter meter : List.of(
                FlotillaMeter.RUNS_STARTED,
                FlotillaMeter.RUNS_RECOVERED,
                FlotillaMeter.RUNS_ENDED,
                FlotillaMeter.RUN_DURATION,
                FlotillaMeter.RUNS_IN_FLIGHT,
                FlotillaMeter.RUNS_WAITING,
                FlotillaMeter.QUESTIONS_PENDING,
                FlotillaMeter.JOINS_UNMET,
                FlotillaMeter.CORRECTIONS)) {
            assertThat(meters.find(meter.getName()).meters())
                    .as("%s", meter)
                    .isNotEmpty()
                    .allSatisfy(found -> {
                        assertThat(found.getId().getType()).isEqualTo(meter.getType());
                        assertThat(found.getId().getBaseUnit()).isEqualTo(meter.getBaseUnit());
                        assertThat(found.getId().getDescription()).isEqualTo(meter.description());
                        assertThat(found.getId().getTags().stream().map(tag -> tag.getKey()))
                                .containsExactlyInAnyOrderElementsOf(Arrays.stream(meter.getKeyNames())
                                        .map(key -> key.asString())
                                        .toList());
                    });
        }
    }
}
