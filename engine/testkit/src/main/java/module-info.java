/**
 * Scripted agents, runs written down as files under virtual time, systems simulated by seed, and the contract that every journal meets.
 *
 * <p>JUnit and AssertJ are needed only by {@link io.flotilla.testkit.JournalContract}, and only where it is extended.
 */
module io.flotilla.testkit {
    // Types of these are in public signatures, or annotate them.
    requires transitive io.flotilla.core;
    requires transitive org.reactivestreams;
    requires transitive reactor.core;
    requires transitive reactor.test;
    requires static transitive org.jspecify;

    // Types of these are not.
    requires tools.jackson.core;
    requires tools.jackson.databind;
    requires static org.assertj.core;
    requires static org.junit.jupiter.api;
    requires static org.junit.jupiter.params;

    exports io.flotilla.testkit;

    // JUnit calls the tests of the contract, which are not public.
    opens io.flotilla.testkit to
            org.junit.platform.commons;
}
