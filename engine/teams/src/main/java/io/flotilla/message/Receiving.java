package io.flotilla.message;

import java.util.concurrent.atomic.AtomicLongFieldUpdater;
import org.jspecify.annotations.Nullable;
import org.reactivestreams.Subscription;
import reactor.core.CoreSubscriber;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Operators;

/** A subscriber that takes a mailbox's messages as it asks for them. All its signals come from the draining thread. */
final class Receiving implements Subscription {

    /** What {@link Mailbox#receive()} returns. */
    static final class Messages extends Flux<Envelope> {

        private final MailboxCore mailbox;

        Messages(MailboxCore mailbox) {
            this.mailbox = mailbox;
        }

        @Override
        public void subscribe(CoreSubscriber<? super Envelope> actual) {
            Receiving receiving = new Receiving(mailbox, actual);
            if (!mailbox.attach(receiving)) {
                Operators.error(
                        actual, new IllegalStateException("mailbox of " + mailbox.owner + " has a subscriber already"));
                return;
            }
            actual.onSubscribe(receiving);
            receiving.isStarted = true; // no signal before that of the subscription has returned
            mailbox.look();
        }
    }

    private static final AtomicLongFieldUpdater<Receiving> DEMAND =
            AtomicLongFieldUpdater.newUpdater(Receiving.class, "demand");

    private final MailboxCore mailbox;
    private final CoreSubscriber<? super Envelope> actual;
    private volatile long demand;
    private volatile boolean isStarted;
    private volatile boolean isCancelled;
    private volatile @Nullable Throwable error;

    private Receiving(MailboxCore mailbox, CoreSubscriber<? super Envelope> actual) {
        this.mailbox = mailbox;
        this.actual = actual;
    }

    boolean isStarted() {
        return isStarted;
    }

    boolean hasDemand() {
        return demand > 0;
    }

    /** Whether its end is due, whatever is in the mailbox. */
    boolean isEnding() {
        return error != null;
    }

    @Override
    public void request(long n) {
        if (n <= 0) {
            error = new IllegalArgumentException("request must be > 0, was " + n + " (Reactive Streams, rule 3.9)");
        } else {
            Operators.addCap(DEMAND, this, n);
        }
        mailbox.look();
    }

    @Override
    public void cancel() {
        isCancelled = true;
        mailbox.detach(this);
    }

    /** False if it had been cancelled, and has not got the message. */
    boolean next(Envelope envelope) {
        if (isCancelled) {
            return false;
        }
        Operators.produced(DEMAND, this, 1);
        try {
            actual.onNext(envelope);
        } catch (Throwable thrown) {
            cancel();
            error = thrown;
            end();
        }
        return true;
    }

    void end() {
        Throwable cause = error;
        try {
            if (cause == null) {
                actual.onComplete();
            } else {
                actual.onError(cause);
            }
        } catch (Throwable thrown) {
            Quietly.warn("the subscriber of the mailbox of " + mailbox.owner + " threw", thrown);
        }
    }
}
