package io.flotilla.testkit;

import io.flotilla.agent.StepState;
import io.flotilla.run.Await;
import io.flotilla.run.Decision;
import io.flotilla.run.Invocation;
import io.flotilla.run.Turn;
import java.time.Duration;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.Objects;
import java.util.function.BiFunction;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;
import reactor.core.publisher.Mono;

/**
 * The behaviour of a {@link ScriptedAgent} in one turn.
 *
 * <p>In strings, {@code $request} stands for the turn's input, and {@code $joined} for the answers among its joined
 * outcomes, separated by commas. At a rendezvous both stand for the arrivals, {@code $joined} until the agent has joined
 * a fork of its own. {@code $answer} is the answer to a question, {@code $signal} the value of a signal, {@code $carried} what was
 * carried over, {@code $state.plan} what the run's state has under {@code plan}, a key of letters, digits, {@code _} and {@code -}; each is
 * empty on other turns. What is null is the empty string. Strings in lists and maps are replaced as well.
 *
 * <p>Immutable, as far as the values in it are.
 *
 * @since 0.1
 */
public final class ScriptedDecision {

    private static final Duration LONGEST = Duration.ofNanos(Long.MAX_VALUE);

    private final @Nullable BiFunction<? super Turn, StepState, ? extends Decision> decision;
    private final ScriptedState.Writes writes;
    private final @Nullable Duration delay;

    private ScriptedDecision(
            @Nullable BiFunction<? super Turn, StepState, ? extends Decision> decision,
            ScriptedState.Writes writes,
            @Nullable Duration delay) {
        this.decision = decision;
        this.writes = writes;
        this.delay = delay;
    }

    private static ScriptedDecision deciding(BiFunction<? super Turn, StepState, ? extends Decision> decision) {
        return new ScriptedDecision(decision, ScriptedState.Writes.NONE, null);
    }

    /**
     * Decides by a function.
     *
     * @param decision called in the turn; if it throws, the step fails with that error
     * @return the scripted decision
     * @throws NullPointerException if {@code decision} is null
     */
    public static ScriptedDecision of(Function<? super Turn, ? extends Decision> decision) {
        Objects.requireNonNull(decision, "decision");
        return deciding((turn, state) -> decision.apply(turn));
    }

    /**
     * Answers.
     *
     * @param value the answer; may be null
     * @return the scripted decision
     * @see Decision#answer
     */
    public static ScriptedDecision answer(@Nullable Object value) {
        return deciding((turn, state) -> Decision.answer(Placeholders.fill(value, turn, state)));
    }

    /**
     * Hands off.
     *
     * @param agent the target
     * @param request the request; may be null
     * @return the scripted decision
     * @throws NullPointerException if {@code agent} is null
     * @see Decision#handOff
     */
    public static ScriptedDecision handOff(String agent, @Nullable Object request) {
        Objects.requireNonNull(agent, "agent");
        return deciding((turn, state) -> Decision.handOff(agent, Placeholders.fill(request, turn, state)));
    }

    /**
     * Forks.
     *
     * @param invocations the branches
     * @return the scripted decision
     * @throws NullPointerException if {@code invocations} or one of them is null
     * @see Decision#fanOut(List)
     */
    public static ScriptedDecision fanOut(List<Invocation> invocations) {
        List<Invocation> branches = List.copyOf(invocations);
        return deciding((turn, state) -> Decision.fanOut(branches.stream()
                .map(branch -> Invocation.of(branch.agent(), Placeholders.fill(branch.request(), turn, state)))
                .toList()));
    }

    /**
     * Forks one branch for each agent, with null as request.
     *
     * @param agents the agents, in this order; an agent may occur many times
     * @return the scripted decision
     * @throws NullPointerException if {@code agents} or one of them is null
     */
    public static ScriptedDecision fanOut(String... agents) {
        return fanOut(
                Arrays.stream(agents).map(agent -> Invocation.of(agent, null)).toList());
    }

    /**
     * Forks many branches of one agent, with null as request.
     *
     * @param agent the agent
     * @param count the number of branches; 0 or more, although a fork of 0 is rejected with a correction
     * @return the scripted decision
     * @throws NullPointerException if {@code agent} is null
     * @throws IllegalArgumentException if {@code count} is negative
     */
    public static ScriptedDecision fanOutMany(String agent, int count) {
        if (count < 0) {
            throw new IllegalArgumentException("count must be >= 0, was " + count);
        }
        Invocation invocation = Invocation.of(agent, null);
        return of(turn -> Decision.fanOut(Collections.nCopies(count, invocation)));
    }

    /**
     * Decides to fail.
     *
     * @param reason why
     * @return the scripted decision
     * @throws NullPointerException if {@code reason} is null
     * @see Decision#fail
     */
    public static ScriptedDecision fail(String reason) {
        Objects.requireNonNull(reason, "reason");
        return deciding((turn, state) -> Decision.fail(Placeholders.fill(reason, turn, state)));
    }

    /**
     * Ends the run, and has its settled steps undone.
     *
     * @param reason why
     * @return the scripted decision
     * @throws NullPointerException if {@code reason} is null
     * @see Decision#compensate
     */
    public static ScriptedDecision compensate(String reason) {
        Objects.requireNonNull(reason, "reason");
        return deciding((turn, state) -> Decision.compensate(Placeholders.fill(reason, turn, state)));
    }

    /**
     * Throws an {@link IllegalStateException}.
     *
     * @param message its message
     * @return the scripted decision
     * @throws NullPointerException if {@code message} is null
     */
    public static ScriptedDecision throwing(String message) {
        Objects.requireNonNull(message, "message");
        return deciding((turn, state) -> {
            throw new IllegalStateException(Placeholders.fill(message, turn, state));
        });
    }

