package io.flotilla.run;

import static io.flotilla.run.TestRuns.SOON;
import static io.flotilla.run.TestRuns.alone;
import static io.flotilla.run.TestRuns.deciding;
import static io.flotilla.run.TestRuns.ended;
import static org.assertj.core.api.Assertions.assertThat;

import io.flotilla.agent.Agent;
import io.flotilla.journal.Journal;
import io.flotilla.observe.BranchObservationContext;
import io.flotilla.observe.DocumentedContext;
import io.flotilla.observe.FlotillaKey;
import io.flotilla.observe.FlotillaObservation;
import io.flotilla.observe.FlotillaObservationContext;
import io.flotilla.observe.JoinObservationContext;
import io.flotilla.observe.RunObservationContext;
import io.flotilla.observe.SignalObservationContext;
import io.flotilla.observe.SleepObservationContext;
import io.flotilla.step.NothingDropped;
import io.flotilla.step.StepEngine;
import io.flotilla.topology.Topology;
import io.micrometer.observation.Observation;
import io.micrometer.observation.ObservationHandler;
import io.micrometer.observation.ObservationRegistry;
import java.time.Duration;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.CopyOnWriteArrayList;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import reactor.core.publisher.Mono;

/** What Micrometer is told of branches that sleep or wait for signals. */
@Timeout(60)
@ExtendWith(NothingDropped.class)
class RunWaitsTelemetryTest {

    private static final String SPAN = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";

    private final List<FlotillaObservationContext> started = new CopyOnWriteArrayList<>();
    private final List<FlotillaObservationContext> stopped = new CopyOnWriteArrayList<>();
    private final ObservationRegistry registry = ObservationRegistry.create();

    RunWaitsTelemetryTest() {
        registry.observationConfig().observationHandler(new ObservationHandler<FlotillaObservationContext>() {
            @Override
            public void onStart(FlotillaObservationContext context) {
                started.add(context);
                if (context instanceof RunObservationContext) {
                    context.traceparent(SPAN);
                }
            }

            @Override
            public void onStop(FlotillaObservationContext context) {
                stopped.add(context);
            }

            @Override
            public boolean supportsContext(Observation.Context context) {
                return context instanceof FlotillaObservationContext;
            }
        });
    }

    /** Decides so at first, and answers when it has waited. */
    private Workflow.Builder<String> waiting(Decision first) {
        return alone(deciding(
                        "Solo",
                        turn -> turn.reason() == Turn.Reason.REQUESTED
                                ? first
                                : Decision.answer(Objects.toString(turn.signal()))))
                .engine(StepEngine.builder().observationRegistry(registry).build());
    }

    private <T extends FlotillaObservationContext> T only(Class<T> type) {
        assertThat(stopped).as("all stop, once").containsExactlyInAnyOrderElementsOf(started);
        List<T> found = of(type, stopped);
        assertThat(found).hasSize(1);
        return found.get(0);
    }

    private static <T> List<T> of(Class<T> type, List<?> all) {
        return all.stream().filter(type::isInstance).map(type::cast).toList();
    }

    private void assertInsideItsBranch(FlotillaObservationContext wait) {
        BranchObservationContext branch = only(BranchObservationContext.class);
        assertThat(Objects.requireNonNull(wait.getParentObservation()).getContextView())
                .isSameAs(branch);
        assertThat(stopped.indexOf(wait)).as("ends before its branch").isLessThan(stopped.indexOf(branch));
    }

    private void untilStarted(Class<? extends FlotillaObservationContext> type) {
        TestRuns.until(() -> of(type, started).isEmpty() ? null : true);
    }

    private static Class<? extends FlotillaObservationContext> type(boolean sleeps) {
        return sleeps ? SleepObservationContext.class : SignalObservationContext.class;
    }

    @Test
    void sleep_thatElapses_isInsideItsBranch() {
        ended(waiting(Decision.sleep(Duration.ofMillis(1))).build().start("task"));

        SleepObservationContext sleep = only(SleepObservationContext.class);
        assertThat(sleep.documentation()).isSameAs(FlotillaObservation.SLEEP);
        assertThat(sleep.outcome()).isEqualTo("elapsed");
        assertThat(sleep.value(FlotillaKey.AGENT)).isEqualTo("Solo");
        assertThat(sleep.value(FlotillaKey.BRANCH)).isEqualTo("/");
        assertInsideItsBranch(sleep);
    }

    @Test
    void sleep_ofNoTime_isNone() {
        ended(waiting(Decision.sleep(Duration.ZERO)).build().start("task"));

        assertThat(of(SleepObservationContext.class, started)).isEmpty();
    }

    @Test
    void signal_thatComes_isInsideItsBranch() {
        Run<String> run = waiting(Decision.await("paid")).build().start("task");
        untilStarted(SignalObservationContext.class);
        assertThat(run.signal("paid", "12 EUR").block(SOON)).isTrue();

        assertThat(ended(run).answer()).isEqualTo("12 EUR");
        SignalObservationContext wait = only(SignalObservationContext.class);
        assertThat(wait.documentation()).isSameAs(FlotillaObservation.SIGNAL);
        assertThat(wait.outcome()).isEqualTo("received");
        assertThat(wait.value(FlotillaKey.AGENT)).isEqualTo("Solo");
        assertThat(wait.value(FlotillaKey.BRANCH)).isEqualTo("/");
        assertThat(wait.value(FlotillaKey.SIGNAL)).isEqualTo("paid");
        assertInsideItsBranch(wait);
    }

