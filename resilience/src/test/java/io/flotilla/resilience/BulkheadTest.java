package io.flotilla.resilience;

import static io.flotilla.resilience.InVirtualTime.engine;
import static io.flotilla.resilience.InVirtualTime.start;
import static org.assertj.core.api.Assertions.assertThat;

import io.flotilla.agent.Agent;
import io.flotilla.resilience.InVirtualTime.Started;
import io.flotilla.step.StepEngine;
import io.flotilla.step.StepResult;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import reactor.core.publisher.Mono;

/** How many attempts run at the same time, who waits, and for how long. */
@Timeout(30)
class BulkheadTest {

    private static final Duration SECOND = Duration.ofSeconds(1);
    private static final Duration MS = Duration.ofMillis(1);

    @RegisterExtension
    final InVirtualTime time = new InVirtualTime();

    private final Pending agent = new Pending("a");

    private static Resilience.Builder bulkhead(int maxConcurrent, int maxQueued, Duration queueTimeout) {
        return Resilience.builder().bulkhead(new BulkheadPolicy(maxConcurrent, maxQueued, queueTimeout));
    }

    // --- places

    @ParameterizedTest
    @ValueSource(ints = {2, 3})
    void attempt_notMoreThanMaxConcurrent_allRunAtOnce(int steps) {
        start(engine(bulkhead(3, 10, SECOND)), agent, steps);

        assertThat(agent.called()).isEqualTo(steps);
    }

    @Test
    void attempt_moreThanMaxConcurrent_oneWaitsForAPlace() {
        Started round = start(engine(bulkhead(3, 10, SECOND)), agent, 4);
        assertThat(agent.called()).isEqualTo(3);

        agent.succeed(1);

        assertThat(agent.called()).isEqualTo(4);
        assertThat(round.results).hasSize(1);
    }

    @Test
    void attempt_ofAnotherKind_hasPlacesOfItsOwn() {
        Pending other = new Pending("b");
        start(engine(bulkhead(1, 10, SECOND)), List.of(agent, other));

        assertThat(agent.called() + other.called()).isEqualTo(2);
    }

    @Test
    void attempt_severalRoundsOfTheEngine_sharePlaces() {
        StepEngine engine = engine(bulkhead(1, 10, SECOND));
        start(engine, agent);
        start(engine, agent);

        assertThat(agent.called()).isEqualTo(1);
    }

    // --- the line

    @ParameterizedTest
    @ValueSource(ints = {2, 3})
    void line_notMoreThanMaxWaiting_nobodyIsRefused(int waiting) {
        Started round = start(engine(bulkhead(1, 3, SECOND)), agent, 1 + waiting);

        assertThat(round.results).isEmpty();
    }

    @Test
    void line_moreThanMaxWaiting_theLastIsRefusedAtOnceAndSaysWhy() {
        Started round = start(engine(bulkhead(1, 3, SECOND)), agent, 5);

        assertThat(round.only()).isInstanceOfSatisfying(StepResult.Rejected.class, rejected -> {
            assertThat(rejected.index()).isEqualTo(4);
            assertThat(rejected.guard()).isEqualTo("bulkhead");
            assertThat(rejected.retryAfter()).as("nobody knows").isNull();
            assertThat(rejected.cause()).hasMessage("bulkhead refused the step: full: 1 of 1 in use, 3 of 3 waiting");
        });
    }

    @Test
    void line_maxQueuedZero_refusedAtOnce() {
        Started round = start(engine(bulkhead(1, 0, SECOND)), agent, 2);

        assertThat(round.kinds()).containsExactly(StepResult.Kind.REJECTED);
    }

    @Test
    void line_queueTimeoutZero_refusedAtOnceThoughThereIsRoom() {
        Started round = start(engine(bulkhead(1, 10, Duration.ZERO)), agent, 2);

        assertThat(round.kinds()).containsExactly(StepResult.Kind.REJECTED);
    }

    @Test
    void line_severalWait_firstComeFirstServed() {
        List<Long> order = new CopyOnWriteArrayList<>();
        Agent<String, String> noting = Agent.of("a", (input, context) -> {
            order.add(context.stepNumber());
            return Mono.delay(MS).map(any -> "done");
        });
        Started round = start(engine(bulkhead(1, 10, SECOND)), noting, 5);

        time.passes(MS.multipliedBy(5));

        assertThat(round.results).hasSize(5);
        assertThat(order).isSorted().hasSize(5);
    }

    // --- the longest wait

    private Started oneRunsAndOneWaits(Duration running) {
        Agent<String, String> slow =
                Agent.of("a", (input, context) -> Mono.delay(running).map(any -> "done"));
        return start(engine(bulkhead(1, 10, SECOND)), slow, 2);
    }

