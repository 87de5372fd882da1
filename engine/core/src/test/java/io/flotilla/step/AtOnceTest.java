package io.flotilla.step;

import static org.assertj.core.api.Assertions.assertThat;

import io.flotilla.agent.Agent;
import io.flotilla.agent.StepContext;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Set;
import java.util.concurrent.Callable;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;
import reactor.core.CoreSubscriber;
import reactor.core.publisher.Hooks;
import reactor.core.publisher.Mono;
import reactor.core.publisher.Operators;

/** Bodies that are computed in one go are called, and nothing else about them is different. */
@Timeout(60)
@ExtendWith(NothingDropped.class)
class AtOnceTest {

    private static final Duration LIMIT = Duration.ofSeconds(20);

    /** Callable for reasons of its own. */
    private static final class Ours extends Mono<String> implements Callable<String> {
        @Override
        public void subscribe(CoreSubscriber<? super String> actual) {
            actual.onSubscribe(Operators.scalarSubscription(actual, "subscribed"));
        }

        @Override
        public String call() {
            return "called";
        }
    }

    @Test
    void isAtOnce_reactorsSources_yes() {
        assertThat(List.of(
                        Mono.just("x"),
                        Mono.<String>empty(),
                        Mono.fromCallable(() -> "x"),
                        Mono.fromSupplier(() -> "x")))
                .allMatch(AtOnce::isAtOnce);
    }

    @Test
    void isAtOnce_operatorsAndMonosOfTheUsers_no() {
        assertThat(List.of(
                        Mono.just("x").map(x -> x),
                        Mono.<String>error(new IllegalStateException("boom")),
                        Mono.defer(() -> Mono.just("x")),
                        new Ours()))
                .noneMatch(AtOnce::isAtOnce);
    }

    @Test
    void run_monoOfTheUsersThatIsCallable_isSubscribedTo() {
        Agent<String, String> agent = Agent.of("a", (input, context) -> new Ours());

        assertThat(StepEngine.builder()
                        .build()
                        .run(List.of(agent), "go")
                        .block(LIMIT)
                        .values())
                .containsExactly("subscribed");
    }

    @Test
    void run_assemblyHook_itsTraceIsInTheCause() {
        Agent<String, String> agent = Agent.of(
                "a",
                (input, context) -> Mono.fromCallable(() -> {
                    throw new IllegalStateException("boom");
                }));
        Hooks.onOperatorDebug();
        try {
            StepReport<String> report =
                    StepEngine.builder().build().run(List.of(agent), "go").block(LIMIT);

            assertThat(report.failures().get(0).cause().getSuppressed())
                    .anyMatch(trace -> trace.getMessage().contains("Assembly trace"));
        } finally {
            Hooks.resetOnOperatorDebug();
        }
    }

    @Test
    void run_manyAtOnce_eachHasAContextAndAResultOfItsOwn() {
        int steps = 1_000;
        List<StepContext> contexts = new ArrayList<>();
        List<Agent<String, String>> agents = new ArrayList<>();
        for (int index = 0; index < steps; index++) {
            int at = index;
            agents.add(Agent.of("a#" + index, (input, context) -> {
                contexts.add(context);
                return Mono.fromCallable(() -> "value " + at);
            }));
        }

        StepReport<String> report =
                StepEngine.builder().build().run(agents, "go").block(LIMIT);

        Set<Object> distinct = Collections.newSetFromMap(new IdentityHashMap<>());
        for (int index = 0; index < steps; index++) {
            StepResult<String> result = report.results().get(index);
            assertThat(result.index()).isEqualTo(index);
            assertThat(result.agentId()).isEqualTo(agents.get(index).id());
            assertThat(result.value()).isEqualTo("value " + index);
            assertThat(contexts.get(index).stepNumber()).isEqualTo(index);
            assertThat(contexts.get(index).agentId()).isEqualTo(result.agentId());
            distinct.add(result);
            distinct.add(contexts.get(index));
        }
        assertThat(distinct).hasSize(2 * steps);
    }

    @Test
    void run_stepsAtOnceAmongOthers_startWhereTheOneBeforeHasEnded() {
        List<Agent<String, String>> agents = new ArrayList<>();
        for (int index = 0; index < 20; index++) {
            agents.add(Agent.of(
                    "a#" + index,
                    (input, context) -> Mono.fromCallable(() -> {
                        java.util.concurrent.locks.LockSupport.parkNanos(3_000_000);
                        return "done";
                    })));
        }
        long before = System.nanoTime();

        StepReport<String> report =
                StepEngine.builder().build().run(agents, "go").block(LIMIT);

        long all = System.nanoTime() - before;
        assertThat(report.results())
                .allSatisfy(result -> assertThat(result.durationNanos()).isGreaterThan(1_000_000));
        assertThat(report.results().stream()
                        .mapToLong(StepResult::durationNanos)
                        .sum())
                .as("no time is counted twice")
                .isLessThanOrEqualTo(all);
        assertThat(report.results().get(19).startedAt())
                .isAfter(report.results().get(0).startedAt());
    }

    @Test
    void run_bodyAfterManyAtOnceKeepsTheThread_itIsTimedOutAndNoOther() {
        AtomicInteger calls = new AtomicInteger();
        Agent<String, String> quick = Agent.of(
                "quick",
                (input, context) -> Mono.fromCallable(() -> {
                    calls.incrementAndGet();
                    return "done";
                }));
        Agent<String, String> slow = Agent.of(
                "slow",
                (input, context) -> Mono.fromCallable(() -> {
                    java.util.concurrent.locks.LockSupport.parkNanos(
                            Duration.ofMillis(400).toNanos());
                    return "late";
                }));
        List<Agent<String, String>> agents = new ArrayList<>(Collections.nCopies(500, quick));
        agents.add(slow);
        agents.addAll(Collections.nCopies(500, quick));

        StepReport<String> report = StepEngine.builder()
                .stepTimeout(Duration.ofMillis(150))
                .build()
                .run(agents, "go")
                .block(LIMIT);

        assertThat(report.count(StepResult.Kind.SUCCEEDED)).isEqualTo(1_000);
        assertThat(report.failures()).singleElement().satisfies(result -> {
            assertThat(result.kind()).isEqualTo(StepResult.Kind.TIMED_OUT);
            assertThat(result.index()).isEqualTo(500);
        });
        assertThat(calls).hasValue(1_000);
    }
}
