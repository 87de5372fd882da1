package io.flotilla.run;

import static io.flotilla.run.TestRuns.ended;
import static io.flotilla.run.TestRuns.invocations;
import static io.flotilla.run.TestRuns.stepping;
import static org.assertj.core.api.Assertions.assertThat;

import io.flotilla.agent.Agent;
import io.flotilla.step.NothingDropped;
import io.flotilla.step.StepEngine;
import io.flotilla.topology.Topology;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.Function;
import java.util.function.Supplier;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import reactor.core.publisher.Mono;
import reactor.core.scheduler.Schedulers;

/** Runs that are long, deep and wide, on a thread with a small stack: nothing recurses, and nothing is quadratic. */
@Timeout(120)
@ExtendWith(NothingDropped.class)
class DeepAndWideRunTest {

    private static final int SMALL_STACK = 256 * 1024;
    private static final int DEEP = 1_000;
    private static final int WIDE = 100_000;

    private static <T> T onASmallStack(Supplier<T> work) throws InterruptedException {
        AtomicReference<T> result = new AtomicReference<>();
        AtomicReference<Throwable> thrown = new AtomicReference<>();
        Thread thread = new Thread(
                null,
                () -> {
                    try {
                        result.set(work.get());
                    } catch (Throwable error) {
                        thrown.set(error);
                    }
                },
                "small-stack",
                SMALL_STACK);
        thread.start();
        thread.join();
        assertThat(thrown.get()).isNull();
        return result.get();
    }

    /** Decides at once, or on another thread. */
    private static Agent<Turn, Decision> agent(String id, boolean async, Function<Turn, Decision> decide) {
        return stepping(id, turn -> {
            Mono<Decision> decided = Mono.fromSupplier(() -> decide.apply(turn));
            return async ? decided.publishOn(Schedulers.parallel()) : decided;
        });
    }

    // --- long

    private static final Topology RING = Topology.parse("""
            start -> A -> B -> C -> A
            A -> end
            """);

    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void handOffs_aHundredThousandInARow_end(boolean async) throws InterruptedException {
        int handOffs = 100_000;
        Workflow.Builder<String> builder = Workflow.builder(RING, String.class);
        for (String name : RING.agents()) {
            String next = name.equals("A") ? "B" : name.equals("B") ? "C" : "A";
            builder.agent(
                    name,
                    agent(
                            name,
                            async,
                            turn -> turn.input(Integer.class) == handOffs
                                    ? Decision.answer("done")
                                    : Decision.handOff(next, turn.input(Integer.class) + 1)));
        }
        Workflow<Integer, String> flow = builder.build();

        RunResult<String> result = onASmallStack(() -> ended(flow.start(0)));

        assertThat(result.answer()).isEqualTo("done");
        assertThat(result.steps()).isEqualTo(handOffs + 1);
    }

    // --- deep

    private static final Topology NEST = Topology.parse("""
            start -> Ping
            Ping <-> Pong
            Ping -> end
            """);

    private static Workflow<Integer, String> nested(boolean async, Supplier<Mono<Decision>> innermost) {
        Workflow.Builder<String> builder = Workflow.builder(NEST, String.class);
        for (String name : NEST.agents()) {
            String other = name.equals("Ping") ? "Pong" : "Ping";
            Agent<Turn, Decision> forking = agent(
                    name,
                    async,
                    turn -> turn.reason() == Turn.Reason.JOINED
                            ? Decision.answer(turn.outcomes().get(0).value())
                            : Decision.fanOut(Invocation.of(other, turn.input(Integer.class) + 1)));
            builder.agent(
                    name,
                    Agent.of(
                            name,
                            (turn, context) ->
                                    Integer.valueOf(DEEP).equals(turn.input()) && turn.reason() == Turn.Reason.REQUESTED
                                            ? innermost.get()
                                            : forking.step(turn, context)));
        }
        return builder.build();
    }

    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void forks_aThousandNested_join(boolean async) throws InterruptedException {
        Workflow<Integer, String> flow = nested(async, () -> Mono.just(Decision.answer("deep")));

        RunResult<String> result = onASmallStack(() -> ended(flow.start(0)));

        assertThat(result.answer()).isEqualTo("deep");
        assertThat(result.branches().answered()).isEqualTo(DEEP + 1);
    }

