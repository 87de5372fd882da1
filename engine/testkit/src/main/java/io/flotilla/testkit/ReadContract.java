package io.flotilla.testkit;

import static org.assertj.core.api.Assertions.assertThat;

import io.flotilla.journal.JournalEntry;
import io.flotilla.journal.RunDeletedException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicReference;
import org.jspecify.annotations.NullUnmarked;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.reactivestreams.Subscription;
import reactor.core.Disposable;
import reactor.core.publisher.BaseSubscriber;
import reactor.core.publisher.Flux;
import reactor.test.StepVerifier;

/** What reading a run must do. */
@NullUnmarked // it hands in nulls on purpose
abstract class ReadContract extends CopyContract {

    @Test
    void read_ofAnUnknownRun_isEmpty() {
        append("run", 0, 3);

        StepVerifier.create(journal.read("other", 0)).expectComplete().verify(SOON);
        StepVerifier.create(journal.read("other", 7)).expectComplete().verify(SOON);
        StepVerifier.create(journal.read("ru", 0)).expectComplete().verify(SOON);
        StepVerifier.create(journal.read("RUN", 0)).expectComplete().verify(SOON);
    }

    @ParameterizedTest
    @ValueSource(ints = {0, 1, 255, 256, 257, 999, 1_000, 1_001, 5_000})
    void read_fromASequence_givesTheRest(int from) {
        append("run", 0, 1_000);

        assertThat(journal.read("run", from).collectList().block(SOON))
                .isEqualTo(entries(Math.min(from, 1_000), 1_000));
    }

    @Test
    void read_ofOneEntryAtATime_givesAllInOrder() {
        append("run", 0, 700);
        StepVerifier.Step<JournalEntry> reading = StepVerifier.create(journal.read("run", 0), 0);
        for (JournalEntry next : entries(0, 700)) {
            reading = reading.thenRequest(1).expectNext(next);
        }
        reading.expectComplete().verify(SOON);
    }

    @Test
    void read_withoutDemand_givesNothing() {
        append("run", 0, 10);

        StepVerifier.create(journal.read("run", 0), 0)
                .expectSubscription()
                .expectNoEvent(Duration.ofMillis(50))
                .thenRequest(3)
                .expectNextCount(3)
                .expectNoEvent(Duration.ofMillis(50))
                .thenCancel()
                .verify(SOON);
    }

    @Test
    void read_whileAppending_isWhatWasThereWhenItBegan() {
        append("run", 0, 600);
        List<JournalEntry> seen = new ArrayList<>();
        AtomicReference<Subscription> reading = new AtomicReference<>();
        CountDownLatch begun = new CountDownLatch(1);
        CountDownLatch ended = new CountDownLatch(1);
        journal.read("run", 0).subscribe(new BaseSubscriber<>() {
            @Override
            protected void hookOnSubscribe(Subscription subscription) {
                reading.set(subscription);
                subscription.request(1);
            }

            @Override
            protected void hookOnNext(JournalEntry value) {
                seen.add(value);
                begun.countDown();
            }

            @Override
            protected void hookOnComplete() {
                ended.countDown();
            }
        });
        await(begun);

        append("run", 600, 1_200);
        reading.get().request(Long.MAX_VALUE);

        await(ended);
        assertThat(seen).isEqualTo(entries(0, 600));
        assertThat(read("run")).isEqualTo(entries(0, 1_200));
    }

    @Test
    void read_manyWhileAppending_areAllPrefixes() {
        append("run", 0, 1);
        Disposable appending = Flux.range(1, 300)
                .concatMap(at -> journal.append("run", at, entries(at, at + 1)))
                .subscribe();
        for (int round = 0; round < 30; round++) {
            List<JournalEntry> seen = read("run");
            assertThat(seen).isNotEmpty().isEqualTo(entries(0, seen.size()));
        }
        appending.dispose();
    }

    @Test
    void read_ofARunThatIsDeletedMeanwhile_isWholeOrAnError() {
        append("run", 0, 2_000);
        AtomicReference<Throwable> failure = new AtomicReference<>();
        List<JournalEntry> seen = new ArrayList<>();
        CountDownLatch ended = new CountDownLatch(1);
        journal.read("run", 0).doFinally(any -> ended.countDown()).subscribe(new BaseSubscriber<>() {
            @Override
            protected void hookOnSubscribe(Subscription subscription) {
                subscription.request(1);
            }

            @Override
            protected void hookOnNext(JournalEntry value) {
                seen.add(value);
                if (seen.size() == 1) {
                    journal.delete("run")
                            .then(journal.append("run", 0, entries(0, 1)))
                            .doFinally(any -> request(Long.MAX_VALUE))
                            .subscribe();
                }
            }

            @Override
            protected void hookOnError(Throwable error) {
                failure.set(error);
            }
        });

        await(ended);
        assertThat(seen).isEqualTo(entries(0, seen.size()));
        if (seen.size() < 2_000) {
            assertThat(failure.get()).isInstanceOf(RunDeletedException.class);
        }
    }

    @Test
    void read_cancelled_stops() {
        append("run", 0, 2_000);

        StepVerifier.create(journal.read("run", 0).take(3))
                .expectNextSequence(entries(0, 3))
                .expectComplete()
                .verify(SOON);
        assertThat(read("run")).hasSize(2_000);
    }

    @Test
    void read_subscribedTwice_readsTwice() {
        append("run", 0, 2);
        Flux<JournalEntry> reading = journal.read("run", 0);
        assertThat(reading.collectList().block(SOON)).hasSize(2);

        append("run", 2, 3);

        assertThat(reading.collectList().block(SOON)).hasSize(3);
    }

    @Test
    void payload_changedByWhoReadIt_isUnchangedInTheJournal() {
        append("run", 0, 10);
        byte[] mine = read("run").get(9).payload();
        mine[0]++;

        assertThat(read("run")).isEqualTo(entries(0, 10));
    }
}
