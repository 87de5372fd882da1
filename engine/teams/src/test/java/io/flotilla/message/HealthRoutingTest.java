package io.flotilla.message;

import static io.flotilla.message.Messages.SOON;
import static io.flotilla.message.Messages.await;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatNullPointerException;

import io.flotilla.AgentId;
import io.flotilla.agent.Agent;
import io.flotilla.health.Health;
import io.flotilla.health.HealthCheck;
import io.flotilla.health.HealthMonitor;
import io.flotilla.run.Join;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Objects;
import java.util.Random;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.LockSupport;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import reactor.core.publisher.Mono;
import reactor.core.publisher.Sinks;
import reactor.test.StepVerifier;

/** A monitor says who is well; networks send nothing to who is not, or send it to somebody like it. */
@Timeout(60)
class HealthRoutingTest {

    private static final AgentId BOSS = AgentId.of("boss");
    private static final AgentId ONE = AgentId.of("reader#1");
    private static final AgentId TWO = AgentId.of("reader#2");
    private static final AgentId THREE = AgentId.of("reader#3");
    private static final MemberOptions INTERCHANGEABLE =
            MemberOptions.defaults().interchangeable();

    private final Set<String> down = ConcurrentHashMap.newKeySet();
    private final List<String> heard = Collections.synchronizedList(new ArrayList<>());
    private HealthMonitor monitor = monitor(1);

    private HealthMonitor monitor(int threshold) {
        HealthMonitor.Builder builder =
                HealthMonitor.builder().failureThreshold(threshold).successThreshold(threshold);
        for (String name : List.of("reader#1", "reader#2", "reader#3", "reader", "boss")) {
            builder.check(HealthCheck.of(name, () -> down.contains(name) ? Health.down("ill") : Health.up()));
        }
        return builder.build();
    }

    private void look() {
        assertThat(monitor.refresh().block(SOON)).isNotNull();
    }

    private void falls(AgentId... ill) {
        down.clear();
        for (AgentId each : ill) {
            down.add(each.toString());
        }
        look();
    }

    private NetworkOptions.Builder options() {
        return NetworkOptions.builder().health(monitor);
    }

    @AfterEach
    void end() {
        monitor.close();
    }

    private <N extends Network> N join(N network, MemberOptions how, AgentId... ids) {
        for (AgentId id : ids) {
            network.join(id, envelope -> Mono.fromRunnable(() -> heard.add(id + " " + envelope.payload())), how);
        }
        return network;
    }

    private static Envelope to(AgentId recipient, Object payload) {
        return Envelope.to(recipient, payload).from(BOSS).build();
    }

    private static void settle(Network network) {
        await(() -> network.stats().queued() == 0 && network.stats().inFlight() == 0);
    }

    private static Delivery unhealthy(AgentId id) {
        return new Delivery(id, DeadLetter.Reason.UNHEALTHY);
    }

    private static void assertUnhealthy(Mono<?> sent, AgentId receiver) {
        StepVerifier.create(sent)
                .expectErrorSatisfies(thrown -> assertThat(thrown)
                        .isInstanceOfSatisfying(UndeliverableException.class, undeliverable -> {
                            assertThat(undeliverable.reason()).isEqualTo(DeadLetter.Reason.UNHEALTHY);
                            assertThat(undeliverable.receiver()).isEqualTo(receiver);
                        }))
                .verify(SOON);
    }

    // --- refused

    @Test
    void send_toOneThatIsDown_isRefusedUntilItIsWell() {
        Hub hub = join(Hub.create(options().build()), MemberOptions.defaults(), ONE, TWO);
        falls(ONE);

        assertThat(hub.offer(to(ONE, "1")).deliveries()).containsExactly(unhealthy(ONE));
        assertUnhealthy(hub.send(to(ONE, "2")), ONE);
        assertUnhealthy(hub.request(to(ONE, "3")), ONE);
        assertThat(hub.offer(to(TWO, "4")).isComplete()).isTrue();
        falls();
        assertThat(hub.offer(to(ONE, "5")).isComplete()).isTrue();
        settle(hub);

        assertThat(heard).containsExactlyInAnyOrder("reader#2 4", "reader#1 5");
        assertThat(hub.deadLetters().count()).isZero();
        assertThat(hub.stats().accepted()).isEqualTo(2);
    }

    @Test
    void send_toAKindThatIsDown_isRefused() {
        Hub hub = join(Hub.create(options().build()), INTERCHANGEABLE, ONE, TWO);
        down.add("reader");
        look();

        assertThat(hub.offer(to(ONE, "1")).deliveries()).containsExactly(unhealthy(ONE));
    }

