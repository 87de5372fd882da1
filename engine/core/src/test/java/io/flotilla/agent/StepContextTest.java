package io.flotilla.agent;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatNullPointerException;

import io.flotilla.AgentId;
import io.flotilla.step.StepCall;
import io.flotilla.step.StepEngine;
import io.flotilla.step.StepInterceptor;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneOffset;
import java.util.Collections;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import reactor.core.publisher.Mono;

/** What an agent is told about its step. */
@Timeout(30)
class StepContextTest {

    private static final Instant NOON = Instant.parse("2026-01-02T12:00:00Z");

    private final List<StepContext> seen = new CopyOnWriteArrayList<>();

    private Agent<String, String> watched(String id) {
        return Agent.of(id, (input, context) -> {
            seen.add(context);
            context.usage().record(Usage.ofTokens(1, 2));
            return Mono.just("done");
        });
    }

    @Test
    void step_inARound_isToldWhoAndWhere() {
        StepEngine.builder()
                .build()
                .run(List.of(watched("a"), watched("b#7")), "go")
                .block();

        StepContext first = seen.get(0);
        StepContext second = seen.get(1);
        assertThat(first.agentId()).isEqualTo(AgentId.of("a"));
        assertThat(second.agentId()).isEqualTo(AgentId.of("b#7"));
        assertThat(second.runId()).isEqualTo(first.runId());
        assertThat(first.stepNumber()).isZero();
        assertThat(second.stepNumber()).isEqualTo(1);
        assertThat(second.branchPath()).isEqualTo("/");
        assertThat(second.stepId()).isEqualTo(second.runId() + "/#1");
        assertThat(second.attempt()).isEqualTo(1);
        assertThat(second.delegationPath()).isEmpty();
    }

    @Test
    void stepId_twoAttempts_isTheSameAndOnlyTheAttemptDiffers() {
        Agent<String, String> flaky = Agent.of("flaky", (input, context) -> {
            seen.add(context);
            return context.attempt() < 3 ? Mono.error(new IllegalStateException("again")) : Mono.just("done");
        });
        StepInterceptor retry = new StepInterceptor() {
            @Override
            public <I, O> Mono<O> aroundStep(StepCall<I, O> call, Mono<O> attempts) {
                return attempts.retry(2);
            }
        };

        StepEngine.builder()
                .interceptor(retry)
                .build()
                .run(List.of(flaky), "go")
                .block();

        assertThat(seen).extracting(StepContext::attempt).containsExactly(1, 2, 3);
        assertThat(seen)
                .extracting(StepContext::stepId)
                .containsOnly(seen.get(0).stepId());
        assertThat(seen)
                .extracting(StepContext::idempotencyKey)
                .containsOnly(seen.get(0).idempotencyKey());
        assertThat(seen)
                .extracting(StepContext::deadline)
                .containsOnly(seen.get(0).deadline());
    }

    @Test
    void idempotencyKey_inARound_isTheStepId() {
        StepEngine.builder().build().run(List.of(watched("a")), "go").block();

        assertThat(seen.get(0).idempotencyKey()).isEqualTo(seen.get(0).stepId());
    }

    @Test
    void ids_agentWithOtherCharacters_arePrintableAsciiWithoutSpaces() {
        StepEngine.builder()
                .build()
                .run(List.of(watched("Übersetzer 東京")), "go")
                .block();

        assertThat(List.of(
                        seen.get(0).runId(),
                        seen.get(0).stepId(),
                        seen.get(0).idempotencyKey(),
                        seen.get(0).branchPath()))
                .allMatch(id -> id.chars().allMatch(character -> character > ' ' && character < 127));
    }

    @Test
    void runId_severalRoundsAndEngines_differs() {
        StepEngine engine = StepEngine.builder().build();
        Mono<?> round = engine.run(List.of(watched("a")), "go");
        round.block();
        round.block();
        StepEngine.builder().build().run(List.of(watched("a")), "go").block();

        Set<String> ids = seen.stream().map(StepContext::runId).collect(Collectors.toSet());
        assertThat(ids).hasSize(3);
    }

