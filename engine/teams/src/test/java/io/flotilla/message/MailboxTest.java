package io.flotilla.message;

import static io.flotilla.message.Messages.SOON;
import static io.flotilla.message.Messages.WRITER;
import static io.flotilla.message.Messages.assertAllEnded;
import static io.flotilla.message.Messages.await;
import static io.flotilla.message.Messages.message;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;
import static org.assertj.core.api.Assertions.assertThatNullPointerException;

import io.flotilla.testkit.UndisturbedTime;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.concurrent.CancellationException;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.Function;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;
import reactor.core.publisher.Sinks;
import reactor.core.scheduler.Scheduler;
import reactor.core.scheduler.Schedulers;
import reactor.test.StepVerifier;
import reactor.test.publisher.TestPublisher;
import reactor.test.subscriber.TestSubscriber;
import reactor.util.context.Context;

@Timeout(60)
class MailboxTest {

    private final List<Object> handled = Collections.synchronizedList(new ArrayList<>());

    private Mono<?> note(Envelope envelope) {
        handled.add(envelope.payload());
        return Mono.empty();
    }

    private Mailbox.Builder noting() {
        return Mailbox.builder(WRITER).handler(this::note);
    }

    /** Handles nothing until its gate is open. */
    private final Sinks.Empty<Void> gate = Sinks.empty();

    private Mailbox.Builder gated() {
        return Mailbox.builder(WRITER)
                .handler(envelope -> gate.asMono().doOnTerminate(() -> handled.add(envelope.payload())));
    }

    private static void close(Mailbox mailbox) {
        mailbox.close(SOON).block(SOON);
        assertAllEnded(mailbox);
    }

    private static DeadLetter only(Mailbox mailbox) {
        assertThat(mailbox.deadLetters().recent()).hasSize(1);
        return mailbox.deadLetters().recent().get(0);
    }

    private static void assertRefused(Mailbox mailbox, Envelope envelope, DeadLetter.Reason reason) {
        StepVerifier.create(mailbox.send(envelope))
                .expectErrorSatisfies(refused -> {
                    assertThat(refused)
                            .isInstanceOf(UndeliverableException.class)
                            .hasMessageContaining(reason.name());
                    UndeliverableException undeliverable = (UndeliverableException) refused;
                    assertThat(undeliverable.reason()).isEqualTo(reason);
                    assertThat(undeliverable.envelope()).isEqualTo(envelope);
                    assertThat(undeliverable.receiver()).isEqualTo(WRITER);
                    assertThat(undeliverable.getStackTrace()).isEmpty();
                })
                .verify(SOON);
    }

    // --- delivery

    @Test
    void offer_manyMessages_areHandledInOrder() {
        Mailbox mailbox = noting().capacity(1_000).build();
        IntStream.range(0, 1_000)
                .forEach(at -> assertThat(mailbox.offer(message(at))).isEqualTo(OfferResult.ACCEPTED));
        close(mailbox);

        assertThat(handled).isEqualTo(IntStream.range(0, 1_000).boxed().toList());
        assertThat(mailbox.stats()).isEqualTo(new MailboxStats(1_000, 1_000, 0, 0, 0, 0, 0));
    }

    @Test
    void handler_thatEndsLater_isTheOnlyOneAtATime() {
        AtomicInteger atOnce = new AtomicInteger();
        AtomicInteger most = new AtomicInteger();
        Mailbox mailbox = Mailbox.builder(WRITER)
                .handler(envelope -> Mono.delay(Duration.ofNanos(1_000))
                        .doOnSubscribe(any -> most.accumulateAndGet(atOnce.incrementAndGet(), Math::max))
                        .doOnTerminate(() -> {
                            handled.add(envelope.payload());
                            atOnce.decrementAndGet();
                        }))
                .build();
        IntStream.range(0, 300).forEach(at -> mailbox.offer(message(at)));
        close(mailbox);

        assertThat(most).hasValue(1);
        assertThat(handled).isEqualTo(IntStream.range(0, 300).boxed().toList());
    }

    @Test
    void handler_isNotCalledOnTheSendersThread() {
        AtomicReference<Thread> thread = new AtomicReference<>();
        Mailbox mailbox = Mailbox.builder(WRITER)
                .handler(envelope -> Mono.fromRunnable(() -> thread.set(Thread.currentThread())))
                .build();
        mailbox.send(message(1)).block(SOON);
        close(mailbox);

        assertThat(thread.get()).isNotEqualTo(Thread.currentThread());
        assertThat(thread.get().getName()).startsWith("flotilla-mailbox-");
        assertThat(thread.get().isDaemon()).isTrue();
    }

