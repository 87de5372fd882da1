package io.flotilla.message;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatNullPointerException;

import io.flotilla.AgentId;
import io.flotilla.agent.Agent;
import io.flotilla.run.Join;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.function.UnaryOperator;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import reactor.core.publisher.Mono;
import reactor.test.StepVerifier;
import reactor.util.context.Context;

@Timeout(20)
class NetworkGuardTest {

    private static final AgentId A = AgentId.of("a");
    private static final AgentId B = AgentId.of("b");
    private static final Duration LONG = Duration.ofSeconds(10);

    /** Refuses what says so, and opens the rest. */
    private static final class Doorman implements NetworkGuard {

        final List<Envelope> seen = new CopyOnWriteArrayList<>();
        final List<Boolean> answers = new CopyOnWriteArrayList<>();
        UnaryOperator<Envelope> outgoing = UnaryOperator.identity();

        @Override
        public Envelope admit(Envelope envelope, boolean isAnswer) {
            seen.add(envelope);
            answers.add(isAnswer);
            return switch (envelope.payload().toString()) {
                case "bad" -> throw new IllegalStateException("not you");
                case "fatal" -> throw new LinkageError("not you");
                case "null" -> null;
                default -> envelope.withPayload("open " + envelope.payload()).build();
            };
        }

        @Override
        public Envelope outgoing(Envelope reply) {
            return outgoing.apply(reply);
        }
    }

    private final Doorman doorman = new Doorman();
    private final List<Object> heard = new CopyOnWriteArrayList<>();

    private Hub hub(Undeliverable undeliverable) {
        Hub hub = Hub.create(NetworkOptions.builder()
                .guard(doorman)
                .undeliverable(undeliverable)
                .build());
        hub.join(B, envelope -> {
            heard.add(envelope.payload());
            return Mono.empty();
        });
        return hub;
    }

    private static Envelope to(AgentId whom, String text) {
        return Envelope.to(whom, text)
                .from(A)
                .headers(Map.of("key", "canary"))
                .trace(Map.of("traceparent", "canary"))
                .context(Context.of("key", "canary"))
                .build();
    }

    @Test
    void message_admitted_isDeliveredAsTheGuardReturnsIt() {
        Hub hub = hub(Undeliverable.ERROR);

        assertThat(hub.offer(to(B, "one")).isComplete()).isTrue();
        assertThat(hub.send(to(B, "two")).block(LONG).isComplete()).isTrue();
        hub.close(LONG).block(LONG);

        assertThat(heard).containsExactly("open one", "open two");
        assertThat(hub.log())
                .as("reports have what was sent")
                .extracting(report -> report.envelope().payload())
                .containsExactly("one", "two");
    }

    @ParameterizedTest
    @EnumSource(Undeliverable.class)
    void message_refused_isADeadLetterWithoutItsContent(Undeliverable undeliverable) {
        Hub hub = hub(undeliverable);

        for (String text : List.of("bad", "fatal", "null")) {
            DeliveryReport report = hub.offer(to(B, text));

            assertThat(report.deliveries()).containsExactly(new Delivery(B, DeadLetter.Reason.REFUSED));
            assertThat(report.envelope().payload()).isEqualTo(Withheld.PAYLOAD);
        }
        assertThat(hub.deadLetters().count(DeadLetter.Reason.REFUSED)).isEqualTo(3);
        assertThat(hub.deadLetters().recent()).allSatisfy(letter -> {
            assertThat(letter.envelope().payload()).isEqualTo(Withheld.PAYLOAD);
            assertThat(letter.envelope().headers()).isEmpty();
            assertThat(letter.envelope().trace()).isEmpty();
            assertThat(letter.envelope().context().isEmpty()).isTrue();
            assertThat(letter.receiver()).isEqualTo(B);
        });
        assertThat(hub.deadLetters().recent())
                .extracting(letter -> (Object) letter.cause().getClass())
                .containsExactly(IllegalStateException.class, LinkageError.class, NullPointerException.class);
        assertThat(hub.log())
                .hasSize(3)
                .allSatisfy(report -> assertThat(report.envelope().payload()).isEqualTo(Withheld.PAYLOAD));
        assertThat(hub.stats().accepted()).isZero();
    }

