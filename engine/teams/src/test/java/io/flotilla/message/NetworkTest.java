package io.flotilla.message;

import static io.flotilla.message.Messages.SOON;
import static io.flotilla.message.Messages.await;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;
import static org.assertj.core.api.Assertions.assertThatNullPointerException;

import io.flotilla.AgentId;
import io.flotilla.agent.Agent;
import io.flotilla.step.StepCall;
import io.flotilla.step.StepEngine;
import io.flotilla.step.StepInterceptor;
import io.flotilla.testkit.UndisturbedTime;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;
import reactor.core.publisher.Sinks;
import reactor.test.StepVerifier;
import reactor.test.subscriber.TestSubscriber;
import reactor.util.context.Context;

/** What all forms of network do in the same way, shown with a hub. */
@Timeout(60)
class NetworkTest {

    private static final AgentId A = AgentId.of("a");
    private static final AgentId B = AgentId.of("b");
    private static final AgentId C = AgentId.of("c");

    private final Map<AgentId, List<Object>> received = new ConcurrentHashMap<>();

    private void join(Network network, AgentId... ids) {
        for (AgentId id : ids) {
            network.join(id, noting(id));
        }
    }

    private MessageHandler noting(AgentId id) {
        return envelope -> {
            received.computeIfAbsent(id, any -> Collections.synchronizedList(new ArrayList<>()))
                    .add(envelope.payload());
            return Mono.empty();
        };
    }

    private List<Object> receivedBy(AgentId id) {
        return received.getOrDefault(id, List.of());
    }

    private static Hub hub(NetworkOptions.Builder options) {
        return Hub.create(options.build());
    }

    private static Hub deadLettering() {
        return hub(NetworkOptions.builder().undeliverable(Undeliverable.DEAD_LETTER));
    }

    private static void settle(Network network) {
        await(() -> {
            NetworkStats stats = network.stats();
            return stats.queued() == 0
                    && stats.inFlight() == 0
                    && stats.accepted() == stats.delivered() + stats.deadLettered();
        });
    }

    private static Envelope to(AgentId recipient, Object payload) {
        return Envelope.to(recipient, payload).build();
    }

    private static void assertUndeliverable(Mono<?> sent, DeadLetter.Reason reason) {
        StepVerifier.create(sent)
                .expectErrorSatisfies(thrown -> assertThat(thrown)
                        .isInstanceOfSatisfying(
                                UndeliverableException.class,
                                undeliverable ->
                                        assertThat(undeliverable.reason()).isEqualTo(reason)))
                .verify(SOON);
    }

    // --- sending

    @Test
    void send_toAMember_isReportedAndDelivered() {
        Hub hub = Hub.create();
        join(hub, A, B);
        Envelope envelope = to(B, "hello");
        DeliveryReport report = hub.send(envelope).block(SOON);
        settle(hub);

        assertThat(report.deliveries()).containsExactly(new Delivery(B, null));
        assertThat(report.isComplete()).isTrue();
        assertThat(report).hasToString(envelope + ": accepted by 1 of 1");
        assertThat(receivedBy(B)).containsExactly("hello");
        assertThat(receivedBy(A)).isEmpty();
        assertThat(hub.log()).containsExactly(report);
    }

    @Test
    void send_toAll_reachesAllButTheSenderInTheOrderOfJoining() {
        Hub hub = Hub.create();
        join(hub, C, A, B);
        DeliveryReport report = hub.send(Envelope.toAll("news").from(A).build()).block(SOON);
        settle(hub);

        assertThat(report.deliveries()).extracting(Delivery::receiver).containsExactly(C, B);
        assertThat(received).containsOnlyKeys(B, C);
        assertThat(hub.members()).containsExactly(C, A, B);
    }

    @Test
    void send_unknownRecipient_isAnError() {
        Hub hub = Hub.create();
        join(hub, A);

        assertUndeliverable(hub.send(to(B, 1)), DeadLetter.Reason.UNKNOWN_RECIPIENT);
        assertThat(hub.offer(to(B, 1)).refused()).containsExactly(new Delivery(B, DeadLetter.Reason.UNKNOWN_RECIPIENT));
        assertThat(hub.deadLetters().count()).as("the sender is told").isZero();
    }