    @Test
    void scheduler_given_isWhereHandlersRun() {
        Scheduler own = Schedulers.newSingle("own");
        AtomicReference<String> thread = new AtomicReference<>();
        Mailbox mailbox = Mailbox.builder(WRITER)
                .scheduler(() -> own)
                .handler(envelope -> Mono.fromRunnable(
                        () -> thread.set(Thread.currentThread().getName())))
                .build();
        mailbox.offer(message(1));
        close(mailbox);
        own.dispose();

        assertThat(thread.get()).startsWith("own");
    }

    @Test
    void scheduler_thatRefusesOrIsNone_losesNothing() {
        Scheduler disposed = Schedulers.newSingle("disposed");
        disposed.dispose();
        Mailbox refused = noting().scheduler(() -> disposed).build();
        refused.offer(message(1));
        close(refused);
        Mailbox none = noting().scheduler(() -> null).build();
        none.offer(message(2));
        close(none);
        Mailbox thrown = noting().scheduler(() -> {
                    throw new IllegalStateException("no scheduler");
                })
                .build();
        thrown.offer(message(3));
        close(thrown);

        assertThat(handled).containsExactly(1, 2, 3);
    }

    @Test
    void handler_inVirtualTime_endsAtItsVirtualTimeout() {
        AtomicReference<Mailbox> box = new AtomicReference<>();
        UndisturbedTime.verifier(() -> {
                    Mailbox mailbox = Mailbox.builder(WRITER)
                            .handlerTimeout(Duration.ofMinutes(10))
                            .handler(envelope -> Mono.never())
                            .build();
                    box.set(mailbox);
                    mailbox.offer(message(1));
                    return mailbox.close(Duration.ofHours(1));
                })
                .expectSubscription()
                .expectNoEvent(Duration.ofMinutes(10))
                .expectComplete()
                .verify(SOON);

        assertThat(only(box.get()).reason()).isEqualTo(DeadLetter.Reason.HANDLER_TIMED_OUT);
        assertAllEnded(box.get());
    }

    @Test
    void context_ofTheSender_reachesTheHandler() {
        Mailbox mailbox = Mailbox.builder(WRITER)
                .handler(envelope -> Mono.deferContextual(context -> {
                    handled.add(context.getOrDefault("trace", "none"));
                    return Mono.empty();
                }))
                .build();
        mailbox.send(message(1)).contextWrite(Context.of("trace", "sender's")).block(SOON);
        mailbox.send(Envelope.to(WRITER, 2)
                        .context(Context.of("trace", "its own"))
                        .build())
                .contextWrite(Context.of("trace", "sender's"))
                .block(SOON);
        mailbox.offer(message(3));
        close(mailbox);

        assertThat(handled).containsExactly("sender's", "its own", "none");
    }

    // --- handlers that misbehave

    static List<Function<Throwable, Mono<?>>> failures() {
        return List.of(
                thrown -> {
                    throw new IllegalStateException(thrown);
                },
                thrown -> Mono.error(thrown),
                thrown -> Mono.error(thrown).hide(),
                thrown -> Mono.delay(Duration.ofMillis(1)).then(Mono.error(thrown)),
                thrown -> Mono.fromRunnable(() -> {
                    throw new LinkageError("fatal");
                }),
                thrown -> Mono.fromRunnable(() -> {
                            throw new StackOverflowError("fatal");
                        })
                        .hide(),
                thrown -> null);
    }

    @ParameterizedTest
    @MethodSource("failures")
    void handler_thatFails_itsMessageIsADeadLetterAndTheNextIsHandled(Function<Throwable, Mono<?>> failure) {
        Mailbox mailbox = Mailbox.builder(WRITER)
                .handler(envelope -> envelope.payload().equals("bad")
                        ? failure.apply(new IllegalStateException("boom"))
                        : note(envelope))
                .build();
        Envelope bad = message("bad");
        mailbox.offer(bad);
        mailbox.offer(message("good"));
        close(mailbox);

        assertThat(handled).containsExactly("good");
        DeadLetter letter = only(mailbox);
        assertThat(letter.reason()).isEqualTo(DeadLetter.Reason.HANDLER_FAILED);
        assertThat(letter.envelope()).isSameAs(bad);
        assertThat(letter.receiver()).isEqualTo(WRITER);
        assertThat(letter.cause()).isNotNull();
        assertThat(mailbox.stats()).isEqualTo(new MailboxStats(2, 1, 1, 0, 0, 0, 0));
    }

