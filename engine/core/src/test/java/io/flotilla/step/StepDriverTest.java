package io.flotilla.step;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatNullPointerException;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.flotilla.AgentId;
import io.flotilla.agent.Agent;
import io.flotilla.agent.StepContext;
import io.flotilla.agent.Usage;
import io.flotilla.agent.UsageLedger;
import io.flotilla.observe.BranchObservationContext;
import io.flotilla.observe.FlotillaEvent;
import io.flotilla.observe.RunObservationContext;
import io.micrometer.observation.Observation;
import io.micrometer.observation.ObservationRegistry;
import java.math.BigDecimal;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneId;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.LockSupport;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import reactor.core.publisher.Mono;
import reactor.core.publisher.Sinks;
import reactor.core.scheduler.Schedulers;
import reactor.test.util.RaceTestUtils;
import reactor.util.context.Context;

/** Single steps of an engine for one who decides which is next. */
@Timeout(60)
@ExtendWith(NothingDropped.class)
class StepDriverTest {

    private static final Instant NOW = Instant.parse("2026-01-01T00:00:00Z");

    private final UsageLedger usage = new UsageLedger();
    private final Heard heard = new Heard();
    private final CountDownLatch never = new CountDownLatch(1);
    private @Nullable StepDriver<String, String> driver;

    /** What the driver has told. */
    private static final class Heard implements StepDriver.Listener<String> {
        private final List<StepIdentity> identities = new CopyOnWriteArrayList<>();
        private final List<StepResult<String>> results = new CopyOnWriteArrayList<>();
        private final List<String> resumed = new CopyOnWriteArrayList<>();
        private final CountDownLatch takenOver = new CountDownLatch(1);

        @Override
        public void settled(StepIdentity identity, StepResult<String> result) {
            identities.add(identity);
            results.add(result);
        }

        @Override
        public void resume() {
            resumed.add(Thread.currentThread().getName());
            takenOver.countDown();
        }

        @Override
        public long waiting() {
            return 3;
        }
    }

    private record Who(
            String runId,
            String branchPath,
            long stepNumber,
            @Nullable Instant deadline,
            UsageLedger usage) implements StepIdentity {
        @Override
        public List<AgentId> delegationPath() {
            return List.of(AgentId.of("before"));
        }
    }

    private Who who(@Nullable Instant deadline) {
        return new Who("r", "/0.1/", 7, deadline, usage);
    }

    private StepDriver<String, String> driver(StepEngine.Builder engine) {
        driver = EngineAccess.of(engine.build()).driver(heard, usage);
        return driver;
    }

    private static StepDriver.Prepared prepared(
            StepDriver<String, String> driver, Agent<String, String> agent, StepIdentity identity) {
        return driver.prepare(agent, "in", 5, identity, Context.empty());
    }

    @AfterEach
    void close() {
        never.countDown();
        if (driver != null) {
            driver.close();
        }
    }

    private void keep() {
        while (never.getCount() > 0) {
            try {
                never.await();
            } catch (InterruptedException again) {
                // kept all the same
            }
        }
    }

    @Test
    void driver_nullArguments_throws() {
        StepEngine engine = StepEngine.builder().build();

        assertThatNullPointerException()
                .isThrownBy(() -> EngineAccess.of(engine).driver(null, usage));
        assertThatNullPointerException()
                .isThrownBy(() -> EngineAccess.of(engine).driver(heard, null));
    }

    // --- prepare and start

    @Test
    void prepare_alone_callsNobody() {
        AtomicInteger calls = new AtomicInteger();
        Agent<String, String> agent = Agent.of("a", (input, context) -> {
            calls.incrementAndGet();
            return Mono.just("done");
        });

        StepDriver.Prepared step = prepared(driver(StepEngine.builder()), agent, who(null));

        assertThat(calls).hasValue(0);
        assertThat(driver.start(step)).isTrue();
        assertThat(calls).hasValue(1);
    }

