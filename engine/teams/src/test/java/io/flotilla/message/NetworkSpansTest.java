package io.flotilla.message;

import static org.assertj.core.api.Assertions.assertThat;

import io.flotilla.AgentId;
import io.flotilla.observe.DocumentedContext;
import io.flotilla.observe.FlotillaObservationConvention;
import io.flotilla.run.Join;
import io.flotilla.step.StepEngine;
import io.micrometer.common.KeyValue;
import io.micrometer.common.KeyValues;
import io.micrometer.observation.Observation;
import io.micrometer.observation.ObservationHandler;
import io.micrometer.observation.ObservationRegistry;
import io.micrometer.observation.transport.ReceiverContext;
import io.micrometer.observation.transport.SenderContext;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import reactor.core.Disposable;
import reactor.core.publisher.Mono;

/** What is observed of messages on their way to mailboxes, and what Micrometer's transport contexts carry. */
@Timeout(60)
class NetworkSpansTest {

    private static final Duration SOON = Duration.ofSeconds(20);
    private static final AgentId DESK = AgentId.of("desk");

    private final List<Observation.Context> stopped = new CopyOnWriteArrayList<>();
    private final List<String> carried = new CopyOnWriteArrayList<>();
    private final ObservationRegistry registry = ObservationRegistry.create();
    private final BlockingQueue<Envelope> arrived = new LinkedBlockingQueue<>();
    private Hub hub = Hub.create();

    /** As Micrometer's propagating handlers do. */
    private final class Propagating implements ObservationHandler<Observation.Context> {

        @Override
        @SuppressWarnings("unchecked") // the carrier is for the context's own setter
        public void onStart(Observation.Context context) {
            if (context instanceof SenderContext<?> sends) {
                SenderContext<Object> sender = (SenderContext<Object>) sends;
                sender.getSetter().set(sender.getCarrier(), "traceparent", "written");
            } else if (context instanceof ReceiverContext<?> receives) {
                ReceiverContext<Object> receiver = (ReceiverContext<Object>) receives;
                carried.add(String.valueOf(
                        receiver.getGetter().get(Objects.requireNonNull(receiver.getCarrier()), "traceparent")));
            }
        }

        @Override
        public void onStop(Observation.Context context) {
            stopped.add(context);
        }

        @Override
        public boolean supportsContext(Observation.Context context) {
            return true;
        }
    }

    private void observed(ObservationHandler<Observation.Context> handler) {
        registry.observationConfig().observationHandler(handler);
        join(StepEngine.builder().observationRegistry(registry).build());
    }

    private void join(StepEngine engine) {
        hub = Hub.create(NetworkOptions.builder()
                .engine(engine)
                .undeliverable(Undeliverable.DEAD_LETTER)
                .build());
        hub.join(DESK, envelope -> Mono.fromRunnable(() -> arrived.add(envelope)));
    }

    @AfterEach
    void close() {
        hub.close(Duration.ZERO).block(SOON);
    }

    private Envelope arrived() throws InterruptedException {
        return Objects.requireNonNull(arrived.poll(20, TimeUnit.SECONDS), "nothing has arrived");
    }

    private static Envelope letter() {
        return Envelope.to(DESK, "x").from("clerk").build();
    }

    private Observation.Context only(MessageObservation what) {
        List<Observation.Context> found = stopped.stream()
                .filter(context -> what.getName().equals(context.getName()))
                .toList();
        assertThat(found).hasSize(1);
        return found.get(0);
    }

    private String outcome() {
        return String.valueOf(((DocumentedContext) only(MessageObservation.SEND)).outcome());
    }

    private static String key(Observation.Context context, String key) {
        KeyValue value = context.getLowCardinalityKeyValue(key);
        KeyValue other = value == null ? context.getHighCardinalityKeyValue(key) : value;
        return other == null ? "" : other.getValue();
    }

    @ParameterizedTest
    @ValueSource(strings = {"offer", "send", "request", "gather"})
    void message_however_hasTheTraceThatAHandlerWrites(String how) throws InterruptedException {
        observed(new Propagating());
        Envelope letter = letter();
        Disposable asking = switch (how) {
            case "offer" -> {
                hub.offer(letter);
                yield () -> {};
            }
            case "send" -> hub.send(letter).subscribe();
            case "request" -> hub.request(letter).subscribe();
            default -> hub.gather(letter, Join.all()).subscribe();
        };

        Envelope came = arrived();
        asking.dispose();
        assertThat(came.trace()).isEqualTo(Map.of("traceparent", "written"));
        Observation.Context sent = only(MessageObservation.SEND);
        assertThat(key(sent, "outcome")).isEqualTo("accepted");
        assertThat(key(sent, "agent")).isEqualTo("clerk");
        assertThat(key(sent, "message.sender")).isEqualTo("clerk");
        assertThat(key(sent, "message.id")).isEqualTo(came.id());
    }

