package io.flotilla.samples.recordreplay;

import io.flotilla.message.Envelope;
import io.flotilla.message.Hub;
import io.flotilla.message.Network;
import io.flotilla.message.NetworkDivergence;
import io.flotilla.message.NetworkEvent;
import io.flotilla.message.NetworkRecorder;
import io.flotilla.message.NetworkRecording;
import io.flotilla.message.NetworkReplay;
import io.flotilla.message.NetworkReplayReport;
import io.flotilla.samples.shell.Output;
import io.flotilla.samples.shell.Sample;
import io.flotilla.samples.shell.Settings;
import io.flotilla.samples.shell.Shell;
import java.time.Duration;
import java.util.List;
import java.util.Objects;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import reactor.core.Disposable;
import reactor.core.publisher.Sinks;

/**
 * A help desk takes three letters, and all its messages are recorded. They are replayed with the same agents, and then with one that
 * has been changed: what it does differently is named.
 */
public final class RecordReplay implements Sample {

    private static final Duration LIMIT = Duration.ofSeconds(30);
    private static final List<String> LETTERS = List.of("refund 40", "broken lamp", "refund 900");
    private static final int SMALL = 100;
    private static final int LARGE = 1_000;

    public static void main(String[] args) {
        Shell.exit(new RecordReplay());
    }

    @Override
    public String name() {
        return "record-replay";
    }

    @Override
    public int run(Settings settings, Output output) {
        NetworkRecording recording = record();
        output.line("a help desk takes %d letters, and its network is recorded", LETTERS.size());
        for (NetworkEvent event : recording.events()) {
            Envelope message = event.message();
            if (message != null) {
                output.line(
                        "  %-11s %8s -> %-8s  %s",
                        message.id(), message.sender(), message.recipient(), message.payload());
            }
        }

        output.line("replayed with the same agents");
        boolean same = print(replay(recording, network -> HelpDesk.join(network, SMALL, closed -> {})), output);
        output.line("replayed with a billing agent that pays up to %d without asking", LARGE);
        boolean changed = print(replay(recording, network -> HelpDesk.join(network, LARGE, closed -> {})), output);
        return same && !changed ? 0 : 1;
    }

    /** One letter after another; the next is sent when the one before is closed. */
    private static NetworkRecording record() {
        Hub hub = Hub.create();
        NetworkRecorder recorder = NetworkRecorder.create();
        Disposable tap = hub.tap(recorder);
        Sinks.Many<String> closed = Sinks.many().replay().limit(LETTERS.size());
        HelpDesk.join(hub, SMALL, closed::tryEmitNext);
        for (int number = 1; number <= LETTERS.size(); number++) {
            String id = "letter-" + number;
            Envelope letter = Envelope.to(HelpDesk.TRIAGE, LETTERS.get(number - 1))
                    .from("customer")
                    .id(id)
                    .build();
            hub.offer(letter);
            closed.asFlux().filter(id::equals).next().block(LIMIT);
        }
        hub.close(LIMIT).block(LIMIT);
        tap.dispose();
        return recorder.recording();
    }

    private static NetworkReplayReport replay(NetworkRecording recording, Consumer<Network> system) {
        return Objects.requireNonNull(NetworkReplay.of(recording).run(system).block(LIMIT));
    }

    private static boolean print(NetworkReplayReport report, Output output) {
        output.line("  %d messages received, %d sent as recorded", report.received(), report.sent());
        @Nullable NetworkDivergence divergence = report.divergence();
        if (divergence == null) {
            output.line("  no difference");
            return true;
        }
        output.line("  first difference: %s", divergence.kind());
        output.line("    message   %s", divergence.messageId());
        output.line("    agent     %s", divergence.agent());
        output.line("    expected  %s", divergence.expected());
        output.line("    found     %s", divergence.found());
        return false;
    }
}
