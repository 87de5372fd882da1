package io.flotilla.run;

import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * What an agent is called with when its branch comes to it: why, with which input, and where it may hand over to.
 *
 * <p>Immutable, as far as the values in it are.
 *
 * @since 0.1
 */
public final class Turn {

    /** Why an agent is called. */
    public enum Reason {
        /** The work has come to it: as the task of the run, by a hand-off, a fork, or its own {@code repeat}. */
        REQUESTED,
        /** A fork of its own has been joined: see {@link Turn#outcomes()}. */
        JOINED,
        /** It is a rendezvous, and those who could come have come, or were enough: see {@link Turn#arrivals()}. */
        ARRIVED,
        /** A question of its own has been answered: see {@link Turn#answer()}. */
        ANSWERED,
        /** A signal it waited for has come, or the default stands for it: see {@link Turn#signal()}. */
        SIGNALLED,
        /** It has slept, see {@link Decision#sleep(java.time.Duration)}. */
        SLEPT,
        /** A step of it is to be undone: its {@link Compensation} is called, never the agent. */
        COMPENSATING
    }

    private final Reason reason;
    private final @Nullable Object input;
    private final String sender;
    private final List<Outcome> outcomes;
    private final List<Arrival> arrivals;

    /** The answer of a person, or the value of a signal, by the reason. */
    private final @Nullable Object received;

    private final @Nullable Object carried;
    private final @Nullable Correction correction;
    private final List<String> successors;
    private final boolean joinUnmet;

    private Turn(
            Reason reason,
            @Nullable Object input,
            String from,
            List<Outcome> joined,
            List<Arrival> arrivals,
            @Nullable Object received,
            @Nullable Object carried,
            @Nullable Correction correction,
            List<String> successors,
            boolean joinUnmet) {
        this.reason = reason;
        this.input = input;
        this.sender = from;
        this.outcomes = joined;
        this.arrivals = arrivals;
        this.received = received;
        this.carried = carried;
        this.correction = correction;
        this.successors = successors;
        this.joinUnmet = joinUnmet;
    }

    /**
     * The turn of an agent that the work comes to. A run makes its turns itself; this and the other factories are for unit
     * tests of agents, and for engines that drive runs in another way.
     *
     * @param input what the agent is called with; may be null
     * @param sender who handed it over: an agent's name, or {@code start}
     * @param successors where the agent may go on to
     * @return a turn with {@link Reason#REQUESTED}
     * @throws NullPointerException if {@code sender}, {@code successors} or one of them is null
     */
    public static Turn requested(@Nullable Object input, String sender, List<String> successors) {
        return new Turn(
                Reason.REQUESTED,
                input,
                Objects.requireNonNull(sender, "sender"),
                List.of(),
                List.of(),
                null,
                null,
                null,
                List.copyOf(successors),
                false);
    }

    /**
     * The turn of an agent whose fork has been joined.
     *
     * @param input what the agent was called with when it forked; may be null
     * @param outcomes what became of the branches
     * @param successors where the agent may go on to
     * @return a turn with {@link Reason#JOINED}, of a join that was met
     * @throws NullPointerException if a list or something in it is null
     * @see #thenJoined for a join that fell short
     */
    public static Turn joined(@Nullable Object input, List<Outcome> outcomes, List<String> successors) {
        return requested(input, "start", successors).thenJoined(outcomes, false);
    }

    /**
     * The turn of an agent whose question has been answered.
     *
     * @param input what the agent was called with when it asked; may be null
     * @param answer what was answered; may be null
     * @param successors where the agent may go on to
     * @return a turn with {@link Reason#ANSWERED}
     * @throws NullPointerException if {@code successors} or one of them is null
     */
    public static Turn answered(@Nullable Object input, @Nullable Object answer, List<String> successors) {
        return requested(input, "start", successors).thenAnswered(answer);
    }

    /**
     * The turn of a rendezvous that has fired.
     *
     * @param arrivals who has come, in lineage order; one at least
     * @param successors where the agent may go on to
     * @param joinUnmet whether the rendezvous's join fell short
     * @return a turn with {@link Reason#ARRIVED}; its input is the list of what has arrived
     * @throws NullPointerException if a list or something in it is null
     * @throws IllegalArgumentException if {@code arrivals} is empty
     */
    public static Turn arrived(List<Arrival> arrivals, List<String> successors, boolean joinUnmet) {
        if (arrivals.isEmpty()) {
            throw new IllegalArgumentException("arrivals must not be empty");
        }
        List<@Nullable Object> values = new ArrayList<>(arrivals.size());
        arrivals.forEach(arrival -> values.add(arrival.value()));
        return new Turn(
                Reason.ARRIVED,
                java.util.Collections.unmodifiableList(values),
                arrivals.get(0).agent(),
                List.of(),
                List.copyOf(arrivals),
                null,
                null,
                null,
                List.copyOf(successors),
                joinUnmet);
    }

