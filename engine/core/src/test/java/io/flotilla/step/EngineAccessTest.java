package io.flotilla.step;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatNullPointerException;

import io.flotilla.agent.Agent;
import io.flotilla.observe.Redactor;
import java.lang.reflect.Method;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneOffset;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;

/** What an engine built on {@link StepEngine} gets of it; the driver has {@link StepDriverTest}. */
@Timeout(30)
@ExtendWith(NothingDropped.class)
class EngineAccessTest {

    private static final Duration SOON = Duration.ofSeconds(5);

    private static StepReport<String> runWanted(StepEngine engine, int... wanted) {
        return EngineAccess.of(engine)
                .<String, String>runWanted(
                        TestAgents.manyAnswering(4),
                        "in",
                        index -> Arrays.stream(wanted).anyMatch(at -> at == index))
                .block(SOON);
    }

    @Test
    void of_null_throwsNamingIt() {
        assertThatNullPointerException().isThrownBy(() -> EngineAccess.of(null)).withMessage("engine");
    }

    @Test
    void engine_ofAnAccess_isTheOneGiven() {
        StepEngine engine = StepEngine.builder().build();

        assertThat(EngineAccess.of(engine).engine()).isSameAs(engine);
    }

    @Test
    void runWanted_someAreNot_leavesThemOutAndKeepsIndices() {
        StepReport<String> report = runWanted(StepEngine.builder().build(), 1, 3);

        assertThat(report.results()).extracting(StepResult::index).containsExactly(1L, 3L);
    }

    @Test
    void runWanted_noneIs_isAnEmptyReport() {
        assertThat(runWanted(StepEngine.builder().concurrency(1).build()).size())
                .isZero();
    }

    @Test
    void runWanted_nullArgument_throwsNamingIt() {
        EngineAccess access = EngineAccess.of(StepEngine.builder().build());
        List<Agent<String, String>> agents = TestAgents.manyAnswering(1);

        assertThatNullPointerException()
                .isThrownBy(() -> access.runWanted(null, "in", index -> true))
                .withMessage("agents");
        assertThatNullPointerException()
                .isThrownBy(() ->
                        access.runWanted(Arrays.<Agent<String, String>>asList(agents.get(0), null), "in", i -> true))
                .withMessage("agents[1] is null");
        assertThatNullPointerException()
                .isThrownBy(() -> access.runWanted(agents, null, index -> true))
                .withMessage("input");
        assertThatNullPointerException()
                .isThrownBy(() -> access.runWanted(agents, "in", null))
                .withMessage("stillWanted");
    }

    @Test
    void maxStepsInFlight_byOrder_isOneOrTheConcurrency() {
        StepEngine engine = StepEngine.builder().concurrency(7).build();

        assertThat(EngineAccess.of(engine).maxStepsInFlight()).isEqualTo(7);
        assertThat(EngineAccess.of(engine.withOrder(Order.SEQUENTIAL)).maxStepsInFlight())
                .isEqualTo(1);
    }

    @Test
    void newRunId_ofViewsAndOtherEngines_isNewAtEveryCall() {
        StepEngine engine = StepEngine.builder().build();
        Set<String> ids = new HashSet<>();
        for (StepEngine each : List.of(
                engine, engine.withOrder(Order.SEQUENTIAL), engine.toBuilder().build())) {
            ids.add(EngineAccess.of(each).newRunId());
            ids.add(EngineAccess.of(each).newRunId());
        }

        assertThat(ids).hasSize(6);
    }

    @Test
    void nowAndRedactor_configured_areTheEngines() {
        Instant noon = Instant.parse("2026-01-01T12:00:00Z");
        Redactor redactor = text -> "...";
        EngineAccess access = EngineAccess.of(StepEngine.builder()
                .clock(Clock.fixed(noon, ZoneOffset.UTC))
                .redactor(redactor)
                .build());

        assertThat(access.now()).isEqualTo(noon);
        assertThat(access.redactor()).isSameAs(redactor);
        assertThat(EngineAccess.of(StepEngine.builder().build()).redactor()).isSameAs(Redactor.NONE);
    }

    @Test
    void stepEngine_publicMethods_haveNoneOfThese() {
        Set<String> notForUsers = new HashSet<>();
        for (Method method : EngineAccess.class.getDeclaredMethods()) {
            notForUsers.add(method.getName());
        }
        notForUsers.removeAll(Set.of("of", "engine"));

        assertThat(StepEngine.class.getMethods()).extracting(Method::getName).doesNotContainAnyElementsOf(notForUsers);
    }
}
