package io.flotilla.team;

import static org.assertj.core.api.Assertions.assertThat;

import io.flotilla.AgentId;
import io.flotilla.agent.Agent;
import io.flotilla.agent.StepContext;
import io.flotilla.step.StepResult;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import reactor.core.Disposable;
import reactor.core.publisher.Mono;
import reactor.test.subscriber.TestSubscriber;

@Timeout(60)
class SupervisionTest extends VirtualTime {

    private static final AgentId SCRIBE = AgentId.of("scribe");

    /** An agent that can be disposed of. */
    private static final class Made implements Agent<String, String>, Disposable {

        final Hand hand = new Hand("whatever");
        final AtomicInteger disposed = new AtomicInteger();

        @Override
        public AgentId id() {
            return hand.id();
        }

        @Override
        public Mono<String> step(String input, StepContext context) {
            return hand.step(input, context);
        }

        @Override
        public void dispose() {
            disposed.incrementAndGet();
        }
    }

    private final List<Made> made = new CopyOnWriteArrayList<>();
    private final TestSubscriber<ManagerEvent> events = TestSubscriber.create();

    private Made make() {
        Made one = new Made();
        made.add(one);
        return one;
    }

    private Hand last() {
        return made.get(made.size() - 1).hand;
    }

    private Worker<String, String> scribe() {
        return Worker.restartable(SCRIBE, this::make, "write");
    }

    private Manager<String, String> manager(Worker<String, String> worker) {
        return manager(worker, 1);
    }

    private Manager<String, String> manager(Worker<String, String> worker, int attempts) {
        Manager<String, String> manager = Manager.<String, String>builder("desk")
                .worker(worker)
                .maxAttempts(attempts)
                .build();
        manager.events().subscribe(events);
        settle();
        return manager;
    }

    private TestSubscriber<StepResult<String>> submit(Manager<String, String> to) {
        TestSubscriber<StepResult<String>> subscriber = TestSubscriber.create();
        to.submit("poem", "write").subscribe(subscriber);
        settle();
        return subscriber;
    }

    private void failOnce(Manager<String, String> at) {
        submit(at);
        last().fail("no ink");
        settle();
    }

    // --- restart

    @Test
    void restart_afterAFailure_theNextTaskHasAFreshAgent() {
        Manager<String, String> desk = manager(scribe());
        assertThat(made).as("not before it is needed").isEmpty();
        failOnce(desk);
        submit(desk);

        assertThat(made).hasSize(2);
        assertThat(made.get(0).hand.tasks).hasSize(1);
        assertThat(made.get(0).disposed).hasValue(1);
        assertThat(made.get(1).disposed).hasValue(0);
        assertThat(desk.workers().get(0).restarts()).isEqualTo(1);
        assertThat(events.getReceivedOnNext())
                .singleElement()
                .isInstanceOfSatisfying(ManagerEvent.WorkerRestarted.class, event -> {
                    assertThat(event.worker()).isEqualTo(SCRIBE);
                    assertThat(event.restarts()).isEqualTo(1);
                    assertThat(event.cause()).hasMessage("no ink");
                });
    }

    @Test
    void restart_afterASuccess_theSameAgent() {
        Manager<String, String> desk = manager(scribe());
        for (int at = 0; at < 3; at++) {
            submit(desk);
            last().answer("roses");
            settle();
        }

        assertThat(made).hasSize(1);
    }

    @Test
    void result_isOfTheWorker_whateverTheAgentsId() {
        Manager<String, String> desk = manager(scribe());
        TestSubscriber<StepResult<String>> one = submit(desk);
        last().answer("roses");

        assertThat(one.getReceivedOnNext().get(0).agentId()).isEqualTo(SCRIBE);
    }

    @Test
    void restart_otherTasksAtTheOldAgent_endThereAndDoNotRestartAgain() {
        Manager<String, String> desk = manager(scribe().concurrency(3));
        submit(desk);
        submit(desk);
        TestSubscriber<StepResult<String>> third = submit(desk);
        Made old = made.get(0);
        assertThat(old.hand.tasks).hasSize(3);
        old.hand.fail("no ink"); // the third
        settle();
        assertThat(third.getReceivedOnNext()).hasSize(1);
        assertThat(old.disposed).as("two are still at it").hasValue(0);
        old.hand.failAll("nor paper");
        settle();

        assertThat(desk.workers().get(0).restarts()).isEqualTo(1);
        assertThat(old.disposed).hasValue(1);
    }

