package io.flotilla.agent;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatNullPointerException;

import io.flotilla.AgentId;
import java.io.IOException;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import reactor.core.Disposable;
import reactor.core.publisher.Mono;
import reactor.core.scheduler.Scheduler;
import reactor.core.scheduler.Schedulers;
import reactor.test.StepVerifier;

/** Agents made of functions, and of functions that block. */
@Timeout(30)
class AgentTest {

    private static final AgentId READER = AgentId.of("reader#1");
    private static final StepContext CONTEXT = StepContext.detached(READER);

    @Test
    void of_function_callsItWithInputAndContext() {
        Agent<String, String> agent =
                Agent.of("reader#1", (input, context) -> Mono.just(input + " by " + context.agentId()));

        assertThat(agent.id()).isEqualTo(READER);
        assertThat(agent).hasToString("reader#1");
        StepVerifier.create(agent.step("read", CONTEXT))
                .expectNext("read by reader#1")
                .verifyComplete();
    }

    @Test
    void of_idAndFunction_hasThatId() {
        assertThat(Agent.of(READER, (input, context) -> Mono.empty()).id()).isSameAs(READER);
    }

    @Test
    void of_nullArgument_throwsNamingIt() {
        assertThatNullPointerException()
                .isThrownBy(() -> Agent.of((String) null, (input, context) -> Mono.empty()))
                .withMessage("name");
        assertThatNullPointerException()
                .isThrownBy(() -> Agent.of((AgentId) null, (input, context) -> Mono.empty()))
                .withMessage("id");
        assertThatNullPointerException()
                .isThrownBy(() -> Agent.of("reader", null))
                .withMessage("step");
    }

    @Test
    void of_badName_throws() {
        assertThatIllegalArgumentException().isThrownBy(() -> Agent.of(" ", (input, context) -> Mono.empty()));
    }

    @Test
    void blocking_subscribed_runsOffTheCallersThread() {
        Thread caller = Thread.currentThread();
        Agent<String, Thread> agent = Agent.blocking("reader", (input, context) -> Thread.currentThread());

        StepVerifier.create(agent.step("read", CONTEXT))
                .assertNext(thread -> {
                    assertThat(thread).isNotSameAs(caller);
                    assertThat(thread.isDaemon()).isTrue();
                })
                .verifyComplete();
    }

    @Test
    void blocking_notSubscribed_runsNothing() {
        AtomicInteger calls = new AtomicInteger();
        Agent<String, Integer> agent = Agent.blocking("reader", (input, context) -> calls.incrementAndGet());

        Mono<Integer> step = agent.step("read", CONTEXT);
        assertThat(calls).hasValue(0);

        StepVerifier.create(step).expectNext(1).verifyComplete();
        StepVerifier.create(step).expectNext(2).verifyComplete();
    }

    @Test
    void blocking_returnsNull_completesWithoutValue() {
        Agent<String, String> agent = Agent.blocking("reader", (input, context) -> null);

        StepVerifier.create(agent.step("read", CONTEXT)).verifyComplete();
    }

    @Test
    void blocking_throws_signalsTheCause() {
        IllegalStateException broken = new IllegalStateException("broken");
        Agent<String, String> agent = Agent.blocking("reader", (input, context) -> {
            throw broken;
        });

        StepVerifier.create(agent.step("read", CONTEXT))
                .verifyErrorSatisfies(cause -> assertThat(cause).isSameAs(broken));
    }

    @Test
    void blocking_throwsCheckedExceptionUnseen_signalsIt() {
        IOException unseen = new IOException("disk");
        Agent<String, String> agent = Agent.blocking("reader", (input, context) -> AgentTest.sneaky(unseen));

        StepVerifier.create(agent.step("read", CONTEXT))
                .verifyErrorSatisfies(cause -> assertThat(cause).isSameAs(unseen));
    }

    @Test
    void blocking_cancelled_interruptsTheThread() throws InterruptedException {
        assertCancelInterrupts(null);
    }

    @Test
    void blocking_ownPoolCancelled_interruptsTheThread() throws InterruptedException {
        Scheduler pool = Schedulers.newBoundedElastic(1, 10, "own");
        try {
            assertCancelInterrupts(pool);
        } finally {
            pool.dispose();
        }
    }

    private static void assertCancelInterrupts(Scheduler pool) throws InterruptedException {
        CountDownLatch started = new CountDownLatch(1);
        CountDownLatch interrupted = new CountDownLatch(1);
        CountDownLatch never = new CountDownLatch(1);
        Agent<String, String> agent = blocking(pool, started, interrupted, never);

        Disposable step = agent.step("read", CONTEXT).subscribe();
        started.await();
        step.dispose();

        interrupted.await();
    }

    private static Agent<String, String> blocking(
            Scheduler pool, CountDownLatch started, CountDownLatch interrupted, CountDownLatch never) {
        java.util.function.BiFunction<String, StepContext, String> body = (input, context) -> {
            started.countDown();
            try {
                never.await();
            } catch (InterruptedException cancelled) {
                interrupted.countDown();
            }
            return "late";
        };
        return pool == null ? Agent.blocking("reader", body) : Agent.blocking(READER, pool, body);
    }

    @Test
    void blocking_ownPool_runsThere() {
        Scheduler pool = Schedulers.newBoundedElastic(1, 10, "own");
        try {
            AtomicReference<String> ran = new AtomicReference<>();
            Agent<String, String> agent = Agent.blocking(READER, pool, (input, context) -> {
                ran.set(Thread.currentThread().getName());
                return null;
            });

            StepVerifier.create(agent.step("read", CONTEXT)).verifyComplete();

            assertThat(agent.id()).isEqualTo(READER);
            assertThat(ran.get()).startsWith("own");
        } finally {
            pool.dispose();
        }
    }

    @Test
    void blocking_nullArgument_throwsNamingIt() {
        assertThatNullPointerException()
                .isThrownBy(() -> Agent.blocking("reader", null))
                .withMessage("step");
        assertThatNullPointerException()
                .isThrownBy(() -> Agent.blocking(null, (input, context) -> "x"))
                .withMessage("name");
        assertThatNullPointerException()
                .isThrownBy(() -> Agent.blocking(null, Schedulers.immediate(), (input, context) -> "x"))
                .withMessage("id");
        assertThatNullPointerException()
                .isThrownBy(() -> Agent.blocking(READER, null, (input, context) -> "x"))
                .withMessage("pool");
        assertThatNullPointerException()
                .isThrownBy(() -> Agent.blocking(READER, Schedulers.immediate(), null))
                .withMessage("step");
    }

    @Test
    void blocking_badName_throws() {
        assertThatIllegalArgumentException().isThrownBy(() -> Agent.blocking("", (input, context) -> "x"));
    }

    @SuppressWarnings({"unchecked", "TypeParameterUnusedInFormals"})
    private static <R, T extends Throwable> R sneaky(Throwable thrown) throws T {
        throw (T) thrown;
    }
}
