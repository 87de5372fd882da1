package io.flotilla.internal;

import static org.assertj.core.api.Assertions.assertThat;

import io.flotilla.AgentId;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Queue;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Executor;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.reactivestreams.Subscription;
import reactor.core.publisher.BaseSubscriber;
import reactor.test.StepVerifier;
import reactor.test.subscriber.TestSubscriber;

@Timeout(30)
class OutputHubTest {

    private static final AgentId CALLED = AgentId.of("called");

    /** Signals are texts: {@code a:begin 1}, {@code a:1.0=value}, {@code a:end -2}, where 2 values are missing. */
    private static final class Log extends OutputLog<String> {

        private final String name;

        Log(String name, int capacity) {
            super(capacity);
            this.name = name;
        }

        @Override
        protected String beginning(int number, AgentId called) {
            return name + ":begin " + number;
        }

        @Override
        protected String value(int number, long at, Object value) {
            return name + ":" + number + "." + at + "=" + value;
        }
    }

    private static final class Hub extends OutputHub<String> {

        private final List<String> delivered = new ArrayList<>();

        Hub(Executor threads, int maxEnded) {
            super(threads, maxEnded);
        }

        Log open(String name, int capacity) {
            Log log = new Log(name, capacity);
            open(log);
            log.begin(1, CALLED);
            return log;
        }

        void close(Log log) {
            close(log, dropped -> log.name + ":end -" + dropped);
        }

        @Override
        protected String cancelled(OutputLog<String> log, long dropped) {
            return ((Log) log).name + ":cancelled -" + dropped;
        }

        @Override
        protected String lost(long steps, long values) {
            return "lost " + steps + "/" + values;
        }

        @Override
        protected void delivered(String signal) {
            delivered.add(signal);
        }
    }

    private final Hub hub = new Hub(Runnable::run, 4);

    private static void emit(Log log, int from, int to) {
        IntStream.range(from, to).forEach(log::emit);
    }

    @Test
    void flux_stepWithTwoAttempts_toldInOrder() {
        TestSubscriber<String> subscriber = TestSubscriber.create();
        hub.flux().subscribe(subscriber);

        Log log = hub.open("a", 8);
        emit(log, 0, 2);
        log.begin(2, CALLED);
        emit(log, 7, 8);
        hub.close(log);
        hub.complete();

        assertThat(subscriber.getReceivedOnNext())
                .containsExactly("a:begin 1", "a:1.0=0", "a:1.1=1", "a:begin 2", "a:2.0=7", "a:end -0");
        assertThat(subscriber.isTerminatedComplete()).isTrue();
        assertThat(hub.delivered).as("counted where it was told").hasSize(6);
    }

    @Test
    void flux_subscriberHasRoomForAllButOne_missesTheOldestAndIsToldHowMany() {
        TestSubscriber<String> subscriber =
                TestSubscriber.builder().initialRequest(0).build();
        hub.flux().subscribe(subscriber);

        for (int emitted = 3; emitted <= 5; emitted++) {
            Log log = hub.open("a" + emitted, 4);
            emit(log, 0, emitted);
            hub.close(log);
        }
        subscriber.request(Long.MAX_VALUE);

        assertThat(subscriber.getReceivedOnNext())
                .containsExactly(
                        "a3:begin 1",
                        "a3:1.0=0",
                        "a3:1.1=1",
                        "a3:1.2=2",
                        "a3:end -0",
                        "a4:begin 1",
                        "a4:1.0=0",
                        "a4:1.1=1",
                        "a4:1.2=2",
                        "a4:1.3=3",
                        "a4:end -0",
                        "a5:begin 1",
                        "a5:1.1=1",
                        "a5:1.2=2",
                        "a5:1.3=3",
                        "a5:1.4=4",
                        "a5:end -1");
    }

