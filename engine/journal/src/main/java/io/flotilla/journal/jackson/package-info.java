/**
 * Modules for Jackson that write what runs tell as JSON: events, results, states, failures, outcomes and results of steps, each as its
 * {@code toMap()} has it. So no mapper looks into objects of the library, or of its users, and stack traces are never in it.
 *
 * <p>{@link io.flotilla.journal.jackson.RunsModule} is for Jackson 3, {@link io.flotilla.journal.jackson.RunsModule2} for Jackson 2,
 * which the application brings itself. They write only: events and results are read back as the maps they are.
 */
@NullMarked
package io.flotilla.journal.jackson;

import org.jspecify.annotations.NullMarked;
