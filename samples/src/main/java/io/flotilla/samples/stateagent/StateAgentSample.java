package io.flotilla.samples.stateagent;

import io.flotilla.AgentId;
import io.flotilla.message.Envelope;
import io.flotilla.message.Hub;
import io.flotilla.message.RequestTimeoutException;
import io.flotilla.samples.shell.Output;
import io.flotilla.samples.shell.Sample;
import io.flotilla.samples.shell.Settings;
import io.flotilla.samples.shell.Shell;
import io.flotilla.state.Change;
import io.flotilla.state.StateAgent;
import io.flotilla.state.StateReply;
import java.time.Duration;
import java.util.Map;
import java.util.Objects;
import java.util.Random;
import java.util.TreeMap;
import java.util.concurrent.CountDownLatch;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;

/**
 * A warehouse that is changed by messages alone: one at a time, so nothing is sold twice. What it does not understand, or cannot
 * do, is a reply that says so; a handler that breaks down or hangs changes nothing.
 */
public final class StateAgentSample implements Sample {

    private static final int BUYERS = 50;
    private static final int STOCK = 120;

    private record Deliver(String item, int count) {}

    private record Buy(String item, int count) {}

    private record Stock() {}

    private record Burn() {}

    private record Hang() {}

    public static void main(String[] args) {
        Shell.exit(new StateAgentSample());
    }

    @Override
    public String name() {
        return "state-agent";
    }

    private static Map<String, Integer> with(Map<String, Integer> stock, String item, int count) {
        Map<String, Integer> after = new TreeMap<>(stock);
        after.put(item, count);
        return Map.copyOf(after);
    }

    private static StateAgent<Map<String, Integer>, Integer> warehouse(CountDownLatch forEver) {
        return StateAgent.<Map<String, Integer>, Integer>builder(AgentId.of("warehouse"), Map.of())
                .on(Deliver.class, (stock, delivery) -> {
                    int count = stock.getOrDefault(delivery.item(), 0) + delivery.count();
                    return Change.to(with(stock, delivery.item(), count), count);
                })
                .on(Buy.class, (stock, purchase) -> {
                    int left = stock.getOrDefault(purchase.item(), 0) - purchase.count();
                    return left < 0
                            ? Change.refuse("there are not " + purchase.count() + " of " + purchase.item())
                            : Change.to(with(stock, purchase.item(), left), purchase.count());
                })
                .on(Stock.class, (stock, any) -> Change.none(stock.getOrDefault("rope", 0)))
                .on(Burn.class, (stock, any) -> {
                    throw new IllegalStateException("fire");
                })
                .on(Hang.class, (stock, any) -> {
                    await(forEver);
                    return Change.to(Map.of(), 0);
                })
                .build();
    }

    private static void await(CountDownLatch latch) {
        try {
            latch.await();
        } catch (InterruptedException interrupted) {
            Thread.currentThread().interrupt();
        }
    }

    @Override
    public int run(Settings settings, Output output) {
        CountDownLatch forEver = new CountDownLatch(1);
        StateAgent<Map<String, Integer>, Integer> warehouse = warehouse(forEver);
        output.line("delivered: %s", warehouse.ask(new Deliver("rope", STOCK)).block());

        Random random = new Random(settings.seed());
        int[] wishes = random.ints(BUYERS, 1, 6).toArray();
        int sold = Objects.requireNonNull(Flux.range(0, BUYERS)
                .flatMap(buyer -> warehouse.ask(new Buy("rope", wishes[buyer])), BUYERS)
                .filter(StateReply::isDone)
                .reduce(0, (sum, reply) -> sum + reply.orThrow())
                .block());
        int left = Objects.requireNonNull(warehouse.ask(new Stock()).block()).orThrow();
        output.line("%d buyers at once, seed %d: sold + left = %d", BUYERS, settings.seed(), sold + left);

        output.line(
                "more than there is: %s", warehouse.ask(new Buy("rope", STOCK)).block());
        output.line(
                "not understood:     %s", warehouse.ask("three ropes, please").block());
        output.line("a handler throws:   %s", warehouse.ask(new Burn()).block());
        output.line(
                "a handler hangs:    %s",
                warehouse
                        .ask(new Hang(), Duration.ofMillis(100))
                        .map(String::valueOf)
                        .onErrorResume(RequestTimeoutException.class, late -> Mono.just("no reply in time"))
                        .block());
        forEver.countDown();

        Hub hub = Hub.create();
        hub.join(warehouse);
        Envelope reply = Objects.requireNonNull(
                hub.request(Envelope.to("warehouse", new Stock()).from("clerk").build())
                        .block());
        int after = (Integer) reply.payload(StateReply.Done.class).value();
        output.line("asked through a hub, as a member: what was left is still there: %s", after == left);
        return sold + left == STOCK && after == left ? 0 : 1;
    }
}