    @Test
    void handler_thatHangs_isCancelledAfterItsTimeAndTheNextIsHandled() {
        TestPublisher<Void> hangs = TestPublisher.create();
        Mailbox mailbox = Mailbox.builder(WRITER)
                .handlerTimeout(Duration.ofMillis(20))
                .handler(envelope -> envelope.payload().equals("bad") ? hangs.mono() : note(envelope))
                .build();
        mailbox.offer(message("bad"));
        mailbox.offer(message("good"));
        close(mailbox);

        await(hangs::wasCancelled);
        assertThat(handled).containsExactly("good");
        assertThat(only(mailbox).reason()).isEqualTo(DeadLetter.Reason.HANDLER_TIMED_OUT);
        hangs.complete();
        assertThat(mailbox.stats().delivered()).as("too late").isEqualTo(1);
    }

    @Test
    void handler_thatBlocksItsThread_isInterruptedAfterItsTimeAndTheNextIsHandled() {
        CountDownLatch interrupted = new CountDownLatch(1);
        Mailbox mailbox = Mailbox.builder(WRITER)
                .handlerTimeout(Duration.ofMillis(50))
                .handler(envelope -> envelope.payload().equals("bad")
                        ? Mono.fromRunnable(() -> blockUntilInterrupted(interrupted))
                        : note(envelope))
                .build();
        mailbox.offer(message("bad"));
        mailbox.offer(message("good"));
        close(mailbox);
        await(interrupted);

        assertThat(handled).containsExactly("good");
        assertThat(only(mailbox).reason()).isEqualTo(DeadLetter.Reason.HANDLER_TIMED_OUT);
        await(() -> WorkerPool.SHARED.heldCount() == 0);
    }

    /** Each is noticed to keep the thread before the next one is called. */
    @Test
    void handlers_thatEachKeepTheThreadForAMoment_areAllDelivered() {
        CountDownLatch never = new CountDownLatch(1);
        Mailbox mailbox = Mailbox.builder(WRITER)
                .handler(envelope -> Mono.fromCallable(() -> never.await(150, TimeUnit.MILLISECONDS)))
                .build();

        for (int message = 0; message < 6; message++) {
            assertThat(mailbox.offer(Envelope.to(WRITER, message).build())).isEqualTo(OfferResult.ACCEPTED);
        }
        close(mailbox);

        assertThat(mailbox.stats().deadLettered()).isZero();
        assertThat(mailbox.stats().delivered()).isEqualTo(6);
    }

    private static void blockUntilInterrupted(CountDownLatch interrupted) {
        try {
            new CountDownLatch(1).await();
        } catch (InterruptedException asked) {
            interrupted.countDown();
        }
    }

    @Test
    void handler_thatHasEndedAndKeepsItsThread_losesTheTurnAfterItsTime() {
        CountDownLatch interrupted = new CountDownLatch(1);
        Mailbox mailbox = Mailbox.builder(WRITER)
                .handlerTimeout(Duration.ofMillis(50))
                .handler(envelope -> envelope.payload().equals("bad")
                        ? Mono.create(sink -> {
                            sink.success();
                            blockUntilInterrupted(interrupted);
                        })
                        : note(envelope))
                .build();
        mailbox.offer(message("bad"));
        mailbox.offer(message("good"));
        close(mailbox);
        await(interrupted);

        assertThat(handled).containsExactly("good");
        assertThat(mailbox.stats().delivered()).isEqualTo(2);
        assertThat(mailbox.deadLetters().count()).isZero();
    }

    @Test
    void handlers_thatBlockEveryThread_holdUpNoOtherMailbox() {
        CountDownLatch release = new CountDownLatch(1);
        List<Mailbox> blocking = IntStream.range(0, 50)
                .mapToObj(at -> Mailbox.builder("blocking#" + at)
                        .handler(envelope -> Mono.fromRunnable(() -> await(release)))
                        .build())
                .toList();
        blocking.forEach(each -> each.offer(message("block")));
        Mailbox other = noting().build();
        other.offer(message("good"));
        other.close(SOON).block(SOON);
        assertThat(handled).as("while 50 others block").containsExactly("good");

        release.countDown();
        blocking.forEach(MailboxTest::close);
        await(() -> WorkerPool.SHARED.heldCount() == 0);
    }

    @Test
    void handler_whoseOwnWorkIsCancelled_isAFailure() {
        Mailbox mailbox = Mailbox.builder(WRITER)
                .handler(envelope -> Mono.error(new CancellationException("elsewhere")))
                .build();
        mailbox.offer(message(1));
        close(mailbox);

        assertThat(only(mailbox).cause()).isInstanceOf(CancellationException.class);
    }

