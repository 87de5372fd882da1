package io.flotilla.team;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatNullPointerException;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.flotilla.AgentId;
import io.flotilla.agent.Agent;
import io.flotilla.message.DeadLetter;
import io.flotilla.message.DuplicateMemberException;
import io.flotilla.message.Envelope;
import io.flotilla.message.Hub;
import io.flotilla.message.MemberOptions;
import io.flotilla.message.NetworkOptions;
import io.flotilla.message.UndeliverableException;
import io.flotilla.message.UnknownMemberException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import reactor.core.publisher.Mono;

/** A captain, two mates, and two hands under the first mate. */
@Timeout(60)
class HybridTest extends VirtualTime {

    private static final AgentId CAPTAIN = AgentId.of("captain");
    private static final AgentId MATE = AgentId.of("mate");
    private static final AgentId COOK = AgentId.of("cook");
    private static final AgentId HAND = AgentId.of("hand", 1);
    private static final AgentId BOY = AgentId.of("hand", 2);

    private Hub hub;
    private Hybrid crew;
    private final List<String> heard = new ArrayList<>();
    private final List<AgentId> broken = new ArrayList<>();

    @BeforeEach
    void sail() {
        hub = Hub.create(NetworkOptions.builder()
                .requestTimeout(Duration.ofSeconds(5))
                .member(MemberOptions.defaults().capacity(1))
                .build());
        crew = Hybrid.over(hub);
        crew.top(CAPTAIN, envelope -> hear(CAPTAIN, envelope));
        crew.under(CAPTAIN, MATE, envelope -> hear(MATE, envelope));
        crew.under(CAPTAIN, COOK, envelope -> hear(COOK, envelope));
        crew.under(MATE, HAND, envelope -> hear(HAND, envelope));
        crew.under(MATE, BOY, envelope -> hear(BOY, envelope));
    }

    private Mono<?> hear(AgentId who, Envelope envelope) {
        heard.add(who + " " + Hybrid.actOf(envelope) + " " + envelope.payload() + " from " + envelope.sender());
        if (broken.contains(who)) {
            return Mono.error(new IllegalStateException(who + " is ill"));
        }
        if ("wait".equals(envelope.payload())) {
            return Mono.never();
        }
        return envelope.kind() == Envelope.Kind.REQUEST
                ? hub.send(envelope.reply(who, "aye from " + who).build())
                : Mono.empty();
    }

    private Routed now(Mono<Routed> routed) {
        List<Routed> results = new ArrayList<>();
        routed.subscribe(results::add);
        settle();
        assertThat(results).hasSize(1);
        return results.get(0);
    }

    // --- up

    @Test
    void escalate_theManagerAnswers() {
        assertThat(now(crew.escalate(HAND, "a leak")))
                .isEqualTo(new Routed.Answered(Act.ESCALATE, HAND, MATE, "aye from mate", List.of()));
        assertThat(heard).containsExactly("mate ESCALATE a leak from hand#1");
    }

    @Test
    void escalate_theManagerFails_theNextOneAboveAnswers() {
        broken.add(MATE);
        Routed.Answered answered = (Routed.Answered) now(crew.escalate(HAND, "a leak"));

        assertThat(answered.by()).isEqualTo(CAPTAIN);
        assertThat(answered.failures()).singleElement().satisfies(failure -> {
            assertThat(failure.receiver()).isEqualTo(MATE);
            assertThat(failure.cause()).hasRootCauseMessage("mate is ill");
        });
    }

    @Test
    void escalate_theManagerIsSilent_theNextOneAboveAfterTheTimeout() {
        List<Routed> results = new ArrayList<>();
        crew.escalate(HAND, "wait").subscribe(results::add);
        pass(Duration.ofSeconds(5).minusMillis(1));
        assertThat(heard).hasSize(1);
        pass(Duration.ofMillis(1));
        assertThat(heard).hasSize(2);
        pass(Duration.ofSeconds(5));

        assertThat(((Routed.Failed) results.get(0)).failures())
                .extracting(Routed.Failure::receiver)
                .containsExactly(MATE, CAPTAIN);
    }

    @Test
    void escalate_everybodyFails_allFailuresAreTold() {
        broken.addAll(List.of(MATE, CAPTAIN));

        assertThat(((Routed.Failed) now(crew.escalate(HAND, "a leak"))).failures())
                .extracting(Routed.Failure::receiver)
                .containsExactly(MATE, CAPTAIN);
    }

