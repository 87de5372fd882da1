/**
 * Retry, bulkhead, rate limiter, circuit breaker, attempt timeout, fallback, budget and chaos around each step.
 *
 * <p>Start with {@link io.flotilla.resilience.Resilience}: one builder, added to the engine with {@code interceptor(..)}.
 * Each guard has a policy: {@link io.flotilla.resilience.RetryPolicy}, {@link io.flotilla.resilience.BulkheadPolicy},
 * {@link io.flotilla.resilience.RateLimiterPolicy}, {@link io.flotilla.resilience.CircuitBreakerPolicy}, {@link
 * io.flotilla.resilience.Fallback}, {@link io.flotilla.resilience.Budget}. {@link io.flotilla.resilience.Chaos} is for
 * tests. They use Resilience4j's state machines; the only signature with its types is {@link
 * io.flotilla.resilience.Resilience.Builder#registries}.
 */
@NullMarked
package io.flotilla.resilience;

import org.jspecify.annotations.NullMarked;
