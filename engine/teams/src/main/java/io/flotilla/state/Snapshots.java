package io.flotilla.state;

import io.flotilla.journal.JournalEntry;
import io.flotilla.journal.RunSummary;
import java.time.Instant;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.function.Predicate;
import java.util.function.UnaryOperator;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;

/**
 * The last two snapshots of a state, in two logs of one entry each, which are written in turns: while one is replaced, the other
 * is there. A snapshot only saves time: one that is missing, torn or not of these events is passed over.
 */
final class Snapshots<S, E> {

    private static final Logger LOG = LoggerFactory.getLogger(EventSourced.class);

    static final String ENTRY_TYPE = RunSummary.STATE_TYPE_PREFIX + "snapshot";

    private static final String FORMAT = "format";
    private static final String VERSION = "version";
    private static final String NANOS = "nanos";
    private static final String FINGERPRINT = "fingerprint";
    private static final String STATE = "state";

    private final EventSourced<S, E> of;
    private final List<String> logs;

    Snapshots(EventSourced<S, E> of, String id) {
        this.of = of;
        this.logs = List.of("snapshot:0:" + of.name() + ":" + id, "snapshot:1:" + of.name() + ":" + id);
    }

    /** The latest one that is early enough; else the initial state. */
    Mono<Known<S>> latest(Predicate<Known<S>> early) {
        Known<S> initial = Known.initial(of.settings.initial);
        if (of.settings.snapshotEvery == 0) {
            return Mono.just(initial);
        }
        return Flux.fromIterable(logs)
                .concatMap(this::read)
                .filter(early)
                .sort(Comparator.comparingLong((Known<S> known) -> known.version())
                        .reversed())
                .next()
                .defaultIfEmpty(initial);
    }

    private Mono<Known<S>> read(String log) {
        return of.settings.journal.read(log, 0).next().flatMap(entry -> Mono.justOrEmpty(decoded(entry)));
    }

    private @Nullable Known<S> decoded(JournalEntry entry) {
        try {
            Map<String, @Nullable Object> payload = of.settings.journal.codec().decode(entry.payload());
            if (number(payload, FORMAT) != of.settings.snapshotVersion) {
                return null; // made by another version of the program
            }
            Map<String, @Nullable Object> fields = new LinkedHashMap<>();
            ((Map<?, ?>) Objects.requireNonNull(payload.get(STATE), STATE))
                    .forEach((key, value) -> fields.put(String.valueOf(key), value));
            return new Known<>(
                    Objects.requireNonNull(of.settings.readSnapshot(fields), "no state"),
                    number(payload, VERSION),
                    Instant.EPOCH.plusNanos(number(payload, NANOS)),
                    number(payload, FINGERPRINT));
        } catch (Throwable unreadable) {
            LOG.warn("a snapshot of {} cannot be read, all events are replayed", of.name(), unreadable);
            return null;
        }
    }

    private static long number(Map<String, @Nullable Object> payload, String key) {
        return ((Number) Objects.requireNonNull(payload.get(key), key)).longValue();
    }

    /** Completes whatever comes of it. */
    Mono<Void> write(Known<S> known) {
        return Mono.defer(() -> {
                    String log = logs.get((int) (known.version() / of.settings.snapshotEvery % 2));
                    JournalEntry entry = new JournalEntry(0, known.at(), ENTRY_TYPE, encoded(known));
                    return of.settings.journal.delete(log).then(of.settings.journal.append(log, 0, List.of(entry)));
                })
                .then()
                .onErrorResume(failed -> {
                    LOG.warn("a snapshot of {} cannot be written, its events are all there", of.name(), failed);
                    return Mono.empty();
                });
    }

    private byte[] encoded(Known<S> known) {
        Map<String, Object> payload = new LinkedHashMap<>();
        payload.put(FORMAT, of.settings.snapshotVersion);
        payload.put(VERSION, known.version());
        payload.put(NANOS, Known.nanos(known.at()));
        payload.put(FINGERPRINT, known.fingerprint());
        payload.put(STATE, of.settings.writeSnapshot(known.state()));
        UnaryOperator<String> redactor = of.redactor::redact;
        try {
            return of.settings.journal.codec().encode(payload, redactor);
        } catch (Error fatal) { // Reactor signals no LinkageError, and somebody waits
            throw new IllegalStateException("the snapshot cannot be encoded", fatal);
        }
    }

    Mono<Void> delete() {
        return Flux.fromIterable(logs).concatMap(of.settings.journal::delete).then();
    }
}
