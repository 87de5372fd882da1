package io.flotilla.run;

import io.flotilla.step.InFlightLimit;
import io.micrometer.observation.Observation;
import java.time.Duration;
import java.time.Instant;
import java.util.Collections;
import java.util.Map;
import java.util.Objects;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;
import reactor.util.context.Context;

/**
 * What one run is started with besides its task. Start with {@link #ofId} or {@link #none()}; each method returns new options.
 * Immutable and thread-safe.
 *
 * <pre>{@code
 * flow.submit(order, RunOptions.ofId("order-" + order.number())
 *         .label("tenant", order.tenant())
 *         .deadline(order.promisedAt()))
 * }</pre>
 *
 * @since 0.1
 */
public final class RunOptions {

    /** The most labels of a run. */
    public static final int MAX_LABELS = 64;

    /** The most characters of a label's name. */
    public static final int MAX_LABEL_NAME_LENGTH = 100;

    /** The most characters of a label's value. */
    public static final int MAX_LABEL_LENGTH = 1_000;

    private static final Duration LONGEST = Duration.ofNanos(Long.MAX_VALUE);

    private static final RunOptions NONE = new RunOptions(null, Map.of(), 0, null, Limits.none(), null, null);

    private final @Nullable String runId;
    private final Map<String, String> labels;
    private final int priority;
    private final @Nullable Instant deadline;
    private final Limits limits;
    private final @Nullable Observation parent;
    private final @Nullable String nestedIn;

    private RunOptions(
            @Nullable String runId,
            Map<String, String> labels,
            int priority,
            @Nullable Instant deadline,
            Limits limits,
            @Nullable Observation parent,
            @Nullable String nestedIn) {
        this.runId = runId;
        this.labels = labels;
        this.priority = priority;
        this.deadline = deadline;
        this.limits = limits;
        this.parent = parent;
        this.nestedIn = nestedIn;
    }

    /** A run that is the step of another one. */
    static RunOptions nested(String runId, String in, Map<String, String> labels, int priority, Limits limits) {
        return new RunOptions(runId, labels, priority, null, limits, null, in);
    }

    /**
     * No options: the run has an id of the library's, and all else is the workflow's.
     *
     * @return options that say nothing
     */
    public static RunOptions none() {
        return NONE;
    }

    /**
     * A run under an id of the caller's. The same id and task is the same run, live or recorded, and not a second one.
     *
     * @param runId 1 to 200 printable ASCII characters without spaces and slashes
     * @return the options
     * @throws NullPointerException if {@code runId} is null
     * @throws InvalidRunIdException if {@code runId} is out of its bounds
     */
    public static RunOptions ofId(String runId) {
        return new RunOptions(InvalidRunIdException.checked(runId), Map.of(), 0, null, Limits.none(), null, null);
    }

    /**
     * Adds a label, which the run can be found by, see {@link RunFilter#label}. It is recorded, after the engine's redactor has
     * gone over it.
     *
     * @param name 1 to 100 characters, not blank; a label of that name is replaced
     * @param value at most 1,000 characters
     * @return options with this label
     * @throws NullPointerException if an argument is null
     * @throws IllegalArgumentException if an argument is out of its bounds, or there are more than 64 labels
     */
    public RunOptions label(String name, String value) {
        checkLabel(name, value);
        Map<String, String> more = new TreeMap<>(labels);
        more.put(name, value);
        if (more.size() > MAX_LABELS) {
            throw new IllegalArgumentException("a run has at most " + MAX_LABELS + " labels");
        }
        return new RunOptions(runId, Collections.unmodifiableMap(more), priority, deadline, limits, parent, nestedIn);
    }

    /**
     * Adds labels, see {@link #label}.
     *
     * @param more names and values
     * @return options with these labels
     * @throws NullPointerException if {@code more} or something in it is null
     * @throws IllegalArgumentException as for {@link #label}
     */
    public RunOptions labels(Map<String, String> more) {
        RunOptions all = this;
        for (Map.Entry<String, String> label : more.entrySet()) {
            all = all.label(label.getKey(), label.getValue());
        }
        return all;
    }

