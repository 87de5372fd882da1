package io.flotilla.message;

import io.flotilla.step.EngineAccess;
import io.flotilla.step.StepDriver;
import java.util.Map;
import java.util.concurrent.atomic.AtomicBoolean;
import org.jspecify.annotations.Nullable;
import reactor.core.publisher.Mono;
import reactor.util.context.Context;

/**
 * What is observed of the messages that a network is given, until its receivers have accepted or refused them; nothing where nobody observes.
 * What handlers throw is logged.
 */
final class NetworkSpans {

    private static final String ACCEPTED = "accepted";

    private final EngineAccess engine;

    NetworkSpans(EngineAccess engine) {
        this.engine = engine;
    }

    /** A message on its way. */
    static final class Passage implements AutoCloseable {

        /** The message as the receivers get it: what is observed of it is inside. */
        final Envelope envelope;

        private final StepDriver.Observed observed;
        private final AtomicBoolean ended = new AtomicBoolean();

        private Passage(StepDriver.Observed observed, Envelope envelope, Map<String, String> trace) {
            this.observed = observed;
            this.envelope = EnvelopeFields.inside(envelope, observed.within(Context.of(envelope.context())), trace);
        }

        /** {@code refusal}: why nobody has accepted it; null if somebody has. */
        void ended(DeadLetter.@Nullable Reason refusal) {
            stop(refusal == null ? ACCEPTED : MessageSpans.outcome(refusal));
        }

        DeliveryReport ended(DeliveryReport report) {
            ended(report.acceptedCount() > 0 ? null : report.deliveries().get(0).refusal());
            return report;
        }

        /** If it has not ended before. */
        @Override
        public void close() {
            stop("cancelled");
        }

        private void stop(String outcome) {
            if (ended.compareAndSet(false, true)) {
                observed.stop(outcome, null);
            }
        }

        /** It ends with the report, before that goes on. */
        Mono<DeliveryReport> until(Mono<DeliveryReport> report) {
            return report.doOnNext(this::ended)
                    .doOnError(UndeliverableException.class, undelivered -> ended(undelivered.reason()))
                    .doFinally(signal -> close());
        }
    }

    /** Null if nobody observes. */
    @Nullable Passage begin(Envelope envelope) {
        if (!engine.isObserved()) {
            return null;
        }
        String agent = engine.boundedAgent(envelope.sender().kind());
        Context context = Context.of(envelope.context());
        if (!envelope.trace().isEmpty() && !EngineAccess.isInsideObservation(context)) {
            StepDriver.Observed received = engine.observe(new MessageReceiveContext(agent, envelope), context);
            return received == null ? null : new Passage(received, envelope, envelope.trace());
        }
        MessageSendContext sends = new MessageSendContext(agent, envelope);
        StepDriver.Observed sent = engine.observe(sends, context);
        Map<String, String> written = sends.getCarrier();
        return sent == null
                ? null
                : new Passage(
                        sent, envelope, written == null || written.isEmpty() ? envelope.trace() : Map.copyOf(written));
    }
}
