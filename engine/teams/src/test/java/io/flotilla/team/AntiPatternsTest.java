package io.flotilla.team;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;
import static org.assertj.core.api.Assertions.assertThatNullPointerException;

import io.flotilla.AgentId;
import io.flotilla.message.Envelope;
import io.flotilla.message.Hub;
import io.flotilla.message.MemberOptions;
import io.flotilla.message.Overflow;
import java.time.Duration;
import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import reactor.core.publisher.Mono;
import reactor.test.subscriber.TestSubscriber;

@Timeout(60)
class AntiPatternsTest extends VirtualTime {

    private static final Duration SECOND = Duration.ofSeconds(1);

    private final TestSubscriber<AntiPattern> found = TestSubscriber.create();
    private Hub hub;

    private void watch(AntiPatterns.Builder what, String... members) {
        hub = Hub.create();
        for (String member : members) {
            hub.join(AgentId.of(member), envelope -> Mono.empty());
        }
        what.build().watch(hub).subscribe(found);
        settle();
    }

    private void talk(String from, String to, int times) {
        for (int count = 0; count < times; count++) {
            hub.offer(Envelope.to(to, count).from(from).build());
        }
    }

    // --- pairs

    @Test
    void chattyPair_equalToAndMoreThan_bothDirectionsCount() {
        watch(AntiPatterns.builder().chattyPair(10), "a", "b", "c");
        talk("a", "b", 5);
        talk("b", "a", 5);
        talk("c", "b", 3);
        pass(SECOND);
        assertThat(found.getReceivedOnNext()).as("10 are allowed").isEmpty();
        talk("a", "b", 5);
        talk("b", "a", 6);
        pass(SECOND);

        assertThat(found.getReceivedOnNext())
                .containsExactly(new AntiPattern.ChattyPair(AgentId.of("a"), AgentId.of("b"), 11, 10));
    }

    @Test
    void chattyPair_lasting_isToldOnceAndAgainAfterItWasOver() {
        watch(AntiPatterns.builder().chattyPair(10).interval(Duration.ofSeconds(2)), "a", "b");
        for (int times : List.of(30, 30, 2, 30)) {
            talk("a", "b", times);
            pass(Duration.ofSeconds(2));
        }

        assertThat(found.getReceivedOnNext()).hasSize(2);
        assertThat(((AntiPattern.ChattyPair) found.getReceivedOnNext().get(0)).messagesPerSecond())
                .isEqualTo(15);
    }

    // --- the god agent

    @Test
    void godAgent_equalToAndMoreThan() {
        watch(AntiPatterns.builder().godAgent(0.5, 10), "god", "a", "b", "c");
        talk("a", "god", 5);
        talk("b", "c", 5);
        pass(SECOND);
        assertThat(found.getReceivedOnNext()).as("half is allowed").isEmpty();
        talk("a", "god", 3);
        talk("god", "b", 3);
        talk("b", "c", 4);
        pass(SECOND);

        assertThat(found.getReceivedOnNext())
                .contains(new AntiPattern.GodAgent(AgentId.of("god"), 0.6, 6, 10, 0.5))
                .allSatisfy(each ->
                        assertThat(((AntiPattern.GodAgent) each).total()).isEqualTo(10));
    }

    @Test
    void godAgent_tooFewMessagesOrMembers_saysNothing() {
        watch(AntiPatterns.builder().godAgent(0.5, 10), "god", "a", "b");
        talk("a", "god", 9);
        pass(SECOND);
        talk("a", "god", 100);
        pass(SECOND);
        assertThat(found.getReceivedOnNext()).as("two have nobody else").isEmpty();
        talk("a", "god", 9);
        talk("b", "god", 1);
        pass(SECOND);

        assertThat(found.getReceivedOnNext())
                .extracting(each -> ((AntiPattern.GodAgent) each).agent().toString())
                .containsExactlyInAnyOrder("god", "a");
    }

    // --- circles

    @Test
    void circularDelegation_comesBack_isToldWithTheWay() {
        watch(AntiPatterns.builder().circularDelegation(0), "x");
        hub.join(AgentId.of("a"), envelope -> forward(envelope, "a", "b"));
        hub.join(AgentId.of("b"), envelope -> forward(envelope, "b", "c"));
        hub.join(AgentId.of("c"), envelope -> forward(envelope, "c", "a"));
        Envelope first = Envelope.to("a", "hot potato").from("x").build();
        hub.offer(first);
        settle();

        AntiPattern.CircularDelegation circle =
                (AntiPattern.CircularDelegation) found.getReceivedOnNext().get(0);
        assertThat(circle.path()).extracting(AgentId::toString).containsExactly("x", "a", "b", "c", "a");
        assertThat(circle.correlationId()).isEqualTo(first.correlationId());
        assertThat(circle.times()).isEqualTo(1);
        assertThat(found.getReceivedOnNext())
                .as("again and again, until the hop limit")
                .hasSizeGreaterThan(5);
    }

    private Mono<?> forward(Envelope envelope, String from, String to) {
        return hub.send(envelope.forward(AgentId.of(from), AgentId.of(to)).build())
                .onErrorComplete();
    }

