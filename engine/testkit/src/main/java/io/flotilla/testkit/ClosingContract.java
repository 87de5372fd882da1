package io.flotilla.testkit;

import static org.assertj.core.api.Assertions.assertThat;

import io.flotilla.journal.JournalClosedException;
import io.flotilla.journal.JournalEntry;
import io.flotilla.journal.JournalFilter;
import java.util.List;
import java.util.Queue;
import java.util.Random;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.CountDownLatch;
import java.util.function.Consumer;
import org.jspecify.annotations.NullUnmarked;
import org.junit.jupiter.api.Test;
import reactor.core.Disposable;
import reactor.core.publisher.BaseSubscriber;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;
import reactor.test.StepVerifier;

/** What a cancel and a close must do. */
@NullUnmarked // it hands in nulls on purpose
abstract class ClosingContract extends ListContract {

    @Test
    void append_cancelledAtRandomMoments_leavesTheJournalWhole() {
        long seed = System.nanoTime();
        Random random = new Random(seed);
        ConcurrentHashMap<String, Long> acknowledged = new ConcurrentHashMap<>();
        int runs = 50;
        for (int round = 0; round < 1_000; round++) {
            String runId = "run-" + round % runs;
            long next = nextSequence(runId);
            Disposable append = journal.append(runId, next, entries(next, next + 1 + random.nextInt(3)))
                    .subscribeWith(new Late(end -> acknowledged.merge(runId, end, Math::max)));
            spin(random.nextInt(3) * random.nextInt(20_000));
            append.dispose();
        }
        for (int run = 0; run < runs; run++) {
            String runId = "run-" + run;
            long next = nextSequence(runId);
            journal.append(runId, next, entries(next, next + 1)).block(SOON);
            assertThat(read(runId))
                    .as("seed %s, %s", seed, runId)
                    .isEqualTo(entries(0, next + 1))
                    .hasSizeGreaterThan((int) (long) acknowledged.getOrDefault(runId, 0L));
        }
    }

    /**
     * Takes what is on its way when it is cancelled, which is allowed (rule 2.8 of Reactive Streams) and is no dropped value; a consumer of
     * {@code subscribe} would report it as one.
     */
    private static final class Late extends BaseSubscriber<Long> {

        private final Consumer<Long> ends;

        Late(Consumer<Long> ends) {
            this.ends = ends;
        }

        @Override
        protected void hookOnNext(Long end) {
            ends.accept(end);
        }
    }

    private static void spin(int nanos) {
        long until = System.nanoTime() + nanos;
        while (System.nanoTime() < until) {
            Thread.onSpinWait();
        }
    }

    @Test
    void append_cancelledAtOnce_isCarriedOutAllTheSame() {
        for (int at = 0; at < 100; at++) {
            journal.append("run", at, entries(at, at + 1))
                    .subscribeWith(new Late(end -> {}))
                    .dispose();
        }

        assertThat(nextSequence("run")).isEqualTo(100);
        assertThat(read("run")).isEqualTo(entries(0, 100));
    }

    // --- close

    @Test
    void close_thenAnything_isAnError() {
        append("run", 0, 1);
        journal.close().block(SOON);

        StepVerifier.create(journal.append("run", 1, entries(1, 2)))
                .expectError(JournalClosedException.class)
                .verify(SOON);
        StepVerifier.create(journal.read("run", 0))
                .expectError(JournalClosedException.class)
                .verify(SOON);
        StepVerifier.create(journal.list(JournalFilter.all()))
                .expectError(JournalClosedException.class)
                .verify(SOON);
        StepVerifier.create(journal.delete("run"))
                .expectError(JournalClosedException.class)
                .verify(SOON);
    }

    @Test
    void close_again_completes() {
        Mono<Void> close = journal.close();

        StepVerifier.create(close).expectComplete().verify(SOON);
        StepVerifier.create(close).expectComplete().verify(SOON);
        StepVerifier.create(journal.close()).expectComplete().verify(SOON);
    }

    @Test
    void close_notSubscribed_closesNothing() {
        journal.close();

        assertThat(append("run", 0, 1)).isEqualTo(1);
    }

    @Test
    void close_whileAppendsWait_endsEachOfThem() {
        int count = 500;
        Queue<Object> ends = new ConcurrentLinkedQueue<>();
        CountDownLatch ended = new CountDownLatch(count);
        for (int run = 0; run < count; run++) {
            journal.append("run-" + run, 0, entries(0, 1))
                    .cast(Object.class)
                    .onErrorResume(Mono::just)
                    .doFinally(any -> ended.countDown())
                    .subscribe(ends::add);
            if (run == count / 2) {
                journal.close().subscribe();
            }
        }

        await(ended);
        assertThat(ends).hasSize(count).allMatch(end -> end.equals(1L) || end instanceof JournalClosedException);
        assertThat(ends.stream().filter(end -> end.equals(1L)))
                .as("accepted before closing")
                .hasSize(count / 2 + 1);
    }

    @Test
    void close_whileReading_endsTheRead() {
        append("run", 0, 3_000);
        Flux<JournalEntry> closing = journal.read("run", 0).doOnNext(entry -> {
            if (entry.sequence() == 0) {
                journal.close().subscribe();
            }
        });

        StepVerifier.create(
                        closing.collectList().map(List::size).onErrorResume(JournalClosedException.class, closed -> {
                            return Mono.just(3_000);
                        }))
                .expectNext(3_000)
                .expectComplete()
                .verify(SOON);
    }
}