    @Test
    void deadline_withStepTimeout_isTheStartOnTheEnginesClockPlusTheTimeout() {
        StepEngine.builder()
                .clock(Clock.fixed(NOON, ZoneOffset.UTC))
                .stepTimeout(Duration.ofSeconds(7))
                .build()
                .run(List.of(watched("a")), "go")
                .block();

        assertThat(seen.get(0).deadline()).isEqualTo(NOON.plusSeconds(7));
    }

    @Test
    void deadline_withoutStepTimeout_isNull() {
        StepEngine.builder()
                .noStepTimeout()
                .build()
                .run(List.of(watched("a")), "go")
                .block();

        assertThat(seen.get(0).deadline()).isNull();
    }

    @Test
    void deadline_readTwiceWhileTheClockGoes_isTheSame() {
        StepEngine.builder().build().run(List.of(watched("a")), "go").block();

        assertThat(seen.get(0).deadline()).isEqualTo(seen.get(0).deadline()).isAfter(Instant.now());
    }

    @Test
    void usage_manySteps_isSummedOverTheRound() {
        Mono<?> round = StepEngine.builder().build().run(Collections.nCopies(10, watched("a")), "go");
        round.block();

        assertThat(seen)
                .allSatisfy(context -> assertThat(context.usage().total()).isEqualTo(Usage.ofTokens(10, 20)));

        round.block();
        assertThat(seen.get(10).usage().total()).as("a round of its own").isEqualTo(Usage.ofTokens(10, 20));
    }

    @Test
    void usage_stepFails_counts() {
        Agent<String, String> failing = Agent.of("failing", (input, context) -> {
            context.usage().record(Usage.ofTokens(5, 0));
            return Mono.error(new IllegalStateException("tokens are gone"));
        });

        StepEngine.builder().build().run(List.of(failing, watched("a")), "go").block();

        assertThat(seen.get(0).usage().total()).isEqualTo(Usage.ofTokens(6, 2));
    }

    @Test
    void context_keptAfterTheStepHasEnded_saysTheSameAndTakesUsage() {
        StepEngine.builder()
                .clock(Clock.fixed(NOON, ZoneOffset.UTC))
                .build()
                .run(List.of(watched("a"), watched("b")), "go")
                .block();

        StepContext kept = seen.get(1);
        kept.usage().record(Usage.ofTokens(100, 100));

        assertThat(kept.stepId()).isEqualTo(kept.runId() + "/#1");
        assertThat(kept.agentId()).isEqualTo(AgentId.of("b"));
        assertThat(kept.deadline()).isEqualTo(NOON.plus(StepEngine.DEFAULT_STEP_TIMEOUT));
        assertThat(kept.usage().total()).isEqualTo(Usage.ofTokens(102, 104));
    }

    @Test
    void toString_ofAContext_namesStepAgentAndAttempt() {
        StepEngine.builder().build().run(List.of(watched("a#1")), "go").block();

        assertThat(seen.get(0)).asString().contains(seen.get(0).stepId(), "a#1", "1");
    }

    @Test
    void detached_twice_hasRunsAndLedgersOfTheirOwn() {
        StepContext one = StepContext.detached(AgentId.of("a"));
        StepContext other = StepContext.detached(AgentId.of("a"));

        assertThat(one.agentId()).isEqualTo(AgentId.of("a"));
        assertThat(one.attempt()).isEqualTo(1);
        assertThat(one.deadline()).isNull();
        assertThat(one.delegationPath()).isEmpty();
        assertThat(one.branchPath()).isEqualTo("/");
        assertThat(one.stepNumber()).isZero();
        assertThat(one.idempotencyKey()).isEqualTo(one.stepId()).isNotEqualTo(other.idempotencyKey());
        assertThat(one.stepId()).matches("[!-~]+");
        one.usage().record(Usage.ofTokens(1, 1));
        assertThat(other.usage().total()).isEqualTo(Usage.NONE);
    }

    @Test
    void detached_null_throwsNamingIt() {
        assertThatNullPointerException()
                .isThrownBy(() -> StepContext.detached(null))
                .withMessage("agentId");
    }
}
