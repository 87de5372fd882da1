package io.flotilla.message;

import io.flotilla.AgentId;
import io.flotilla.step.EngineClock;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.Iterator;
import java.util.List;
import java.util.concurrent.Executor;
import java.util.concurrent.atomic.LongAdder;
import java.util.function.Consumer;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import reactor.core.publisher.Mono;
import reactor.core.publisher.MonoSink;
import reactor.core.scheduler.Scheduler;

/**
 * The queue, the counts and the drain loop of a mailbox.
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
 *
 * <p>At most one thread drains: the one for whom {@link #draining} was set. It has a {@link #turn}; if a handler keeps its
 * thread, the turn is taken from it, and the thread finds so when it is back.
 */
final class MailboxCore implements WorkerPool.Drain, Runnable {

    /** Messages of one mailbox in a row, before others have the thread. */
    private static final int BATCH = 64;

    final AgentId owner;
    final int capacity;
    private final Overflow overflow;
    private final int maxWaiting;
    private final DeadLetters deadLetters;
    private final @Nullable Consumer<DeadLetter> onDead;
    private final @Nullable MessageHandler handler;
    final @Nullable Duration handlerTimeout;
    private final @Nullable Supplier<Scheduler> scheduler;
    final EngineClock clock;
    private final Finish finish = new Finish();

    // --- guarded by this

    private final Deque<Envelope> queue = new ArrayDeque<>();
    private final Deque<Waiter> waiters = new ArrayDeque<>();
    private @Nullable Handling handling;
    private @Nullable Receiving receiving;
    private boolean draining;
    private long turn;
    private @Nullable Thread drainer;

    /** What the draining thread has called and not returned from, whether it has ended or not. */
    private @Nullable Handling entered;

    /** A message is with the subscriber. */
    private boolean isReceiving;

    /** Counted as dead letters, and on their way to be. */
    private int burials;

    private boolean closed;
    private boolean disposed;
    private boolean finished;
    private long accepted;
    private long delivered;
    private long deadLettered;
    private long refused;

    // --- not guarded

    /**
     * Set and cleared under the lock: no room has been made since an offer found none. So senders that try again and again do
     * not take the lock from the one who makes room.
     */
    private volatile boolean isFull;

    private final LongAdder refusedUnlocked = new LongAdder();

