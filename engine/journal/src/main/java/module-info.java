/**
 * The facts of runs in one SQLite file, a JSON codec for the payloads in them, and modules for Jackson that write what runs tell.
 *
 * <p>{@link io.flotilla.journal.json.JsonPayloadCodec} reads and writes registered types with Jackson, by reflection. A type
 * in a package that its own module does not export has to be opened: {@code opens my.payloads to tools.jackson.databind}.
 */
module io.flotilla.journal.sqlite {
    // Types of these are in public signatures, or annotate them.
    requires transitive io.flotilla.core;
    requires transitive reactor.core;
    requires static transitive org.jspecify;
    requires transitive tools.jackson.databind;

    // For RunsModule2 only, brought by the application.
    requires static com.fasterxml.jackson.databind;
    requires static com.fasterxml.jackson.core;

    // Types of these are not.
    requires java.sql;
    requires org.reactivestreams;
    requires org.slf4j;
    requires org.xerial.sqlitejdbc;
    requires tools.jackson.core;

    exports io.flotilla.journal.jackson;
    exports io.flotilla.journal.json;
    exports io.flotilla.journal.sqlite;
}
