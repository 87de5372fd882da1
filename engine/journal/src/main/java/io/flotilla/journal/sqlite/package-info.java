/**
 * A journal in one SQLite file: durable before acknowledged.
 *
 * <p>{@link io.flotilla.journal.sqlite.SqliteJournal} is the only public type; {@link io.flotilla.journal.Journal}
 * specifies it.
 */
@NullMarked
package io.flotilla.journal.sqlite;

import org.jspecify.annotations.NullMarked;
