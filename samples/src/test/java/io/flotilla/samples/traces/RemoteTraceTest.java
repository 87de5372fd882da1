package io.flotilla.samples.traces;

import static org.assertj.core.api.Assertions.assertThat;

import io.flotilla.AgentId;
import io.flotilla.agent.Agent;
import io.flotilla.message.DeadLetter;
import io.flotilla.message.Envelope;
import io.flotilla.message.Hub;
import io.flotilla.message.NetworkOptions;
import io.flotilla.security.Capabilities;
import io.flotilla.security.Edge;
import io.flotilla.security.KeyEntry;
import io.flotilla.security.KeyRing;
import io.flotilla.security.Refusal;
import io.flotilla.security.SignedMessage;
import io.flotilla.security.Trust;
import io.flotilla.step.StepEngine;
import io.micrometer.observation.Observation;
import io.micrometer.observation.contextpropagation.ObservationThreadLocalAccessor;
import io.micrometer.tracing.BaggageInScope;
import io.opentelemetry.api.trace.SpanKind;
import io.opentelemetry.sdk.trace.data.SpanData;
import java.time.Duration;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.Queue;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import reactor.core.publisher.Hooks;
import reactor.core.publisher.Mono;

/** One trace over two processes, which have nothing in common but what an envelope is made of. */
@Timeout(60)
@SuppressWarnings("try") // scopes, which are closed behind the block
class RemoteTraceTest {

    private static final Duration SOON = Duration.ofSeconds(20);

    /** A process: what it observes goes to its own registry, tracer and exporter. */
    private static final class RemoteProcess {
        private final Spans spans = new Spans();
        private final Hub hub;

        RemoteProcess(@Nullable Trust trust) {
            NetworkOptions.Builder options = NetworkOptions.builder()
                    .engine(StepEngine.builder()
                            .observationRegistry(spans.registry())
                            .build());
            hub = Hub.create((trust == null ? options : options.guard(trust)).build());
        }

        private void close() {
            hub.close(Duration.ZERO).block(SOON);
            spans.close();
        }

        /** What leaves the process when a message comes to this member. */
        private BlockingQueue<Wire> gateway(String id) {
            BlockingQueue<Wire> out = new LinkedBlockingQueue<>();
            hub.join(AgentId.of(id), envelope -> Mono.fromRunnable(() -> out.add(Wire.of(envelope))));
            return out;
        }

        /** The span of the handling of the only message to a member. */
        private SpanData handled(String member) {
            MessageTraceTest.until(() -> spans.open().isEmpty()
                    && spans.named("flotilla.message.handle").stream()
                            .anyMatch(span -> Spans.tag(span, "agent").equals(member)));
            return spans.only("flotilla.message.handle", "agent", member);
        }
    }

    /** What goes from one process to another: texts. */
    private record Wire(String from, String text, Map<String, String> trace) {

        static Wire of(Envelope envelope) {
            return new Wire(envelope.sender().toString(), envelope.payload().toString(), Map.copyOf(envelope.trace()));
        }

        Envelope to(String recipient) {
            return Envelope.to(recipient, text).from(from).trace(trace).build();
        }
    }

    private final KeyRing ring = ring();
    private final Trust trustOfB = trust(ring);
    private final RemoteProcess a = new RemoteProcess(null);

    @AfterEach
    void close() {
        Hooks.disableAutomaticContextPropagation();
        a.close();
    }

    private static KeyRing ring() {
        return KeyRing.of(KeyEntry.generateEd25519("k1"));
    }

    private static Trust trust(KeyRing ring) {
        return Trust.builder(ring)
                .capabilities(Capabilities.create().grant(Edge.between(AgentId.of("clerk"), AgentId.of("desk"))))
                .build();
    }

    private static Wire next(BlockingQueue<Wire> out) throws InterruptedException {
        return Objects.requireNonNull(out.poll(20, TimeUnit.SECONDS), "nothing has left");
    }

