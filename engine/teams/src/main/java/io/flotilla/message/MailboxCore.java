package io.flotilla.message;

import io.flotilla.AgentId;
import io.flotilla.step.EngineClock;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.atomic.LongAdder;
import java.util.function.Consumer;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import reactor.core.publisher.Mono;
import reactor.core.scheduler.Scheduler;

/**
 * The lock and the counts of a mailbox; what waits in it is in a {@link MailboxQueue}, and a {@link MailboxDrain} takes it out.
 *
 * <p>One lock guards all of it, is held for a few instructions, and never while code of the user's runs. So every message
 * is in exactly one place at any moment, and the counts always add up:
 *
 * <pre>
 * offered --&gt; refused
 *         --&gt; waiting for room (sends only) --&gt; refused
 *                                           --&gt; queued
 *         --&gt; queued --&gt; dead letter (dropped, withdrawn, closed)
 *                    --&gt; in flight --&gt; delivered, or dead letter (expired, failed, timed out, cancelled)
 * </pre>
 */
final class MailboxCore {

    final AgentId owner;
    final int capacity;
    private final Overflow overflow;
    private final DeadLetters deadLetters;
    private final @Nullable Consumer<DeadLetter> onDead;
    private final @Nullable MessageHandler handler;
    final @Nullable Duration handlerTimeout;
    private final @Nullable Supplier<Scheduler> scheduler;
    final EngineClock clock;
    final MessageSpans spans;
    final MailboxSends sends;

    /** Here, since looking for it elsewhere is dear where messages go to many mailboxes. */
    private final boolean mayBeObserved;

    private final Finish finish = new Finish();
    private final MailboxDrain drain;

    // --- guarded by this

    private final MailboxQueue queue;
    private @Nullable Handling handling;
    private @Nullable Receiving receiving;

    /** A message is with the subscriber. */
    private boolean isReceiving;

    /** Counted as dead letters, and on their way to be. */
    private int burials;

    private boolean closed;
    private boolean disposed;
    private boolean finished;
    private long delivered;
    private long deadLettered;

    // --- not guarded

    private final LongAdder refused = new LongAdder();

    MailboxCore(Mailbox.Builder from) {
        this.owner = from.owner;
        this.capacity = from.capacity;
        this.overflow = from.overflow;
        this.deadLetters = from.deadLetters == null ? DeadLetters.create() : from.deadLetters;
        this.onDead = from.onDead;
        this.handler = from.handler;
        this.handlerTimeout = from.handler == null ? null : from.handlerTimeout;
        this.scheduler = from.scheduler;
        this.clock = from.access().clock();
        this.spans = new MessageSpans(from.access(), from.owner);
        this.mayBeObserved = from.access().mayBeObserved();
        this.queue = new MailboxQueue(from.capacity, from.maxWaiting);
        this.sends = new MailboxSends(this);
        this.drain = new MailboxDrain(this);
    }

    DeadLetters deadLetters() {
        return deadLetters;
    }

    boolean waitsForRoom() {
        return overflow == Overflow.BACKPRESSURE;
    }

    boolean hasHandler() {
        return handler != null;
    }

    // --- in

    OfferResult offer(Envelope envelope) {
        return offer(envelope, null);
    }

    /** With {@code wakes}, an idle mailbox starts with the others there. */
    OfferResult offer(Envelope envelope, @Nullable Wakes wakes) {
        Envelope traced = mayBeObserved ? spans.offered(envelope) : envelope;
        OfferResult result = admitted(traced, wakes);
        if (!result.isAccepted()) {
            refused(traced);
        }
        return result;
    }

    void refused(Envelope envelope) {
        refused.increment();
        spans.refused(envelope);
    }

    private OfferResult admitted(Envelope envelope, @Nullable Wakes together) {
        boolean expired = isExpired(envelope);
        if (queue.isFull() && !expired) {
            return OfferResult.FULL;
        }
        Envelope dropped = null;
        boolean wakes;
        synchronized (this) {
            OfferResult refusal = refusal(expired);
            if (refusal == null && !queue.hasRoom()) {
                if (overflow == Overflow.DROP_OLDEST) {
                    dropped = queue.dropOldest();
                    count(DeadLetter.Reason.DROPPED);
                } else {
                    refusal = OfferResult.FULL;
                    queue.markFull();
                }
            }
            if (refusal != null) {
                return refusal;
            }
            queue.add(envelope);
            wakes = drain.mustStart();
        }
        boolean isPooled = scheduler == null;
        if (together != null && (dropped != null || (wakes && !isPooled))) {
            together.start(); // what follows may keep the thread: a scheduler of the user's, a log of dead letters
        }
        if (wakes && isPooled && together != null) {
            together.add(drain);
        } else if (wakes) {
            schedule();
        }
        if (dropped != null) {
            bury(dropped, DeadLetter.Reason.DROPPED, null);
        }
        return OfferResult.ACCEPTED;
    }

