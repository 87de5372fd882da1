package io.flotilla.run.machine;

import io.flotilla.run.Await;
import io.flotilla.run.Decision;
import io.flotilla.run.Invocation;
import io.flotilla.run.Question;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.jspecify.annotations.Nullable;

/** What agents do, drawn at random: each has its own habits. */
final class RandomScript {

    private final RandomGraph graph;
    private final Random random;
    private final int[][] habits;
    private final boolean asks;
    private long values;

    /** A step to come: how long it takes, -1 for ever; what it decides, or nothing if it fails. */
    record Act(long delayMs, @Nullable Decision decision, boolean fails) {}

    RandomScript(RandomGraph graph, Random random) {
        this.graph = graph;
        this.random = random;
        this.asks = random.nextInt(3) > 0;
        this.habits = new int[graph.agents][];
        int busy = random.nextInt(3) == 0 ? 4 : 1; // they fork more than they answer
        for (int node = 0; node < graph.agents; node++) {
            habits[node] = new int[] {
                1 + random.nextInt(12) / busy, // answers
                2 + random.nextInt(20), // hands off
                random.nextInt(4) == 0 ? 0 : random.nextInt(40), // forks
                random.nextInt(8), // asks, where it may
                random.nextInt(4) == 0 ? random.nextInt(6) : 0, // fails
                random.nextInt(3), // goes again
                random.nextInt(3), // does what it may not
                random.nextInt(4) == 0 ? random.nextInt(6) : 0, // is broken
                random.nextInt(12) == 0 ? 1 : 0, // hangs
                random.nextInt(3) == 0 ? random.nextInt(5) : 0, // sleeps
                random.nextInt(3) == 0 ? random.nextInt(5) : 0, // waits for a signal
                random.nextInt(10) == 0 ? 1 : 0, // has all undone
            };
        }
    }

    /** {@code forked} says that the branch has just joined a fork, so that not everybody forks for ever. */
    Act act(int node, int depth, boolean forked) {
        int[] habit = habits[node];
        long delayMs = random.nextInt(4) == 0 ? random.nextInt(30) : random.nextInt(5);
        int forks = forked ? habit[2] / 4 : depth > 2 ? habit[2] / 6 : habit[2];
        int all = 0;
        for (int of = 0; of < habit.length; of++) {
            all += of == 2 ? forks : habit[of];
        }
        int drawn = random.nextInt(all);
        int what = 0;
        while (drawn >= (what == 2 ? forks : habit[what])) {
            drawn -= what == 2 ? forks : habit[what];
            what++;
        }
        return switch (what) {
            case 0 -> new Act(delayMs, Decision.answer(value()), false);
            case 1 -> new Act(delayMs, handOff(node), false);
            case 2 -> new Act(delayMs, fanOut(node), false);
            case 3 -> new Act(delayMs, ask(node), false);
            case 4 -> new Act(delayMs, Decision.fail("no"), false);
            case 5 -> new Act(delayMs, Decision.repeat(value(), carry()), false);
            case 6 -> new Act(delayMs, invalid(), false);
            case 7 -> new Act(delayMs, null, true);
            case 8 -> new Act(-1, null, true);
            case 9 ->
                new Act(
                        delayMs,
                        Decision.sleep(Duration.ofMillis(Math.max(0, random.nextInt(25) - 4)), carry()),
                        false);
            case 10 -> new Act(delayMs, await(), false);
            default -> new Act(delayMs, Decision.compensate("undo"), false);
        };
    }

    private @Nullable Object carry() {
        return random.nextInt(2) == 0 ? null : "c" + values++;
    }

    /** One of the few names there are. */
    String signal() {
        return "s" + random.nextInt(3);
    }

    private Decision await() {
        Await signal = Await.of(signal());
        if (random.nextInt(2) == 0) {
            signal = signal.timeout(Duration.ofMillis(1 + random.nextInt(30)));
        }
        return Decision.await(random.nextInt(2) == 0 ? signal.defaultValue("by default") : signal, carry());
    }

    private String value() {
        return "v" + values++;
    }

    private @Nullable String target(int node) {
        List<String> targets = new ArrayList<>();
        for (int to = 0; to <= graph.agents; to++) {
            if (graph.hasEdge(node, to)) {
                targets.add(graph.name(to));
            }
        }
        return targets.isEmpty() ? null : targets.get(random.nextInt(targets.size()));
    }

    private Decision handOff(int node) {
        String target = target(node);
        return target == null ? Decision.answer(value()) : Decision.handOff(target, value());
    }

    private Decision fanOut(int node) {
        String target = target(node);
        if (target == null) {
            return Decision.answer(value());
        }
        boolean same = random.nextInt(3) == 0;
        List<Invocation> invocations = new ArrayList<>();
        for (int count = 1 + random.nextInt(5); count > 0; count--) {
            String other = same ? target : target(node);
            invocations.add(Invocation.of(other == null ? target : other, value()));
        }
        return Decision.fanOut(invocations);
    }

    private Decision ask(int node) {
        if (!graph.hasEdge(node, graph.user) || !asks) {
            return Decision.answer(value());
        }
        Question question = Question.of("what?");
        if (random.nextInt(2) == 0) {
            question = question.timeout(Duration.ofMillis(1 + random.nextInt(30)));
        }
        return Decision.ask(random.nextInt(2) == 0 ? question.defaultAnswer("by default") : question, carry());
    }

    /** Most of the time, that is: somebody may have an edge to whom is drawn. */
    private @Nullable Decision invalid() {
        String anybody = graph.name(random.nextInt(graph.agents));
        return switch (random.nextInt(9)) {
            case 0 -> null;
            case 1 -> Decision.answer(17);
            case 2 -> Decision.handOff("end", 17);
            case 3 -> Decision.handOff("Nobody", value());
            case 4 -> Decision.handOff(anybody, value());
            case 5 -> Decision.handOff("user", value());
            case 6 -> Decision.fanOut();
            case 7 -> Decision.fanOut(Invocation.of(anybody, value()), Invocation.of("end", 17));
            default -> Decision.ask("may I?");
        };
    }

    /** The rule of decisions, once more: whether an agent may decide this. */
    boolean isAllowed(int node, @Nullable Decision decision, boolean outermost) {
        if (decision instanceof Decision.Answer answer) {
            return !outermost || isAnswer(answer.value());
        } else if (decision instanceof Decision.HandOff handOff) {
            return isTarget(node, handOff.agent(), handOff.request());
        } else if (decision instanceof Decision.FanOut fanOut) {
            return !fanOut.invocations().isEmpty()
                    && fanOut.invocations().stream()
                            .allMatch(invocation -> isTarget(node, invocation.agent(), invocation.request()));
        } else if (decision instanceof Decision.Ask) {
            return graph.hasEdge(node, graph.user);
        }
        return decision != null;
    }

    private boolean isTarget(int node, String name, @Nullable Object request) {
        int to = name.equals("Nobody") ? -1 : graph.number(name);
        return graph.hasEdge(node, to) && to != graph.user && (to != graph.end || isAnswer(request));
    }

    private static boolean isAnswer(@Nullable Object value) {
        return value == null || value instanceof String;
    }
}
