package io.flotilla.message;

import static org.assertj.core.api.Assertions.assertThat;

import io.flotilla.AgentId;
import io.flotilla.testkit.UndisturbedTime;
import java.time.Duration;
import java.util.List;
import java.util.function.Consumer;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;

/** The same messages in another order, or twice, and a failure of another kind. In virtual time. */
@Timeout(60)
class ReplayedOrderTest {

    private static final AgentId DESK = AgentId.of("desk");

    private UndisturbedTime time;

    @BeforeEach
    void begin() {
        time = UndisturbedTime.begin();
    }

    @AfterEach
    void end() {
        time.close();
    }

    private static Consumer<Network> desk(List<String> receivers, Throwable failure) {
        return network -> network.join(
                DESK,
                order -> Flux.fromIterable(receivers)
                        .concatMap(to ->
                                network.send(Envelope.to(to, "x").from(DESK).build()))
                        .then(failure == null ? Mono.empty() : Mono.error(failure)));
    }

    private NetworkDivergence divergence(Consumer<Network> then, Consumer<Network> now) {
        Hub hub = Hub.create(NetworkOptions.builder()
                .undeliverable(Undeliverable.DEAD_LETTER)
                .build());
        NetworkRecorder recorder = NetworkRecorder.create();
        hub.tap(recorder);
        then.accept(hub);
        hub.offer(Envelope.to(DESK, "go").build());
        time.advanceTimeBy(Duration.ofSeconds(1));
        NetworkReplayReport[] report = new NetworkReplayReport[1];
        NetworkReplay.of(recorder.recording())
                .undeliverable(Undeliverable.DEAD_LETTER)
                .run(now)
                .subscribe(each -> report[0] = each);
        time.advanceTimeBy(Duration.ofMinutes(1));
        assertThat(report[0]).as("the replay has ended").isNotNull();
        return report[0].divergence();
    }

    @Test
    void replay_inAnotherOrder_isADivergence() {
        Consumer<Network> recorded = desk(List.of("a", "b"), null);

        assertThat(divergence(recorded, recorded)).isNull();
        NetworkDivergence found = divergence(recorded, desk(List.of("b", "a"), null));
        assertThat(found.kind()).isEqualTo(NetworkDivergence.Kind.DIFFERENT_RECIPIENT);
        assertThat(found.expected()).isEqualTo("MESSAGE to a: x");
        assertThat(found.found()).isEqualTo("MESSAGE to b: x");
    }

    @Test
    void replay_failingWithAnotherException_isADivergence() {
        Consumer<Network> recorded = desk(List.of(), new IllegalStateException("no"));

        assertThat(divergence(recorded, recorded)).isNull();
        NetworkDivergence found = divergence(recorded, desk(List.of(), new UnsupportedOperationException("no")));
        assertThat(found.kind()).isEqualTo(NetworkDivergence.Kind.DIFFERENT_FAILURE);
        assertThat(found.expected()).isEqualTo("failed with java.lang.IllegalStateException");
        assertThat(found.found()).isEqualTo("failed with java.lang.UnsupportedOperationException");
    }

    /** The second copy is dropped from the queue when the first has long been handled: that is not how the first ended. */
    @Test
    void replay_ofAMessageThatComesTwiceAndIsDroppedOnce_matches() {
        Hub hub = Hub.create(NetworkOptions.builder()
                .member(MemberOptions.defaults().capacity(2).overflow(Overflow.DROP_OLDEST))
                .undeliverable(Undeliverable.DEAD_LETTER)
                .build());
        NetworkRecorder recorder = NetworkRecorder.create();
        hub.tap(recorder);
        Consumer<Network> system = network -> network.join(
                DESK,
                order -> network.send(Envelope.to("printer", order.payload())
                                .from(DESK)
                                .build())
                        .then(Mono.delay(Duration.ofSeconds(2))));
        system.accept(hub);
        for (String id : List.of("twice", "other", "twice")) {
            hub.offer(Envelope.to(DESK, id).id(id).build());
        }
        time.advanceTimeBy(Duration.ofSeconds(3));
        for (String id : List.of("third", "fourth")) {
            hub.offer(Envelope.to(DESK, id).id(id).build());
        }
        time.advanceTimeBy(Duration.ofSeconds(10));
        NetworkRecording recording = recorder.recording();
        assertThat(recording.events().stream()
                        .filter(event -> "twice".equals(event.messageId()) && DESK.equals(event.member()))
                        .map(NetworkEvent::kind))
                .containsExactly(
                        NetworkEvent.Kind.RECEIVED, NetworkEvent.Kind.HANDLED, NetworkEvent.Kind.DEAD_LETTERED);

        NetworkReplayReport[] report = new NetworkReplayReport[1];
        NetworkReplay.of(recording)
                .undeliverable(Undeliverable.DEAD_LETTER)
                .run(system)
                .subscribe(each -> report[0] = each);
        time.advanceTimeBy(Duration.ofMinutes(1));

        assertThat(report[0].divergence()).isNull();
        assertThat(report[0].received()).isEqualTo(4);
    }
}