    @Test
    void signal_thatHasComeBefore_isNotWaitedFor() {
        Run<String> run = alone(deciding("Solo", turn -> switch (turn.reason()) {
                    case REQUESTED -> Decision.ask("well?");
                    case ANSWERED -> Decision.await("paid");
                    default -> Decision.answer("done");
                }))
                .engine(StepEngine.builder().observationRegistry(registry).build())
                .build()
                .start("task");
        assertThat(run.signal("paid", 1).block(SOON)).isTrue();
        assertThat(run.answer("q0", "yes").block(SOON)).isTrue();

        assertThat(ended(run).answer()).isEqualTo("done");
        assertThat(of(SignalObservationContext.class, started)).isEmpty();
    }

    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void signal_thatDoesNotComeInTime_saysSo(boolean hasDefault) {
        Await await = Await.of("paid").timeout(Duration.ofMillis(1));
        RunResult<String> result = ended(waiting(Decision.await(hasDefault ? await.defaultValue("never") : await))
                .build()
                .start("task"));

        assertThat(result.isSucceeded()).isEqualTo(hasDefault);
        SignalObservationContext wait = only(SignalObservationContext.class);
        assertThat(wait.outcome()).isEqualTo(hasDefault ? "defaulted" : "timed_out");
        assertInsideItsBranch(wait);
    }

    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void wait_cancelled_isCancelled(boolean sleeps) {
        Run<String> run = waiting(sleeps ? Decision.sleep(Duration.ofDays(1)) : Decision.await("paid"))
                .build()
                .start("task");
        Class<? extends FlotillaObservationContext> type = type(sleeps);
        untilStarted(type);
        run.cancel();

        assertThat(ended(run).status()).isEqualTo(RunResult.Status.CANCELLED);
        FlotillaObservationContext wait = only(type);
        assertThat(wait.outcome()).isEqualTo("cancelled");
        assertInsideItsBranch(wait);
    }

    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void wait_suspendedAndRecovered_isObservedInBothProcesses(boolean sleeps) {
        Journal journal = Journal.inMemory();
        Decision first = sleeps ? Decision.sleep(Duration.ofMillis(300)) : Decision.await("paid");
        Run<String> before = waiting(first).journal(journal).build().start("task");
        Class<? extends FlotillaObservationContext> type = type(sleeps);
        untilStarted(type);
        before.suspend().block(SOON);
        assertThat(only(type).outcome()).isEqualTo("suspended");
        assertInsideItsBranch(only(type));
        started.clear();
        stopped.clear();

        Run<String> run = Objects.requireNonNull(waiting(first)
                .journal(new ForwardingJournal(journal))
                .build()
                .runs()
                .recover(before.runId())
                .block(SOON));
        run.signal("paid", 1).block(SOON);

        assertThat(ended(run).isSucceeded()).isTrue();
        assertThat(of(type, stopped))
                .extracting(DocumentedContext::outcome)
                .isEqualTo(List.of(sleeps ? "elapsed" : "received"));
        assertInsideItsBranch(only(type));
        assertThat(only(RunObservationContext.class).linkedTraceparent()).isEqualTo(SPAN);
    }

    /** What it has forked before goes on, and it does not wait for that. */
    @ParameterizedTest
    @ValueSource(strings = {"sleep", "signal", "question"})
    void recovered_whoWaitsWhileStragglersGoOn_hasNoJoinToWaitFor(String how) {
        Journal journal = Journal.inMemory();
        Workflow.Builder<String> flow = Workflow.builder(
                        Topology.parse("start -> Lead <-> Fast\nLead <-> Slow\nLead -> end, user"), String.class)
                .engine(StepEngine.builder().observationRegistry(registry).build())
                .agent("Lead", deciding("Lead", turn -> switch (turn.reason()) {
                    case REQUESTED -> Decision.fanOut(Invocation.of("Fast", 1), Invocation.of("Slow", 2));
                    case JOINED ->
                        switch (how) {
                            case "sleep" -> Decision.sleep(Duration.ofDays(1));
                            case "signal" -> Decision.await("go");
                            default -> Decision.ask("go?");
                        };
                    default -> Decision.answer("done");
                }))
                .agent("Fast", deciding("Fast", turn -> Decision.answer("x")))
                .agent("Slow", Agent.of("Slow", (turn, context) -> Mono.<Decision>never()))
                .joinAt("Lead", Join.firstSuccess().keepStragglers());
        Run<String> before = flow.journal(journal).build().start("task");
        before.events()
                .filter(event -> event instanceof RunEvent.SleepStarted
                        || event instanceof RunEvent.SignalAwaited
                        || event instanceof RunEvent.QuestionAsked)
                .blockFirst(SOON);
        before.suspend().block(SOON);
        assertThat(of(JoinObservationContext.class, started)).hasSize(1);

        Run<String> run = Objects.requireNonNull(flow.journal(new ForwardingJournal(journal))
                .build()
                .runs()
                .recover(before.runId())
                .block(SOON));
        run.cancel();
        ended(run);

        assertThat(of(RunObservationContext.class, started)).hasSize(2);
        assertThat(of(JoinObservationContext.class, started)).hasSize(1);
    }
}
