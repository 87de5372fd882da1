package io.flotilla.resilience;

import static io.flotilla.resilience.InVirtualTime.engine;
import static io.flotilla.resilience.InVirtualTime.start;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.flotilla.agent.Agent;
import io.flotilla.resilience.InVirtualTime.Started;
import io.flotilla.step.StepEngine;
import io.flotilla.step.StepResult;
import io.flotilla.step.StepResult.Kind;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.RegisterExtension;
import reactor.core.publisher.Mono;

/** What steps share guards by, and how many keys have guards of their own. */
@Timeout(30)
class KeysTest {

    @RegisterExtension
    final InVirtualTime time = new InVirtualTime();

    private final SimpleMeterRegistry meters = new SimpleMeterRegistry();

    /** One place a key, nobody waits. */
    private Resilience.Builder onePlaceAKey() {
        return Resilience.builder().meterRegistry(meters).bulkhead(new BulkheadPolicy(1, 0, Duration.ZERO));
    }

    private static List<Pending> agents(int from, int to) {
        return IntStream.range(from, to)
                .mapToObj(at -> new Pending("kind" + at))
                .toList();
    }

    private Set<String> keys(String meter) {
        Set<String> keys = new TreeSet<>();
        meters.find(meter).meters().forEach(found -> keys.add(found.getId().getTag("key")));
        return keys;
    }

    // --- what the key is

    @Test
    void key_byDefault_isTheAgentsKind() {
        Started round =
                start(engine(onePlaceAKey()), List.of(new Pending("a#1"), new Pending("a#2"), new Pending("b#1")));

        assertThat(round.only().agentId().toString()).isEqualTo("a#2");
    }

    @Test
    void keyedBy_aFunctionOfTheContext_sharesAcrossKinds() {
        Started round = start(
                engine(onePlaceAKey().keyedBy(context -> "the model")), List.of(new Pending("a"), new Pending("b")));

        assertThat(round.only().agentId().toString()).isEqualTo("b");
        assertThat(keys(ResilienceMeter.BULKHEAD_IN_USE.getName())).containsExactly("the model");
    }

    @Test
    void keyedBy_null_isRefused() {
        assertThatThrownBy(() -> Resilience.builder().keyedBy(null)).isInstanceOf(NullPointerException.class);
    }

    @Test
    void keyedBy_functionReturnsNull_theStepFailsAndTheOthersGoOn() {
        StepEngine engine = engine(
                onePlaceAKey().keyedBy(context -> context.agentId().kind().equals("a") ? null : "b"));
        Agent<String, String> answering = Agent.of("b", (input, context) -> Mono.just("done"));
        Started round = start(engine, List.of(new Pending("a"), answering));

        assertThat(round.kinds()).containsExactly(Kind.FAILED, Kind.SUCCEEDED);
        assertThat(((StepResult.Failed<String>) round.results.get(0)).cause())
                .isInstanceOf(NullPointerException.class)
                .hasMessage("key of a step");
    }

    @Test
    void keyedBy_functionThrows_theStepFailsWithIt() {
        StepEngine engine = engine(onePlaceAKey().keyedBy(context -> {
            throw new IllegalStateException("no key");
        }));

        assertThat(((StepResult.Failed<String>) start(engine, new Pending("a")).only()).cause())
                .hasMessage("no key");
    }

    // --- how many

    @Test
    void keys_lessThanMost_theNextHasGuardsOfItsOwn() {
        StepEngine engine = engine(onePlaceAKey());
        for (Pending agent : agents(0, 999)) {
            start(engine, agent);
        }

        assertThat(start(engine, agents(999, 1_000)).results).isEmpty();
        assertThat(start(engine, agents(999, 1_000)).kinds())
                .as("its own place is taken")
                .containsExactly(Kind.REJECTED);
    }

    @Test
    void keys_equalToMost_nobodySharesYet() {
        StepEngine engine = StepEngine.builder()
                .concurrency(1_000)
                .interceptor(onePlaceAKey().build())
                .build();

        assertThat(start(engine, agents(0, 1_000)).results).isEmpty();
    }

    @Test
    void keys_moreThanMost_theRestShareOther() {
        StepEngine engine = StepEngine.builder()
                .concurrency(2_000)
                .interceptor(onePlaceAKey().build())
                .build();
        Started round = start(engine, agents(0, 1_003));

        assertThat(round.results)
                .as("1,000 with a place of their own, one with the place they share")
                .extracting(StepResult::index)
                .containsExactly(1_001L, 1_002L);
        assertThat(start(engine, agents(7, 8)).kinds())
                .as("the first keep theirs")
                .containsExactly(Kind.REJECTED);
    }

    @Test
    void keys_withoutGuardsOfTheirOwn_areBoundedInTheMetersToo() {
        StepEngine engine = engine(Resilience.builder()
                .meterRegistry(meters)
                .retry(RetryPolicy.builder().minBackoff(Duration.ZERO).build()));
        List<Agent<String, String>> failing = new ArrayList<>();
        for (int at = 0; at < 1_500; at++) {
            failing.add(Agent.of("kind" + at, (input, context) -> Mono.error(new IllegalStateException("boom"))));
        }
        start(engine, failing);
        time.passes(Duration.ofSeconds(1));

        assertThat(keys(ResilienceMeter.RETRIES.getName())).hasSize(1_001).contains(Resilience.OTHER_KEYS);
    }
}
