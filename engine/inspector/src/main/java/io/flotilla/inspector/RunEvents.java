package io.flotilla.inspector;

import io.flotilla.run.EventsLostException;
import io.flotilla.run.Run;
import io.flotilla.run.RunEvent;
import io.flotilla.run.RunInfo;
import io.flotilla.run.RunOutput;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.atomic.AtomicLong;
import org.jspecify.annotations.Nullable;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;
import reactor.core.publisher.Sinks;
import reactor.core.scheduler.Schedulers;

/**
 * What happens in a run, as server-sent events from a position on: first what is recorded, then what comes.
 *
 * <p>A live run is looked at ten times a second, and shown at most {@value #TURN} events at a time: it does not notice who looks, and a
 * run of many events costs no more than that. Whoever is slower than the events that are kept reads on in the journal. So nothing is
 * buffered for anybody, and nobody misses anything.
 */
final class RunEvents {

    static final int TURN = 1_000;

    private static final Duration PAUSE = Duration.ofMillis(100);

    /** Recorded events in a piece of the response. */
    private static final int PIECE = 256;

    /** The most output between two looks; more is dropped, and counted, before it comes here. */
    private static final int OUTPUTS = 256;

    private static final int MAX_VALUE_LENGTH = 16_384;

    private final Sources.Found run;

    /** The number of the next event. */
    private final AtomicLong next;

    /** It has its last events also after its end. */
    private @Nullable Run<?> seen;

    private RunEvents(Sources.Found run, long from) {
        this.run = run;
        this.next = new AtomicLong(from);
    }

    static Flux<byte[]> of(Sources.Found run, long from) {
        return Flux.defer(() -> {
            RunEvents events = new RunEvents(run, from);
            Run<?> live = run.live();
            Flux<byte[]> looks = Sse.looks(PAUSE, events::look);
            return live == null ? looks : withOutput(looks, live);
        });
    }

    /** The output ends with the events, and does not keep them. */
    private static Flux<byte[]> withOutput(Flux<byte[]> looks, Run<?> live) {
        return Flux.defer(() -> {
            Sinks.Empty<Void> over = Sinks.empty();
            return Flux.merge(
                    looks.doFinally(any -> over.tryEmitEmpty()), output(live).takeUntilOther(over.asMono()));
        });
    }

    private static Flux<byte[]> output(Run<?> live) {
        return live.output()
                .onErrorResume(ended -> Flux.empty())
                .bufferTimeout(OUTPUTS, PAUSE, true)
                .map(outputs -> {
                    Sse events = new Sse();
                    outputs.forEach(output -> events.event("output", null, form(output)));
                    return events.bytes();
                });
    }

    private Flux<Sse.Look> look() {
        Run<?> live = run.live();
        seen = live == null ? seen : live;
        if (seen == null) {
            return recorded();
        }
        List<RunEvent> events;
        try {
            events = seen.events(next.get(), TURN);
        } catch (EventsLostException lost) {
            return recorded();
        }
        if (events.isEmpty() && live == null) {
            return recorded(); // suspended, say
        }
        Sse text = new Sse();
        events.forEach(event -> add(text, event, null));
        boolean isOver = !events.isEmpty() && events.get(events.size() - 1) instanceof RunEvent.RunFinished;
        return isOver ? end(text).flux() : Flux.just(Sse.Look.of(text, false, live == null));
    }

    /** What the journal has from here on; then the end, unless more is to come. */
    private Flux<Sse.Look> recorded() {
        return run.recorded()
                .facts()
                .concatMapIterable(RunPages::entries, 1)
                .filter(entry -> entry.sequence() >= next.get())
                .buffer(PIECE)
                .map(entries -> {
                    Sse text = new Sse();
                    entries.forEach(entry -> add(text, entry.event(), entry.fact()));
                    return Sse.Look.of(text, false, false);
                })
                .concatWith(Mono.defer(() -> run.live() == null ? end(new Sse()) : Mono.empty()))
                .subscribeOn(Schedulers.boundedElastic());
    }

    private void add(Sse text, RunEvent event, @Nullable Long fact) {
        Map<String, @Nullable Object> form = new LinkedHashMap<>(event.toMap());
        form.put("fact", fact);
        text.event("fact", event.sequence(), form);
        next.set(event.sequence() + 1);
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
                    form.put("live", false);
                    return Sse.Look.of(text.event("end", null, form), true, false);
                });
    }

    private static Map<String, @Nullable Object> form(RunOutput output) {
        Map<String, @Nullable Object> form = new LinkedHashMap<>();
        if (output instanceof RunOutput.AttemptStarted started) {
            form.put("type", "attempt-started");
            step(form, started);
            form.put("attempt", started.attempt());
            form.put("called", started.called().toString());
        } else if (output instanceof RunOutput.Emitted emitted) {
            form.put("type", "emitted");
            step(form, emitted);
            form.put("attempt", emitted.attempt());
            form.put("position", emitted.position());
            form.put("value", text(emitted.value()));
        } else if (output instanceof RunOutput.Settled settled) {
            form.put("type", "settled");
            step(form, settled);
            form.put("kind", settled.kind().name().toLowerCase(Locale.ROOT).replace('_', '-'));
            form.put("dropped", settled.dropped());
        } else if (output instanceof RunOutput.Lost lost) {
            form.put("type", "lost");
            form.put("steps", lost.steps());
            form.put("values", lost.values());
        }
        return form;
    }

    private static void step(Map<String, @Nullable Object> form, RunOutput.OfStep of) {
        form.put("branch", of.branch().toString());
        form.put("agent", of.agent());
        form.put("step", of.step());
    }

    /** What was emitted is the user's: its {@code toString} may throw, or be long. */
    private static String text(Object value) {
        String text;
        try {
            text = String.valueOf(value.toString());
        } catch (Throwable broken) {
            return value.getClass().getName() + " (which cannot be read)";
        }
        return text.length() <= MAX_VALUE_LENGTH
                ? text
                : text.substring(0, MAX_VALUE_LENGTH) + "... (" + text.length() + " characters)";
    }
}
