package io.flotilla.agent;

import io.flotilla.AgentId;
import java.util.Objects;
import java.util.function.BiFunction;
import java.util.stream.Collector;
import org.jspecify.annotations.Nullable;
import org.reactivestreams.Publisher;
import reactor.core.publisher.Mono;
import reactor.core.scheduler.Scheduler;
import reactor.core.scheduler.Schedulers;

/**
 * Something that takes a step: a call of a language model, a tool, a rule, a simulated trader.
 *
 * <p>Whatever a body does wrong stays its own: it may throw, return null, signal an error, complete empty, never
 * complete. The engine turns each of these into a result. What a body must not do is block the thread it is called on;
 * for code that blocks there is {@link #blocking(String, BiFunction)}.
 *
 * <p>An agent is shared by all steps that run at the same time, so an implementation is thread-safe and keeps nothing
 * of a step in its fields: what belongs to the step is in the {@link StepContext}.
 *
 * @param <I> the input of a step
 * @param <O> the value of a step
 * @since 0.1
 */
public interface Agent<I, O> {

    /**
     * The agent's id.
     *
     * @return the same id at every call
     */
    AgentId id();

    /**
     * One attempt at a step. Called once an attempt, on the thread that starts it.
     *
     * <ul>
     *   <li><b>onNext</b>: the value of the step, which ends it; a second one is not read. A body that emits and does not complete
     *       is not cancelled.
     *   <li><b>onError</b>: the step failed with this cause.
     *   <li><b>onComplete</b>: without a value, the step succeeded and has none.
     *   <li><b>cancel</b>: sent when the step's time is up, when its round is cancelled, or when another agent's failure
     *       ends the round. What is signalled afterwards is ignored.
     *   <li><b>context</b>: the context of the round's subscriber.
     * </ul>
     *
     * @param input what the step is about
     * @param context who calls, how often, until when
     * @return a cold {@code Mono}, whose work starts when it is subscribed to; never null
     */
    Mono<O> step(I input, StepContext context);

    /**
     * An agent made of a function.
     *
     * @param id its name, as {@link AgentId#of(String)} reads it
     * @param step its body, see {@link #step(Object, StepContext)}
     * @param <I> the input of a step
     * @param <O> the value of a step
     * @return the agent
     * @throws NullPointerException if an argument is null
     * @throws IllegalArgumentException if {@code id} is no name of an agent
     */
    static <I, O> Agent<I, O> of(String id, BiFunction<? super I, ? super StepContext, ? extends Mono<O>> step) {
        return of(AgentId.of(id), step);
    }

    /**
     * An agent made of a function.
     *
     * @param id its name
     * @param step its body, see {@link #step(Object, StepContext)}
     * @param <I> the input of a step
     * @param <O> the value of a step
     * @return the agent
     * @throws NullPointerException if an argument is null
     */
    static <I, O> Agent<I, O> of(AgentId id, BiFunction<? super I, ? super StepContext, ? extends Mono<O>> step) {
        return new FunctionAgent<>(Objects.requireNonNull(id, "id"), Objects.requireNonNull(step, "step"));
    }

    /**
     * An agent whose body blocks its thread: JDBC, a blocking HTTP client, a long computation.
     *
     * <p>On JDK 21 and newer each body runs on a virtual thread of its own. Their number has no bound but the engine's: {@link
     * io.flotilla.step.StepEngine.Builder Builder.concurrency} for a round or run, {@link
     * io.flotilla.step.StepEngine.Builder Builder.maxInFlight} for all. Before JDK 21, bodies run on {@link Schedulers#boundedElastic()}: by default at most ten threads a core, so at most
     * that many such steps proceed at the same time. Inside reactor-test's virtual time they run there on every JDK. {@link
     * io.flotilla.step.StepEngine.Builder Builder.blockingScheduler} and {@link #blocking(AgentId, Scheduler, BiFunction)} take a pool
     * of your own.
     *
     * <p>All these threads are daemons; virtual ones are named {@code flotilla-blocking-1} and on. A virtual thread that blocks
     * keeps no thread of the system, but for native code and, before JDK 24, inside {@code synchronized}: it is pinned then, and
     * few pinned threads, as many as there are cores, hold up all others. Give such bodies a pool.
     *
     * <p>Cancelling the step interrupts the thread; the interrupt flag a body leaves behind ends with it. Waiting for a thread
     * counts as the step's time. Everything the body throws, an {@link Error} too, is the step's failure at once. A body that
     * goes on after its step has timed out keeps its thread and no longer counts in the engine's limits.
     *
     * <p>A body may block on a round of other blocking agents. Without virtual threads those get threads of a further pool of
     * the same size, one for each level, so they never wait for a thread that their caller keeps. After nine levels the step
     * fails at once with {@link NestedBlockingException}, on every JDK. This holds for rounds that the body subscribes to on its
     * own thread, as {@code block()} does.
     *
     * @param id its name, as {@link AgentId#of(String)} reads it
     * @param step its body; may block, and throw what is unchecked; null is no value, as an empty
     *     {@code Mono} is
     * @param <I> the input of a step
     * @param <O> the value of a step
     * @return the agent
     * @throws NullPointerException if an argument is null
     * @throws IllegalArgumentException if {@code id} is no name of an agent
     */
    static <I, O> Agent<I, O> blocking(String id, BiFunction<? super I, ? super StepContext, ? extends O> step) {
        AgentId agentId = AgentId.of(id);
        Objects.requireNonNull(step, "step");
        return of(agentId, (input, context) -> BlockingBody.on(null, agentId, input, context, step));
    }