    @Test
    void handler_thatLeavesItsThreadInterrupted_disturbsNoOther() {
        List<Boolean> flags = Collections.synchronizedList(new ArrayList<>());
        Mailbox mailbox = Mailbox.builder(WRITER)
                .handler(envelope -> Mono.fromRunnable(() -> {
                    flags.add(Thread.currentThread().isInterrupted());
                    Thread.currentThread().interrupt();
                }))
                .build();
        IntStream.range(0, 20).forEach(at -> mailbox.offer(message(at)));
        close(mailbox);

        assertThat(flags).hasSize(20).containsOnly(false);
    }

    @Test
    void handler_thatSubscribesTwiceOrEndsTwice_countsOnce() {
        TestPublisher<Void> sloppy = TestPublisher.createNoncompliant(TestPublisher.Violation.CLEANUP_ON_TERMINATE);
        Mailbox mailbox =
                Mailbox.builder(WRITER).handler(envelope -> sloppy.mono()).build();
        mailbox.offer(message(1));
        await(sloppy::wasSubscribed);
        sloppy.complete();
        sloppy.error(new IllegalStateException("again"));
        close(mailbox);

        assertThat(mailbox.stats()).isEqualTo(new MailboxStats(1, 1, 0, 0, 0, 0, 0));
    }

    @Test
    void handler_whoseCancelThrows_losesNothing() {
        Mailbox mailbox = Mailbox.builder(WRITER)
                .handlerTimeout(Duration.ofMillis(10))
                .handler(envelope -> envelope.payload().equals("bad")
                        ? Mono.create(sink -> sink.onCancel(() -> {
                            throw new IllegalStateException("no cancel");
                        }))
                        : note(envelope))
                .build();
        mailbox.offer(message("bad"));
        mailbox.offer(message("good"));
        close(mailbox);

        assertThat(handled).containsExactly("good");
        assertThat(only(mailbox).reason()).isEqualTo(DeadLetter.Reason.HANDLER_TIMED_OUT);
    }

    // --- overflow

    @Test
    void capacity_lessThanFull_equalAndMore() {
        Mailbox mailbox = gated().capacity(2).build();
        mailbox.offer(message("in flight"));
        await(() -> mailbox.stats().inFlight() == 1);

        assertThat(mailbox.offer(message(1))).isEqualTo(OfferResult.ACCEPTED);
        assertThat(mailbox.offer(message(2))).isEqualTo(OfferResult.ACCEPTED);
        assertThat(mailbox.offer(message(3))).isEqualTo(OfferResult.FULL);
        assertRefused(mailbox, message(4), DeadLetter.Reason.FULL);
        assertThat(mailbox.stats()).isEqualTo(new MailboxStats(3, 0, 0, 2, 2, 1, 0));
        assertThat(mailbox.deadLetters().count()).as("the sender knows").isZero();
        gate.tryEmitEmpty();
        close(mailbox);

        assertThat(handled).containsExactly("in flight", 1, 2);
    }

    @Test
    void dropOldest_full_theOldestIsADeadLetter() {
        Mailbox mailbox = gated().capacity(2).overflow(Overflow.DROP_OLDEST).build();
        mailbox.offer(message("in flight"));
        await(() -> mailbox.stats().inFlight() == 1);
        IntStream.rangeClosed(1, 5)
                .forEach(at ->
                        assertThat(mailbox.offer(message(at)).isAccepted()).isTrue());
        gate.tryEmitEmpty();
        close(mailbox);

        assertThat(handled).containsExactly("in flight", 4, 5);
        assertThat(mailbox.deadLetters().recent())
                .extracting(letter -> letter.envelope().payload())
                .containsExactly(1, 2, 3);
        assertThat(mailbox.deadLetters().count(DeadLetter.Reason.DROPPED)).isEqualTo(3);
    }

    @Test
    void backpressure_full_sendersWaitInOrder() {
        Mailbox mailbox = gated().capacity(1).overflow(Overflow.BACKPRESSURE).build();
        mailbox.offer(message("in flight"));
        await(() -> mailbox.stats().inFlight() == 1);
        mailbox.offer(message(0));
        List<TestSubscriber<Void>> senders = IntStream.rangeClosed(1, 5)
                .mapToObj(at -> {
                    TestSubscriber<Void> sender = TestSubscriber.create();
                    mailbox.send(message(at)).subscribe(sender);
                    return sender;
                })
                .toList();

        assertThat(senders).noneMatch(TestSubscriber::isTerminated);
        assertThat(mailbox.stats().waitingSenders()).isEqualTo(5);
        assertThat(mailbox.offer(message("overtakes"))).isEqualTo(OfferResult.FULL);
        gate.tryEmitEmpty();
        senders.forEach(sender -> sender.block(SOON));
        close(mailbox);

        assertThat(senders).allMatch(TestSubscriber::isTerminatedComplete);
        assertThat(handled).containsExactly("in flight", 0, 1, 2, 3, 4, 5);
    }

