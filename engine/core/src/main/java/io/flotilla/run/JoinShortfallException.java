package io.flotilla.run;

import io.flotilla.internal.JsonFields;
import java.util.List;
import java.util.stream.Stream;

/**
 * Not enough branches of a fork answered, or not enough came to a rendezvous. Its cause is the first failure behind it, in
 * lineage order; the others are suppressed, at most {@value #MAX_SUPPRESSED}.
 *
 * @since 0.1
 */
public final class JoinShortfallException extends RunFailure {

    private static final long serialVersionUID = 1L;

    /** The most failures that are suppressed in it. */
    public static final int MAX_SUPPRESSED = 16;

    private final String agent;
    private final transient BranchPath branch;
    private final transient Join join;

    private JoinShortfallException(
            String message, String agent, BranchPath branch, Join join, List<RunFailure> failures) {
        super(message, failures.isEmpty() ? null : failures.get(0).first());
        this.agent = agent;
        this.branch = branch;
        this.join = join;
        failures.stream().skip(1).limit(MAX_SUPPRESSED).forEach(this::addSuppressed);
    }

    private static List<RunFailure> failures(List<Outcome> outcomes) {
        return outcomes.stream()
                .filter(Outcome.Failed.class::isInstance)
                .flatMap(outcome -> behind(((Outcome.Failed) outcome).failure()))
                .toList();
    }

    /** All that is behind a failure: of a fork further in that fell short, what was behind that, itself without. */
    private static Stream<RunFailure> behind(RunFailure failure) {
        RunFailure first = failure.first();
        return Stream.concat(
                Stream.of(first),
                first == failure
                        ? Stream.empty()
                        : Stream.of(failure.getSuppressed())
                                .filter(RunFailure.class::isInstance)
                                .map(RunFailure.class::cast));
    }

    /**
     * The shortfall of a fork's join.
     *
     * @param agent the agent that forked; {@code end} for the join of the whole run
     * @param branch the branch that forked
     * @param join what was asked for
     * @param outcomes what became of the branches, in lineage order
     * @param answered how many branches had answered
     * @param failed how many had failed, or not ended by the deadline
     * @param live how many had not ended
     * @return the failure
     */
    public static JoinShortfallException ofFork(
            String agent, BranchPath branch, Join join, List<Outcome> outcomes, int answered, int failed, int live) {
        StringBuilder message = new StringBuilder("join ")
                .append(join)
                .append(" of the fork at ")
                .append(agent)
                .append(" (branch ")
                .append(branch)
                .append(") fell short: ")
                .append(answered)
                .append(" answered, ")
                .append(failed)
                .append(" failed, ")
                .append(live)
                .append(" live");
        for (Outcome outcome : outcomes) {
            if (outcome instanceof Outcome.Failed first) {
                message.append("; first, ").append(first.failure().first().getMessage());
                break;
            }
            if (outcome instanceof Outcome.TimedOut timedOut) {
                message.append("; first, agent ")
                        .append(timedOut.agent())
                        .append(" (branch ")
                        .append(timedOut.branch())
                        .append(") had not ended within ")
                        .append(timedOut.limit());
                break;
            }
        }
        return new JoinShortfallException(message.toString(), agent, branch, join, failures(outcomes));
    }

    /**
     * The shortfall of a rendezvous's join.
     *
     * @param agent the rendezvous
     * @param branch the branch that starts there
     * @param join what was asked for
     * @param arrived how many arrived
     * @param expired whether the deadline passed; otherwise no other branch could arrive
     * @return the failure
     */
    public static JoinShortfallException ofRendezvous(
            String agent, BranchPath branch, Join join, int arrived, boolean expired) {
        String message = "join " + join + " at the rendezvous " + agent + " (branch " + branch + ") fell short: "
                + arrived + " arrived" + (expired ? " in time" : " and nobody else can");
        return new JoinShortfallException(message, agent, branch, join, List.of());
    }

    @Override
    public Kind kind() {
        return Kind.JOIN_SHORTFALL;
    }

    /**
     * Where the join is.
     *
     * @return the agent that forked, or the rendezvous; {@code end} for the join of the whole run
     */
    public String agent() {
        return agent;
    }

    /**
     * Whose fork it is.
     *
     * @return the path of the branch that forked; of a rendezvous, that of its own branch
     */
    public BranchPath branch() {
        return branch;
    }

    /**
     * What was asked for.
     *
     * @return the join
     */
    public Join join() {
        return join;
    }

    @Override
    public RunFailure first() {
        return getCause() instanceof RunFailure cause ? cause : this;
    }

    @Override
    void describe(JsonFields fields) {
        fields.text("agent", agent).text("branch", branch).text("join", join);
    }
}
