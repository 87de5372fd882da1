/**
 * A journal in one SQLite file: durable before acknowledged.
 *
 * <p>{@link io.flotilla.journal.sqlite.SqliteJournal} is all there is to name; what it does is said by {@link
 * io.flotilla.journal.Journal}.
 */
@NullMarked
package io.flotilla.journal.sqlite;

import org.jspecify.annotations.NullMarked;
