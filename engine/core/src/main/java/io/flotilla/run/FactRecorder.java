package io.flotilla.run;

import io.flotilla.journal.Journal;
import io.flotilla.journal.JournalEntry;
import io.flotilla.observe.Redactor;
import io.flotilla.run.machine.Fact;
import io.flotilla.run.machine.FactCodec;
import io.flotilla.run.machine.Recorded;
import io.flotilla.run.machine.Replay;
import io.flotilla.run.machine.RunDigest;
import io.flotilla.run.machine.RunHeader;
import io.flotilla.run.machine.RunMachine;
import io.flotilla.step.EngineClock;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.Queue;
import java.util.function.Consumer;
import java.util.function.IntSupplier;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;
import reactor.core.scheduler.Schedulers;

/**
 * Writes the facts of a run into a journal before anything comes of them. The machine applies each as soon as it is
 * encoded, so that a digest of what comes of the last of an append can be added to it; what the machine asks for is carried
 * out, and its events are emitted, when the facts are in the journal. Facts that have come while others were being
 * written go into the journal together, up to {@value #MAX_BATCH} of them or {@value #MAX_BYTES} bytes and one fact. A fact whose
 * payload cannot be written is left out; the machine does not apply it, and its caller hears of it after the others.
 *
 * <p>Touched by the one who works for the run only.
 */
final class FactRecorder {

    /** The most facts that are written together. */
    private static final int MAX_BATCH = 256;

    private static final long MAX_BYTES = 1024 * 1024;

    /** The most bytes of a signal. */
    private static final int MAX_SIGNAL_BYTES = 1_000_000;

    private final Journal journal;
    private final FactCodec codec;
    private final String runId;
    private RunHeader header;
    private final RunMachine machine;
    private final RunDigest digest;

    /** Facts that are in the journal, and of which nothing has come yet; behind them those that cannot be written. */
    private final Deque<Applied> durable = new ArrayDeque<>();

    /** The sequence number of the next entry. */
    private long next;

    private volatile boolean empty;
    private final boolean endRecorded;
    private final EngineClock clock;
    private final Duration limit;
    private @Nullable Append append;

    /** Whether time was shifted before the next fact. */
    private boolean timeShifted;

    /** {@code replay} is what the run has behind it, if it has. */
    FactRecorder(
            Recording recording,
            String runId,
            RunHeader header,
            RunMachine machine,
            EngineClock clock,
            @Nullable Replay replay) {
        this.clock = clock;
        this.limit = recording.timeout();
        this.journal = recording.journal();
        this.codec = recording.codec();
        this.header = header;
        this.runId = runId;
        this.machine = machine;
        this.digest = replay == null ? new RunDigest(machine.plan()) : replay.digest();
        this.next = replay == null ? 0 : replay.facts();
        this.empty = next == 0;
        this.endRecorded = replay != null && replay.isEndRecorded();
        this.timeShifted = replay != null && replay.isTimeShifted();
    }

    /**
     * Where and how a workflow's runs are recorded.
     *
     * @param timeout how long the journal may take for an append
     */
    record Recording(Journal journal, FactCodec codec, RunHeader header, Duration timeout) {

        static Recording of(Journal journal, Redactor redactor, RunHeader header, Duration timeout) {
            return new Recording(journal, new FactCodec(journal.codec(), redactor), header, timeout);
        }

        /**
         * Passes the deadlines of a run that are due, and writes that they have. Emits the replay when they are in the journal;
         * then on another thread than the journal's, where agents must not run. They wait for their turn as all appends do.
         */
        Mono<Replay> passDue(Replay replay, Instant now, EngineClock clock) {
            List<JournalEntry> entries = new ArrayList<>();
            for (long timer : replay.due(now)) {
                Recorded passed = replay.pass(timer, now);
                if (passed != null) {
                    entries.add(codec.entry(replay.facts() - 1, passed));
                }
            }
            return entries.isEmpty()
                    ? Mono.just(replay)
                    : append(replay.runId(), entries, clock)
                            .publishOn(Schedulers.boundedElastic())
                            .thenReturn(replay);
        }

