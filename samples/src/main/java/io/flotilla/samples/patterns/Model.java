package io.flotilla.samples.patterns;

import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import java.util.function.Function;
import reactor.core.publisher.Mono;

/**
 * Stands in for a language model: what it answers is scripted, and where the script leaves a choice, the seed, the role and the
 * prompt decide. So the same question has the same answer, whoever asks first. Thread-safe.
 */
final class Model {

    private final long seed;
    private final List<String> calls = new ArrayList<>();

    Model(long seed) {
        this.seed = seed;
    }

    /**
     * One call.
     *
     * @param role what the model is told to be
     * @param prompt what it is asked
     * @param script what it answers
     */
    <T> Mono<T> ask(String role, String prompt, Function<SplittableRandom, T> script) {
        return Mono.fromSupplier(() -> {
            synchronized (calls) {
                calls.add(role);
            }
            return script.apply(new SplittableRandom(31L * (31L * seed + role.hashCode()) + prompt.hashCode()));
        });
    }

    /** The role of each call so far. */
    List<String> calls() {
        synchronized (calls) {
            return List.copyOf(calls);
        }
    }
}