    @Test
    void backpressure_senderCancels_itsMessageIsNotSent() {
        Mailbox mailbox = gated().capacity(1).overflow(Overflow.BACKPRESSURE).build();
        mailbox.offer(message("in flight"));
        await(() -> mailbox.stats().inFlight() == 1);
        mailbox.offer(message(0));
        TestSubscriber<Void> leaves = TestSubscriber.create();
        mailbox.send(message("left")).subscribe(leaves);
        TestSubscriber<Void> stays = TestSubscriber.create();
        mailbox.send(message("stayed")).subscribe(stays);
        leaves.cancel();
        gate.tryEmitEmpty();
        stays.block(SOON);
        close(mailbox);

        assertThat(handled).containsExactly("in flight", 0, "stayed");
        assertThat(mailbox.stats().refused()).isEqualTo(1);
    }

    @Test
    void backpressure_moreSendersThanMayWait_areRefused() {
        Mailbox mailbox = gated().capacity(1)
                .overflow(Overflow.BACKPRESSURE)
                .maxWaiting(1)
                .build();
        mailbox.offer(message("in flight"));
        await(() -> mailbox.stats().inFlight() == 1);
        mailbox.offer(message(0));
        TestSubscriber<Void> waits = TestSubscriber.create();
        mailbox.send(message(1)).subscribe(waits);

        assertRefused(mailbox, message(2), DeadLetter.Reason.FULL);
        gate.tryEmitEmpty();
        waits.block(SOON);
        close(mailbox);
        assertThat(handled).containsExactly("in flight", 0, 1);
    }

    @Test
    void backpressure_closed_waitingSendersAreRefused() {
        Mailbox mailbox = gated().capacity(1).overflow(Overflow.BACKPRESSURE).build();
        mailbox.offer(message("in flight"));
        await(() -> mailbox.stats().inFlight() == 1);
        mailbox.offer(message(0));
        TestSubscriber<Void> waits = TestSubscriber.create();
        mailbox.send(message(1)).subscribe(waits);
        mailbox.dispose();
        await(waits::isTerminatedError);

        assertThat(waits.expectTerminalError())
                .isInstanceOfSatisfying(
                        UndeliverableException.class,
                        refused -> assertThat(refused.reason()).isEqualTo(DeadLetter.Reason.CLOSED));
        assertAllEnded(mailbox);
    }

    @Test
    void sendAll_backpressure_asksTheSourceForNoMoreThanThereIsRoomFor() {
        Mailbox mailbox = gated().capacity(3).overflow(Overflow.BACKPRESSURE).build();
        AtomicInteger asked = new AtomicInteger();
        Flux<Envelope> source = Flux.range(0, 100)
                .map(Messages::message)
                .doOnRequest(count -> asked.addAndGet((int) Math.min(count, 1_000)));
        TestSubscriber<Long> sender = TestSubscriber.create();
        mailbox.sendAll(source).subscribe(sender);
        // Not just one that waits: so does the fourth, until the first is taken out of the queue.
        await(() -> mailbox.stats().inFlight() == 1 && mailbox.stats().waitingSenders() == 1);

        assertThat(asked.get()).as("one in flight, three queued, one waits").isEqualTo(5);
        gate.tryEmitEmpty();
        sender.block(SOON);
        assertThat(sender.getReceivedOnNext()).containsExactly(100L);
        close(mailbox);
        assertThat(handled).isEqualTo(IntStream.range(0, 100).boxed().toList());
    }

    @Test
    void sendAll_sourceFails_itsErrorAfterWhatWasAccepted() {
        Mailbox mailbox = noting().build();
        StepVerifier.create(mailbox.sendAll(
                        Flux.concat(Flux.just(message(1), message(2)), Mono.error(new IllegalStateException("dry")))))
                .expectErrorMessage("dry")
                .verify(SOON);
        close(mailbox);

        assertThat(handled).containsExactly(1, 2);
    }

    @Test
    void sendAll_cancelled_cancelsTheSource() {
        Mailbox mailbox = gated().capacity(1).overflow(Overflow.BACKPRESSURE).build();
        TestPublisher<Envelope> source = TestPublisher.create();
        TestSubscriber<Long> sender = TestSubscriber.create();
        mailbox.sendAll(source).subscribe(sender);
        sender.cancel();

        source.assertCancelled();
        mailbox.dispose();
    }

