package io.flotilla.state;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatNullPointerException;

import io.flotilla.AgentId;
import io.flotilla.message.DeadLetter;
import io.flotilla.message.Envelope;
import io.flotilla.message.Hub;
import io.flotilla.message.RequestTimeoutException;
import io.flotilla.message.UndeliverableException;
import io.flotilla.step.StepEngine;
import io.flotilla.step.StepResult;
import java.time.Duration;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.LockSupport;
import java.util.function.BooleanSupplier;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;
import reactor.core.scheduler.Schedulers;
import reactor.test.subscriber.TestSubscriber;

@Timeout(60)
class StateAgentTest {

    private static final Duration SOON = Duration.ofSeconds(20);
    private static final AgentId ID = AgentId.of("account");

    record Deposit(int amount) {}

    record Withdraw(int amount) {}

    record Balance() {}

    record Broken() {}

    record Nothing() {}

    record Stuck() {}

    private final CountDownLatch stuck = new CountDownLatch(1);

    private StateAgent.Builder<Integer, Integer> builder() {
        return StateAgent.<Integer, Integer>builder(ID, 0)
                .on(
                        Deposit.class,
                        (balance, deposit) -> Change.to(balance + deposit.amount(), balance + deposit.amount()))
                .on(
                        Withdraw.class,
                        (balance, withdrawal) -> withdrawal.amount() > balance
                                ? Change.refuse("only " + balance + " left")
                                : Change.to(balance - withdrawal.amount(), balance - withdrawal.amount()))
                .on(Balance.class, (balance, any) -> Change.none(balance))
                .on(Broken.class, (balance, any) -> {
                    throw new LinkageError("boom");
                })
                .on(Nothing.class, (balance, any) -> null)
                .on(Stuck.class, (balance, any) -> {
                    boolean isOver = false;
                    while (!isOver) { // deaf to interrupts
                        try {
                            stuck.await();
                            isOver = true;
                        } catch (InterruptedException deaf) {
                            isOver = false;
                        }
                    }
                    return Change.to(-1, -1);
                });
    }

    private static void await(BooleanSupplier condition) {
        long until = System.nanoTime() + SOON.toNanos();
        while (!condition.getAsBoolean()) {
            if (System.nanoTime() > until) {
                throw new AssertionError("nothing happened");
            }
            LockSupport.parkNanos(100_000);
        }
    }

    private static Throwable failure(Mono<?> ask) {
        TestSubscriber<Object> subscriber = TestSubscriber.create();
        ask.subscribe(subscriber);
        subscriber.block(SOON);
        return subscriber.expectTerminalError();
    }

    @Test
    void ask_changesAndReads_repliesWithTheVersion() {
        StateAgent<Integer, Integer> account = builder().build();

        assertThat(account.ask(new Balance()).block(SOON)).isEqualTo(new StateReply.Done<>(0, 0));
        assertThat(account.ask(new Deposit(5)).block(SOON)).isEqualTo(new StateReply.Done<>(5, 1));
        assertThat(account.ask(new Withdraw(2)).block(SOON)).isEqualTo(new StateReply.Done<>(3, 2));
        assertThat(account.ask(new Balance()).block(SOON).orThrow()).isEqualTo(3);
        assertThat(account.current()).isEqualTo(new Versioned<>(3, 2));
        assertThat(account.toString()).isEqualTo("StateAgent[account, version 2]");
    }

    @Test
    void ask_badMessages_areTypedRepliesAndChangeNothing() {
        StateAgent<Integer, Integer> account = builder().build();
        account.ask(new Deposit(5)).block(SOON);

        assertThat(account.ask("what?").block(SOON))
                .isEqualTo(new StateReply.Refused<>(
                        StateReply.Reason.UNKNOWN_MESSAGE, "no handler takes a java.lang.String", 1));
        StateReply<Integer> refused = account.ask(new Withdraw(9)).block(SOON);
        assertThat(refused).isEqualTo(new StateReply.Refused<>(StateReply.Reason.REFUSED, "only 5 left", 1));
        assertThat(refused.isDone()).isFalse();
        assertThatExceptionOfType(StateRefusedException.class)
                .isThrownBy(refused::orThrow)
                .withMessage("REFUSED: only 5 left")
                .matches(thrown -> thrown.reason() == StateReply.Reason.REFUSED);
        assertThat(account.ask(new Broken()).block(SOON))
                .isEqualTo(new StateReply.Refused<>(StateReply.Reason.FAILED, "java.lang.LinkageError", 1));
        assertThat(account.ask(new Nothing()).block(SOON))
                .isEqualTo(new StateReply.Refused<>(StateReply.Reason.FAILED, "the handler returned null", 1));
        assertThat(account.current()).isEqualTo(new Versioned<>(5, 1));
    }