    /**
     * The agent's next turn if it forks and the fork is joined.
     *
     * @param joined what became of the branches
     * @param unmet whether the join fell short
     * @return a turn with {@link Reason#JOINED} and the same input, arrivals and successors
     * @throws NullPointerException if {@code joined} or one of them is null
     */
    public Turn thenJoined(List<Outcome> joined, boolean unmet) {
        List<Outcome> copied = List.copyOf(joined);
        return new Turn(Reason.JOINED, input, sender, copied, arrivals, null, null, null, successors, unmet);
    }

    /**
     * The agent's next turn if it asks a question and somebody answers.
     *
     * @param value the answer; may be null
     * @return a turn with {@link Reason#ANSWERED}, which is otherwise like this one
     */
    public Turn thenAnswered(@Nullable Object value) {
        return then(Reason.ANSWERED, value);
    }

    /**
     * The agent's next turn if it waits for a signal and one comes.
     *
     * @param value its value; may be null
     * @return a turn with {@link Reason#SIGNALLED}, which is otherwise like this one
     */
    public Turn thenSignalled(@Nullable Object value) {
        return then(Reason.SIGNALLED, value);
    }

    /**
     * The agent's next turn if it sleeps.
     *
     * @return a turn with {@link Reason#SLEPT}, which is otherwise like this one
     */
    public Turn thenSlept() {
        return then(Reason.SLEPT, null);
    }

    /**
     * What a compensation is called with, for engines that drive runs.
     *
     * @param input what the step to undo was called with; may be null
     * @param value what it answered or handed over; may be null
     * @return a turn with {@link Reason#COMPENSATING}
     */
    public static Turn compensating(@Nullable Object input, @Nullable Object value) {
        return requested(input, "start", List.of()).then(Reason.COMPENSATING, value);
    }

    /**
     * What the step to undo answered or handed over.
     *
     * @return the value; null if that was null, and on other turns
     */
    public @Nullable Object compensatedValue() {
        return reason == Reason.COMPENSATING ? received : null;
    }

    private Turn then(Reason next, @Nullable Object value) {
        return new Turn(next, input, sender, outcomes, arrivals, value, null, null, successors, joinUnmet);
    }

    /**
     * The same turn with what the agent has carried over from its last.
     *
     * @param carry see {@link Decision#ask(Question, Object)}; may be null
     * @return a turn with that {@link #carried()}
     */
    public Turn withCarried(@Nullable Object carry) {
        return carry == null && carried == null
                ? this
                : new Turn(
                        reason, input, sender, outcomes, arrivals, received, carry, correction, successors, joinUnmet);
    }

    /**
     * The agent's next turn if it decides to {@link Decision#repeat repeat}.
     *
     * @param newInput what it is called with then; may be null
     * @return a turn with {@link Reason#REQUESTED} and the same sender and successors
     */
    public Turn thenRepeated(@Nullable Object newInput) {
        return new Turn(Reason.REQUESTED, newInput, sender, List.of(), List.of(), null, null, null, successors, false);
    }

    /**
     * The agent's next turn if its decision is not allowed.
     *
     * @param newCorrection what was wrong
     * @return this turn with that correction
     * @throws NullPointerException if {@code newCorrection} is null
     */
    public Turn thenCorrected(Correction newCorrection) {
        Objects.requireNonNull(newCorrection, "newCorrection");
        return new Turn(
                reason, input, sender, outcomes, arrivals, received, carried, newCorrection, successors, joinUnmet);
    }

    /**
     * A turn outside every run, to call an agent directly with, as a unit test does.
     *
     * @param input what the agent is to be called with; may be null
     * @param successors where it may go on to
     * @return the turn
     * @throws NullPointerException if a target is null
     */
    public static Turn detached(@Nullable Object input, String... successors) {
        return requested(input, "start", List.of(successors));
    }

    /**
     * Why the agent is called.
     *
     * @return the reason; when there is a {@link #correction()}, the reason of the turn that is repeated
     */
    public Reason reason() {
        return reason;
    }

    /**
     * What the agent was asked to do: the task of the run, or what another agent handed over. It stays the same while the
     * branch is at this agent, so it is still there when a fork has been joined. At a rendezvous the list of what has
     * arrived, see {@link #arrivals()}.
     *
     * @return the input; null if nothing was handed over
     */
    public @Nullable Object input() {
        return input;
    }

    /**
     * The input as what the agent takes it for.
     *
     * @param type its type
     * @param <T> its type
     * @return the input; null if nothing was handed over
     * @throws ClassCastException if the input is of another type
     */
    public <T> @Nullable T input(Class<T> type) {
        return cast("input", input, type);
    }

    /**
     * Who handed over the input.
     *
     * @return an agent's name, or {@code start}; at a rendezvous that of the first arrival
     */
    public String sender() {
        return sender;
    }

    /**
     * What became of the branches of the fork this agent opened last, when this is the turn after their join.
     *
     * @return the outcomes in the order of the invocations, those of rendezvous after them, failures and time-outs among
     *     them; without those who moved on, and those who were cancelled; empty on other turns
     */
    public List<Outcome> outcomes() {
        return outcomes;
    }

