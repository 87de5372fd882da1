package io.flotilla.run;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.flotilla.UndisturbedTime;
import io.flotilla.agent.Agent;
import io.flotilla.agent.StepContext;
import io.flotilla.agent.Usage;
import io.flotilla.journal.Journal;
import io.flotilla.journal.JournalEntry;
import io.flotilla.journal.PayloadCodec;
import io.flotilla.journal.StaleAppendException;
import io.flotilla.observe.Redactor;
import io.flotilla.run.machine.Effect;
import io.flotilla.run.machine.FactCodec;
import io.flotilla.run.machine.Replay;
import io.flotilla.topology.Topology;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.function.Function;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import reactor.core.publisher.Mono;
import reactor.test.scheduler.VirtualTimeScheduler;

/** A run with all there is, stopped after every fact and gone on with; and what else a resume must keep. */
@Timeout(120)
class RecoveryAnywhereTest {

    private static final Topology TOPOLOGY = Topology.parse("""
            start -> Boss
            Boss <-> Worker
            Boss -> Left, Right, user
            Left, Right -> Meet
            Meet -> end
            """);
    private static final int ROUNDS = 20;

    /** When each step is done, so that one that is started again is done when it would have been. */
    private final Map<String, Instant> due = new HashMap<>();

    private final List<String> started = new ArrayList<>();

    @AfterEach
    void realTimeAgain() {
        VirtualTimeScheduler.reset();
    }

    private static VirtualTimeScheduler timeAt(Instant at) {
        VirtualTimeScheduler.reset();
        VirtualTimeScheduler time = UndisturbedTime.begin();
        time.advanceTimeTo(at);
        return time;
    }

    private Agent<Turn, Decision> agent(Function<Turn, Mono<Decision>> body) {
        return Agent.of("body", (turn, context) -> {
            started.add(context.idempotencyKey());
            context.usage().record(Usage.ofTokens(1, 2));
            context.state().merge("steps", 1);
            return body.apply(turn);
        });
    }

    private Mono<Decision> after(int ms, StepContext context, Decision decision) {
        Instant now = Instant.ofEpochMilli(VirtualTimeScheduler.get().now(TimeUnit.MILLISECONDS));
        Instant at = due.computeIfAbsent(context.idempotencyKey(), key -> now.plusMillis(ms));
        Duration left = Duration.between(now, at);
        return left.isNegative() || left.isZero()
                ? Mono.just(decision)
                : Mono.delay(left).thenReturn(decision);
    }

    private Workflow<Integer, Object> workflow(Journal journal) {
        return Workflow.builder(TOPOLOGY, Object.class)
                .agent("Boss", agent(turn -> Mono.just(boss(turn))))
                .agent("Worker", Agent.of("Worker", (turn, context) -> {
                    started.add(context.idempotencyKey());
                    context.usage().record(Usage.ofTokens(1, 2));
                    context.state().merge("steps", 1);
                    return worker(turn, context);
                }))
                .agent("Left", agent(turn -> Mono.just(Decision.handOff("Meet", "l"))))
                .agent("Right", agent(turn -> Mono.just(Decision.handOff("Meet", "r"))))
                .agent(
                        "Meet",
                        agent(turn -> Mono.just(
                                Decision.handOff("end", turn.arrivals().size()))))
                .join(Join.allSettled()
                        .within(Duration.ofSeconds(2))
                        .orProceed()
                        .keepStragglers())
                .joinAt("Meet", Join.all())
                .limits(Limits.time(Duration.ofHours(1)))
                .mergeState("steps", Integer.class, Integer::sum)
                .journal(journal)
                .build();
    }

    private static Decision boss(Turn turn) {
        int round = (Integer) turn.input();
        if (turn.reason() == Turn.Reason.JOINED) {
            return round % 7 == 2
                    ? Decision.ask(Question.of(round == 2 ? "you?" : "anybody?")
                            .timeout(Duration.ofSeconds(5))
                            .defaultAnswer("nobody"))
                    : Decision.repeat(round + 1);
        }
        if (turn.reason() == Turn.Reason.ANSWERED) {
            return Decision.repeat(round + 1);
        }
        if (round % 5 == 3 && turn.correction() == null) {
            return Decision.handOff("Nobody", round);
        }
        return round < ROUNDS
                ? Decision.fanOut(IntStream.range(0, 6)
                        .mapToObj(at -> Invocation.of("Worker", List.of(round, at)))
                        .toList())
                : Decision.fanOut(Invocation.of("Left", "x"), Invocation.of("Right", "y"));
    }

    private Mono<Decision> worker(Turn turn, StepContext context) {
        List<?> input = (List<?>) turn.input();
        write(turn, context);
        return switch ((Integer) input.get(1)) {
            case 0 -> Mono.just(Decision.answer("at once"));
            case 1 -> Mono.just(Decision.fail("no"));
            case 2 -> Mono.error(new IllegalStateException("broken"));
            case 3 -> after(1_013, context, Decision.answer("later"));
            case 4 -> after(3_037, context, Decision.answer("late"));
            case 5 -> Mono.just(Decision.repeat(List.of(input.get(0), 6)));
            default -> after(517, context, Decision.answer("again"));
        };
    }

