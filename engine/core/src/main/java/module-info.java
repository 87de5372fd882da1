/**
 * Agents and steps, the engine that fans them out, topologies, and the runs of a workflow over one.
 *
 * <p>Every package with a public type is exported. Most users start at {@link io.flotilla.step.StepEngine} for single
 * rounds, or at {@link io.flotilla.run.Workflow} for runs.
 *
 * <p>Reactor, Reactive Streams and Micrometer are automatic modules: they have a name, but no descriptor yet. So the module
 * path works, and {@code jlink} does not.
 */
module io.flotilla.core {
    // Types of these are in public signatures, or annotate them.
    requires transitive micrometer.commons;
    requires transitive micrometer.core;
    requires transitive micrometer.observation;
    requires transitive org.reactivestreams;
    requires transitive reactor.core;
    requires static transitive org.jspecify;

    // For the MDC on all threads, and for spans with links, brought by the application.
    requires static context.propagation;
    requires static micrometer.tracing;

    // Types of these are not.
    requires org.slf4j;
    requires reactor.extra;

    exports io.flotilla;
    exports io.flotilla.agent;
    exports io.flotilla.health;
    exports io.flotilla.journal;
    exports io.flotilla.observe;
    exports io.flotilla.run;
    exports io.flotilla.run.machine;
    exports io.flotilla.simulation;
    exports io.flotilla.step;
    exports io.flotilla.topology;
}
