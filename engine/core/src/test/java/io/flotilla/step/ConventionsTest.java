package io.flotilla.step;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatNullPointerException;

import io.flotilla.AgentId;
import io.flotilla.agent.Agent;
import io.flotilla.agent.Usage;
import io.flotilla.observe.FlotillaKey;
import io.flotilla.observe.FlotillaObservation;
import io.flotilla.observe.FlotillaObservationConvention;
import io.flotilla.observe.GenAiKey;
import io.flotilla.observe.GenAiRunConvention;
import io.flotilla.observe.GenAiStepConvention;
import io.flotilla.observe.RunObservationContext;
import io.flotilla.observe.StepObservationContext;
import io.flotilla.run.Decision;
import io.flotilla.run.Workflow;
import io.flotilla.topology.Topology;
import io.micrometer.common.KeyValue;
import io.micrometer.common.KeyValues;
import io.micrometer.observation.GlobalObservationConvention;
import io.micrometer.observation.Observation;
import io.micrometer.observation.ObservationConvention;
import io.micrometer.observation.ObservationHandler;
import io.micrometer.observation.ObservationRegistry;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.function.UnaryOperator;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;
import reactor.core.publisher.Mono;

/** Who names observations and their keys. */
@Timeout(30)
class ConventionsTest {

    private final ObservationRegistry registry = ObservationRegistry.create();
    private final List<Observation.Context> started = new CopyOnWriteArrayList<>();
    private final List<Observation.Context> stopped = new CopyOnWriteArrayList<>();

    ConventionsTest() {
        registry.observationConfig().observationHandler(new ObservationHandler<Observation.Context>() {
            @Override
            public void onStart(Observation.Context context) {
                started.add(context);
            }

            @Override
            public void onStop(Observation.Context context) {
                stopped.add(context);
            }

            @Override
            public boolean supportsContext(Observation.Context context) {
                return true;
            }
        });
    }

    /** Another name for steps, and one key more. */
    private static class Renaming extends FlotillaObservationConvention<StepObservationContext> {
        private final String name;

        Renaming(String name) {
            super(FlotillaObservation.STEP);
            this.name = name;
        }

        @Override
        public String getName() {
            return name;
        }

        @Override
        public KeyValues getLowCardinalityKeyValues(StepObservationContext step) {
            return super.getLowCardinalityKeyValues(step).and("zone", "z1");
        }
    }

    private void step(UnaryOperator<StepEngine.Builder> options) {
        StepEngine engine = options.apply(StepEngine.builder().observationRegistry(registry))
                .build();
        assertThat(engine.run(List.of(TestAgents.answering("a#7")), "go")
                        .block()
                        .values())
                .containsExactly("a#7");
    }

    private Observation.Context stopped(String name) {
        List<Observation.Context> found = stopped.stream()
                .filter(context -> name.equals(context.getName()))
                .toList();
        assertThat(found).as("%s of %s", name, stopped).hasSize(1);
        return found.get(0);
    }

    private static Map<String, String> keys(Observation.Context context) {
        Map<String, String> keys = new TreeMap<>();
        for (KeyValue each : context.getAllKeyValues()) {
            keys.put(each.getKey(), each.getValue());
        }
        return keys;
    }

    private void assertStoppedAsByDefault() {
        Observation.Context step = stopped("flotilla.step");
        assertThat(keys(step))
                .containsEntry("agent", "a")
                .containsEntry("agent.instance", "7")
                .containsEntry("outcome", "succeeded")
                .containsOnlyKeys("agent", "agent.instance", "outcome", "step.id");
        assertThat(step.getContextualName()).isEqualTo("flotilla.step");
    }

    @Test
    void step_noConventionGiven_isNamedByTheLibrarysOwn() {
        step(engine -> engine);

        assertStoppedAsByDefault();
    }

