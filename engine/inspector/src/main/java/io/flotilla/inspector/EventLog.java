package io.flotilla.inspector;

import io.flotilla.health.HealthChange;
import io.flotilla.health.HealthMonitor;
import io.flotilla.health.HealthStatus;
import java.time.Clock;
import java.time.Instant;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.reactivestreams.Publisher;
import reactor.core.Disposable;
import reactor.core.Disposables;
import reactor.core.publisher.Flux;

/**
 * What has happened in the system since the inspector was started: changes of health, and the events that it was given. It keeps the last
 * {@value #MAX_ENTRIES}, as texts. Thread-safe.
 */
final class EventLog implements Disposable {

    static final int MAX_ENTRIES = 200;
    static final int MAX_TEXT = 500;

    private static final String HEALTH = "health";

    private record Entry(Instant at, String source, String text) {

        Map<String, @Nullable Object> toMap() {
            Map<String, @Nullable Object> form = new LinkedHashMap<>();
            form.put("at", at.toString());
            form.put("source", source);
            form.put("text", text);
            return form;
        }
    }

    private final Deque<Entry> last = new ArrayDeque<>();
    private final Disposable.Composite sources = Disposables.composite();
    private HealthStatus whole = HealthStatus.UNKNOWN;

    EventLog(@Nullable HealthMonitor health, Map<String, Publisher<?>> events, Clock clock) {
        if (health != null) {
            whole = health.report().status();
            sources.add(health.changes().subscribe(change -> changed(change, health)));
        }
        events.forEach((source, published) -> sources.add(Flux.from(published)
                .subscribe(
                        event -> add(clock.instant(), source, textOf(event)),
                        failed -> add(
                                clock.instant(),
                                source,
                                "no more is told: " + failed.getClass().getName()))));
    }

    /** The change of one check, and what has become of the whole by it. */
    private synchronized void changed(HealthChange change, HealthMonitor health) {
        add(change.at(), HEALTH, change.toString());
        HealthStatus now = health.report().status();
        if (now != whole) {
            add(change.at(), HEALTH, "the whole " + whole + " -> " + now);
            whole = now;
        }
    }

    private static String textOf(Object event) {
        try {
            return String.valueOf(event);
        } catch (RuntimeException broken) {
            return event.getClass().getName();
        }
    }

    private synchronized void add(Instant at, String source, String text) {
        if (last.size() == MAX_ENTRIES) {
            last.remove();
        }
        last.add(new Entry(at, source, text.length() <= MAX_TEXT ? text : text.substring(0, MAX_TEXT) + "…"));
    }

    /** The oldest first. */
    synchronized Map<String, @Nullable Object> toMap() {
        List<Object> entries = new ArrayList<>();
        last.forEach(entry -> entries.add(entry.toMap()));
        Map<String, @Nullable Object> form = new LinkedHashMap<>();
        form.put("entries", entries);
        return form;
    }

    /** Hears no more. */
    @Override
    public void dispose() {
        sources.dispose();
    }
}