    /**
     * The answers among {@link #outcomes()}.
     *
     * @param type what the agents answered with
     * @param <T> what the agents answered with
     * @return the values that are not null, in the same order
     * @throws ClassCastException if one is of another type
     */
    public <T> List<T> answers(Class<T> type) {
        List<T> values = new ArrayList<>(outcomes.size());
        for (Outcome outcome : outcomes) {
            T value = cast("answer of " + outcome.agent(), outcome.value(), type);
            if (value != null) {
                values.add(value);
            }
        }
        return List.copyOf(values);
    }

    /**
     * Who has come to this rendezvous.
     *
     * @return the arrivals in lineage order; empty for an agent that is none
     */
    public List<Arrival> arrivals() {
        return arrivals;
    }

    /**
     * The values of the {@link #arrivals()}.
     *
     * @param type what the branches have handed over
     * @param <T> what the branches have handed over
     * @return the values that are not null, in the same order
     * @throws ClassCastException if one is of another type
     */
    public <T> List<T> arrivals(Class<T> type) {
        List<T> values = new ArrayList<>(arrivals.size());
        for (Arrival arrival : arrivals) {
            T value = cast("arrival from " + arrival.agent(), arrival.value(), type);
            if (value != null) {
                values.add(value);
            }
        }
        return List.copyOf(values);
    }

    /**
     * Whether the join that has brought this turn about fell short, and the branch continues all the same: by {@link Join#orProceed()}, or
     * because a person said so.
     *
     * @return true on such turns; false where the join was met, and where there was none
     */
    public boolean joinUnmet() {
        return joinUnmet;
    }

    /**
     * The answer to the agent's question.
     *
     * @return what was answered; null if that was null, and on other turns
     */
    public @Nullable Object answer() {
        return reason == Reason.ANSWERED ? received : null;
    }

    /**
     * The answer to the agent's question.
     *
     * @param type its type
     * @param <T> its type
     * @return what was answered; null if that was null, and on other turns
     * @throws ClassCastException if the answer is of another type
     */
    public <T> @Nullable T answer(Class<T> type) {
        return cast("answer", answer(), type);
    }

    /**
     * The value of the signal that the agent has waited for, or the default of {@link Await#defaultValue(Object)}.
     *
     * @return what was signalled; null if that was null, and on other turns
     */
    public @Nullable Object signal() {
        return reason == Reason.SIGNALLED ? received : null;
    }

    /**
     * The value of the signal that the agent has waited for, see {@link #signal()}.
     *
     * @param type its type
     * @param <T> its type
     * @return what was signalled; null if that was null, and on other turns
     * @throws ClassCastException if it is of another type
     */
    public <T> @Nullable T signal(Class<T> type) {
        return cast("signal", signal(), type);
    }

    /**
     * What the agent's last decision has carried over to this turn, see {@link Decision#ask(Question, Object)}. In a run that was
     * recovered it is what the journal's codec has read back.
     *
     * @return what it was given; null if that was null, and on turns after other decisions. A turn with a {@link #correction()}
     *     has that of the turn it repeats
     */
    public @Nullable Object carried() {
        return carried;
    }

    /**
     * What the agent's last decision has carried over to this turn, see {@link #carried()}.
     *
     * @param type its type
     * @param <T> its type
     * @return what it was given; null if that was null, and on turns after other decisions
     * @throws ClassCastException if it is of another type
     */
    public <T> @Nullable T carried(Class<T> type) {
        return cast("carried", carried, type);
    }

    /**
     * What was wrong with the agent's last decision.
     *
     * @return the correction; null if nothing was
     */
    public @Nullable Correction correction() {
        return correction;
    }

    /**
     * Where this agent's edges lead.
     *
     * @return names of agents, {@code end} and {@code user}, in the topology's order
     */
    public List<String> successors() {
        return successors;
    }

    private static <T> @Nullable T cast(String what, @Nullable Object value, Class<T> type) {
        Objects.requireNonNull(type, "type");
        if (value != null && !type.isInstance(value)) {
            throw new ClassCastException(what + " is a " + value.getClass().getName() + ", not a " + type.getName());
        }
        return type.cast(value);
    }

    /** The reason, and what there is besides. */
    @Override
    public String toString() {
        return "Turn[" + reason + " sender=" + sender + " input=" + input
                + (outcomes.isEmpty() ? "" : " outcomes=" + outcomes)
                + (joinUnmet ? " joinUnmet" : "")
                + (arrivals.isEmpty() ? "" : " arrivals=" + arrivals)
                + (reason == Reason.ANSWERED ? " answer=" + received : "")
                + (reason == Reason.SIGNALLED ? " signal=" + received : "")
                + (carried == null ? "" : " carried=" + carried)
                + (correction == null ? "" : " correction=" + correction.problem())
                + "]";
    }
}
