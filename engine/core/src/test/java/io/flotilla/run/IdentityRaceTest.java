package io.flotilla.run;

import static io.flotilla.run.TestRuns.SOON;
import static org.assertj.core.api.Assertions.assertThat;

import io.flotilla.AgentId;
import io.flotilla.agent.Agent;
import io.flotilla.agent.StepContext;
import io.flotilla.step.NothingDropped;
import io.flotilla.step.StepEngine;
import io.flotilla.topology.Topology;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.Supplier;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;
import reactor.core.publisher.Sinks;
import reactor.core.scheduler.Scheduler;
import reactor.core.scheduler.Schedulers;
import reactor.test.util.RaceTestUtils;

/**
 * Every step has the identity of the branch it was called for, however threads interleave. Each request carries the identity
 * its step must have; the agent compares before and after it has waited, and decides by the identity it reads, so that
 * somebody else's would be a decision that is not allowed. Corrections are off: one such decision fails its run.
 *
 * <p>{@code mvn verify -Psoak} makes 300,000 runs of each kind.
 */
@Timeout(value = 60, unit = TimeUnit.MINUTES)
@ExtendWith(NothingDropped.class)
class IdentityRaceTest {

    private static final int RUNS = Integer.getInteger("random.races", 3_000);
    private static final int AT_ONCE = 8;
    private static final int BRANCHES = 12;
    private static final List<Scheduler> SCHEDULERS =
            List.of(Schedulers.parallel(), Schedulers.boundedElastic(), Schedulers.single(), Schedulers.immediate());

    /** Who a step must be. */
    private record Ticket(String runId, String branch, int step, List<String> before) {

        Ticket at(int fork, int index, String agent) {
            return new Ticket(runId, branch + fork + "." + index + "/", 0, with(agent));
        }

        Ticket handedOn(String agent) {
            return new Ticket(runId, branch, step + 1, with(agent));
        }

        private List<String> with(String agent) {
            List<String> path = new ArrayList<>(before);
            path.add(agent);
            return path;
        }
    }

    /** What went wrong in the runs of one test. */
    private static final class Watch {

        private final Queue<String> crossTalk = new ConcurrentLinkedQueue<>();
        private final Queue<RunFailure> failures = new ConcurrentLinkedQueue<>();
        private final AtomicInteger corrections = new AtomicInteger();
        private final AtomicInteger steps = new AtomicInteger();

        void check(String agent, Ticket ticket, StepContext context) {
            steps.incrementAndGet();
            same(agent, context.agentId().kind(), agent);
            same(agent, context.runId(), ticket.runId());
            same(agent, context.branchPath(), ticket.branch());
            same(agent, context.idempotencyKey(), ticket.runId() + ticket.branch() + "#" + ticket.step());
            same(agent, context.delegationPath().stream().map(AgentId::kind).toList(), ticket.before());
        }

        private void same(String agent, Object is, Object mustBe) {
            if (!is.equals(mustBe)) {
                crossTalk.add(agent + " read " + is + ", is " + mustBe);
            }
        }

        void check(RunResult<String> result, String expected) {
            if (result.failure() != null) {
                failures.add(result.failure());
            } else {
                same("the run", String.valueOf(result.answer()), expected);
            }
        }

        void assertNoCrossTalk(int runs, int stepsEach) {
            assertThat(crossTalk).isEmpty();
            assertThat(corrections).hasValue(0);
            assertThat(failures).isEmpty();
            assertThat(steps).as("twice a step").hasValue(2 * runs * stepsEach);
        }
    }

    private interface Deciding {
        /** By the identity that was read, which must be the step's own. */
        Decision decide(StepContext read, Turn turn, Ticket ticket);
    }

