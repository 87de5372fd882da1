package io.flotilla.run;

import static io.flotilla.run.TestRuns.SOON;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.flotilla.journal.Journal;
import io.flotilla.journal.JournalOverloadedException;
import io.flotilla.journal.JournalTimeoutException;
import io.flotilla.run.JournalFailureTest.Odd;
import java.lang.reflect.InvocationHandler;
import java.lang.reflect.Method;
import java.lang.reflect.Proxy;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;
import reactor.core.scheduler.Scheduler;
import reactor.core.scheduler.Schedulers;

/** Runs whose journal has little room, or does not answer. */
@Timeout(60)
class BackpressureTest {

    private final Scheduler other = Schedulers.newParallel("journal", 2);

    @AfterEach
    void dispose() {
        other.dispose();
    }

    /** Takes a while for each append, and refuses those it has no room for, on another thread. */
    private final class Narrow {

        final AtomicInteger underWay = new AtomicInteger();
        final AtomicInteger refused = new AtomicInteger();

        Odd journal(int room, Duration takes) {
            return new Odd(append -> Mono.defer(() -> {
                        if (underWay.incrementAndGet() > room) {
                            underWay.decrementAndGet();
                            refused.incrementAndGet();
                            return Mono.<Long>error(new JournalOverloadedException("another", room));
                        }
                        return append.as().delayElement(takes, other).doFinally(any -> underWay.decrementAndGet());
                    })
                    .publishOn(other));
        }
    }