    /** Two of them at the same time, so that the later one conflicts. */
    private static void write(Turn turn, StepContext context) {
        List<?> input = (List<?>) turn.input();
        if (input.get(1).equals(3) || input.get(1).equals(6)) {
            context.state().put("slow", input);
        } else if (input.get(1).equals(0)) {
            context.state().put("round " + (Integer) input.get(0) % 3, input.get(0));
            context.state().remove("round " + ((Integer) input.get(0) + 1) % 3);
        }
    }

    private static RunResult<Object> drive(VirtualTimeScheduler time, Run<Object> run) {
        List<RunResult<Object>> results = new ArrayList<>();
        List<Throwable> errors = new ArrayList<>();
        run.result().subscribe(results::add, errors::add);
        for (int steps = 0; results.isEmpty() && errors.isEmpty() && steps < 100_000; steps++) {
            run.questions().stream()
                    .filter(question -> question.text().startsWith("you"))
                    .forEach(question -> run.answer(question.id(), "me").subscribe());
            long ms = time.now(TimeUnit.MILLISECONDS);
            time.advanceTimeTo(Instant.ofEpochMilli(ms - ms % 100 + 100));
        }
        assertThat(errors).isEmpty();
        assertThat(results).hasSize(1);
        return results.get(0);
    }

    private static String told(Run<?> run) {
        StringBuilder told = new StringBuilder();
        run.events().doOnNext(event -> told.append(event).append('\n')).blockLast();
        return told.toString();
    }

    @Test
    void recover_afterEveryFactOfARunWithAllThereIs_theSameResultAndEvents() {
        Journal journal = Journal.inMemory();
        VirtualTimeScheduler time = timeAt(Instant.EPOCH.plusSeconds(1));
        Run<Object> whole = workflow(journal).start(0);
        RunResult<Object> expected = drive(time, whole);
        String events = told(whole);
        List<JournalEntry> facts = journal.read(whole.runId(), 0).collectList().block();
        assertThat(facts).hasSizeGreaterThan(200);
        assertThat(expected.answers()).containsExactly(2);
        assertThat(events)
                .contains("DecisionRejected", "late=true", "Failed", "byDefault=true", "byDefault=false")
                .contains("RendezvousFired", "BranchMovedOn")
                .contains("StateWritten", "others have written the same state meanwhile: slow");
        Map<String, StateValue> state = whole.state().block().values();
        assertThat(state).containsKeys("steps", "slow");

        FactCodec codec = new FactCodec(PayloadCodec.basic(), Redactor.NONE);
        Replay replay = new Replay(whole.runId(), workflow(journal).plan());
        for (int stop = 1; stop <= facts.size(); stop++) {
            codec.read(facts.get(stop - 1), replay);
            Journal copy = Journal.inMemory();
            copy.append(whole.runId(), 0, facts.subList(0, stop)).block();
            time = timeAt(facts.get(stop - 1).timestamp());
            started.clear();
            Run<Object> resumed = workflow(copy).runs().recover(whole.runId()).block();
            List<String> inFlight = replay.outstandingEffects(Instant.EPOCH).stream()
                    .filter(Effect.StartStep.class::isInstance)
                    .map(Effect.StartStep.class::cast)
                    .map(step -> whole.runId() + step.branch() + '#' + step.number())
                    .toList();
            assertThat(started.subList(0, inFlight.size())).as("after %s", stop).isEqualTo(inFlight);
            assertThat(resumed.questions())
                    .as("open after %s", stop)
                    .containsAll(replay.state().questions());
            RunResult<Object> result = drive(time, resumed);
            assertThat(resumed.state().block().values())
                    .as("state at the end, after %s", stop)
                    .isEqualTo(state);

            assertThat(told(resumed)).as("after %s", stop).isEqualTo(events);
            assertThat(result.answers()).isEqualTo(expected.answers());
            assertThat(result.steps()).isEqualTo(expected.steps());
            assertThat(result.duration()).as("duration after %s", stop).isEqualTo(expected.duration());
            assertThat(started).as("none twice").doesNotHaveDuplicates();
            if (stop >= facts.size() - 1) {
                assertThat(started).as("nobody is called").isEmpty();
                assertThat(copy.read(whole.runId(), 0).count().block()).isEqualTo(facts.size());
                assertThat(result.usage()).isEqualTo(expected.usage());
            }
        }
    }

    private static Workflow<String, String> asking(Journal journal, String name) {
        return TestRuns.alone(TestRuns.deciding(
                        "Solo",
                        turn -> turn.reason() == Turn.Reason.ANSWERED
                                ? Decision.answer("told " + turn.answer())
                                : Decision.ask(Question.of("what?")
                                        .timeout(Duration.ofSeconds(10))
                                        .defaultAnswer("nobody"))))
                .limits(Limits.time(Duration.ofSeconds(30)))
                .journal(journal)
                .name(name)
                .build();
    }

