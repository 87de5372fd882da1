package io.flotilla.run;

import io.flotilla.AgentId;
import io.flotilla.agent.Agent;
import io.flotilla.agent.StepState;
import io.flotilla.journal.Journal;
import io.flotilla.observe.Redactor;
import io.flotilla.run.machine.Plan;
import io.flotilla.run.machine.RunHeader;
import io.flotilla.run.machine.StateMerge;
import io.flotilla.step.EngineAccess;
import io.flotilla.step.StepEngine;
import io.flotilla.topology.Rules;
import io.flotilla.topology.Topology;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import reactor.core.publisher.Mono;

/** What the builder of a workflow has been given so far, and what {@link RunSetup} it makes. Not thread-safe. */
final class WorkflowSettings {

    final Topology topology;
    final Class<?> answerType;
    Class<?> taskType;
    final Map<String, Join> joins = new LinkedHashMap<>();
    Join join = Join.all();
    Limits limits = Limits.none();
    private final Map<String, Compensation> compensations = new LinkedHashMap<>();
    final List<List<String>> exclusive = new ArrayList<>();
    private final Map<String, StateMerge<?>> stateMerges = new LinkedHashMap<>();
    int maxStateKeys = Plan.DEFAULT_MAX_STATE_KEYS;
    int maxPendingSignals = Plan.DEFAULT_MAX_PENDING_SIGNALS;
    int maxCorrections = Workflow.DEFAULT_MAX_CORRECTIONS;
    int eventHistory = Workflow.DEFAULT_EVENT_HISTORY;
    int outputHistory = Workflow.DEFAULT_OUTPUT_HISTORY;

    /** 0 for those that all workflows share. */
    int listenerThreads;

    @Nullable StepEngine engine;

    @Nullable Journal journal;

    Duration journalTimeout = Workflow.DEFAULT_JOURNAL_TIMEOUT;
    String version = "";
    String name = Workflow.DEFAULT_NAME;
    final Map<String, InDoubtAgent.Reconciled> reconcilers = new LinkedHashMap<>();
    private final Map<String, Agent<Turn, Decision>> agents = new LinkedHashMap<>();
    private final Map<String, Workflow<?, ?>> nested = new LinkedHashMap<>();
    private final List<String> duplicates = new ArrayList<>();

    WorkflowSettings(Topology topology, Class<?> taskType, Class<?> answerType) {
        this.topology = topology;
        this.taskType = taskType;
        this.answerType = answerType;
    }

    static void checkType(String what, Class<?> type) {
        Bounds.notPrimitive(what, type);
    }

    void journalTimeout(Duration limit) {
        if (limit.isZero() || limit.isNegative()) {
            throw new IllegalArgumentException("journalTimeout must be > 0, was " + limit);
        }
        journalTimeout = limit;
    }

    void name(String given) {
        if (given.isBlank()) {
            throw new IllegalArgumentException("name must not be blank, was \"" + given + "\"");
        }
        name = given;
    }

    void agent(String place, Agent<Turn, Decision> agent) {
        if (agents.put(place, agent) != null) {
            duplicates.add("agent " + place + " is given twice");
        }
    }

    void agent(String place, Workflow<?, ?> workflow) {
        agent(
                place,
                Agent.<Turn, Decision>of(
                        place,
                        (turn, context) -> Mono.error(() -> new IllegalStateException(
                                "agent " + place + " is a workflow, which this engine does not run"))));
        nested.put(place, workflow);
    }

    /** What is allowed, and probably not meant; in words. */
    List<String> warnings() {
        return new JoinWarnings(topology, place -> joins.getOrDefault(place, join)).find();
    }

    /** Checks the settings against the topology. */
    RunSetup setup() {
        List<String> errors = errors();
        if (!errors.isEmpty()) {
            throw new InvalidWorkflowException(errors);
        }
        Map<String, Agent<Turn, Decision>> bodies = new HashMap<>();
        agents.forEach((place, body) -> bodies.put(place, new NodeAgent(AgentId.of(place), compensable(place, body))));
        StepEngine steps = engine == null ? StepEngine.builder().build() : engine;
        Plan plan = plan(steps);
        RunHeader header = RunHeader.of(name, version, Map.of(), plan);
        FactRecorder.Recording recording = recording(steps, header);
        return new RunSetup(
                plan,
                Map.copyOf(bodies),
                steps,
                watching(),
                places(recording),
                header,
                recording,
                RunSetup.ProcessState.of(recording, new Shutdown(name), RunMeters.of(steps, name)));
    }

    private RunSetup.Watching watching() {
        ListenerPool listeners = listenerThreads == 0 ? ListenerPool.shared() : ListenerPool.of(listenerThreads);
        return new RunSetup.Watching(eventHistory, outputHistory, listeners);
    }