    private @Nullable OfferResult refusal(boolean expired) {
        return closed ? OfferResult.CLOSED : expired ? OfferResult.EXPIRED : null;
    }

    /** Null if it waits for room now. */
    @Nullable OfferResult offerOrWait(MailboxQueue.Waiter waiter) {
        boolean expired = isExpired(waiter.envelope);
        boolean wakes;
        synchronized (this) {
            OfferResult refusal = refusal(expired);
            if (refusal != null) {
                return refusal;
            }
            if (!queue.hasRoom()) {
                return queue.await(waiter) ? null : OfferResult.FULL;
            }
            queue.add(waiter.envelope);
            wakes = drain.mustStart();
        }
        if (wakes) {
            schedule();
        }
        return OfferResult.ACCEPTED;
    }

    /** False if it does not wait any more. */
    synchronized boolean leave(MailboxQueue.Waiter waiter) {
        return queue.leave(waiter);
    }

    // --- out

    boolean isExpired(Envelope envelope) {
        return envelope.deadline() != null && !clock.now().isBefore(envelope.deadline());
    }

    void execute(Runnable task) {
        Dispatch.of(scheduler).execute(task);
    }

    void schedule() {
        execute(drain);
    }

    /** Under the lock. */
    boolean hasWork() {
        Receiving to = receiving;
        return handler != null
                ? handling == null && !queue.isEmpty()
                : to != null && to.isStarted() && (to.isEnding() || (queue.isEmpty() ? closed : to.hasDemand()));
    }

    /** Under the lock, and only if there is work: what it is. */
    void take(MailboxDrain.DrainStep step) {
        Receiving to = receiving;
        if (to == null) {
            step.handling = new Handling(this, queue.takeFirst());
            handling = step.handling;
            step.admitted = queue.admit();
        } else if (to.isEnding() || queue.isEmpty()) {
            step.receiver = to;
            receiving = null;
        } else {
            step.receiver = to;
            step.received = queue.takeFirst();
            isReceiving = true;
            step.admitted = queue.admit();
        }
    }

    /** A subscriber that had left before it was given the message leaves it to the next one. */
    void received(Envelope envelope, DeadLetter.@Nullable Reason reason, boolean comesBack) {
        DeadLetter.Reason end = reason;
        boolean ends;
        synchronized (this) {
            isReceiving = false;
            if (comesBack && !disposed) {
                queue.putBack(envelope);
                return;
            }
            if (comesBack) {
                end = DeadLetter.Reason.CLOSED;
            }
            count(end);
            ends = mustFinish();
        }
        if (end == null) {
            spans.received(envelope);
        } else {
            bury(envelope, end, null);
        }
        if (ends) {
            finish();
        }
    }

    // --- the end of a message

    /** Under the lock. Returns whether the mailbox is finished with it; {@code reason} is null if it is delivered. */
    boolean settle(Handling message, DeadLetter.@Nullable Reason reason) {
        message.isSettled = true;
        handling = null;
        count(reason);
        return mustFinish();
    }

    private void count(DeadLetter.@Nullable Reason reason) {
        if (reason == null) {
            delivered++;
        } else {
            deadLettered++;
            burials++;
        }
    }

    private boolean mustFinish() {
        if (!closed || finished || inFlight() > 0 || burials > 0 || !queue.isEmpty()) {
            return false;
        }
        finished = true;
        return true;
    }

    /** A message in flight has ended, on any thread. False if it had before. */
    boolean ended(Handling message, DeadLetter.@Nullable Reason reason, @Nullable Throwable cause) {
        return ended(message, reason, cause, false);
    }

    private boolean ended(
            Handling message, DeadLetter.@Nullable Reason reason, @Nullable Throwable cause, boolean takesThread) {
        boolean wakes;
        boolean ended;
        synchronized (this) {
            if (message.isSettled) {
                return false;
            }
            ended = settle(message, reason);
            if (takesThread) {
                drain.takeTurn(message);
            }
            wakes = drain.mustStart();
        }
        if (wakes) {
            schedule();
        }
        spans.handled(message.called(), reason, cause);
        if (reason != null) {
            bury(message.envelope, reason, cause);
        }
        if (ended) {
            finish();
        }
        return true;
    }