    @Test
    void recover_openQuestion_hasItsIdDeadlineAndDefault() {
        Journal journal = Journal.inMemory();
        timeAt(Instant.EPOCH);
        Run<String> run = asking(journal, "a").start("go");
        List<PendingQuestion> open = run.questions();
        VirtualTimeScheduler time = timeAt(Instant.EPOCH.plusSeconds(4));
        Run<String> resumed = asking(new ForwardingJournal(journal), "a")
                .runs()
                .recover(run.runId())
                .block();
        List<RunResult<String>> results = new ArrayList<>();
        resumed.result().subscribe(results::add);

        assertThat(resumed.questions()).isEqualTo(open);
        time.advanceTimeBy(Duration.ofMillis(5_999));
        assertThat(results).isEmpty();
        time.advanceTimeBy(Duration.ofMillis(1));
        assertThat(results).singleElement().satisfies(result -> {
            assertThat(result.answers()).containsExactly("told nobody");
            assertThat(result.duration()).isEqualTo(Duration.ofSeconds(10));
        });
    }

    @Test
    void recover_deadlineThatHasPassed_passesAtOnceTheEarlierFirst() {
        Journal journal = Journal.inMemory();
        timeAt(Instant.EPOCH);
        Run<String> run = asking(journal, "a").start("go");
        timeAt(Instant.EPOCH.plusSeconds(60)).advanceTimeBy(Duration.ZERO);
        Run<String> resumed = asking(new ForwardingJournal(journal), "a")
                .runs()
                .recover(run.runId())
                .block();
        VirtualTimeScheduler.get().advanceTimeBy(Duration.ZERO);

        assertThat(resumed.result().block(TestRuns.SOON).failure()).isInstanceOf(LimitExceededException.class);
        assertThat(told(resumed)).as("the question's came before the run's").contains("byDefault=true");
    }

    @Test
    void recover_paused_staysPaused() {
        Journal journal = Journal.inMemory();
        timeAt(Instant.EPOCH);
        Run<String> run = asking(journal, "a").start("go");
        run.pause();
        run.answer("q0", "me").subscribe();
        Run<String> resumed = asking(new ForwardingJournal(journal), "a")
                .runs()
                .recover(run.runId())
                .block();
        List<RunResult<String>> results = new ArrayList<>();
        resumed.result().subscribe(results::add);

        assertThat(results).isEmpty();
        assertThat(asking(journal, "a").runs().replay(run.runId()).block().status())
                .isEqualTo(RunState.Status.PAUSED);
        resumed.resume();
        assertThat(results).hasSize(1);
    }

    @Test
    void recover_inTwoProcessesAtOnce_theSecondToWriteIsStale() {
        Journal journal = Journal.inMemory();
        timeAt(Instant.EPOCH);
        Run<String> run = asking(journal, "a").start("go");
        Run<String> one = asking(new ForwardingJournal(journal), "a")
                .runs()
                .recover(run.runId())
                .block();
        Run<String> two = asking(new ForwardingJournal(journal), "a")
                .runs()
                .recover(run.runId())
                .block();
        one.answer("q0", "one").subscribe();
        two.answer("q0", "two").subscribe();

        assertThat(one.result().block(TestRuns.SOON).answers()).containsExactly("told one");
        assertThatThrownBy(() -> two.result().block(TestRuns.SOON)).isInstanceOf(StaleAppendException.class);
    }

    @Test
    void recoverAll_otherWorkflowsAndEndedRuns_areLeftAlone() {
        Journal journal = Journal.inMemory();
        timeAt(Instant.EPOCH);
        Run<String> first = asking(journal, "a").start("go");
        Run<String> other = asking(journal, "b").start("go");
        Run<String> ended = asking(journal, "a").start("go");
        ended.answer("q0", "me").subscribe();
        Run<String> last = asking(journal, "a").start("go");

        Recovery<String> recovery =
                asking(new ForwardingJournal(journal), "a").runs().recoverAll().block();
        assertThat(recovery.recovered()).extracting(Run::runId).containsExactlyInAnyOrder(first.runId(), last.runId());
        assertThat(recovery.failures()).isEmpty();
        assertThat(recovery.live()).isEmpty();
        assertThat(recovery.otherWorkflows()).containsExactly(Map.entry("b", 1L));
        assertThatThrownBy(() -> asking(new ForwardingJournal(journal), "a")
                        .runs()
                        .recover(other.runId())
                        .block())
                .isInstanceOfSatisfying(
                        UnknownRunException.class,
                        unknown -> assertThat(unknown.workflow()).isEqualTo("b"))
                .hasMessageContaining("b");
        assertThatThrownBy(() -> asking(journal, "a").runs().recover("nobody").block())
                .isInstanceOfSatisfying(
                        UnknownRunException.class,
                        unknown -> assertThat(unknown.workflow()).isNull())
                .hasMessageContaining("nobody");
    }
}
