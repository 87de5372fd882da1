package io.flotilla.run;

import static io.flotilla.run.TestRuns.SOON;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatNullPointerException;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.flotilla.agent.Agent;
import io.flotilla.journal.Journal;
import io.flotilla.journal.JournalFilter;
import io.flotilla.step.NothingDropped;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Queue;
import java.util.Random;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.atomic.AtomicBoolean;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;
import reactor.core.publisher.Sinks;
import reactor.test.StepVerifier;

/** A service that stops loses no run. */
@Timeout(120)
@ExtendWith(NothingDropped.class)
class ShutdownTest {

    private static final int STOPS = Integer.getInteger("random.stops", 100);
    private static final Duration MINUTE = Duration.ofMinutes(1);

    private final Journal journal = Journal.inMemory();

    private Workflow<String, String> alone(String name, Mono<Decision> step) {
        return TestRuns.alone(TestRuns.stepping("Solo", turn -> step))
                .name(name)
                .journal(journal)
                .build();
    }

    @Test
    void shutdown_newRuns_areRefused() {
        Workflow<String, String> flow = alone("flow", Mono.never());
        String suspended = flow.start("go").runId();
        assertThat(flow.runs().shutdown(Duration.ZERO).block(SOON)).isEqualTo(new Drained(0, 1, 0, 0, 1));

        assertThatThrownBy(() -> flow.start("more"))
                .isInstanceOfSatisfying(
                        RunsShutDownException.class,
                        why -> assertThat(why.workflow()).isEqualTo("flow"))
                .hasMessageContaining("flow");
        for (Mono<?> refused : List.of(
                flow.run("more"),
                flow.submit("more"),
                flow.runs().recover(suspended),
                flow.runs().recoverAll(),
                flow.runs().cancel(suspended),
                flow.runs().fork(suspended, 0, "other"))) {
            StepVerifier.create(refused)
                    .expectError(RunsShutDownException.class)
                    .verify(SOON);
        }
        assertThat(journal.list(JournalFilter.all()).count().block(SOON)).isOne();
        assertThat(flow.runs().replay(suspended).block(SOON).status())
                .as("reading is no new run")
                .isEqualTo(RunState.Status.RUNNING);
    }

    @Test
    void shutdown_newRunsByIdWhenTheJournalIsClosedToo_areRefusedByTheShutdown() {
        Workflow<String, String> flow = alone("flow", Mono.just(Decision.answer("done")));
        Mono<Run<String>> more = flow.submit("go", RunOptions.ofId("a"));
        assertThat(TestRuns.ended(more.block(SOON)).answer()).isEqualTo("done");
        flow.runs().shutdown(Duration.ZERO).block(SOON);
        journal.close().block(SOON);

        for (Mono<?> refused : List.of(more, flow.submit("go", RunOptions.ofId("b")), flow.submit("go"))) {
            StepVerifier.create(refused)
                    .expectError(RunsShutDownException.class)
                    .verify(SOON);
        }
        assertThat(flow.runs().live()).isEmpty();
    }

    @Test
    void shutdown_otherWorkflowsOfTheJournal_goOn() {
        Sinks.One<Decision> last = Sinks.one();
        Workflow<String, String> other = alone("other", last.asMono());
        Run<String> run = other.start("go");
        assertThat(alone("flow", Mono.never()).runs().shutdown(Duration.ZERO).block(SOON))
                .isEqualTo(new Drained(0, 0, 0, 0, 0));

        last.tryEmitValue(Decision.answer("done"));

        assertThat(TestRuns.ended(run).answer()).isEqualTo("done");
        assertThat(TestRuns.ended(other.start("again")).answer()).isEqualTo("done");
    }

