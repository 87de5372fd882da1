package io.flotilla.message;

import static org.assertj.core.api.Assertions.assertThat;

import io.flotilla.agent.Agent;
import io.flotilla.step.StepEngine;
import io.micrometer.common.KeyValues;
import io.micrometer.observation.GlobalObservationConvention;
import io.micrometer.observation.Observation;
import io.micrometer.observation.ObservationHandler;
import io.micrometer.observation.ObservationRegistry;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;

/** The user's code around the observations of messages throws: messages are delivered and answered all the same. */
@Timeout(60)
class MessageTelemetryTest {

    private static final Duration SOON = Duration.ofSeconds(20);
    private static final int MESSAGES = 10;

    private final ObservationRegistry registry = ObservationRegistry.create();
    private final List<Observation.Context> started = new CopyOnWriteArrayList<>();
    private final List<Observation.Context> stopped = new CopyOnWriteArrayList<>();

    private enum Moment {
        NONE,
        SUPPORTS,
        START,
        OPENED,
        CLOSED,
        STOP
    }

    private void handler(Moment faulty) {
        registry.observationConfig().observationHandler(new ObservationHandler<Observation.Context>() {
            private void at(Moment now) {
                if (now == faulty) {
                    throw new StackOverflowError("on purpose");
                }
            }

            @Override
            public void onStart(Observation.Context context) {
                at(Moment.START);
                started.add(context);
            }

            @Override
            public void onScopeOpened(Observation.Context context) {
                at(Moment.OPENED);
            }

            @Override
            public void onScopeClosed(Observation.Context context) {
                at(Moment.CLOSED);
            }

            @Override
            public void onStop(Observation.Context context) {
                at(Moment.STOP);
                stopped.add(context);
            }

            @Override
            public boolean supportsContext(Observation.Context context) {
                at(Moment.SUPPORTS);
                return true;
            }
        });
    }

    private void assertAllAreAnswered() {
        StepEngine engine = StepEngine.builder().observationRegistry(registry).build();
        Hub hub = Hub.create(NetworkOptions.builder().engine(engine).build());
        hub.join(Agent.<Integer, Integer>of("adder", (input, context) -> Mono.just(input + 1)));

        List<Object> answers = Flux.range(0, MESSAGES)
                .concatMap(number -> hub.request(Envelope.to("adder", number).build(), SOON))
                .map(Envelope::payload)
                .collectList()
                .block(SOON);

        assertThat(answers)
                .containsExactlyElementsOf(
                        IntStream.rangeClosed(1, MESSAGES).boxed().toList());
        assertThat(hub.deadLetters().count()).isZero();
    }

    @ParameterizedTest
    @EnumSource
    void handler_throws_messagesAreDeliveredAndAnswered(Moment faulty) {
        handler(faulty);

        assertAllAreAnswered();

        assertThat(registry.getCurrentObservationScope()).isNull();
    }

    @Test
    void convention_ofTheRegistryThrows_whatStartsStops() {
        handler(Moment.NONE);
        registry.observationConfig()
                .observationConvention(new GlobalObservationConvention<MessageObservationContext>() {
                    @Override
                    public boolean supportsContext(Observation.Context context) {
                        return context instanceof MessageObservationContext;
                    }

                    @Override
                    public KeyValues getLowCardinalityKeyValues(MessageObservationContext context) {
                        throw new IllegalStateException("on purpose");
                    }
                });

        assertAllAreAnswered();

        Messages.await(() -> stopped.size() == started.size());
        assertThat(stopped)
                .extracting(Observation.Context::getName)
                .contains(MessageObservation.WAIT.getName(), MessageObservation.HANDLE.getName());
        assertThat(stopped.stream().filter(context -> context.getName().equals(MessageObservation.HANDLE.getName())))
                .hasSizeGreaterThanOrEqualTo(MESSAGES)
                .allSatisfy(context -> assertThat(context.getLowCardinalityKeyValue("outcome"))
                        .as("the library's own keys")
                        .isNotNull());
    }
}
