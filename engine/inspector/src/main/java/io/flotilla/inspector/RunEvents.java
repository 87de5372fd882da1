package io.flotilla.inspector;

import io.flotilla.run.EventsLostException;
import io.flotilla.run.Run;
import io.flotilla.run.RunEvent;
import io.flotilla.run.RunInfo;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;
import reactor.core.scheduler.Schedulers;

/**
 * What happens in a run, as server-sent events from a position on: first what is recorded, then what comes; behind all of it the end.
 *
 * <p>A live run is looked at ten times a second, and shown at most {@value #TURN} events and as many pieces of output at a time: it does
 * not notice who looks, and a run of many events costs no more than that. Whoever is slower than the events that are kept reads on in the
 * journal, a tenth of the time at most while the run goes on. So nothing is buffered for anybody, and nobody misses an event. Output is
 * in no journal: the last of it is on an {@link OutputTape}, and who is slower than that is told so.
 */
final class RunEvents {

    static final int TURN = 1_000;

    private static final Duration PAUSE = Duration.ofMillis(100);

    /** Recorded events in a piece of the response. */
    private static final int PIECE = 256;

    /** How many looks the end waits for what the last steps have told. */
    private static final int LAST_WORDS = 100;

    private final Sources.Found run;
    private final OutputReader output;
    private final Rest rest = new Rest();

    // Of one look after another.

    /** The number of the next event. */
    private long next;

    /** It has its last events also after its end. */
    private @Nullable Run<?> seen;

    private boolean hasAllEvents;
    private int waited;

    private RunEvents(Sources.Found run, Position from, OutputTapes tapes) {
        this.run = run;
        this.output = new OutputReader(tapes, from);
        this.next = from.event() + 1;
    }

    static Flux<byte[]> of(Sources.Found run, Position from, OutputTapes tapes) {
        return Flux.defer(() -> {
            RunEvents events = new RunEvents(run, from, tapes);
            events.begin();
            // What is written of output is the user's own toString, which may keep the thread.
            return Sse.looks(PAUSE, () -> Flux.defer(events::look).subscribeOn(Schedulers.boundedElastic()));
        });
    }

    /** Before anything is sent: what comes of that is on the tape. */
    private void begin() {
        Run<?> live = run.live();
        if (live == null) {
            output.finish(run.id());
        } else {
            output.follow(live);
        }
    }

    @SuppressWarnings("ReferenceEquality") // a recovered run is another one of the same id
    private Flux<Sse.Look> look() {
        Run<?> live = run.live();
        if (live != null) {
            hasAllEvents &= live == seen;
            seen = live;
            output.follow(live);
        }
        Sse text = new Sse();
        boolean hasMore = output.addTo(text, next - 1);
        boolean isUnread = !hasAllEvents && !addEvents(text) && (live == null || rest.isOver());
        if (isUnread) {
            return Flux.just(Sse.Look.of(text, false, true)).concatWith(recorded());
        }
        if (!hasAllEvents || hasMore) {
            return Flux.just(Sse.Look.of(text, false, live == null));
        }
        waited++;
        return output.isOver() || waited > LAST_WORDS ? end(text).flux() : Flux.just(Sse.Look.of(text, false, false));
    }

    /** Adds what the run has kept; returns whether it has more, or may have. */
    private boolean addEvents(Sse text) {
        Run<?> source = seen;
        if (source == null) {
            return false;
        }
        List<RunEvent> events;
        try {
            events = source.events(next, TURN);
        } catch (EventsLostException lost) {
            return false;
        }
        events.forEach(event -> add(text, event, null));
        hasAllEvents = !events.isEmpty() && events.get(events.size() - 1) instanceof RunEvent.RunFinished;
        return !events.isEmpty() || run.live() != null; // else it is suspended, say
    }

    /** What the journal has from here on. */
    private Flux<Sse.Look> recorded() {
        return Flux.defer(() -> {
            boolean wasLive = run.live() != null;
            rest.begin();
            return run.recorded()
                    .facts()
                    .concatMapIterable(RunPages::entries, 1)
                    .filter(entry -> entry.sequence() >= next)
                    .buffer(PIECE)
                    .map(this::piece)
                    .concatWith(Mono.fromSupplier(() -> {
                        rest.end();
                        hasAllEvents = !wasLive && run.live() == null;
                        return Sse.Look.of(new Sse(), false, hasAllEvents);
                    }));
        });
    }

    private Sse.Look piece(List<RunPages.Entry> entries) {
        Sse text = new Sse();
        entries.forEach(entry -> add(text, entry.event(), entry.fact()));
        return Sse.Look.of(text, false, false);
    }

    private void add(Sse text, RunEvent event, @Nullable Long fact) {
        next = event.sequence() + 1;
        Map<String, @Nullable Object> form = new LinkedHashMap<>(event.toMap());
        form.put("fact", fact);
        text.event("fact", output.behind(event.sequence()), form);
    }

    private Mono<Sse.Look> end(Sse text) {
        return run.recorded()
                .info()
                .map(RunInfo::status)
                .map(status -> status.name().toLowerCase(Locale.ROOT))
                .onErrorReturn("unfinished")
                .map(status -> {
                    Map<String, @Nullable Object> form = new LinkedHashMap<>();
                    form.put("status", status);
                    form.put("live", run.live() != null);
                    return Sse.Look.of(text.event("end", null, form), true, false);
                });
    }

    /** Between two readings of a live run's journal; it may be over before the first. Not thread-safe. */
    private static final class Rest {

        private static final long LEAST_NANOS = Duration.ofSeconds(1).toNanos();
        private static final int TIMES = 9;

        private long begun;
        private long nanos = LEAST_NANOS;
        private long until;
        private boolean isTaken;

        void begin() {
            begun = System.nanoTime();
        }

        void end() {
            nanos = Math.max(LEAST_NANOS, TIMES * (System.nanoTime() - begun));
            isTaken = false;
        }

        boolean isOver() {
            if (!isTaken) {
                isTaken = true;
                until = System.nanoTime() + nanos;
            }
            return System.nanoTime() - until >= 0;
        }
    }
}
