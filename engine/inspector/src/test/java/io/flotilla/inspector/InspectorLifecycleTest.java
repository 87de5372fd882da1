package io.flotilla.inspector;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.flotilla.AgentId;
import io.flotilla.health.Health;
import io.flotilla.health.HealthCheck;
import io.flotilla.health.HealthMonitor;
import io.flotilla.journal.Journal;
import io.flotilla.message.Envelope;
import io.flotilla.message.Mesh;
import io.flotilla.run.Workflow;
import java.net.BindException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;
import tools.jackson.databind.JsonNode;

/** It starts, shows what else there is, and stops. */
class InspectorLifecycleTest {

    private static final Duration STOPPED_WITHIN = Duration.ofSeconds(10);

    private final Workflow<Object, String> crew = Flows.crew("crew", Journal.inMemory());

    private static List<String> threads() {
        List<String> names = new ArrayList<>();
        Thread.getAllStackTraces().keySet().stream()
                .filter(thread -> thread.isAlive() && thread.getName().startsWith("flotilla-inspector"))
                .forEach(thread -> names.add(thread.getName()));
        return names;
    }

    @Test
    void stop_withOpenStreams_freesPortAndThreadsTwice() {
        int port = 0;
        for (int round = 0; round < 2; round++) {
            Inspector inspector = Inspector.on(crew.runs()).port(port).start().block(Client.PATIENCE);
            port = inspector.address().getPort();
            Mono<Void> stream = Client.of(inspector)
                    .events("/api/live?after=none")
                    .then()
                    .onErrorComplete()
                    .cache();
            Client.of(inspector).events("/api/live?after=none").next().block(Client.PATIENCE);
            stream.subscribe();
            assertThat(threads()).isNotEmpty();

            inspector.stop().block(Client.PATIENCE);

            assertThat(inspector.isDisposed()).isTrue();
            stream.block(Client.PATIENCE);
            long deadline = System.nanoTime() + Client.PATIENCE.toNanos();
            while (!threads().isEmpty() && System.nanoTime() < deadline) {
                Thread.onSpinWait();
            }
            assertThat(threads()).isEmpty();
            inspector.stop().block(Client.PATIENCE);
        }
    }

    @Test
    void stop_asClientsConnect_endsEachConnection() {
        for (int round = 0; round < 40; round++) {
            Inspector inspector = Inspector.on(crew.runs()).start().block(Client.PATIENCE);
            Client client = Client.of(inspector);
            Mono<Void> streams = Flux.range(0, 8)
                    .flatMap(stream ->
                            client.events("/api/live?after=none").then().onErrorComplete())
                    .then()
                    .cache();
            streams.subscribe();
            long spun = System.nanoTime() + round * 100_000L; // from none is connected to all are told
            while (System.nanoTime() < spun) {
                Thread.onSpinWait();
            }

            inspector.stop().block(Client.PATIENCE);

            streams.block(STOPPED_WITHIN);
        }
    }

    @Test
    void start_again_isAnotherOneAndSoAreTwoAtOnce() {
        Mono<Inspector> start = Inspector.on(crew.runs()).start();
        Inspector first = start.block(Client.PATIENCE);
        Inspector second = start.block(Client.PATIENCE);
        try {
            assertThat(first.address()).isNotEqualTo(second.address());
            String id = crew.run(2).block(Client.PATIENCE).runId();
            first.stop().block(Client.PATIENCE);
            first.dispose();

            assertThat(first.isDisposed()).isTrue();
            assertThat(second.isDisposed()).isFalse();
            assertThat(Client.of(second).get("/api/runs/" + id).status()).isEqualTo(200);
            Inspector third = Inspector.on(crew.runs())
                    .port(first.address().getPort())
                    .start()
                    .block(Client.PATIENCE);
            assertThat(Client.of(third).get("/api/runs/" + id).status()).isEqualTo(200);
            third.stop().block(Client.PATIENCE);
        } finally {
            second.stop().block(Client.PATIENCE);
        }
    }

    @Test
    void start_cancelledOrRefused_leavesNoThread() {
        int before = threads().size();
        Inspector taken = Inspector.on(crew.runs()).start().block(Client.PATIENCE);
        int withOne = threads().size();
        for (int round = 0; round < 20; round++) {
            Inspector.on(crew.runs()).start().subscribe(Inspector::dispose).dispose();
            assertThatThrownBy(() -> Inspector.on(crew.runs())
                            .port(taken.address().getPort())
                            .start()
                            .block(Client.PATIENCE))
                    .hasRootCauseInstanceOf(BindException.class);
        }
        awaitThreads(withOne);
        taken.stop().block(Client.PATIENCE);
        awaitThreads(before);
    }

    private static void awaitThreads(int most) {
        long deadline = System.nanoTime() + Client.PATIENCE.toNanos();
        while (threads().size() > most && System.nanoTime() < deadline) {
            Thread.onSpinWait();
        }
        assertThat(threads()).hasSizeLessThanOrEqualTo(most);
    }

    @Test
    void start_onAPortThatIsTaken_isABindException() {
        Inspector first = Inspector.on(crew.runs()).start().block(Client.PATIENCE);
        int port = first.address().getPort();
        try {
            assertThatThrownBy(
                            () -> Inspector.on(crew.runs()).port(port).start().block(Client.PATIENCE))
                    .isInstanceOf(InspectorException.class)
                    .hasMessageContaining("127.0.0.1:" + port + ", Address already in use")
                    .hasMessageEndingWith("Port 0 is any that is free")
                    .hasCauseInstanceOf(BindException.class);
            assertThat(Client.of(first).get("/api/about").status())
                    .as("the first goes on")
                    .isEqualTo(200);
        } finally {
            first.stop().block(Client.PATIENCE);
        }
    }

