package io.flotilla.message;

import io.flotilla.AgentId;
import io.flotilla.agent.Agent;
import io.flotilla.run.Join;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.reactivestreams.Publisher;
import reactor.core.Disposable;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;

/**
 * Members that send messages to each other, each with a bounded mailbox of its own. Three forms with one vocabulary: in a
 * {@link Hub} everybody reaches everybody, in a {@link Mesh} only along links, in {@link Topics} subscribers receive what is
 * published.
 *
 * <pre>{@code
 * Hub hub = Hub.create();
 * hub.join(translator);                                               // an agent of the engine
 * hub.join(AgentId.of("printer"), envelope -> print(envelope.payload(String.class)));
 * Mono<String> translated = hub.request(Envelope.to("translator", text).build())
 *         .map(reply -> reply.payload(String.class));
 * }</pre>
 *
 * <p>A message that the network accepts for a receiver is delivered to it once or becomes a dead letter once. A receiver that
 * is slow, full, or hangs holds up no other. Members may join and leave while messages fly; no handler is called after its
 * member has left.
 *
 * <p>Thread-safe.
 *
 * @since 0.1
 */
public interface Network {

    /**
     * Adds a member with the network's {@linkplain NetworkOptions.Builder#member options}.
     *
     * @param id its address
     * @param handler receives its messages
     * @throws NullPointerException if an argument is null
     * @throws DuplicateMemberException if there is a member of this id
     * @throws IllegalStateException if the network is closed
     */
    void join(AgentId id, MessageHandler handler);

    /**
     * Adds a member.
     *
     * @param id its address
     * @param handler receives its messages
     * @param options its mailbox
     * @throws NullPointerException if an argument is null
     * @throws DuplicateMemberException if there is a member of this id
     * @throws IllegalStateException if the network is closed
     */
    void join(AgentId id, MessageHandler handler, MemberOptions options);

    /**
     * Adds an agent as a member with the network's {@linkplain NetworkOptions.Builder#member options}, see {@link
     * #join(Agent, MemberOptions)}.
     *
     * @param agent the agent; its id is its address
     * @throws NullPointerException if {@code agent} is null
     * @throws DuplicateMemberException if there is a member of this id
     * @throws IllegalStateException if the network is closed
     */
    void join(Agent<?, ?> agent);

    /**
     * Adds an agent as a member. A message is a step of the network's engine with the payload as input: isolated, timed,
     * guarded and observed as any other. The value is sent to the sender as a reply, unless the message was a reply itself or
     * anonymous. A step that fails makes its message a dead letter; a payload that is not of the agent's input type fails its
     * step with a {@link ClassCastException}.
     *
     * @param agent the agent; its id is its address
     * @param options its mailbox
     * @throws NullPointerException if an argument is null
     * @throws DuplicateMemberException if there is a member of this id
     * @throws IllegalStateException if the network is closed
     */
    void join(Agent<?, ?> agent, MemberOptions options);

    /**
     * Removes a member. Nothing is accepted for it any more, what waits for it becomes a dead letter, and what it is at may
     * end.
     *
     * <p>Cold: the first subscription removes it.
     *
     * <ul>
     *   <li><b>onComplete</b>: its handler is not at a message any more, and will not be called again.
     *   <li><b>onError</b>: {@link UnknownMemberException} if there is no such member.
     *   <li><b>cancel</b>: ends the waiting only.
     *   <li><b>threads</b>: one of the mailbox.
     * </ul>
     *
     * @param id its address
     * @return completes when it has left
     * @throws NullPointerException if {@code id} is null (the call itself, not a signal)
     */
    Mono<Void> leave(AgentId id);

    /**
     * The members.
     *
     * @return a copy, in the order in which they joined
     */
    List<AgentId> members();

    /**
     * Offers a message to its receivers. Never waits: a full mailbox with {@link Overflow#BACKPRESSURE} refuses it. With
     * {@link Undeliverable#DEAD_LETTER} each refusal is a dead letter besides.
     *
     * @param envelope the message
     * @return what became of it at each receiver
     * @throws NullPointerException if {@code envelope} is null
     */
    DeliveryReport offer(Envelope envelope);

    /**
     * Sends a message to its receivers.
     *
     * <p>Cold: every subscription sends it.
     *
     * <ul>
     *   <li><b>onNext</b>: what became of it at each receiver, when all have accepted or refused it. A receiver with {@link
     *       Overflow#BACKPRESSURE} makes the report wait for room; the others have the message meanwhile.
     *   <li><b>onError</b>: with {@link Undeliverable#ERROR}, {@link UndeliverableException} if nobody accepted it, with the
     *       first refusal's reason.
     *   <li><b>cancel</b>: receivers that have not accepted it do not get it.
     *   <li><b>threads</b>: the subscriber's, or one of a mailbox where it had to wait.
     *   <li><b>context</b>: the subscriber's context becomes the envelope's if the envelope has none.
     * </ul>
     *
     * @param envelope the message
     * @return the report
     * @throws NullPointerException if {@code envelope} is null (the call itself, not a signal)
     */
    Mono<DeliveryReport> send(Envelope envelope);