    @Test
    void send_unknownRecipientAsConfigured_isADeadLetter() {
        Hub hub = deadLettering();
        Envelope lost = to(B, 1);
        DeliveryReport report = hub.send(lost).block(SOON);

        assertThat(report.isComplete()).isFalse();
        assertThat(hub.deadLetters().recent()).singleElement().satisfies(letter -> {
            assertThat(letter.envelope()).isSameAs(lost);
            assertThat(letter.receiver()).isEqualTo(B);
            assertThat(letter.reason()).isEqualTo(DeadLetter.Reason.UNKNOWN_RECIPIENT);
        });
    }

    @Test
    void send_nobodyThere_isAnErrorOrADeadLetter() {
        assertUndeliverable(Hub.create().send(Envelope.toAll(1).build()), DeadLetter.Reason.NO_RECEIVER);
        assertUndeliverable(Hub.create().send(Envelope.onTopic("t", 1).build()), DeadLetter.Reason.NO_RECEIVER);
        Hub hub = deadLettering();
        hub.offer(Envelope.toAll(1).build());

        assertThat(hub.deadLetters().count(DeadLetter.Reason.NO_RECEIVER)).isEqualTo(1);
    }

    @Test
    void send_hops_belowAtAndAboveTheLimit() {
        Hub hub = hub(NetworkOptions.builder().hopLimit(3));
        join(hub, A);

        assertThat(hub.offer(Envelope.to(A, 1).hops(2).build()).isComplete()).isTrue();
        assertThat(hub.offer(Envelope.to(A, 1).hops(3).build()).isComplete()).isTrue();
        assertUndeliverable(hub.send(Envelope.to(A, 1).hops(4).build()), DeadLetter.Reason.TOO_MANY_HOPS);
    }

    @Test
    void members_thatForwardToEachOtherForEver_endAtTheHopLimit() {
        Hub hub = hub(NetworkOptions.builder().hopLimit(8).undeliverable(Undeliverable.DEAD_LETTER));
        AtomicInteger calls = new AtomicInteger();
        for (AgentId id : List.of(A, B)) {
            hub.join(id, envelope -> {
                calls.incrementAndGet();
                return hub.send(envelope.forward(id, id.equals(A) ? B : A).build());
            });
        }
        hub.offer(to(A, "ping"));
        await(() -> hub.deadLetters().count(DeadLetter.Reason.TOO_MANY_HOPS) == 1);

        assertThat(calls).hasValue(9);
    }

    @Test
    void send_expired_isRefused() {
        Hub hub = Hub.create();
        join(hub, A);

        assertUndeliverable(hub.send(Envelope.to(A, 1).deadline(Instant.EPOCH).build()), DeadLetter.Reason.EXPIRED);
    }

    @Test
    void request_whoseTimeIsOverWhenItArrives_isATimeoutAsOneWhoseTimePassesLater() {
        Hub hub = Hub.create();
        hub.join(A, envelope -> Mono.empty());

        StepVerifier.create(
                        hub.request(Envelope.to(A, 1).deadline(Instant.EPOCH).build()))
                .expectError(RequestTimeoutException.class)
                .verify(SOON);
    }

    @Test
    void send_oneReceiverIsFullAndOneHangs_theOthersHaveIt() {
        Hub hub = Hub.create();
        Sinks.Empty<Void> gate = Sinks.empty();
        hub.join(A, envelope -> gate.asMono(), MemberOptions.defaults().capacity(1));
        join(hub, B, C);
        hub.offer(to(A, "in flight"));
        await(() -> hub.stats().inFlight() == 1);
        hub.offer(to(A, "queued"));
        DeliveryReport report = hub.send(Envelope.toAll("news").build()).block(SOON);

        assertThat(report.refused()).containsExactly(new Delivery(A, DeadLetter.Reason.FULL));
        assertThat(report.acceptedCount()).isEqualTo(2);
        await(() -> receivedBy(B).contains("news") && receivedBy(C).contains("news"));
        gate.tryEmitEmpty();
        settle(hub);
    }

