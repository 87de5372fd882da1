package io.flotilla.samples.traces;

import static org.assertj.core.api.Assertions.assertThat;

import io.flotilla.AgentId;
import io.flotilla.agent.Agent;
import io.flotilla.message.Envelope;
import io.flotilla.message.Hub;
import io.flotilla.message.Mailbox;
import io.flotilla.message.MessageHandler;
import io.flotilla.message.NetworkOptions;
import io.flotilla.message.OfferResult;
import io.flotilla.message.Overflow;
import io.flotilla.step.StepEngine;
import io.micrometer.observation.Observation;
import io.micrometer.observation.contextpropagation.ObservationThreadLocalAccessor;
import io.opentelemetry.api.trace.SpanKind;
import io.opentelemetry.sdk.trace.data.SpanData;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import reactor.core.publisher.Hooks;
import reactor.core.publisher.Mono;
import reactor.core.publisher.Sinks;
import reactor.core.scheduler.Schedulers;

/** Messages in a trace: their time in a mailbox, their handling, and what follows from them. */
@Timeout(60)
@SuppressWarnings("try") // scopes, and mailboxes that are closed behind the block
class MessageTraceTest {

    private static final Duration SOON = Duration.ofSeconds(20);
    private static final String REMOTE_TRACE = "0af7651916cd43dd8448eb211c80319c";
    private static final String REMOTE_SPAN = "b7ad6b7169203331";

    private final Spans spans = new Spans();
    private final StepEngine engine =
            StepEngine.builder().observationRegistry(spans.registry()).build();

    @AfterEach
    void close() {
        Hooks.disableAutomaticContextPropagation();
        spans.close();
    }

    private static <T> Mono<T> later(T value) {
        return Mono.delay(Duration.ofMillis(1), Schedulers.parallel()).map(tick -> value);
    }

    private <T> T inRequest(Mono<T> handler) {
        Observation request = Observation.start("http.request", spans.registry());
        try (Observation.Scope current = request.openScope()) {
            return Objects.requireNonNull(
                    handler.contextWrite(context -> context.put(ObservationThreadLocalAccessor.KEY, request))
                            .block(SOON));
        } finally {
            request.stop();
        }
    }

    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void request_ofAMember_isOneTraceOverMailboxesAndSteps(boolean automatic) {
        if (automatic) {
            Hooks.enableAutomaticContextPropagation();
        }
        Hub hub = Hub.create(NetworkOptions.builder().engine(engine).build());
        hub.join(Agent.<String, String>of("desk", (text, context) -> later("to " + text)));

        Object answer = inRequest(hub.request(Envelope.to("desk", "Ada").build(), Duration.ofSeconds(10))
                .map(Envelope::payload));

        assertThat(answer).isEqualTo("to Ada");
        until(() -> spans.open().isEmpty());
        SpanData request = spans.only("http.request");
        SpanData wait = spans.only("flotilla.message.wait");
        SpanData handle = spans.only("flotilla.message.handle");
        SpanData asked = spans.only("flotilla.message.send", "agent", "anonymous");
        assertThat(spans.parent(asked)).isEqualTo(request);
        assertThat(asked.getKind()).isEqualTo(SpanKind.PRODUCER);
        assertThat(Spans.tag(asked, "outcome")).isEqualTo("accepted");
        assertThat(Spans.tag(asked, "message.id")).isEqualTo(Spans.tag(wait, "message.id"));
        assertThat(spans.parent(wait)).isEqualTo(asked);
        assertThat(spans.parent(handle)).isEqualTo(asked);
        assertThat(spans.parent(spans.only("flotilla.message.send", "agent", "desk")))
                .isEqualTo(handle);
        assertThat(Spans.tag(wait, "outcome")).isEqualTo("taken");
        assertThat(Spans.tag(wait, "agent")).isEqualTo("desk");
        assertThat(Spans.tag(handle, "outcome")).isEqualTo("delivered");
        assertThat(Spans.tag(handle, "message.id")).isEqualTo(Spans.tag(wait, "message.id"));
        assertThat(wait.getEndEpochNanos()).isLessThanOrEqualTo(handle.getEndEpochNanos());
        SpanData step = spans.only("flotilla.step");
        assertThat(ancestors(step)).contains(handle);
        assertThat(spans.exported())
                .allSatisfy(span -> assertThat(span.getTraceId()).isEqualTo(request.getTraceId()));
        hub.close(Duration.ZERO).block(SOON);
    }

    private List<SpanData> ancestors(SpanData span) {
        List<SpanData> found = new java.util.ArrayList<>();
        for (SpanData above = spans.parent(span); above != null; above = spans.parent(above)) {
            found.add(above);
        }
        return found;
    }

    static void until(java.util.function.BooleanSupplier condition) {
        long deadline = System.nanoTime() + SOON.toNanos();
        while (!condition.getAsBoolean()) {
            assertThat(System.nanoTime()).as("in time").isLessThan(deadline);
            Thread.onSpinWait();
        }
    }

    private Mailbox.Builder mailbox(MessageHandler handler) {
        return Mailbox.builder("desk").engine(engine).handler(handler);
    }

    private static Envelope letter() {
        return Envelope.to("desk", "x").from(AgentId.of("clerk")).build();
    }

