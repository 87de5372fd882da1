package io.flotilla.inspector;

import io.flotilla.run.Run;
import io.flotilla.run.RunOutput;
import java.util.LinkedHashMap;
import java.util.Locale;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** What one listener has of the output of a run, and what it misses. Not thread-safe. */
final class OutputReader {

    /** A look has no more pieces than that. */
    private static final int TURN = 1_000;

    /** Nor more text, but for one piece. */
    private static final int MAX_LENGTH = 262_144;

    private static final int MAX_VALUE_LENGTH = 16_384;

    private final OutputTapes tapes;
    private @Nullable OutputTape tape;

    /** The tape that {@link #next} is of; null if it never had one. */
    private @Nullable String name;

    private long next;

    /** What it has missed is not known. */
    private boolean hasGap;

    OutputReader(OutputTapes tapes, Position from) {
        this.tapes = tapes;
        this.name = from.tape();
        this.next = from.output();
    }

    /** Has the output of a live run from here on; that of its earlier life first, if there is a rest of it. */
    void follow(Run<?> live) {
        OutputTape now = tape;
        boolean isOver = now == null || now.isOver(next);
        if (now == null || now.isDisposed() || (isOver && !now.isOf(live))) {
            use(tapes.of(live), isOver && now != null);
        }
    }

    private void use(OutputTape fresh, boolean hasAll) {
        if (!fresh.name().equals(name)) {
            hasGap = name != null && !hasAll;
            name = fresh.name();
            next = fresh.first();
        }
        tape = fresh;
    }

    /** Has what it has not got of a run that is live no more, if it is still there. */
    void finish(String runId) {
        if (name != null) {
            tape = tapes.find(runId, name);
            hasGap = tape == null;
        }
    }

    /** Whether it has all there will be. */
    boolean isOver() {
        OutputTape now = tape;
        return now == null || now.isOver(next);
    }

    /** Where it is behind an event. */
    Position behind(long event) {
        return new Position(event, tape == null ? null : name, next);
    }

    /** Adds what there is, up to a bound; returns whether there is more. */
    boolean addTo(Sse text, long lastEvent) {
        if (hasGap) {
            hasGap = false;
            text.event("output", behind(lastEvent), lost(null, null));
        }
        OutputTape from = tape;
        if (from == null) {
            return false;
        }
        OutputTape.Read read = from.read(next, TURN);
        next = read.from();
        if (read.missed() > 0) {
            text.event("output", behind(lastEvent), lost(0L, read.missed()));
        }
        for (RunOutput output : read.outputs()) {
            next++;
            text.event("output", behind(lastEvent), form(output));
            if (text.length() > MAX_LENGTH) {
                break;
            }
        }
        return next < read.end();
    }

    private static Map<String, @Nullable Object> lost(@Nullable Long steps, @Nullable Long values) {
        Map<String, @Nullable Object> form = new LinkedHashMap<>();
        form.put("type", "lost");
        form.put("steps", steps);
        form.put("values", values);
        return form;
    }

    private static Map<String, @Nullable Object> form(RunOutput output) {
        if (output instanceof RunOutput.Lost lost) {
            return lost(lost.steps(), lost.values());
        }
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