    @Test
    void shutdown_calledByMany_isOnceAndTheSameForAll() {
        Workflow<String, String> flow = alone("flow", Mono.never());
        flow.start("go");
        List<Mono<Drained>> all = new ArrayList<>();
        for (int at = 0; at < 4; at++) {
            Mono<Drained> one = flow.runs()
                    .shutdown(at == 0 ? Duration.ofMillis(20) : MINUTE)
                    .cache();
            one.subscribe();
            all.add(one);
        }

        for (Mono<Drained> one : all) {
            assertThat(one.block(SOON)).isEqualTo(new Drained(0, 1, 0, 0, 1));
        }
        assertThat(flow.runs().shutdown(MINUTE).block(SOON)).isEqualTo(new Drained(0, 1, 0, 0, 1));
    }

    @Test
    void shutdown_stepsThatEndAndStepsThatDoNot_areCounted() {
        Sinks.One<Decision> ends = Sinks.one();
        Sinks.One<Decision> fails = Sinks.one();
        Agent<Turn, Decision> solo = TestRuns.stepping("Solo", turn -> switch (turn.input(String.class)) {
            case "ends" -> ends.asMono();
            case "goes on" -> ends.asMono().map(any -> Decision.repeat("more"));
            case "fails" -> fails.asMono();
            default -> Mono.never();
        });
        Workflow<String, String> flow = TestRuns.alone(solo).journal(journal).build();
        for (String task : List.of("ends", "goes on", "fails", "hangs")) {
            flow.start(task);
        }
        Mono<Drained> drained = flow.runs().shutdown(Duration.ofMillis(300)).cache();
        drained.subscribe();

        fails.tryEmitError(new IllegalStateException("connection closed"));
        ends.tryEmitValue(Decision.answer("done"));

        assertThat(drained.block(SOON)).isEqualTo(new Drained(1, 3, 0, 2, 2));
    }

    @Test
    void shutdown_badGrace_isRefused() {
        Runs<String> runs = alone("flow", Mono.never()).runs();

        assertThatNullPointerException().isThrownBy(() -> runs.shutdown(null)).withMessage("grace");
        assertThatIllegalArgumentException()
                .isThrownBy(() -> runs.shutdown(Duration.ofNanos(-1)))
                .withMessageContaining("must be >= 0");
    }

    @Test
    void shutdown_notSubscribed_doesNothing() {
        Workflow<String, String> flow = alone("flow", Mono.just(Decision.answer("x")));
        var unused = flow.runs().shutdown(Duration.ZERO);

        assertThat(TestRuns.ended(flow.start("go")).answer()).isEqualTo("x");
    }

    /** A service under load: its calls fail as soon as its client is closed. */
    private static final class Service {

        private static final int WIDTH = 3;
        private static final int FORKS = 3;

        final AtomicBoolean clientClosed = new AtomicBoolean();
        final Queue<Sinks.Empty<Void>> calls = new ConcurrentLinkedQueue<>();
        final Workflow<Integer, Integer> flow;

        Service(Journal journal, Random random, Set<String> settled) {
            Agent<Turn, Decision> lead =
                    Agent.of("Lead", (turn, context) -> call(random).thenReturn(decide(turn)));
            Agent<Turn, Decision> worker = Agent.of("Worker", (turn, context) -> {
                if (settled.contains(context.idempotencyKey())) {
                    throw new IllegalStateException("had settled: " + context.idempotencyKey());
                }
                return call(random).thenReturn(Decision.answer(turn.input(Integer.class) + 1));
            });
            flow = Workflow.builder(TestRuns.CREW, Integer.class)
                    .agent("Lead", lead)
                    .agent("Worker", worker)
                    .journal(journal)
                    .build();
        }

        private Mono<Void> call(Random random) {
            if (clientClosed.get()) {
                return Mono.error(new IllegalStateException("client closed"));
            }
            Sinks.Empty<Void> cut = Sinks.empty();
            calls.add(cut);
            if (clientClosed.get()) {
                cut.tryEmitError(new IllegalStateException("client closed"));
            }
            long micros = random.nextInt(3_000);
            return Mono.firstWithSignal(
                    cut.asMono(), Mono.delay(Duration.ofNanos(micros * 1_000)).then());
        }

