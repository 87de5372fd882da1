package io.flotilla.run;

import io.flotilla.agent.Agent;
import io.flotilla.agent.StepContext;
import io.flotilla.topology.Topology;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Random;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import reactor.core.publisher.Mono;
import reactor.test.scheduler.VirtualTimeScheduler;

/**
 * Workflows drawn at random, nested three deep, and the world outside of their processes: what happens in it outlives them. What
 * a step does, and when it is done, depends on its key alone, so that a step which is run again does the same.
 */
final class NestedWorld {

    static final int LEVELS = 3;

    private static final String[] OUTCOMES = {"answers", "fails", "breaks", "repeats", "sleeps", "waits"};

    final long seed;

    /** What goes wrong takes time of its own, so that a crash changes when things happen. */
    final boolean isStrict;

    /** What must not be so. */
    final List<String> faults = new ArrayList<>();

    /** What each step has decided, null if it has failed: as the world outside knows. */
    final Map<String, @Nullable Decision> decided = new HashMap<>();

    /** The keys of the steps that were undone, in order. */
    final List<String> undone = new ArrayList<>();

    /** When a run has begun to undo, by its id. */
    final Map<String, Instant> firstUndone = new HashMap<>();

    /** What has ended as far as the journal knows: it must not be called again. */
    final Set<String> settled = new HashSet<>();

    final Map<String, Integer> reached = new HashMap<>();
    private final Map<String, Instant> due = new HashMap<>();
    private final Set<String> called = new HashSet<>();
    private final List<Level> levels = new ArrayList<>();

    /** What the workflows of one level are like. */
    private record Level(
            Topology topology,
            Join join,
            List<String> workers,
            List<String> nested,
            Set<String> undoable,
            Set<String> known) {}

    NestedWorld(long seed) {
        this.seed = seed;
        Random random = new Random(seed);
        this.isStrict = random.nextInt(3) > 0;
        for (int level = 0; level < LEVELS; level++) {
            levels.add(level(level, random));
        }
    }

    private static Level level(int level, Random random) {
        List<String> workers = names("W", 1 + random.nextInt(3));
        List<String> nested = level == LEVELS - 1 ? List.of() : names("N", 1 + random.nextInt(2));
        List<String> all = new ArrayList<>(workers);
        all.addAll(nested);
        Set<String> undoable = new HashSet<>(all);
        undoable.removeIf(any -> random.nextInt(3) == 0);
        Set<String> known = new HashSet<>(workers);
        known.removeIf(any -> random.nextInt(2) == 0);
        Topology topology = Topology.parse("start -> Lead\nLead <-> " + String.join(", ", all) + "\nLead -> user, end");
        return new Level(topology, join(random), workers, nested, undoable, known);
    }

    private static List<String> names(String prefix, int count) {
        List<String> names = new ArrayList<>();
        for (int at = 0; at < count; at++) {
            names.add(prefix + at);
        }
        return names;
    }

    private static Join join(Random random) {
        Join join = switch (random.nextInt(5)) {
            case 0 -> Join.all();
            case 1 -> Join.firstSuccess();
            case 2 -> Join.atLeast(1);
            case 3 -> Join.ratio(0.5);
            default -> Join.allSettled();
        };
        if (random.nextInt(4) == 0) {
            join = join.within(Duration.ofMillis(20 + random.nextInt(200)));
        }
        if (random.nextInt(2) == 0) {
            join = join.orProceed();
        }
        return random.nextInt(4) == 0 ? join.keepStragglers() : join;
    }

    Random drawn(String what) {
        return new Random((seed * 1_000_003 + what.hashCode()) * 0x9E3779B97F4A7C15L);
    }

    void reached(String what) {
        reached.merge(what, 1, Integer::sum);
    }

    /** A process is there: it runs again what was in flight. */
    void newProcess() {
        called.clear();
    }

    // --- time

    static Instant now() {
        return Instant.ofEpochMilli(VirtualTimeScheduler.get().now(TimeUnit.MILLISECONDS));
    }

    /** When something is done that takes so long, and was begun now or before. */
    Instant due(String what, int ms) {
        return due.computeIfAbsent(what, any -> now().plusMillis(ms));
    }

    boolean isDue(String what) {
        return due.containsKey(what);
    }

    private Mono<Void> after(String what, int ms) {
        Duration left = Duration.between(now(), due(what, ms));
        return left.isNegative() || left.isZero()
                ? Mono.empty()
                : Mono.delay(left).then();
    }

    // --- workflows

    Workflow<Object, Object> workflow(MortalJournal process) {
        return workflow(0, process);
    }

    Workflow<Object, Object> workflow(int level, MortalJournal process) {
        Level of = levels.get(level);
        Workflow.Builder<Object> builder = Workflow.builder(of.topology, Object.class)
                .name("level" + level)
                .join(of.join)
                .journal(process)
                .agent(
                        "Lead",
                        Agent.<Turn, Decision>of(
                                "Lead", (turn, context) -> stepped(context, lead(of, turn, context), process)));
        for (String worker : of.workers) {
            builder.agent(
                    worker,
                    Agent.<Turn, Decision>of(
                            worker, (turn, context) -> stepped(context, worker(turn, context), process)));
        }
        for (String nested : of.nested) {
            builder.agent(nested, workflow(level + 1, process));
        }
        of.undoable.forEach(place -> builder.compensate(place, (step, context) -> undo(step, context, process)));
        of.known.forEach(place -> builder.reconcile(place, (turn, context) -> reconciled(context, process)));
        return builder.build();
    }

