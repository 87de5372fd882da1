package io.flotilla.security;

import static io.flotilla.security.World.MALLORY;
import static io.flotilla.security.World.MINUTE;
import static io.flotilla.security.World.NOON;
import static io.flotilla.security.World.PLANNER;
import static io.flotilla.security.World.SKEW;
import static io.flotilla.security.World.WRITER;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.flotilla.AgentId;
import io.flotilla.message.Envelope;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class DelegationTest {

    private static final AgentId HELPER = AgentId.of("helper#1");
    private static final AgentId THIRD = AgentId.of("third");
    private static final Edge EDGE = Edge.between(PLANNER, WRITER);
    private static final Duration HOUR = Duration.ofHours(1);

    private final World world = new World();
    private final Trust trust = world.trust().build();

    /** Each agent has a key of its own, so nobody can speak for another. */
    @BeforeEach
    void keys() {
        for (AgentId each : List.of(PLANNER, HELPER, THIRD, MALLORY)) {
            world.ring.add(KeyEntry.generateEd25519("key-of-" + each.kind()).ownedBy(each));
        }
        world.ring.remove("domain");
    }

    private Signer signer(AgentId of) {
        return world.signer(of).build();
    }

    private Refusal refusal(Envelope envelope) {
        try {
            assertThat(trust.admit(envelope, false).payload()).isEqualTo("1");
            return null;
        } catch (RefusedException refused) {
            return refused.refusal();
        }
    }

    private static Envelope from(AgentId sender) {
        return Envelope.to(WRITER, "1").from(sender).build();
    }

    @Test
    void delegation_byTheSharedKeyOfAnAgentWithItsOwn_isOfTheWrongSender() {
        KeyRing shared = KeyRing.builder().clock(world.clock).build();
        shared.add(KeyEntry.hmac("domain", World.secret(1)));
        world.ring.add(KeyEntry.hmac("domain", World.secret(1)));
        Delegation forged =
                Signer.builder(shared, PLANNER).clock(world.clock).build().delegate(EDGE, HELPER, MINUTE);

        assertThat(refusal(signer(HELPER).under(forged).sign(from(HELPER)))).isEqualTo(Refusal.WRONG_SENDER);
    }

    // --- default deny

    @Test
    void edge_notGranted_isDenied() {
        assertThat(refusal(signer(MALLORY).sign(from(MALLORY)))).isEqualTo(Refusal.UNAUTHORISED);
        assertThat(refusal(signer(PLANNER).sign(from(PLANNER)))).isNull();
        Envelope back = Envelope.to(PLANNER, "1").from(MALLORY).build();
        assertThat(refusal(signer(MALLORY).sign(back))).isEqualTo(Refusal.UNAUTHORISED);
        Envelope toAll = Envelope.toAll("1").from(PLANNER).build();
        assertThat(refusal(signer(PLANNER).sign(toAll)))
                .as("everybody is another edge")
                .isEqualTo(Refusal.UNAUTHORISED);
        world.capabilities.grant(Edge.toAll(PLANNER));
        assertThat(refusal(signer(PLANNER).sign(toAll))).isNull();
    }

    @Test
    void capabilities_none_denyAll() {
        Trust nobody = Trust.builder(world.verifier().build()).build();

        assertThatThrownBy(() -> nobody.admit(signer(PLANNER).sign(from(PLANNER)), false))
                .hasMessage("UNAUTHORISED: nobody has granted planner -> writer");
    }

    @Test
    void grant_withAnEnd_endsThen() {
        world.capabilities.grant(EDGE, NOON.plusSeconds(1));
        assertThat(refusal(signer(PLANNER).sign(from(PLANNER)))).isNull();
        world.pass(Duration.ofSeconds(1).minusNanos(1));
        assertThat(refusal(signer(PLANNER).sign(from(PLANNER)))).isNull();
        world.pass(Duration.ofNanos(1));
        assertThat(refusal(signer(PLANNER).sign(from(PLANNER)))).isEqualTo(Refusal.UNAUTHORISED);
    }

    @Test
    void grant_ofAllTopicsBelowWithAnEnd_endsThen() {
        world.capabilities.grant(Edge.onTopic(PLANNER, "weather/**"), NOON.plusSeconds(1));
        Edge below = Edge.onTopic(PLANNER, "weather/north");

        assertThat(world.capabilities.permits(below, NOON.plusSeconds(1).minusNanos(1)))
                .isTrue();
        assertThat(world.capabilities.permits(below, NOON.plusSeconds(1))).isFalse();
    }

    @Test
    void revoke_holdsFromTheNextMessageOn() {
        assertThat(world.capabilities.revoke(EDGE)).isTrue();
        assertThat(world.capabilities.revoke(EDGE)).isFalse();
        assertThat(refusal(signer(PLANNER).sign(from(PLANNER)))).isEqualTo(Refusal.UNAUTHORISED);
        assertThat(world.capabilities.granted()).isEmpty();
    }

    @ParameterizedTest
    @CsvSource({
        "weather/**, weather, true",
        "weather/**, weather/north/cold, true",
        "weather/**, weather/**, true",
        "weather/**, weather/north/**, true",
        "weather/**, weathering, false",
        "weather/north, weather/**, false",
        "weather, weather/north, false",
        "weather, weather, true"
    })
    void topics_areCoveredByThoseAbove(String granted, String used, boolean isCovered) {
        assertThat(Edge.onTopic(PLANNER, granted).covers(Edge.onTopic(PLANNER, used)))
                .isEqualTo(isCovered);
        assertThat(Edge.onTopic(PLANNER, granted).covers(Edge.onTopic(MALLORY, used)))
                .isFalse();
        assertThat(Capabilities.create()
                        .grant(Edge.onTopic(PLANNER, granted))
                        .permits(Edge.onTopic(PLANNER, used), NOON))
                .isEqualTo(isCovered);
    }

    @Test
    void edge_bad_isRefused() {
        for (String topic : List.of("", "**", "a/*/b", "/**", "a//b")) {
            assertThatIllegalArgumentException().isThrownBy(() -> Edge.onTopic(PLANNER, topic));
        }
        assertThatIllegalArgumentException().isThrownBy(() -> Edge.between("planner", " "));
        assertThatIllegalArgumentException().isThrownBy(() -> new Edge(PLANNER, Edge.Kind.ALL, "x"));
        assertThat(List.of(EDGE, Edge.onTopic(PLANNER, "a/**"), Edge.toAll(PLANNER)))
                .hasToString("[planner -> writer, planner -> topic a/**, planner -> all]");
    }

    // --- delegation

    @Test
    void delegate_usesWhatItWasGiven() {
        Delegation given = signer(PLANNER).delegate(EDGE, HELPER, MINUTE);
        Signer helper = signer(HELPER).under(Delegation.parse(given.toBytes()));

        assertThat(refusal(World.overTheWire(helper.sign(from(HELPER))))).isNull();
        Verified verified = Verified.of(trust.admit(helper.sign(from(HELPER)), false));
        assertThat(verified.edge()).isEqualTo(EDGE);
        assertThat(verified.isDelegated()).isTrue();
        assertThat(refusal(signer(HELPER).sign(from(HELPER)))).as("without it").isEqualTo(Refusal.UNAUTHORISED);
        Envelope elsewhere = Envelope.to(THIRD, "1").from(HELPER).build();
        assertThat(refusal(helper.sign(elsewhere))).as("with it, to another").isEqualTo(Refusal.UNAUTHORISED);
        assertThat(given).hasToString("planner -> writer delegated to helper#1 until 2026-11-21T12:01:00Z");
    }

    @Test
    void delegation_handedOn_isAChain() {
        Delegation first = signer(PLANNER).delegate(EDGE, HELPER, HOUR, 1);
        Delegation second = signer(HELPER).under(first).delegate(EDGE, THIRD, MINUTE);

        assertThat(refusal(signer(THIRD).under(second).sign(from(THIRD)))).isNull();
        assertThat(second.further()).isZero();
        assertThat(second.expiresAt()).isEqualTo(NOON.plus(MINUTE));
    }

    /** The clocks of two agents are never the same. */
    @Test
    void delegation_handedOnByAClockThatIsBehind_isAChain() {
        Delegation first = signer(PLANNER).delegate(EDGE, HELPER, HOUR, 1);
        Signer behind = world.signer(HELPER)
                .clock(() -> world.now.get().minusSeconds(2))
                .build();
        Delegation second = behind.under(first).delegate(EDGE, THIRD, MINUTE);

        assertThat(refusal(signer(THIRD).under(second).sign(from(THIRD)))).isNull();
        assertThat(second.expiresAt()).isEqualTo(NOON.plus(MINUTE).minusSeconds(2));
    }

    @Test
    void delegate_neverHasMoreThanItsDelegator() {
        Signer planner = signer(PLANNER);
        assertThatIllegalArgumentException()
                .isThrownBy(() -> planner.delegate(Edge.between(MALLORY, WRITER), HELPER, MINUTE))
                .withMessageStartingWith("a delegate must not have more than its delegator");
        Signer helper = signer(HELPER).under(planner.inRun("run-1").delegate(EDGE, HELPER, MINUTE, 1));
        assertThatIllegalArgumentException()
                .as("another edge")
                .isThrownBy(() -> helper.inRun("run-1").delegate(Edge.between(PLANNER, THIRD), THIRD, MINUTE));
        assertThatIllegalArgumentException()
                .as("longer")
                .isThrownBy(() -> helper.inRun("run-1").delegate(EDGE, THIRD, MINUTE.plusNanos(1)));
        assertThatIllegalArgumentException()
                .as("as often")
                .isThrownBy(() -> helper.inRun("run-1").delegate(EDGE, THIRD, MINUTE, 1));
        assertThatIllegalArgumentException()
                .as("another run")
                .isThrownBy(() -> helper.inRun("run-2").delegate(EDGE, THIRD, MINUTE));
        assertThatIllegalArgumentException().as("any run").isThrownBy(() -> helper.delegate(EDGE, THIRD, MINUTE));
        assertThat(helper.inRun("run-1").delegate(EDGE, THIRD, MINUTE).run()).isEqualTo("run-1");
        Delegation last = helper.inRun("run-1").delegate(EDGE, THIRD, MINUTE);
        assertThatIllegalArgumentException()
                .isThrownBy(() -> signer(THIRD).under(last).inRun("run-1").delegate(EDGE, MALLORY, MINUTE));
        assertThatIllegalArgumentException()
                .isThrownBy(() -> signer(MALLORY).under(last))
                .withMessageEndingWith("is not for mallory");
        assertThatIllegalArgumentException().isThrownBy(() -> planner.delegate(EDGE, HELPER, Duration.ZERO));
        assertThatIllegalArgumentException().isThrownBy(() -> planner.delegate(EDGE, HELPER, MINUTE, 8));
    }

    /** Who signs whatever it likes, without asking {@link Signer}. */
    private Delegation forged(Delegation before, AgentId by, AgentId to, Edge edge, Duration time, int further) {
        long now = Bounds.nanos(world.now.get());
        KeyEntry key = world.ring.signing(by);
        Delegation.Link link =
                new Delegation.Link(key.id(), by, to, edge, null, now, now + time.toNanos(), further, new byte[0]);
        byte[] previous = before == null ? new byte[0] : before.last().signature();
        List<Delegation.Link> links = new ArrayList<>(before == null ? List.of() : before.links());
        links.add(link.signed(key.material().sign(link.content(previous))));
        return new Delegation(links);
    }

    @ParameterizedTest
    @ValueSource(strings = {"edge", "time", "earlier", "further", "root", "owner", "less than none"})
    void delegation_widenedByItsHolder_isRefused(String how) {
        Delegation given = signer(PLANNER).delegate(EDGE, HELPER, MINUTE, how.equals("less than none") ? 0 : 1);
        Edge another = Edge.between(PLANNER, THIRD);
        Delegation forged = switch (how) {
            case "edge" -> forged(given, HELPER, MALLORY, another, MINUTE, 0);
            case "time" -> forged(given, HELPER, MALLORY, EDGE, HOUR, 0);
            case "earlier" -> {
                world.pass(Duration.ofSeconds(-1));
                Delegation earlier = forged(given, HELPER, MALLORY, EDGE, MINUTE, 0);
                world.pass(Duration.ofSeconds(1));
                yield earlier;
            }
            case "further" -> forged(given, HELPER, MALLORY, EDGE, MINUTE, 1);
            case "root" -> forged(null, MALLORY, MALLORY, EDGE, MINUTE, 0);
            case "less than none" -> forged(given, HELPER, MALLORY, EDGE, MINUTE, -1);
            default -> forged(given, THIRD, MALLORY, EDGE, MINUTE, 0);
        };
        Envelope message =
                how.equals("edge") ? Envelope.to(THIRD, "1").from(MALLORY).build() : from(MALLORY);

        assertThat(refusal(signer(MALLORY).under(forged).sign(message))).isEqualTo(Refusal.UNAUTHORISED);
    }

    /** Each has less than the one before, whoever it is: a circle ends, and nobody gets back what it has handed on. */
    @Test
    void delegation_inACircle_becomesLessWithEachHand() {
        Delegation first = signer(PLANNER).delegate(EDGE, HELPER, HOUR, 2);
        Delegation back = signer(HELPER).under(first).delegate(EDGE, PLANNER, MINUTE, 1);
        Delegation again = signer(PLANNER).under(back).delegate(EDGE, HELPER, MINUTE, 0);

        assertThat(refusal(signer(PLANNER).under(back).sign(from(PLANNER)))).isNull();
        assertThat(refusal(signer(HELPER).under(again).sign(from(HELPER)))).isNull();
        assertThat(again.expiresAt()).as("not the hour of the first").isEqualTo(NOON.plus(MINUTE));
        assertThatIllegalArgumentException()
                .as("the circle is closed as often as it was allowed")
                .isThrownBy(() -> signer(HELPER).under(again).delegate(EDGE, PLANNER, MINUTE));
        Delegation forged = forged(again, HELPER, PLANNER, EDGE, MINUTE, 0);
        assertThat(refusal(signer(PLANNER).under(forged).sign(from(PLANNER)))).isEqualTo(Refusal.UNAUTHORISED);
        world.capabilities.revoke(EDGE);
        assertThat(refusal(signer(HELPER).under(again).sign(from(HELPER))))
                .as("a circle holds itself up no longer than its beginning")
                .isEqualTo(Refusal.UNAUTHORISED);
    }

    @Test
    void delegation_ofMoreHandsThanAChainHas_isRefused() {
        Delegation chain = signer(PLANNER).delegate(EDGE, HELPER, HOUR, Delegation.MAX_LINKS - 1);
        for (int links = 2; links <= Delegation.MAX_LINKS; links++) {
            AgentId by = links % 2 == 0 ? HELPER : THIRD;
            chain = signer(by)
                    .under(chain)
                    .delegate(EDGE, links % 2 == 0 ? THIRD : HELPER, HOUR, Delegation.MAX_LINKS - links);
        }
        Signer last = signer(chain.delegate()).under(chain);
        assertThat(refusal(last.sign(from(chain.delegate())))).isNull();

        Delegation longer = forged(chain, chain.delegate(), MALLORY, EDGE, MINUTE, -1);

        assertThat(refusal(signer(MALLORY).under(longer).sign(from(MALLORY)))).isEqualTo(Refusal.MALFORMED);
    }

    @Test
    void delegation_signedByAnotherKey_isRefused() {
        Delegation given = signer(PLANNER).delegate(EDGE, HELPER, MINUTE, 1);
        Delegation.Link link = given.last();
        KeyEntry mallory = world.ring.signing(MALLORY);
        Delegation.Link bySelf = new Delegation.Link(
                mallory.id(), PLANNER, MALLORY, EDGE, null, link.issuedAt(), link.expiresAt(), 0, new byte[0]);
        Delegation forged =
                new Delegation(List.of(bySelf.signed(mallory.material().sign(bySelf.content(new byte[0])))));

        assertThat(refusal(signer(MALLORY).under(forged).sign(from(MALLORY)))).isEqualTo(Refusal.WRONG_SENDER);
    }

    /** The helper has it twice, once for an hour, and hands on what it has for a minute: nobody can join that to the hour. */
    @Test
    void delegation_putTogetherAnew_isRefused() {
        Delegation minute = signer(PLANNER).delegate(EDGE, HELPER, MINUTE, 1);
        Delegation hour = signer(PLANNER).delegate(EDGE, HELPER, HOUR, 1);
        Delegation.Link last =
                signer(HELPER).under(minute).delegate(EDGE, THIRD, MINUTE).last();
        Signer third = signer(THIRD).under(new Delegation(List.of(hour.last(), last)));

        assertThat(refusal(third.sign(from(THIRD)))).isEqualTo(Refusal.UNAUTHORISED);
    }

    /** Without asking {@link Signer}: with an edge and a delegation as it likes. */
    private Envelope forged(Envelope envelope, Edge claimed, Delegation stolen) {
        SignedMessage.Fields fields =
                ((SignedMessage) signer(envelope.sender()).sign(envelope).payload()).fields();
        SignedMessage.Fields bad = new SignedMessage.Fields(
                fields.keyId(),
                fields.algorithm(),
                fields.address(),
                fields.run(),
                claimed,
                fields.nonce(),
                fields.issuedAt(),
                fields.expiresAt(),
                fields.correlationId(),
                fields.causationId(),
                fields.headers(),
                Delegation.bytes(stolen),
                fields.token(),
                fields.encryptionKeyId(),
                fields.payload());
        byte[] content = bad.content();
        byte[] signature = world.ring.find(fields.keyId()).key().material().sign(content);
        return new SignedMessage(bad, content, signature).toEnvelope().build();
    }

    @Test
    void delegation_ofSomebodyElse_isRefused() {
        Delegation given = signer(PLANNER).delegate(EDGE, HELPER, MINUTE);

        assertThat(refusal(forged(from(HELPER), EDGE, given)))
                .as("the forgery itself is right")
                .isNull();
        assertThat(refusal(forged(from(MALLORY), EDGE, given))).isEqualTo(Refusal.UNAUTHORISED);
    }

    @Test
    void edge_thatIsNotTheWayOfTheMessage_isRefused() {
        Delegation given = signer(PLANNER).delegate(EDGE, HELPER, MINUTE);
        Edge own = Edge.between(HELPER, WRITER);

        assertThat(refusal(forged(from(MALLORY), EDGE, null)))
                .as("an edge that is somebody else's, and granted")
                .isEqualTo(Refusal.UNAUTHORISED);
        assertThat(refusal(forged(from(HELPER), own, given))).isEqualTo(Refusal.UNAUTHORISED);
        Envelope elsewhere = Envelope.to(THIRD, "1").from(HELPER).build();
        assertThat(refusal(forged(elsewhere, EDGE, given))).isEqualTo(Refusal.UNAUTHORISED);
    }

    /** 1 ns below the skew, at it, above. */
    @Test
    void delegation_beforeItBegins_isRefused() {
        Signer helper = signer(HELPER).under(signer(PLANNER).delegate(EDGE, HELPER, HOUR));

        world.pass(SKEW.negated());
        assertThat(refusal(helper.sign(from(HELPER)))).isNull();
        world.pass(Duration.ofNanos(-1));
        assertThat(refusal(helper.sign(from(HELPER)))).isEqualTo(Refusal.UNAUTHORISED);
    }

    @Test
    void delegation_withAnyOneBitFlipped_isRefused() {
        byte[] good = signer(PLANNER).delegate(EDGE, HELPER, MINUTE).toBytes();
        world.ring.remove("key-of-helper");
        world.ring.add(KeyEntry.hmac("key-of-helper", World.secret(3)).ownedBy(HELPER)); // signs faster
        assertThat(refusal(signer(HELPER).under(Delegation.parse(good)).sign(from(HELPER))))
                .isNull();
        int accepted = 0;
        for (int bit = 0; bit < 8 * good.length; bit++) {
            byte[] bad = good.clone();
            bad[bit / 8] ^= (byte) (1 << (bit % 8));
            try {
                Delegation read = Delegation.parse(bad);
                if (read.delegate().equals(HELPER)
                        && refusal(signer(HELPER).under(read).sign(from(HELPER))) == null) {
                    accepted++;
                }
            } catch (RefusedException malformed) {
                assertThat(malformed.refusal()).isEqualTo(Refusal.MALFORMED);
            }
        }
        assertThat(accepted).isZero();
    }

    @Test
    void delegation_whoseRootIsRevoked_endsWithIt() {
        Delegation first = signer(PLANNER).delegate(EDGE, HELPER, HOUR, 1);
        Signer third = signer(THIRD).under(signer(HELPER).under(first).delegate(EDGE, THIRD, MINUTE));
        assertThat(refusal(third.sign(from(THIRD)))).isNull();

        world.capabilities.revoke(EDGE);

        assertThat(refusal(third.sign(from(THIRD)))).isEqualTo(Refusal.UNAUTHORISED);
    }

    /** 1 ns below, at, above; with the skew on top. */
    @Test
    void delegation_atItsEnd_ends() {
        Signer helper = signer(HELPER).under(signer(PLANNER).delegate(EDGE, HELPER, MINUTE));

        world.pass(MINUTE.plus(SKEW).minusNanos(1));
        assertThat(refusal(helper.sign(from(HELPER)))).isNull();
        world.pass(Duration.ofNanos(1));
        assertThat(refusal(helper.sign(from(HELPER)))).isEqualTo(Refusal.UNAUTHORISED);
    }

    @Test
    void delegation_forARun_isOfUseInThatRunAlone() {
        Signer helper = signer(HELPER).under(signer(PLANNER).inRun("run-1").delegate(EDGE, HELPER, MINUTE));

        assertThat(refusal(helper.inRun("run-1").sign(from(HELPER)))).isNull();
        assertThat(refusal(helper.inRun("run-2").sign(from(HELPER)))).isEqualTo(Refusal.UNAUTHORISED);
        assertThat(refusal(helper.sign(from(HELPER)))).isEqualTo(Refusal.UNAUTHORISED);
    }

    @Test
    void delegation_ofARetiredKey_endsWithItsWindow() {
        Signer helper = signer(HELPER).under(signer(PLANNER).delegate(EDGE, HELPER, HOUR));
        world.ring.retire("key-of-planner");
        assertThat(refusal(helper.sign(from(HELPER)))).isNull();
        world.pass(KeyRing.DEFAULT_RETIREMENT_WINDOW);
        assertThat(refusal(helper.sign(from(HELPER)))).isEqualTo(Refusal.UNAUTHORISED);
    }

    @Test
    void delegation_ofATopic_mayBeNarrowed() {
        world.capabilities.grant(Edge.onTopic(PLANNER, "weather/**"));
        Delegation all = signer(PLANNER).delegate(Edge.onTopic(PLANNER, "weather/**"), HELPER, HOUR, 1);
        Delegation north = signer(HELPER).under(all).delegate(Edge.onTopic(PLANNER, "weather/north"), THIRD, MINUTE);
        Signer third = signer(THIRD).under(north);

        assertThat(refusal(third.sign(
                        Envelope.onTopic("weather/north", "1").from(THIRD).build())))
                .isNull();
        assertThat(refusal(third.sign(
                        Envelope.onTopic("weather/south", "1").from(THIRD).build())))
                .isEqualTo(Refusal.UNAUTHORISED);
    }
}