        private static Decision decide(Turn turn) {
            if (turn.reason() == Turn.Reason.REQUESTED) {
                return fork(turn.input(Integer.class));
            }
            List<Integer> answers = turn.answers(Integer.class);
            int sum = answers.stream().mapToInt(Integer::intValue).sum();
            return answers.size() == WIDTH && sum < 300 ? fork(sum) : Decision.answer(sum);
        }

        private static Decision fork(int sum) {
            List<Invocation> workers = new ArrayList<>();
            for (int at = 0; at < WIDTH; at++) {
                workers.add(Invocation.of("Worker", sum + at));
            }
            return Decision.fanOut(workers);
        }

        static int answer(int task) {
            int sum = task;
            do {
                sum = WIDTH * sum + FORKS + WIDTH;
            } while (sum < 300);
            return sum;
        }

        /** As a server does: the shutdown first, then all connections are cut. */
        Drained stop(Duration grace) {
            Mono<Drained> drained = flow.runs().shutdown(grace).cache();
            drained.subscribe();
            clientClosed.set(true);
            calls.forEach(cut -> cut.tryEmitError(new IllegalStateException("client closed")));
            return drained.block(SOON);
        }
    }

    @Test
    void shutdown_aHundredTimesUnderLoad_everyRunEndsAsItWouldHave() {
        long seed = System.nanoTime();
        Random random = new Random(seed);
        Set<String> settled = ConcurrentHashMap.newKeySet();
        int task = 0;
        long suspended = 0;
        long cut = 0;
        long finished = 0;
        for (int stop = 0; stop < STOPS; stop++) {
            Service service = new Service(journal, random, settled);
            Recovery<Integer> recovery = service.flow.runs().recoverAll().block(SOON);
            assertThat(recovery.failures()).as("seed %s", seed).isEmpty();
            for (int more = recovery.recovered().size(); more < 8; more++) {
                service.flow.submit(task++).block(SOON);
            }
            Mono.delay(Duration.ofNanos(random.nextInt(8_000_000))).block(SOON);

            Drained drained = service.stop(Duration.ofMillis(random.nextInt(3)));

            assertThat(drained.brokenDown()).as("seed %s", seed).isZero();
            suspended += drained.suspended();
            cut += drained.stepsCut();
            finished += drained.stepsFinished();
            settledSteps(settled, random);
        }
        Service last = new Service(journal, random, settled);
        Recovery<Integer> recovery = last.flow.runs().recoverAll().block(SOON);
        Flux.fromIterable(recovery.recovered()).concatMap(Run::result, 1).blockLast(SOON);

        for (String runId : journal.list(JournalFilter.all())
                .map(summary -> summary.runId())
                .collectList()
                .block(SOON)) {
            RunResult<Integer> result =
                    TestRuns.ended(last.flow.runs().recover(runId).block(SOON));
            int of = task(runId);
            assertThat(result.status()).as("seed %s: %s", seed, result).isEqualTo(RunResult.Status.SUCCEEDED);
            assertThat(result.answer()).as("seed %s: task %s", seed, of).isEqualTo(Service.answer(of));
        }
        assertThat(suspended).isPositive();
        assertThat(cut).isPositive();
        System.out.println(STOPS + " stops: " + task + " runs, suspended " + suspended + " times, " + cut
                + " steps cut, " + finished + " finished within the grace");
    }

    private int task(String runId) {
        Object task = journal.codec()
                .decode(journal.read(runId, 0).blockFirst(SOON).payload())
                .get("task");
        return ((Number) task).intValue();
    }

    /** What is in the journal as ended must not be called again. */
    private void settledSteps(Set<String> settled, Random random) {
        Runs<Integer> runs = new Service(journal, random, settled).flow.runs();
        journal.list(JournalFilter.all().lastTypeNotIn("run-finished"))
                .flatMap(
                        run -> runs.events(run.runId())
                                .ofType(RunEvent.StepSettled.class)
                                .filter(event -> event.agent().equals("Worker"))
                                .map(event -> run.runId() + event.branch() + '#' + event.step()),
                        4)
                .doOnNext(settled::add)
                .blockLast(SOON);
    }
}
