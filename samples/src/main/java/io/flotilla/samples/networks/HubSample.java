package io.flotilla.samples.networks;

import io.flotilla.AgentId;
import io.flotilla.agent.Agent;
import io.flotilla.message.Answer;
import io.flotilla.message.DeadLetter;
import io.flotilla.message.DeliveryReport;
import io.flotilla.message.Envelope;
import io.flotilla.message.Gathered;
import io.flotilla.message.Hub;
import io.flotilla.message.NetworkOptions;
import io.flotilla.message.NetworkStats;
import io.flotilla.message.Undeliverable;
import io.flotilla.message.UndeliverableException;
import io.flotilla.run.Join;
import io.flotilla.samples.shell.Output;
import io.flotilla.samples.shell.Sample;
import io.flotilla.samples.shell.Settings;
import io.flotilla.samples.shell.Shell;
import java.time.Duration;
import java.util.List;
import java.util.Locale;
import java.util.Objects;
import java.util.Random;
import reactor.core.publisher.Mono;

/**
 * An office around a hub: agents that answer, one that sometimes fails, one that never answers, two that forward to each other
 * for ever. Each failure is a value at the one who asked, or a dead letter.
 */
public final class HubSample implements Sample {

    private static final AgentId DESK = AgentId.of("desk");
    private static final List<String> WORDS = List.of("anchor", "buoy", "compass", "deck");
    private static final int HOPS = 6;

    public static void main(String[] args) {
        Shell.exit(new HubSample());
    }

    @Override
    public String name() {
        return "hub";
    }

    @Override
    public int run(Settings settings, Output output) {
        Hub hub = office(settings.seed());
        output.line("hub of %s, seed %d", hub.members(), settings.seed());

        for (String word : WORDS) {
            output.line("  ask flaky    %-8s -> %s", word, ask(hub, "flaky", word));
        }
        output.line("  ask shouter  %-8s -> %s", "ahoy", ask(hub, "shouter", "ahoy"));
        output.line("  ask nobody   %-8s -> %s", "ahoy", ask(hub, "nobody", "ahoy"));

        Gathered gathered = Objects.requireNonNull(hub.gather(
                        Envelope.toAll("ahoy there").from(DESK).build(),
                        Join.atLeast(2).within(Duration.ofMillis(300)).orProceed())
                .block());
        output.line("ask all, two answers are enough: %s", gathered.isMet() ? "met" : "too few");
        output.line(
                "  answers: %d, and nobody waits for silent",
                gathered.of(Answer.Status.ANSWERED).size());

        DeliveryReport lost = hub.offer(Envelope.onTopic("news", "?").from(DESK).build());
        output.line("publish on a hub: %s", lost.refused());
        hub.offer(Envelope.to("left", "hot potato").from(DESK).build());
        Quiet.await(() -> hub.deadLetters().count(DeadLetter.Reason.TOO_MANY_HOPS) == 1);
        output.line("left and right forward to each other: a dead letter after %d hops", HOPS);

        hub.close(Duration.ofSeconds(1)).block();
        NetworkStats stats = hub.stats();
        output.line(
                "accepted is delivered and dead-lettered: %b",
                stats.accepted() == stats.delivered() + stats.deadLettered());
        return 0;
    }

    private static Hub office(long seed) {
        Hub hub = Hub.create(NetworkOptions.builder()
                .hopLimit(HOPS)
                .undeliverable(Undeliverable.DEAD_LETTER)
                .build());
        Random random = new Random(seed);
        List<String> hard = WORDS.stream().filter(word -> random.nextBoolean()).toList();
        hub.join(Agent.<String, String>of("shouter", (text, context) -> Mono.just(text.toUpperCase(Locale.ROOT))));
        hub.join(Agent.<String, Integer>of("counter", (text, context) -> Mono.just(text.length())));
        hub.join(Agent.<String, String>of(
                "flaky",
                (text, context) -> hard.contains(text)
                        ? Mono.error(new IllegalStateException("I cannot spell " + text))
                        : Mono.just(String.join("-", text.split("")))));
        hub.join(Agent.<String, String>of("silent", (text, context) -> Mono.never()));
        forward(hub, AgentId.of("left"), AgentId.of("right"));
        forward(hub, AgentId.of("right"), AgentId.of("left"));
        return hub;
    }

    private static void forward(Hub hub, AgentId from, AgentId to) {
        hub.join(
                from,
                envelope -> envelope.kind() == Envelope.Kind.REQUEST
                        ? Mono.empty()
                        : hub.send(envelope.forward(from, to).build()));
    }

    private static Object ask(Hub hub, String whom, String word) {
        return Objects.requireNonNull(hub.request(
                        Envelope.to(whom, word).from(DESK).build())
                .map(Envelope::payload)
                .onErrorResume(
                        UndeliverableException.class,
                        failed -> Mono.just(failed.reason()
                                + (failed.getCause() == null
                                        ? ""
                                        : ": " + failed.getCause().getMessage())))
                .block());
    }
}
