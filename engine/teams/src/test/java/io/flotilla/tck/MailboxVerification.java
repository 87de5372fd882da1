package io.flotilla.tck;

import io.flotilla.message.Envelope;
import io.flotilla.message.Mailbox;
import org.reactivestreams.Publisher;
import org.reactivestreams.tck.PublisherVerification;
import org.reactivestreams.tck.TestEnvironment;

/** The messages of a mailbox without a handler, closed behind the last of them. */
public final class MailboxVerification extends PublisherVerification<Envelope> {

    private static final int MOST = 1_000;
    private static final long TIMEOUT_MILLIS = 500;
    private static final long NO_SIGNALS_MILLIS = 20;

    /** For TestNG. */
    public MailboxVerification() {
        super(new TestEnvironment(TIMEOUT_MILLIS, NO_SIGNALS_MILLIS));
    }

    @Override
    public long maxElementsFromPublisher() {
        return MOST;
    }

    @Override
    public Publisher<Envelope> createPublisher(long elements) {
        Mailbox mailbox = Mailbox.builder("tck").capacity(MOST).build();
        for (long count = 0; count < elements; count++) {
            mailbox.offer(Envelope.to("tck", count).build());
        }
        mailbox.close(java.time.Duration.ofHours(1)).subscribe();
        return mailbox.receive();
    }

    @Override
    public Publisher<Envelope> createFailedPublisher() {
        Mailbox taken = Mailbox.builder("tck").build();
        taken.receive().subscribe();
        return taken.receive();
    }
}