    @Test
    void step_handlerGivesKeysOfItsOwn_theyStandBesideTheLibrarysAndBeforeThem() {
        registry.observationConfig().observationHandler(new ObservationHandler<StepObservationContext>() {
            @Override
            public void onStart(StepObservationContext step) {
                assertThat(keys(step)).containsOnlyKeys("agent", "agent.instance", "step.id");
                step.addLowCardinalityKeyValue(KeyValue.of("zone", "z1"));
                step.addHighCardinalityKeyValue(KeyValue.of("agent.instance", "seven"));
            }

            @Override
            public boolean supportsContext(Observation.Context context) {
                return context instanceof StepObservationContext;
            }
        });

        step(engine -> engine);

        Observation.Context step = stopped("flotilla.step");
        assertThat(keys(step))
                .containsEntry("zone", "z1")
                .containsEntry("agent.instance", "seven")
                .containsEntry("agent", "a")
                .containsEntry("outcome", "succeeded")
                .containsOnlyKeys("agent", "agent.instance", "outcome", "step.id", "zone");
        assertThat(step.getHighCardinalityKeyValue("agent.instance")).isEqualTo(KeyValue.of("agent.instance", "seven"));
        assertThat(step.getLowCardinalityKeyValue("nothing")).isNull();
    }

    @Test
    void step_filterRemovesKeys_theyAreGoneAndTheOthersAreThere() {
        registry.observationConfig()
                .observationFilter(context -> context.removeLowCardinalityKeyValue("agent")
                        .removeHighCardinalityKeyValues("step.id", "unknown"));

        step(engine -> engine);

        Observation.Context step = stopped("flotilla.step");
        assertThat(keys(step)).containsOnlyKeys("agent.instance", "outcome");
        assertThat(step.getLowCardinalityKeyValue("agent")).isNull();
        assertThat(step.getLowCardinalityKeyValue("outcome")).isEqualTo(KeyValue.of("outcome", "succeeded"));
    }

    @Test
    void step_conventionOfTheEngine_namesStepsAndNothingElse() {
        step(engine -> engine.observationConvention(new Renaming("app.step")));

        assertThat(keys(stopped("app.step"))).containsEntry("zone", "z1").containsEntry("agent", "a");
        assertThat(keys(stopped("flotilla.round"))).containsOnlyKeys("outcome", "run.id");
    }

    @Test
    void step_conventionOfTheRegistry_namesSteps() {
        registry.observationConfig().observationConvention(new Renaming("app.step"));

        step(engine -> engine);

        assertThat(keys(stopped("app.step"))).containsEntry("zone", "z1");
    }

    @Test
    void step_conventionsOfBoth_thatOfTheEngineCountsAndItsFirst() {
        registry.observationConfig().observationConvention(new Renaming("of.registry"));

        step(engine -> engine.observationConvention(
                        new FlotillaObservationConvention<RunObservationContext>(FlotillaObservation.RUN))
                .observationConvention(new Renaming("first"))
                .observationConvention(new Renaming("second")));

        assertThat(stopped).extracting(Observation.Context::getName).containsExactly("first", "flotilla.round");
    }

    @Test
    void step_engineMadeFromAnother_hasItsConventions() {
        StepEngine engine = StepEngine.builder()
                .observationRegistry(registry)
                .observationConvention(new Renaming("app.step"))
                .build()
                .toBuilder()
                .build();

        engine.run(List.of(TestAgents.answering("a")), "go").block();

        stopped("app.step");
    }

    /** Where a convention throws, or returns null. */
    enum Where {
        SUPPORTS,
        NAME,
        CONTEXTUAL_NAME,
        LOW,
        HIGH
    }

    private static final class Odd implements ObservationConvention<StepObservationContext> {
        private final Where where;
        private final boolean isThrowing;

        Odd(Where where, boolean isThrowing) {
            this.where = where;
            this.isThrowing = isThrowing;
        }

        private <T> @Nullable T odd(Where here, @Nullable T otherwise) {
            if (here != where) {
                return otherwise;
            }
            if (isThrowing) {
                throw new StackOverflowError("on purpose");
            }
            return null;
        }

        @Override
        public boolean supportsContext(Observation.Context context) {
            Boolean supports = odd(Where.SUPPORTS, context instanceof StepObservationContext);
            return supports != null && supports;
        }

        @Override
        public @Nullable String getName() {
            return odd(Where.NAME, "flotilla.step");
        }

        @Override
        public @Nullable String getContextualName(StepObservationContext step) {
            return odd(Where.CONTEXTUAL_NAME, "flotilla.step");
        }

