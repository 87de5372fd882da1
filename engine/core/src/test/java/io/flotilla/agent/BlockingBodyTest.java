package io.flotilla.agent;

import static org.assertj.core.api.Assertions.assertThat;

import io.flotilla.AgentId;
import io.flotilla.internal.BlockingLevel;
import io.flotilla.step.StepEngine;
import io.flotilla.step.StepReport;
import io.flotilla.step.StepResult;
import java.time.Duration;
import java.util.Collections;
import java.util.List;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.Supplier;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import reactor.core.scheduler.Scheduler;
import reactor.core.scheduler.Schedulers;
import reactor.test.StepVerifier;

/** What a blocking body throws, what flag it leaves behind, and bodies that block on rounds of blocking agents. */
@Timeout(60)
class BlockingBodyTest {

    private static final Duration SOON = Duration.ofSeconds(20);

    private final StepEngine engine = StepEngine.builder().noStepTimeout().build();

    @SuppressWarnings("removal") // there are programs that throw it
    static List<Supplier<Throwable>> fatal() {
        return List.of(
                () -> new NoClassDefFoundError("missing"),
                StackOverflowError::new,
                () -> new OutOfMemoryError("none left"),
                ThreadDeath::new,
                () -> new AssertionError("no"));
    }

    @ParameterizedTest
    @MethodSource("fatal")
    void blocking_bodyThrowsAnError_isTheStepsFailureAtOnce(Supplier<Throwable> errors) {
        Throwable error = errors.get();
        Agent<String, String> agent = Agent.blocking("a", (input, context) -> BlockingBodyTest.rethrow(error));

        StepReport<String> report = engine.run(List.of(agent), "go").block(SOON);

        assertThat(report).isNotNull();
        assertThat(report.results().get(0).kind()).isEqualTo(StepResult.Kind.FAILED);
        assertThat(report.results().get(0).cause()).isSameAs(error);
    }

    @SuppressWarnings({"unchecked", "TypeParameterUnusedInFormals"})
    private static <R, T extends Throwable> R rethrow(Throwable thrown) throws T {
        throw (T) thrown;
    }

    @Test
    void blocking_bodyRestoresItsInterruptFlag_nobodyElseSeesIt() {
        AtomicBoolean seen = new AtomicBoolean();
        Agent<String, String> agent = Agent.blocking("a", (input, context) -> {
            Thread.currentThread().interrupt();
            throw new IllegalStateException("interrupted");
        });

        StepVerifier.create(agent.step("go", StepContext.detached(agent.id()))
                        .doOnError(any -> seen.set(Thread.currentThread().isInterrupted())))
                .expectError(IllegalStateException.class)
                .verify(SOON);

        assertThat(seen).isFalse();
    }

    private Agent<String, String> blockingOn(int levels) {
        return Agent.blocking("level-" + levels, (input, context) -> {
            if (levels == 0) {
                return input;
            }
            StepReport<String> report = engine.run(Collections.nCopies(2, blockingOn(levels - 1)), input)
                    .block(SOON);
            return String.join(",", report.orThrow().values());
        });
    }

    @Test
    void blocking_moreBodiesThanThreadsBlockOnRoundsOfBlockingAgents_allEnd() {
        int bodies = Schedulers.DEFAULT_BOUNDED_ELASTIC_SIZE + 5;

        StepReport<String> report =
                engine.run(Collections.nCopies(bodies, blockingOn(2)), "x").block(SOON);

        assertThat(report).isNotNull();
        assertThat(report.values()).hasSize(bodies).containsOnly("x,x,x,x");
    }

    @Test
    void blocking_asDeepAsThereAreLevels_ends() {
        StepReport<String> report =
                engine.run(List.of(chain(BlockingLevel.MAX)), "x").block(SOON);

        assertThat(report).isNotNull();
        assertThat(report.values()).containsExactly("x");
    }

    @Test
    void blocking_deeperThanThereAreLevels_failsAtOnce() {
        StepReport<String> report =
                engine.run(List.of(chain(BlockingLevel.MAX + 1)), "x").block(SOON);

        assertThat(report).isNotNull();
        assertThat(report.results().get(0).cause()).hasRootCauseInstanceOf(NestedBlockingException.class);
    }

    /** One body blocks on the next, {@code more} times. */
    private Agent<String, String> chain(int more) {
        return Agent.blocking("chain-" + more, (input, context) -> {
            if (more == 0) {
                return input;
            }
            StepReport<String> report =
                    engine.run(List.of(chain(more - 1)), input).block(SOON);
            return report.orThrow().values().get(0);
        });
    }

    @Test
    void blocking_ownPoolWithoutAThreadForTheInnerBody_failsInsteadOfStarving() {
        Scheduler pool = Schedulers.newBoundedElastic(1, 100, "own");
        try {
            Agent<String, String> inner = Agent.blocking(AgentId.of("inner"), pool, (input, context) -> input);
            Agent<String, StepReport<String>> outer = Agent.blocking(
                    AgentId.of("outer"),
                    pool,
                    (input, context) -> engine.run(List.of(inner), input).block(SOON));

            StepReport<StepReport<String>> report =
                    engine.run(List.of(outer), "go").block(SOON);

            assertThat(report).isNotNull();
            StepResult<String> refused = report.values().get(0).results().get(0);
            assertThat(refused.cause()).isInstanceOf(NestedBlockingException.class);
            assertThat(((NestedBlockingException) refused.cause()).depth()).isEqualTo(1);
        } finally {
            pool.dispose();
        }
    }

    @Test
    void blocking_ownPoolWithAThreadForTheInnerBody_works() {
        Scheduler pool = Schedulers.newBoundedElastic(2, 100, "own");
        try {
            Agent<String, String> inner = Agent.blocking(AgentId.of("inner"), pool, (input, context) -> input);
            Agent<String, StepReport<String>> outer = Agent.blocking(
                    AgentId.of("outer"),
                    pool,
                    (input, context) -> engine.run(List.of(inner), input).block(SOON));

            StepReport<StepReport<String>> report =
                    engine.run(List.of(outer), "go").block(SOON);

            assertThat(report).isNotNull();
            assertThat(report.values().get(0).values()).containsExactly("go");
        } finally {
            pool.dispose();
        }
    }
}