    @ParameterizedTest
    @ValueSource(longs = {999_999_999, 1_000_000_000})
    void wait_notLongerThanMaxWait_runs(long nanos) {
        Duration running = Duration.ofNanos(nanos);
        Started round = oneRunsAndOneWaits(running);

        time.passes(running.multipliedBy(2));

        assertThat(round.kinds()).containsExactly(StepResult.Kind.SUCCEEDED, StepResult.Kind.SUCCEEDED);
    }

    @Test
    void wait_longerThanMaxWait_refusedWhenItIsOverAndNotBefore() {
        Started round = oneRunsAndOneWaits(SECOND.plusNanos(1));

        time.passes(SECOND.minusNanos(1));
        assertThat(round.results).isEmpty();
        time.passes(Duration.ofNanos(1));

        assertThat(round.only()).isInstanceOfSatisfying(StepResult.Rejected.class, rejected -> {
            assertThat(rejected.guard()).isEqualTo("bulkhead");
            assertThat(rejected.duration()).isEqualTo(SECOND);
            assertThat(rejected.cause()).hasMessageContaining("no place within PT1S: 1 of 1 in use");
        });
    }

    @Test
    void wait_ofOneIsOver_theOthersBehindGoOnWaiting() {
        StepEngine engine = engine(bulkhead(1, 10, SECOND));
        start(engine, agent);
        Started first = start(engine, agent);
        time.passes(MS);
        Started second = start(engine, agent);
        time.passes(SECOND.minus(MS));
        assertThat(first.kinds()).containsExactly(StepResult.Kind.REJECTED);
        assertThat(second.results).isEmpty();

        agent.succeed(0);

        assertThat(agent.called()).isEqualTo(2);
    }

    // --- cancel

    @Test
    void cancel_whileWaiting_neverRunsAndTheNextTakesItsTurn() {
        StepEngine engine = engine(bulkhead(1, 1, SECOND));
        start(engine, agent);
        Started waiting = start(engine, agent);
        waiting.cancel();
        Started next = start(engine, agent);
        assertThat(next.results).as("the cancelled one has left the line").isEmpty();

        agent.succeed(0);
        agent.succeed(1);

        assertThat(agent.called()).isEqualTo(2);
        assertThat(next.kinds()).containsExactly(StepResult.Kind.SUCCEEDED);
    }

    @Test
    void cancel_whileRunning_theBodyIsCancelledBeforeItsPlaceIsHandedOn() {
        StepEngine engine = engine(bulkhead(1, 1, SECOND));
        List<String> order = new CopyOnWriteArrayList<>();
        Agent<String, String> noting = Agent.of("a", (input, context) -> {
            order.add("called");
            return Mono.<String>never().doOnCancel(() -> order.add("cancelled"));
        });
        Started running = start(engine, noting);
        start(engine, noting);

        running.cancel();

        assertThat(order).as("never two at once").containsExactly("called", "cancelled", "called");
    }

    // --- outer time limits

    @Test
    void timeout_outsideTheRun_firesWhileWaiting() {
        StepEngine engine = engine(bulkhead(1, 10, SECOND));
        start(engine, agent);
        AtomicReference<Throwable> error = new AtomicReference<>();
        engine.run(List.of(agent), "go").timeout(Duration.ofMillis(50)).subscribe(any -> {}, error::set);

        time.passes(Duration.ofMillis(50));

        assertThat(error.get()).isInstanceOf(TimeoutException.class);
        assertThat(agent.called()).isEqualTo(1);
    }

    @Test
    void stepTimeout_whileWaiting_timesOutWithinIt() {
        StepEngine engine = StepEngine.builder()
                .stepTimeout(Duration.ofMillis(50))
                .interceptor(bulkhead(1, 10, SECOND).build())
                .build();
        Started round = start(engine, agent, 2);

        time.passes(Duration.ofMillis(50));

        assertThat(round.kinds()).containsExactly(StepResult.Kind.TIMED_OUT, StepResult.Kind.TIMED_OUT);
        assertThat(agent.called()).isEqualTo(1);
    }

    // --- fatal errors

    @Test
    void body_diesOfFatalErrors_allPlacesAreBack() {
        List<Error> errors = List.of(new NoClassDefFoundError("boom"), new StackOverflowError());
        for (Error error : errors) {
            List<Agent<String, String>> dying = new ArrayList<>();
            dying.add(Agent.of("a", (input, context) -> {
                throw error;
            }));
            dying.add(Agent.of(
                    "a",
                    (input, context) -> Mono.fromCallable(() -> {
                        throw error;
                    })));
            StepEngine engine = engine(bulkhead(1, 10, SECOND));
            Started died = start(engine, dying);
            assertThat(died.kinds()).containsExactly(StepResult.Kind.FAILED, StepResult.Kind.FAILED);

            int before = agent.called();
            start(engine, agent);
            assertThat(agent.called()).as("%s: the place is back", error).isEqualTo(before + 1);
        }
    }
}