    @Test
    void forks_aThousandNestedAndTheInnermostFails_failureSaysWhereOnce() throws InterruptedException {
        Workflow<Integer, String> flow = nested(false, () -> Mono.error(new IllegalStateException("boom")));

        RunResult<String> result = onASmallStack(() -> ended(flow.start(0)));

        assertThat(result.failure()).isInstanceOf(JoinShortfallException.class);
        assertThat(result.failure().getMessage()).contains("boom").hasSizeLessThan(20_000);
        assertThat(result.failure().getCause()).isInstanceOf(AgentFailedException.class);
        assertThat(result.branches().failed()).isEqualTo(DEEP + 1);
    }

    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void cancel_ofAThousandNestedForks_reachesTheInnermost(boolean async) throws InterruptedException {
        AtomicInteger cancels = new AtomicInteger();
        CountDownLatch deep = new CountDownLatch(1);
        Workflow<Integer, String> flow = nested(
                async,
                () -> Mono.<Decision>never()
                        .doOnSubscribe(any -> deep.countDown())
                        .doOnCancel(cancels::incrementAndGet));

        RunResult<String> result = onASmallStack(() -> {
            Run<String> run = flow.start(0);
            await(deep);
            run.cancel();
            return ended(run);
        });

        assertThat(result.status()).isEqualTo(RunResult.Status.CANCELLED);
        assertThat(result.branches().cancelled()).isEqualTo(DEEP + 1);
        assertThat(cancels).hasValue(1);
    }

    private static void await(CountDownLatch latch) {
        try {
            latch.await();
        } catch (InterruptedException interrupted) {
            throw new IllegalStateException(interrupted);
        }
    }

    // --- wide

    private static final Topology WIDE_CREW = Topology.parse("""
            start -> Lead
            Lead <-> Worker
            Lead -> end
            """);

    private static final Topology MEETING = Topology.parse("""
            start -> Lead -> Worker -> Writer -> end
            rendezvous Writer
            """);

    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void fork_ofAHundredThousand_joins(boolean async) throws InterruptedException {
        Workflow<String, Integer> flow = Workflow.builder(WIDE_CREW, Integer.class)
                .agent(
                        "Lead",
                        agent(
                                "Lead",
                                async,
                                turn -> turn.reason() == Turn.Reason.JOINED
                                        ? Decision.answer(turn.outcomes().size())
                                        : Decision.fanOut(invocations("Worker", WIDE))))
                .agent("Worker", agent("Worker", async, turn -> Decision.answer(turn.input())))
                .engine(StepEngine.builder().build())
                .build();

        RunResult<Integer> result = onASmallStack(() -> ended(flow.start("go")));

        assertThat(result.answer()).isEqualTo(WIDE);
        assertThat(result.steps()).isEqualTo(WIDE + 2);
    }

    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void rendezvous_ofAHundredThousand_firesOnceWithAll(boolean async) throws InterruptedException {
        AtomicInteger fired = new AtomicInteger();
        Workflow<String, Integer> flow = Workflow.builder(MEETING, Integer.class)
                .agent("Lead", agent("Lead", async, turn -> Decision.fanOut(invocations("Worker", WIDE))))
                .agent("Worker", agent("Worker", async, turn -> Decision.handOff("Writer", turn.input())))
                .agent("Writer", agent("Writer", async, turn -> {
                    fired.incrementAndGet();
                    return Decision.handOff("end", turn.arrivals().size());
                }))
                .build();

        RunResult<Integer> result = onASmallStack(() -> ended(flow.start("go")));

        assertThat(result.answer()).isEqualTo(WIDE);
        assertThat(fired).hasValue(1);
    }

    @Test
    void cancel_ofAHundredThousandInFlight_reachesEach() throws InterruptedException {
        AtomicInteger cancels = new AtomicInteger();
        Workflow<String, Integer> flow = Workflow.builder(WIDE_CREW, Integer.class)
                .agent("Lead", agent("Lead", false, turn -> Decision.fanOut(invocations("Worker", WIDE))))
                .agent(
                        "Worker",
                        stepping("Worker", turn -> Mono.<Decision>never().doOnCancel(cancels::incrementAndGet)))
                .engine(StepEngine.builder().concurrency(WIDE).build())
                .build();

        RunResult<Integer> result = onASmallStack(() -> {
            Run<Integer> run = flow.start("go");
            run.cancel();
            return ended(run);
        });

        assertThat(result.status()).isEqualTo(RunResult.Status.CANCELLED);
        assertThat(cancels).hasValue(WIDE);
    }
}
