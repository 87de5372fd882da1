package io.flotilla.team;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatNullPointerException;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.flotilla.AgentId;
import io.flotilla.agent.Agent;
import io.flotilla.message.DuplicateMemberException;
import io.flotilla.message.Envelope;
import io.flotilla.message.Hub;
import io.flotilla.message.Mesh;
import io.flotilla.message.Network;
import io.flotilla.message.NetworkOptions;
import io.flotilla.step.StepResult;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.OptionalDouble;
import java.util.Random;
import java.util.function.Supplier;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;
import reactor.test.StepVerifier;
import reactor.test.subscriber.TestSubscriber;

@Timeout(60)
class PeersTest extends VirtualTime {

    private static final Duration LEASE = Duration.ofSeconds(30);

    private final Hand ann = new Hand("ann");
    private final Hand bob = new Hand("bob");
    private final Hand cid = new Hand("cid");
    private final TestSubscriber<PeerEvent> events = TestSubscriber.create();

    private Peers<String, String> group(Network network) {
        Peers<String, String> group =
                Peers.<String, String>builder(network).lease(LEASE).build();
        group.events().subscribe(events);
        return group;
    }

    private static Bidder<String> costs(double cost) {
        return (task, owned) -> OptionalDouble.of(cost);
    }

    private TestSubscriber<StepResult<String>> offer(Peer<String, String> from) {
        TestSubscriber<StepResult<String>> subscriber = TestSubscriber.create();
        from.offer("poem").subscribe(subscriber);
        settle();
        return subscriber;
    }

    private static StepResult<String> result(TestSubscriber<StepResult<String>> of) {
        assertThat(of.getReceivedOnNext()).hasSize(1);
        return of.getReceivedOnNext().get(0);
    }

    private List<String> seen() {
        settle();
        return events.getReceivedOnNext().stream()
                .map(event -> event instanceof PeerEvent.TaskAwarded awarded
                        ? "awarded " + awarded.owner()
                        : event instanceof PeerEvent.TaskLost lost ? lost.why() + " " + lost.owner() : "conflict")
                .toList();
    }

    // --- messages

    @Test
    void broadcast_reachesTheHandlersOfTheOthers() {
        Peers<String, String> group = group(Hub.create());
        List<Object> heard = new ArrayList<>();
        Peer<String, String> one = group.join(ann, costs(1), envelope -> Mono.fromRunnable(() -> heard.add("ann")));
        group.join(bob, costs(1), envelope -> Mono.fromRunnable(() -> heard.add(envelope.payload())));
        settle();

        assertThat(one.broadcast("ahoy").acceptedCount()).isEqualTo(1);
        settle();
        assertThat(heard).containsExactly("ahoy");
    }

    @Test
    void otherMembersOfTheNetwork_andStrangePayloads_areNoticedByNobody() {
        Hub hub = Hub.create();
        Peers<String, String> group = group(hub);
        hub.join(AgentId.of("stranger"), envelope -> Mono.empty());
        Peer<String, String> one = group.join(ann, costs(1));
        group.join(bob, costs(1));
        hub.offer(Envelope.to("ann", "who are you?").build());
        TestSubscriber<StepResult<String>> task = offer(one);
        pass(Peers.DEFAULT_BID_WINDOW); // the stranger does not answer
        settle();
        bob.answer("roses");

        assertThat(result(task).value()).isEqualTo("roses");
    }

    // --- state

    @Test
    void put_others_haveItAndVersionsGoUp() {
        Peers<String, String> group = group(Hub.create());
        Peer<String, String> one = group.join(ann, costs(1));
        Peer<String, String> other = group.join(bob, costs(1));
        assertThat(one.put("topic", "whales")).isEqualTo(new PeerValue("whales", 1, AgentId.of("ann")));
        settle();
        assertThat(other.get("topic").value()).isEqualTo("whales");
        other.put("topic", "waves");
        settle();

        assertThat(one.get("topic")).isEqualTo(new PeerValue("waves", 2, AgentId.of("bob")));
        assertThat(one.get("unknown")).isNull();
        assertThat(one.state()).isEqualTo(other.state());
        assertThat(seen()).isEmpty();
    }

