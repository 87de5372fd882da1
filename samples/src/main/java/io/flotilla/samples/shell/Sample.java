package io.flotilla.samples.shell;

/** A program that shows one thing. Stateless, so that one object can be run again and again. */
public interface Sample {

    /** What {@code -Dsample} calls it. */
    String name();

    /**
     * Runs to its end.
     *
     * @return the exit code: 0 if it did what it shows, 1 if it could not
     * @throws BadInput if a setting makes no sense
     */
    int run(Settings settings, Output output);
}