    static void checkLabel(String name, String value) {
        if (name.isBlank() || name.length() > MAX_LABEL_NAME_LENGTH) {
            throw new IllegalArgumentException("the name of a label must have 1 to " + MAX_LABEL_NAME_LENGTH
                    + " characters and not be blank, had " + name.length());
        }
        if (value.length() > MAX_LABEL_LENGTH) {
            throw new IllegalArgumentException("the value of a label must have at most " + MAX_LABEL_LENGTH
                    + " characters, had " + value.length());
        }
    }

    /**
     * Which run's steps get the next permit of the engine's {@link InFlightLimit}, where that has no {@link
     * InFlightLimit#priority} of its own. Recorded: a recovered run has it again.
     *
     * @param priority higher goes first; default 0
     * @return options with this priority
     */
    public RunOptions priority(int priority) {
        return new RunOptions(runId, labels, priority, deadline, limits, parent, nestedIn);
    }

    /**
     * Until when the run must have ended; then it fails with {@link LimitExceededException}, as when the time of {@link
     * Limits#time} is up. The earlier of both counts. Recorded; it goes on while the process is down.
     *
     * @param deadline by the engine's clock; a run whose deadline has passed is not started, see {@link
     *     DeadlinePassedException}
     * @return options with this deadline
     * @throws NullPointerException if {@code deadline} is null
     */
    public RunOptions deadline(Instant deadline) {
        return new RunOptions(
                runId, labels, priority, Objects.requireNonNull(deadline, "deadline"), limits, parent, nestedIn);
    }

    /**
     * What this run may use besides what its workflow says: of each limit the lower one counts. Recorded.
     *
     * @param limits default {@link Limits#none()}
     * @return options with these limits
     * @throws NullPointerException if {@code limits} is null
     */
    public RunOptions limits(Limits limits) {
        return new RunOptions(
                runId, labels, priority, deadline, Objects.requireNonNull(limits, "limits"), parent, nestedIn);
    }

    /**
     * What the run's observation is inside of, as when a message of another service has started it. It counts before one in the
     * context of the subscriber. Not recorded: a run that is recovered is inside of the one who recovers it.
     *
     * @param parent an observation that has been started
     * @return options with this parent
     * @throws NullPointerException if {@code parent} is null
     */
    public RunOptions parentTrace(Observation parent) {
        return new RunOptions(
                runId, labels, priority, deadline, limits, Objects.requireNonNull(parent, "parent"), nestedIn);
    }

    @Nullable String runId() {
        return runId;
    }

    @Nullable String nestedIn() {
        return nestedIn;
    }

    Map<String, String> labels() {
        return labels;
    }

    int priority() {
        return priority;
    }

    /** With the deadline as a limit of time. */
    Limits limitsAt(Instant now) {
        if (deadline == null) {
            return limits;
        }
        if (!deadline.isAfter(now)) {
            throw new DeadlinePassedException(deadline, now);
        }
        Duration left = Duration.between(now, deadline);
        if (left.compareTo(LONGEST) > 0) {
            return limits;
        }
        Duration most = limits.maxTime();
        return most != null && most.compareTo(left) <= 0 ? limits : ((Limits.Chain) limits).time(left);
    }

    boolean isNone() {
        return this == NONE;
    }

    Context within(Context outer) {
        Context traced = parent == null ? outer : outer.put("micrometer.observation", parent);
        return withPriority(traced, priority);
    }

    static Context withPriority(Context outer, int priority) {
        return priority == 0 ? outer : outer.put(InFlightLimit.PRIORITY_KEY, priority);
    }

    /** What is set, without the values of labels. */
    @Override
    public String toString() {
        return "RunOptions[runId=" + runId + ", labels=" + labels.keySet() + ", priority=" + priority + ", deadline="
                + deadline + ", limits=" + limits + "]";
    }
}