    @Test
    void send_receiverWithBackpressure_waitsForItAndTheOthersHaveItMeanwhile() {
        Hub hub = Hub.create();
        Sinks.Empty<Void> gate = Sinks.empty();
        hub.join(
                A,
                envelope -> gate.asMono(),
                MemberOptions.defaults().capacity(1).overflow(Overflow.BACKPRESSURE));
        join(hub, B);
        hub.offer(to(A, "in flight"));
        await(() -> hub.stats().inFlight() == 1);
        hub.offer(to(A, "queued"));
        TestSubscriber<DeliveryReport> sender = TestSubscriber.create();
        hub.send(Envelope.toAll("news").build()).subscribe(sender);
        await(() -> receivedBy(B).contains("news"));

        assertThat(sender.isTerminated()).isFalse();
        assertThat(hub.offer(to(A, 1)).refused()).containsExactly(new Delivery(A, DeadLetter.Reason.FULL));
        gate.tryEmitEmpty();
        sender.block(SOON);
        assertThat(sender.getReceivedOnNext().get(0).isComplete()).isTrue();
        settle(hub);
    }

    @Test
    void sendAll_reportsEach() {
        Hub hub = Hub.create();
        join(hub, A);
        StepVerifier.create(hub.sendAll(Flux.range(0, 5).map(at -> to(A, at))))
                .expectNextCount(5)
                .expectComplete()
                .verify(SOON);
        settle(hub);

        assertThat(receivedBy(A)).containsExactly(0, 1, 2, 3, 4);
    }

    @Test
    void log_isBounded() {
        Hub hub = hub(NetworkOptions.builder().logSize(3));
        join(hub, A);
        IntStream.range(0, 10).forEach(at -> hub.offer(to(A, at)));

        assertThat(hub.log()).extracting(report -> report.envelope().payload()).containsExactly(7, 8, 9);
        assertThat(hub(NetworkOptions.builder().logSize(0)).log()).isEmpty();
    }

    // --- joining and leaving

    @Test
    void join_twice_isRefused() {
        Hub hub = Hub.create();
        join(hub, A);

        assertThatExceptionOfType(DuplicateMemberException.class)
                .isThrownBy(() -> join(hub, A))
                .withMessage("the network has a member a already")
                .satisfies(refused -> assertThat(refused.member()).isEqualTo(A));
    }

    @Test
    void leave_unknown_isAnError() {
        StepVerifier.create(Hub.create().leave(A))
                .expectErrorSatisfies(thrown -> assertThat(thrown)
                        .isInstanceOfSatisfying(
                                UnknownMemberException.class,
                                unknown -> assertThat(unknown.member()).isEqualTo(A)))
                .verify(SOON);
    }

    @Test
    void leave_whatWaitsIsADeadLetterAndWhatIsInFlightMayEnd() {
        Hub hub = Hub.create();
        Sinks.Empty<Void> gate = Sinks.empty();
        hub.join(A, envelope -> gate.asMono());
        hub.offer(to(A, "in flight"));
        await(() -> hub.stats().inFlight() == 1);
        hub.offer(to(A, "queued"));
        TestSubscriber<Void> leaving = TestSubscriber.create();
        hub.leave(A).subscribe(leaving);

        assertThat(hub.members()).isEmpty();
        assertThat(leaving.isTerminated()).isFalse();
        assertUndeliverable(hub.send(to(A, "late")), DeadLetter.Reason.UNKNOWN_RECIPIENT);
        gate.tryEmitEmpty();
        leaving.block(SOON);

        assertThat(hub.deadLetters().recent())
                .extracting(letter -> letter.envelope().payload())
                .containsExactly("queued");
        assertThat(hub.stats()).isEqualTo(new NetworkStats(0, 2, 1, 1, 0, 0, 0, 0));
        join(hub, A);
        hub.offer(to(A, "again"));
        settle(hub);
        assertThat(receivedBy(A)).containsExactly("again");
    }

    @Test
    void leave_notSubscribedTo_removesNobody() {
        Hub hub = Hub.create();
        join(hub, A);
        hub.leave(A);

        assertThat(hub.members()).containsExactly(A);
    }