    @Test
    void up_withoutAManager_nobody() {
        assertThat(now(crew.escalate(CAPTAIN, "a leak"))).isEqualTo(new Routed.Nobody(Act.ESCALATE, CAPTAIN));
        assertThat(now(crew.report(CAPTAIN, "a leak"))).isEqualTo(new Routed.Nobody(Act.REPORT, CAPTAIN));
        AgentId stranger = AgentId.of("stranger");
        assertThat(now(crew.escalate(stranger, "a leak"))).isEqualTo(new Routed.Nobody(Act.ESCALATE, stranger));
    }

    @Test
    void report_reachesTheManagerAlone() {
        Routed.Sent sent = (Routed.Sent) now(crew.report(HAND, "all well"));

        assertThat(sent.isComplete()).isTrue();
        assertThat(heard).containsExactly("mate REPORT all well from hand#1");
    }

    @Test
    void report_refused_failed() {
        hub.leave(MATE).subscribe(); // behind the team's back
        settle();
        Routed.Failed failed = (Routed.Failed) now(crew.report(HAND, "all well"));

        assertThat(failed.failures())
                .singleElement()
                .satisfies(failure -> assertThat(((UndeliverableException) failure.cause()).reason())
                        .isEqualTo(DeadLetter.Reason.UNKNOWN_RECIPIENT));
    }

    // --- sideways

    @Test
    void sync_reachesTheColleaguesAlone() {
        Routed.Sent sent = (Routed.Sent) now(crew.sync(COOK, "dinner"));

        assertThat(sent.reports()).hasSize(1);
        assertThat(heard).containsExactly("mate SYNC dinner from cook");
    }

    @Test
    void sync_oneRefuses_sentAndNotComplete() {
        crew.under(MATE, AgentId.of("hand", 3), envelope -> Mono.never());
        hub.offer(Envelope.to(AgentId.of("hand", 3), 1).build());
        settle();
        hub.offer(Envelope.to(AgentId.of("hand", 3), 2).build()); // its mailbox is full
        Routed.Sent sent = (Routed.Sent) now(crew.sync(HAND, "dinner"));

        assertThat(sent.isComplete()).isFalse();
        assertThat(sent.reports()).hasSize(2);
        assertThat(heard).containsExactly("hand#2 SYNC dinner from hand#1");
    }

    @Test
    void sideways_withoutColleagues_nobodyAndAStranger_outOfPlace() {
        assertThat(now(crew.sync(CAPTAIN, "dinner"))).isEqualTo(new Routed.Nobody(Act.SYNC, CAPTAIN));
        assertThat(now(crew.coordinate(CAPTAIN, COOK, "?"))).isEqualTo(new Routed.Nobody(Act.COORDINATE, CAPTAIN));
        assertThat(now(crew.coordinate(HAND, COOK, "?"))).isEqualTo(new Routed.OutOfPlace(Act.COORDINATE, HAND, COOK));
        assertThat(heard).isEmpty();
    }

    @Test
    void coordinate_theColleagueAnswersOrFails() {
        assertThat(now(crew.coordinate(HAND, BOY, "?")))
                .isEqualTo(new Routed.Answered(Act.COORDINATE, HAND, BOY, "aye from hand#2", List.of()));
        broken.add(BOY);
        assertThat(now(crew.coordinate(HAND, BOY, "?"))).isInstanceOf(Routed.Failed.class);
    }

    // --- down

    @Test
    void assign_theWorkerAnswers_andWhoIsNoWorkerIsOutOfPlace() {
        assertThat(now(crew.assign(MATE, BOY, "scrub")))
                .isEqualTo(new Routed.Answered(Act.ASSIGN, MATE, BOY, "aye from hand#2", List.of()));
        assertThat(now(crew.assign(CAPTAIN, BOY, "scrub")))
                .as("not over the mate's head")
                .isEqualTo(new Routed.OutOfPlace(Act.ASSIGN, CAPTAIN, BOY));
        assertThat(now(crew.assign(BOY, HAND, "scrub"))).isEqualTo(new Routed.Nobody(Act.ASSIGN, BOY));
    }

