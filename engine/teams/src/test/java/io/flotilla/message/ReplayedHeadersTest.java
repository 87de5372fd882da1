package io.flotilla.message;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatNullPointerException;

import io.flotilla.AgentId;
import io.flotilla.step.StepEngine;
import io.flotilla.testkit.UndisturbedTime;
import java.time.Duration;
import java.util.Map;
import java.util.function.Consumer;
import java.util.function.Supplier;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import reactor.core.publisher.Mono;

/** A desk says to the printer with what priority to print: a replay sees that it says another one. In virtual time. */
@Timeout(60)
class ReplayedHeadersTest {

    private static final AgentId DESK = AgentId.of("desk");
    private static final AgentId PRINTER = AgentId.of("printer");
    private static final Map<String, String> HIGH = Map.of("priority", "high", "copies", "2");

    private final StepEngine engine =
            StepEngine.builder().redactor(text -> text.replace("secret", "***")).build();
    private UndisturbedTime time;

    @BeforeEach
    void begin() {
        time = UndisturbedTime.begin();
    }

    @AfterEach
    void end() {
        time.close();
    }

    private static Consumer<Network> desk(Supplier<Map<String, String>> headers) {
        return network -> network.join(
                DESK,
                order -> network.send(Envelope.to(PRINTER, order.payload())
                        .from(DESK)
                        .headers(headers.get())
                        .build()));
    }

    private NetworkReplay recorded(Map<String, String> headers) {
        Hub hub = Hub.create(NetworkOptions.builder()
                .undeliverable(Undeliverable.DEAD_LETTER)
                .build());
        NetworkRecorder recorder = NetworkRecorder.builder().engine(engine).build();
        hub.tap(recorder);
        desk(() -> headers).accept(hub);
        hub.offer(Envelope.to(DESK, "pen").id("order").build());
        time.advanceTimeBy(Duration.ofSeconds(1));
        return NetworkReplay.of(recorder.recording()).engine(engine).undeliverable(Undeliverable.DEAD_LETTER);
    }

    private NetworkReplayReport replay(NetworkReplay replay, Consumer<Network> system) {
        NetworkReplayReport[] report = new NetworkReplayReport[1];
        replay.run(system).subscribe(each -> report[0] = each);
        time.advanceTimeBy(Duration.ofMinutes(1));
        assertThat(report[0]).as("the replay has ended").isNotNull();
        return report[0];
    }

    @Test
    void replay_withTheSameHeaders_matches() {
        assertThat(replay(recorded(HIGH), desk(() -> HIGH)).divergence()).isNull();
        assertThat(replay(recorded(Map.of()), desk(Map::of)).divergence()).isNull();
    }

    @Test
    void replay_withOtherHeaders_isADivergenceThatSaysWhich() {
        NetworkDivergence divergence =
                replay(recorded(HIGH), desk(() -> Map.of("priority", "low"))).divergence();

        assertThat(divergence.kind()).isEqualTo(NetworkDivergence.Kind.DIFFERENT_HEADERS);
        assertThat(divergence.agent()).isEqualTo(DESK);
        assertThat(divergence.expected()).isEqualTo("MESSAGE to printer, headers {copies=2, priority=high}");
        assertThat(divergence.found()).isEqualTo("MESSAGE to printer, headers {priority=low}");
        assertThat(replay(recorded(Map.of()), desk(() -> HIGH)).divergence().kind())
                .isEqualTo(NetworkDivergence.Kind.DIFFERENT_HEADERS);
    }

    @Test
    void replay_withSecretsInHeaders_comparesAndShowsThemRedacted() {
        NetworkReplay replay = recorded(Map.of("key", "secret 1"));

        assertThat(replay(replay, desk(() -> Map.of("key", "secret 1"))).divergence())
                .isNull();
        assertThat(replay(replay, desk(() -> Map.of("key", "secret 2"))).divergence())
                .hasToString(
                        "DIFFERENT_HEADERS at desk, message "
                                + replay(replay, desk(() -> Map.of("key", "secret 2")))
                                        .divergence()
                                        .messageId()
                                + ": expected MESSAGE to printer, headers {key=*** 1}, found MESSAGE to printer, headers {key=*** 2}");
    }