    @Test
    void close_deliversWhatItHasAndRefusesTheRest() {
        Hub hub = Hub.create();
        join(hub, A);
        IntStream.range(0, 100).forEach(at -> hub.offer(to(A, at)));
        hub.close(SOON).block(SOON);

        assertThat(receivedBy(A)).hasSize(100);
        assertUndeliverable(hub.send(to(A, 1)), DeadLetter.Reason.CLOSED);
        assertUndeliverable(hub.request(to(A, 1)), DeadLetter.Reason.CLOSED);
        assertThatIllegalStateException().isThrownBy(() -> join(hub, B)).withMessage("the network is closed");
    }

    @Test
    void close_requestWaits_itFails() {
        Hub hub = Hub.create();
        join(hub, A);
        TestSubscriber<Envelope> asks = TestSubscriber.create();
        hub.request(to(A, "?")).subscribe(asks);
        hub.close(SOON).block(SOON);
        await(asks::isTerminatedError);

        assertThat(asks.expectTerminalError())
                .isInstanceOfSatisfying(
                        UndeliverableException.class,
                        closed -> assertThat(closed.reason()).isEqualTo(DeadLetter.Reason.CLOSED));
        assertThat(hub.stats().pendingRequests()).isZero();
    }

    // --- agents

    private static Agent<String, String> shouting(String id) {
        return Agent.of(id, (text, context) -> Mono.just(text.toUpperCase(java.util.Locale.ROOT)));
    }

    @Test
    void agent_asMember_answersAMessageWithAReplyToItsSender() {
        Hub hub = Hub.create();
        hub.join(shouting("b"));
        join(hub, A);
        hub.offer(Envelope.to(B, "hello").from(A).build());
        await(() -> !receivedBy(A).isEmpty());

        assertThat(receivedBy(A)).containsExactly("HELLO");
    }

    @Test
    void agents_thatAnswerEachOther_doNotAnswerReplies() {
        Hub hub = Hub.create();
        AtomicInteger steps = new AtomicInteger();
        for (String id : List.of("a", "b")) {
            hub.join(Agent.<String, String>of(id, (text, context) -> {
                steps.incrementAndGet();
                return Mono.just(text + "!");
            }));
        }
        hub.offer(Envelope.to(B, "hello").from(A).build());
        await(() -> steps.get() == 2);
        settle(hub);

        assertThat(steps).hasValue(2);
        assertThat(hub.deadLetters().count()).isZero();
    }

    @Test
    void agent_anonymousMessage_isSteppedAndNotAnswered() {
        Hub hub = Hub.create();
        hub.join(shouting("b"));
        hub.offer(to(B, "hello"));
        settle(hub);

        assertThat(hub.stats().delivered()).isEqualTo(1);
        assertThat(hub.deadLetters().count()).isZero();
    }

    @Test
    void agent_senderIsNoMember_itsAnswerIsADeadLetter() {
        Hub hub = Hub.create();
        hub.join(shouting("b"));
        hub.offer(Envelope.to(B, "hello").from(A).build());
        await(() -> hub.deadLetters().count() == 1);

        DeadLetter letter = hub.deadLetters().recent().get(0);
        assertThat(letter.reason()).isEqualTo(DeadLetter.Reason.UNKNOWN_RECIPIENT);
        assertThat(letter.envelope().payload()).isEqualTo("HELLO");
        assertThat(hub.stats().delivered()).as("the message itself").isEqualTo(1);
    }

    @Test
    void agent_isSteppedByTheEngine_guardedTimedAndObserved() {
        AtomicInteger attempts = new AtomicInteger();
        StepEngine engine = StepEngine.builder()
                .stepTimeout(Duration.ofMillis(50))
                .interceptor(new StepInterceptor() {
                    @Override
                    public <I, O> Mono<O> aroundStep(StepCall<I, O> call, Mono<O> all) {
                        return all.retry(1);
                    }
                })
                .build();
        Hub hub = hub(NetworkOptions.builder().engine(engine));
        hub.join(Agent.<String, String>of(
                "b",
                (text, context) -> attempts.incrementAndGet() == 1
                        ? Mono.error(new IllegalStateException("first"))
                        : Mono.just("second")));
        hub.join(Agent.<String, String>of("c", (text, context) -> Mono.never()));

        assertThat(hub.request(to(B, "?")).block(SOON).payload()).isEqualTo("second");
        StepVerifier.create(hub.request(to(C, "?")))
                .expectErrorSatisfies(thrown -> assertThat(thrown)
                        .isInstanceOfSatisfying(
                                UndeliverableException.class,
                                undeliverable -> assertThat(undeliverable.reason())
                                        .isEqualTo(DeadLetter.Reason.HANDLER_TIMED_OUT)))
                .verify(SOON);
    }

