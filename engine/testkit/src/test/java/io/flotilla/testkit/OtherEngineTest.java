package io.flotilla.testkit;

import static org.assertj.core.api.Assertions.assertThat;

import io.flotilla.AgentId;
import io.flotilla.agent.StepContext;
import io.flotilla.agent.Usage;
import io.flotilla.run.Decision;
import io.flotilla.run.RunResult;
import io.flotilla.run.machine.Effect;
import io.flotilla.run.machine.Fact;
import io.flotilla.run.machine.Plan;
import io.flotilla.run.machine.RunMachine;
import io.flotilla.run.machine.StateWrite;
import io.flotilla.step.StepResult;
import java.lang.reflect.Proxy;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayDeque;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Queue;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.TestFactory;
import org.junit.jupiter.api.Timeout;
import reactor.core.Disposable;
import reactor.test.scheduler.VirtualTimeScheduler;

/** Another engine drives runs through the public types of the machine alone, and gets what the reactive shell gets. */
@Timeout(120)
class OtherEngineTest {

    /** The whole engine: a queue of facts, and a way to carry out each effect. */
    private static final class ToyEngine {

        private final Scenario scenario;
        private final RunMachine machine;
        private final Map<String, ScriptedAgent> agents;
        private final VirtualTimeScheduler time;
        private final Queue<Fact> facts = new ArrayDeque<>();
        private final Map<Long, Disposable> steps = new HashMap<>();
        private final Map<Long, Disposable> timers = new HashMap<>();
        private boolean working;
        private Effect.Finish finish;
        private Duration took;

        ToyEngine(Scenario scenario, Plan plan, Map<String, ScriptedAgent> agents, VirtualTimeScheduler time) {
            this.scenario = scenario;
            this.machine = new RunMachine(plan);
            this.agents = agents;
            this.time = time;
        }

        private Instant now() {
            return Instant.ofEpochSecond(0, time.now(TimeUnit.NANOSECONDS));
        }

        void offer(Fact fact) {
            facts.add(fact);
            for (boolean first = !working; first && !facts.isEmpty(); ) {
                working = true;
                machine.apply(facts.remove()).forEach(this::carryOut);
                working = false;
            }
        }

        private void carryOut(Effect effect) {
            if (effect instanceof Effect.StartStep start && start.isCompensation()) {
                compensate(start);
            } else if (effect instanceof Effect.StartStep start) {
                ToyState state = new ToyState(machine.plan(), start.state());
                steps.put(
                        start.step(),
                        agents.get(start.agent())
                                .step(start.turn(), context(start, state))
                                .subscribe(
                                        decision -> settled(start, decision, null, state.writes()),
                                        failed -> settled(start, null, failed, List.of())));
            } else if (effect instanceof Effect.CancelStep cancel) {
                steps.remove(cancel.step()).dispose();
            } else if (effect instanceof Effect.StartTimer timer) { // steps that end at that moment are in time
                Runnable fire = () -> offer(new Fact.DeadlinePassed(now(), timer.timer()));
                long delay = timer.delay().toNanos();
                timers.put(
                        timer.timer(),
                        time.schedule(() -> time.schedule(fire, 0, TimeUnit.NANOSECONDS), delay, TimeUnit.NANOSECONDS));
            } else if (effect instanceof Effect.CancelTimer timer) {
                timers.remove(timer.timer()).dispose();
            } else if (effect instanceof Effect.Finish end) {
                finish = end;
                took = Duration.ofNanos(time.now(TimeUnit.NANOSECONDS));
            }
        }

        /** One that fails is tried again, as the shell does: three times, after half a second, one and two. */
        private void compensate(Effect.StartStep start) {
            String reason = scenario.compensate.get(start.agent());
            if (reason.isEmpty()) {
                settled(start, Decision.answer(null), null, List.of());
            } else {
                time.schedule(
                        () -> settled(start, null, new IllegalStateException(reason), List.of()),
                        3_500,
                        TimeUnit.MILLISECONDS);
            }
        }

        private void settled(Effect.StartStep start, Decision decision, Throwable failed, List<StateWrite> writes) {
            StepResult.Kind kind = failed == null ? null : StepResult.Kind.FAILED;
            offer(new Fact.StepSettled(
                    now(), start.step(), decision, kind, failed, Usage.NONE, 1, false, writes, Usage.NONE));
        }

        /** Scripts ask for the run and the branch. */
        private static StepContext context(Effect.StartStep start, ToyState state) {
            StepContext detached = StepContext.detached(AgentId.of(start.agent()));
            return (StepContext) Proxy.newProxyInstance(
                    StepContext.class.getClassLoader(),
                    new Class<?>[] {StepContext.class},
                    (proxy, method, args) -> switch (method.getName()) {
                        case "runId" -> "run";
                        case "branchPath" -> start.branch().toString();
                        case "state" -> state;
                        default -> method.invoke(detached, args);
                    });
        }
    }

    @TestFactory
    Stream<DynamicTest> scenario_drivenByAnotherEngine_hasTheResultOfTheReactiveShell() {
        return DynamicTest.stream(
                ScenarioRunner.scenarios(Path.of("src/test/resources/scenarios")),
                Scenario::name,
                OtherEngineTest::compare);
    }

    private static void compare(Scenario scenario) {
        VirtualRun reactive = new VirtualRun(scenario);
        reactive.run();
        RunResult<Object> expected = reactive.result();
        ToyEngine toy = driven(scenario, expected.status() == RunResult.Status.CANCELLED);

        assertThat(toy.finish.status()).isEqualTo(expected.status());
        assertThat(toy.finish.answers()).isEqualTo(expected.answers());
        assertThat(String.valueOf(toy.finish.failure())).isEqualTo(String.valueOf(expected.failure()));
        assertThat(toy.finish.steps()).isEqualTo(expected.steps());
        assertThat(toy.finish.branches()).isEqualTo(expected.branches());
        assertThat(toy.finish.lateArrivals()).isEqualTo(expected.lateArrivals());
        assertThat(toy.finish.uncompensated()).isEqualTo(expected.uncompensated());
        assertThat(toy.machine.values()).isEqualTo(reactive.values());
        assertThat(toy.took).isEqualTo(expected.duration());
    }

    private static ToyEngine driven(Scenario scenario, boolean cancel) {
        try (UndisturbedTime time = UndisturbedTime.begin()) {
            VirtualRun same = new VirtualRun(scenario);
            ToyEngine toy = new ToyEngine(scenario, same.workflow().plan(), same.agents(), time);
            time.schedule(() -> toy.offer(new Fact.Started(toy.now(), scenario.task)));
            scenario.outside.forEach(outside -> time.schedule(
                    () -> toy.offer(outside.fact(toy.now())), outside.after().toNanos(), TimeUnit.NANOSECONDS));
            time.advanceTimeBy(Duration.ofNanos(Long.MAX_VALUE));
            if (toy.finish == null && cancel) {
                toy.offer(new Fact.Cancelled(toy.now()));
            }
            return toy;
        }
    }
}
