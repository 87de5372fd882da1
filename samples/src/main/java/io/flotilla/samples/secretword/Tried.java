package io.flotilla.samples.secretword;

import java.time.Duration;
import java.util.SplittableRandom;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import reactor.core.publisher.Mono;

/**
 * One of many runs.
 *
 * @param word what it found; null if nothing
 * @param witness who took its steps
 */
record Tried(@Nullable String word, Witness witness) {

    private static final int MAX_MICROS = 3_000;

    /** Agents that think for a time drawn at random, so that any of them may be first. */
    static Mono<Tried> once(SplittableRandom random) {
        Witness witness = new Witness();
        return new Letters(witness)
                .workflow(() -> Duration.ZERO, drawn(random), drawn(random), drawn(random), drawn(random))
                .run(Letters.TASK)
                .map(result -> new Tried(result.answer(), witness));
    }

    /** Drawn at once: a generator is for one thread, and steps begin on any. */
    private static Supplier<Duration> drawn(SplittableRandom random) {
        Duration thinks = Duration.ofNanos(1_000L * random.nextInt(1, MAX_MICROS));
        return () -> thinks;
    }
}
