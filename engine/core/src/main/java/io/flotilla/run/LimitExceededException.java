package io.flotilla.run;

import io.flotilla.internal.JsonFields;

/**
 * A limit of the whole run was exceeded; the run ends. The message names the limit, its value, and the path of agents the
 * run was on.
 *
 * @since 0.1
 */
public final class LimitExceededException extends RunFailure {

    private static final long serialVersionUID = 1L;

    private final String limit;
    private final String value;

    /**
     * The failure of a run that exceeds a limit.
     *
     * @param limit which limit, see {@link #limit()}
     * @param value its value
     * @param where the path of agents the run was on, as the message ends with it; may be empty
     */
    public LimitExceededException(String limit, String value, String where) {
        super("limit exceeded: " + limit + " " + value + where, null);
        this.limit = limit;
        this.value = value;
    }

    @Override
    public Kind kind() {
        return Kind.LIMIT_EXCEEDED;
    }

    /**
     * Which limit.
     *
     * @return {@code steps}, {@code time}, {@code tokens}, {@code cost}, {@code branches}, {@code depth}, {@code
     *     questions} or {@code delegationCycles}
     */
    public String limit() {
        return limit;
    }

    /**
     * The limit's value.
     *
     * @return as it was set
     */
    public String value() {
        return value;
    }

    @Override
    void describe(JsonFields fields) {
        fields.text("limit", limit).text("value", value);
    }
}
