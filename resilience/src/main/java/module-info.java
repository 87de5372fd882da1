/**
 * Retry, circuit breaker, bulkhead, rate limiter, fallback, budget and chaos around each step.
 *
 * <p>Resilience4j shows in one place of the API, where its registries can be handed in. Its modules are automatic ones.
 */
module io.flotilla.resilience {
    // Types of these are in public signatures, or annotate them.
    requires transitive io.flotilla.core;
    requires transitive io.github.resilience4j.bulkhead;
    requires transitive io.github.resilience4j.circuitbreaker;
    requires transitive io.github.resilience4j.ratelimiter;
    requires transitive micrometer.commons;
    requires transitive micrometer.core;
    requires transitive reactor.core;
    requires static transitive org.jspecify;

    // Types of these are not.
    requires io.github.resilience4j.core;
    requires org.reactivestreams;
    requires org.slf4j;

    exports io.flotilla.resilience;
}
