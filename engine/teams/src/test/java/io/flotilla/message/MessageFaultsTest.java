package io.flotilla.message;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatNullPointerException;

import io.flotilla.AgentId;
import io.flotilla.agent.Agent;
import io.flotilla.run.Join;
import io.flotilla.testkit.UndisturbedTime;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import reactor.core.publisher.Mono;

@Timeout(60)
class MessageFaultsTest {

    private static final AgentId BOB = AgentId.of("bob");

    private final List<Object> got = Collections.synchronizedList(new ArrayList<>());
    private UndisturbedTime time;

    @BeforeEach
    void begin() {
        time = UndisturbedTime.begin();
    }

    @AfterEach
    void end() {
        time.close();
    }

    private Hub hub(MessageFaults faults) {
        Hub hub = Hub.create(NetworkOptions.builder().faults(faults).build());
        hub.join(BOB, envelope -> {
            got.add(envelope.payload());
            return Mono.empty();
        });
        return hub;
    }

    private static List<Duration> seconds(Integer... seconds) {
        return Arrays.stream(seconds).map(Duration::ofSeconds).toList();
    }

    private DeliveryReport offer(Hub hub, Object payload) {
        DeliveryReport report = hub.offer(Envelope.to(BOB, payload).build());
        time.advanceTimeBy(Duration.ZERO);
        return report;
    }

    @Test
    void faults_none_messageIsLostAndItsSenderNotTold() {
        Hub hub = hub((envelope, receiver) -> List.of());

        assertThat(offer(hub, 1).acceptedCount()).isEqualTo(1);
        time.advanceTimeBy(Duration.ofDays(1));
        assertThat(got).isEmpty();
        assertThat(hub.deadLetters().count()).isZero();
    }

    @Test
    void faults_two_messageIsDeliveredTwice() {
        Hub hub = hub((envelope, receiver) -> seconds(0, 0));

        offer(hub, 1);
        assertThat(got).containsExactly(1, 1);
    }

    @Test
    void faults_delay_laterMessagesOvertake() {
        Hub hub = hub((envelope, receiver) -> envelope.payload().equals(1) ? seconds(2) : seconds(0));

        offer(hub, 1);
        offer(hub, 2);
        assertThat(got).containsExactly(2);
        time.advanceTimeBy(Duration.ofMillis(1_999));
        assertThat(got).containsExactly(2);
        time.advanceTimeBy(Duration.ofMillis(1));
        assertThat(got).containsExactly(2, 1);
    }

    @Test
    void faults_delayBeyondTheMember_isADeadLetter() {
        Hub hub = hub((envelope, receiver) -> seconds(2));
        offer(hub, 1);
        hub.leave(BOB).subscribe();
        time.advanceTimeBy(Duration.ofSeconds(2));

        assertThat(got).isEmpty();
        assertThat(hub.deadLetters().count(DeadLetter.Reason.CLOSED)).isEqualTo(1);
    }

    @Test
    void faults_ofEachReceiver_areAsked() {
        Hub hub = hub((envelope, receiver) -> receiver.equals(BOB) ? List.of() : seconds(0));
        hub.join(AgentId.of("eve"), envelope -> {
            got.add("eve");
            return Mono.empty();
        });
        hub.offer(Envelope.toAll(1).build());
        time.advanceTimeBy(Duration.ZERO);

        assertThat(got).containsExactly("eve");
    }

    @Test
    void faults_throwingOrNull_areNone() {
        Hub throwing = hub((envelope, receiver) -> {
            throw new IllegalStateException("no");
        });
        Hub none = hub((envelope, receiver) -> null);
        Hub holed = hub((envelope, receiver) -> Collections.singletonList(null));

        offer(throwing, 1);
        offer(none, 2);
        offer(holed, 3);
        assertThat(got).containsExactly(1, 2, 3);
        assertThatNullPointerException()
                .isThrownBy(() -> NetworkOptions.builder().faults(null));
    }

    private List<Object> asked(MessageFaults faults) {
        Hub hub = Hub.create(NetworkOptions.builder().faults(faults).build());
        hub.join(Agent.<Integer, Integer>of("adder", (input, context) -> {
            got.add(input);
            return Mono.just(input + 1);
        }));
        List<Object> heard = new ArrayList<>();
        hub.request(Envelope.to("adder", 1).from("x").build(), Duration.ofSeconds(10))
                .subscribe(reply -> heard.add(reply.payload()), failure -> heard.add(failure.getClass()));
        time.advanceTimeBy(Duration.ofSeconds(20));
        return heard;
    }

    @Test
    void faults_ofARequest_areThoseOfAnyMessage() {
        assertThat(asked((envelope, receiver) -> seconds(0))).containsExactly(2);
        assertThat(asked((envelope, receiver) -> List.of())).containsExactly(RequestTimeoutException.class);
        assertThat(asked((envelope, receiver) -> seconds(2))).containsExactly(2);
        got.clear();
        assertThat(asked((envelope, receiver) -> seconds(0, 0))).containsExactly(2);
        assertThat(got).containsExactly(1, 1);
        got.clear();
        assertThat(asked((envelope, receiver) -> seconds(11))).containsExactly(RequestTimeoutException.class);
        assertThat(got).as("it has expired on its way").isEmpty();
    }

    @Test
    void faults_ofAReply_areThoseOfAnyMessage() {
        assertThat(asked((envelope, receiver) -> isReply(envelope) ? List.of() : seconds(0)))
                .containsExactly(RequestTimeoutException.class);
        assertThat(asked((envelope, receiver) -> isReply(envelope) ? seconds(3) : seconds(0)))
                .containsExactly(2);
        assertThat(asked((envelope, receiver) -> isReply(envelope) ? seconds(0, 0, 1) : seconds(0)))
                .containsExactly(2);
    }

    private static boolean isReply(Envelope envelope) {
        return envelope.kind() == Envelope.Kind.REPLY;
    }

    @Test
    void faults_ofAGatherWhoseDelayedRequestIsRefused_failThatAnswer() {
        Hub hub = Hub.create(NetworkOptions.builder()
                .faults((envelope, receiver) -> receiver.equals(BOB) ? seconds(1) : seconds(0))
                .build());
        hub.join(BOB, envelope -> Mono.empty());
        List<Gathered> heard = new ArrayList<>();
        hub.gather(Envelope.to(BOB, 1).from("x").build(), Join.allSettled().orProceed())
                .subscribe(heard::add);
        hub.leave(BOB).subscribe();
        time.advanceTimeBy(Duration.ofSeconds(1));

        assertThat(heard)
                .singleElement()
                .satisfies(gathered -> assertThat(gathered.answers())
                        .singleElement()
                        .satisfies(answer -> assertThat(answer.status()).isEqualTo(Answer.Status.FAILED)));
    }
}