    @Test
    void ask_manyThreads_noChangeIsLost() {
        StateAgent<Integer, Integer> account = builder().capacity(10_000).build();
        Flux.range(0, 5_000)
                .flatMap(at -> account.ask(new Deposit(1)).subscribeOn(Schedulers.parallel()), 64)
                .blockLast(SOON);

        assertThat(account.current()).isEqualTo(new Versioned<>(5_000, 5_000));
    }

    @Test
    void ask_timeout_isTypedAndALateHandlerChangesNothing() {
        StateAgent<Integer, Integer> account = builder().build();

        assertThat(failure(account.ask(new Stuck(), Duration.ofMillis(50))))
                .isInstanceOf(RequestTimeoutException.class);
        assertThat(account.ask(new Deposit(5)).block(SOON)).isEqualTo(new StateReply.Done<>(5, 1));
        stuck.countDown();
        await(() -> account.ask(new Balance()).block(SOON).isDone());
        LockSupport.parkNanos(20_000_000);
        assertThat(account.current()).as("the stuck one has returned by now").isEqualTo(new Versioned<>(5, 1));
    }

    @Test
    void askTimeout_configured_isThatOfAskAndStep() {
        StateAgent<Integer, Integer> account =
                builder().askTimeout(Duration.ofMillis(50)).build();

        assertThat(failure(account.ask(new Stuck()))).isInstanceOf(RequestTimeoutException.class);
        StepResult<StateReply<Integer>> step =
                StepEngine.builder().build().step(account, new Deposit(1)).block(SOON);
        assertThat(step.value()).isEqualTo(new StateReply.Done<>(1, 1));
        stuck.countDown();
    }

    @Test
    void handlerTimeout_passed_failsTheAskAtOnceAndChangesNothing() {
        StateAgent<Integer, Integer> account =
                builder().handlerTimeout(Duration.ofMillis(50)).build();

        Throwable failed = failure(account.ask(new Stuck()));
        assertThat(failed).isInstanceOf(UndeliverableException.class);
        assertThat(((UndeliverableException) failed).reason()).isEqualTo(DeadLetter.Reason.HANDLER_TIMED_OUT);
        stuck.countDown();
        assertThat(account.ask(new Balance()).block(SOON)).isEqualTo(new StateReply.Done<>(0, 0));
    }

    @Test
    void ask_timesOutWhileItsHandlerReturns_failsOrChangesAndNeverBoth() {
        for (int round = 0; round < 300; round++) {
            StateAgent<Integer, Integer> agent = StateAgent.<Integer, Integer>builder(ID, 0)
                    .on(Deposit.class, (balance, deposit) -> {
                        long until = System.nanoTime() + 1_000_000;
                        while (System.nanoTime() < until) {
                            Thread.onSpinWait();
                        }
                        return Change.to(balance + 1, balance + 1);
                    })
                    .build();
            Boolean isDone = agent.ask(new Deposit(1), Duration.ofMillis(1))
                    .map(StateReply::isDone)
                    .onErrorReturn(RequestTimeoutException.class, false)
                    .block(SOON);
            agent.close(SOON).block(SOON);

            assertThat(agent.current().version()).as("round %s", round).isEqualTo(isDone ? 1 : 0);
        }
    }

    @Test
    void capacity_moreThanWait_areRefused() {
        StateAgent<Integer, Integer> account = builder().capacity(1).build();
        TestSubscriber<Object> first = TestSubscriber.create();
        account.ask(new Stuck()).subscribe(first);
        TestSubscriber<Object> second = TestSubscriber.create();
        await(() -> !account.ask(new Balance(), Duration.ofMillis(1))
                .onErrorResume(RequestTimeoutException.class, any -> Mono.empty())
                .hasElement()
                .block(SOON));
        account.ask(new Deposit(1)).subscribe(second);

        Throwable failed = failure(account.ask(new Deposit(2)));
        assertThat(((UndeliverableException) failed).reason()).isEqualTo(DeadLetter.Reason.FULL);
        stuck.countDown();
        second.block(SOON);
        assertThat(second.getReceivedOnNext()).hasSize(1);
    }