    /** The clerk of the first process, in a request with baggage, sends a message. */
    private SpanData inRequest(Envelope envelope) {
        Observation request = Observation.start("http.request", a.spans.registry());
        try (Observation.Scope current = request.openScope();
                BaggageInScope tenant = a.spans.tracer().createBaggageInScope("tenant", "blue")) {
            a.hub.send(envelope)
                    .contextWrite(context -> context.put(ObservationThreadLocalAccessor.KEY, request))
                    .block(SOON);
        } finally {
            request.stop();
        }
        return a.spans.only("http.request");
    }

    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void message_toAnotherProcessAndBack_isOneTraceWithBaggage(boolean automatic) throws InterruptedException {
        if (automatic) {
            Hooks.enableAutomaticContextPropagation();
        }
        RemoteProcess b = new RemoteProcess(null);
        Queue<String> tenants = new ConcurrentLinkedQueue<>();
        try {
            BlockingQueue<Wire> toB = a.gateway("gateway");
            b.hub.join(Agent.<String, String>of("desk", (text, context) -> {
                tenants.add(
                        Objects.toString(b.spans.tracer().getBaggage("tenant").get()));
                return Mono.just(text.toUpperCase(Locale.ROOT));
            }));
            BlockingQueue<Wire> toA = b.gateway("clerk");
            a.hub.join(AgentId.of("clerk"), envelope -> Mono.empty());

            SpanData request =
                    inRequest(Envelope.to("gateway", "hello").from("clerk").build());
            Wire there = next(toB);
            b.hub.offer(there.to("desk"));
            Wire back = next(toA);
            a.hub.offer(back.to("clerk"));

            assertThat(there.trace()).containsKey("traceparent").containsEntry("baggage", "tenant=blue");
            SpanData sent = a.spans.only("flotilla.message.send");
            assertThat(sent.getKind()).isEqualTo(SpanKind.PRODUCER);
            assertThat(a.spans.parent(sent)).isEqualTo(request);
            assertThat(there.trace().get("traceparent")).contains(request.getTraceId(), sent.getSpanId());

            SpanData handledByDesk = b.handled("desk");
            SpanData received = b.spans.only("flotilla.message.receive");
            assertThat(received.getKind()).isEqualTo(SpanKind.CONSUMER);
            assertThat(received.getParentSpanId()).isEqualTo(sent.getSpanId());
            assertThat(received.getParentSpanContext().isRemote()).isTrue();
            assertThat(Spans.tag(received, "outcome")).isEqualTo("accepted");
            assertThat(b.spans.parent(handledByDesk)).isEqualTo(received);
            assertThat(b.spans.parent(b.spans.only("flotilla.message.wait", "agent", "desk")))
                    .isEqualTo(received);
            assertThat(tenants).containsExactly("blue");

            SpanData answered = b.spans.only("flotilla.message.send");
            assertThat(back.text()).isEqualTo("HELLO");
            assertThat(back.trace()).containsEntry("baggage", "tenant=blue");
            assertThat(a.spans.parent(a.handled("clerk"))).isEqualTo(a.spans.only("flotilla.message.receive"));
            assertThat(a.spans.only("flotilla.message.receive").getParentSpanId())
                    .isEqualTo(answered.getSpanId());
            assertThat(List.of(a.spans.exported(), b.spans.exported()))
                    .allSatisfy(all -> assertThat(all)
                            .isNotEmpty()
                            .allSatisfy(span -> assertThat(span.getTraceId()).isEqualTo(request.getTraceId())));
        } finally {
            b.close();
        }
    }