    @Test
    void flux_oneStepEmitsALot_theOthersLoseNothing() {
        TestSubscriber<String> subscriber =
                TestSubscriber.builder().initialRequest(0).build();
        hub.flux().subscribe(subscriber);

        Log quiet = hub.open("quiet", 4);
        emit(quiet, 0, 2);
        Log loud = hub.open("loud", 4);
        emit(loud, 0, 100_000);
        hub.close(loud);
        hub.close(quiet);
        subscriber.request(Long.MAX_VALUE);

        assertThat(subscriber.getReceivedOnNext())
                .contains("quiet:1.0=0", "quiet:1.1=1", "quiet:end -0", "loud:1.99999=99999", "loud:end -99996");
    }

    @Test
    void flux_oneStepHasMuchToTell_othersHaveTheirTurnMeanwhile() {
        TestSubscriber<String> subscriber =
                TestSubscriber.builder().initialRequest(0).build();
        hub.flux().subscribe(subscriber);

        Log loud = hub.open("loud", 1000);
        emit(loud, 0, 1000);
        Log quiet = hub.open("quiet", 4);
        emit(quiet, 0, 1);
        subscriber.request(20);

        assertThat(subscriber.getReceivedOnNext()).contains("quiet:1.0=0");
    }

    @Test
    void flux_attemptsWithoutValuesWhileSubscriberIsSlow_bounded_theLastIsTold() {
        TestSubscriber<String> subscriber =
                TestSubscriber.builder().initialRequest(0).build();
        hub.flux().subscribe(subscriber);

        Log log = hub.open("a", 2);
        IntStream.rangeClosed(2, 1000).forEach(attempt -> log.begin(attempt, CALLED));
        emit(log, 0, 1);
        hub.close(log);
        subscriber.request(Long.MAX_VALUE);

        assertThat(subscriber.getReceivedOnNext())
                .hasSizeLessThan(20)
                .containsSubsequence("a:begin 1000", "a:1000.0=0", "a:end -0");
    }

    @Test
    void flux_valuesOfSeveralAttemptsPushedOut_theAttemptOfTheFirstThatIsKeptIsTold() {
        TestSubscriber<String> subscriber =
                TestSubscriber.builder().initialRequest(0).build();
        hub.flux().subscribe(subscriber);

        Log log = hub.open("a", 2);
        emit(log, 0, 3);
        log.begin(2, CALLED);
        emit(log, 0, 3);
        hub.close(log);
        subscriber.request(Long.MAX_VALUE);

        assertThat(subscriber.getReceivedOnNext()).containsExactly("a:begin 2", "a:2.1=1", "a:2.2=2", "a:end -4");
    }

    @Test
    void flux_lateSubscriber_getsWhatIsKeptOfStepsInFlight_thenWhatFollows() {
        Log over = hub.open("over", 4);
        emit(over, 0, 1);
        hub.close(over);
        Log log = hub.open("a", 4);
        emit(log, 0, 6);
        TestSubscriber<String> subscriber = TestSubscriber.create();
        hub.flux().subscribe(subscriber);
        emit(log, 6, 8);
        hub.close(log);

        assertThat(subscriber.getReceivedOnNext())
                .containsExactly(
                        "a:begin 1", "a:1.2=2", "a:1.3=3", "a:1.4=4", "a:1.5=5", "a:1.6=6", "a:1.7=7", "a:end -2");
    }

    @Test
    void flux_allHasEnded_completesAtOnce() {
        hub.close(hub.open("a", 4));
        hub.complete();

        StepVerifier.create(hub.flux()).verifyComplete();
    }

    @Test
    void complete_stepInFlight_itsEndIsTold_nothingAfterIt() {
        TestSubscriber<String> subscriber = TestSubscriber.create();
        hub.flux().subscribe(subscriber);
        Log log = hub.open("a", 4);
        hub.complete();

        assertThat(log.emit("late")).isFalse();
        hub.close(log);
        assertThat(subscriber.getReceivedOnNext()).containsExactly("a:begin 1", "a:cancelled -0");
        assertThat(subscriber.isTerminatedComplete()).isTrue();
    }