    @Test
    void start_stepThatEndsAtOnce_isToldWithItsIdentity() {
        Who identity = who(null);
        StepDriver<String, String> driver = driver(StepEngine.builder());

        assertThat(driver.start(prepared(driver, TestAgents.answering("a"), identity)))
                .isTrue();

        assertThat(heard.identities).containsExactly(identity);
        assertThat(heard.results).singleElement().satisfies(result -> {
            assertThat(result.value()).isEqualTo("a");
            assertThat(result.index()).isEqualTo(5);
        });
    }

    @Test
    void start_stepThatThrows_isToldAsAFailure() {
        StepDriver<String, String> driver = driver(StepEngine.builder());
        Agent<String, String> throwing = Agent.of("a", (input, context) -> {
            throw new NoClassDefFoundError("gone");
        });

        assertThat(driver.start(prepared(driver, throwing, who(null)))).isTrue();

        assertThat(heard.results)
                .singleElement()
                .extracting(StepResult::cause)
                .asString()
                .contains("gone");
    }

    @Test
    void prepare_clockThrows_isThrownAndNothingIsTold() {
        Clock broken = new Clock() {
            @Override
            public ZoneId getZone() {
                return ZoneId.of("UTC");
            }

            @Override
            public Clock withZone(ZoneId zone) {
                return this;
            }

            @Override
            public Instant instant() {
                throw new IllegalStateException("no time");
            }
        };
        StepDriver<String, String> driver = driver(StepEngine.builder().clock(broken));

        assertThatThrownBy(() -> prepared(driver, TestAgents.answering("a"), who(null)))
                .hasMessage("no time");
        assertThat(heard.results).isEmpty();
    }

    @Test
    void start_stepThatHangs_timesOutAndSaysHowManyWait() {
        StepDriver<String, String> driver = driver(StepEngine.builder().stepTimeout(Duration.ofMillis(30)));

        driver.start(prepared(driver, TestAgents.silent("a"), who(null)));

        awaitResult();
        assertThat(heard.results)
                .singleElement()
                .satisfies(result -> assertThat(result.kind()).isEqualTo(StepResult.Kind.TIMED_OUT))
                .satisfies(result -> assertThat(result.cause()).hasMessageContaining("3 steps"));
        assertThat(heard.resumed).isEmpty();
    }

    // --- cancel and close

    @ParameterizedTest
    @ValueSource(booleans = {true, false})
    void cancel_stepInFlight_bodySeesItOnceAndNobodyIsTold(boolean byDriver) {
        AtomicInteger cancels = new AtomicInteger();
        StepDriver<String, String> driver = driver(StepEngine.builder());
        StepDriver.Prepared step = prepared(
                driver,
                Agent.of("a", (input, context) -> Mono.<String>never().doOnCancel(cancels::incrementAndGet)),
                who(null));
        driver.start(step);

        if (byDriver) {
            assertThat(driver.cancel(step)).isTrue();
        } else {
            step.cancel();
        }
        step.cancel();
        assertThat(driver.cancel(step)).isTrue();

        assertThat(cancels).hasValue(1);
        assertThat(heard.results).isEmpty();
    }

    @Test
    void cancel_afterTheEnd_changesNothing() {
        StepDriver<String, String> driver = driver(StepEngine.builder());
        StepDriver.Prepared step = prepared(driver, TestAgents.answering("a"), who(null));
        driver.start(step);

        step.cancel();
        driver.cancel(step);

        assertThat(heard.results).hasSize(1);
    }

    @Test
    void cancel_beforeTheStart_startsNothing() {
        AtomicInteger calls = new AtomicInteger();
        StepDriver<String, String> driver = driver(StepEngine.builder());
        StepDriver.Prepared step = prepared(
                driver,
                Agent.of("a", (input, context) -> Mono.fromSupplier(() -> "x" + calls.incrementAndGet())),
                who(null));

        step.cancel();
        driver.start(step);

        assertThat(calls).hasValue(0);
        assertThat(heard.results).isEmpty();
    }