    @Test
    void replay_withTimesInHeaders_isAsThePredicateSays() {
        NetworkReplay replay = recorded(Map.of("at", "12:00"));
        Consumer<Network> later = desk(() -> Map.of("at", "12:01"));

        assertThat(replay(replay, later).matches()).isFalse();
        assertThat(replay(replay.sameHeadersIf((recorded, found) -> true), later)
                        .matches())
                .isTrue();
        assertThat(replay(
                                replay.sameHeadersIf(
                                        (recorded, found) -> recorded.keySet().equals(found.keySet())),
                                desk(Map::of))
                        .matches())
                .isFalse();
        assertThat(replay(
                                replay.sameHeadersIf((recorded, found) -> {
                                    throw new AssertionError("not even that");
                                }),
                                later)
                        .divergence()
                        .kind())
                .isEqualTo(NetworkDivergence.Kind.DIFFERENT_HEADERS);
        assertThatNullPointerException().isThrownBy(() -> replay.sameHeadersIf(null));
    }

    /** The recorder writes the type alone when a payload cannot be written, whatever it throws; the replay has to do the same. */
    @Test
    void replay_ofAPayloadThatThrowsWhenItIsWritten_isThatOfItsType() {
        StepEngine breaking = StepEngine.builder()
                .redactor(text -> {
                    if (text.equals("pen")) {
                        throw new IllegalStateException("no pens");
                    }
                    return text;
                })
                .build();
        Hub hub = Hub.create(NetworkOptions.builder()
                .undeliverable(Undeliverable.DEAD_LETTER)
                .build());
        NetworkRecorder recorder = NetworkRecorder.builder().engine(breaking).build();
        hub.tap(recorder);
        Consumer<Network> system = network -> network.join(
                DESK,
                order -> network.send(Envelope.to(PRINTER, "pen").from(DESK).build()));
        system.accept(hub);
        hub.offer(Envelope.to(DESK, "go").build());
        time.advanceTimeBy(Duration.ofSeconds(1));

        assertThat(replay(
                                NetworkReplay.of(recorder.recording())
                                        .engine(breaking)
                                        .undeliverable(Undeliverable.DEAD_LETTER),
                                system)
                        .divergence())
                .isNull();
    }

    private static RuntimeException refusal(boolean isError) {
        if (isError) {
            throw new LinkageError("gone");
        }
        return new IllegalStateException("no");
    }

    /** What it does not have would be missed by nobody, if it said that it was whole. */
    @Test
    void recording_ofWhatCannotBeWrittenAtAll_isNotComplete() {
        for (boolean isError : new boolean[] {false, true}) {
            StepEngine breaking = StepEngine.builder()
                    .redactor(text -> {
                        if (text.equals("high")) {
                            throw refusal(isError);
                        }
                        return text;
                    })
                    .build();
            NetworkRecorder recorder =
                    NetworkRecorder.builder().engine(breaking).build();
            Hub hub = Hub.create();
            hub.join(PRINTER, message -> Mono.empty());
            hub.tap(recorder);
            hub.offer(Envelope.to(PRINTER, "one").build());
            time.advanceTimeBy(Duration.ofSeconds(1));
            assertThat(recorder.recording().isComplete()).isTrue();
            hub.offer(Envelope.to(PRINTER, "two").headers(HIGH).build());
            hub.offer(Envelope.to(PRINTER, "three").build());
            time.advanceTimeBy(Duration.ofSeconds(1));

            NetworkRecording recording = recorder.recording();
            assertThat(recording.isComplete()).isFalse();
            assertThat(recording.events().stream().map(NetworkEvent::kind))
                    .containsExactly(
                            NetworkEvent.Kind.JOINED,
                            NetworkEvent.Kind.SENT,
                            NetworkEvent.Kind.RECEIVED,
                            NetworkEvent.Kind.HANDLED,
                            NetworkEvent.Kind.TRUNCATED);
        }
    }
}