    @Test
    void delegate_theLeastBusyFirst_thenTheNext() {
        crew.delegate(MATE, "wait").subscribe();
        settle();
        assertThat(((Routed.Answered) now(crew.delegate(MATE, "scrub"))).by()).isEqualTo(BOY);
        broken.add(BOY);
        pass(Duration.ofSeconds(2));
        List<Routed> results = new ArrayList<>();
        crew.delegate(MATE, "scrub").subscribe(results::add);
        pass(Duration.ofSeconds(3)); // the first one is busy until its request times out
        assertThat(((Routed.Answered) results.get(0)).by()).isEqualTo(HAND);
        assertThat(((Routed.Answered) results.get(0)).failures())
                .extracting(Routed.Failure::receiver)
                .containsExactly(BOY);
    }

    @Test
    void delegate_nobodyThere_orNobodyCan() {
        assertThat(now(crew.delegate(BOY, "scrub"))).isEqualTo(new Routed.Nobody(Act.DELEGATE, BOY));
        broken.addAll(List.of(HAND, BOY));
        assertThat(((Routed.Failed) now(crew.delegate(MATE, "scrub"))).failures())
                .hasSize(2);
    }

    @Test
    void agents_areMembersWithoutChange() {
        AgentId counter = AgentId.of("counter");
        crew.under(MATE, Agent.<String, Integer>of(counter, (text, context) -> Mono.just(text.length())));
        crew.top(Agent.<String, Integer>of("empty", (text, context) -> Mono.empty()));

        assertThat(((Routed.Answered) now(crew.assign(MATE, counter, "four"))).answer())
                .isEqualTo(4);
        assertThat(now(crew.coordinate(CAPTAIN, AgentId.of("empty"), "?")))
                .isEqualTo(new Routed.Answered(Act.COORDINATE, CAPTAIN, AgentId.of("empty"), null, List.of()));
    }

    // --- the chart

    @Test
    void leave_workersHaveNoManagerUntilTheyAreMoved() {
        crew.leave(MATE).subscribe();
        settle();
        assertThat(now(crew.report(HAND, "?"))).isEqualTo(new Routed.Nobody(Act.REPORT, HAND));
        assertThat(crew.workersOf(CAPTAIN)).containsExactly(COOK);
        crew.move(HAND, COOK);

        assertThat(crew.managerOf(HAND)).isEqualTo(COOK);
        assertThat(now(crew.report(HAND, "?"))).isInstanceOf(Routed.Sent.class);
        assertThat(crew.managerOf(MATE)).isNull();
        assertThat(crew.colleaguesOf(MATE)).isEmpty();
    }

    @Test
    void fold_callsTheOneThatFits() {
        List<Routed> all = List.of(
                now(crew.report(HAND, "?")),
                now(crew.escalate(HAND, "?")),
                now(crew.escalate(CAPTAIN, "?")),
                now(crew.assign(CAPTAIN, BOY, "?")),
                new Routed.Failed(Act.ASSIGN, MATE, List.of()));
        assertThat(all)
                .extracting(each -> each.<String>fold(
                        sent -> "sent", answered -> "answered", failed -> "failed", none -> "nobody", out -> "out"))
                .containsExactly("sent", "answered", "nobody", "out", "failed");
        assertThat(all).extracting(Routed::from).containsExactly(HAND, HAND, CAPTAIN, CAPTAIN, MATE);
        assertThat(all).extracting(routed -> routed.act().direction()).contains(Act.Direction.UP, Act.Direction.DOWN);
    }

    @Test
    void badInput_isTold() {
        assertThatThrownBy(() -> crew.under(AgentId.of("nobody"), AgentId.of("x"), envelope -> Mono.empty()))
                .isInstanceOf(UnknownMemberException.class);
        assertThat(hub.members()).as("nothing has happened").hasSize(5);
        assertThatThrownBy(() -> crew.top(CAPTAIN, envelope -> Mono.empty()))
                .isInstanceOf(DuplicateMemberException.class);
        assertThatIllegalArgumentException()
                .isThrownBy(() -> crew.move(MATE, BOY))
                .withMessage("hand#2 cannot be the manager of mate, it is below it");
        assertThatIllegalArgumentException().isThrownBy(() -> crew.move(MATE, MATE));
        assertThatThrownBy(() -> crew.move(AgentId.of("x"), MATE)).isInstanceOf(UnknownMemberException.class);
        assertThatNullPointerException().isThrownBy(() -> crew.escalate(HAND, null));
        assertThatNullPointerException().isThrownBy(() -> crew.delegate(null, "?"));
        assertThatNullPointerException().isThrownBy(() -> Hybrid.over(null));
        assertThat(Hybrid.actOf(Envelope.to("x", 1).build())).isNull();
    }
}