    /**
     * An agent whose body blocks its thread, on a pool of the caller's own. The pool's size bounds how many of these
     * steps proceed at the same time, whatever the engine's concurrency. An agent whose body is called by a round that
     * another body on the same pool blocks on gets a thread within a second or fails with {@link NestedBlockingException}.
     *
     * @param id its name
     * @param pool where the body runs; the caller disposes of it
     * @param step its body; may block, and throw what is unchecked; null is no value, as an empty
     *     {@code Mono} is
     * @param <I> the input of a step
     * @param <O> the value of a step
     * @return the agent
     * @throws NullPointerException if an argument is null
     */
    static <I, O> Agent<I, O> blocking(
            AgentId id, Scheduler pool, BiFunction<? super I, ? super StepContext, ? extends O> step) {
        Objects.requireNonNull(pool, "pool");
        Objects.requireNonNull(step, "step");
        return of(id, (input, context) -> BlockingBody.on(pool, id, input, context, step));
    }

    /**
     * An agent whose body is a stream: the tokens of a model, the rows of a cursor. Each element is {@linkplain
     * StepContext#emit emitted} as it comes, then given to the collector, whose result is the value of the step.
     *
     * <pre>{@code
     * Agent<String, String> writer =
     *         Agent.streaming("writer", (prompt, context) -> model.tokens(prompt), Collectors.joining());
     * }</pre>
     *
     * <p>Everything else is as for any body: it is cancelled when the step's time is up or its round is over, and what it
     * signals then is ignored; an error, also after some elements, and whatever the body, the collector or an element's source
     * throws or signals in place of an element fails the step; another attempt calls the body again, and collects anew. A stream that never ends
     * is ended by the step timeout; one that falls silent by the idle timeout.
     *
     * <p>The stream is asked for all it has: what is emitted does not wait for subscribers. What the collector gathers is
     * held until the step ends.
     *
     * @param id its name, as {@link AgentId#of(String)} reads it
     * @param step its body, called once an attempt; a cold stream, never null
     * @param collector makes the value of the elements; used by one thread at a time, with a container for each attempt. A
     *     result of null is no value, as an empty {@code Mono} is
     * @param <I> the input of a step
     * @param <T> the elements of the stream
     * @param <O> the value of a step
     * @return the agent
     * @throws NullPointerException if an argument is null
     * @throws IllegalArgumentException if {@code id} is no name of an agent
     */
    static <I, T, O> Agent<I, O> streaming(
            String id,
            BiFunction<? super I, ? super StepContext, ? extends Publisher<? extends T>> step,
            Collector<? super T, ?, ? extends @Nullable O> collector) {
        return streaming(AgentId.of(id), step, collector);
    }

    /**
     * As {@link #streaming(String, BiFunction, Collector)}.
     *
     * @param id its name
     * @param step its body, called once an attempt; a cold stream, never null
     * @param collector makes the value of the elements
     * @param <I> the input of a step
     * @param <T> the elements of the stream
     * @param <O> the value of a step
     * @return the agent
     * @throws NullPointerException if an argument is null
     */
    static <I, T, O> Agent<I, O> streaming(
            AgentId id,
            BiFunction<? super I, ? super StepContext, ? extends Publisher<? extends T>> step,
            Collector<? super T, ?, ? extends @Nullable O> collector) {
        Objects.requireNonNull(id, "id");
        Objects.requireNonNull(step, "step");
        Objects.requireNonNull(collector, "collector");
        return of(id, (input, context) -> new StreamingBody<>(id, step.apply(input, context), context, collector));
    }
}