    boolean isUndoable(String workflow, String agent) {
        return level(workflow).undoable.contains(agent);
    }

    boolean isNested(String workflow, String agent) {
        return level(workflow).nested.contains(agent);
    }

    private Level level(String workflow) {
        return levels.get(workflow.charAt(workflow.length() - 1) - '0');
    }

    // --- what agents do

    private Mono<Decision> stepped(StepContext context, @Nullable Decision decision, MortalJournal process) {
        return Mono.defer(() -> {
            if (process.isDead()) {
                return Mono.never();
            }
            String key = context.idempotencyKey();
            if (!called.add(key) || settled.contains(key)) {
                faults.add("called again: " + key);
            }
            Random random = drawn("delay of " + key);
            int ms = random.nextInt(3) == 0 ? 0 : 1 + random.nextInt(60);
            return after(key, ms).then(Mono.defer(() -> {
                if (process.isDead()) {
                    return Mono.never();
                }
                decided.put(key, decision);
                return decision == null ? Mono.error(new IllegalStateException("broken")) : Mono.just(decision);
            }));
        });
    }

    private Decision lead(Level level, Turn turn, StepContext context) {
        String key = context.idempotencyKey();
        Random random = drawn(key);
        if (context.stepNumber() > 1 + drawn(context.runId()).nextInt(4)) {
            int end = random.nextInt(10);
            return end < 6
                    ? Decision.handOff("end", "v" + key)
                    : end < 9 ? Decision.fail("no " + key) : Decision.compensate("undo " + key);
        }
        int what = random.nextInt(12);
        if (what < 7) {
            List<String> targets = new ArrayList<>(level.workers);
            targets.addAll(level.nested);
            targets.addAll(level.nested);
            List<Invocation> invocations = new ArrayList<>();
            for (int left = 1 + random.nextInt(4); left > 0; left--) {
                invocations.add(Invocation.of(targets.get(random.nextInt(targets.size())), "i" + left + key));
            }
            return Decision.fanOut(invocations);
        }
        return switch (what) {
            case 7 -> Decision.ask("what of " + key + "?");
            case 8 -> Decision.sleep(Duration.ofMillis(1 + random.nextInt(40)));
            case 9 -> Decision.await(Await.of("s" + Integer.toHexString(key.hashCode())));
            case 10 -> turn.correction() == null ? Decision.handOff("Nobody", "x") : Decision.repeat("r");
            default -> Decision.repeat("r" + key);
        };
    }

    private @Nullable Decision worker(Turn turn, StepContext context) {
        String key = context.idempotencyKey();
        Random random = drawn(key);
        int drawn = random.nextInt(20);
        int what = context.stepNumber() > 2 || drawn < 11 ? 0 : drawn < 14 ? 1 : drawn < 16 ? 2 : drawn - 13;
        reached("steps that " + OUTCOMES[Math.min(what, 5)]);
        return switch (what) {
            case 0 -> Decision.answer("v" + key);
            case 1 -> Decision.fail("no " + key);
            case 2 -> null;
            case 3 -> Decision.repeat(turn.input());
            case 4 -> Decision.sleep(Duration.ofMillis(1 + random.nextInt(30)), turn.input());
            default ->
                Decision.await(Await.of("w" + Integer.toHexString(key.hashCode()))
                        .timeout(Duration.ofMillis(1 + random.nextInt(50)))
                        .defaultValue("d"));
        };
    }

    private Mono<Reconciliation> reconciled(StepContext context, MortalJournal process) {
        if (process.isDead()) {
            return Mono.never();
        }
        String key = context.idempotencyKey();
        Decision decision = decided.get(key);
        if (decision != null) {
            called.add(key);
            reached("steps in doubt that had happened");
            return Mono.just(Reconciliation.happened(decision));
        }
        reached("steps in doubt that had not");
        return Mono.just(
                drawn("known " + key).nextBoolean() ? Reconciliation.didNotHappen() : Reconciliation.unknown());
    }

    private Mono<?> undo(CompensatedStep step, StepContext context, MortalJournal process) {
        return Mono.defer(() -> {
            if (process.isDead()) {
                return Mono.never();
            }
            String key = step.idempotencyKey();
            if (settled.contains(context.idempotencyKey())) {
                faults.add("undone again: " + key);
            }
            firstUndone.putIfAbsent(context.runId(), now());
            checkValue(step, key);
            Random random = drawn("undo of " + key);
            if (!isStrict && random.nextInt(5) == 0) {
                return Mono.error(new IllegalStateException("cannot undo " + key));
            }
            int ms = random.nextInt(3) == 0 ? 0 : 1 + random.nextInt(40);
            return after("undo of " + key, ms).then(Mono.fromRunnable(() -> {
                if (!process.isDead()) {
                    undone.add(key);
                }
            }));
        });
    }

    private void checkValue(CompensatedStep step, String key) {
        if (!decided.containsKey(key)) { // a nested run: its answer has its first step's key
            if (!String.valueOf(step.value()).startsWith("v" + NestedRun.idOf(key) + "/")) {
                faults.add("the value of " + key + " is " + step.value());
            }
        } else if (decided.get(key) instanceof Decision.Answer answer
                && !Objects.equals(answer.value(), step.value())) {
            faults.add("the value of " + key + " is " + step.value() + " instead of " + answer.value());
        }
    }
}