    MailboxCore(Mailbox.Builder from) {
        this.owner = from.owner;
        this.capacity = from.capacity;
        this.overflow = from.overflow;
        this.maxWaiting = from.maxWaiting;
        this.deadLetters = from.deadLetters == null ? DeadLetters.create() : from.deadLetters;
        this.onDead = from.onDead;
        this.handler = from.handler;
        this.handlerTimeout = from.handler == null ? null : from.handlerTimeout;
        this.scheduler = from.scheduler;
        this.clock = from.clock();
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
        boolean expired = isExpired(envelope);
        if (isFull && !expired) {
            refusedUnlocked.increment();
            return OfferResult.FULL;
        }
        Envelope dropped = null;
        boolean wakes;
        synchronized (this) {
            OfferResult refusal = refusal(expired);
            if (refusal == null && (queue.size() >= capacity || !waiters.isEmpty())) {
                if (overflow == Overflow.DROP_OLDEST) {
                    dropped = queue.removeFirst();
                    count(DeadLetter.Reason.DROPPED);
                } else {
                    refusal = OfferResult.FULL;
                    isFull = true;
                }
            }
            if (refusal != null) {
                refused++;
                return refusal;
            }
            enqueue(envelope);
            wakes = mustDrain();
        }
        if (wakes) {
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

    private void enqueue(Envelope envelope) {
        queue.addLast(envelope);
        accepted++;
    }

    /** Offers it, or waits for room where the policy says so; the sink hears when it is accepted, and why it is not. */
    void send(Envelope envelope, MonoSink<Void> sink) {
        if (overflow != Overflow.BACKPRESSURE) {
            answer(sink, envelope, offer(envelope));
            return;
        }
        Waiter waiter = null;
        boolean expired = isExpired(envelope);
        OfferResult result;
        boolean wakes = false;
        synchronized (this) {
            OfferResult refusal = refusal(expired);
            if (refusal != null) {
                result = refusal;
                refused++;
            } else if (queue.size() < capacity && waiters.isEmpty()) {
                result = OfferResult.ACCEPTED;
                enqueue(envelope);
                wakes = mustDrain();
            } else if (waiters.size() < maxWaiting) {
                result = OfferResult.FULL;
                waiter = new Waiter(envelope, sink);
                waiters.addLast(waiter);
            } else {
                result = OfferResult.FULL;
                refused++;
            }
        }
        if (wakes) {
            schedule();
        }
        if (waiter == null) {
            answer(sink, envelope, result);
        } else {
            Waiter waits = waiter;
            sink.onCancel(() -> stopWaiting(waits));
        }
    }

    private void answer(MonoSink<Void> sink, Envelope envelope, OfferResult result) {
        if (result.isAccepted()) {
            sink.success();
        } else {
            sink.error(new UndeliverableException(result.reason(), envelope, owner, null));
        }
    }

    private synchronized void stopWaiting(Waiter waiter) {
        if (waiters.remove(waiter)) {
            refused++;
        }
    }

    /** A sender that waits for room. */
    private static final class Waiter {

        private final Envelope envelope;
        private final MonoSink<Void> sink;

        Waiter(Envelope envelope, MonoSink<Void> sink) {
            this.envelope = envelope;
            this.sink = sink;
        }
    }

    /** Under the lock: moves senders that wait into the queue as far as there is room; null if there are none. */
    private @Nullable List<Waiter> admit() {
        if (waiters.isEmpty() || queue.size() >= capacity) {
            return null;
        }
        List<Waiter> admitted = new ArrayList<>();
        while (!waiters.isEmpty() && queue.size() < capacity) {
            Waiter waiter = waiters.removeFirst();
            enqueue(waiter.envelope);
            admitted.add(waiter);
        }
        return admitted;
    }

    /** Senders are told on threads of their own: what follows is code of the user's. */
    private void tell(@Nullable List<Waiter> admitted) {
        if (admitted != null) {
            admitted.forEach(waiter -> execute(waiter.sink::success));
        }
    }

    // --- out

    boolean isExpired(Envelope envelope) {
        return envelope.deadline() != null && !clock.now().isBefore(envelope.deadline());
    }

    private void execute(Runnable task) {
        executor().execute(task);
    }

    private Executor executor() {
        return Dispatch.of(scheduler);
    }

    private void schedule() {
        execute(this);
    }

    /** Under the lock: whether the caller has to {@link #schedule()}. */
    private boolean mustDrain() {
        if (draining || !hasWork()) {
            return false;
        }
        draining = true;
        return true;
    }

    private boolean hasWork() {
        Receiving to = receiving;
        return handler != null
                ? handling == null && !queue.isEmpty()
                : to != null && to.isStarted() && (to.isEnding() || (queue.isEmpty() ? closed : to.hasDemand()));
    }

    @Override
    public void run() {
        Thread thread = Thread.currentThread();
        WorkerPool.Worker worker = thread instanceof WorkerPool.Worker own ? own : null;
        long mine;
        synchronized (this) {
            mine = ++turn;
            drainer = thread;
        }
        if (worker != null) {
            worker.enter(this);
        }
        try {
            drain(mine, worker);
        } finally {
            if (worker != null) {
                worker.enter(null);
            }
        }
    }

    /** One message after another; a step is taken under the lock, and what it says is done without. */
    private void drain(long mine, WorkerPool.@Nullable Worker worker) {
        Handling last = null;
        for (int count = 0; ; count++) {
            DrainStep step = new DrainStep();
            synchronized (this) {
                if (turn != mine) {
                    clearInterrupt();
                    return;
                }
                next(step, last, count == BATCH);
            }
            if (step.finishes) {
                finish.done();
            }
            tell(step.admitted);
            last = step.handling;
            if (step.stops) {
                if (step.inFlight != null) {
                    step.inFlight.arm();
                }
                if (step.goesOn) {
                    schedule();
                }
                return;
            }
            if (worker != null) {
                worker.call();
            }
            if (last != null) {
                last.start();
            } else if (step.receiver != null) {
                receive(step.receiver, step.received);
            }
            clearInterrupt();
        }
    }

    /** What the draining thread does next. */
    private static final class DrainStep {
        boolean stops;
        boolean goesOn;
        boolean finishes;

        @Nullable Handling inFlight;

        @Nullable Handling handling;

        @Nullable Receiving receiver;

        @Nullable Envelope received;

        @Nullable List<Waiter> admitted;
    }

    /** Under the lock. */
    private void next(DrainStep step, @Nullable Handling last, boolean enough) {
        entered = null;
        if (last != null && last.isDone && !last.isSettled) {
            step.finishes = settle(last, null);
        }
        step.goesOn = hasWork();
        Receiving to = receiving;
        if (!step.goesOn || enough) {
            step.stops = true;
            step.inFlight = last != null && !last.isSettled ? last : null;
            draining = step.goesOn;
            drainer = null;
            turn++;
        } else if (to == null) {
            step.handling = new Handling(this, takeFirst());
            handling = step.handling;
            entered = step.handling;
            step.admitted = admit();
        } else if (to.isEnding() || queue.isEmpty()) {
            step.receiver = to;
            receiving = null;
        } else {
            step.receiver = to;
            step.received = takeFirst();
            isReceiving = true;
            step.admitted = admit();
        }
    }

    private Envelope takeFirst() {
        isFull = false;
        return queue.removeFirst();
    }

    /** Hands a message to the subscriber, or, without one, tells it the end. */
    private void receive(Receiving to, @Nullable Envelope envelope) {
        if (envelope == null) {
            to.end();
        } else if (isExpired(envelope)) {
            received(envelope, DeadLetter.Reason.EXPIRED, false);
        } else {
            received(envelope, null, !to.next(envelope));
        }
    }

    /** A subscriber that had left before it was given the message leaves it to the next one. */
    private void received(Envelope envelope, DeadLetter.@Nullable Reason reason, boolean comesBack) {
        DeadLetter.Reason end = reason;
        boolean ends;
        synchronized (this) {
            isReceiving = false;
            if (comesBack && !disposed) {
                queue.addFirst(envelope);
                return;
            }
            if (comesBack) {
                end = DeadLetter.Reason.CLOSED;
            }
            count(end);
            ends = mustFinish();
        }
        if (end != null) {
            bury(envelope, end, null);
        }
        if (ends) {
            finish.done();
        }
    }

    /** What a handler has left behind is not the next one's. */
    @SuppressWarnings("ResultOfMethodCallIgnored")
    private static void clearInterrupt() {
        Thread.interrupted();
    }

    // --- the end of a message

    /** Under the lock. Returns whether the mailbox is finished with it; {@code reason} is null if it is delivered. */
    private boolean settle(Handling message, DeadLetter.@Nullable Reason reason) {
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
                takeTurn(message);
            }
            wakes = mustDrain();
        }
        if (wakes) {
            schedule();
        }
        if (reason != null) {
            bury(message.envelope, reason, cause);
        }
        if (ended) {
            finish.done();
        }
        return true;
    }