    @Test
    void fail_errorComesAfterWhatThereIs_forLateSubscribersAtOnce() {
        TestSubscriber<String> subscriber =
                TestSubscriber.builder().initialRequest(0).build();
        hub.flux().subscribe(subscriber);
        hub.open("a", 4);
        IllegalStateException broken = new IllegalStateException("broken");
        hub.fail(broken);

        assertThat(subscriber.isTerminated())
                .as("not before what it has not read")
                .isFalse();
        subscriber.request(Long.MAX_VALUE);
        assertThat(subscriber.getReceivedOnNext()).containsExactly("a:begin 1", "a:cancelled -0");
        assertThat(subscriber.expectTerminalError()).isSameAs(broken);
        StepVerifier.create(hub.flux()).verifyErrorMatches(error -> error == broken);
    }

    @Test
    void flux_moreEndedStepsThanWait_theFirstAreLostAndCounted() {
        TestSubscriber<String> subscriber =
                TestSubscriber.builder().initialRequest(0).build();
        hub.flux().subscribe(subscriber);

        for (int step = 0; step < 7; step++) { // 4 wait
            Log log = hub.open("a" + step, 2);
            emit(log, 0, 3);
            hub.close(log);
        }
        subscriber.request(Long.MAX_VALUE);
        hub.complete();

        assertThat(subscriber.getReceivedOnNext())
                .startsWith("lost 3/9", "a3:begin 1", "a3:1.1=1", "a3:1.2=2", "a3:end -1")
                .endsWith("a6:end -1")
                .hasSize(1 + 4 * 4);
    }

    @Test
    void flux_subscriberThrows_getsItsOwnErrorAndOthersNoticeNothing() {
        for (Throwable thrown : List.of(new IllegalStateException("mine"), new StackOverflowError("mine"))) {
            TestSubscriber<String> other = TestSubscriber.create();
            AtomicReference<Throwable> own = new AtomicReference<>();
            List<String> seen = new ArrayList<>();
            hub.flux().subscribe(new BaseSubscriber<>() {
                @Override
                protected void hookOnSubscribe(Subscription subscription) {
                    subscription.request(Long.MAX_VALUE);
                }

                @Override
                protected void hookOnNext(String value) {
                    seen.add(value);
                    OutputHubTest.<RuntimeException>sneak(thrown);
                }

                @Override
                protected void hookOnError(Throwable error) {
                    own.set(error);
                }
            });
            hub.flux().subscribe(other);
            Log log = hub.open("a", 4);
            emit(log, 0, 1);
            hub.close(log);

            assertThat(own).hasValue(thrown);
            assertThat(seen).hasSize(1);
            assertThat(other.getReceivedOnNext()).containsExactly("a:begin 1", "a:1.0=0", "a:end -0");
        }
    }

    @SuppressWarnings({"unchecked", "TypeParameterUnusedInFormals"})
    private static <T extends Throwable> void sneak(Throwable thrown) throws T {
        throw (T) thrown;
    }

    @Test
    void cancel_nothingMoreIsTold_andNothingIsKeptForIt() {
        TestSubscriber<String> subscriber = TestSubscriber.create();
        hub.flux().subscribe(subscriber);
        Log log = hub.open("a", 4);
        subscriber.cancel();
        emit(log, 0, 10);
        hub.close(log);

        assertThat(subscriber.getReceivedOnNext()).containsExactly("a:begin 1");
        assertThat(log.readers()).isZero();
    }

    @Test
    void flux_tasksRunLater_emitterNeverRunsTheSubscriber() {
        Queue<Runnable> tasks = new ArrayDeque<>();
        Hub later = new Hub(tasks::add, 4);
        TestSubscriber<String> subscriber = TestSubscriber.create();
        later.flux().subscribe(subscriber);
        tasks.forEach(Runnable::run);
        tasks.clear();

        Log log = later.open("a", 4);
        emit(log, 0, 3);

        assertThat(subscriber.getReceivedOnNext()).isEmpty();
        assertThat(tasks).as("one task, however much there is to tell").hasSize(1);
        tasks.remove().run();
        assertThat(subscriber.getReceivedOnNext()).hasSize(4);
    }