    @Test
    void message_fromElsewhere_isReadByAHandlerAndKeepsItsTrace() throws InterruptedException {
        observed(new Propagating());
        Map<String, String> trace = Map.of("traceparent", "remote", "baggage", "a=b");

        hub.offer(Envelope.to(DESK, "x").from("clerk").trace(trace).build());

        assertThat(arrived().trace()).isEqualTo(trace);
        assertThat(carried).containsExactly("remote");
        Observation.Context received = only(MessageObservation.RECEIVE);
        assertThat(key(received, "outcome")).isEqualTo("accepted");
        assertThat(key(received, "agent")).isEqualTo("clerk");
        assertThat(stopped).noneMatch(context -> "flotilla.message.send".equals(context.getName()));
    }

    /** The observation of this process comes first. */
    @Test
    void message_withATraceAndAnObservation_isSent() throws InterruptedException {
        observed(new Propagating());
        Observation caller = Observation.start("caller", registry);

        hub.send(Envelope.to(DESK, "x").trace(Map.of("odd", "1")).build())
                .contextWrite(context -> context.put("micrometer.observation", caller))
                .block(SOON);

        assertThat(arrived().trace()).isEqualTo(Map.of("traceparent", "written"));
        assertThat(Objects.requireNonNull(only(MessageObservation.SEND).getParentObservation()))
                .isSameAs(caller);
        assertThat(carried).isEmpty();
    }

    @Test
    void message_noHandlerWritesATrace_keepsWhatItHas() throws InterruptedException {
        observed(new ObservationHandler<>() {
            @Override
            public boolean supportsContext(Observation.Context context) {
                return true;
            }
        });

        hub.send(Envelope.to(DESK, "x").trace(Map.of("odd", "1")).build())
                .contextWrite(context -> context.put("micrometer.observation", Observation.start("caller", registry)))
                .block(SOON);

        assertThat(arrived().trace()).isEqualTo(Map.of("odd", "1"));
    }

    @Test
    void message_nobodyObserves_isTheSameEnvelope() throws InterruptedException {
        join(StepEngine.builder().build());
        Envelope letter = letter();

        hub.offer(letter);

        assertThat(arrived()).isSameAs(letter);
    }

    @Test
    void message_handlerThrows_arrivesAllTheSame() throws InterruptedException {
        observed(new ObservationHandler<>() {
            @Override
            public void onStart(Observation.Context context) {
                throw new StackOverflowError("on purpose");
            }

            @Override
            public boolean supportsContext(Observation.Context context) {
                return true;
            }
        });

        assertThat(hub.offer(letter()).acceptedCount()).isEqualTo(1);

        assertThat(arrived().trace()).isEmpty();
    }

    @Test
    void message_predicateWantsNoSends_leavesThemOut() throws InterruptedException {
        registry.observationConfig()
                .observationPredicate((name, context) -> !name.equals(MessageObservation.SEND.getName()));
        observed(new Propagating());

        hub.offer(letter());

        assertThat(arrived().trace()).isEmpty();
        assertThat(stopped).noneMatch(context -> "flotilla.message.send".equals(context.getName()));
    }

    @Test
    void message_conventionOfTheRegistry_namesIt() throws InterruptedException {
        registry.observationConfig()
                .observationConvention(new FlotillaObservationConvention<MessageSendContext>(MessageObservation.SEND) {
                    @Override
                    public KeyValues getLowCardinalityKeyValues(MessageSendContext sends) {
                        return super.getLowCardinalityKeyValues(sends)
                                .and("kind", sends.envelope().kind().name());
                    }
                });
        observed(new Propagating());

        hub.offer(letter());

        assertThat(arrived()).isNotNull();
        assertThat(key(only(MessageObservation.SEND), "kind")).isEqualTo("MESSAGE");
    }

    // --- outcomes

    @ParameterizedTest
    @ValueSource(strings = {"offer", "send", "request"})
    void message_toNobody_saysSo(String how) {
        observed(new Propagating());
        Envelope letter = Envelope.to("nobody", "x").from("clerk").build();
        switch (how) {
            case "offer" -> hub.offer(letter);
            case "send" -> hub.send(letter).block(SOON);
            default -> hub.request(letter).onErrorComplete().block(SOON);
        }

        assertThat(outcome()).isEqualTo("unknown_recipient");
    }

    private void full() {
        observed(new Propagating());
        AgentId full = AgentId.of("full");
        hub.join(
                full,
                envelope -> Mono.never(),
                MemberOptions.defaults().capacity(1).overflow(Overflow.BACKPRESSURE));
        hub.offer(Envelope.to(full, "in flight").build());
        while (hub.mailboxes().get(full).inFlight() == 0) {
            Thread.onSpinWait();
        }
        hub.offer(Envelope.to(full, "queued").build());
        stopped.clear();
    }

    @Test
    void message_toAFullMailbox_saysSo() {
        full();

        hub.request(Envelope.to("full", "x").build()).onErrorComplete().block(SOON);

        assertThat(outcome()).isEqualTo("full");
    }

    @Test
    void send_thatWaitsForRoom_lastsUntilItIsCancelled() {
        full();
        Disposable waits = hub.send(Envelope.to("full", "x").build()).subscribe();
        assertThat(stopped).noneMatch(context -> "flotilla.message.send".equals(context.getName()));

        waits.dispose();

        assertThat(outcome()).isEqualTo("cancelled");
    }
}