    /** Under the lock: if the draining thread is still in the call of this message, it drains no more. */
    @SuppressWarnings("ReferenceEquality")
    private void takeTurn(Handling message) {
        if (entered == message) {
            entered = null;
            turn++;
            draining = false;
            if (drainer instanceof WorkerPool.Worker) {
                drainer.interrupt(); // our own thread; what it leaves behind is cleared when it is back
            }
            drainer = null;
        }
    }

    @Override
    public long limitNanos() {
        Handling current;
        synchronized (this) {
            current = entered;
        }
        if (current != null && isExpired(current.envelope)) {
            return 1;
        }
        return handlerTimeout == null ? 0 : handlerTimeout.toNanos();
    }

    @Override
    public void takeOver(WorkerPool.Worker kept) {
        Handling stuck;
        boolean wakes = false;
        synchronized (this) {
            stuck = entered;
            if (stuck == null || drainer != kept) {
                return;
            }
            if (stuck.isSettled) { // it has ended, and keeps the thread all the same
                takeTurn(stuck);
                wakes = mustDrain();
            }
        }
        if (wakes) {
            schedule();
        }
        abort(stuck, isExpired(stuck.envelope) ? DeadLetter.Reason.EXPIRED : DeadLetter.Reason.HANDLER_TIMED_OUT);
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
            finish.done();
        }
    }

    Mono<?> call(Envelope envelope) {
        MessageHandler calls = handler;
        return calls == null ? Mono.empty() : calls.handle(envelope);
    }

    /** Until its deadline; null if it has none. */
    @Nullable Duration timeLeft(Envelope envelope) {
        return envelope.deadline() == null ? null : Duration.between(clock.now(), envelope.deadline());
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
            wakes = mustDrain();
        }
        if (wakes) {
            schedule();
        }
    }

    // --- the end of the mailbox

    /** Accepts nothing any more. */
    void close() {
        List<Waiter> unheard;
        boolean ended;
        boolean wakes;
        synchronized (this) {
            closed = true;
            isFull = false;
            unheard = new ArrayList<>(waiters);
            waiters.clear();
            refused += unheard.size();
            ended = mustFinish();
            wakes = mustDrain();
        }
        refuse(unheard);
        if (wakes) {
            schedule();
        }
        if (ended) {
            finish.done();
        }
    }

    private void refuse(List<Waiter> unheard) {
        unheard.forEach(waiter -> execute(() ->
                waiter.sink.error(new UndeliverableException(DeadLetter.Reason.CLOSED, waiter.envelope, owner, null))));
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
            left = new ArrayList<>(queue);
            queue.clear();
            left.forEach(envelope -> count(DeadLetter.Reason.CLOSED));
            current = handling;
            ended = mustFinish();
            wakes = mustDrain();
        }
        if (wakes) {
            schedule();
        }
        left.forEach(envelope -> bury(envelope, DeadLetter.Reason.CLOSED, null));
        if (current != null && now) {
            abort(current, DeadLetter.Reason.CANCELLED);
        }
        if (ended) {
            finish.done();
        }
    }

    /** Takes a message out, or cancels its handler. False if it is not here any more. */
    boolean withdraw(Envelope envelope) {
        Handling current;
        List<Waiter> admitted;
        synchronized (this) {
            current = handling;
            if (current == null || !current.envelope.equals(envelope)) {
                current = null;
                if (!removeQueued(envelope)) {
                    return false;
                }
                count(DeadLetter.Reason.CANCELLED);
            }
            admitted = admit();
        }
        tell(admitted);
        if (current != null) {
            return abort(current, DeadLetter.Reason.CANCELLED);
        }
        bury(envelope, DeadLetter.Reason.CANCELLED, null);
        return true;
    }

    private boolean removeQueued(Envelope envelope) {
        for (Iterator<Envelope> each = queue.iterator(); each.hasNext(); ) {
            if (each.next().equals(envelope)) {
                each.remove();
                isFull = false;
                return true;
            }
        }
        return false;
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
                accepted,
                delivered,
                deadLettered,
                refused + refusedUnlocked.sum(),
                queue.size(),
                inFlight(),
                waiters.size());
    }
}
