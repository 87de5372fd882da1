package io.flotilla.step;

import static org.assertj.core.api.Assertions.assertThat;

import io.flotilla.agent.Agent;
import io.flotilla.observe.AttemptObservationContext;
import io.flotilla.observe.FlotillaObservation;
import io.flotilla.observe.FlotillaObservationContext;
import io.micrometer.observation.Observation;
import io.micrometer.observation.ObservationHandler;
import io.micrometer.observation.ObservationRegistry;
import java.time.Duration;
import java.util.Collections;
import java.util.List;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Consumer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import reactor.core.publisher.Mono;

/** What is observed of attempts, and what a thread has while it calls an agent; whatever handlers do. */
@Timeout(60)
class AttemptTelemetryTest {

    private static final Duration SOON = Duration.ofSeconds(20);

    private final ObservationRegistry registry = ObservationRegistry.create();
    private final Recording recording = new Recording();

    private static final class Recording implements ObservationHandler<Observation.Context> {
        private final Queue<Observation.Context> started = new ConcurrentLinkedQueue<>();
        private final Queue<Observation.Context> stopped = new ConcurrentLinkedQueue<>();

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

        List<AttemptObservationContext> attempts() {
            return stopped.stream()
                    .filter(AttemptObservationContext.class::isInstance)
                    .map(AttemptObservationContext.class::cast)
                    .toList();
        }
    }

    AttemptTelemetryTest() {
        registry.observationConfig().observationHandler(recording);
    }

    private static final class Retrying implements StepInterceptor {
        @Override
        public <I, O> Mono<O> aroundStep(StepCall<I, O> call, Mono<O> attempts) {
            return attempts.retry(2);
        }
    }

    private StepEngine engine() {
        return StepEngine.builder()
                .observationRegistry(registry)
                .interceptor(new Retrying())
                .build();
    }

    private static Agent<String, String> failing(int times) {
        AtomicInteger calls = new AtomicInteger();
        return Agent.of(
                "a",
                (text, context) -> calls.incrementAndGet() <= times
                        ? Mono.error(new IllegalStateException("attempt " + context.attempt()))
                        : Mono.just(text));
    }

    private void assertAllStopped() {
        assertThat(recording.stopped).containsExactlyInAnyOrderElementsOf(recording.started);
        assertThat(registry.getCurrentObservationScope()).isNull();
    }

    @Test
    void attempts_ofAStep_areInsideOfItAndSayHowTheyEnded() {
        engine().run(List.of(failing(2)), "x").block(SOON);

        assertThat(recording.attempts())
                .extracting(attempt -> attempt.attempt() + " " + attempt.outcome())
                .containsExactly("1 failed", "2 failed", "3 succeeded");
        assertThat(recording.attempts())
                .allSatisfy(attempt -> assertThat(
                                attempt.getParentObservation().getContextView().getName())
                        .isEqualTo(FlotillaObservation.STEP.getName()));
        assertThat(recording.attempts().get(0).getError()).hasMessage("attempt 1");
        assertAllStopped();
    }

    @Test
    void attempts_withoutInterceptors_areNotObserved() {
        StepEngine.builder()
                .observationRegistry(registry)
                .build()
                .run(List.of(failing(0)), "x")
                .block(SOON);

        assertThat(recording.attempts()).isEmpty();
        assertAllStopped();
    }

    @Test
    void attempt_thatIsTimedOut_isCancelledOnce() {
        engine().toBuilder()
                .stepTimeout(Duration.ofMillis(20))
                .build()
                .run(List.of(Agent.<String, String>of("a", (text, context) -> Mono.never())), "x")
                .block(SOON);

        assertThat(recording.attempts())
                .singleElement()
                .satisfies(attempt -> assertThat(attempt.outcome()).isEqualTo("cancelled"));
        assertAllStopped();
    }

    @Test
    void attempt_ofAFallback_hasItsAgent() {
        Agent<Object, Object> other = Agent.of("other", (text, context) -> Mono.just("instead"));
        StepEngine falling = StepEngine.builder()
                .observationRegistry(registry)
                .interceptor(new StepInterceptor() {
                    @Override
                    @SuppressWarnings("unchecked")
                    public <I, O> Mono<O> aroundStep(StepCall<I, O> call, Mono<O> attempts) {
                        return attempts.onErrorResume(
                                cause -> call.invoke((Agent<? super I, ? extends O>) (Agent<?, ?>) other));
                    }
                })
                .build();

        falling.run(List.of(failing(9)), "x").block(SOON);

        assertThat(recording.attempts())
                .extracting(attempt -> attempt.agentId() + " " + attempt.outcome())
                .containsExactly("a failed", "other succeeded");
    }

    @Test
    void attempts_ofTenThousandSteps_allStop() {
        engine().run(Collections.nCopies(10_000, Agent.of("a", (text, context) -> Mono.just(text))), "x")
                .block(SOON);

        assertThat(recording.attempts()).hasSize(10_000);
        assertAllStopped();
    }

    // --- what the thread has

    private enum Moment {
        START,
        STOP,
        OPEN,
        CLOSE
    }

    /** Throws at one moment of every observation of the library. */
    private static ObservationHandler<Observation.Context> throwing(Moment when, Consumer<Moment> before) {
        return new ObservationHandler<>() {
            private void at(Moment moment) {
                before.accept(moment);
                if (moment == when) {
                    throw new IllegalStateException("on purpose, at " + moment);
                }
            }

            @Override
            public void onStart(Observation.Context context) {
                at(Moment.START);
            }

            @Override
            public void onStop(Observation.Context context) {
                at(Moment.STOP);
            }

            @Override
            public void onScopeOpened(Observation.Context context) {
                at(Moment.OPEN);
            }

            @Override
            public void onScopeClosed(Observation.Context context) {
                at(Moment.CLOSE);
            }

            @Override
            public boolean supportsContext(Observation.Context context) {
                return context instanceof FlotillaObservationContext;
            }
        };
    }

    @ParameterizedTest
    @EnumSource(Moment.class)
    void step_handlerThrows_succeedsAndLeavesNothingOnTheThread(Moment when) {
        registry.observationConfig().observationHandler(throwing(when, any -> {}));
        Observation mine = Observation.createNotStarted("mine", registry).start();

        try (Observation.Scope scope = mine.openScope()) {
            StepReport<String> report =
                    engine().run(List.of(failing(1), failing(0)), "x").block(SOON);

            assertThat(report.succeeded()).hasSize(2);
            assertThat(registry.getCurrentObservationScope()).isSameAs(scope);
        }
        assertThat(registry.getCurrentObservationScope()).isNull();
    }

    @Test
    void agent_calledOnAnyThread_hasItsObservation() {
        Queue<String> seen = new ConcurrentLinkedQueue<>();
        Agent<String, String> plain = Agent.of("plain", (text, context) -> {
            seen.add(current());
            return Mono.fromCallable(() -> {
                seen.add(current());
                return text;
            });
        });
        Agent<String, String> blocking = Agent.blocking("blocking", (text, context) -> {
            seen.add(current());
            return text;
        });

        engine().run(List.of(plain, blocking), "x")
                .doOnNext(report -> seen.add("after: " + registry.getCurrentObservation()))
                .block(SOON);

        assertThat(seen)
                .containsExactlyInAnyOrder("flotilla.attempt", "flotilla.attempt", "flotilla.attempt", "after: null");
        assertAllStopped();
    }

    private String current() {
        Observation current = registry.getCurrentObservation();
        return current == null
                ? "none"
                : String.valueOf(current.getContextView().getName());
    }
}
