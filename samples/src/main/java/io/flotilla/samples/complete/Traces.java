package io.flotilla.samples.complete;

import io.micrometer.observation.Observation;
import io.micrometer.observation.ObservationHandler;
import io.micrometer.observation.ObservationRegistry;
import io.micrometer.observation.ObservationView;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/** Counts what is observed, by its name and those around it. A service would hand the registry to a tracer. Thread-safe. */
final class Traces implements ObservationHandler<Observation.Context> {

    private static final String INSIDE = " > ";

    private final Map<String, Integer> started = new TreeMap<>();
    private int open;

    ObservationRegistry registry() {
        ObservationRegistry registry = ObservationRegistry.create();
        registry.observationConfig().observationHandler(this);
        return registry;
    }

    @Override
    public boolean supportsContext(Observation.Context context) {
        return true;
    }

    @Override
    public void onStart(Observation.Context context) {
        List<String> names = new ArrayList<>();
        names.add(context.getName());
        for (ObservationView outer = context.getParentObservation();
                outer != null;
                outer = outer.getContextView().getParentObservation()) {
            names.add(outer.getContextView().getName());
        }
        Collections.reverse(names);
        synchronized (this) {
            started.merge(String.join(INSIDE, names), 1, Integer::sum);
            open++;
        }
    }

    @Override
    public synchronized void onStop(Observation.Context context) {
        open--;
    }

    synchronized int open() {
        return open;
    }

    /** The tree of names, each with its count, indented. */
    synchronized List<String> tree() {
        List<String> lines = new ArrayList<>();
        started.forEach((path, count) -> {
            String[] names = path.split(INSIDE, -1);
            lines.add("  ".repeat(names.length - 1) + names[names.length - 1] + " " + count);
        });
        return lines;
    }
}
