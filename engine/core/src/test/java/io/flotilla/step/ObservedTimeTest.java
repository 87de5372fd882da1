package io.flotilla.step;

import static org.assertj.core.api.Assertions.assertThat;

import io.flotilla.agent.Agent;
import io.flotilla.agent.StepContext;
import io.micrometer.observation.Observation;
import io.micrometer.observation.ObservationHandler;
import io.micrometer.observation.ObservationRegistry;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import reactor.core.publisher.Mono;
import reactor.test.scheduler.VirtualTimeScheduler;

/** Whose time it is that handlers of observations take. */
@Timeout(30)
class ObservedTimeTest {

    private static final Duration LIMIT = Duration.ofSeconds(8);
    private static final Duration SLOW = Duration.ofSeconds(5);

    private final VirtualTimeScheduler timer = VirtualTimeScheduler.create();
    private final AtomicLong inAttempt = new AtomicLong(-1);

    @AfterEach
    void dispose() {
        timer.dispose();
    }

    /** Its handler takes {@link #SLOW} in one place. */
    private StepEngine engine(String where) {
        ObservationRegistry registry = ObservationRegistry.create();
        registry.observationConfig().observationHandler(new ObservationHandler<>() {
            private void at(String place, Observation.Context context) {
                if (where.equals(context.getName() + " " + place)) {
                    timer.advanceTimeBy(SLOW);
                }
            }

            @Override
            public boolean supportsContext(Observation.Context context) {
                return true;
            }

            @Override
            public void onStart(Observation.Context context) {
                at("start", context);
            }

            @Override
            public void onScopeOpened(Observation.Context context) {
                at("opened", context);
            }

            @Override
            public void onScopeClosed(Observation.Context context) {
                at("closed", context);
            }

            @Override
            public void onStop(Observation.Context context) {
                at("stop", context);
            }
        });
        return StepEngine.builder()
                .observationRegistry(registry)
                .stepTimeout(LIMIT)
                .timeoutScheduler(() -> timer)
                .interceptor(new StepInterceptor() {
                    @Override
                    public <I, O> Mono<O> aroundAttempt(StepCall<I, O> call, StepContext context, Mono<O> attempt) {
                        return Mono.defer(() -> {
                            long began = timer.now(TimeUnit.NANOSECONDS);
                            return attempt.doOnTerminate(() -> inAttempt.set(timer.now(TimeUnit.NANOSECONDS) - began));
                        });
                    }
                })
                .build();
    }

    @ParameterizedTest
    @CsvSource({
        "flotilla.step start, true, false",
        "flotilla.attempt start, true, false",
        "flotilla.attempt opened, true, true",
        "flotilla.attempt closed, true, true",
        "flotilla.attempt stop, true, false",
        "flotilla.step stop, false, false",
        "flotilla.round start, false, false",
        "flotilla.round stop, false, false"
    })
    void run_handlerTakesAWhile_itIsTheStepsTimeWhereItIsInside(String where, boolean ofStep, boolean ofAttempt) {
        Agent<String, String> instant = Agent.of("instant", (input, context) -> Mono.just("done"));

        StepReport<String> report = engine(where).run(List.of(instant), "go").block(Duration.ofSeconds(20));

        StepResult<String> result = report.results().get(0);
        assertThat(result.kind()).isEqualTo(StepResult.Kind.SUCCEEDED);
        assertThat(result.duration()).isEqualTo(ofStep ? SLOW : Duration.ZERO);
        assertThat(Duration.ofNanos(inAttempt.get()))
                .as("as interceptors see it")
                .isEqualTo(ofAttempt ? SLOW : Duration.ZERO);
    }

    @ParameterizedTest
    @ValueSource(strings = {"flotilla.step start", "flotilla.attempt start", "flotilla.attempt opened"})
    void run_handlerTakesAWhile_itCountsForTheTimeout(String where) {
        Agent<String, String> silent = Agent.of("silent", (input, context) -> Mono.never());
        AtomicReference<StepReport<String>> report = new AtomicReference<>();
        engine(where).<String, String>run(List.of(silent), "go").subscribe(report::set);

        timer.advanceTimeBy(LIMIT.minus(SLOW).minusMillis(1));
        assertThat(report).hasValue(null);
        timer.advanceTimeBy(Duration.ofMillis(1));
        long until = System.nanoTime() + TimeUnit.SECONDS.toNanos(20);
        while (report.get() == null && System.nanoTime() < until) {
            Thread.onSpinWait(); // the worker ends it
        }

        assertThat(report.get().count(StepResult.Kind.TIMED_OUT)).isEqualTo(1);
    }
}
