/**
 * Messages between agents: envelopes, the bounded mailboxes that take them, and networks of members with mailboxes; teams:
 * managers with workers, and peers; state, shared, by messages or event-sourced; batching and pooling.
 *
 * <p>Reactor and Reactive Streams are automatic modules, as for {@code io.flotilla.core}.
 */
module io.flotilla.teams {
    // Types of these are in public signatures, or annotate them.
    requires transitive io.flotilla.core;
    requires transitive micrometer.commons;
    requires transitive micrometer.core;
    requires transitive micrometer.observation;
    requires transitive org.reactivestreams;
    requires transitive reactor.core;
    requires static transitive org.jspecify;

    // Types of these are not.
    requires org.slf4j;
    requires reactor.pool;

    exports io.flotilla.message;
    exports io.flotilla.pool;
    exports io.flotilla.state;
    exports io.flotilla.team;
}