    @Test
    void join_late_getsTheState() {
        Peers<String, String> group = group(Hub.create());
        Peer<String, String> one = group.join(ann, costs(1));
        one.put("topic", "whales");
        Peer<String, String> late = group.join(bob, costs(1));
        settle();

        assertThat(late.state()).isEqualTo(Map.of("topic", new PeerValue("whales", 1, AgentId.of("ann"))));
    }

    @Test
    void put_bothSidesOfAPartition_convergeAfterSyncAndTheConflictIsTold() {
        Mesh mesh = Mesh.create();
        Peers<String, String> group = group(mesh);
        Peer<String, String> one = group.join(ann, costs(1));
        Peer<String, String> other = group.join(bob, costs(1));
        mesh.connect(ann.id(), bob.id());
        mesh.partition(List.of(List.of(ann.id())));
        one.put("topic", "whales");
        other.put("topic", "waves");
        settle();
        assertThat(one.state()).isNotEqualTo(other.state());
        mesh.heal();
        one.sync();
        settle();

        assertThat(one.state()).isEqualTo(other.state());
        assertThat(one.get("topic"))
                .as("of equal versions the larger id")
                .isEqualTo(new PeerValue("waves", 1, bob.id()));
        assertThat(seen()).isNotEmpty().containsOnly("conflict");
        PeerEvent.StateConflict conflict =
                (PeerEvent.StateConflict) events.getReceivedOnNext().get(0);
        assertThat(conflict.key()).isEqualTo("topic");
        assertThat(conflict.winner().value()).isEqualTo("waves");
        assertThat(conflict.loser().value()).isEqualTo("whales");
    }

    @Test
    void put_inAMesh_reachesThoseWhoAreNoNeighbours() {
        Mesh mesh = Mesh.create();
        Peers<String, String> group = group(mesh);
        Peer<String, String> one = group.join(ann, costs(1));
        group.join(bob, costs(1));
        Peer<String, String> far = group.join(cid, costs(1));
        mesh.connect(ann.id(), bob.id());
        mesh.connect(bob.id(), cid.id());
        one.put("topic", "whales");
        settle();

        assertThat(far.get("topic").value()).isEqualTo("whales");
    }

    @Test
    void replicas_updatesInAnyOrderTwiceAndLate_convergeOnTheHighestVersion() {
        long seed = System.nanoTime();
        Random random = new Random(seed);
        for (int round = 0; round < 300; round++) {
            List<Replica> replicas = new ArrayList<>();
            for (int at = 0; at < 4; at++) {
                replicas.add(new Replica(AgentId.of("p", at % 3), at)); // two of one name: it has left and joined again
            }
            List<Stamped> all = new ArrayList<>();
            for (int count = 0; count < 12; count++) {
                Replica any = replicas.get(random.nextInt(4));
                if (random.nextBoolean() && !all.isEmpty()) {
                    any.merge("key", all.get(random.nextInt(all.size())));
                } else {
                    all.add(any.write("key", count));
                }
            }
            for (Replica each : replicas) {
                Collections.shuffle(all, random);
                all.forEach(update -> each.merge("key", update));
                all.forEach(update -> each.merge("key", update));
            }
            assertThat(replicas.stream().map(Replica::values).distinct())
                    .as("seed %s, round %s", seed, round)
                    .hasSize(1);
            long highest =
                    all.stream().mapToLong(each -> each.value().version()).max().orElseThrow();
            assertThat(replicas.get(0).get("key").version()).isEqualTo(highest);
        }
    }

    // --- tasks

    @Test
    void offer_theLowestBidHasIt() {
        Peers<String, String> group = group(Hub.create());
        Peer<String, String> one = group.join(ann, costs(0));
        group.join(bob, costs(2));
        group.join(cid, costs(1));
        TestSubscriber<StepResult<String>> task = offer(one);
        cid.answer("roses");

        assertThat(result(task).value()).isEqualTo("roses");
        assertThat(result(task).agentId()).isEqualTo(cid.id());
        assertThat(bob.tasks).isEmpty();
        assertThat(ann.tasks).as("it does not bid for its own").isEmpty();
        assertThat(seen()).containsExactly("awarded cid");
    }

