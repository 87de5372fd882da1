package io.flotilla.team;

/**
 * What a message in a {@link Hybrid} team is for, and which way it goes.
 *
 * @since 0.1
 */
public enum Act {
    /** A problem, up: answered by the first manager that can. */
    ESCALATE(Direction.UP),
    /** News, up, to the manager. */
    REPORT(Direction.UP),
    /** News, to all colleagues: those of the same manager. */
    SYNC(Direction.SIDEWAYS),
    /** A question to one colleague. */
    COORDINATE(Direction.SIDEWAYS),
    /** A task, down, to one worker. */
    ASSIGN(Direction.DOWN),
    /** A task, down, to whichever worker is least busy and can. */
    DELEGATE(Direction.DOWN);

    /** Which way. */
    public enum Direction {
        /** To the manager. */
        UP,
        /** To colleagues. */
        SIDEWAYS,
        /** To workers. */
        DOWN
    }

    private final Direction direction;

    Act(Direction direction) {
        this.direction = direction;
    }

    /**
     * Which way it goes.
     *
     * @return the direction
     */
    public Direction direction() {
        return direction;
    }
}