    @Test
    void send_refused_tellsTheSenderAsTheOptionsSay() {
        StepVerifier.create(hub(Undeliverable.ERROR).send(to(B, "bad")))
                .expectErrorSatisfies(error -> {
                    assertThat(error).isInstanceOf(UndeliverableException.class).hasMessageContaining("REFUSED at b");
                    assertThat(error).as("a text of others").hasMessageNotContaining("not you");
                    assertThat(((UndeliverableException) error).envelope().payload())
                            .isEqualTo(Withheld.PAYLOAD);
                    assertThat(error.getCause()).hasMessage("not you");
                })
                .verify(LONG);
        Hub other = hub(Undeliverable.DEAD_LETTER);
        StepVerifier.create(other.send(to(B, "bad")))
                .expectNextMatches(report -> report.acceptedCount() == 0)
                .expectComplete()
                .verify(LONG);
        assertThat(other.deadLetters().count()).isEqualTo(1);
    }

    @Test
    void request_throughTheGuard_isAdmittedAndSoIsItsAnswer() {
        Hub hub = hub(Undeliverable.ERROR);
        hub.join(Agent.<String, String>of("echo", (text, context) -> Mono.just("echo of " + text)));

        StepVerifier.create(hub.request(to(AgentId.of("echo"), "one")))
                .expectNextMatches(reply -> reply.payload().equals("open echo of open one"))
                .expectComplete()
                .verify(LONG);

        assertThat(doorman.answers).containsExactly(false, true);
        assertThat(doorman.seen.get(0).kind()).isEqualTo(Envelope.Kind.REQUEST);
        assertThat(doorman.seen.get(0).deadline()).isNotNull();
        assertThat(hub.deadLetters().count()).isZero();
    }

    @Test
    void request_refused_failsAndIsADeadLetterOnce() {
        Hub hub = hub(Undeliverable.DEAD_LETTER);

        StepVerifier.create(hub.request(to(B, "bad")))
                .expectErrorSatisfies(error ->
                        assertThat(((UndeliverableException) error).reason()).isEqualTo(DeadLetter.Reason.REFUSED))
                .verify(LONG);
        StepVerifier.create(hub.gather(to(B, "bad"), Join.all()))
                .expectError(UndeliverableException.class)
                .verify(LONG);

        assertThat(hub.deadLetters().count()).isEqualTo(2);
        assertThat(hub.stats().pendingRequests()).isZero();
    }

    @Test
    void answer_thatTheGuardDoesNotPrepare_failsTheRequestAtOnce() {
        Hub hub = hub(Undeliverable.ERROR);
        hub.join(Agent.<String, String>of("echo", (text, context) -> Mono.just("canary")));
        doorman.outgoing = reply -> {
            throw new IllegalStateException("no key");
        };

        StepVerifier.create(hub.request(to(AgentId.of("echo"), "one"), Duration.ofMinutes(5)))
                .expectErrorSatisfies(error -> assertThat(error.getCause()).hasMessage("no key"))
                .verify(LONG);

        assertThat(hub.deadLetters().recent())
                .singleElement()
                .satisfies(letter -> assertThat(letter.envelope().payload()).isEqualTo(Withheld.PAYLOAD));
    }

    @Test
    void answer_refusedAtTheDoor_doesNotEndTheRequestOfAnother() {
        Hub hub = hub(Undeliverable.ERROR);
        hub.join(
                AgentId.of("slow"),
                request -> Mono.delay(Duration.ofMillis(50))
                        .then(Mono.fromSupplier(() -> hub.offer(
                                request.reply(AgentId.of("slow"), "bad").build())))
                        .then(Mono.fromSupplier(() -> hub.offer(
                                request.reply(AgentId.of("slow"), "good").build()))));

        StepVerifier.create(hub.request(to(AgentId.of("slow"), "one")))
                .expectNextMatches(reply -> reply.payload().equals("open good"))
                .expectComplete()
                .verify(LONG);
        assertThat(hub.deadLetters().count(DeadLetter.Reason.REFUSED)).isEqualTo(1);
    }

    @Test
    void withPayload_keepsAllElse() {
        Envelope envelope = to(B, "one");

        Envelope other = envelope.withPayload("two").build();

        assertThat(other).isEqualTo(envelope);
        assertThat(other.payload()).isEqualTo("two");
        assertThat(other.headers()).isEqualTo(envelope.headers());
        assertThat(other.sender()).isEqualTo(A);
        assertThat(other.recipient()).isEqualTo(B);
        assertThat(other.context()).isEqualTo(envelope.context());
        assertThatNullPointerException().isThrownBy(() -> envelope.withPayload(null));
    }

    @Test
    void guard_null_isRefused() {
        assertThatNullPointerException()
                .isThrownBy(() -> NetworkOptions.builder().guard(null))
                .withMessage("guard");
    }
}