    @Test
    void start_onAHostThatIsNotHere_saysSo() {
        assertThatThrownBy(() -> Inspector.on(crew.runs())
                        .host("192.0.2.1") // of documentation: nobody has it
                        .token(Inspector.randomToken())
                        .start()
                        .block(Client.PATIENCE))
                .isInstanceOf(InspectorException.class)
                .hasMessageStartingWith("the inspector cannot listen on 192.0.2.1:0, ");
        assertThatThrownBy(() -> Inspector.on(crew.runs())
                        .host("192.0.2.1")
                        .port(8_123)
                        .token(Inspector.randomToken())
                        .start()
                        .block(Client.PATIENCE))
                .isInstanceOf(InspectorException.class)
                .hasMessageStartingWith("the inspector cannot listen on 192.0.2.1:8123, ")
                .hasMessageNotContaining("another inspector");
    }

    @Test
    void idle_whenNobodyLooks_completes() {
        Inspector inspector = Inspector.on(crew.runs()).start().block(Client.PATIENCE);
        try {
            inspector.idle(Duration.ofMillis(50)).block(Client.PATIENCE);
            assertThatThrownBy(() -> inspector.idle(Duration.ZERO)).isInstanceOf(IllegalArgumentException.class);
            Mono<Void> looking = inspector.idle(Duration.ofMillis(200)).cache();
            var stream = Client.of(inspector).events("/api/live?after=none").subscribe();
            assertThat(looking.then(Mono.just("idle"))
                            .timeout(Duration.ofMillis(600), Mono.just("looked at"))
                            .block(Client.PATIENCE))
                    .isEqualTo("looked at");
            stream.dispose();
            looking.block(Client.PATIENCE);
        } finally {
            inspector.stop().block(Client.PATIENCE);
        }
    }

    @Test
    void network_ofAMesh_hasMembersLinksAndWhoSendsToWhom() {
        Mesh mesh = Mesh.create();
        AgentId ada = AgentId.of("ada");
        AgentId bob = AgentId.of("bob");
        mesh.join(ada, envelope -> Mono.empty());
        mesh.join(bob, envelope -> Mono.empty());
        mesh.connect(ada, bob);
        Inspector inspector =
                Inspector.on(crew.runs()).network("desk", mesh).start().block(Client.PATIENCE);
        try {
            for (int message = 0; message < 3; message++) {
                mesh.send(Envelope.to(bob, "secret").from(ada).build()).block(Client.PATIENCE);
            }

            Client.Answer answer = Client.of(inspector).get("/api/network");

            JsonNode network = answer.json().get("networks").get(0);
            assertThat(network.get("name").asString()).isEqualTo("desk");
            assertThat(network.get("kind").asString()).isEqualTo("Mesh");
            assertThat(network.get("members")).hasSize(2);
            assertThat(network.get("members").get(1).get("accepted").asLong()).isEqualTo(3);
            assertThat(network.get("links")).hasToString("[[\"ada\",\"bob\"]]");
            assertThat(network.get("edges")).hasToString("[{\"from\":\"ada\",\"to\":\"bob\",\"messages\":3}]");
            assertThat(answer.text()).doesNotContain("secret");
        } finally {
            inspector.stop().block(Client.PATIENCE);
            mesh.close(Duration.ZERO).block(Client.PATIENCE);
        }
    }

    @Test
    void health_ofAMonitorAndOfBreakers_isShown() {
        HealthMonitor monitor = HealthMonitor.builder()
                .check(HealthCheck.of("disk", Health::up))
                .build();
        Inspector inspector = Inspector.on(crew.runs())
                .health(monitor)
                .circuitBreakers(() -> List.of(HealthCheck.of(
                        "circuit breakers",
                        () -> Health.degraded("open: reader").with("reader", "OPEN"))))
                .start()
                .block(Client.PATIENCE);
        try {
            monitor.refresh().block(Client.PATIENCE);

            JsonNode health = Client.of(inspector).get("/api/health").json();

            assertThat(health.get("health").get("status").asString()).isEqualTo("UP");
            assertThat(health.get("health").get("checks").get(0).get("name").asString())
                    .isEqualTo("disk");
            assertThat(health.get("breakers")
                            .get("checks")
                            .get(0)
                            .get("data")
                            .get("reader")
                            .asString())
                    .isEqualTo("OPEN");
        } finally {
            inspector.stop().block(Client.PATIENCE);
            monitor.close();
        }
    }

    @Test
    void page_asked_hasAnEtag() {
        Inspector inspector = Inspector.on(crew.runs()).start().block(Client.PATIENCE);
        try {
            Client client = Client.of(inspector);
            Client.Answer page = client.get("/");
            assertThat(page.status()).isEqualTo(200);
            assertThat(page.headers().get("content-type")).startsWith("text/html");
            assertThat(client.with("If-None-Match", page.headers().get("etag"))
                            .get("/")
                            .status())
                    .isEqualTo(304);
        } finally {
            inspector.stop().block(Client.PATIENCE);
        }
    }
}