    @Test
    void circularDelegation_asOftenAsAllowed_isNotTold() {
        watch(AntiPatterns.builder().circularDelegation(1), "x");
        hub.join(AgentId.of("a"), envelope -> envelope.hops() < 3 ? forward(envelope, "a", "b") : Mono.empty());
        hub.join(AgentId.of("b"), envelope -> forward(envelope, "b", "a"));
        hub.offer(Envelope.to("a", "potato").from("x").build());
        settle();
        assertThat(found.getReceivedOnNext())
                .as("a b a b a: the third a is one too many")
                .hasSize(1);
        assertThat(((AntiPattern.CircularDelegation) found.getReceivedOnNext().get(0)).times())
                .isEqualTo(2);
    }

    @Test
    void circularDelegation_replies_areNone() {
        watch(AntiPatterns.builder().circularDelegation(0), "x");
        hub.join(
                AgentId.of("a"),
                envelope -> hub.send(envelope.reply(AgentId.of("a"), "answer").build()));
        hub.offer(Envelope.to("a", "?").from("x").build());
        hub.request(Envelope.to("a", "?").from("x").build()).subscribe();
        settle();

        assertThat(found.getReceivedOnNext()).isEmpty();
    }

    // --- backlogs

    @Test
    void growingBacklog_forLongerThanAllowed() {
        watch(AntiPatterns.builder().growingBacklog(2, 10), "a");
        hub.join(
                AgentId.of("slow"),
                envelope -> Mono.never(),
                MemberOptions.defaults().noHandlerTimeout().overflow(Overflow.REJECT));
        talk("a", "slow", 6); // one is in flight
        pass(SECOND);
        for (int at = 0; at < 2; at++) {
            talk("a", "slow", 10);
            pass(SECOND);
        }
        assertThat(found.getReceivedOnNext()).as("two are allowed").isEmpty();
        talk("a", "slow", 10);
        pass(SECOND);
        talk("a", "slow", 10);
        pass(SECOND);

        assertThat(found.getReceivedOnNext())
                .as("told once")
                .containsExactly(new AntiPattern.GrowingBacklog(AgentId.of("slow"), 35, 3, 10, 2));
    }

    @Test
    void growingBacklog_small_isNotTold() {
        watch(AntiPatterns.builder().growingBacklog(1, 10), "a");
        hub.join(
                AgentId.of("slow"),
                envelope -> Mono.never(),
                MemberOptions.defaults().noHandlerTimeout());
        for (int at = 0; at < 9; at++) {
            talk("a", "slow", 1);
            pass(SECOND);
        }
        assertThat(found.getReceivedOnNext()).isEmpty();
    }

    // --- watching

    @Test
    void watch_cancelled_looksNoMore() {
        watch(AntiPatterns.builder().chattyPair(1).circularDelegation(0), "a", "b");
        found.cancel();
        talk("a", "b", 100);
        pass(Duration.ofMinutes(1));

        assertThat(found.getReceivedOnNext()).isEmpty();
    }

    @Test
    void maxTracked_boundsWhatIsKept() {
        watch(AntiPatterns.builder().chattyPair(1).maxTracked(3), "a", "b", "c", "d", "e");
        for (String to : List.of("b", "c", "d", "e")) {
            talk("a", to, 5);
        }
        pass(SECOND);
        assertThat(found.getReceivedOnNext()).hasSize(3);

        Delegations delegations = new Delegations(3, 0);
        Envelope first = Envelope.to("a", 1).from("x").build();
        assertThat(delegations.passing(first, AgentId.of("a"))).isNull();
        IntStream.range(0, 3)
                .forEach(at -> delegations.passing(Envelope.to("b", at).build(), AgentId.of("b")));
        assertThat(delegations.passing(
                        first.forward(AgentId.of("a"), AgentId.of("x")).build(), AgentId.of("x")))
                .as("the first one is forgotten")
                .isNull();
    }

    @Test
    void badInput_isTold() {
        AntiPatterns.Builder builder = AntiPatterns.builder();
        assertThatIllegalStateException().isThrownBy(builder::build).withMessage("there is nothing to look for");
        assertThatIllegalArgumentException().isThrownBy(() -> builder.chattyPair(0));
        assertThatIllegalArgumentException().isThrownBy(() -> builder.chattyPair(Double.NaN));
        assertThatIllegalArgumentException().isThrownBy(() -> builder.godAgent(1, 1));
        assertThatIllegalArgumentException().isThrownBy(() -> builder.godAgent(-0.1, 1));
        assertThatIllegalArgumentException().isThrownBy(() -> builder.godAgent(0.5, 0));
        assertThatIllegalArgumentException().isThrownBy(() -> builder.circularDelegation(-1));
        assertThatIllegalArgumentException().isThrownBy(() -> builder.growingBacklog(0, 1));
        assertThatIllegalArgumentException().isThrownBy(() -> builder.growingBacklog(1, 0));
        assertThatIllegalArgumentException().isThrownBy(() -> builder.interval(Duration.ZERO));
        assertThatIllegalArgumentException().isThrownBy(() -> builder.maxTracked(0));
        assertThatNullPointerException()
                .isThrownBy(() -> builder.chattyPair(1).build().watch(null));
    }
}
