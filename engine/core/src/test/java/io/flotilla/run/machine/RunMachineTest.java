package io.flotilla.run.machine;

import static org.assertj.core.api.Assertions.assertThat;

import io.flotilla.agent.Usage;
import io.flotilla.run.Decision;
import io.flotilla.run.Invocation;
import io.flotilla.run.Join;
import io.flotilla.run.LimitExceededException;
import io.flotilla.run.Limits;
import io.flotilla.run.RunEvent;
import io.flotilla.run.RunResult;
import io.flotilla.step.StepResult;
import io.flotilla.topology.Topology;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** The machine fact by fact, where the order of what comes of one fact matters. */
@Timeout(10)
class RunMachineTest {

    private static final Limits.Chain MANY = Limits.steps(100);

    private final List<RunEvent> told = new ArrayList<>();

    private static RunMachine machine(String topology, Limits limits, int places, Map<String, Join> joins) {
        Plan.Builder plan = Plan.builder(Topology.parse(topology), String.class)
                .limits(limits)
                .maxStepsInFlight(places);
        joins.forEach(plan::joinAt);
        return new RunMachine(plan.build());
    }

    private List<Effect> apply(RunMachine machine, Fact fact) {
        List<Effect> effects = List.copyOf(machine.apply(fact));
        told.addAll(machine.events());
        return effects;
    }

    private List<Effect> start(RunMachine machine) {
        return apply(machine, new Fact.Started(Instant.EPOCH, "task"));
    }

    private List<Effect> decide(RunMachine machine, long step, Decision decision) {
        return apply(machine, new Fact.StepSettled(Instant.EPOCH, step, decision, null, null, Usage.NONE, null));
    }

    private List<String> told(Class<? extends RunEvent> kind) {
        return told.stream()
                .filter(kind::isInstance)
                .map(event ->
                        event.branch() + (event instanceof RunEvent.BranchMovedOn moved && moved.late() ? " late" : ""))
                .toList();
    }

    @Test
    void apply_timeUpDuringAStep_cancelsTheStep() {
        RunMachine machine = machine("start -> A", MANY.time(Duration.ofSeconds(1)), 10, Map.of());
        start(machine);

        List<Effect> effects = apply(machine, new Fact.DeadlinePassed(Instant.ofEpochSecond(1), 1));

        assertThat(effects).hasSize(2).first().isEqualTo(new Effect.CancelStep(1));
        assertThat(effects.get(1)).isInstanceOf(Effect.Finish.class);
        assertThat(machine.isQuiet()).isTrue();
    }

    @Test
    void apply_runIsDecidedWhileATurnWaitsForAPlace_neverStartsIt() {
        RunMachine machine = machine("start -> A, B", MANY, 1, Map.of());
        start(machine);

        IllegalStateException broken = new IllegalStateException("broken");
        List<Effect> effects = apply(
                machine,
                new Fact.StepSettled(Instant.EPOCH, 1, null, StepResult.Kind.FAILED, broken, Usage.NONE, null));

        assertThat(effects).singleElement().isInstanceOf(Effect.Finish.class);
        assertThat(told(RunEvent.StepStarted.class)).containsExactly("/");
        assertThat(told(RunEvent.BranchCancelled.class)).containsExactly("/~1/");
    }

    private static final String MEETING = """
            start -> A
            A -> B
            A <-> C
            C -> B
            B -> end
            """;

    @Test
    void apply_forkToARendezvousThatTakesTheFirst_othersOfTheForkAreLate() {
        RunMachine machine = machine(MEETING, MANY, 10, Map.of("B", Join.firstSuccess()));
        start(machine);

        decide(
                machine,
                1,
                Decision.fanOut(Invocation.of("B", "one"), Invocation.of("B", "two"), Invocation.of("C", 3)));

        assertThat(told(RunEvent.RendezvousFired.class))
                .as("after the invocations")
                .containsExactly("/0.3/");
        assertThat(told(RunEvent.BranchMovedOn.class)).containsExactly("/0.0/", "/0.1/ late");
        assertThat(told(RunEvent.StepStarted.class)).containsExactly("/", "/0.3/", "/0.2/");
    }

    @Test
    void apply_rendezvousFiresDuringAForkAndIsOneBranchTooMany_endsTheRunOnce() {
        RunMachine machine = machine(MEETING, MANY.branches(3), 10, Map.of("B", Join.firstSuccess()));
        start(machine);

        List<Effect> effects =
                decide(machine, 1, Decision.fanOut(Invocation.of("B", "one"), Invocation.of("B", "two")));

        assertThat(effects).singleElement().isInstanceOfSatisfying(Effect.Finish.class, finish -> {
            assertThat(finish.failure()).isInstanceOf(LimitExceededException.class);
            assertThat(finish.branches()).isEqualTo(new RunResult.Branches(0, 1, 1, 2));
        });
        assertThat(machine.isQuiet()).isTrue();
    }

    @Test
    void apply_fewerBranchesThanTheJoinAsksForButTheyMayLeaveTheFork_waitsForThem() {
        RunMachine machine = machine("""
                start -> Outer
                Outer <-> Inner
                Inner <-> Worker
                Worker -> Outer
                Outer -> Worker
                """, MANY, 10, Map.of("Inner", Join.atLeast(2)));
        start(machine);
        decide(machine, 1, Decision.fanOut(Invocation.of("Inner", "go")));
        decide(machine, 2, Decision.fanOut(Invocation.of("Worker", "go")));
        assertThat(told(RunEvent.Joined.class)).isEmpty();

        decide(machine, 3, Decision.handOff("Outer", "done"));

        assertThat(told(RunEvent.Joined.class)).containsExactly("/0.0/", "/");
        assertThat(told(RunEvent.BranchMovedOn.class)).containsExactly("/0.0/");
        assertThat(told(RunEvent.BranchFailed.class)).isEmpty();
    }

    /** Two that exclude each other and repeat would else keep the only place between them. */
    @Test
    void apply_aTurnIsLetInWhileAnEarlierOneWaitsForAPlace_theEarlierOneStartsFirst() {
        RunMachine machine =
                new RunMachine(Plan.builder(Topology.parse("start -> Lead\nLead <-> A, B, C"), String.class)
                        .exclusive(List.of("A", "B"))
                        .maxStepsInFlight(1)
                        .build());
        start(machine);
        decide(machine, 1, Decision.fanOut(Invocation.of("A", 1), Invocation.of("B", 2), Invocation.of("C", 3)));

        decide(machine, 2, Decision.repeat("A once more"));
        decide(machine, 3, Decision.repeat("B once more"));
        decide(machine, 4, Decision.answer("C"));
        decide(machine, 5, Decision.answer("A"));

        assertThat(told(RunEvent.StepStarted.class)).containsExactly("/", "/0.0/", "/0.1/", "/0.2/", "/0.0/", "/0.1/");
    }
}
