package io.flotilla.message;

import io.flotilla.AgentId;
import io.flotilla.journal.Journal;
import io.flotilla.journal.JournalBounds;
import io.flotilla.journal.JournalEntry;
import io.flotilla.journal.PayloadCodec;
import io.flotilla.observe.Redactor;
import io.flotilla.step.EngineAccess;
import io.flotilla.step.StepEngine;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.function.BooleanSupplier;
import org.jspecify.annotations.Nullable;
import reactor.core.publisher.Mono;

/**
 * Records what happens in a network: every message, who received it in which order, and what became of it.
 *
 * <pre>{@code
 * NetworkRecorder recorder = NetworkRecorder.create();
 * Disposable recording = hub.tap(recorder);
 * // the system runs
 * recording.dispose();
 * NetworkRecording recorded = recorder.recording();
 * }</pre>
 *
 * <p>Add it before the first message is sent: a {@link NetworkReplay} gives the members what they received from then on. Dispose of
 * it when the network has come to rest: what a member sends after that is not in the recording, and a replay would find it to differ.
 *
 * <p>Payloads are written by the codec, on the sender's thread, when they are sent: what changes them later changes nothing here.
 * One that the codec does not know is recorded by its type alone. Every text in a payload or header goes through the engine's {@linkplain
 * StepEngine.Builder#redactor redactor}. Contexts, traces, deadlines and the texts of failures are not recorded.
 *
 * <p>It stands behind the network's guard: messages are recorded as the guard let them in, without signatures, tokens, nonces and
 * times, and what it refused without payload and headers, with the reason. The payload of a message that was encrypted on its way
 * is left out, unless {@link Builder#recordConfidential} says otherwise: then the recording can be read by whoever has it.
 *
 * <p>Bounded: when it is full, nothing more is recorded, and the recording is not {@linkplain NetworkRecording#isComplete()
 * complete}; nor is it when codec or redactor fail at more than a payload. Records one network. Thread-safe.
 *
 * @since 0.1
 */
public final class NetworkRecorder implements NetworkTap {

    /** The default of {@link Builder#maxEvents}. */
    public static final int DEFAULT_MAX_EVENTS = 100_000;

    /** The default of {@link Builder#maxBytes}. */
    public static final long DEFAULT_MAX_BYTES = 64L * 1024 * 1024;

    private final PayloadCodec codec;
    private final EngineAccess engine;
    private final Redactor redactor;
    private final int maxEvents;
    private final long maxBytes;
    private final EventFields.Payloads payloads;
    private final @Nullable RecordingWriter writer;

    /** What a last event says: nothing. */
    private final byte[] truncated;

    // Guarded by this.
    /** Null if a journal has them. */
    private final @Nullable List<JournalEntry> entries;

    private long count;
    private long bytes;
    private boolean ended;

    private NetworkRecorder(Builder from) {
        this.engine = EngineAccess.of(from.engine == null ? WorkerPool.defaultEngine() : from.engine);
        this.redactor = engine.redactor();
        this.maxEvents = from.maxEvents;
        this.maxBytes = from.maxBytes;
        this.payloads = from.recordsConfidential ? EventFields.Payloads.CONFIDENTIAL_TOO : EventFields.Payloads.PLAIN;
        Journal journal = from.journal;
        this.writer = journal == null ? null : new RecordingWriter(journal, from.id);
        this.entries = journal == null ? new ArrayList<>() : null;
        this.codec = from.codec != null ? from.codec : journal != null ? journal.codec() : PayloadCodec.basic();
        this.truncated = codec.encode(Map.of(), text -> text);
    }

    /**
     * A recorder in memory, with all defaults.
     *
     * @return the recorder
     */
    public static NetworkRecorder create() {
        return builder().build();
    }

    /**
     * Starts a recorder.
     *
     * @return a builder with all defaults
     */
    public static Builder builder() {
        return new Builder();
    }

    // --- what happens

    @Override
    public void joined(AgentId member) {
        add(NetworkEvent.Kind.JOINED, () -> EventFields.of(member));
    }

    @Override
    public void left(AgentId member) {
        add(NetworkEvent.Kind.LEFT, () -> EventFields.of(member));
    }

