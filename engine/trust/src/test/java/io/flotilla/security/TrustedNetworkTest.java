package io.flotilla.security;

import static io.flotilla.security.World.MALLORY;
import static io.flotilla.security.World.PLANNER;
import static io.flotilla.security.World.WRITER;
import static io.flotilla.security.World.plan;
import static org.assertj.core.api.Assertions.assertThat;

import io.flotilla.AgentId;
import io.flotilla.agent.Agent;
import io.flotilla.health.Health;
import io.flotilla.health.HealthCheck;
import io.flotilla.health.HealthMonitor;
import io.flotilla.message.Answer;
import io.flotilla.message.DeadLetter;
import io.flotilla.message.Delivery;
import io.flotilla.message.Envelope;
import io.flotilla.message.Hub;
import io.flotilla.message.MemberOptions;
import io.flotilla.message.Mesh;
import io.flotilla.message.MessageHandler;
import io.flotilla.message.Network;
import io.flotilla.message.NetworkOptions;
import io.flotilla.message.Topics;
import io.flotilla.message.UndeliverableException;
import io.flotilla.run.Join;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Locale;
import java.util.Objects;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import reactor.core.publisher.Mono;
import reactor.test.StepVerifier;

/** The three forms of network, made trusted by one call. */
@Timeout(30)
class TrustedNetworkTest {

    private static final Duration LONG = Duration.ofSeconds(10);

    private final KeyRing ring =
            KeyRing.of(KeyEntry.hmac("domain", KeySource.random()), KeyEntry.aes("payloads", KeySource.random()));
    private final Capabilities capabilities = Capabilities.create().grant(Edge.between(PLANNER, WRITER));
    private final Trust trust = Trust.builder(ring).capabilities(capabilities).build();
    private final NetworkOptions options = NetworkOptions.builder().guard(trust).build();
    private final Signer planner = trust.signer(PLANNER);
    private final List<String> heard = Collections.synchronizedList(new ArrayList<>());

    private MessageHandler hears(AgentId who) {
        return envelope -> Mono.fromRunnable(() -> heard.add(who + " " + envelope.payload(String.class)));
    }

    private void close(Network network) {
        network.close(LONG).block(LONG);
    }

    @Test
    void hub_trusted_deliversWhatIsSignedAndPermitted() {
        Hub hub = Hub.create(options);
        hub.join(WRITER, hears(WRITER));

        assertThat(hub.offer(planner.sign(plan("1"))).isComplete()).isTrue();
        assertThat(hub.send(planner.sign(plan("2"))).block(LONG).isComplete()).isTrue();
        assertThat(hub.offer(plan("3")).deliveries()).containsExactly(new Delivery(WRITER, DeadLetter.Reason.REFUSED));
        close(hub);

        assertThat(heard).containsExactly("writer 1", "writer 2");
        assertThat(trust.refusals()).containsOnlyKeys(Refusal.UNSIGNED);
    }

    @Test
    void hub_toAll_needsACapabilityOfItsOwn() {
        Hub hub = Hub.create(options);
        hub.join(WRITER, hears(WRITER));
        hub.join(MALLORY, hears(MALLORY));
        Envelope all = Envelope.toAll("hello").from(PLANNER).build();

        assertThat(hub.offer(planner.sign(all)).acceptedCount()).isZero();
        capabilities.grant(Edge.toAll(PLANNER));
        assertThat(hub.offer(planner.sign(all)).acceptedCount()).isEqualTo(2);
        close(hub);

        assertThat(heard).containsExactlyInAnyOrder("writer hello", "mallory hello");
    }

    @Test
    void mesh_trusted_keepsItsLinks() {
        Mesh mesh = Mesh.create(options);
        mesh.join(WRITER, hears(WRITER));
        mesh.join(PLANNER, hears(PLANNER));

        assertThat(mesh.offer(planner.sign(plan("1"))).deliveries())
                .containsExactly(new Delivery(WRITER, DeadLetter.Reason.NOT_CONNECTED));
        mesh.connect(PLANNER, WRITER);
        assertThat(mesh.offer(planner.sign(plan("2"))).isComplete()).isTrue();
        assertThat(mesh.offer(plan("3")).acceptedCount()).isZero();
        close(mesh);

        assertThat(heard).containsExactly("writer 2");
    }