    @Test
    void agent_wrongPayload_isAFailureThatHarmsNobody() {
        Hub hub = Hub.create();
        hub.join(shouting("b"));
        StepVerifier.create(hub.request(to(B, 7)))
                .expectErrorSatisfies(thrown -> assertThat(thrown)
                        .isInstanceOf(UndeliverableException.class)
                        .hasCauseInstanceOf(ClassCastException.class))
                .verify(SOON);

        assertThat(hub.request(to(B, "x")).block(SOON).payload()).isEqualTo("X");
    }

    // --- request and reply

    @Test
    void request_handlerReplies_isAnswered() {
        Hub hub = Hub.create();
        hub.join(
                B,
                envelope -> hub.send(envelope.reply(B, envelope.payload() + "!").build()));
        Envelope question = Envelope.to(B, "ping").from(A).build();
        Envelope answer = hub.request(question).block(SOON);

        assertThat(answer.payload()).isEqualTo("ping!");
        assertThat(answer.causationId()).as("of this asking").isNotEqualTo(question.id());
        assertThat(answer.correlationId()).isEqualTo(question.id());
        assertThat(answer.kind()).isEqualTo(Envelope.Kind.REPLY);
        assertThat(answer.sender()).isEqualTo(B);
        assertThat(hub.stats().pendingRequests()).isZero();
    }

    @Test
    void request_contextOfTheRequester_reachesTheAgent() {
        Hub hub = Hub.create();
        hub.join(Agent.<String, String>of(
                "b", (text, context) -> Mono.deferContextual(seen -> Mono.just(seen.getOrDefault("trace", "none")))));

        assertThat(hub.request(to(B, "?"))
                        .contextWrite(Context.of("trace", "t1"))
                        .block(SOON)
                        .payload())
                .isEqualTo("t1");
    }

    @Test
    void request_emptyAnswer_completesEmpty() {
        Hub hub = Hub.create();
        hub.join(Agent.<String, String>of("b", (text, context) -> Mono.empty()));

        StepVerifier.create(hub.request(to(B, "?"))).expectComplete().verify(SOON);
    }

    @Test
    void request_noAnswer_timesOutAndWithdrawsIt() {
        CountDownLatch cancelled = new CountDownLatch(1);
        Hub hub = Hub.create();
        hub.join(B, envelope -> Mono.never().doOnCancel(cancelled::countDown));
        Envelope question = to(B, "?");
        StepVerifier.create(hub.request(question, Duration.ofMillis(30)))
                .expectErrorSatisfies(thrown -> assertThat(thrown)
                        .isInstanceOfSatisfying(RequestTimeoutException.class, late -> {
                            assertThat(late.request()).isSameAs(question);
                            assertThat(late.timeout()).isEqualTo(Duration.ofMillis(30));
                        }))
                .verify(SOON);
        await(cancelled);
        settle(hub);
    }

    @Test
    void request_inVirtualTime_timesOutAtItsVirtualTime() {
        UndisturbedTime.verifier(() -> {
                    Hub hub = Hub.create();
                    hub.join(B, envelope -> Mono.empty());
                    return hub.request(to(B, "?"), Duration.ofMinutes(5));
                })
                .expectSubscription()
                .expectNoEvent(Duration.ofMinutes(5))
                .expectError(RequestTimeoutException.class)
                .verify(SOON);
    }

    @Test
    void request_handlerFails_failsAtOnceWithItsCause() {
        Hub hub = Hub.create();
        hub.join(B, envelope -> Mono.error(new IllegalStateException("boom")));
        StepVerifier.create(hub.request(to(B, "?")))
                .expectErrorSatisfies(thrown -> assertThat(thrown)
                        .isInstanceOf(UndeliverableException.class)
                        .hasRootCauseMessage("boom"))
                .verify(SOON);
    }