    /** The agent checks who it is, waits, checks again with whatever {@code read} gives it, and decides by that. */
    private static Agent<Turn, Decision> checked(
            String name, Watch watch, Supplier<Mono<?>> wait, AtomicReference<StepContext> shared, Deciding deciding) {
        return Agent.of("somebody", (turn, context) -> {
            if (turn.correction() != null) {
                watch.corrections.incrementAndGet();
            }
            Ticket ticket = turn.input() instanceof Ticket given && turn.reason() != Turn.Reason.JOINED
                    ? given
                    : new Ticket(context.runId(), "/", (int) context.stepNumber(), List.of());
            watch.check(name, ticket, context);
            if (shared != null) {
                shared.set(context);
            }
            return wait.get().thenReturn(0).map(any -> {
                StepContext read = shared == null ? context : shared.get();
                watch.check(name, ticket, read);
                return deciding.decide(read, turn, ticket);
            });
        });
    }

    // --- the secret word

    private static final Topology SECRET_WORD = Topology.parse("""
            start -> Orchestrator
            Orchestrator <-> AgentA, AgentB
            Orchestrator -> AgentC -> AgentD -> Orchestrator
            Orchestrator -> end
            """);

    /** What is allowed to the one, is not to the other. */
    private static Decision secretWord(StepContext read, Turn turn, Ticket ticket) {
        return switch (read.agentId().kind()) {
            case "Orchestrator" ->
                turn.reason() == Turn.Reason.JOINED
                        ? Decision.handOff("end", String.join("", turn.answers(String.class)))
                        : Decision.fanOut(
                                Invocation.of("AgentA", ticket.at(0, 0, "Orchestrator")),
                                Invocation.of("AgentB", ticket.at(0, 1, "Orchestrator")),
                                Invocation.of("AgentC", ticket.at(0, 2, "Orchestrator")));
            case "AgentA" -> Decision.handOff("Orchestrator", "M");
            case "AgentB" -> Decision.handOff("Orchestrator", "A");
            case "AgentC" -> Decision.handOff("AgentD", ticket.handedOn("AgentC"));
            default -> Decision.handOff("Orchestrator", "RS");
        };
    }

    private static Workflow<String, String> secretWord(
            Watch watch, Supplier<Mono<?>> wait, AtomicReference<StepContext> shared) {
        Workflow.Builder<String> builder = Workflow.builder(SECRET_WORD, String.class)
                .maxCorrections(0)
                .engine(StepEngine.builder().build());
        SECRET_WORD
                .agents()
                .forEach(name -> builder.agent(name, checked(name, watch, wait, shared, IdentityRaceTest::secretWord)));
        return builder.build();
    }

    // --- one agent in many branches

    private static final Topology MANY = Topology.parse("""
            start -> Lead
            Lead <-> Worker
            Worker -> Helper -> Lead
            Lead -> end
            """);

    private static int index(StepContext read) {
        String path = read.branchPath();
        return Integer.parseInt(path.substring(path.lastIndexOf('.') + 1, path.length() - 1));
    }

    private static Decision many(StepContext read, Turn turn, Ticket ticket) {
        return switch (read.agentId().kind()) {
            case "Lead" ->
                turn.reason() == Turn.Reason.JOINED
                        ? Decision.answer(String.join(",", turn.answers(String.class)))
                        : Decision.fanOut(IntStream.range(0, BRANCHES)
                                .mapToObj(at -> Invocation.of("Worker", ticket.at(0, at, "Lead")))
                                .toList());
            case "Worker" ->
                switch (index(read) % 3) {
                    case 0 -> Decision.answer("" + index(read));
                    case 1 -> Decision.handOff("Lead", "" + index(read));
                    default -> Decision.handOff("Helper", ticket.handedOn("Worker"));
                };
            default -> Decision.handOff("Lead", "" + index(read));
        };
    }

    private static final String ALL_BRANCHES =
            IntStream.range(0, BRANCHES).mapToObj(String::valueOf).collect(Collectors.joining(","));