    private static Workflow.Builder<String> crew(AtomicInteger calls) {
        return TestRuns.crew(TestRuns.forking(4), TestRuns.stepping("Worker", turn -> {
            calls.incrementAndGet();
            return Mono.just(Decision.answer(turn.input())).delayElement(Duration.ofMillis(5));
        }));
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 3, 20})
    void runs_moreThanTheJournalHasRoomFor_waitAndEndWell(int room) {
        Narrow narrow = new Narrow();
        Odd journal = narrow.journal(room, Duration.ofMillis(1));
        AtomicInteger calls = new AtomicInteger();
        Workflow<String, String> flow = crew(calls).journal(journal).build();
        int runs = 100;

        List<RunResult<String>> results = Flux.range(0, runs)
                .flatMap(number -> flow.run("go"), runs)
                .collectList()
                .block(SOON);

        assertThat(results).hasSize(runs).allMatch(RunResult::isSucceeded);
        assertThat(calls).as("no agent is called again").hasValue(4 * runs);
        assertThat(narrow.refused).hasPositiveValue();
        assertThat(flow.runs()
                        .list(io.flotilla.journal.JournalFilter.all().lastTypeIn("run-finished"))
                        .count()
                        .block(SOON))
                .isEqualTo(runs);
    }

    @Test
    void journal_thatRefusesForEver_endsTheRunWithItsRefusalAsTheCause() {
        Odd journal = new Odd(append -> Mono.error(new JournalOverloadedException("another", 1)));
        Run<String> run = crew(new AtomicInteger())
                .journal(journal)
                .journalTimeout(Duration.ofMillis(500))
                .build()
                .start("go");

        assertThatThrownBy(() -> run.result().block(SOON))
                .isInstanceOf(JournalTimeoutException.class)
                .hasMessageContaining("PT0.5S")
                .hasCauseInstanceOf(JournalOverloadedException.class);
        assertThat(journal.appends).as("tried with growing delays").hasValueBetween(2, 40);
    }

    @Test
    void journal_thatDoesNotAnswer_endsTheRunAndCancelsItsSteps() {
        List<String> cancelled = new CopyOnWriteArrayList<>();
        Odd journal = new Odd(append -> append.number() < 3 ? append.as() : Mono.never());
        Run<String> run = TestRuns.crew(
                        TestRuns.forking(3),
                        TestRuns.stepping(
                                "Worker",
                                turn -> turn.input().equals(2)
                                        ? Mono.<Decision>never().doOnCancel(() -> cancelled.add("2"))
                                        : Mono.just(Decision.answer(turn.input()))))
                .journal(journal)
                .journalTimeout(Duration.ofMillis(100))
                .build()
                .start("go");

        assertThatThrownBy(() -> run.result().block(SOON))
                .isInstanceOfSatisfying(
                        JournalTimeoutException.class,
                        timeout -> assertThat(timeout.limit()).isEqualTo(Duration.ofMillis(100)));
        assertThat(cancelled).containsExactly("2");
    }

    @Test
    void journalTimeout_outOfItsBounds_isRefused() {
        assertThat(Workflow.DEFAULT_JOURNAL_TIMEOUT).isEqualTo(Duration.ofSeconds(30));
        assertThatIllegalArgumentException()
                .isThrownBy(() -> crew(new AtomicInteger()).journalTimeout(Duration.ZERO))
                .withMessage("journalTimeout must be > 0, was PT0S");
    }

    @Test
    void runs_behindOneThatTheJournalNeverAnswers_goOnOnceItIsGivenUp() {
        AtomicInteger appends = new AtomicInteger();
        Odd journal = new Odd(append -> appends.incrementAndGet() == 1 ? Mono.never() : append.as());
        Workflow<String, String> flow = crew(new AtomicInteger())
                .journal(journal)
                .journalTimeout(Duration.ofMillis(50))
                .build();
        Run<String> stuck = flow.start("go");

        assertThat(flow.run("go").block(SOON).isSucceeded()).isTrue();
        assertThatThrownBy(() -> stuck.result().block(SOON)).isInstanceOf(JournalTimeoutException.class);
    }

    // --- the line itself

    private final Queue<String> order = new ConcurrentLinkedQueue<>();

    private final class Someone extends AppendQueue.Ticket {

        final String name;
        final Deque<Runnable> timers = new ArrayDeque<>();

        Someone(String name) {
            this.name = name;
        }

        @Override
        void admitted() {
            order.add(name);
        }

        @Override
        void tryAgain() {
            order.add("again " + name);
        }

        @Override
        void after(Duration delay, Runnable task) {
            order.add(name + " waits " + delay.toMillis());
            timers.add(task);
        }

        @Override
        void failed(Throwable cause) {
            throw new AssertionError(cause);
        }
    }

    private List<Someone> admitted(AppendQueue queue, int count) {
        List<Someone> all = new ArrayList<>();
        for (int at = 0; at < count; at++) {
            Someone next = new Someone("in " + at);
            assertThat(queue.enter(next)).isTrue();
            all.add(next);
        }
        return all;
    }

    /** Says it is every other one, and takes for ever to be counted. */
    private static final class Vain implements InvocationHandler {

        private static final Class<?>[] TYPES = {Journal.class};

        static Journal journal() {
            return (Journal) Proxy.newProxyInstance(Vain.class.getClassLoader(), TYPES, new Vain());
        }

        @Override
        public Object invoke(Object self, Method method, Object[] arguments) {
            if (method.getName().equals("equals")) {
                return true;
            }
            throw new IllegalStateException("not counted");
        }
    }

    @Test
    void queue_ofAJournal_isItsOwnWhateverItsEqualsAndHashCodeSay() {
        Journal one = Vain.journal();
        Journal other = Vain.journal();

        assertThat(AppendQueue.of(one)).isSameAs(AppendQueue.of(one)).isNotSameAs(AppendQueue.of(other));
    }

    @Test
    void queue_full_admitsInTheOrderTheyCameEachAfterTheOneBeforeIsEncoded() {
        AppendQueue queue = new AppendQueue();
        List<Someone> in = admitted(queue, AppendQueue.MAX_APPENDS);
        Someone first = new Someone("first");
        Someone second = new Someone("second");
        Someone third = new Someone("third");
        assertThat(queue.enter(first)).isFalse();
        assertThat(queue.enter(second)).isFalse();
        assertThat(queue.enter(third)).isFalse();

        queue.leave(in.get(0), true);
        queue.leave(in.get(1), true);
        assertThat(order).as("one encodes at a time").containsExactly("first");
        queue.leave(second, false); // cancelled while it waited
        queue.weigh(first, 10);

        assertThat(order).containsExactly("first", "third");
    }

    @Test
    void queue_withTheMostBytes_admitsNobodyUntilSomeHaveLeft() {
        AppendQueue queue = new AppendQueue();
        List<Someone> in = admitted(queue, 2);
        queue.weigh(in.get(0), AppendQueue.MAX_BYTES - 1);
        Someone fits = new Someone("fits");
        assertThat(queue.enter(fits)).isTrue();
        queue.weigh(fits, 1);
        Someone waits = new Someone("waits");
        assertThat(queue.enter(waits)).isFalse();

        queue.leave(in.get(1), true);
        assertThat(order).isEmpty();
        queue.leave(fits, true);

        assertThat(order).containsExactly("waits");
    }

    @Test
    void queue_refusedByTheJournal_triesAgainInOrderBeforeAllOthers() {
        AppendQueue queue = new AppendQueue();
        List<Someone> in = admitted(queue, 3);
        queue.refuse(in.get(2));
        queue.refuse(in.get(1));
        Someone late = new Someone("late");
        assertThat(queue.enter(late)).isFalse();

        queue.refuse(in.get(0));
        assertThat(order).containsExactly("in 0 waits 1");
        in.get(0).timers.remove().run();
        assertThat(order).containsExactly("in 0 waits 1", "again in 0");
        queue.refuse(in.get(0));
        in.get(0).timers.remove().run();
        queue.leave(in.get(0), true);
        assertThat(in.get(1).timers).hasSize(1);
        in.get(1).timers.remove().run();
        queue.leave(in.get(1), true);
        in.get(2).timers.remove().run();
        queue.leave(in.get(2), true);

        assertThat(order)
                .containsExactly(
                        "in 0 waits 1",
                        "again in 0",
                        "in 0 waits 2",
                        "again in 0",
                        "in 1 waits 1",
                        "again in 1",
                        "in 2 waits 1",
                        "again in 2",
                        "late");
    }
}
