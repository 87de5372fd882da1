package io.flotilla.run;

import io.flotilla.journal.Journal;
import io.flotilla.journal.JournalEntry;
import io.flotilla.observe.Redactor;
import java.time.Instant;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.Queue;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import reactor.core.Exceptions;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;

/**
 * Writes the facts of a run into a journal before the machine is told of them. Facts that have come while others were being
 * written go into the journal together.
 *
 * <p>Touched by the one who works for the run only.
 */
final class Recorder {

    /** The most facts that are written together. */
    private static final int MOST = 256;

    private final Journal journal;
    private final FactCodec codec;
    private final String runId;
    private final String workflow;
    private final RunMachine machine;
    private final Digest digest;

    /** Facts that are in the journal, and the machine has not been told of. */
    private final Deque<Fact> durable = new ArrayDeque<>();

    /** The sequence number of the next entry. */
    private long next;

    /** How many facts the machine has been told of. */
    private long told;

    private final boolean noted;

    /** Whether time was moved before the next fact. */
    private boolean moved;

    /** {@code past} is what the run has behind it, if it has. */
    Recorder(Recording recording, String runId, RunMachine machine, @Nullable Past past) {
        this.journal = recording.journal();
        this.codec = recording.codec();
        this.workflow = recording.workflow();
        this.runId = runId;
        this.machine = machine;
        this.digest = past == null ? new Digest() : past.digest;
        this.told = past == null ? 0 : past.facts();
        this.next = told;
        this.noted = past != null && past.isNoted();
        this.moved = past != null && past.isMoved();
    }

    /** Where and how a workflow's runs are recorded. */
    record Recording(Journal journal, FactCodec codec, String workflow) {

        static Recording of(Journal journal, Redactor redactor, String workflow) {
            return new Recording(journal, new FactCodec(journal.codec(), redactor), workflow);
        }

        /** Writes entries of one run as the first of another. */
        Mono<Long> copy(String runId, List<JournalEntry> entries) {
            return Flux.fromIterable(entries)
                    .buffer(MOST)
                    .concatMap(some -> journal.append(runId, some.get(0).sequence(), some), 1)
                    .last(0L);
        }
    }

    /** The next fact that is in the journal; null if there is none. */
    @Nullable Fact poll() {
        return durable.poll();
    }

    /** The machine has been told of a fact, with these events. */
    void told(List<RunEvent> events) {
        told++;
        digest.add(events);
    }

    /**
     * Writes the facts that have come, {@code most} of them at most. True if they are in the journal now; else {@code later} is
     * called by a thread of the journal's when they are, with null, or with why they are not.
     */
    boolean write(Queue<Fact> facts, int most, Consumer<@Nullable Throwable> later) {
        List<JournalEntry> entries = new ArrayList<>();
        for (int count = Math.min(most, MOST); count > 0; count--) {
            Fact fact = facts.remove();
            durable.add(fact);
            Recorded recorded = new Recorded(fact, told, digest.value(), where(fact), moved);
            moved = false;
            entries.add(codec.entry(next + entries.size(), recorded));
        }
        long at = next;
        next += entries.size();
        return append(at, entries, later);
    }

    private String where(Fact fact) {
        if (fact instanceof Fact.StepSettled settled) {
            return machine.where(settled.step());
        }
        return fact instanceof Fact.Started ? workflow : "";
    }

    /** Whether the end of the run is not in the journal yet. */
    boolean isToNote() {
        return !noted;
    }

    /** Notes that the run has ended. As for {@link #write}. */
    boolean finish(Instant at, RunResult.Status status, Consumer<@Nullable Throwable> later) {
        return append(next, List.of(codec.finished(next, at, status, digest.value())), later);
    }

    private boolean append(long at, List<JournalEntry> entries, Consumer<@Nullable Throwable> later) {
        Append append = new Append(later);
        journal.append(runId, at, entries).subscribe(sequence -> {}, append::ended, () -> append.ended(null));
        return append.isDone();
    }

    /** Tells an append that is done on the way from one that is done later. */
    private static final class Append {

        private static final int UNDER_WAY = 0;
        private static final int DONE = 1;
        private static final int LEFT = 2;

        private final Consumer<@Nullable Throwable> later;
        private final AtomicInteger state = new AtomicInteger(UNDER_WAY);
        private volatile @Nullable Throwable failure;

        Append(Consumer<@Nullable Throwable> later) {
            this.later = later;
        }

        void ended(@Nullable Throwable cause) {
            failure = cause;
            if (!state.compareAndSet(UNDER_WAY, DONE)) {
                later.accept(cause);
            }
        }

        boolean isDone() {
            if (state.compareAndSet(UNDER_WAY, LEFT)) {
                return false;
            }
            Throwable cause = failure;
            if (cause != null) {
                throw Exceptions.propagate(cause);
            }
            return true;
        }
    }
}