    @Test
    void cancel_atTheInstantOfTheEnd_isEitherToldOrCancelled() {
        StepDriver<String, String> driver = driver(StepEngine.builder());
        for (int round = 0; round < 2_000; round++) {
            heard.results.clear();
            AtomicInteger cancels = new AtomicInteger();
            Sinks.One<String> answer = Sinks.one();
            StepDriver.Prepared step = prepared(
                    driver,
                    Agent.of("a", (input, context) -> answer.asMono().doOnCancel(cancels::incrementAndGet)),
                    who(null));
            driver.start(step);

            RaceTestUtils.race(step::cancel, () -> answer.tryEmitValue("x"));

            assertThat(heard.results.size()).isLessThanOrEqualTo(1);
            if (heard.results.isEmpty()) {
                assertThat(cancels.get()).isLessThanOrEqualTo(1);
            } else {
                assertThat(cancels).hasValue(0);
            }
        }
    }

    @Test
    void close_stepsInFlight_cancelsThemAndStartsNoMore() {
        AtomicInteger cancels = new AtomicInteger();
        AtomicInteger calls = new AtomicInteger();
        CountingTimer timer = new CountingTimer(Schedulers.newSingle("timer", true));
        StepDriver<String, String> driver = driver(StepEngine.builder().timeoutScheduler(() -> timer));
        Agent<String, String> silent = Agent.of("a", (input, context) -> {
            calls.incrementAndGet();
            return Mono.<String>never().doOnCancel(cancels::incrementAndGet);
        });
        for (int at = 0; at < 10; at++) {
            driver.start(prepared(driver, silent, who(null)));
        }
        StepDriver.Prepared later = prepared(driver, silent, who(null));

        driver.close();
        driver.close();
        driver.start(later);

        assertThat(calls).hasValue(10);
        assertThat(cancels).hasValue(10);
        assertThat(heard.results).isEmpty();
        assertThat(timer.open).hasValue(0);
    }

    // --- kept threads

    private void awaitResult() {
        for (int spin = 0; heard.results.isEmpty() && spin < 10_000; spin++) {
            LockSupport.parkNanos(1_000_000);
        }
    }

    private Thread onAThread(Runnable work) {
        Thread thread = new Thread(work, "driving");
        thread.setDaemon(true);
        thread.start();
        return thread;
    }

    @Test
    void start_bodyKeepsTheThread_anotherIsToldToResume() throws InterruptedException {
        List<Boolean> returned = new CopyOnWriteArrayList<>();
        StepDriver<String, String> driver = driver(StepEngine.builder().stepTimeout(Duration.ofMillis(50)));
        StepDriver.Prepared step = prepared(
                driver,
                Agent.of("a", (input, context) -> {
                    keep();
                    return Mono.just("late");
                }),
                who(null));
        Thread driving = onAThread(() -> returned.add(driver.start(step)));

        assertThat(heard.takenOver.await(20, TimeUnit.SECONDS)).isTrue();
        never.countDown();
        driving.join();

        assertThat(heard.resumed).containsExactly("flotilla-rescue");
        assertThat(returned).as("the one who was kept does nothing more").containsExactly(false);
        awaitResult();
        assertThat(heard.results).singleElement().extracting(StepResult::kind).isEqualTo(StepResult.Kind.TIMED_OUT);
    }

    @Test
    void cancel_bodyKeepsTheThread_anotherIsToldToResume() throws InterruptedException {
        List<Boolean> returned = new CopyOnWriteArrayList<>();
        StepDriver<String, String> driver = driver(StepEngine.builder().stepTimeout(Duration.ofMillis(50)));
        StepDriver.Prepared step = prepared(
                driver, Agent.of("a", (input, context) -> Mono.<String>never().doOnCancel(this::keep)), who(null));
        Thread driving = onAThread(() -> {
            driver.start(step);
            returned.add(driver.cancel(step));
        });

        assertThat(heard.takenOver.await(20, TimeUnit.SECONDS)).isTrue();
        never.countDown();
        driving.join();

        assertThat(heard.resumed).containsExactly("flotilla-rescue");
        assertThat(returned).containsExactly(false);
        assertThat(heard.results).isEmpty();
    }

    // --- identity

    private StepContext contextOf(StepEngine.Builder engine, @Nullable Instant runDeadline) {
        List<StepContext> seen = new CopyOnWriteArrayList<>();
        StepDriver<String, String> driver = driver(engine.clock(Clock.fixed(NOW, ZoneId.of("UTC"))));
        driver.start(prepared(
                driver,
                Agent.of("a#3", (input, context) -> {
                    seen.add(context);
                    context.usage().record(new Usage(1, 2, BigDecimal.ZERO));
                    return Mono.just("done");
                }),
                who(runDeadline)));
        return seen.get(0);
    }