    // --- deadlines

    @Test
    void deadline_over_isRefused() {
        Mailbox mailbox = noting().build();
        Envelope expired =
                Envelope.to(WRITER, 1).deadline(Instant.now().minusSeconds(1)).build();

        assertThat(mailbox.offer(expired)).isEqualTo(OfferResult.EXPIRED);
        assertRefused(mailbox, expired, DeadLetter.Reason.EXPIRED);
        close(mailbox);
        assertThat(handled).isEmpty();
    }

    @Test
    void deadline_passesWhileItWaits_isADeadLetter() {
        Mailbox mailbox = gated().build();
        mailbox.offer(message("first"));
        mailbox.offer(Envelope.to(WRITER, "late")
                .deadline(Instant.now().plusMillis(100))
                .build());
        Mono.delay(Duration.ofMillis(150)).block(SOON);
        gate.tryEmitEmpty();
        close(mailbox);

        assertThat(handled).containsExactly("first");
        assertThat(only(mailbox).reason()).isEqualTo(DeadLetter.Reason.EXPIRED);
    }

    @Test
    void deadline_passesWhileItIsHandled_cancelsTheHandler() {
        TestPublisher<Void> hangs = TestPublisher.create();
        Mailbox mailbox =
                Mailbox.builder(WRITER).handler(envelope -> hangs.mono()).build();
        mailbox.offer(
                Envelope.to(WRITER, 1).deadline(Instant.now().plusMillis(100)).build());
        close(mailbox);

        await(hangs::wasCancelled);
        assertThat(only(mailbox).reason()).isEqualTo(DeadLetter.Reason.EXPIRED);
    }

    @Test
    void deadline_passesWhileTheHandlerBlocks_interruptsIt() {
        CountDownLatch interrupted = new CountDownLatch(1);
        Mailbox mailbox = Mailbox.builder(WRITER)
                .noHandlerTimeout()
                .handler(envelope -> Mono.fromRunnable(() -> blockUntilInterrupted(interrupted)))
                .build();
        mailbox.offer(
                Envelope.to(WRITER, 1).deadline(Instant.now().plusMillis(100)).build());
        close(mailbox);
        await(interrupted);

        assertThat(only(mailbox).reason()).isEqualTo(DeadLetter.Reason.EXPIRED);
    }

    // --- the end

    @Test
    void close_deliversWhatItHasAndTakesNothingMore() {
        Mailbox mailbox = gated().build();
        IntStream.range(0, 10).forEach(at -> mailbox.offer(message(at)));
        TestSubscriber<Void> closing = TestSubscriber.create();
        mailbox.close(SOON).subscribe(closing);

        assertThat(mailbox.isDisposed()).isTrue();
        assertThat(mailbox.offer(message("late"))).isEqualTo(OfferResult.CLOSED);
        assertRefused(mailbox, message("late"), DeadLetter.Reason.CLOSED);
        assertThat(closing.isTerminated()).isFalse();
        gate.tryEmitEmpty();
        closing.block(SOON);

        assertThat(handled).isEqualTo(IntStream.range(0, 10).boxed().toList());
        assertAllEnded(mailbox);
        mailbox.close(Duration.ZERO).block(SOON);
    }

    @Test
    void close_notSubscribedTo_closesNothing() {
        Mailbox mailbox = noting().build();
        mailbox.close(SOON);

        assertThat(mailbox.isDisposed()).isFalse();
        assertThat(mailbox.offer(message(1)).isAccepted()).isTrue();
        close(mailbox);
    }

    @Test
    void close_graceIsOver_theRestAreDeadLetters() {
        TestPublisher<Void> hangs = TestPublisher.create();
        Mailbox mailbox =
                Mailbox.builder(WRITER).handler(envelope -> hangs.mono()).build();
        IntStream.range(0, 10).forEach(at -> mailbox.offer(message(at)));
        mailbox.close(Duration.ofMillis(20)).block(SOON);

        await(hangs::wasCancelled);
        assertThat(mailbox.deadLetters().count(DeadLetter.Reason.CLOSED)).isEqualTo(9);
        assertThat(mailbox.deadLetters().count(DeadLetter.Reason.CANCELLED)).isEqualTo(1);
        assertAllEnded(mailbox);
    }

    @Test
    void close_cancelled_goesOnToDeliver() {
        Mailbox mailbox = gated().build();
        IntStream.range(0, 3).forEach(at -> mailbox.offer(message(at)));
        mailbox.close(Duration.ofMillis(30)).subscribe().dispose();
        Mono.delay(Duration.ofMillis(60)).block(SOON);
        gate.tryEmitEmpty();
        close(mailbox);

        assertThat(handled).containsExactly(0, 1, 2);
    }

