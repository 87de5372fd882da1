package io.flotilla.pool;

/**
 * The counts of a batcher, all of one moment.
 *
 * @param items the items it took
 * @param batches the calls of the batch function
 * @param queued the items that wait for their batch to start
 * @param running the batches under way
 * @since 0.1
 */
public record BatcherStats(long items, long batches, int queued, int running) {}