    @Test
    void context_ofAStep_isTheIdentityItWasGiven() {
        StepContext context = contextOf(StepEngine.builder(), null);

        assertThat(context.runId()).isEqualTo("r");
        assertThat(context.branchPath()).isEqualTo("/0.1/");
        assertThat(context.stepNumber()).isEqualTo(7);
        assertThat(context.idempotencyKey()).isEqualTo("r/0.1/#7");
        assertThat(context.agentId()).isEqualTo(AgentId.of("a#3"));
        assertThat(context.delegationPath()).containsExactly(AgentId.of("before"));
        assertThat(context.attempt()).isEqualTo(1);
        assertThat(context.usage().total()).isEqualTo(usage.total());
        assertThat(usage.total().tokens()).isEqualTo(3);
        assertThat(context).hasToString("StepContext[r/0.1/#7 agent=a#3 attempt=1]");
    }

    @ParameterizedTest
    @CsvSource({"30, 10, 10", "10, 30, 10", "10, 10, 10", "30, , 30", ", 30, 30", ", ,"})
    void deadline_ofAStep_isTheEarlierOfTheTwo(@Nullable Integer step, @Nullable Integer run, @Nullable Integer is) {
        StepEngine.Builder engine = step == null
                ? StepEngine.builder().noStepTimeout()
                : StepEngine.builder().stepTimeout(Duration.ofSeconds(step));

        StepContext context = contextOf(engine, run == null ? null : NOW.plusSeconds(run));

        assertThat(context.deadline()).isEqualTo(is == null ? null : NOW.plusSeconds(is));
    }

    @Test
    void body_hasTheContextTheStepWasPreparedWith() {
        StepDriver<String, String> driver = driver(StepEngine.builder());
        Agent<String, String> reading =
                Agent.of("a", (input, context) -> Mono.deferContextual(view -> Mono.just(view.get("key"))));

        driver.start(driver.prepare(reading, "in", 0, who(null), Context.of("key", "v")));

        assertThat(heard.results).extracting(StepResult::value).containsExactly("v");
    }

    @Test
    void runId_ofEachDriver_isItsOwn() {
        StepEngine engine = StepEngine.builder().build();
        StepDriver<String, String> one = EngineAccess.of(engine).driver(heard, usage);
        StepDriver<String, String> two = EngineAccess.of(engine).driver(heard, usage);

        assertThat(one.runId()).isEqualTo(one.runId()).isNotEqualTo(two.runId());
        one.close();
        two.close();
    }

    // --- observe

    @Test
    void observe_noRegistry_isNull() {
        assertThat(driver(StepEngine.builder()).observe(new RunObservationContext("flow", "r"), Context.empty()))
                .isNull();
    }

    @Test
    void observe_withARegistry_isAParentForWhatIsWithin() {
        ObservationRegistry registry = ObservationRegistry.create();
        registry.observationConfig().observationHandler(context -> true);
        StepDriver<String, String> driver = driver(StepEngine.builder().observationRegistry(registry));

        StepDriver.Observed run = driver.observe(new RunObservationContext("flow", "r"), Context.empty());
        Context within = run.within(Context.empty());
        StepDriver.Observed branch = driver.observe(new BranchObservationContext("a", "r", "/"), within);
        Observation inner = branch.within(within).get("micrometer.observation");
        Observation outer = within.get("micrometer.observation");
        branch.event(FlotillaEvent.FORK);
        branch.stop("failed", new IllegalStateException("boom"));
        run.stop("failed", null);

        assertThat(inner.getContextView().getParentObservation()).isSameAs(outer);
        assertThat(inner.getContextView().getName()).isEqualTo("flotilla.branch");
        assertThat(inner.getContextView().getError()).hasMessage("boom");
        assertThat(inner.getContextView().getLowCardinalityKeyValue("outcome").getValue())
                .isEqualTo("failed");
        assertThat(outer.getContextView().getHighCardinalityKeyValue("run.id").getValue())
                .isEqualTo("r");
    }
}
