package io.flotilla.step;

import static org.assertj.core.api.Assertions.assertThat;

import io.flotilla.AgentId;
import io.flotilla.UndisturbedTime;
import io.flotilla.agent.Agent;
import io.flotilla.agent.UsageLedger;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.PriorityQueue;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import java.util.function.BiFunction;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;
import reactor.test.scheduler.VirtualTimeScheduler;
import reactor.util.context.Context;
import reactor.util.function.Tuples;

/** Exact times of steps that end, and of steps that do not, against a model: whatever starts when, each has its own limit. */
@Timeout(60)
@ExtendWith(NothingDropped.class)
class StepTimeoutModelTest {

    private static final int ROUNDS = Integer.getInteger("random.runs", 150);
    private static final int LIMIT_MILLIS = 1_000;

    private VirtualTimeScheduler time = VirtualTimeScheduler.create();

    @BeforeEach
    void virtual() {
        time = UndisturbedTime.begin();
    }

    @AfterEach
    void real() {
        VirtualTimeScheduler.reset();
    }

    /** When a step starts and how long it takes, in milliseconds. */
    private record Expected(long start, long took, boolean timedOut) {}

    /** {@code limits}: of each step, as the instance of its agent says it. */
    private record Load(long seed, int concurrency, List<Integer> millis, List<Integer> limits) {

        static Load of(long seed, boolean ownLimits) {
            Random random = new Random(seed);
            List<Integer> millis = new ArrayList<>();
            List<Integer> limits = new ArrayList<>();
            for (int step = random.nextInt(1, 40); step > 0; step--) {
                // Never exactly the limit: what ends in the same instant may end either way.
                millis.add(random.nextInt(3) == 0 ? -1 : random.nextInt(LIMIT_MILLIS / 2) * 4 + 1);
                limits.add(ownLimits ? (1 + random.nextInt(LIMIT_MILLIS / 2)) * 2 : LIMIT_MILLIS);
            }
            return new Load(seed, random.nextInt(1, 8), millis, limits);
        }

        /** A step starts when a place is free. */
        List<Expected> model() {
            PriorityQueue<Long> free = new PriorityQueue<>();
            for (int place = 0; place < concurrency; place++) {
                free.add(0L);
            }
            List<Expected> expected = new ArrayList<>();
            for (int at = 0; at < millis.size(); at++) {
                int step = millis.get(at);
                int limit = limits.get(at);
                long start = Objects.requireNonNull(free.poll());
                boolean timedOut = step < 0 || step > limit;
                long took = timedOut ? limit : step;
                expected.add(new Expected(start, took, timedOut));
                free.add(start + took);
            }
            return expected;
        }

        List<Agent<String, String>> agents() {
            return IntStream.range(0, millis.size()).mapToObj(this::agent).toList();
        }

        Agent<String, String> agent(int at) {
            return Agent.of(AgentId.of("a", limits.get(at)), (input, context) -> body(millis.get(at)));
        }

        private static Mono<String> body(int millis) {
            return millis < 0
                    ? Mono.never()
                    : Mono.delay(Duration.ofMillis(millis)).map(tick -> "done");
        }
    }

    private static StepEngine engine(int concurrency, boolean ownLimits) {
        StepEngine.Builder engine =
                StepEngine.builder().concurrency(concurrency).stepTimeout(Duration.ofMillis(LIMIT_MILLIS));
        return (ownLimits
                        ? engine.stepTimeoutBy(id -> Duration.ofMillis(Long.parseLong(String.valueOf(id.instance()))))
                        : engine)
                .build();
    }

    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void run_randomLoad_everyStepEndsAtItsOwnTime(boolean ownLimits) {
        agreesWithTheModel(ownLimits, (load, engine) -> engine.stream(load.agents(), "go"));
    }

    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void streamOfPairs_randomLoad_everyStepEndsAtItsOwnTime(boolean ownLimits) {
        agreesWithTheModel(
                ownLimits,
                (load, engine) -> engine.stream(Flux.fromIterable(load.agents()).map(agent -> Tuples.of(agent, "go"))));
    }

    private void agreesWithTheModel(boolean ownLimits, BiFunction<Load, StepEngine, Flux<StepResult<String>>> round) {
        long first = new Random().nextLong();
        for (long seed = first; seed < first + ROUNDS; seed++) {
            Load load = Load.of(seed, ownLimits);
            Instant began = Instant.ofEpochMilli(time.now(TimeUnit.MILLISECONDS));
            ResultSink<String> sink = ResultSink.keepingAll();

            sink.tap(round.apply(load, engine(load.concurrency(), ownLimits))).subscribe();
            time.advanceTimeBy(
                    Duration.ofMillis((long) LIMIT_MILLIS * (load.millis().size() + 1)));

            assertThat(sink.report().results().stream()
                            .map(result -> seen(result, began))
                            .toList())
                    .as("seed %d: %s", seed, load)
                    .isEqualTo(load.model());
        }
    }

    private static Expected seen(StepResult<?> result, Instant began) {
        return new Expected(
                Duration.between(began, result.startedAt()).toMillis(),
                result.duration().toMillis(),
                result.kind() == StepResult.Kind.TIMED_OUT);
    }

    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void driver_stepsStartedAtRandom_everyStepEndsAtItsOwnTime(boolean ownLimits) {
        long first = new Random().nextLong();
        for (long seed = first; seed < first + ROUNDS; seed++) {
            Random random = new Random(seed);
            Load load = Load.of(seed, ownLimits);
            ResultSink<String> sink = ResultSink.keepingAll();
            StepDriver<String, String> driver =
                    EngineAccess.of(engine(1, ownLimits)).driver(new Listener(sink), new UsageLedger());
            List<Expected> expected = new ArrayList<>();
            Instant began = Instant.ofEpochMilli(time.now(TimeUnit.MILLISECONDS));
            long now = 0;

            for (int step = 0; step < load.millis().size(); step++) {
                int millis = load.millis().get(step);
                int limit = load.limits().get(step);
                boolean timedOut = millis < 0 || millis > limit;
                expected.add(new Expected(now, timedOut ? limit : millis, timedOut));
                driver.start(driver.prepare(load.agent(step), "go", step, new Nobody(step), Context.empty()));
                int pause = random.nextInt(700);
                time.advanceTimeBy(Duration.ofMillis(pause));
                now += pause;
            }
            time.advanceTimeBy(Duration.ofMillis(LIMIT_MILLIS));
            driver.close();

            assertThat(sink.report().results().stream()
                            .map(result -> seen(result, began))
                            .toList())
                    .as("seed %d: %s", seed, load)
                    .isEqualTo(expected);
        }
    }

    private record Listener(ResultSink<String> sink) implements StepDriver.Listener<String> {
        @Override
        public void settled(StepIdentity identity, StepResult<String> result) {
            sink.accept(result);
        }

        @Override
        public void resume() {}

        @Override
        public long waiting() {
            return 0;
        }
    }

    private record Nobody(long stepNumber) implements StepIdentity {
        @Override
        public String runId() {
            return "run";
        }

        @Override
        public String branchPath() {
            return "/";
        }

        @Override
        public @Nullable Instant deadline() {
            return null;
        }

        @Override
        public List<AgentId> delegationPath() {
            return List.of();
        }

        @Override
        public UsageLedger usage() {
            return new UsageLedger();
        }
    }
}
