package io.flotilla.inspector;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.flotilla.health.Health;
import io.flotilla.health.HealthCheck;
import io.flotilla.health.HealthMonitor;
import io.flotilla.journal.InMemoryJournal;
import io.flotilla.run.Workflow;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.Test;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Sinks;
import reactor.test.publisher.TestPublisher;
import tools.jackson.databind.JsonNode;

/** What has happened in the system, and is shown with its time. */
class InspectorLogTest {

    private final Workflow<Object, String> crew =
            Flows.crew("crew", InMemoryJournal.builder().build());

    private static List<String> texts(Inspector inspector) {
        List<String> texts = new ArrayList<>();
        Client.of(inspector)
                .get("/api/log")
                .json()
                .get("entries")
                .forEach(entry -> texts.add(entry.get("source").asString() + ": "
                        + entry.get("text").asString()));
        return texts;
    }

    private static void until(Inspector inspector, String text) {
        long deadline = System.nanoTime() + Client.PATIENCE.toNanos();
        while (!texts(inspector).contains(text) && System.nanoTime() < deadline) {
            Thread.onSpinWait();
        }
        assertThat(texts(inspector)).contains(text);
    }

    @Test
    void log_ofChangesOfHealth_hasThemAndWhatBecomesOfTheWhole() {
        AtomicReference<Health> disk = new AtomicReference<>(Health.up());
        HealthMonitor monitor = HealthMonitor.builder()
                .check(HealthCheck.of("disk", disk::get).nonCritical())
                .failureThreshold(1)
                .successThreshold(1)
                .build();
        monitor.refresh().block(Client.PATIENCE);
        Inspector inspector = Inspector.on(crew.runs()).health(monitor).start().block(Client.PATIENCE);
        try {
            disk.set(Health.down("full"));
            monitor.refresh().block(Client.PATIENCE);
            until(inspector, "health: the whole UP -> DEGRADED");
            disk.set(Health.up());
            monitor.refresh().block(Client.PATIENCE);
            until(inspector, "health: the whole DEGRADED -> UP");

            assertThat(texts(inspector))
                    .containsExactly(
                            "health: disk UP -> DOWN: full",
                            "health: the whole UP -> DEGRADED",
                            "health: disk DOWN -> UP",
                            "health: the whole DEGRADED -> UP");
            JsonNode first =
                    Client.of(inspector).get("/api/log").json().get("entries").get(0);
            assertThat(first.get("at").asString()).endsWith("Z");
            assertThat(Client.of(inspector).get("/api/about").json().get("log").asBoolean())
                    .isTrue();
        } finally {
            inspector.stop().block(Client.PATIENCE);
            monitor.close();
        }
    }

    @Test
    void log_ofEvents_isBoundedAndHasTheirTexts() {
        Sinks.Many<Object> happening = Sinks.many().multicast().directBestEffort();
        Inspector inspector = Inspector.on(crew.runs())
                .events("shop", happening.asFlux())
                .start()
                .block(Client.PATIENCE);
        try {
            for (int event = 0; event < EventLog.MAX_ENTRIES; event++) {
                happening.emitNext(event, Sinks.EmitFailureHandler.FAIL_FAST);
            }
            assertThat(texts(inspector)).hasSize(EventLog.MAX_ENTRIES).startsWith("shop: 0");
            happening.emitNext("x".repeat(EventLog.MAX_TEXT + 1), Sinks.EmitFailureHandler.FAIL_FAST);
            happening.emitNext(new Unspeakable(), Sinks.EmitFailureHandler.FAIL_FAST);

            assertThat(texts(inspector))
                    .hasSize(EventLog.MAX_ENTRIES)
                    .startsWith("shop: 2")
                    .endsWith("shop: " + "x".repeat(EventLog.MAX_TEXT) + "…", "shop: " + Unspeakable.class.getName());
        } finally {
            inspector.stop().block(Client.PATIENCE);
        }
    }

    private static final class Unspeakable {

        @Override
        public String toString() {
            throw new IllegalStateException("no words");
        }
    }

    @Test
    void log_ofASourceThatFails_saysSoAndHasTheOthers() {
        Sinks.Many<Object> happening = Sinks.many().multicast().directBestEffort();
        Inspector inspector = Inspector.on(crew.runs())
                .events("broken", Flux.error(new IllegalStateException("a secret")))
                .events("shop", happening.asFlux())
                .start()
                .block(Client.PATIENCE);
        try {
            happening.emitNext("open", Sinks.EmitFailureHandler.FAIL_FAST);

            assertThat(texts(inspector))
                    .containsExactly("broken: no more is told: java.lang.IllegalStateException", "shop: open");
        } finally {
            inspector.stop().block(Client.PATIENCE);
        }
    }

    @Test
    void log_ofAnInspectorThatIsStopped_hearsNoMore() {
        TestPublisher<Object> happening = TestPublisher.create();
        Inspector inspector =
                Inspector.on(crew.runs()).events("shop", happening).start().block(Client.PATIENCE);
        happening.assertWasSubscribed();

        inspector.stop().block(Client.PATIENCE);

        happening.assertCancelled();
    }

    @Test
    void log_ofAnInspectorWhosePortIsTaken_hearsNoMore() {
        TestPublisher<Object> happening = TestPublisher.create();
        Inspector first = Inspector.on(crew.runs()).start().block(Client.PATIENCE);
        try {
            assertThatThrownBy(() -> Inspector.on(crew.runs())
                            .events("shop", happening)
                            .port(first.address().getPort())
                            .start()
                            .block(Client.PATIENCE))
                    .hasRootCauseInstanceOf(java.net.BindException.class);

            happening.assertCancelled();
        } finally {
            first.stop().block(Client.PATIENCE);
        }
    }
}
