package io.flotilla.message;

import java.util.List;
import org.jspecify.annotations.Nullable;
import reactor.core.publisher.MonoSink;

/** Sends to a mailbox that hear what has become of them, and wait for room where its policy says so. */
final class MailboxSends {

    private final MailboxCore mailbox;

    MailboxSends(MailboxCore mailbox) {
        this.mailbox = mailbox;
    }

    /** Offers it, or waits for room; the sink hears when it is accepted, and why it is not. */
    void send(Envelope offered, MonoSink<Void> sink) {
        if (!mailbox.waitsForRoom()) {
            answer(sink, offered, mailbox.offer(offered));
            return;
        }
        MailboxQueue.Waiter waiter = new MailboxQueue.Waiter(mailbox.spans.offered(offered), sink);
        OfferResult result = mailbox.offerOrWait(waiter);
        if (result == null) {
            sink.onCancel(() -> stopWaiting(waiter));
            return;
        }
        if (!result.isAccepted()) {
            mailbox.refused(waiter.envelope);
        }
        answer(sink, offered, result);
    }

    private void answer(MonoSink<Void> sink, Envelope envelope, OfferResult result) {
        if (result.isAccepted()) {
            sink.success();
        } else {
            sink.error(undeliverable(envelope, result.reason()));
        }
    }

    private UndeliverableException undeliverable(Envelope envelope, DeadLetter.Reason why) {
        return new UndeliverableException(why, envelope, mailbox.owner, null);
    }

    private void stopWaiting(MailboxQueue.Waiter waiter) {
        if (mailbox.leave(waiter)) {
            mailbox.refused(waiter.envelope);
        }
    }

    /** They are told on threads of their own: what follows is code of the user's. */
    void accepted(@Nullable List<MailboxQueue.Waiter> waiters) {
        if (waiters != null) {
            waiters.forEach(waiter -> mailbox.execute(waiter.sink::success));
        }
    }

    /** As {@link #accepted}: they have waited in vain. */
    void closed(List<MailboxQueue.Waiter> waiters) {
        waiters.forEach(waiter -> {
            mailbox.refused(waiter.envelope);
            mailbox.execute(() -> waiter.sink.error(undeliverable(waiter.envelope, DeadLetter.Reason.CLOSED)));
        });
    }
}