    @Test
    void cancel_whileItWaits_takesTheMessageBack() {
        StateAgent<Integer, Integer> account = builder().build();
        TestSubscriber<Object> first = TestSubscriber.create();
        account.ask(new Stuck()).subscribe(first);
        TestSubscriber<Object> second = TestSubscriber.create();
        account.ask(new Deposit(1)).subscribe(second);
        second.cancel();
        stuck.countDown();
        first.block(SOON);

        assertThat(account.ask(new Balance()).block(SOON)).isEqualTo(new StateReply.Done<>(-1, 1));
    }

    @Test
    void on_subclass_isHandledByItsOwnElseTheFirstThatFits() {
        StateAgent<String, String> agent = StateAgent.<String, String>builder(AgentId.of("types"), "")
                .on(Number.class, (state, any) -> Change.none("number"))
                .on(Comparable.class, (state, any) -> Change.none("comparable"))
                .on(Integer.class, (state, any) -> Change.none("integer"))
                .build();

        assertThat(agent.ask(1).block(SOON).orThrow()).isEqualTo("integer");
        assertThat(agent.ask(1L).block(SOON).orThrow()).isEqualTo("number");
        assertThat(agent.ask("x").block(SOON).orThrow()).isEqualTo("comparable");
    }

    @Test
    void network_asAMember_repliesWithValuesAlsoToBadMessages() {
        Hub hub = Hub.create();
        hub.join(builder().build());

        assertThat(hub.request(Envelope.to(ID, new Deposit(3)).build())
                        .block(SOON)
                        .payload(StateReply.class))
                .isEqualTo(new StateReply.Done<>(3, 1));
        assertThat(hub.request(Envelope.to(ID, "what?").build())
                        .block(SOON)
                        .payload(StateReply.Refused.class)
                        .reason())
                .isEqualTo(StateReply.Reason.UNKNOWN_MESSAGE);
    }

    @Test
    void close_refusesMessages() {
        StateAgent<Integer, Integer> account = builder().build();
        account.close(SOON).block(SOON);

        Throwable failed = failure(account.ask(new Deposit(1)));
        assertThat(failed).isInstanceOf(UndeliverableException.class);
    }

    @Test
    void change_describesItselfWithoutContent() {
        assertThat(Change.to("secret", "secret").toString()).isEqualTo("Change[new state]");
        assertThat(Change.none("secret").toString()).isEqualTo("Change[none]");
        assertThat(Change.refuse("secret").toString()).isEqualTo("Change[refused]");
    }

    @ParameterizedTest
    @ValueSource(ints = {0, -1})
    void bounds_belowOne_areRefused(int value) {
        assertThatIllegalArgumentException()
                .isThrownBy(() -> builder().capacity(value))
                .withMessage("capacity must be >= 1, was " + value);
        assertThatIllegalArgumentException().isThrownBy(() -> builder().askTimeout(Duration.ofNanos(value)));
        assertThatIllegalArgumentException().isThrownBy(() -> builder().handlerTimeout(Duration.ofNanos(value)));
        assertThatIllegalArgumentException()
                .isThrownBy(() -> builder().build().ask(new Balance(), Duration.ofNanos(value)));
    }

    @Test
    void arguments_bad_areRefused() {
        assertThatNullPointerException().isThrownBy(() -> StateAgent.builder(null, 0));
        assertThatNullPointerException().isThrownBy(() -> StateAgent.builder(ID, null));
        assertThatNullPointerException().isThrownBy(() -> builder().on(null, (state, any) -> null));
        assertThatNullPointerException().isThrownBy(() -> builder().on(Deposit.class, null));
        assertThatNullPointerException().isThrownBy(() -> builder().engine(null));
        assertThatNullPointerException().isThrownBy(() -> builder().build().ask(null));
        assertThatNullPointerException().isThrownBy(() -> Change.to(null, 1));
        assertThatNullPointerException().isThrownBy(() -> Change.to(1, null));
        assertThatNullPointerException().isThrownBy(() -> Change.none(null));
        assertThatNullPointerException().isThrownBy(() -> Change.refuse(null));
        assertThatIllegalArgumentException()
                .isThrownBy(() -> builder().on(Deposit.class, (state, any) -> Change.none(1)))
                .withMessage("there is a handler of " + Deposit.class.getName());
    }

    @Test
    void counts_ofMessagesThatAreRefused_changeNoVersion() {
        AtomicInteger refused = new AtomicInteger();
        StateAgent<Integer, Integer> account = builder().build();
        for (int at = 0; at < 10; at++) {
            if (!account.ask(new Withdraw(1)).block(SOON).isDone()) {
                refused.incrementAndGet();
            }
        }
        assertThat(refused).hasValue(10);
        assertThat(account.current().version()).isZero();
    }
}