    @Test
    void offer_equalBids_theSmallestIdAndByLoadTheIdlest() {
        Peers<String, String> group = group(Hub.create());
        Peer<String, String> one = group.join(ann, Bidder.byLoad());
        Peer<String, String> second = group.join(bob, Bidder.byLoad());
        group.join(cid, Bidder.byLoad());
        offer(one);
        assertThat(bob.tasks).hasSize(1);
        assertThat(second.owned()).isEqualTo(1);
        offer(one);

        assertThat(cid.tasks).hasSize(1);
    }

    @Test
    void offer_nobodyElse_orNobodyWantsIt_isRejected() {
        Peers<String, String> group = group(Hub.create());
        Peer<String, String> one = group.join(ann, costs(1));
        assertNoBidder(result(offer(one)));
        group.join(bob, (task, owned) -> OptionalDouble.empty());
        group.join(cid, costs(Double.NaN));
        assertNoBidder(result(offer(one)));
    }

    private static void assertNoBidder(StepResult<String> result) {
        assertThat(result).isInstanceOf(StepResult.Rejected.class);
        assertThat(((StepResult.Rejected<String>) result).guard()).isEqualTo(Peers.GUARD);
        assertThat(((TaskRejectedException) result.cause()).reason()).isEqualTo(TaskRejectedException.Reason.NO_BIDDER);
    }

    @Test
    void offer_aBidderThatThrows_doesNotBid() {
        Peers<String, String> group = group(Hub.create());
        Peer<String, String> one = group.join(ann, costs(1));
        group.join(bob, (task, owned) -> {
            throw new LinkageError("boom");
        });
        group.join(cid, costs(9));
        offer(one);

        assertThat(cid.tasks).hasSize(1);
    }

    @Test
    void offer_ownerFails_anotherHasIt() {
        Peers<String, String> group = group(Hub.create());
        Peer<String, String> one = group.join(ann, costs(1));
        group.join(bob, costs(1));
        group.join(cid, costs(2));
        TestSubscriber<StepResult<String>> task = offer(one);
        bob.fail("no ink");
        settle();
        cid.answer("roses");

        assertThat(result(task).value()).isEqualTo("roses");
        assertThat(seen()).containsExactly("awarded bob", "FAILED bob", "awarded cid");
    }

    @Test
    void offer_everybodyFails_theFailureIsTheResult() {
        Peers<String, String> group =
                Peers.<String, String>builder(Hub.create()).maxAttempts(2).build();
        Peer<String, String> one = group.join(ann, costs(1));
        group.join(bob, costs(1));
        TestSubscriber<StepResult<String>> task = offer(one);
        bob.fail("no ink 1");
        settle();
        bob.fail("no ink 2");
        settle();

        assertThat(result(task).cause()).hasMessage("no ink 2");
        assertThat(bob.tasks).hasSize(2);
    }

    @Test
    void lease_ownerAnswersThatItIsAtIt_itIsProlonged() {
        Peers<String, String> group = group(Hub.create());
        Peer<String, String> one = group.join(ann, costs(1));
        Agent<String, String> busy = Agent.of(
                "bob",
                (task, context) -> bob.step(task, context)
                        .doOnSubscribe(any ->
                                Flux.interval(Duration.ofSeconds(10)).take(20).subscribe(context::emit)));
        group.join(busy, costs(1));
        group.join(cid, costs(2));
        TestSubscriber<StepResult<String>> task = offer(one);
        pass(LEASE.multipliedBy(4));
        assertThat(bob.cancels).hasValue(0);
        bob.answer("roses");

        assertThat(result(task).value()).isEqualTo("roses");
        assertThat(cid.tasks).isEmpty();
    }

    @Test
    void lease_ownerIsGoneWithoutAWord_endsAndAnotherHasTheTask() {
        Hub hub = Hub.create();
        Peers<String, String> group = group(hub);
        Peer<String, String> one = group.join(ann, costs(1));
        group.join(bob, costs(1));
        group.join(cid, costs(2));
        TestSubscriber<StepResult<String>> task = offer(one);
        hub.leave(bob.id()).subscribe(); // its mailbox; its step goes on
        settle();
        pass(LEASE.minusMillis(1));
        assertThat(cid.tasks).isEmpty();
        assertThat(bob.cancels).hasValue(0);
        pass(Duration.ofMillis(1));

        assertThat(bob.cancels).hasValue(1);
        assertThat(cid.tasks).hasSize(1);
        cid.answer("roses");
        assertThat(result(task).value()).isEqualTo("roses");
        assertThat(seen()).containsExactly("awarded bob", "LEASE_ENDED bob", "awarded cid");
    }