    @Test
    void dispose_blockedHandler_isInterrupted() {
        CountDownLatch started = new CountDownLatch(1);
        CountDownLatch interrupted = new CountDownLatch(1);
        Mailbox mailbox = Mailbox.builder(WRITER)
                .noHandlerTimeout()
                .handler(envelope -> Mono.fromRunnable(() -> {
                    started.countDown();
                    blockUntilInterrupted(interrupted);
                }))
                .build();
        mailbox.offer(message(1));
        await(started);
        mailbox.dispose();
        await(interrupted);
        mailbox.close(SOON).block(SOON);

        assertThat(only(mailbox).reason()).isEqualTo(DeadLetter.Reason.CANCELLED);
        assertAllEnded(mailbox);
    }

    // --- taking back

    @Test
    void withdraw_queued_isADeadLetter() {
        Mailbox mailbox = gated().build();
        mailbox.offer(message("first"));
        Envelope second = message("second");
        mailbox.offer(second);

        assertThat(mailbox.withdraw(second)).isTrue();
        assertThat(mailbox.withdraw(second)).as("again").isFalse();
        gate.tryEmitEmpty();
        close(mailbox);
        assertThat(handled).containsExactly("first");
        assertThat(only(mailbox).reason()).isEqualTo(DeadLetter.Reason.CANCELLED);
    }

    @Test
    void withdraw_inFlight_cancelsTheHandlerAndTheNextIsHandled() {
        TestPublisher<Void> hangs = TestPublisher.create();
        Mailbox mailbox = Mailbox.builder(WRITER)
                .handler(envelope -> envelope.payload().equals("bad") ? hangs.mono() : note(envelope))
                .build();
        Envelope bad = message("bad");
        mailbox.offer(bad);
        mailbox.offer(message("good"));
        await(hangs::wasSubscribed);

        assertThat(mailbox.withdraw(bad)).isTrue();
        close(mailbox);
        await(hangs::wasCancelled);
        assertThat(handled).containsExactly("good");
        assertThat(mailbox.withdraw(bad)).as("ended").isFalse();
    }

    @Test
    void withdraw_inFlightAndBlocking_theNextIsHandled() {
        CountDownLatch started = new CountDownLatch(1);
        CountDownLatch interrupted = new CountDownLatch(1);
        Mailbox mailbox = Mailbox.builder(WRITER)
                .noHandlerTimeout()
                .handler(envelope -> envelope.payload().equals("bad")
                        ? Mono.fromRunnable(() -> {
                            started.countDown();
                            blockUntilInterrupted(interrupted);
                        })
                        : note(envelope))
                .build();
        Envelope bad = message("bad");
        mailbox.offer(bad);
        mailbox.offer(message("good"));
        await(started);
        mailbox.withdraw(bad);
        close(mailbox);
        await(interrupted);

        assertThat(handled).containsExactly("good");
    }

    // --- bad input

    @ParameterizedTest
    @ValueSource(ints = {0, -1, Integer.MIN_VALUE})
    void capacity_belowOne_isRefused(int capacity) {
        assertThatIllegalArgumentException()
                .isThrownBy(() -> Mailbox.builder(WRITER).capacity(capacity))
                .withMessage("capacity must be >= 1, was " + capacity);
    }

    @Test
    void maxWaiting_negative_isRefused() {
        assertThatIllegalArgumentException()
                .isThrownBy(() -> Mailbox.builder(WRITER).maxWaiting(-1))
                .withMessage("maxWaiting must be >= 0, was -1");
    }

    @ParameterizedTest
    @ValueSource(strings = {"PT0S", "PT-1S", "PT2562047H48M"})
    void handlerTimeout_outOfBounds_isRefused(Duration timeout) {
        assertThatIllegalArgumentException()
                .isThrownBy(() -> Mailbox.builder(WRITER).handlerTimeout(timeout))
                .withMessage("handlerTimeout must be > 0 and at most 292 years, was " + timeout);
    }

