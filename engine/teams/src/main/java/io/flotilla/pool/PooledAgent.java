package io.flotilla.pool;

import io.flotilla.agent.Agent;
import org.jspecify.annotations.Nullable;

/**
 * What the pool keeps: an agent, or why it could not be created. A failure is a value, since an allocator's error that comes after
 * its borrower has left would be dropped; the eviction takes it out.
 */
record PooledAgent<I, O>(
        @Nullable Agent<I, O> agent, @Nullable Throwable failure) {

    boolean isFailed() {
        return failure != null;
    }
}