    @Test
    void request_recipientLeaves_failsAtOnce() {
        Hub hub = Hub.create();
        Sinks.Empty<Void> gate = Sinks.empty();
        hub.join(B, envelope -> gate.asMono());
        hub.offer(to(B, "in flight"));
        await(() -> hub.stats().inFlight() == 1);
        TestSubscriber<Envelope> asks = TestSubscriber.create();
        hub.request(to(B, "?")).subscribe(asks);
        hub.leave(B).subscribe();
        await(asks::isTerminatedError);
        gate.tryEmitEmpty();

        assertThat(asks.expectTerminalError())
                .isInstanceOfSatisfying(
                        UndeliverableException.class,
                        left -> assertThat(left.reason()).isEqualTo(DeadLetter.Reason.CLOSED));
    }

    @Test
    void request_cancelled_withdrawsIt() {
        CountDownLatch cancelled = new CountDownLatch(1);
        CountDownLatch started = new CountDownLatch(1);
        Hub hub = Hub.create();
        hub.join(
                B,
                envelope ->
                        Mono.never().doOnSubscribe(any -> started.countDown()).doOnCancel(cancelled::countDown));
        TestSubscriber<Envelope> asks = TestSubscriber.create();
        hub.request(to(B, "?")).subscribe(asks);
        await(started);
        asks.cancel();
        await(cancelled);
        settle(hub);

        assertThat(hub.deadLetters().count(DeadLetter.Reason.CANCELLED)).isEqualTo(1);
        assertThat(hub.stats().pendingRequests()).isZero();
    }

    @Test
    void request_lateReply_isADeadLetter() {
        Hub hub = deadLettering();
        List<Envelope> asked = Collections.synchronizedList(new ArrayList<>());
        hub.join(B, envelope -> {
            asked.add(envelope);
            return Mono.empty();
        });
        StepVerifier.create(hub.request(Envelope.to(B, "?").from(A).build(), Duration.ofMillis(30)))
                .expectError(RequestTimeoutException.class)
                .verify(SOON);
        DeliveryReport report = hub.offer(asked.get(0).reply(B, "late").build());

        assertThat(report.refused()).containsExactly(new Delivery(A, DeadLetter.Reason.LATE_REPLY));
        assertThat(hub.deadLetters().count(DeadLetter.Reason.LATE_REPLY)).isEqualTo(1);
    }

    @Test
    void request_secondReply_isLate() {
        Hub hub = Hub.create();
        hub.join(
                B,
                envelope -> hub.send(envelope.reply(B, 1).build())
                        .then(hub.send(envelope.reply(B, 2).build())));
        hub.request(to(B, "?")).block(SOON);
        settle(hub);

        assertThat(hub.deadLetters().recent())
                .as("the handler's second send fails")
                .singleElement()
                .satisfies(letter -> assertThat(letter.cause())
                        .isInstanceOfSatisfying(
                                UndeliverableException.class,
                                late -> assertThat(late.reason()).isEqualTo(DeadLetter.Reason.LATE_REPLY)));
    }

    @Test
    void request_sameEnvelopeTwiceAtOnce_eachHasItsAnswer() {
        Hub hub = Hub.create();
        AtomicInteger count = new AtomicInteger();
        hub.join(Agent.<String, Integer>of("b", (text, context) -> Mono.fromSupplier(count::incrementAndGet)));
        Envelope question = to(B, "?");
        Mono<Envelope> request = hub.request(question);

        StepVerifier.create(Flux.merge(request, request, hub.request(question))
                        .map(answer -> answer.payload(Integer.class))
                        .collectSortedList())
                .expectNext(List.of(1, 2, 3))
                .expectComplete()
                .verify(SOON);
    }

    @Test
    void request_moreThanMayWait_isRefused() {
        Hub hub = hub(NetworkOptions.builder().maxPendingRequests(1));
        join(hub, A);
        TestSubscriber<Envelope> first = TestSubscriber.create();
        hub.request(to(A, 1)).subscribe(first);

        assertUndeliverable(hub.request(to(A, 2)), DeadLetter.Reason.FULL);
        first.cancel();
        assertThat(hub.stats().pendingRequests()).isZero();
    }

    @Test
    void request_answererDoesNotWaitForTheRequester() {
        Hub hub = Hub.create();
        CountDownLatch release = new CountDownLatch(1);
        hub.join(shouting("b"));
        hub.request(to(B, "x")).subscribe(answer -> await(release));

        assertThat(hub.request(to(B, "y")).block(SOON).payload()).isEqualTo("Y");
        release.countDown();
    }