    @Test
    void lease_ownerLeaves_anotherHasTheTaskAtOnce() {
        Peers<String, String> group = group(Hub.create());
        Peer<String, String> one = group.join(ann, costs(1));
        Peer<String, String> second = group.join(bob, costs(1));
        group.join(cid, costs(2));
        TestSubscriber<StepResult<String>> task = offer(one);
        second.leave().subscribe();
        settle();

        assertThat(bob.cancels).hasValue(1);
        assertThat(second.owned()).isZero();
        cid.answer("roses");
        settle();
        assertThat(result(task).value()).isEqualTo("roses");
        assertThat(seen()).containsExactly("awarded bob", "GIVEN_UP bob", "awarded cid");
        assertThat(group.peers()).extracting(Peer::id).containsExactly(ann.id(), cid.id());
    }

    @Test
    void lease_theOnlyOtherIsGone_theTaskIsNotLostWithoutAWord() {
        Peers<String, String> group = group(Hub.create());
        Peer<String, String> one = group.join(ann, costs(1));
        Peer<String, String> second = group.join(bob, costs(1));
        TestSubscriber<StepResult<String>> task = offer(one);
        second.leave().subscribe();
        settle();

        assertThat(result(task).cause()).isInstanceOfSatisfying(TaskLostException.class, lost -> {
            assertThat(lost.owner()).isEqualTo(bob.id());
            assertThat(lost.why()).isEqualTo(PeerEvent.Why.GIVEN_UP);
        });
    }

    @Test
    void award_onlyItsYesIsLost_theResultCountsAndNobodyElseHasTheTask() {
        Hub hub = Hub.create(NetworkOptions.builder()
                .guard((envelope, isAnswer) -> {
                    if (isAnswer && envelope.payload() instanceof PeerMessage.Yes) {
                        throw new IllegalStateException("lost");
                    }
                    return envelope;
                })
                .build());
        Peers<String, String> group = group(hub);
        Peer<String, String> one = group.join(ann, costs(1));
        group.join(Agent.<String, String>of("bob", (task, context) -> Mono.just("roses")), costs(1));
        group.join(cid, costs(2));
        TestSubscriber<StepResult<String>> task = offer(one);
        pass(LEASE);

        assertThat(result(task).value()).isEqualTo("roses");
        assertThat(cid.tasks).isEmpty();
    }

    @Test
    void lease_partitionBetweenOfferAndOwner_ends() {
        Mesh mesh = Mesh.create();
        Peers<String, String> group = group(mesh);
        Peer<String, String> one = group.join(ann, costs(1));
        group.join(bob, costs(1));
        group.join(cid, costs(2));
        mesh.connect(ann.id(), bob.id());
        mesh.connect(ann.id(), cid.id());
        TestSubscriber<StepResult<String>> task = offer(one);
        mesh.partition(List.of(List.of(bob.id())));
        pass(LEASE);

        assertThat(bob.cancels).hasValue(1);
        cid.answer("roses");
        assertThat(result(task).value()).isEqualTo("roses");
    }

    @Test
    void lease_ended_noBodyIsEnteredAnyMoreAndThoseInAreWaitedFor() {
        Lease<String, String> lease = new Lease<>(0, "poem", bob.id());
        TestSubscriber<Object> ended = TestSubscriber.create();
        assertThat(lease.claim()).isTrue();
        assertThat(lease.claim()).as("it is claimed once").isFalse();
        TestSubscriber<String> in = TestSubscriber.create();
        lease.body(Mono::never).subscribe(in);
        lease.whenEnded().subscribe(ended);
        lease.end(PeerEvent.Why.LEASE_ENDED);
        assertThat(ended.getReceivedOnNext()).as("one is in").isEmpty();
        TestSubscriber<String> late = TestSubscriber.create();
        lease.body(() -> Mono.just("late")).subscribe(late);
        assertThat(late.isTerminatedError()).isTrue();
        in.cancel();

        assertThat(ended.getReceivedOnNext()).hasSize(1);
        assertThat(new Lease<String, String>(0, "poem", bob.id()).isOwned()).isFalse();
    }

