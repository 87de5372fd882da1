package io.flotilla.message;

import io.flotilla.step.StepTimeoutException;
import java.time.Duration;
import java.util.Objects;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import org.reactivestreams.Subscription;
import reactor.core.CoreSubscriber;
import reactor.core.Disposable;
import reactor.core.publisher.Mono;
import reactor.util.context.Context;

/**
 * One message in flight: it ends once, by its handler, its time, or a cancel. What comes later is ignored.
 *
 * <p>A handler that has ended when it returns needs neither a timer nor a signal of its own: the draining thread finds
 * {@link #isDone} set.
 */
final class Handling implements CoreSubscriber<Object> {

    final Envelope envelope;
    private final MailboxCore mailbox;

    /** As its handler gets it, if that is another one, since somebody observes it; null until then. */
    private volatile @Nullable Envelope called;

    /** Guarded by the mailbox. */
    boolean isSettled;

    /** The call has returned, and the message is delivered. Of the draining thread. */
    boolean isDone;

    private volatile @Nullable Subscription subscription;
    private volatile @Nullable Disposable timer;
    private volatile boolean isOver;

    Handling(MailboxCore mailbox, Envelope envelope) {
        this.mailbox = mailbox;
        this.envelope = envelope;
    }

    /** On the draining thread. */
    @SuppressWarnings("ReferenceEquality") // the same one if nobody observes
    void start() {
        if (isOver) {
            return; // withdrawn before its handler was called
        }
        if (mailbox.isExpired(envelope)) {
            end(DeadLetter.Reason.EXPIRED, null);
            return;
        }
        Envelope taken = mailbox.taken(envelope);
        if (taken != envelope) {
            called = taken;
            if (isOver) {
                mailbox.spans.handled(taken, DeadLetter.Reason.CANCELLED, null);
                return;
            }
        }
        try {
            Mono<?> handled = Objects.requireNonNull(mailbox.call(taken), "the handler returned null");
            if (handled instanceof Callable<?> now) {
                now.call();
                isDone = true;
                if (taken != envelope) {
                    mailbox.spans.handled(taken, null, null);
                }
            } else {
                handled.subscribe(this);
            }
        } catch (Throwable thrown) {
            threw(thrown);
        }
    }

    /** What its handler was called with; null if it was not called, or nobody observes it. */
    @Nullable Envelope called() {
        return called;
    }

    private void threw(Throwable thrown) {
        end(DeadLetter.Reason.HANDLER_FAILED, thrown);
        Subscription current = subscription;
        if (current != null) {
            Quietly.cancel(current);
        }
    }

    /** After the draining thread has left it in flight. */
    void arm() {
        Duration limit = mailbox.handlerTimeout;
        Duration left = isOver ? null : timeLeft();
        if (left != null && (limit == null || left.compareTo(limit) < 0)) {
            arm(left, DeadLetter.Reason.EXPIRED);
        } else if (limit != null && !isOver) {
            arm(limit, DeadLetter.Reason.HANDLER_TIMED_OUT);
        }
    }

    /** Until the deadline of its message; null if that has none. */
    private @Nullable Duration timeLeft() {
        return envelope.deadline() == null ? null : Duration.between(mailbox.clock.now(), envelope.deadline());
    }

    private void arm(Duration limit, DeadLetter.Reason reason) {
        Disposable armed = mailbox.clock.schedule(limit, () -> mailbox.abort(this, reason));
        timer = armed;
        if (isOver) {
            armed.dispose();
        }
    }

    private void end(DeadLetter.@Nullable Reason reason, @Nullable Throwable cause) {
        if (mailbox.ended(this, reason, cause)) {
            over();
        }
    }

    private void over() {
        isOver = true;
        Disposable armed = timer;
        if (armed != null) {
            armed.dispose();
        }
    }

    /** After its end. */
    void cancel() {
        over();
        Subscription current = subscription;
        if (current != null) {
            Quietly.cancel(current);
        }
    }

    @Override
    public Context currentContext() {
        Envelope taken = called;
        return Context.of((taken == null ? envelope : taken).context());
    }

    @Override
    public void onSubscribe(Subscription given) {
        if (subscription != null) {
            given.cancel();
            return;
        }
        subscription = given;
        if (isOver) {
            given.cancel();
        } else {
            given.request(Long.MAX_VALUE);
        }
    }

    @Override
    public void onNext(Object ignored) {
        // its end is what counts
    }

    @Override
    public void onError(Throwable cause) {
        boolean isTimeout = cause instanceof StepTimeoutException; // of an agent's step, or of steps in a handler
        end(isTimeout ? DeadLetter.Reason.HANDLER_TIMED_OUT : DeadLetter.Reason.HANDLER_FAILED, cause);
    }

    @Override
    public void onComplete() {
        end(null, null);
    }
}