    // --- bad input

    @Test
    void arguments_bad_areRefused() {
        Hub hub = Hub.create();
        assertThatNullPointerException().isThrownBy(() -> hub.join(null, noting(A)));
        assertThatNullPointerException().isThrownBy(() -> hub.join(A, null));
        assertThatNullPointerException().isThrownBy(() -> hub.join(A, noting(A), null));
        assertThatNullPointerException().isThrownBy(() -> hub.join((Agent<?, ?>) null));
        assertThatNullPointerException().isThrownBy(() -> hub.leave(null));
        assertThatNullPointerException().isThrownBy(() -> hub.send(null));
        assertThatNullPointerException().isThrownBy(() -> hub.offer(null));
        assertThatNullPointerException().isThrownBy(() -> hub.sendAll(null));
        assertThatNullPointerException().isThrownBy(() -> hub.request(null));
        assertThatNullPointerException().isThrownBy(() -> hub.request(to(A, 1), null));
        assertThatNullPointerException().isThrownBy(() -> hub.close(null));
        assertThatNullPointerException().isThrownBy(() -> Hub.create(null));
        assertThatIllegalArgumentException().isThrownBy(() -> hub.request(to(A, 1), Duration.ZERO));
        assertThatIllegalArgumentException().isThrownBy(() -> hub.close(Duration.ofMillis(-1)));
        assertThatIllegalArgumentException()
                .isThrownBy(() -> hub.request(Envelope.toAll(1).build()))
                .withMessageStartingWith("a request must have a recipient: ");
    }

    @Test
    void options_outOfBounds_areRefused() {
        NetworkOptions.Builder options = NetworkOptions.builder();
        assertThatIllegalArgumentException()
                .isThrownBy(() -> options.hopLimit(-1))
                .withMessage("hopLimit must be >= 0, was -1");
        assertThatIllegalArgumentException()
                .isThrownBy(() -> options.maxPendingRequests(0))
                .withMessage("maxPendingRequests must be >= 1, was 0");
        assertThatIllegalArgumentException()
                .isThrownBy(() -> options.logSize(-1))
                .withMessage("logSize must be >= 0, was -1");
        assertThatIllegalArgumentException().isThrownBy(() -> options.requestTimeout(Duration.ZERO));
        assertThatNullPointerException().isThrownBy(() -> options.engine(null));
        assertThatNullPointerException().isThrownBy(() -> options.member(null));
        assertThatNullPointerException().isThrownBy(() -> options.undeliverable(null));
        assertThatNullPointerException().isThrownBy(() -> options.deadLetters(null));
        MemberOptions member = MemberOptions.defaults();
        assertThatIllegalArgumentException().isThrownBy(() -> member.capacity(0));
        assertThatIllegalArgumentException().isThrownBy(() -> member.maxWaiting(-1));
        assertThatIllegalArgumentException().isThrownBy(() -> member.handlerTimeout(Duration.ZERO));
        assertThatNullPointerException().isThrownBy(() -> member.overflow(null));
        assertThatNullPointerException().isThrownBy(() -> member.scheduler(null));
    }

    @Test
    void options_ofTheNetwork_areTheDefaultsOfItsMembers() {
        DeadLetters letters = DeadLetters.create();
        Hub hub = hub(NetworkOptions.builder()
                .deadLetters(letters)
                .requestTimeout(Duration.ofMillis(20))
                .member(MemberOptions.defaults().capacity(1).handlerTimeout(Duration.ofMillis(500))));
        hub.join(A, envelope -> Mono.never());
        hub.offer(to(A, 1));
        await(() -> hub.stats().inFlight() == 1);
        hub.offer(to(A, 2));

        assertThat(hub.offer(to(A, 3)).refused()).containsExactly(new Delivery(A, DeadLetter.Reason.FULL));
        await(() -> letters.count(DeadLetter.Reason.HANDLER_TIMED_OUT) == 2);
        join(hub, B);
        StepVerifier.create(hub.request(to(B, 1)))
                .expectError(RequestTimeoutException.class)
                .verify(SOON);
        assertThat(hub.deadLetters()).isSameAs(letters);
    }
}