    /**
     * Sends the messages of a source one after another; it is asked for the next one when the one before is reported.
     *
     * @param envelopes the messages
     * @return the reports: {@code onError} as for {@link #send}, or the source's error
     * @throws NullPointerException if {@code envelopes} is null (the call itself, not a signal)
     */
    default Flux<DeliveryReport> sendAll(Publisher<Envelope> envelopes) {
        return Flux.from(Objects.requireNonNull(envelopes, "envelopes")).concatMap(this::send, 0);
    }

    /**
     * As {@link #request(Envelope, Duration)} with the network's {@linkplain NetworkOptions.Builder#requestTimeout timeout}.
     *
     * @param envelope the request, to one recipient
     * @return the reply
     * @throws NullPointerException if {@code envelope} is null (the call itself, not a signal)
     * @throws IllegalArgumentException if it is not addressed to a recipient
     */
    Mono<Envelope> request(Envelope envelope);

    /**
     * Asks one member, and waits for its reply. The sender of the request need not be a member, but in a {@link Mesh}.
     *
     * <p>Cold: every subscription asks.
     *
     * <ul>
     *   <li><b>onNext</b>: the reply.
     *   <li><b>onComplete</b>: without a reply if the recipient is an agent that completed without a value.
     *   <li><b>onError</b>: {@link UndeliverableException} if it was not delivered or its handler failed, with the handler's
     *       cause; {@link RequestTimeoutException}. A full mailbox refuses a request at once, whatever its policy.
     *   <li><b>cancel</b>: withdraws the request: its handler is cancelled. The timeout does the same.
     *   <li><b>threads</b>: one of the recipient's mailbox, or of the network's timer.
     *   <li><b>context</b>: the subscriber's context reaches the handler, unless the envelope has one of its own.
     * </ul>
     *
     * @param envelope the request, to one recipient; sent as {@link Envelope.Kind#REQUEST} with the timeout as its deadline,
     *     under a new id for each subscription. Its correlation id is kept, and is that of the reply
     * @param timeout how long to wait; more than zero
     * @return the reply
     * @throws NullPointerException if an argument is null (the call itself, not a signal)
     * @throws IllegalArgumentException if it is not addressed to a recipient, or {@code timeout} is out of its bounds
     */
    Mono<Envelope> request(Envelope envelope, Duration timeout);

    /**
     * Asks all receivers of an envelope, and gathers the answers until a join has decided. The deadline is that of {@link
     * Join#within(Duration)}, else the network's {@linkplain NetworkOptions.Builder#requestTimeout timeout}: who has not
     * answered then counts as failed.
     *
     * <p>Cold: every subscription asks.
     *
     * <ul>
     *   <li><b>onNext</b>: the answers, as soon as the join is met. If too few can answer, with {@link Join#orProceed()} what
     *       there is.
     *   <li><b>onError</b>: if too few can answer, with {@link Join#orFail()}, {@link GatherUnmetException} with what there
     *       is; {@link UndeliverableException} if there are no receivers, or too many requests wait.
     *   <li><b>cancel</b>: withdraws the requests that are not answered. So does the join's decision, but with {@link
     *       Join#keepStragglers()}.
     *   <li><b>threads, context</b>: as for {@link #request(Envelope, Duration)}.
     * </ul>
     *
     * @param envelope the request, to a recipient, on a topic, or to all
     * @param join how many answers are enough; not {@link Join#orAsk()}, not {@link Join#when}
     * @return the answers
     * @throws NullPointerException if an argument is null (the call itself, not a signal)
     * @throws IllegalArgumentException if the join asks a person or a predicate
     */
    Mono<Gathered> gather(Envelope envelope, Join join);

    /**
     * The last sends.
     *
     * @return a copy, the oldest first
     */
    List<DeliveryReport> log();

    /**
     * What was not delivered.
     *
     * @return as configured; else an office of the network's own
     */
    DeadLetters deadLetters();

    /**
     * The counts of about this moment.
     *
     * @return the sums over all members
     */
    NetworkStats stats();

    /**
     * The counts of each member's mailbox.
     *
     * @return a copy, in the order in which they joined; each count is of about this moment
     */
    Map<AgentId, MailboxStats> mailboxes();

    /**
     * Looks at the messages from now on. Without a tap this costs nothing.
     *
     * @param tap is told each message on its way to each receiver
     * @return ends the looking
     * @throws NullPointerException if {@code tap} is null
     */
    Disposable tap(NetworkTap tap);

    /**
     * Closes the network: nobody joins, nothing is accepted, and what has been accepted is delivered within the grace; the rest
     * are dead letters. Requests that wait then fail.
     *
     * <p>Cold: nothing is closed before the first subscription.
     *
     * <ul>
     *   <li><b>onComplete</b>: when no member is at a message.
     *   <li><b>cancel</b>: as for {@link Mailbox#close}.
     *   <li><b>threads</b>: one of a mailbox.
     * </ul>
     *
     * @param grace how long members go on; zero for not at all
     * @return completes when nothing is left
     * @throws NullPointerException if {@code grace} is null (the call itself, not a signal)
     * @throws IllegalArgumentException if {@code grace} is negative
     */
    Mono<Void> close(Duration grace);
}