    private static Workflow<String, String> many(
            Watch watch, Supplier<Mono<?>> wait, AtomicReference<StepContext> shared) {
        Workflow.Builder<String> builder = Workflow.builder(MANY, String.class)
                .maxCorrections(0)
                .engine(StepEngine.builder().build());
        MANY.agents().forEach(name -> builder.agent(name, checked(name, watch, wait, shared, IdentityRaceTest::many)));
        return builder.build();
    }

    // --- how they wait

    /** On one of several schedulers, or not at all, or for a moment. */
    private static Mono<?> shuffled() {
        ThreadLocalRandom random = ThreadLocalRandom.current();
        Scheduler scheduler = SCHEDULERS.get(random.nextInt(SCHEDULERS.size()));
        return random.nextInt(20) == 0
                ? Mono.delay(Duration.ofNanos(random.nextInt(300_000)))
                : Mono.just(0).publishOn(scheduler);
    }

    private static void runAll(Workflow<String, String> flow, int runs, Watch watch, String expected) {
        Flux.range(0, runs)
                .flatMap(any -> flow.run("go").subscribeOn(Schedulers.parallel()), AT_ONCE)
                .doOnNext(result -> watch.check(result, expected))
                .blockLast();
    }

    @Test
    void secretWord_manyRunsAtOnce_noCrossTalk() {
        Watch watch = new Watch();

        runAll(secretWord(watch, IdentityRaceTest::shuffled, null), RUNS, watch, "MARS");

        watch.assertNoCrossTalk(RUNS, 6);
    }

    @Test
    void oneAgent_inManyBranchesOfManyRuns_noCrossTalk() {
        Watch watch = new Watch();

        runAll(many(watch, IdentityRaceTest::shuffled, null), RUNS, watch, ALL_BRANCHES);

        watch.assertNoCrossTalk(RUNS, 2 + BRANCHES + BRANCHES / 3);
    }

    @Test
    void oneAgent_allBranchesEndAtTheSameInstant_noCrossTalk() {
        for (int round = 0; round < Math.max(200, RUNS / 10); round++) {
            Watch watch = new Watch();
            Queue<Sinks.One<Integer>> gates = new ConcurrentLinkedQueue<>();
            AtomicInteger waits = new AtomicInteger();
            Run<String> run = many(
                            watch,
                            () -> {
                                if (waits.getAndIncrement() == 0 || waits.get() > BRANCHES + 1) {
                                    return Mono.just(0);
                                }
                                Sinks.One<Integer> gate = Sinks.one();
                                gates.add(gate);
                                return gate.asMono();
                            },
                            null)
                    .start("go");

            RaceTestUtils.race(gates.stream()
                    .map(gate -> (Runnable) () -> gate.tryEmitValue(1))
                    .toArray(Runnable[]::new));

            watch.check(run.result().block(SOON), ALL_BRANCHES);
            watch.assertNoCrossTalk(1, 2 + BRANCHES + BRANCHES / 3);
        }
    }

    // --- the same tests, of agents that read who they are from a field they share

    @Test
    void sharedField_inTheSecretWord_isCaught() {
        Watch watch = new Watch();

        runAll(secretWord(watch, IdentityRaceTest::shuffled, new AtomicReference<>()), 100, watch, "MARS");

        assertThat(watch.crossTalk).anyMatch(read -> read.startsWith("AgentA read AgentC"));
        assertThat(watch.failures)
                .as("decisions that are not allowed")
                .anyMatch(failure -> failure.first() instanceof InvalidDecisionException);
    }

    @Test
    void sharedField_inManyBranches_isCaught() {
        Watch watch = new Watch();

        runAll(many(watch, IdentityRaceTest::shuffled, new AtomicReference<>()), 100, watch, ALL_BRANCHES);

        assertThat(watch.crossTalk)
                .anyMatch(read -> read.startsWith("Worker read /0."))
                .anyMatch(read -> read.startsWith("the run read "));
    }
}