    /** Whoever emits, closes, subscribes and cancels at the same time: order and counts hold for each step and subscriber. */
    @Test
    void flux_manyThreads_everyStepInOrderAndEveryValueDeliveredOrCounted() throws InterruptedException {
        ExecutorService listeners = Executors.newCachedThreadPool();
        ExecutorService emitters = Executors.newFixedThreadPool(3);
        try {
            for (int round = 0; round < 60; round++) {
                race(listeners, emitters);
            }
        } finally {
            emitters.shutdownNow();
            listeners.shutdownNow();
        }
    }

    private static void race(ExecutorService listeners, ExecutorService emitters) throws InterruptedException {
        int steps = 12;
        int values = 200;
        Hub racing = new Hub(listeners, steps);
        Map<String, AtomicInteger> got = new ConcurrentHashMap<>();
        Map<String, Integer> last = new ConcurrentHashMap<>();
        List<String> wrong = new ArrayList<>();
        AtomicInteger ends = new AtomicInteger();
        CountDownLatch completed = new CountDownLatch(1);
        racing.flux()
                .doOnNext(signal -> {
                    String step = signal.substring(0, signal.indexOf(':'));
                    String rest = signal.substring(signal.indexOf(':') + 1);
                    if (rest.startsWith("end -")) {
                        int dropped = Integer.parseInt(rest.substring(5));
                        int delivered =
                                got.getOrDefault(step, new AtomicInteger()).get();
                        if (dropped + delivered != values) {
                            wrong.add(signal + " with " + delivered + " delivered");
                        }
                        ends.incrementAndGet();
                    } else if (!rest.startsWith("begin")) {
                        int value = Integer.parseInt(rest.substring(rest.indexOf('=') + 1));
                        Integer before = last.put(step, value);
                        if (before != null && before >= value) {
                            wrong.add(signal + " after " + before);
                        }
                        got.computeIfAbsent(step, any -> new AtomicInteger()).incrementAndGet();
                    }
                })
                .doOnComplete(completed::countDown)
                .subscribe();
        CountDownLatch emitted = new CountDownLatch(steps);
        for (int step = 0; step < steps; step++) {
            String name = "s" + step;
            emitters.execute(() -> {
                Log log = racing.open(name, 16);
                TestSubscriber<String> passing = TestSubscriber.create();
                racing.flux().subscribe(passing);
                emit(log, 0, values);
                passing.cancel();
                racing.close(log);
                emitted.countDown();
            });
        }
        assertThat(emitted.await(10, TimeUnit.SECONDS)).isTrue();
        racing.complete();
        assertThat(completed.await(10, TimeUnit.SECONDS)).as("completed").isTrue();
        assertThat(wrong).isEmpty();
        assertThat(ends).hasValue(steps);
    }

    @Test
    void flux_subscriberKeepsItsThread_othersAndEmittersDoNotWait() throws InterruptedException {
        ExecutorService listeners = Executors.newCachedThreadPool();
        CountDownLatch release = new CountDownLatch(1);
        try {
            Hub real = new Hub(listeners, 4);
            real.flux().subscribe(signal -> await(release));
            StepVerifier.create(real.flux())
                    .then(() -> {
                        Log log = real.open("a", 4);
                        emit(log, 0, 2);
                        real.close(log);
                        real.complete();
                    })
                    .expectNext("a:begin 1", "a:1.0=0", "a:1.1=1", "a:end -0")
                    .expectComplete()
                    .verify(Duration.ofSeconds(10));
        } finally {
            release.countDown();
            listeners.shutdownNow();
        }
    }

    private static void await(CountDownLatch latch) {
        try {
            latch.await();
        } catch (InterruptedException interrupted) {
            Thread.currentThread().interrupt();
        }
    }
}