    @Test
    void lease_bodyThatThrowsOrReturnsNull_hasLeft() {
        for (Supplier<Mono<String>> bad : List.<Supplier<Mono<String>>>of(() -> null, () -> {
            throw new IllegalStateException("boom");
        })) {
            Lease<String, String> lease = new Lease<>(0, "poem", bob.id());
            lease.claim();
            StepVerifier.create(lease.body(bad)).expectError().verify(SOON);
            lease.end(PeerEvent.Why.GIVEN_UP);
            StepVerifier.create(lease.whenEnded()).expectNextCount(1).verifyComplete();
        }
    }

    @Test
    void offer_cancelled_theOwnersStepIsCancelledAndNobodyElseHasIt() {
        Peers<String, String> group = group(Hub.create());
        Peer<String, String> one = group.join(ann, costs(1));
        Peer<String, String> second = group.join(bob, costs(1));
        group.join(cid, costs(2));
        TestSubscriber<StepResult<String>> task = offer(one);
        task.cancel();
        pass(LEASE);

        assertThat(bob.cancels).hasValue(1);
        assertThat(second.owned()).isZero();
        assertThat(cid.tasks).isEmpty();
    }

    @Test
    void offer_context_reachesTheOwner() {
        Peers<String, String> group = group(Hub.create());
        Peer<String, String> one = group.join(ann, costs(1));
        group.join(
                Agent.<String, String>of(
                        "bob", (task, context) -> Mono.deferContextual(view -> Mono.just(view.get("who")))),
                costs(1));
        TestSubscriber<StepResult<String>> task = TestSubscriber.create();
        one.offer("poem").contextWrite(context -> context.put("who", "me")).subscribe(task);
        settle();

        assertThat(result(task).value()).isEqualTo("me");
    }

    @Test
    void leave_then_offersAreRejectedAndNothingIsDone() {
        Peers<String, String> group = group(Hub.create());
        Peer<String, String> one = group.join(ann, costs(1));
        group.join(bob, costs(1));
        one.leave().subscribe();
        one.leave().subscribe();
        settle();

        assertThat(((TaskRejectedException) result(offer(one)).cause()).reason())
                .isEqualTo(TaskRejectedException.Reason.CLOSED);
    }

    @Test
    void close_allLeaveAndEventsEnd() {
        Hub hub = Hub.create();
        Peers<String, String> group = group(hub);
        group.join(ann, costs(1));
        group.join(bob, costs(1));
        group.close().subscribe();
        settle();

        assertThat(hub.members()).isEmpty();
        assertThat(group.peers()).isEmpty();
        assertThat(events.isTerminatedComplete()).isTrue();
    }

    @Test
    void badInput_isTold() {
        Peers<String, String> group = group(Hub.create());
        Peer<String, String> one = group.join(ann, costs(1));
        assertThatThrownBy(() -> group.join(ann, costs(1))).isInstanceOf(DuplicateMemberException.class);
        assertThat(group.peers()).hasSize(1);
        assertThatNullPointerException().isThrownBy(() -> group.join(null, costs(1)));
        assertThatNullPointerException().isThrownBy(() -> group.join(bob, null));
        assertThatNullPointerException().isThrownBy(() -> one.offer(null));
        assertThatNullPointerException().isThrownBy(() -> one.put("key", null));
        assertThatNullPointerException().isThrownBy(() -> one.put(null, "value"));
        assertThatNullPointerException().isThrownBy(() -> one.broadcast(null));
        assertThatNullPointerException().isThrownBy(() -> Peers.builder(null));
        Peers.Builder<String, String> builder = Peers.builder(Hub.create());
        assertThatIllegalArgumentException().isThrownBy(() -> builder.lease(Duration.ZERO));
        assertThatIllegalArgumentException().isThrownBy(() -> builder.bidWindow(Duration.ofSeconds(-1)));
        assertThatIllegalArgumentException().isThrownBy(() -> builder.maxAttempts(0));
        assertThatIllegalArgumentException()
                .isThrownBy(() -> builder.maxAttempts(101))
                .withMessage("maxAttempts must be 1 to 100, was 101");
    }
}
