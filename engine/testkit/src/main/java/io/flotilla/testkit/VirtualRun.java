package io.flotilla.testkit;

import io.flotilla.AgentId;
import io.flotilla.agent.Agent;
import io.flotilla.agent.StepContext;
import io.flotilla.journal.Journal;
import io.flotilla.run.Compensation;
import io.flotilla.run.Decision;
import io.flotilla.run.Run;
import io.flotilla.run.RunResult;
import io.flotilla.run.StateValue;
import io.flotilla.run.Turn;
import io.flotilla.run.Workflow;
import io.flotilla.step.StepEngine;
import io.flotilla.topology.Topology;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicReference;
import org.jspecify.annotations.Nullable;
import reactor.core.publisher.Mono;

/**
 * One run of a scenario. While it lasts all of Reactor's schedulers are virtual; time goes from event to event, up to the 292
 * years a clock of nanoseconds has, so a run of any length takes no time, and one with nothing left to happen is noticed.
 *
 * <p>What never ends (turn after turn) is stopped from outside: agents then hang.
 */
final class VirtualRun {

    private static final Duration ALL_TIME = Duration.ofNanos(Long.MAX_VALUE);

    private final Scenario scenario;
    private final Map<String, ScriptedAgent> agents = new LinkedHashMap<>();
    private final Set<String> keys = new HashSet<>();
    private final List<List<@Nullable Object>> compensated = new ArrayList<>();
    private final Map<String, StateValue> values = new LinkedHashMap<>();
    private volatile boolean stopped;
    private @Nullable RunResult<Object> result;

    VirtualRun(Scenario scenario) {
        this.scenario = scenario;
    }

    /** Runs it on this thread, until it has ended, or nothing can happen any more. */
    void run() {
        try (UndisturbedTime time = UndisturbedTime.begin()) {
            Workflow<Object, Object> workflow = workflow();
            AtomicReference<Run<Object>> started = new AtomicReference<>();
            AtomicReference<RunResult<Object>> ended = new AtomicReference<>();
            AtomicReference<Throwable> broken = new AtomicReference<>();
            // From inside, so that it is not at once that what is due at the start happens, but in its order.
            time.schedule(() -> started.set(workflow.start(scenario.task)));
            Run<Object> run = Objects.requireNonNull(started.get());
            scenario.outside.forEach(outside ->
                    time.schedule(() -> outside.happenTo(run), outside.after().toNanos(), TimeUnit.NANOSECONDS));
            run.result().subscribe(ended::set, broken::set);
            time.advanceTimeBy(ALL_TIME);
            if (broken.get() != null) {
                throw new IllegalStateException("the run broke down: " + broken.get(), broken.get());
            }
            if (ended.get() == null && isToBeCancelled()) {
                run.cancel();
            }
            result = ended.get();
            run.state().subscribe(state -> values.putAll(state.values()), ignored -> {});
            run.cancel();
        }
    }

    /** A scenario has no other way to be cancelled than that nothing else ends it. */
    private boolean isToBeCancelled() {
        return !stopped && scenario.expected.status() == RunResult.Status.CANCELLED;
    }

    /** Lets the agents do nothing more. By any thread. */
    void stop() {
        stopped = true;
    }

    /** How it ended; null if it did not. */
    @Nullable RunResult<Object> result() {
        return result;
    }

    /** The run's own state at the end. */
    Map<String, StateValue> values() {
        return values;
    }

    /** Those of the topology, by name. */
    Map<String, ScriptedAgent> agents() {
        return agents;
    }

    Workflow<Object, Object> workflow() {
        return workflow(null);
    }

    /** The same, recorded if there is a journal. */
    Workflow<Object, Object> workflow(@Nullable Journal journal) {
        Topology topology = Topology.parse(String.join("\n", scenario.topology));
        agents.putAll(scenario.agents(topology.agents()));
        Workflow.Builder<Object> workflow = Workflow.builder(topology, Object.class)
                .join(scenario.join)
                .limits(scenario.limits)
                .engine(StepEngine.builder()
                        .concurrency(Integer.MAX_VALUE)
                        .noStepTimeout()
                        .build());
        agents.forEach((name, agent) -> workflow.agent(name, new Stoppable(agent)));
        scenario.agents.keySet().stream()
                .filter(name -> !agents.containsKey(name))
                .forEach(name -> workflow.agent(name, ScriptedAgent.of("nobody")));
        scenario.joinAt.forEach(workflow::joinAt);
        scenario.compensate.forEach((name, reason) -> workflow.compensate(name, undoing(reason)));
        scenario.mergeState.forEach((key, merge) -> {
            if (ScriptedState.isSum(merge)) {
                workflow.mergeState(key, Number.class, ScriptedState::sum);
            } else {
                workflow.mergeState(key, List.class, ScriptedState.appending());
            }
        });
        scenario.exclusive.forEach(group -> workflow.exclusive(group.toArray(String[]::new)));
        if (journal != null) {
            workflow.journal(journal);
        }
        return workflow.build();
    }

    /** Notes what it undoes, at its first call. */
    private Compensation undoing(String reason) {
        return (step, context) -> Mono.defer(() -> {
            if (keys.add(step.idempotencyKey())) {
                compensated.add(Arrays.asList(step.agent(), Values.plain(step.input()), Values.plain(step.value())));
            }
            return reason.isEmpty() ? Mono.empty() : Mono.error(new IllegalStateException(reason));
        });
    }

    /** What was to be undone, in order: agent, input and value of each step. */
    List<List<@Nullable Object>> compensated() {
        return compensated;
    }

    private final class Stoppable implements Agent<Turn, Decision> {

        private final ScriptedAgent agent;

        private Stoppable(ScriptedAgent agent) {
            this.agent = agent;
        }

        @Override
        public AgentId id() {
            return agent.id();
        }

        @Override
        public Mono<Decision> step(Turn turn, StepContext context) {
            return stopped ? Mono.never() : agent.step(turn, context);
        }
    }
}
