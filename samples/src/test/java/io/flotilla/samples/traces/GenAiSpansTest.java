package io.flotilla.samples.traces;

import static org.assertj.core.api.Assertions.assertThat;

import io.flotilla.agent.Agent;
import io.flotilla.agent.Usage;
import io.flotilla.observe.GenAiRunConvention;
import io.flotilla.observe.GenAiStepConvention;
import io.flotilla.run.Decision;
import io.flotilla.run.Turn;
import io.flotilla.run.Workflow;
import io.flotilla.step.StepEngine;
import io.flotilla.topology.Topology;
import io.opentelemetry.api.common.AttributeKey;
import io.opentelemetry.sdk.trace.data.SpanData;
import java.time.Duration;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import reactor.core.publisher.Mono;

/** The conventions for generative AI, as an exporter of OpenTelemetry gets them. */
@Timeout(60)
class GenAiSpansTest {

    @Test
    void spans_withTheConventions_haveTheirNamesAndTypes() {
        try (Spans spans = new Spans()) {
            spans.registry()
                    .observationConfig()
                    .observationConvention(new GenAiStepConvention("openai"))
                    .observationConvention(new GenAiRunConvention());
            Agent<Turn, Decision> model = Agent.of("Model", (turn, context) -> {
                context.usage().record(Usage.ofTokens(100, 7));
                return Mono.just(Decision.handOff("end", "yes"));
            });
            Workflow.builder(Topology.parse("start -> Model -> end"), String.class)
                    .name("support")
                    .agent("Model", model)
                    .engine(StepEngine.builder()
                            .observationRegistry(spans.registry())
                            .build())
                    .build()
                    .run("question")
                    .block(Duration.ofSeconds(20));

            SpanData step = named(spans, "invoke_agent Model");
            assertThat(step.getAttributes().get(AttributeKey.longKey("gen_ai.usage.input_tokens")))
                    .isEqualTo(100);
            assertThat(step.getAttributes().get(AttributeKey.longKey("gen_ai.usage.output_tokens")))
                    .isEqualTo(7);
            assertThat(step.getAttributes().get(AttributeKey.stringKey("gen_ai.usage.input_tokens")))
                    .as("not as a text, too")
                    .isNull();
            assertThat(step.getAttributes().get(AttributeKey.stringKey("gen_ai.provider.name")))
                    .isEqualTo("openai");
            assertThat(step.getAttributes().get(AttributeKey.stringKey("outcome")))
                    .isEqualTo("succeeded");
            assertThat(named(spans, "invoke_workflow support")
                            .getParentSpanContext()
                            .isValid())
                    .isFalse();
        }
    }

    private static SpanData named(Spans spans, String name) {
        return spans.exported().stream()
                .filter(span -> span.getName().equals(name))
                .findAny()
                .orElseThrow();
    }
}