    @Override
    public void sent(Envelope envelope) {
        addPayloads(NetworkEvent.Kind.SENT, which -> EventFields.sent(envelope, which));
    }

    @Override
    public void passing(Envelope envelope, AgentId receiver) {
        // sent, and received or refused
    }

    @Override
    public void refused(Envelope envelope, @Nullable AgentId receiver, DeadLetter.Reason reason) {
        if (reason != DeadLetter.Reason.REFUSED) { // that is denied
            add(NetworkEvent.Kind.REFUSED, () -> EventFields.of(envelope, receiver, reason, null));
        }
    }

    @Override
    public void denied(Envelope envelope, String reason, @Nullable AgentId during) {
        add(NetworkEvent.Kind.REFUSED, () -> EventFields.denied(envelope, reason, during));
    }

    @Override
    public void received(Envelope envelope, AgentId receiver) {
        add(NetworkEvent.Kind.RECEIVED, () -> EventFields.of(envelope, receiver, null, null));
    }

    @Override
    public void handled(Envelope envelope, AgentId receiver) {
        add(NetworkEvent.Kind.HANDLED, () -> EventFields.of(envelope, receiver, null, null));
    }

    @Override
    public void dead(DeadLetter letter) {
        add(
                NetworkEvent.Kind.DEAD_LETTERED,
                () -> EventFields.of(letter.envelope(), letter.receiver(), letter.reason(), letter.cause()));
    }

    @Override
    public void answered(Envelope request, Gathered gathered) {
        addPayloads(NetworkEvent.Kind.ANSWERED, which -> EventFields.answered(request, gathered, which));
    }

    // --- the log

    private interface Fields {
        Map<String, @Nullable Object> get();
    }

    private interface PayloadFields {
        Map<String, @Nullable Object> get(EventFields.Payloads which);
    }

    /** Null if it cannot be written, whatever a codec, a redactor or a payload throws. */
    private byte @Nullable [] encoded(Fields fields) {
        try {
            return codec.encode(fields.get(), redactor::redact);
        } catch (Throwable unknown) {
            return null;
        }
    }

    private void add(NetworkEvent.Kind kind, Fields fields) {
        if (!isEnded()) {
            add(kind, encoded(fields));
        }
    }

    private void addPayloads(NetworkEvent.Kind kind, PayloadFields fields) {
        if (!isEnded()) {
            byte[] encoded = encoded(() -> fields.get(payloads));
            add(kind, encoded != null ? encoded : encoded(() -> fields.get(EventFields.Payloads.NONE)));
        }
    }

    private synchronized boolean isEnded() {
        return ended;
    }

    /** What cannot be written ends the recording: it would be taken for whole without it. */
    private void add(NetworkEvent.Kind kind, byte @Nullable [] encoded) {
        byte[] payload = encoded == null ? truncated : encoded;
        BooleanSupplier write;
        synchronized (this) {
            if (ended) {
                return;
            }
            boolean fits = encoded != null
                    && count < maxEvents
                    && bytes + payload.length <= maxBytes
                    && (writer == null || writer.hasRoom());
            ended = !fits;
            NetworkEvent.Kind added = fits ? kind : NetworkEvent.Kind.TRUNCATED;
            JournalEntry entry = new JournalEntry(count, engine.now(), added.type(), fits ? payload : truncated);
            count++;
            bytes += payload.length;
            if (entries != null) {
                entries.add(entry);
            }
            write = writer == null ? () -> false : writer.add(entry);
        }
        if (write.getAsBoolean()) {
            Dispatch.shared().execute(() -> Objects.requireNonNull(writer).write());
        }
    }

    /**
     * What has been recorded so far, of a recorder in memory.
     *
     * @return the recording
     * @throws IllegalStateException if a journal has it: {@link NetworkRecording#read} it
     * @throws io.flotilla.journal.PayloadException if the codec cannot read what it has written
     */
    public NetworkRecording recording() {
        List<JournalEntry> all;
        synchronized (this) {
            if (entries == null) {
                throw new IllegalStateException("the recording is in a journal");
            }
            all = List.copyOf(entries);
        }
        return NetworkRecording.of(all, codec);
    }

