package io.flotilla.message;

import static org.assertj.core.api.Assertions.assertThat;

import io.flotilla.AgentId;
import java.time.Duration;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Consumer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import reactor.core.publisher.Mono;

/** Handlers may keep their thread in a network, so they may in a replay. In real time. */
@Timeout(60)
class ReplayOfBlockingTest {

    private static final AgentId CLERK = AgentId.of("clerk");
    private static final Duration SHORT = Duration.ofMillis(100);
    private static final Duration LONG = Duration.ofSeconds(30);

    private static void offer(Hub hub, String payload) {
        assertThat(hub.offer(Envelope.to(CLERK, payload).build()).acceptedCount())
                .isEqualTo(1);
    }

    private static NetworkRecording record(MemberOptions options, MessageHandler clerk, String... messages) {
        Hub hub = Hub.create(NetworkOptions.builder().member(options).build());
        NetworkRecorder recorder = NetworkRecorder.create();
        hub.tap(recorder);
        hub.join(CLERK, clerk);
        for (String each : messages) {
            offer(hub, each);
        }
        hub.close(LONG).block(LONG);
        return recorder.recording();
    }

    private static NetworkReplayReport replay(NetworkReplay replay, MessageHandler clerk) {
        Consumer<Network> system = network -> network.join(CLERK, clerk);
        return replay.run(system).block(LONG);
    }

    /** It never returns, as it had not when it was recorded: the network had taken its thread, and so does the replay. */
    @Test
    void replay_ofAHandlerThatNeverReturns_matchesAtItsTimeLimit() throws Exception {
        CountDownLatch never = new CountDownLatch(1);
        CountDownLatch interrupted = new CountDownLatch(2);
        MessageHandler stuck = message -> {
            try {
                never.await();
            } catch (InterruptedException given) {
                interrupted.countDown();
            }
            return Mono.empty();
        };
        NetworkRecording recording = record(MemberOptions.defaults().handlerTimeout(SHORT), stuck, "one");

        NetworkReplayReport report = replay(NetworkReplay.of(recording).timeout(SHORT), stuck);

        assertThat(report.divergence()).isNull();
        assertThat(report.received()).isEqualTo(1);
        assertThat(interrupted.await(30, TimeUnit.SECONDS))
                .as("once by the network, once by the replay")
                .isTrue();
    }

    /** The one before ends on a thread that must not block. */
    @Test
    void replay_ofAHandlerThatBlocksAfterAnotherHasWaited_matches() {
        AtomicInteger blocked = new AtomicInteger();
        MessageHandler clerk = message -> {
            if (message.payload().equals("wait")) {
                return Mono.delay(Duration.ofMillis(5));
            }
            Mono.delay(Duration.ofMillis(5)).block(LONG);
            blocked.incrementAndGet();
            return Mono.empty();
        };
        NetworkRecording recording = record(MemberOptions.defaults(), clerk, "wait", "block", "wait", "block");

        assertThat(replay(NetworkReplay.of(recording), clerk).divergence()).isNull();
        assertThat(blocked).hasValue(4);
    }

    /** Such as that of a call that it makes: it is no time limit of the replay. */
    @Test
    void replay_ofAHandlerThatFailsWithATimeoutOfItsOwn_matches() {
        MessageHandler clerk = message -> Mono.never().timeout(Duration.ofMillis(5));
        NetworkRecording recording = record(MemberOptions.defaults(), clerk, "one");

        assertThat(replay(NetworkReplay.of(recording), clerk).divergence()).isNull();
        assertThat(replay(NetworkReplay.of(recording).timeout(SHORT), message -> Mono.never())
                        .divergence())
                .extracting(NetworkDivergence::expected, NetworkDivergence::found)
                .containsExactly("failed with java.util.concurrent.TimeoutException", "HANDLER_TIMED_OUT");
    }
}
