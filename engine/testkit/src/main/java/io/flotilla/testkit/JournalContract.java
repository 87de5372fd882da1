package io.flotilla.testkit;

import io.flotilla.journal.Journal;
import org.junit.jupiter.api.Timeout;

/**
 * Tests of what every {@link Journal} must do. Extend this class and say how your journal is opened:
 *
 * <pre>{@code
 * class MyJournalTest extends JournalContract {
 *     protected Journal open() {
 *         return new MyJournal();
 *     }
 * }
 * }</pre>
 *
 * <p>Its tests are in the classes it extends, by theme: appending, copying, reading, listing and deleting, cancelling and
 * closing, bad input.
 *
 * <p>Needs JUnit 5 and AssertJ on the class path of the tests, which this module does not bring along.
 *
 * @since 0.1
 */
@Timeout(60)
@SuppressWarnings("exports") // JUnit is optional, so it is not required transitively
public abstract class JournalContract extends BadInputContract {

    /** For the tests of a journal. */
    protected JournalContract() {}

    @Override
    protected abstract Journal open();
}
