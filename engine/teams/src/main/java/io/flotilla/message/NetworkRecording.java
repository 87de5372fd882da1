package io.flotilla.message;

import io.flotilla.journal.Journal;
import io.flotilla.journal.JournalEntry;
import io.flotilla.journal.PayloadCodec;
import java.util.List;
import java.util.Objects;
import reactor.core.publisher.Mono;

/**
 * What a {@link NetworkRecorder} has recorded. Immutable.
 *
 * @since 0.1
 */
public final class NetworkRecording {

    private final List<NetworkEvent> events;
    private final PayloadCodec codec;

    private NetworkRecording(List<NetworkEvent> events, PayloadCodec codec) {
        this.events = events;
        this.codec = codec;
    }

    static NetworkRecording of(List<JournalEntry> entries, PayloadCodec codec) {
        return new NetworkRecording(
                entries.stream().map(entry -> NetworkEvent.read(entry, codec)).toList(), codec);
    }

    /**
     * Reads a recording from a journal, with the journal's codec.
     *
     * @param journal where it was recorded
     * @param id as for {@link NetworkRecorder.Builder#journal}
     * @return as for {@link #read(Journal, String, PayloadCodec)}
     * @throws NullPointerException if an argument is null (the call itself, not a signal)
     */
    public static Mono<NetworkRecording> read(Journal journal, String id) {
        return read(journal, id, journal.codec());
    }

    /**
     * Reads a recording from a journal.
     *
     * <p>Cold: every subscription reads it.
     *
     * <ul>
     *   <li><b>onNext</b>: the recording; without events if there is none of that id.
     *   <li><b>onError</b>: what the journal fails with; {@link io.flotilla.journal.PayloadException} if it is no recording, or
     *       of another codec.
     *   <li><b>threads</b>: those of the journal.
     * </ul>
     *
     * @param journal where it was recorded
     * @param id as for {@link NetworkRecorder.Builder#journal}
     * @param codec that of the recorder
     * @return the recording
     * @throws NullPointerException if an argument is null (the call itself, not a signal)
     */
    public static Mono<NetworkRecording> read(Journal journal, String id, PayloadCodec codec) {
        Objects.requireNonNull(codec, "codec");
        return journal.read(id, 0).collectList().map(entries -> of(entries, codec));
    }

    /**
     * What happened, in order.
     *
     * @return the events
     */
    public List<NetworkEvent> events() {
        return events;
    }

    /**
     * Whether everything is in it until it was ended or read.
     *
     * @return false if the recorder was full, or could not write what happened
     */
    public boolean isComplete() {
        return events.isEmpty() || events.get(events.size() - 1).kind() != NetworkEvent.Kind.TRUNCATED;
    }

    /** Whether the network had a guard. */
    boolean isGuarded() {
        return events.stream().anyMatch(NetworkEvent::hasMetAGuard);
    }

    PayloadCodec codec() {
        return codec;
    }

    /** How many events there are. */
    @Override
    public String toString() {
        return "NetworkRecording[" + events.size() + " events" + (isComplete() ? "" : ", truncated") + "]";
    }
}