    @Test
    void send_deadLettering_isADeadLetterOfItsReason() {
        Hub hub = join(
                Hub.create(options().undeliverable(Undeliverable.DEAD_LETTER).build()), MemberOptions.defaults(), ONE);
        falls(ONE);

        assertThat(Objects.requireNonNull(hub.send(to(ONE, "1")).block(SOON)).deliveries())
                .containsExactly(unhealthy(ONE));
        assertUnhealthy(hub.request(to(ONE, "2")), ONE);
        assertThat(hub.deadLetters().count(DeadLetter.Reason.UNHEALTHY)).isEqualTo(2);
        assertThat(hub.deadLetters().recent()).extracting(DeadLetter::receiver).containsExactly(ONE, ONE);
    }

    @Test
    void member_withoutACheck_orNotYetChecked_isWell() {
        Hub hub = join(Hub.create(options().build()), MemberOptions.defaults(), ONE, AgentId.of("other"));
        down.add("reader#1"); // nobody has looked yet

        assertThat(hub.offer(to(ONE, "1")).isComplete()).isTrue();
        look();
        assertThat(hub.offer(to(ONE, "2")).isComplete()).isFalse();
        assertThat(hub.offer(to(AgentId.of("other"), "3")).isComplete()).isTrue();
    }

    /** That routes do not flap is a matter of the monitor's thresholds. */
    @Test
    void monitor_withAThreshold_steersWhenItIsReached() {
        monitor.close();
        monitor = monitor(2);
        look();
        look();
        Hub hub = join(Hub.create(options().build()), MemberOptions.defaults(), ONE);

        falls(ONE);
        assertThat(hub.offer(to(ONE, "1")).isComplete()).as("once is not twice").isTrue();
        falls();
        falls(ONE);
        assertThat(hub.offer(to(ONE, "2")).isComplete()).isTrue();
        look();
        assertThat(hub.offer(to(ONE, "3")).deliveries()).containsExactly(unhealthy(ONE));
        falls();
        assertThat(hub.offer(to(ONE, "4")).isComplete()).as("nor back").isFalse();
        look();
        assertThat(hub.offer(to(ONE, "5")).isComplete()).isTrue();
    }

    @Test
    void accepted_beforeItFell_isDelivered() {
        Sinks.Empty<Void> gate = Sinks.empty();
        Hub hub = Hub.create(options().build());
        hub.join(ONE, envelope -> gate.asMono().doOnTerminate(() -> heard.add(envelope.payload(String.class))));
        hub.offer(to(ONE, "1"));
        hub.offer(to(ONE, "2"));
        falls(ONE);
        gate.tryEmitEmpty();
        settle(hub);

        assertThat(heard).containsExactly("1", "2");
    }

    // --- to several

    @Test
    void publish_toSubscribersOfWhomSomeAreDown_reportsWhoWasLeftOut() {
        Topics topics = join(Topics.create(options().build()), INTERCHANGEABLE, ONE, TWO, THREE);
        for (AgentId each : List.of(ONE, TWO, THREE)) {
            topics.subscribe(each, "news/*");
        }
        Envelope news = Envelope.onTopic("news/sport", "1").from(BOSS).build();
        falls(TWO);
        DeliveryReport report = Objects.requireNonNull(topics.send(news).block(SOON));
        settle(topics);

        assertThat(report.deliveries())
                .containsExactly(new Delivery(ONE, null), unhealthy(TWO), new Delivery(THREE, null));
        assertThat(report.acceptedCount()).isEqualTo(2);
        assertThat(report.refused()).containsExactly(unhealthy(TWO));
        assertThat(heard).as("nobody has it twice").containsExactlyInAnyOrder("reader#1 1", "reader#3 1");
        falls(ONE, TWO, THREE);
        assertUnhealthy(topics.send(news), ONE);
        falls();
        assertThat(topics.offer(news).isComplete()).isTrue();
    }

    @Test
    void publish_toTheOnlySubscriber_isRefusedWhileItIsDown() {
        Topics topics = join(Topics.create(options().build()), INTERCHANGEABLE, ONE, TWO);
        topics.subscribe(ONE, "news");
        falls(ONE);

        assertThat(topics.offer(Envelope.onTopic("news", "1").from(BOSS).build())
                        .deliveries())
                .as("reader#2 has no subscription")
                .containsExactly(unhealthy(ONE));
    }