    @Test
    void topics_trusted_deliverToEachSubscriberOnce() {
        capabilities.grant(Edge.onTopic(PLANNER, "news/**"));
        Topics topics = Topics.create(options);
        for (AgentId each : List.of(WRITER, MALLORY)) {
            topics.join(each, hears(each));
            topics.subscribe(each, "news/*");
        }
        Envelope signed =
                planner.sign(Envelope.onTopic("news/sport", "1").from(PLANNER).build());

        assertThat(topics.offer(signed).acceptedCount()).isEqualTo(2);
        assertThat(topics.offer(signed).acceptedCount()).as("again").isZero();
        Signer mallory = trust.signer(MALLORY);
        assertThat(topics.offer(mallory.sign(Envelope.onTopic("news/sport", "2")
                                .from(MALLORY)
                                .build()))
                        .acceptedCount())
                .isZero();
        close(topics);

        assertThat(heard).containsExactlyInAnyOrder("writer 1", "mallory 1");
        assertThat(trust.refusals()).containsOnlyKeys(Refusal.REPLAYED, Refusal.UNAUTHORISED);
    }

    /** It was signed for another one: who sends it must be permitted to send it there, too. */
    @Test
    void hub_reroutesWhatItsSenderMaySendThere() {
        AgentId one = AgentId.of("clerk#1");
        AgentId two = AgentId.of("clerk#2");
        capabilities.grant(Edge.between(PLANNER, one));
        HealthMonitor monitor = HealthMonitor.builder()
                .check(HealthCheck.of("clerk#1", () -> Health.down("ill")))
                .build();
        assertThat(monitor.refresh().block(LONG)).isNotNull();
        Hub hub =
                Hub.create(NetworkOptions.builder().guard(trust).health(monitor).build());
        for (AgentId each : List.of(one, two)) {
            hub.join(
                    Agent.<String, String>of(each.toString(), (text, context) -> Mono.just("by " + each)),
                    MemberOptions.defaults().interchangeable());
        }
        Envelope plain = Envelope.to(one, "?").from(PLANNER).build();

        assertThat(hub.offer(planner.sign(plain)).deliveries())
                .containsExactly(new Delivery(one, DeadLetter.Reason.UNHEALTHY));
        capabilities.grant(Edge.between(PLANNER, two));
        StepVerifier.create(hub.request(planner.sign(plain)))
                .assertNext(reply -> assertThat(reply.payload()).isEqualTo("by clerk#2"))
                .expectComplete()
                .verify(LONG);
        monitor.close();
    }

    // --- requests and answers

    @Test
    void request_ofAnAgent_isAnsweredWithItsKey() {
        Hub hub = Hub.create(options);
        hub.join(Agent.<String, String>of(WRITER.kind(), (text, context) -> Mono.just(text.toUpperCase(Locale.ROOT))));

        StepVerifier.create(hub.request(planner.sign(plan("a title"))))
                .assertNext(reply -> {
                    assertThat(reply.payload()).isEqualTo("A TITLE");
                    assertThat(Verified.of(reply)).hasToString("writer -> planner, signed by domain");
                })
                .expectComplete()
                .verify(LONG);
        assertThat(capabilities.granted()).as("an answer needs none").containsExactly(Edge.between(PLANNER, WRITER));
        assertThat(trust.admittedCount()).isEqualTo(2);
    }

    @Test
    void request_inARun_isAnsweredInThatRun() {
        Trust inRun = Trust.builder(Verifier.builder(ring).run("run-1").build())
                .capabilities(capabilities)
                .build();
        Hub hub = Hub.create(NetworkOptions.builder().guard(inRun).build());
        hub.join(Agent.<String, String>of(WRITER.kind(), (text, context) -> Mono.just("done")));

        StepVerifier.create(hub.request(inRun.signer(PLANNER).sign(plan("?"))))
                .assertNext(reply -> assertThat(
                                Objects.requireNonNull(Verified.of(reply)).run())
                        .isEqualTo("run-1"))
                .expectComplete()
                .verify(LONG);
    }

    @Test
    void message_ofAnAgentThatIsNoAnswer_needsACapability() {
        Hub hub = Hub.create(options);
        hub.join(PLANNER, hears(PLANNER));
        hub.join(Agent.<String, String>of(WRITER.kind(), (text, context) -> Mono.just("done")));

        hub.send(planner.sign(plan("no request"))).block(LONG);
        close(hub);

        assertThat(heard).isEmpty();
        assertThat(trust.refusals()).containsOnlyKeys(Refusal.UNAUTHORISED);
        assertThat(hub.deadLetters().count(DeadLetter.Reason.REFUSED)).isEqualTo(1);
    }