        @Override
        public KeyValues getLowCardinalityKeyValues(StepObservationContext step) {
            return odd(Where.LOW, new Renaming("x").getLowCardinalityKeyValues(step));
        }

        @Override
        public KeyValues getHighCardinalityKeyValues(StepObservationContext step) {
            return odd(Where.HIGH, new Renaming("x").getHighCardinalityKeyValues(step));
        }
    }

    @ParameterizedTest
    @EnumSource
    void step_conventionThrowsOrReturnsNull_theLibrarysOwnStandsIn(Where where) {
        for (boolean isThrowing : new boolean[] {true, false}) {
            started.clear();
            stopped.clear();

            step(engine -> engine.observationConvention(new Odd(where, isThrowing)));

            assertThat(stopped).containsExactlyInAnyOrderElementsOf(started);
            assertThat(keys(stopped("flotilla.step")))
                    .containsEntry("agent", "a")
                    .containsEntry("agent.instance", "7")
                    .containsEntry("outcome", "succeeded");
        }
    }

    @Test
    void observationConvention_null_isRefused() {
        assertThatNullPointerException()
                .isThrownBy(() -> StepEngine.builder().observationConvention(null))
                .withMessage("convention");
    }

    @Test
    void convention_ofOneObservation_supportsItsContextOnly() {
        FlotillaObservationConvention<StepObservationContext> ofSteps =
                new FlotillaObservationConvention<>(FlotillaObservation.STEP);

        assertThat(ofSteps.supportsContext(step("reader#17"))).isTrue();
        assertThat(ofSteps.supportsContext(new RunObservationContext("flow", "r")))
                .isFalse();
        assertThat(ofSteps.supportsContext(new Observation.Context())).isFalse();
        assertThat(ofSteps).isInstanceOf(GlobalObservationConvention.class);
    }

    private static StepObservationContext step(String agent) {
        AgentId id = AgentId.of(agent);
        return new StepObservationContext(id.kind(), id, "r", () -> "r/#0");
    }

    // --- who listens

    @Test
    void engine_noopRegistry_costsAsMuchAsNone() {
        StepEngine engine = StepEngine.builder()
                .observationRegistry(ObservationRegistry.NOOP)
                .build();

        assertThat(engine.core().telemetry).isNull();
    }

    @Test
    void engine_handlerComesLater_isHeardFromThenOn() {
        ObservationRegistry late = ObservationRegistry.create();
        StepEngine engine = StepEngine.builder().observationRegistry(late).build();
        engine.run(List.of(TestAgents.answering("a")), "go").block();
        List<String> heard = new CopyOnWriteArrayList<>();
        late.observationConfig().observationHandler(new ObservationHandler<Observation.Context>() {
            @Override
            public void onStop(Observation.Context context) {
                heard.add(context.getName());
            }

            @Override
            public boolean supportsContext(Observation.Context context) {
                return true;
            }
        });

        engine.run(List.of(TestAgents.answering("a")), "go").block();

        assertThat(heard).containsExactly("flotilla.step", "flotilla.round");
    }

    // --- generative AI

    private static Agent<io.flotilla.run.Turn, Decision> model(@Nullable Throwable failure) {
        return Agent.of("Model", (turn, context) -> {
            context.usage().record(Usage.ofTokens(100, 7));
            return failure == null ? Mono.just(Decision.answer("done")) : Mono.error(failure);
        });
    }

    private void runOf(StepEngine engine, @Nullable Throwable failure) {
        Workflow.builder(Topology.parse("start -> Model"), String.class)
                .name("support")
                .agent("Model", model(failure))
                .engine(engine)
                .build()
                .run("go")
                .block();
    }

