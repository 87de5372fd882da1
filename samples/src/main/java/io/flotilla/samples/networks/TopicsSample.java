package io.flotilla.samples.networks;

import io.flotilla.AgentId;
import io.flotilla.message.DeadLetter;
import io.flotilla.message.DeliveryReport;
import io.flotilla.message.Envelope;
import io.flotilla.message.MemberOptions;
import io.flotilla.message.NetworkStats;
import io.flotilla.message.Overflow;
import io.flotilla.message.Topics;
import io.flotilla.samples.shell.Output;
import io.flotilla.samples.shell.Sample;
import io.flotilla.samples.shell.Settings;
import io.flotilla.samples.shell.Shell;
import java.time.Duration;
import java.util.Random;
import java.util.concurrent.atomic.AtomicInteger;
import reactor.core.publisher.Mono;
import reactor.core.publisher.Sinks;

/**
 * Sensors publish temperatures. A dashboard has them all, an alarm breaks down at high ones, an archive is stuck and loses the
 * oldest: none of them holds up another, nor the sensors.
 */
public final class TopicsSample implements Sample {

    private static final AgentId DASHBOARD = AgentId.of("dashboard");
    private static final AgentId ALARM = AgentId.of("alarm");
    private static final AgentId ARCHIVE = AgentId.of("archive");
    private static final int READINGS = 20;
    private static final int SITES = 3;
    private static final int ARCHIVE_CAPACITY = 5;
    private static final int HOT = 80;

    public static void main(String[] args) {
        Shell.exit(new TopicsSample());
    }

    @Override
    public String name() {
        return "topics";
    }

    @Override
    public int run(Settings settings, Output output) {
        Topics topics = Topics.create();
        AtomicInteger shown = new AtomicInteger();
        AtomicInteger kept = new AtomicInteger();
        Sinks.Empty<Void> disk = Sinks.empty();
        topics.join(DASHBOARD, envelope -> Mono.fromRunnable(shown::incrementAndGet));
        topics.join(
                ALARM,
                envelope -> envelope.payload(Integer.class) >= HOT
                        ? Mono.error(new IllegalStateException("the siren is broken"))
                        : Mono.empty());
        topics.join(
                ARCHIVE,
                envelope -> disk.asMono().doOnTerminate(kept::incrementAndGet),
                MemberOptions.defaults().capacity(ARCHIVE_CAPACITY).overflow(Overflow.DROP_OLDEST));
        topics.subscribe(DASHBOARD, "site/**");
        topics.subscribe(ALARM, "site/*/temperature");
        topics.subscribe(ARCHIVE, "site/**");

        Random random = new Random(settings.seed());
        output.line("%d readings of %d sites, seed %d", READINGS, SITES, settings.seed());
        int hot = 0;
        DeliveryReport last = null;
        for (int count = 0; count < READINGS; count++) {
            int reading = random.nextInt(100);
            hot += reading >= HOT ? 1 : 0;
            last = topics.offer(Envelope.onTopic("site/" + random.nextInt(SITES) + "/temperature", reading)
                    .from("sensor")
                    .build());
            if (count == 0) { // it is stuck at the first one
                Quiet.await(() -> topics.stats().delivered() + topics.stats().deadLettered() == 2
                        && topics.stats().inFlight() == 1);
            }
        }
        output.line("each was accepted by %d of %d subscribers", last == null ? 0 : last.acceptedCount(), 3);
        Quiet.await(() -> shown.get() == READINGS);
        output.line("  dashboard: %d, while the archive is stuck", shown.get());
        disk.tryEmitEmpty();
        Quiet.await(topics);
        output.line(
                "  alarm:     broke down at %d of %d hot ones",
                topics.deadLetters().count(DeadLetter.Reason.HANDLER_FAILED), hot);
        output.line(
                "  archive:   %d kept, the %d oldest in its mailbox were dropped",
                kept.get(), topics.deadLetters().count(DeadLetter.Reason.DROPPED));

        topics.unsubscribe(ALARM, "site/*/temperature");
        output.line(
                "without the alarm: %d receivers of site/1/temperature",
                topics.offer(Envelope.onTopic("site/1/temperature", 1).build()).acceptedCount());
        output.line(
                "nobody is subscribed to weather: %s",
                topics.offer(Envelope.onTopic("weather", 1).build()).refused());
        topics.close(Duration.ofSeconds(5)).block();
        NetworkStats stats = topics.stats();
        output.line(
                "accepted %d = delivered %d + dead letters %d",
                stats.accepted(), stats.delivered(), stats.deadLettered());
        return 0;
    }
}