        /** Cancels a run, and writes that. Emits the replay as {@link #passDue} does. */
        Mono<Replay> cancel(Replay replay, Instant now, EngineClock clock) {
            JournalEntry entry = codec.entry(replay.facts(), replay.cancel(now));
            return append(replay.runId(), List.of(entry), clock)
                    .publishOn(Schedulers.boundedElastic())
                    .thenReturn(replay);
        }

        Mono<Void> append(String runId, List<JournalEntry> entries, EngineClock clock) {
            return Flux.fromIterable(entries)
                    .buffer(MAX_BATCH)
                    .concatMap(some -> Append.of(journal, runId, some, clock, timeout), 1)
                    .then();
        }
    }

    /** The span of the run, before its first fact is written. */
    void traced(@Nullable String traceparent) {
        if (traceparent != null && next == 0) {
            header = header.tracedAs(traceparent);
        }
    }

    /** The next fact that is in the journal, or cannot be, with what comes of it; null if there is none. */
    @Nullable Applied poll() {
        return durable.poll();
    }

    /** Whether the run has no facts at all. By any thread. */
    boolean isEmpty() {
        return empty;
    }

    /** Whether nothing is in the journal of which nothing has come yet. */
    boolean isIdle() {
        return durable.isEmpty();
    }

    /**
     * Writes the facts that have come, {@code most} of them at most. True if they are in the journal now; else {@code later} is
     * called when they are, with null, or with why they are not. Until then nobody else may work for the run: the facts may
     * have to wait for their turn, and are taken only then.
     */
    boolean write(Queue<Fact> facts, IntSupplier most, Consumer<@Nullable Throwable> later) {
        return append(() -> take(facts, most.getAsInt()), later);
    }

    private List<JournalEntry> take(Queue<Fact> facts, int most) {
        List<JournalEntry> entries = new ArrayList<>();
        List<Applied> refused = new ArrayList<>();
        Recorded last = null;
        long bytes = 0;
        for (int count = Math.min(most, MAX_BATCH); count > 0 && bytes < MAX_BYTES && !machine.isFinished(); count--) {
            Fact fact = facts.remove();
            Recorded recorded = Recorded.of(fact, machine, digest, header, timeShifted);
            try {
                JournalEntry entry = checked(fact, codec.entry(next + entries.size(), recorded));
                entries.add(entry);
                bytes += entry.payloadSize();
            } catch (Throwable unwritable) { // whatever the codec or a value throws, the others are written
                refused.add(Applied.refused(fact, unwritable));
                continue;
            }
            last = recorded;
            timeShifted = false;
            durable.add(apply(fact));
        }
        if (last != null) { // with what comes of it; of the others, the next one has it
            int at = entries.size() - 1;
            entries.set(at, codec.with(entries.get(at), last, digest.value()));
        }
        durable.addAll(refused);
        next += entries.size();
        empty = next == 0;
        return entries;
    }

    private static JournalEntry checked(Fact fact, JournalEntry entry) {
        if (fact instanceof Fact.SignalReceived signal && entry.payloadSize() > MAX_SIGNAL_BYTES) {
            throw new SignalRefusedException(
                    signal.signal(), "it has " + entry.payloadSize() + " bytes, and may have " + MAX_SIGNAL_BYTES);
        }
        return entry;
    }

    private Applied apply(Fact fact) {
        Applied applied = Applied.by(machine, fact);
        digest.add(fact, applied.events(), machine.turns());
        return applied;
    }

    /** Whether the end of the run is not in the journal yet. */
    boolean isEndUnrecorded() {
        return !endRecorded;
    }

    /** Notes that the run has ended. As for {@link #write}. */
    boolean finish(Instant at, RunResult.Status status, Consumer<@Nullable Throwable> later) {
        return append(() -> List.of(codec.finished(next, at, status)), later);
    }

    private boolean append(Supplier<List<JournalEntry>> encode, Consumer<@Nullable Throwable> later) {
        Append started = new Append(journal, runId, encode, clock, limit, later);
        append = started;
        return started.start();
    }

    /** Nobody waits for the journal any more. */
    void abandon() {
        Append last = append;
        if (last != null) {
            last.abandon();
        }
    }
}
