/**
 * What is kept of a run: its facts, one after another, so that it can go on where it stopped.
 *
 * <p>Start with {@link io.flotilla.journal.Journal}, what a store of facts has to do; {@link
 * io.flotilla.journal.InMemoryJournal} is the one without a file. A fact is a {@link io.flotilla.journal.JournalEntry}, what
 * is known of a run without reading it a {@link io.flotilla.journal.RunSummary}. Everything that can go wrong is a subtype of
 * {@link io.flotilla.journal.JournalException}. Who writes a journal checks arguments with {@link
 * io.flotilla.journal.JournalBounds}.
 *
 * <p>Nothing here knows what a fact means.
 */
@NullMarked
package io.flotilla.journal;

import org.jspecify.annotations.NullMarked;