    @Test
    void arguments_null_areRefused() {
        Mailbox.Builder builder = Mailbox.builder(WRITER);
        assertThatNullPointerException().isThrownBy(() -> builder.handler(null)).withMessage("handler");
        assertThatNullPointerException()
                .isThrownBy(() -> builder.overflow(null))
                .withMessage("overflow");
        assertThatNullPointerException()
                .isThrownBy(() -> builder.deadLetters(null))
                .withMessage("deadLetters");
        assertThatNullPointerException()
                .isThrownBy(() -> builder.scheduler(null))
                .withMessage("scheduler");
        assertThatNullPointerException().isThrownBy(() -> builder.engine(null)).withMessage("engine");
        assertThatNullPointerException()
                .isThrownBy(() -> builder.handlerTimeout(null))
                .withMessage("handlerTimeout");
        Mailbox mailbox = builder.build();
        assertThatNullPointerException().isThrownBy(() -> mailbox.offer(null)).withMessage("envelope");
        assertThatNullPointerException().isThrownBy(() -> mailbox.send(null)).withMessage("envelope");
        assertThatNullPointerException().isThrownBy(() -> mailbox.sendAll(null)).withMessage("envelopes");
        assertThatNullPointerException()
                .isThrownBy(() -> mailbox.withdraw(null))
                .withMessage("envelope");
        assertThatNullPointerException().isThrownBy(() -> mailbox.close(null)).withMessage("grace");
        assertThatIllegalArgumentException().isThrownBy(() -> mailbox.close(Duration.ofMillis(-1)));
    }

    @Test
    void receive_withAHandler_isRefused() {
        assertThatIllegalStateException()
                .isThrownBy(() -> noting().build().receive())
                .withMessage("the mailbox of writer has a handler");
    }

    // --- a subscriber instead of a handler

    @Test
    void receive_demand_isHonoured() {
        Mailbox mailbox = Mailbox.builder(WRITER).build();
        IntStream.range(0, 10).forEach(at -> mailbox.offer(message(at)));
        StepVerifier.create(mailbox.receive().map(Envelope::payload), 0)
                .thenRequest(2)
                .expectNext(0, 1)
                .then(() -> assertThat(mailbox.stats().queued()).isEqualTo(8))
                .thenRequest(3)
                .expectNext(2, 3, 4)
                .thenCancel()
                .verify(SOON);

        StepVerifier.create(mailbox.receive().map(Envelope::payload))
                .as("the next subscriber has the rest")
                .expectNext(5, 6, 7, 8, 9)
                .then(() -> mailbox.close(SOON).subscribe())
                .expectComplete()
                .verify(SOON);
        assertThat(mailbox.stats()).isEqualTo(new MailboxStats(10, 10, 0, 0, 0, 0, 0));
    }

    @Test
    void receive_secondSubscriber_isRefused() {
        Mailbox mailbox = Mailbox.builder(WRITER).build();
        mailbox.receive().subscribe();

        StepVerifier.create(mailbox.receive())
                .expectErrorMessage("mailbox of writer has a subscriber already")
                .verify(SOON);
        mailbox.dispose();
    }

    @Test
    void receive_closedAndEmpty_completes() {
        Mailbox mailbox = Mailbox.builder(WRITER).build();
        mailbox.dispose();

        StepVerifier.create(mailbox.receive()).expectComplete().verify(SOON);
    }

    @Test
    void receive_closed_completesAfterTheLast() {
        Mailbox mailbox = Mailbox.builder(WRITER).build();
        mailbox.offer(message(1));
        TestSubscriber<Void> closing = TestSubscriber.create();
        mailbox.close(SOON).subscribe(closing);

        StepVerifier.create(mailbox.receive().map(Envelope::payload))
                .expectNext(1)
                .expectComplete()
                .verify(SOON);
        closing.block(SOON);
        assertAllEnded(mailbox);
    }

    @Test
    void receive_expired_isADeadLetter() {
        Mailbox mailbox = Mailbox.builder(WRITER).build();
        mailbox.offer(
                Envelope.to(WRITER, 1).deadline(Instant.now().plusMillis(50)).build());
        mailbox.offer(message(2));
        Mono.delay(Duration.ofMillis(80)).block(SOON);

        StepVerifier.create(mailbox.receive().map(Envelope::payload))
                .expectNext(2)
                .thenCancel()
                .verify(SOON);
        assertThat(only(mailbox).reason()).isEqualTo(DeadLetter.Reason.EXPIRED);
    }

    @ParameterizedTest
    @EnumSource(Overflow.class)
    void toString_hasOwnerAndCounts(Overflow overflow) {
        assertThat(Mailbox.builder(WRITER).overflow(overflow).capacity(7).build())
                .hasToString("Mailbox[writer, MailboxStats[accepted=0, delivered=0, deadLettered=0, refused=0,"
                        + " queued=0, inFlight=0, waitingSenders=0]]")
                .satisfies(mailbox -> {
                    assertThat(mailbox.owner()).isEqualTo(WRITER);
                    assertThat(mailbox.capacity()).isEqualTo(7);
                });
    }
}