    @Test
    void toAll_ofAMesh_leavesOutTheNeighboursThatAreDown() {
        Mesh mesh = join(Mesh.create(options().build()), MemberOptions.defaults(), BOSS, ONE, TWO);
        mesh.connect(BOSS, ONE);
        mesh.connect(BOSS, TWO);
        falls(ONE);

        assertThat(mesh.offer(Envelope.toAll("1").from(BOSS).build()).deliveries())
                .containsExactly(unhealthy(ONE), new Delivery(TWO, null));
    }

    @Test
    void gather_someAreDown_theyFailAtOnce() {
        Hub hub = Hub.create(options().build());
        for (AgentId each : List.of(ONE, TWO, THREE)) {
            hub.join(Agent.<String, String>of(each.toString(), (question, context) -> Mono.just("yes")));
        }
        falls(TWO);
        Envelope question = Envelope.toAll("?").from(BOSS).build();

        StepVerifier.create(hub.gather(question, Join.ratio(0.6).within(Duration.ofMinutes(5))))
                .assertNext(gathered -> {
                    assertThat(gathered.of(Answer.Status.ANSWERED))
                            .extracting(Answer::receiver)
                            .containsExactly(ONE, THREE);
                    assertThat(gathered.of(Answer.Status.FAILED))
                            .singleElement()
                            .satisfies(answer ->
                                    assertThat(answer.cause()).hasMessageStartingWith("UNHEALTHY at reader#2"));
                })
                .expectComplete()
                .verify(SOON);
        StepVerifier.create(hub.gather(question, Join.all().within(Duration.ofMinutes(5))))
                .expectError(GatherUnmetException.class)
                .verify(SOON);
        assertThat(hub.stats().pendingRequests()).isZero();
    }

    // --- to another of its kind

    @Test
    void interchangeable_whileOneIsDown_theOtherHasItsMessages() {
        Hub hub = join(Hub.create(options().build()), INTERCHANGEABLE, ONE, TWO, THREE);
        falls(ONE, THREE);
        Envelope envelope = to(ONE, "1");
        DeliveryReport report = Objects.requireNonNull(hub.send(envelope).block(SOON));
        settle(hub);

        assertThat(report.deliveries()).containsExactly(new Delivery(TWO, null));
        assertThat(report.envelope().recipient()).as("as it was sent").isEqualTo(ONE);
        falls();
        hub.offer(to(ONE, "2"));
        settle(hub);
        assertThat(heard).containsExactly("reader#2 1", "reader#1 2");
        falls(ONE, TWO, THREE);
        assertThat(hub.offer(to(ONE, "3")).deliveries()).containsExactly(unhealthy(ONE));
    }

    @Test
    void interchangeable_ofSeveral_theOneWithTheLeastToDoHasIt() {
        Hub hub = join(Hub.create(options().build()), INTERCHANGEABLE, ONE);
        Sinks.Empty<Void> gate = Sinks.empty();
        hub.join(TWO, envelope -> gate.asMono(), INTERCHANGEABLE);
        hub.join(THREE, envelope -> gate.asMono(), INTERCHANGEABLE);
        falls(ONE);
        List<AgentId> receivers = new ArrayList<>();
        for (int at = 0; at < 6; at++) {
            receivers.add(hub.offer(to(ONE, at)).deliveries().get(0).receiver());
        }
        gate.tryEmitEmpty();

        assertThat(receivers).containsExactly(TWO, THREE, TWO, THREE, TWO, THREE);
    }

    @Test
    void request_rerouted_isAnsweredByWhoHasIt() {
        Hub hub = Hub.create(options().build());
        for (AgentId each : List.of(ONE, TWO)) {
            hub.join(
                    Agent.<String, String>of(each.toString(), (question, context) -> Mono.just("of " + each)),
                    INTERCHANGEABLE);
        }
        falls(ONE);

        StepVerifier.create(hub.request(to(ONE, "?")))
                .assertNext(reply -> {
                    assertThat(reply.payload()).isEqualTo("of reader#2");
                    assertThat(reply.sender()).isEqualTo(TWO);
                })
                .expectComplete()
                .verify(SOON);
    }