    /**
     * Never ends; only a cancel ends the step.
     *
     * @return the scripted decision
     */
    public static ScriptedDecision hang() {
        return new ScriptedDecision(null, ScriptedState.Writes.NONE, null);
    }

    /**
     * Asks a person.
     *
     * @param question what to ask
     * @return the scripted decision
     * @throws NullPointerException if {@code question} is null
     * @see Decision#ask(String)
     */
    public static ScriptedDecision ask(String question) {
        Objects.requireNonNull(question, "question");
        return deciding((turn, state) -> Decision.ask(Placeholders.fill(question, turn, state)));
    }

    /**
     * Repeats: has another turn.
     *
     * @param input the input of that turn; may be null
     * @return the scripted decision
     * @see Decision#repeat
     */
    public static ScriptedDecision repeat(@Nullable Object input) {
        return deciding((turn, state) -> Decision.repeat(Placeholders.fill(input, turn, state)));
    }

    /**
     * Sleeps: has another turn after a time.
     *
     * @param duration how long; zero for another turn at once
     * @return the scripted decision
     * @throws NullPointerException if {@code duration} is null
     * @throws IllegalArgumentException if {@code duration} is negative, or more than 292 years
     * @see Decision#sleep(Duration)
     */
    public static ScriptedDecision sleep(Duration duration) {
        Decision sleep = Decision.sleep(duration);
        return of(turn -> sleep);
    }

    /**
     * Waits for a signal.
     *
     * @param signal what to wait for
     * @return the scripted decision
     * @throws NullPointerException if {@code signal} is null
     * @see Decision#await(Await)
     */
    public static ScriptedDecision await(Await signal) {
        Decision await = Decision.await(signal);
        return of(turn -> await);
    }

    /**
     * The same decision with something that the agent keeps for its next turn. Only {@link #ask}, {@link #repeat}, {@link #sleep}
     * and {@link #await} can; other decisions fail the step with an {@link IllegalStateException}.
     *
     * @param carry what the next turn has as {@link Turn#carried()}; may be null
     * @return the scripted decision
     */
    public ScriptedDecision carrying(@Nullable Object carry) {
        BiFunction<? super Turn, StepState, ? extends Decision> decide = decision;
        return decide == null
                ? this
                : new ScriptedDecision(
                        (turn, state) -> carrying(decide.apply(turn, state), Placeholders.fill(carry, turn, state)),
                        writes,
                        delay);
    }

    /**
     * The same decision with something that the step writes into its run's state before it decides.
     *
     * @param key whose value
     * @param value the value; strings are filled in
     * @return the scripted decision
     * @throws NullPointerException if an argument is null
     * @throws IllegalArgumentException if {@code key} is out of its bounds
     * @see StepState#put
     */
    public ScriptedDecision putting(String key, Object value) {
        return writing(ScriptedState.put(key, Objects.requireNonNull(value, "value")));
    }

    /**
     * The same decision with something that the step merges into its run's state before it decides.
     *
     * @param key whose value
     * @param update what is merged into it; strings are filled in
     * @return the scripted decision
     * @throws NullPointerException if an argument is null
     * @throws IllegalArgumentException if {@code key} is out of its bounds
     * @see StepState#merge
     */
    public ScriptedDecision merging(String key, Object update) {
        return writing(ScriptedState.merge(key, Objects.requireNonNull(update, "update")));
    }

    /**
     * The same decision of a step that removes something from its run's state before it decides.
     *
     * @param key whose value
     * @return the scripted decision
     * @throws NullPointerException if {@code key} is null
     * @throws IllegalArgumentException if {@code key} is out of its bounds
     * @see StepState#remove
     */
    public ScriptedDecision removing(String key) {
        return writing(ScriptedState.remove(key));
    }

    private ScriptedDecision writing(ScriptedState.Writes more) {
        return new ScriptedDecision(decision, writes.then(more), delay);
    }

    private static Decision carrying(Decision decided, @Nullable Object carry) {
        if (decided instanceof Decision.Ask ask) {
            return Decision.ask(ask.question(), carry);
        }
        if (decided instanceof Decision.Repeat repeat) {
            return Decision.repeat(repeat.input(), carry);
        }
        if (decided instanceof Decision.Sleep sleep) {
            return Decision.sleep(sleep.duration(), carry);
        }
        if (decided instanceof Decision.AwaitSignal await) {
            return Decision.await(await.signal(), carry);
        }
        throw new IllegalStateException("only ask, repeat, sleep and await carry, not " + decided);
    }

    /**
     * The same decision with a delay.
     *
     * @param delay the delay, on Reactor's parallel scheduler, which is virtual in virtual time; default: no delay, on
     *     the thread on which the agent is called. A delay of zero lets everything that is due at that moment happen
     *     first
     * @return the scripted decision
     * @throws NullPointerException if {@code delay} is null
     * @throws IllegalArgumentException if {@code delay} is negative, or more than 292 years
     */
    public ScriptedDecision after(Duration delay) {
        if (delay.isNegative() || delay.compareTo(LONGEST) > 0) {
            throw new IllegalArgumentException("delay must be >= 0 and <= " + LONGEST + ", was " + delay);
        }
        return new ScriptedDecision(decision, writes, delay);
    }

    boolean isDelayed() {
        return delay != null;
    }

    Mono<Decision> in(Turn turn, StepState state) {
        BiFunction<? super Turn, StepState, ? extends Decision> decide = decision;
        Mono<Decision> decided = Mono.defer(() -> {
            writes.write(turn, state);
            return decide == null ? Mono.never() : Mono.just(decide.apply(turn, state));
        });
        return delay == null ? decided : Mono.delay(delay).then(decided);
    }
}
