package io.flotilla.samples.readingcrew;

import io.flotilla.AgentId;
import io.flotilla.step.StepResult;
import java.time.Duration;
import java.time.Instant;
import org.jspecify.annotations.Nullable;

/**
 * What a reader brings the writer. It is in the journal, so all that the report tells of a file that was read is told here:
 * whoever writes may be another process than the one that read.
 *
 * @param digest the digest
 * @param attempts how often the endpoint was asked
 * @param startedAt when
 * @param took how long all of it took
 * @param lost of a local digest the kind of what kept the endpoint from answering; else null
 * @param why of a local digest what that said; else null
 */
record Read(
        Digest digest,
        int attempts,
        Instant startedAt,
        Duration took,
        @Nullable String lost,
        @Nullable String why) {

    StepResult<Digest> result(AgentId id, int index) {
        return lost == null || why == null
                ? new StepResult.Succeeded<>(id, index, attempts, startedAt, took, digest)
                : new StepResult.Degraded<>(
                        id, index, attempts, startedAt, took, digest, "local-reader", new Lost(lost, why));
    }
}
