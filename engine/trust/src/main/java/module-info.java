/**
 * Who may speak, and what was said: signed messages, capabilities, agent tokens, sealed journals. The crypto is the JDK's.
 *
 * <p>Reactor and Reactive Streams are automatic modules, as for {@code io.flotilla.core}.
 */
module io.flotilla.trust {
    // Types of these are in public signatures, or annotate them.
    requires transitive io.flotilla.core;
    requires transitive io.flotilla.teams;
    requires transitive micrometer.commons;
    requires transitive micrometer.core;
    requires transitive reactor.core;
    requires static transitive org.jspecify;

    // Types of these are not.
    requires org.reactivestreams;

    exports io.flotilla.security;
}
