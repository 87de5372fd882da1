/**
 * Retry, bulkhead, rate limiter, circuit breaker, attempt timeout, fallback, budget and chaos around each step.
 *
 * <p>Start with {@link io.flotilla.resilience.Resilience}: one builder, handed to the engine with {@code interceptor(..)}. Each
 * guard has a policy: {@link io.flotilla.resilience.RetryPolicy}, {@link io.flotilla.resilience.BulkheadPolicy}, {@link
 * io.flotilla.resilience.RateLimiterPolicy}, {@link io.flotilla.resilience.CircuitBreakerPolicy}, {@link
 * io.flotilla.resilience.Fallback}, {@link io.flotilla.resilience.Budget}. {@link io.flotilla.resilience.Chaos} is for
 * tests. Behind them are Resilience4j's state machines; none of its types is in a signature, but in {@link
 * io.flotilla.resilience.Resilience.Builder#registries}.
 */
@NullMarked
package io.flotilla.resilience;

import org.jspecify.annotations.NullMarked;
