/**
 * The recorded facts of runs, in order, from which a run can be recovered.
 *
 * <p>Start with {@link io.flotilla.journal.Journal}, the interface of a store; {@link
 * io.flotilla.journal.InMemoryJournal} is the implementation without a file. A fact is a {@link
 * io.flotilla.journal.JournalEntry}; a {@link io.flotilla.journal.RunSummary} describes a run without reading it. All
 * errors are subtypes of {@link io.flotilla.journal.JournalException}. Implementations check their arguments with {@link
 * io.flotilla.journal.JournalBounds}.
 *
 * <p>This package does not know what a fact means.
 */
@NullMarked
package io.flotilla.journal;

import org.jspecify.annotations.NullMarked;