    @Test
    void message_signed_isTracedAndValid_andARefusedOneIsNot() throws InterruptedException {
        RemoteProcess b = new RemoteProcess(trustOfB);
        try {
            BlockingQueue<byte[]> bytes = new LinkedBlockingQueue<>();
            BlockingQueue<Wire> traces = new LinkedBlockingQueue<>();
            a.hub.join(
                    AgentId.of("desk"),
                    envelope -> Mono.fromRunnable(() -> {
                        bytes.add(envelope.payload(SignedMessage.class).toBytes());
                        traces.add(Wire.of(envelope));
                    }));
            BlockingQueue<Wire> toDesk = b.gateway("desk");

            inRequest(trust(ring)
                    .signer(AgentId.of("clerk"))
                    .sign(Envelope.to("desk", "hello").from("clerk").build()));
            Map<String, String> trace = next(traces).trace();
            SignedMessage signed = SignedMessage.parse(Objects.requireNonNull(bytes.poll()));
            b.hub.offer(signed.toEnvelope().trace(trace).build());
            b.hub.offer(signed.toEnvelope().trace(trace).build());

            assertThat(next(toDesk).text()).isEqualTo("hello");
            b.handled("desk");
            assertThat(b.spans.only("flotilla.message.receive").getParentSpanId())
                    .isEqualTo(a.spans.only("flotilla.message.send").getSpanId());
            assertThat(trustOfB.refusals()).isEqualTo(Map.of(Refusal.REPLAYED, 1L));
            assertThat(b.hub.deadLetters().recent())
                    .extracting(DeadLetter::envelope)
                    .extracting(Envelope::trace)
                    .containsExactly(Map.of());
        } finally {
            b.close();
        }
    }

    /** Where a guard opens what was signed, the trace is written behind it. */
    @Test
    void message_signedWithinAProcess_isTracedAndValid() throws InterruptedException {
        RemoteProcess trusted = new RemoteProcess(trustOfB);
        try {
            BlockingQueue<Wire> toDesk = trusted.gateway("desk");

            trusted.hub.offer(trustOfB.signer(AgentId.of("clerk"))
                    .sign(Envelope.to("desk", "hello").from("clerk").build()));

            assertThat(next(toDesk).trace().get("traceparent"))
                    .contains(trusted.spans.only("flotilla.message.send").getSpanId());
            assertThat(trustOfB.admittedCount()).isEqualTo(1);
        } finally {
            trusted.close();
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "00", "00-00000000000000000000000000000000-b7ad6b7169203331-01", "no such thing"})
    void message_withATraceThatIsNone_beginsOne(String traceparent) throws InterruptedException {
        BlockingQueue<Wire> out = a.gateway("desk");

        a.hub.offer(Envelope.to("desk", "x")
                .trace(Map.of("traceparent", traceparent))
                .build());

        next(out);
        assertThat(a.spans.parent(a.handled("desk"))).isEqualTo(a.spans.only("flotilla.message.receive"));
        assertThat(a.spans
                        .only("flotilla.message.receive")
                        .getParentSpanContext()
                        .isValid())
                .isFalse();
    }

    /** The trace of a message that follows from another is that of its own sender, and nothing is left of the other's. */
    @Test
    void message_forwarded_hasTheTraceOfWhoForwardsIt() throws InterruptedException {
        BlockingQueue<Wire> out = a.gateway("desk");
        a.hub.join(
                AgentId.of("clerk"),
                envelope -> a.hub.send(envelope.forward(AgentId.of("clerk"), AgentId.of("desk"))
                        .build()));

        a.hub.offer(Envelope.to("clerk", "x")
                .trace(Map.of(
                        "traceparent",
                        "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
                        "tracestate",
                        "vendor=1",
                        "odd",
                        "1"))
                .build());

        Map<String, String> trace = next(out).trace();
        SpanData clerks = a.handled("clerk"); // it may have sent, and not know yet that the desk has it
        SpanData sent = a.spans.only("flotilla.message.send");
        assertThat(trace).doesNotContainKey("odd");
        assertThat(trace.get("traceparent")).contains("0af7651916cd43dd8448eb211c80319c", sent.getSpanId());
        assertThat(a.spans.parent(sent)).isEqualTo(clerks);
    }
}