    @Test
    void answer_ofSomebodyWhoWasNotAsked_isNotHeard() {
        Hub hub = Hub.create(options);
        Signer mallory = trust.signer(MALLORY);
        Signer writer = trust.signer(WRITER);
        hub.join(WRITER, request -> {
            Envelope forged = mallory.sign(request.reply(MALLORY, "gold").build());
            assertThat(hub.offer(forged).deliveries())
                    .containsExactly(new Delivery(PLANNER, DeadLetter.Reason.LATE_REPLY));
            return hub.send(writer.sign(request.reply(WRITER, "paper").build()));
        });

        StepVerifier.create(hub.request(planner.sign(plan("what"))))
                .expectNextMatches(reply -> reply.payload().equals("paper"))
                .expectComplete()
                .verify(LONG);
    }

    @Test
    void answer_signedByTheHandler_mustBeSigned() {
        Hub hub = Hub.create(options);
        hub.join(WRITER, request -> hub.send(request.reply(WRITER, "unsigned").build()));

        StepVerifier.create(hub.request(planner.sign(plan("what"))))
                .expectErrorSatisfies(error -> assertThat(error)
                        .isInstanceOfSatisfying(
                                UndeliverableException.class,
                                failed -> assertThat(failed.reason()).isEqualTo(DeadLetter.Reason.HANDLER_FAILED)))
                .verify(LONG);
        assertThat(trust.refusals()).containsOnlyKeys(Refusal.UNSIGNED);
    }

    @Test
    void request_subscribedTwice_isAReplay() {
        Hub hub = Hub.create(options);
        hub.join(Agent.<String, String>of(WRITER.kind(), (text, context) -> Mono.just("1")));
        Mono<Envelope> once = hub.request(planner.sign(plan("?")));
        Mono<Envelope> eachTime = Mono.defer(() -> hub.request(planner.sign(plan("?"))));

        assertThat(once.block(LONG)).isNotNull();
        StepVerifier.create(once)
                .expectErrorSatisfies(error -> assertThat(error.getCause()).hasMessageStartingWith("REPLAYED"))
                .verify(LONG);
        assertThat(eachTime.repeat(2).collectList().block(LONG)).hasSize(3);
    }

    @Test
    void gather_fromAll_verifiesEachAnswer() {
        capabilities.grant(Edge.toAll(PLANNER));
        Hub hub = Hub.create(options);
        for (String each : List.of("one", "two", "three")) {
            hub.join(Agent.<String, String>of(each, (text, context) -> Mono.just(each)));
        }

        StepVerifier.create(hub.gather(
                        planner.sign(Envelope.toAll("who").from(PLANNER).build()), Join.all()))
                .assertNext(gathered ->
                        assertThat(gathered.of(Answer.Status.ANSWERED)).hasSize(3))
                .expectComplete()
                .verify(LONG);
        assertThat(trust.admittedCount()).isEqualTo(4);
    }

    @Test
    void agent_withoutAKey_failsTheRequestAtOnce() {
        KeyRing ours = KeyRing.of(KeyEntry.generateEd25519("planner").ownedBy(PLANNER));
        Trust strict = Trust.builder(ours).capabilities(capabilities).build();
        Hub hub = Hub.create(NetworkOptions.builder().guard(strict).build());
        hub.join(Agent.<String, String>of(WRITER.kind(), (text, context) -> Mono.just("1")));

        StepVerifier.create(hub.request(strict.signer(PLANNER).sign(plan("?")), Duration.ofMinutes(5)))
                .expectErrorSatisfies(error -> assertThat(error.getCause())
                        .isInstanceOf(KeyUnavailableException.class)
                        .hasMessage("key of writer cannot be had: no key of the ring signs for it"))
                .verify(LONG);
    }

    @Test
    void network_thatRequiresEncryption_keepsNoPayloadInItsLog() {
        Trust secret = Trust.builder(Verifier.builder(ring).requireEncryption().build())
                .capabilities(capabilities)
                .build();
        Hub hub = Hub.create(NetworkOptions.builder().guard(secret).build());
        hub.join(WRITER, hears(WRITER));

        assertThat(hub.offer(secret.signer(PLANNER).sign(plan("canary"))).isComplete())
                .isTrue();
        close(hub);

        assertThat(heard).containsExactly("writer canary");
        assertThat(hub.log())
                .singleElement()
                .satisfies(report -> assertThat(report.envelope().payload())
                        .isInstanceOfSatisfying(
                                SignedMessage.class,
                                message -> assertThat(message.isEncrypted()).isTrue()));
    }
}
