/**
 * A page over runs, teams and health, served from the process they live in.
 *
 * <p>Reactor and Reactor Netty are automatic modules, as for {@code io.flotilla.core}.
 */
module io.flotilla.inspector {
    // Types of these are in public signatures, or annotate them.
    requires transitive io.flotilla.core;
    requires transitive io.flotilla.teams;
    requires transitive org.reactivestreams;
    requires transitive reactor.core;
    requires transitive reactor.netty.http;
    requires static transitive org.jspecify;

    // Types of these are not.
    requires io.netty.buffer;
    requires io.netty.codec.http;
    requires io.netty.handler;
    requires io.netty.transport;
    requires org.slf4j;
    requires reactor.netty.core;
    requires tools.jackson.core;
    requires tools.jackson.databind;

    exports io.flotilla.inspector;
}
