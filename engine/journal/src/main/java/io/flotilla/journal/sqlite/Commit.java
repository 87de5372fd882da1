package io.flotilla.journal.sqlite;

import java.sql.SQLException;

/** How a transaction is committed. Tests put their own in, which waits or fails. */
@FunctionalInterface
interface Commit {

    void run(Store store) throws SQLException;
}
