/** An application of modules: a recorded run of agents, one of which fails at first. */
module fleet {
    requires io.flotilla.core;
    requires io.flotilla.journal.sqlite;
    requires io.flotilla.resilience;

    // What the journal's codec reads and writes; nobody else sees it.
    opens fleet to
            tools.jackson.databind;
}
