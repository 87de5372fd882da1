package io.flotilla.pool;

/**
 * The counts of an agent pool at about this moment.
 *
 * @param inUse the agents that are lent
 * @param idle the agents that wait for a borrower
 * @param pending the borrowers that wait for an agent
 * @param max the most agents that there may be at the same time
 * @param created the agents that were created so far
 * @param destroyed the agents that were destroyed so far: evicted, discarded after use, or at the end
 * @since 0.1
 */
public record AgentPoolStats(int inUse, int idle, int pending, int max, long created, long destroyed) {}
