package io.flotilla.message;

import static io.flotilla.message.Messages.SOON;
import static io.flotilla.message.Messages.await;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatNullPointerException;

import io.flotilla.AgentId;
import io.flotilla.agent.Agent;
import io.flotilla.run.Join;
import java.time.Duration;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import reactor.core.publisher.Mono;
import reactor.test.StepVerifier;
import reactor.test.subscriber.TestSubscriber;

@Timeout(60)
class GatherTest {

    private static final Envelope QUESTION = Envelope.toAll("?").from("asker").build();

    private final Hub hub = Hub.create();
    private final AtomicInteger started = new AtomicInteger();
    private final AtomicInteger cancelled = new AtomicInteger();

    private void answering(int count) {
        for (int at = 0; at < count; at++) {
            int value = at;
            hub.join(Agent.<String, Integer>of("good#" + at, (text, context) -> Mono.just(value)));
        }
    }

    private void failing(int count) {
        for (int at = 0; at < count; at++) {
            hub.join(Agent.<String, Integer>of(
                    "bad#" + at, (text, context) -> Mono.error(new IllegalStateException("boom"))));
        }
    }

    private void hanging(int count) {
        for (int at = 0; at < count; at++) {
            hub.join(Agent.<String, Integer>of(
                    "silent#" + at,
                    (text, context) -> Mono.<Integer>never()
                            .doOnSubscribe(any -> started.incrementAndGet())
                            .doOnCancel(cancelled::incrementAndGet)));
        }
    }

    private Gathered gather(Join join) {
        return hub.gather(QUESTION, join).block(SOON);
    }

    private void assertUnmet(Join join, int answered) {
        StepVerifier.create(hub.gather(QUESTION, join))
                .expectErrorSatisfies(thrown -> assertThat(thrown)
                        .isInstanceOfSatisfying(GatherUnmetException.class, unmet -> {
                            assertThat(unmet.gathered().isMet()).isFalse();
                            assertThat(unmet.gathered().of(Answer.Status.ANSWERED))
                                    .hasSize(answered);
                            assertThat(unmet).hasMessageStartingWith("join " + join + " fell short: " + answered);
                        }))
                .verify(SOON);
    }

    @Test
    void all_everybodyAnswers_isMetInTheOrderOfJoining() {
        answering(5);
        Gathered gathered = gather(Join.all());

        assertThat(gathered.isMet()).isTrue();
        assertThat(gathered.payloads(Integer.class)).containsExactly(0, 1, 2, 3, 4);
        assertThat(hub.stats().pendingRequests()).isZero();
    }

    @Test
    void all_oneFails_isShortAtOnceAndTheOthersAreCancelled() {
        hanging(3);
        failing(1);
        StepVerifier.create(hub.gather(QUESTION, Join.all()))
                .expectErrorSatisfies(thrown -> assertThat(thrown)
                        .isInstanceOf(GatherUnmetException.class)
                        .hasRootCauseMessage("boom"))
                .verify(SOON);

        await(() -> hub.stats().inFlight() == 0 && hub.stats().queued() == 0);
        assertThat(hub.stats().pendingRequests()).isZero();
    }

    @Test
    void firstSuccess_oneAnswers_isMetAndTheOthersAreCancelled() {
        hanging(3);
        failing(1);
        answering(1);
        Gathered gathered = gather(Join.firstSuccess());

        assertThat(gathered.payloads(Integer.class)).containsExactly(0);
        assertThat(gathered.of(Answer.Status.CANCELLED)).hasSizeGreaterThanOrEqualTo(3);
        await(() -> hub.stats().inFlight() == 0 && hub.stats().queued() == 0);
        NetworkStats stats = hub.stats();
        assertThat(stats.accepted()).isEqualTo(stats.delivered() + stats.deadLettered());
    }

    @Test
    void firstSuccess_everybodyFails_isShort() {
        failing(3);
        assertUnmet(Join.firstSuccess(), 0);
    }

    @Test
    void atLeast_belowAtAndAboveWhatCanAnswer() {
        answering(3);
        failing(2);

        assertThat(gather(Join.atLeast(2)).isMet()).isTrue();
        assertThat(gather(Join.atLeast(3)).payloads(Integer.class)).containsExactly(0, 1, 2);
        StepVerifier.create(hub.gather(QUESTION, Join.atLeast(4)))
                .expectError(GatherUnmetException.class)
                .verify(SOON);
    }

