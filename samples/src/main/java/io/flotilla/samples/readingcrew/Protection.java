package io.flotilla.samples.readingcrew;

import io.flotilla.agent.Agent;
import io.flotilla.resilience.BulkheadPolicy;
import io.flotilla.resilience.CircuitBreakerPolicy;
import io.flotilla.resilience.Fallback;
import io.flotilla.resilience.Resilience;
import io.flotilla.resilience.RetryPolicy;
import io.flotilla.samples.readingcrew.chat.ChatException;
import io.flotilla.samples.readingcrew.chat.RateLimitedException;
import io.flotilla.samples.readingcrew.chat.RefusedException;
import io.flotilla.step.StepRejectedException;
import io.flotilla.step.StepTimeoutException;
import java.time.Duration;
import java.util.Random;

/** What protects the crew from its endpoint, and the endpoint from the crew. */
final class Protection {

    static final int ATTEMPTS = 3;

    private static final Duration FIRST_BACKOFF = Duration.ofMillis(800);
    private static final Duration MAX_BACKOFF = Duration.ofMillis(1600);
    private static final Duration MAX_HINT = Duration.ofSeconds(10);

    private Protection() {}

    static Resilience of(Duration attemptTimeout, long seed, Agent<?, ?> local) {
        return protecting(attemptTimeout, seed, local).build();
    }

    /** The same, with so few attempts at a time: who waits for another attempt leaves its place to others. */
    static Resilience of(Duration attemptTimeout, long seed, Agent<?, ?> local, BulkheadPolicy places) {
        return protecting(attemptTimeout, seed, local).bulkhead(places).build();
    }

    /** One attempt a step, and no more. */
    static Resilience none(Duration attemptTimeout, BulkheadPolicy places) {
        return Resilience.builder()
                .attemptTimeout(attemptTimeout)
                .bulkhead(places)
                .build();
    }

    private static Resilience.Builder protecting(Duration attemptTimeout, long seed, Agent<?, ?> local) {
        return Resilience.builder()
                .retry(RetryPolicy.builder()
                        .maxAttempts(ATTEMPTS)
                        .minBackoff(FIRST_BACKOFF)
                        .maxBackoff(MAX_BACKOFF)
                        .maxRetryAfter(MAX_HINT)
                        .retryOn(cause -> mayPass(cause) || isOpenBreaker(cause))
                        .jitter(new Random(seed)::nextDouble)
                        .build())
                .circuitBreaker(CircuitBreakerPolicy.builder()
                        .failureRate(0.6)
                        .slidingWindow(20, 12)
                        .openDuration(Duration.ofMillis(500))
                        .halfOpenCalls(3, attemptTimeout.plusSeconds(1))
                        .ignoreErrors(cause -> !isSickness(cause))
                        .build())
                .attemptTimeout(attemptTimeout)
                .fallback(Fallback.builder()
                        .agent(local)
                        .fallbackOn(cause -> !(cause instanceof RefusedException))
                        .build());
    }

    /** How long all attempts at a step may take with their waits: a step that is cut off has no time for a fallback. */
    static Duration stepTimeout(Duration attemptTimeout) {
        return attemptTimeout
                .multipliedBy(ATTEMPTS)
                .plus(MAX_HINT.multipliedBy(ATTEMPTS - 1))
                .plusSeconds(5);
    }

    /** A question refused, or a file that cannot be read, is no better the next time. */
    private static boolean mayPass(Throwable cause) {
        return cause instanceof StepTimeoutException
                || (cause instanceof ChatException && !(cause instanceof RefusedException));
    }

    /** Nobody waits for these digests, so a crew that finds the breaker open comes back later. */
    private static boolean isOpenBreaker(Throwable cause) {
        return cause instanceof StepRejectedException;
    }

    /** Who limits or refuses is well. */
    private static boolean isSickness(Throwable cause) {
        return mayPass(cause) && !(cause instanceof RateLimitedException);
    }
}