    @ParameterizedTest
    @ValueSource(booleans = {true, false})
    void genAi_installed_runIsInvokeWorkflowAndStepIsInvokeAgent(boolean inTheRegistry) {
        StepEngine.Builder engine = StepEngine.builder().observationRegistry(registry);
        if (inTheRegistry) {
            registry.observationConfig()
                    .observationConvention(new GenAiStepConvention("openai"))
                    .observationConvention(new GenAiRunConvention());
        } else {
            engine.observationConvention(new GenAiStepConvention("openai"))
                    .observationConvention(new GenAiRunConvention());
        }

        runOf(engine.build(), null);

        Observation.Context run = stopped("flotilla.run");
        assertThat(run.getContextualName()).isEqualTo("invoke_workflow support");
        assertThat(keys(run))
                .containsEntry("gen_ai.operation.name", "invoke_workflow")
                .containsEntry("gen_ai.workflow.name", "support")
                .containsOnlyKeys("gen_ai.operation.name", "gen_ai.workflow.name", "outcome", "run.id", "workflow");
        Observation.Context step = stopped("flotilla.step");
        assertThat(step.getContextualName()).isEqualTo("invoke_agent Model");
        assertThat(keys(step))
                .containsEntry("gen_ai.operation.name", "invoke_agent")
                .containsEntry("gen_ai.provider.name", "openai")
                .containsEntry("gen_ai.agent.name", "Model")
                .containsEntry("gen_ai.agent.id", "Model")
                .containsEntry("gen_ai.usage.input_tokens", "100")
                .containsEntry("gen_ai.usage.output_tokens", "7")
                .doesNotContainKey("error.type")
                .containsEntry("agent", "Model");
        assertThat(keys(stopped("flotilla.branch")).keySet()).noneMatch(key -> key.startsWith("gen_ai"));
    }

    @Test
    void genAi_notInstalled_nothingOfItIsThere() {
        runOf(StepEngine.builder().observationRegistry(registry).build(), null);

        assertThat(stopped)
                .isNotEmpty()
                .allSatisfy(context -> assertThat(keys(context).keySet())
                        .noneMatch(key -> key.startsWith("gen_ai") || key.equals("error.type")));
    }

    @Test
    void genAi_stepFails_hasTheTypeOfItsErrorAndItsTokens() {
        registry.observationConfig()
                .observationConvention(new GenAiStepConvention())
                .observationConvention(new GenAiRunConvention());

        runOf(StepEngine.builder().observationRegistry(registry).build(), new IllegalStateException("on purpose"));

        assertThat(keys(stopped("flotilla.step")))
                .containsEntry("error.type", "java.lang.IllegalStateException")
                .containsEntry("gen_ai.usage.input_tokens", "100")
                .containsEntry("gen_ai.provider.name", GenAiStepConvention.DEFAULT_PROVIDER);
        assertThat(keys(stopped("flotilla.run"))).containsKey("error.type");
    }

    @Test
    void genAi_keys_areLowOrHighAsTheyAreDocumented() {
        StepObservationContext failed = step("reader#17");
        failed.used(3, 4);
        failed.setError(new IllegalStateException());
        failed.endedAs("failed");
        GenAiStepConvention steps = new GenAiStepConvention();
        RunObservationContext run = new RunObservationContext("flow", "r");
        run.setError(new IllegalStateException());
        GenAiRunConvention runs = new GenAiRunConvention();
        KeyValues low = steps.getLowCardinalityKeyValues(failed).and(runs.getLowCardinalityKeyValues(run));
        KeyValues high = steps.getHighCardinalityKeyValues(failed).and(runs.getHighCardinalityKeyValues(run));

        for (GenAiKey key : GenAiKey.values()) {
            assertThat((key.isLowCardinality() ? low : high).stream().map(KeyValue::getKey))
                    .as("%s", key)
                    .contains(key.asString());
            assertThat((key.isLowCardinality() ? high : low).stream().map(KeyValue::getKey))
                    .doesNotContain(key.asString());
        }
        assertThat(high.stream().filter(value -> value.getKey().equals(GenAiKey.AGENT_ID.asString())))
                .extracting(KeyValue::getValue)
                .containsExactly("reader#17");
        assertThat(FlotillaKey.AGENT_INSTANCE.isRequired()).isFalse();
    }

    @Test
    void genAi_providerIsBlankOrNull_isRefused() {
        assertThatIllegalArgumentException()
                .isThrownBy(() -> new GenAiStepConvention(" "))
                .withMessage("provider must not be blank, was \" \"");
        assertThatNullPointerException().isThrownBy(() -> new GenAiStepConvention(null));
    }
}