    @Test
    void ratio_belowAtAndAboveWhatCanAnswer() {
        answering(3);
        failing(1);

        assertThat(gather(Join.ratio(0.5)).isMet()).isTrue();
        assertThat(gather(Join.ratio(0.75)).isMet()).isTrue();
        StepVerifier.create(hub.gather(QUESTION, Join.ratio(0.76)))
                .expectError(GatherUnmetException.class)
                .verify(SOON);
    }

    @Test
    void allSettled_waitsForAllAndNeedsOne() {
        answering(1);
        failing(2);
        Gathered gathered = gather(Join.allSettled());

        assertThat(gathered.isMet()).isTrue();
        assertThat(gathered.of(Answer.Status.FAILED)).hasSize(2);
        assertThat(gathered.answers().get(1).cause()).hasRootCauseMessage("boom");
        assertThat(gathered.answers().get(1).payload(Integer.class)).isNull();
    }

    @Test
    void within_silentOnes_timeOut() {
        answering(2);
        hanging(2);
        Gathered gathered = gather(Join.allSettled().within(Duration.ofMillis(50)));

        assertThat(gathered.of(Answer.Status.TIMED_OUT)).hasSize(2);
        assertThat(gathered.isMet()).isTrue();
        assertUnmet(Join.all().within(Duration.ofMillis(50)), 2);
        await(() -> cancelled.get() == 4);
    }

    @Test
    void orProceed_short_hasWhatThereIs() {
        answering(2);
        failing(1);
        Gathered gathered = gather(Join.atLeast(3).orProceed());

        assertThat(gathered.isMet()).isFalse();
        assertThat(gathered.of(Answer.Status.FAILED)).hasSize(1);
    }

    @Test
    void keepStragglers_theOthersGoOn() {
        AtomicInteger done = new AtomicInteger();
        answering(1);
        hub.join(Agent.<String, String>of(
                "slow",
                (text, context) -> Mono.delay(Duration.ofMillis(50))
                        .thenReturn("late")
                        .doOnSuccess(any -> done.incrementAndGet())));
        Gathered gathered = gather(Join.firstSuccess().keepStragglers());

        assertThat(gathered.of(Answer.Status.CANCELLED))
                .extracting(Answer::receiver)
                .containsExactly(AgentId.of("slow"));
        await(() -> done.get() == 1 && hub.stats().pendingRequests() == 0);
        await(() -> hub.stats().inFlight() == 0);
        assertThat(hub.deadLetters().count()).as("nobody's late reply").isZero();
    }

    @Test
    void cancel_withdrawsAll() {
        hanging(3);
        TestSubscriber<Gathered> asks = TestSubscriber.create();
        hub.gather(QUESTION, Join.all()).subscribe(asks);
        await(() -> started.get() == 3);
        asks.cancel();
        await(() -> hub.stats().inFlight() == 0);

        assertThat(hub.stats().pendingRequests()).isZero();
        await(() -> cancelled.get() == 3);
    }

    @Test
    void nobodyThere_isUndeliverable() {
        StepVerifier.create(hub.gather(QUESTION, Join.all()))
                .expectErrorSatisfies(thrown -> assertThat(thrown)
                        .isInstanceOfSatisfying(
                                UndeliverableException.class,
                                undeliverable ->
                                        assertThat(undeliverable.reason()).isEqualTo(DeadLetter.Reason.NO_RECEIVER)))
                .verify(SOON);
    }

    @Test
    void arguments_bad_areRefused() {
        assertThatNullPointerException().isThrownBy(() -> hub.gather(null, Join.all()));
        assertThatNullPointerException().isThrownBy(() -> hub.gather(QUESTION, null));
        assertThatIllegalArgumentException()
                .isThrownBy(() -> hub.gather(QUESTION, Join.all().orAsk()))
                .withMessage("nobody is there to be asked, join was all().orAsk()");
        assertThatIllegalArgumentException()
                .isThrownBy(() -> hub.gather(QUESTION, Join.when(any -> Join.Verdict.MET)))
                .withMessageContaining("when(predicate)");
    }
}