    @Test
    void message_fromAnotherProcess_continuesItsTrace() {
        try (var mailbox = closing(mailbox(envelope -> later("done")).build())) {
            mailbox.mailbox()
                    .offer(Envelope.to("desk", "x")
                            .trace(Map.of("traceparent", "00-" + REMOTE_TRACE + "-" + REMOTE_SPAN + "-01"))
                            .build());
            until(() -> spans.named("flotilla.message.handle").size() == 1);
        }

        assertThat(spans.exported()).hasSize(2).allSatisfy(span -> {
            assertThat(span.getTraceId()).isEqualTo(REMOTE_TRACE);
            assertThat(span.getParentSpanId()).isEqualTo(REMOTE_SPAN);
        });
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "00", "00-00000000000000000000000000000000-b7ad6b7169203331-01", "no such thing"})
    void message_withATraceThatIsNone_hasOneOfItsOwn(String traceparent) {
        try (var mailbox = closing(mailbox(envelope -> later("done")).build())) {
            mailbox.mailbox()
                    .offer(Envelope.to("desk", "x")
                            .trace(Map.of("traceparent", traceparent))
                            .build());
            until(() -> spans.named("flotilla.message.handle").size() == 1);
        }

        assertThat(spans.exported())
                .hasSize(2)
                .noneMatch(span -> span.getTraceId().equals(REMOTE_TRACE));
    }

    @Test
    void messages_thatFollowFromEachOther_areInsideOfEachOther() {
        Sinks.One<String> arrived = Sinks.one();
        try (var second = closing(Mailbox.builder("second")
                        .engine(engine)
                        .handler(envelope -> Mono.fromRunnable(() -> arrived.tryEmitValue("here")))
                        .build());
                var first = closing(mailbox(envelope -> second.mailbox()
                                .send(envelope.forward(AgentId.of("desk"), AgentId.of("second"))
                                        .build()))
                        .build())) {
            first.mailbox().offer(letter());
            arrived.asMono().block(SOON);
            until(() -> spans.open().isEmpty());
        }

        SpanData outer = spans.only("flotilla.message.handle", "agent", "desk");
        assertThat(spans.parent(spans.only("flotilla.message.handle", "agent", "second")))
                .isEqualTo(outer);
        assertThat(spans.parent(spans.only("flotilla.message.wait", "agent", "second")))
                .isEqualTo(outer);
    }

    @Test
    void message_whoseHandlerFails_saysSo() {
        try (var mailbox = closing(
                mailbox(envelope -> Mono.error(new IllegalStateException("no"))).build())) {
            mailbox.mailbox().offer(letter());
            until(() -> spans.named("flotilla.message.handle").size() == 1);
        }

        assertThat(Spans.tag(spans.only("flotilla.message.handle"), "outcome")).isEqualTo("handler_failed");
        assertThat(spans.only("flotilla.message.handle").getEvents()).isNotEmpty();
    }

    @Test
    void messages_thatAreNeverHandled_sayWhy() throws InterruptedException {
        CountDownLatch busy = new CountDownLatch(1);
        try (var mailbox = closing(mailbox(envelope -> {
                    busy.countDown();
                    return Mono.never();
                })
                .capacity(1)
                .overflow(Overflow.DROP_OLDEST)
                .build())) {
            mailbox.mailbox().offer(letter());
            assertThat(busy.await(20, TimeUnit.SECONDS)).isTrue();
            mailbox.mailbox().offer(letter());
            Envelope withdrawn = letter();
            mailbox.mailbox().offer(withdrawn);
            assertThat(mailbox.mailbox().withdraw(withdrawn)).isTrue();
            mailbox.mailbox().offer(letter());
        }
        until(() -> spans.open().isEmpty());

        assertThat(spans.named("flotilla.message.wait"))
                .extracting(span -> Spans.tag(span, "outcome"))
                .containsExactlyInAnyOrder("taken", "dropped", "cancelled", "closed");
        assertThat(Spans.tag(spans.only("flotilla.message.handle"), "outcome")).isEqualTo("cancelled");
    }

    @Test
    void messages_thatAreRefused_sayTheyAre() {
        Mailbox full = mailbox(envelope -> Mono.never()).capacity(1).build();
        try (var mailbox = closing(full)) {
            full.offer(letter());
            until(() -> full.stats().queued() == 0);
            full.offer(letter());
            assertThat(full.offer(letter())).isEqualTo(OfferResult.FULL);
            assertThat(full.offer(letter())).isEqualTo(OfferResult.FULL);
        }
        assertThat(full.offer(letter())).isEqualTo(OfferResult.CLOSED);
        until(() -> spans.open().isEmpty());

        assertThat(spans.named("flotilla.message.wait"))
                .extracting(span -> Spans.tag(span, "outcome"))
                .containsExactlyInAnyOrder("taken", "closed", "refused", "refused", "refused");
    }

    @Test
    void sends_thatWaitForRoom_waitInTheTraceToo() {
        Mailbox full = mailbox(envelope -> Mono.never())
                .capacity(1)
                .overflow(Overflow.BACKPRESSURE)
                .build();
        try (var mailbox = closing(full)) {
            full.offer(letter());
            until(() -> full.stats().queued() == 0);
            full.offer(letter());
            full.send(letter()).subscribe().dispose();
            full.send(letter()).onErrorComplete().subscribe();
            assertThat(spans.open()).hasSize(3);
        }
        until(() -> spans.open().isEmpty());

        assertThat(spans.named("flotilla.message.wait"))
                .extracting(span -> Spans.tag(span, "outcome"))
                .containsExactlyInAnyOrder("taken", "closed", "refused", "refused");
    }

    private record Closing(Mailbox mailbox) implements AutoCloseable {
        @Override
        public void close() {
            mailbox.close(Duration.ZERO).block(SOON);
        }
    }

    private static Closing closing(Mailbox mailbox) {
        return new Closing(mailbox);
    }
}
