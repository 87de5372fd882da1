package io.flotilla.samples.networks;

import io.flotilla.message.Network;
import io.flotilla.message.NetworkStats;
import java.time.Duration;
import java.util.function.BooleanSupplier;
import reactor.core.publisher.Flux;

/** Waits until a network is quiet, so that what is printed next is the same every time. */
final class Quiet {

    private static final Duration LOOK = Duration.ofMillis(2);
    private static final Duration LONGEST = Duration.ofSeconds(30);

    private Quiet() {}

    static void await(BooleanSupplier condition) {
        Flux.interval(Duration.ZERO, LOOK)
                .onBackpressureDrop()
                .takeUntil(tick -> condition.getAsBoolean())
                .blockLast(LONGEST);
    }

    /** Handlers send before they end, so nothing is on its way once all that was accepted has ended. */
    static void await(Network network) {
        await(() -> {
            NetworkStats stats = network.stats();
            return stats.accepted() == stats.delivered() + stats.deadLettered();
        });
    }
}