    /** Its time is up, or it is not wanted any more. */
    boolean abort(Handling message, DeadLetter.Reason reason) {
        if (!ended(message, reason, null, true)) {
            return false;
        }
        message.cancel();
        return true;
    }

    /** What is counted as a dead letter becomes one; the mailbox is not finished before. */
    private void bury(Envelope envelope, DeadLetter.Reason reason, @Nullable Throwable cause) {
        spans.dead(envelope, reason);
        DeadLetter letter = new DeadLetter(envelope, owner, reason, cause, clock.now());
        deadLetters.add(letter);
        if (onDead != null) {
            onDead.accept(letter);
        }
        boolean ends;
        synchronized (this) {
            burials--;
            ends = mustFinish();
        }
        if (ends) {
            finish();
        }
    }

    /** The envelope as its handler gets it. */
    Envelope taken(Envelope envelope) {
        return mayBeObserved ? spans.taken(envelope) : envelope;
    }

    Mono<?> call(Envelope envelope) {
        MessageHandler calls = handler;
        return calls == null ? Mono.empty() : calls.handle(envelope);
    }

    // --- a subscriber instead of a handler

    synchronized boolean attach(Receiving subscriber) {
        if (receiving != null) {
            return false;
        }
        receiving = subscriber;
        return true;
    }

    @SuppressWarnings("ReferenceEquality")
    synchronized void detach(Receiving subscriber) {
        if (receiving == subscriber) {
            receiving = null;
        }
    }

    /** There is more demand, or an end to be told. */
    void look() {
        boolean wakes;
        synchronized (this) {
            wakes = drain.mustStart();
        }
        if (wakes) {
            schedule();
        }
    }

    // --- the end of the mailbox

    /** Accepts nothing any more. */
    void close() {
        List<MailboxQueue.Waiter> unheard;
        boolean ended;
        boolean wakes;
        synchronized (this) {
            closed = true;
            unheard = queue.endWaiting();
            ended = mustFinish();
            wakes = drain.mustStart();
        }
        sends.closed(unheard);
        if (wakes) {
            schedule();
        }
        if (ended) {
            finish();
        }
    }

    /** Accepts nothing any more; what waits is a dead letter, and what is in flight is cancelled if {@code now}. */
    void dispose(boolean now) {
        List<Envelope> left;
        Handling current;
        close();
        boolean ended;
        boolean wakes;
        synchronized (this) {
            disposed = true;
            left = queue.takeAll();
            left.forEach(envelope -> count(DeadLetter.Reason.CLOSED));
            current = handling;
            ended = mustFinish();
            wakes = drain.mustStart();
        }
        if (wakes) {
            schedule();
        }
        left.forEach(envelope -> bury(envelope, DeadLetter.Reason.CLOSED, null));
        if (current != null && now) {
            abort(current, DeadLetter.Reason.CANCELLED);
        }
        if (ended) {
            finish();
        }
    }

    /** Takes a message out, or cancels its handler. False if it is not here any more. */
    boolean withdraw(Envelope envelope) {
        Handling current;
        Envelope waiting = null;
        List<MailboxQueue.Waiter> admitted;
        synchronized (this) {
            current = handling;
            if (current == null || !current.envelope.equals(envelope)) {
                current = null;
                waiting = queue.remove(envelope);
                if (waiting == null) {
                    return false;
                }
                count(DeadLetter.Reason.CANCELLED);
            }
            admitted = queue.admit();
        }
        sends.accepted(admitted);
        if (current != null) {
            return abort(current, DeadLetter.Reason.CANCELLED);
        }
        bury(waiting == null ? envelope : waiting, DeadLetter.Reason.CANCELLED, null);
        return true;
    }

    void finish() {
        finish.done();
    }

    Mono<Void> finished() {
        return finish.asMono(this::execute);
    }

    private int inFlight() {
        return handling != null || isReceiving ? 1 : 0;
    }

    synchronized boolean isClosed() {
        return closed;
    }

    synchronized MailboxStats stats() {
        return new MailboxStats(
                queue.accepted(), delivered, deadLettered, refused.sum(), queue.size(), inFlight(), queue.waiting());
    }
}