    @Test
    void intensity_lessThanEqualToMoreThan_escalatesBeyondIt() {
        Manager<String, String> desk =
                manager(scribe().supervision(Supervision.restart().intensity(2, Duration.ofSeconds(10))));
        failOnce(desk);
        failOnce(desk);
        assertThat(desk.workers().get(0).state()).isEqualTo(WorkerStatus.State.ACTIVE);
        TestSubscriber<StepResult<String>> third = submit(desk);
        last().fail("no ink");
        settle();

        assertThat(desk.workers().get(0).state()).isEqualTo(WorkerStatus.State.STOPPED);
        assertThat(made).hasSize(3);
        assertThat(third.getReceivedOnNext().get(0).cause())
                .isInstanceOf(WorkerEscalatedException.class)
                .hasMessage("worker scribe is stopped, it was restarted 2 times in PT10S")
                .hasRootCauseMessage("no ink");
        assertThat(events.getReceivedOnNext()).last().isInstanceOf(ManagerEvent.WorkerEscalated.class);
    }

    @Test
    void intensity_thePeriodSlides() {
        Manager<String, String> desk =
                manager(scribe().supervision(Supervision.restart().intensity(2, Duration.ofSeconds(10))));
        failOnce(desk);
        pass(Duration.ofSeconds(6));
        failOnce(desk);
        pass(Duration.ofSeconds(4));
        failOnce(desk);
        assertThat(desk.workers().get(0).state()).as("the first is 10 s ago").isEqualTo(WorkerStatus.State.ACTIVE);
        pass(Duration.ofSeconds(6).minusMillis(1));
        failOnce(desk);
        assertThat(desk.workers().get(0).state()).as("the second is not").isEqualTo(WorkerStatus.State.STOPPED);
    }

    @Test
    void intensity_zero_escalatesAtOnce() {
        Manager<String, String> desk =
                manager(scribe().supervision(Supervision.restart().intensity(0, Duration.ofSeconds(10))));
        failOnce(desk);

        assertThat(desk.workers().get(0).state()).isEqualTo(WorkerStatus.State.STOPPED);
    }

    @Test
    void factory_throwsOrReturnsNull_isAFailureOfTheStepAndEscalatesInTheEnd() {
        AtomicInteger calls = new AtomicInteger();
        Manager<String, String> desk = manager(Worker.restartable(
                SCRIBE,
                () -> {
                    if (calls.incrementAndGet() % 2 == 0) {
                        return null;
                    }
                    throw new IllegalStateException("no more scribes");
                },
                "write"));
        for (int at = 0; at <= Supervision.DEFAULT_MAX_RESTARTS; at++) {
            TestSubscriber<StepResult<String>> one = submit(desk);
            assertThat(one.getReceivedOnNext().get(0)).isInstanceOf(StepResult.Failed.class);
        }

        assertThat(desk.workers().get(0).state()).isEqualTo(WorkerStatus.State.STOPPED);
        assertThat(submit(desk).getReceivedOnNext().get(0)).isInstanceOf(StepResult.Rejected.class);
    }

    @Test
    void close_theLastAgent_isDisposedOf() {
        Manager<String, String> desk = manager(scribe());
        submit(desk);
        desk.close(Duration.ZERO).subscribe();
        settle();

        assertThat(made.get(0).disposed).hasValue(1);
    }

    @Test
    void close_anAgentOfTheUsers_isNotDisposedOf() {
        Made own = make();
        Manager<String, String> desk = manager(Worker.of(own, "write"));
        submit(desk);
        desk.close(Duration.ZERO).subscribe();
        settle();

        assertThat(own.disposed).hasValue(0);
    }

    // --- quarantine

    @Test
    void quarantine_getsNothingUntilItsTimeIsOver() {
        Manager<String, String> desk =
                manager(Worker.of(make(), "write").supervision(Supervision.quarantine(Duration.ofSeconds(30))));
        failOnce(desk);
        assertThat(desk.workers().get(0).state()).isEqualTo(WorkerStatus.State.QUARANTINED);
        submit(desk);
        assertThat(desk.stats().queued()).as("it waits for the worker").isEqualTo(1);
        pass(Duration.ofSeconds(30).minusMillis(1));
        assertThat(last().tasks).hasSize(1);
        pass(Duration.ofMillis(1));

        assertThat(last().tasks).hasSize(2);
        assertThat(desk.workers().get(0).state()).isEqualTo(WorkerStatus.State.ACTIVE);
        assertThat(events.getReceivedOnNext())
                .extracting(event -> (Object) event.getClass().getSimpleName())
                .containsExactly("WorkerQuarantined", "WorkerReleased");
    }

    @Test
    void quarantine_ofTheOther_theSameWorkerHasTheTaskAgain() {
        Hand ann = new Hand("ann");
        Hand bob = new Hand("bob");
        Manager<String, String> desk = Manager.<String, String>builder("desk")
                .worker(Worker.of(ann, "write"))
                .worker(Worker.of(bob, "write").supervision(Supervision.quarantine(Duration.ofHours(1))))
                .build();
        submit(desk);
        submit(desk);
        bob.fail("ill"); // its task waits for ann, who is busy and well
        settle();
        assertThat(ann.tasks).hasSize(1);
        ann.fail("no ink"); // and hers cannot go to bob
        settle();

        assertThat(ann.tasks).hasSize(2);
        assertThat(bob.tasks).hasSize(1);
        assertThat(desk.stats().queued()).isEqualTo(1);
    }