    /**
     * Ends the recording.
     *
     * <p>Cold: the first subscription ends it.
     *
     * <ul>
     *   <li><b>onComplete</b>: when all that was recorded is in the journal; at once without one.
     *   <li><b>onError</b>: what the journal has refused an append with. What came before that is there.
     *   <li><b>cancel</b>: ends the waiting only.
     *   <li><b>threads</b>: that of the subscriber, or of the journal.
     * </ul>
     *
     * @return completes when nothing is left to be written
     */
    public Mono<Void> close() {
        return Mono.defer(() -> {
            synchronized (this) {
                ended = true;
            }
            return writer == null ? Mono.empty() : writer.finished();
        });
    }

    /** Makes a recorder. Each setting checks its argument at once. Not thread-safe. */
    public static final class Builder {

        private @Nullable StepEngine engine;
        private @Nullable PayloadCodec codec;
        private @Nullable Journal journal;
        private String id = "";
        private int maxEvents = DEFAULT_MAX_EVENTS;
        private long maxBytes = DEFAULT_MAX_BYTES;
        private boolean recordsConfidential;

        private Builder() {}

        /**
         * Whose clock and redactor to use.
         *
         * @param engine default: one with all defaults; that of the network does best
         * @return this builder
         * @throws NullPointerException if {@code engine} is null
         */
        public Builder engine(StepEngine engine) {
            this.engine = Objects.requireNonNull(engine, "engine");
            return this;
        }

        /**
         * What writes payloads.
         *
         * @param codec default that of the journal, else {@link PayloadCodec#basic()}
         * @return this builder
         * @throws NullPointerException if {@code codec} is null
         */
        public Builder codec(PayloadCodec codec) {
            this.codec = Objects.requireNonNull(codec, "codec");
            return this;
        }

        /**
         * Records into a journal instead of memory: in order, some events at a time, and never waiting for it. If it is so slow
         * that {@value RecordingWriter#MAX_PENDING} events wait, nothing more is recorded, and the recording is not complete.
         *
         * @param journal where to
         * @param id the id of the recording there, as that of a run; there must be none yet
         * @return this builder
         * @throws NullPointerException if an argument is null
         * @throws IllegalArgumentException if {@code id} is none of 1 to 200 printable ASCII characters, no spaces
         */
        public Builder journal(Journal journal, String id) {
            this.journal = Objects.requireNonNull(journal, "journal");
            this.id = JournalBounds.checkRunId(Objects.requireNonNull(id, "id"));
            return this;
        }

        /**
         * Records payloads that were encrypted on their way, too, and in the clear: what has to be given to an agent again
         * has to be known. Record into a journal that encrypts, as {@code SealedJournal} of {@code flotilla-trust} does.
         *
         * <p>By default they are left out; a replay can drive those who sent such messages, not those who received them.
         *
         * @return this builder
         */
        public Builder recordConfidential() {
            this.recordsConfidential = true;
            return this;
        }

        /**
         * How many events are recorded.
         *
         * @param maxEvents 1 or more; default {@value NetworkRecorder#DEFAULT_MAX_EVENTS}
         * @return this builder
         * @throws IllegalArgumentException if {@code maxEvents} is below 1
         */
        public Builder maxEvents(int maxEvents) {
            this.maxEvents = (int) atLeastOne("maxEvents", maxEvents);
            return this;
        }

        /**
         * How many bytes are recorded.
         *
         * @param maxBytes 1 or more; default 64 MiB
         * @return this builder
         * @throws IllegalArgumentException if {@code maxBytes} is below 1
         */
        public Builder maxBytes(long maxBytes) {
            this.maxBytes = atLeastOne("maxBytes", maxBytes);
            return this;
        }

        private static long atLeastOne(String what, long value) {
            if (value < 1) {
                throw new IllegalArgumentException(what + " must be >= 1, was " + value);
            }
            return value;
        }

        /**
         * Makes the recorder.
         *
         * @return a new recorder
         * @throws io.flotilla.journal.PayloadException if the codec cannot write an event without fields
         */
        public NetworkRecorder build() {
            return new NetworkRecorder(this);
        }
    }
}