    /** Not to one of another kind, one that is not interchangeable, the sender itself, or one that no link leads to. */
    @Test
    void interchangeable_nobodyFits_isRefused() {
        Hub hub = Hub.create(options().build());
        join(hub, INTERCHANGEABLE, ONE, AgentId.of("writer#1"));
        join(hub, MemberOptions.defaults(), TWO);
        Mesh mesh = join(Mesh.create(options().build()), INTERCHANGEABLE, BOSS, ONE, TWO);
        mesh.connect(BOSS, ONE);
        falls(ONE);

        assertThat(hub.offer(to(ONE, "1")).deliveries()).containsExactly(unhealthy(ONE));
        assertThat(hub.leave(TWO).block(SOON)).isNull();
        join(hub, INTERCHANGEABLE, TWO);
        Envelope own = Envelope.to(ONE, "2").from(TWO).build();
        assertThat(hub.offer(own).deliveries()).containsExactly(unhealthy(ONE));
        assertThat(hub.offer(to(ONE, "3")).deliveries()).containsExactly(new Delivery(TWO, null));
        assertThat(hub.leave(TWO).block(SOON)).isNull();
        assertThat(hub.offer(to(ONE, "4")).deliveries()).as("it has left").containsExactly(unhealthy(ONE));
        assertThat(mesh.offer(to(ONE, "5")).deliveries()).containsExactly(unhealthy(ONE));
        mesh.connect(BOSS, TWO);
        assertThat(mesh.offer(to(ONE, "6")).deliveries()).containsExactly(new Delivery(TWO, null));
    }

    /** Nobody else has asked. */
    @Test
    void reply_toOneThatIsDown_isNotRerouted() {
        Hub hub = join(Hub.create(options().build()), INTERCHANGEABLE, ONE, TWO);
        falls(ONE);
        Envelope question = Envelope.to("boss", "?").from(ONE).build();

        assertThat(hub.offer(question.reply(BOSS, "!").build()).deliveries()).containsExactly(unhealthy(ONE));
    }

    /** An answer goes to who waits for it, not to a mailbox. */
    @Test
    void answer_toARequesterThatIsDown_arrives() {
        Hub hub = join(Hub.create(options().build()), INTERCHANGEABLE, ONE);
        hub.join(Agent.<String, String>of("boss", (question, context) -> Mono.just("!")));
        falls(ONE);

        StepVerifier.create(hub.request(Envelope.to(BOSS, "?").from(ONE).build()))
                .expectNextMatches(reply -> reply.payload().equals("!"))
                .expectComplete()
                .verify(SOON);
    }

    @Test
    void guard_hasToPermitTheOther() {
        AtomicInteger asked = new AtomicInteger();
        List<NetworkGuard> guards = List.of(
                (envelope, isAnswer) -> envelope,
                new Rerouting(to -> {
                    throw new StackOverflowError();
                }),
                new Rerouting(to -> {
                    asked.incrementAndGet();
                    return to.equals(THREE);
                }));
        List<AgentId> receivers = new ArrayList<>();
        falls(ONE);
        for (NetworkGuard guard : guards) {
            Hub hub = join(Hub.create(options().guard(guard).build()), INTERCHANGEABLE, ONE, TWO, THREE);
            Delivery delivery = hub.offer(to(ONE, "1")).deliveries().get(0);
            receivers.add(delivery.isAccepted() ? delivery.receiver() : null);
        }

        assertThat(receivers).containsExactly(null, null, THREE);
        assertThat(asked).hasValue(2);
    }

    private record Rerouting(java.util.function.Predicate<AgentId> permitted) implements NetworkGuard {

        @Override
        public Envelope admit(Envelope envelope, boolean isAnswer) {
            return envelope;
        }

        @Override
        public boolean mayReroute(Envelope admitted, AgentId receiver) {
            return permitted.test(receiver);
        }
    }

    @Test
    void health_null_isRefused() {
        assertThatNullPointerException()
                .isThrownBy(() -> NetworkOptions.builder().health(null));
    }

    /** Whoever falls and recovers while messages fly: each accepted one is delivered once, to one of the kind. */
    @Test
    void health_changingWhileThousandsAreSent_losesAndDoublesNothing() throws Exception {
        Hub hub = join(Hub.create(options().build()), INTERCHANGEABLE.capacity(100_000), ONE, TWO, THREE);
        Random random = new Random(14);
        Thread health = new Thread(() -> {
            while (!Thread.currentThread().isInterrupted()) {
                monitor.refresh().subscribe();
                down.clear();
                down.add("reader#" + (1 + random.nextInt(3)));
                LockSupport.parkNanos(20_000);
            }
        });
        health.setDaemon(true);
        health.start();
        int accepted = 0;
        for (int at = 0; at < 20_000; at++) {
            accepted += hub.offer(to(AgentId.of("reader", 1 + at % 3), at)).acceptedCount();
        }
        health.interrupt();
        health.join(SOON.toMillis());
        settle(hub);

        assertThat(heard).hasSize(accepted);
        assertThat(heard.stream().map(each -> each.substring(each.indexOf(' '))).distinct())
                .hasSize(accepted);
        assertThat(accepted).isGreaterThan(19_000);
    }
}