    private Places places(FactRecorder.@Nullable Recording recording) {
        Map<String, Workflow<?, ?>> recorded = new HashMap<>();
        nested.forEach((place, workflow) ->
                recorded.put(place, recording == null ? workflow : workflow.recordedIn(recording)));
        return new Places(Map.copyOf(recorded), Map.copyOf(reconcilers));
    }

    private Agent<Turn, Decision> compensable(String place, Agent<Turn, Decision> body) {
        Compensation undo = compensations.get(place);
        return undo == null ? body : new CompensableAgent(place, body, undo);
    }

    void compensate(String place, Compensation undo) {
        if (compensations.put(place, undo) != null) {
            duplicates.add("the compensation of agent " + place + " is given twice");
        }
    }

    void reconcile(String place, InDoubtAgent.Reconciled reconciled) {
        if (reconcilers.put(place, reconciled) != null) {
            duplicates.add("the reconciler of agent " + place + " is given twice");
        }
    }

    void joinAt(String place, Join at) {
        String node = Topology.END.equalsIgnoreCase(place) ? Topology.END : place;
        if (joins.put(node, at) != null) {
            duplicates.add("the join at " + node + " is given twice");
        }
    }

    private List<String> errors() {
        List<String> errors = new ArrayList<>(duplicates);
        errors.addAll(new NestingErrors(this, nested).find());
        for (String place : topology.agents()) {
            if (!agents.containsKey(place)) {
                errors.add("agent " + place + " of the topology was not given");
            }
        }
        Set<String> places = new HashSet<>(topology.agents());
        for (String place : agents.keySet()) {
            if (!places.contains(place)) {
                errors.add("there is no agent " + place + " in the topology");
            }
        }
        for (String place : joins.keySet()) {
            if (!places.contains(place) && !Topology.END.equals(place)) {
                errors.add("there is no agent " + place + " in the topology to join at");
            }
        }
        for (String place : reconcilers.keySet()) {
            if (!places.contains(place)) {
                errors.add("there is no agent " + place + " in the topology to reconcile");
            }
        }
        for (String place : compensations.keySet()) {
            if (!places.contains(place)) {
                errors.add("there is no agent " + place + " in the topology to compensate");
            }
        }
        for (List<String> group : exclusive) {
            if (new HashSet<>(group).size() < 2) {
                errors.add("exclusive needs two different agents, was " + group);
            }
            for (String place : group) {
                if (!places.contains(place)) {
                    errors.add("there is no agent " + place + " in the topology to be exclusive");
                }
            }
        }
        return errors;
    }

    private Plan plan(StepEngine steps) {
        Redactor redactor = EngineAccess.of(steps).redactor();
        Plan.Builder plan = Plan.builder(topology, answerType)
                .join(join.redactedBy(redactor))
                .limits(withRules(limits, topology.rules()))
                .maxCorrections(maxCorrections)
                .maxPendingSignals(maxPendingSignals)
                .maxStateKeys(maxStateKeys)
                .maxStepsInFlight(EngineAccess.of(steps).maxStepsInFlight());
        stateMerges.forEach((key, merge) -> plan.mergeState(key, redacted(merge, redactor)));
        exclusive.forEach(plan::exclusive);
        compensations.keySet().forEach(plan::compensated);
        joins.forEach((place, at) -> plan.joinAt(place, at.redactedBy(redactor)));
        return plan.build();
    }

    <T> void mergeState(String key, StateMerge<T> merge) {
        if (stateMerges.put(StepState.checkKey(key), merge) != null) {
            duplicates.add("the merge of state \"" + key + "\" is given twice");
        }
    }

    private static <T> StateMerge<T> redacted(StateMerge<T> merge, Redactor redactor) {
        return new StateMerge<>(merge.type(), (current, update) -> {
            try {
                return merge.merge().apply(current, update);
            } catch (Throwable thrown) {
                throw RecordedException.redacted(thrown, redactor);
            }
        });
    }

    private FactRecorder.@Nullable Recording recording(StepEngine steps, RunHeader header) {
        return journal == null
                ? null
                : FactRecorder.Recording.of(journal, EngineAccess.of(steps).redactor(), header, journalTimeout);
    }

    /** What the workflow does not limit, the topology may. */
    private static Limits withRules(Limits set, Rules rules) {
        Limits.Chain limits = (Limits.Chain) set;
        if (set.maxTime() == null && rules.timeout() != null) {
            limits = limits.time(rules.timeout());
        }
        if (set.maxSteps() == null && rules.maxSteps() != null) {
            limits = limits.steps(rules.maxSteps());
        }
        if (set.maxBranches() == null && rules.maxBranches() != null) {
            limits = limits.branches(rules.maxBranches());
        }
        if (set.maxDepth() == null && rules.maxDepth() != null) {
            limits = limits.depth(rules.maxDepth());
        }
        return limits;
    }
}