    // --- escalate

    @Test
    void escalate_theWorkerIsStoppedAndTheTaskGoesUpNotSideways() {
        Hand bob = new Hand("bob");
        Hand ann = new Hand("ann");
        Manager<String, String> desk = Manager.<String, String>builder("desk")
                .worker(Worker.of(ann, "write").supervision(Supervision.escalate()))
                .worker(Worker.of(bob, "write"))
                .build();
        TestSubscriber<StepResult<String>> one = submit(desk);
        ann.fail("no ink");
        settle();
        submit(desk);

        assertThat(one.getReceivedOnNext().get(0).cause())
                .isInstanceOfSatisfying(
                        WorkerEscalatedException.class,
                        escalated -> assertThat(escalated.worker()).isEqualTo(ann.id()));
        assertThat(bob.tasks).as("the next one").hasSize(1);
        assertThat(ann.tasks).hasSize(1);
    }

    @Test
    void escalate_theLastCapableOne_whatWaitsIsRejected() {
        Manager<String, String> desk = manager(Worker.of(make(), "write").supervision(Supervision.escalate()));
        submit(desk);
        TestSubscriber<StepResult<String>> waits = submit(desk);
        last().fail("no ink");
        settle();

        StepResult<String> result = waits.getReceivedOnNext().get(0);
        assertThat(result).isInstanceOf(StepResult.Rejected.class);
        assertThat(((TaskRejectedException) result.cause()).reason())
                .isEqualTo(TaskRejectedException.Reason.NO_CAPABLE_WORKER);
        assertThat(desk.stats().rejected()).isEqualTo(1);
        assertThat(desk.stats().failed()).isEqualTo(1);
        assertThat(desk.stats().queued()).isZero();
    }

    @Test
    void escalate_inAManagerBelow_theManagerAboveRestartsItWhole() {
        List<Manager<String, String>> below = new CopyOnWriteArrayList<>();
        Manager<String, String> top = manager(
                Worker.restartable(
                        AgentId.of("low"),
                        () -> {
                            Manager<String, String> low = Manager.<String, String>builder("low")
                                    .worker(Worker.of(make(), "write").supervision(Supervision.escalate()))
                                    .build();
                            below.add(low);
                            return low.asAgent(low.id());
                        },
                        "write"),
                2);
        TestSubscriber<StepResult<String>> one = submit(top);
        last().fail("no ink");
        settle();
        assertThat(below).hasSize(2);
        assertThat(below.get(0).submit("late", "write").map(StepResult::kind).block(SOON))
                .as("the old one is closed")
                .isEqualTo(StepResult.Kind.REJECTED);
        last().answer("roses");
        settle();

        assertThat(one.getReceivedOnNext().get(0).value()).isEqualTo("roses");
    }

    // --- deciding

    @Test
    void by_decidesForEachFailure() {
        Manager<String, String> desk = manager(scribe().supervision(Supervision.by(failure ->
                "bad".equals(failure.cause().getMessage()) ? new Directive.Restart() : new Directive.Resume())));
        submit(desk);
        last().fail("not so bad");
        settle();
        submit(desk);
        last().fail("bad");
        settle();
        submit(desk);

        assertThat(made).hasSize(2);
        assertThat(made.get(0).hand.tasks).hasSize(2);
    }

    @Test
    void by_throwsOrReturnsNull_escalates() {
        List<Supervision> bad = List.of(
                Supervision.by(failure -> {
                    throw new LinkageError("boom");
                }),
                Supervision.by(failure -> null));
        for (Supervision each : bad) {
            Manager<String, String> desk = Manager.<String, String>builder("desk")
                    .worker(scribe().supervision(each))
                    .build();
            failOnce(desk);
            assertThat(desk.workers().get(0).state()).isEqualTo(WorkerStatus.State.STOPPED);
        }
    }

    @Test
    void by_restartsAWorkerWithoutAFactory_escalates() {
        Manager<String, String> desk =
                manager(Worker.of(make(), "write").supervision(Supervision.by(failure -> new Directive.Restart())));
        TestSubscriber<StepResult<String>> one = submit(desk);
        last().fail("no ink");
        settle();

        assertThat(one.getReceivedOnNext().get(0).cause())
                .hasMessage("worker scribe is stopped, it has no factory to be restarted with"
                        .replace("scribe", "whatever"));
    }

    @Test
    void resume_goesOnAsItIs() {
        Manager<String, String> desk = manager(Worker.of(make(), "write"));
        failOnce(desk);
        failOnce(desk);

        assertThat(last().tasks).hasSize(2);
        assertThat(desk.workers().get(0).state()).isEqualTo(WorkerStatus.State.ACTIVE);
        assertThat(events.getReceivedOnNext()).isEmpty();
    }
}
