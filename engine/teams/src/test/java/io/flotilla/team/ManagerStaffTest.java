package io.flotilla.team;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;
import static org.assertj.core.api.Assertions.assertThatNullPointerException;

import io.flotilla.AgentId;
import io.flotilla.agent.Agent;
import io.flotilla.agent.StepContext;
import io.flotilla.agent.Usage;
import io.flotilla.agent.UsageLedger;
import io.flotilla.step.StepEngine;
import io.flotilla.step.StepResult;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import reactor.core.Disposable;
import reactor.core.publisher.Mono;
import reactor.test.subscriber.TestSubscriber;

/** Workers join and leave while their manager runs. */
@Timeout(60)
class ManagerStaffTest extends VirtualTime {

    private static final Duration GRACE = Duration.ofSeconds(30);

    private final Hand ann = new Hand("ann");
    private final Hand bob = new Hand("bob");
    private final List<ManagerEvent> events = new ArrayList<>();

    private Manager<String, String> desk(int maxAttempts, Hand... workers) {
        Manager.Builder<String, String> builder =
                Manager.<String, String>builder("desk").maxAttempts(maxAttempts);
        for (Hand each : workers) {
            builder.worker(worker(each));
        }
        Manager<String, String> desk = builder.build();
        desk.events().subscribe(events::add);
        return desk;
    }

    private static Worker<String, String> worker(Hand hand) {
        return Worker.of(hand, "write");
    }

    private TestSubscriber<StepResult<String>> submit(Manager<String, String> to, String task) {
        TestSubscriber<StepResult<String>> subscriber = TestSubscriber.create();
        to.submit(task, "write").subscribe(subscriber);
        settle();
        return subscriber;
    }

    private TestSubscriber<Void> leave(Manager<String, String> desk, Hand worker, Duration grace) {
        TestSubscriber<Void> left = TestSubscriber.create();
        desk.leave(worker.id(), grace).subscribe(left);
        settle();
        return left;
    }

    private static StepResult<String> result(TestSubscriber<StepResult<String>> of) {
        assertThat(of.getReceivedOnNext()).hasSize(1);
        return of.getReceivedOnNext().get(0);
    }

    private static void assertNobodyCapable(StepResult<String> result) {
        assertThat(result.cause())
                .isInstanceOfSatisfying(
                        TaskRejectedException.class,
                        rejected -> assertThat(rejected.reason())
                                .isEqualTo(TaskRejectedException.Reason.NO_CAPABLE_WORKER));
    }

    private static void assertAllEnded(Manager<?, ?> manager) {
        ManagerStats stats = manager.stats();
        assertThat(stats.queued() + stats.running()).as(stats.toString()).isZero();
        assertThat(stats.accepted())
                .as(stats.toString())
                .isEqualTo(stats.completed() + stats.failed() + stats.cancelled() + stats.rejected());
    }

    // --- joining

    @Test
    void join_whileTasksWait_isGivenTheFirstOfThem() {
        Manager<String, String> desk = desk(3, ann);
        submit(desk, "1");
        TestSubscriber<StepResult<String>> second = submit(desk, "2");
        submit(desk, "3");
        desk.join(worker(bob));
        settle();

        assertThat(bob.tasks).containsExactly("2");
        bob.answer("done");
        settle();
        assertThat(result(second).agentId()).isEqualTo(bob.id());
        assertThat(bob.tasks).containsExactly("2", "3");
        assertThat(desk.workers()).extracting(WorkerStatus::id).containsExactly(ann.id(), bob.id());
        assertThat(events).containsExactly(new ManagerEvent.WorkerJoined(bob.id()));
    }

    @Test
    void join_withANewCapability_makesTasksPossible() {
        Manager<String, String> desk = desk(3, ann);
        assertNobodyCapable(desk.submit("song", "sing").block(SOON));
        desk.join(Worker.of(bob, "sing"));
        desk.submit("song", "sing").subscribe();
        settle();

        assertThat(bob.tasks).containsExactly("song");
    }

    @Test
    void join_bad_isRefused() {
        Manager<String, String> desk = desk(3, ann);

        assertThatNullPointerException().isThrownBy(() -> desk.join(null));
        assertThatIllegalArgumentException()
                .isThrownBy(() -> desk.join(worker(ann)))
                .withMessage("there is a worker ann already");
        desk.close(Duration.ZERO).subscribe();
        settle();
        assertThatIllegalStateException()
                .isThrownBy(() -> desk.join(worker(bob)))
                .withMessage("manager desk is closed");
    }

    // --- leaving

    @Test
    void leave_idle_hasLeftAtOnce() {
        Manager<String, String> desk = desk(3, ann, bob);
        TestSubscriber<Void> left = leave(desk, ann, GRACE);

        assertThat(left.isTerminatedComplete()).isTrue();
        assertThat(desk.workers()).extracting(WorkerStatus::id).containsExactly(bob.id());
        assertThat(events).containsExactly(new ManagerEvent.WorkerLeft(ann.id()));
        submit(desk, "1");
        submit(desk, "2");
        assertThat(ann.tasks).isEmpty();
        assertThat(bob.tasks).containsExactly("1");
    }

    @Test
    void leave_notSubscribed_isCold() {
        Manager<String, String> desk = desk(3, ann);
        Mono<Void> cold = desk.leave(ann.id(), Duration.ZERO);
        submit(desk, "1");

        assertThat(ann.tasks).containsExactly("1");
        assertThat(cold).isNotNull();
    }

    @Test
    void leave_busy_finishesWhatItHasAndIsGivenNothingMore() {
        Manager<String, String> desk = desk(3, ann);
        TestSubscriber<StepResult<String>> first = submit(desk, "1");
        desk.join(worker(bob));
        TestSubscriber<Void> left = leave(desk, ann, GRACE);
        submit(desk, "2");
        submit(desk, "3");

        assertThat(left.isTerminated()).isFalse();
        assertThat(desk.workers())
                .extracting(WorkerStatus::state)
                .containsExactly(WorkerStatus.State.LEAVING, WorkerStatus.State.ACTIVE);
        pass(GRACE.minusNanos(1));
        ann.answer("done");
        settle();

        assertThat(result(first).value()).isEqualTo("done");
        assertThat(left.isTerminatedComplete()).isTrue();
        assertThat(ann.tasks).containsExactly("1");
        assertThat(bob.tasks).containsExactly("2");
        assertThat(desk.stats().reassigned()).isZero();
        pass(GRACE);
        assertThat(ann.cancels).as("the timer is gone").hasValue(0);
    }

    /** With a single attempt: what its worker has left behind counts for none. */
    @Test
    void leave_graceIsOver_othersHaveItsTasks() {
        Manager<String, String> desk = desk(1, ann);
        TestSubscriber<StepResult<String>> task = submit(desk, "1");
        desk.join(worker(bob));
        TestSubscriber<Void> left = leave(desk, ann, GRACE);
        pass(GRACE.minusNanos(1));
        assertThat(ann.cancels).hasValue(0);
        pass(Duration.ofNanos(1));

        assertThat(ann.cancels).hasValue(1);
        assertThat(left.isTerminatedComplete()).isTrue();
        assertThat(bob.tasks).containsExactly("1");
        assertThat(bob.contexts.get(0).idempotencyKey())
                .isEqualTo(ann.contexts.get(0).idempotencyKey());
        ann.answer("late");
        bob.answer("done");
        settle();
        assertThat(result(task).value()).isEqualTo("done");
        assertThat(result(task).agentId()).isEqualTo(bob.id());
        assertThat(desk.stats().reassigned()).isEqualTo(1);
        assertThat(events)
                .containsExactlyInAnyOrder(
                        new ManagerEvent.WorkerJoined(bob.id()),
                        new ManagerEvent.TaskReassigned(ann.id(), 1, null),
                        new ManagerEvent.WorkerLeft(ann.id()));
        assertAllEnded(desk);
    }

    @Test
    void leave_withoutGrace_itsTasksComeFirst() {
        Manager<String, String> desk = desk(3, ann, bob);
        submit(desk, "1");
        submit(desk, "2");
        submit(desk, "3");
        leave(desk, ann, Duration.ZERO);
        bob.answer("done");
        settle();

        assertThat(bob.tasks).as("in the order in which they were submitted").containsExactly("2", "1");
    }

    @Test
    void leave_theLastCapable_whatWaitsIsRejectedAndWhatRunsGoesOn() {
        Manager<String, String> desk = desk(3, ann);
        TestSubscriber<StepResult<String>> first = submit(desk, "1");
        TestSubscriber<StepResult<String>> second = submit(desk, "2");
        leave(desk, ann, GRACE);

        assertNobodyCapable(result(second));
        assertNobodyCapable(result(submit(desk, "3")));
        ann.answer("done");
        settle();
        assertThat(result(first).value()).isEqualTo("done");
        assertThat(desk.stats().rejected()).isEqualTo(1);
        assertAllEnded(desk);
    }

    @Test
    void leave_theLastCapableWithoutGrace_itsTasksAreRejected() {
        Manager<String, String> desk = desk(3, ann);
        TestSubscriber<StepResult<String>> first = submit(desk, "1");
        leave(desk, ann, Duration.ZERO);

        assertNobodyCapable(result(first));
        assertThat(ann.cancels).hasValue(1);
        assertThat(desk.stats().rejected()).isEqualTo(1);
        assertThat(desk.stats().reassigned()).isZero();
        assertThat(events).containsExactly(new ManagerEvent.WorkerLeft(ann.id()));
        assertAllEnded(desk);
    }

    @Test
    void leave_failsMeanwhile_anotherHasTheTask() {
        Manager<String, String> desk = desk(3, ann, bob);
        submit(desk, "1");
        TestSubscriber<Void> left = leave(desk, ann, GRACE);
        ann.fail("boom");
        settle();

        assertThat(bob.tasks).containsExactly("1");
        assertThat(left.isTerminatedComplete()).isTrue();
    }

    @Test
    void leave_cancelledByTheSubmitter_hasLeft() {
        Manager<String, String> desk = desk(3, ann);
        Disposable task = desk.submit("1", "write").subscribe();
        settle();
        TestSubscriber<Void> left = leave(desk, ann, GRACE);
        task.dispose();
        settle();

        assertThat(left.isTerminatedComplete()).isTrue();
        assertThat(desk.stats().cancelled()).isEqualTo(1);
        assertAllEnded(desk);
    }

    /** Like a close: the first grace counts, a later one of zero ends it. */
    @Test
    void leave_twice_bothWaitAndZeroEndsIt() {
        Manager<String, String> desk = desk(3, ann);
        submit(desk, "1");
        desk.join(worker(bob));
        TestSubscriber<Void> first = leave(desk, ann, GRACE);
        TestSubscriber<Void> second = leave(desk, ann, GRACE.multipliedBy(9));
        assertThat(second.isTerminated()).isFalse();
        TestSubscriber<Void> third = leave(desk, ann, Duration.ZERO);

        assertThat(List.of(first, second, third)).allMatch(TestSubscriber::isTerminatedComplete);
        assertThat(bob.tasks).containsExactly("1");
    }

    @Test
    void leave_cancelled_leavesAllTheSame() {
        Manager<String, String> desk = desk(3, ann, bob);
        submit(desk, "1");
        desk.leave(ann.id(), GRACE).subscribe().dispose();
        ann.answer("done");
        settle();

        assertThat(desk.workers()).extracting(WorkerStatus::id).containsExactly(bob.id());
    }

    @Test
    void leave_andJoinUnderTheSameId_areTwoWorkers() {
        Manager<String, String> desk = desk(3, ann);
        TestSubscriber<StepResult<String>> first = submit(desk, "1");
        TestSubscriber<Void> left = leave(desk, ann, GRACE);
        Hand other = new Hand("ann");
        desk.join(worker(other));
        submit(desk, "2");

        assertThat(other.tasks).containsExactly("2");
        assertThat(desk.workers())
                .extracting(WorkerStatus::state)
                .containsExactly(WorkerStatus.State.LEAVING, WorkerStatus.State.ACTIVE);
        ann.answer("done");
        settle();
        assertThat(result(first).value()).isEqualTo("done");
        assertThat(left.isTerminatedComplete()).isTrue();
        assertThat(desk.workers()).hasSize(1);
    }

    @Test
    void leave_managerIsClosed_endsWithIt() {
        Manager<String, String> desk = desk(3, ann);
        TestSubscriber<StepResult<String>> task = submit(desk, "1");
        TestSubscriber<Void> left = leave(desk, ann, GRACE);
        TestSubscriber<Void> closed = TestSubscriber.create();
        desk.close(Duration.ZERO).subscribe(closed);
        settle();

        assertThat(result(task).kind()).isEqualTo(StepResult.Kind.CANCELLED);
        assertThat(left.isTerminatedComplete()).isTrue();
        assertThat(closed.isTerminatedComplete()).isTrue();
        assertAllEnded(desk);
    }

    @Test
    void leave_unhealthyOne_leaves() {
        Manager<String, String> desk = Manager.<String, String>builder("desk")
                .worker(worker(ann))
                .worker(worker(bob))
                .health(id -> id.equals(bob.id()))
                .build();
        submit(desk, "1");
        TestSubscriber<Void> left = leave(desk, ann, GRACE);

        assertThat(left.isTerminatedComplete()).isTrue();
        assertThat(bob.tasks).containsExactly("1");
    }

    @Test
    void leave_unknown_isAnError() {
        Manager<String, String> desk = desk(3, ann);
        leave(desk, ann, GRACE);
        TestSubscriber<Void> again = leave(desk, ann, GRACE);

        assertThat(again.expectTerminalError()).isInstanceOfSatisfying(UnknownWorkerException.class, unknown -> {
            assertThat(unknown).hasMessage("manager desk has no worker ann");
            assertThat(unknown.worker()).isEqualTo(ann.id());
        });
        assertThatNullPointerException().isThrownBy(() -> desk.leave(null, GRACE));
        assertThatNullPointerException().isThrownBy(() -> desk.leave(ann.id(), null));
        assertThatIllegalArgumentException().isThrownBy(() -> desk.leave(ann.id(), Duration.ofNanos(-1)));
    }

    // --- what a factory has made

    private static final class Machine implements Agent<String, String>, Disposable {

        private final AtomicInteger disposed;

        Machine(AtomicInteger disposed) {
            this.disposed = disposed;
        }

        @Override
        public AgentId id() {
            return AgentId.of("machine");
        }

        @Override
        public Mono<String> step(String task, StepContext context) {
            return task.equals("fail") ? Mono.error(new IllegalStateException("boom")) : Mono.never();
        }

        @Override
        public void dispose() {
            disposed.incrementAndGet();
        }
    }

    @Test
    void leave_agentOfAFactory_isDisposedOfWhenItsLastStepHasEnded() {
        AtomicInteger disposed = new AtomicInteger();
        Manager<String, String> desk = desk(1, ann);
        desk.leave(ann.id(), Duration.ZERO).subscribe();
        desk.join(Worker.<String, String>restartable(AgentId.of("machine"), () -> new Machine(disposed), "write")
                .concurrency(2));
        submit(desk, "1");
        desk.leave(AgentId.of("machine"), GRACE).subscribe();
        settle();
        assertThat(disposed).hasValue(0);
        pass(GRACE);
        assertThat(disposed).hasValue(1);

        desk.join(Worker.restartable(AgentId.of("machine"), () -> new Machine(disposed), "write"));
        submit(desk, "fail");
        assertThat(disposed).as("restarted").hasValue(2);
        desk.leave(AgentId.of("machine"), Duration.ZERO).subscribe();
        settle();
        assertThat(disposed).as("no other was made").hasValue(2);
    }

    // --- what is used by a task that is taken from its worker

    private static Agent<String, String> spending(String id, long tokens, Mono<String> answer) {
        return Agent.of(id, (task, context) -> {
            context.usage().record(Usage.ofTokens(tokens, 0));
            return answer;
        });
    }

    @Test
    void leave_inTheMiddleOfATask_whatTheWorkerHasUsedCountsForTheStepAround() {
        Manager<String, String> desk = Manager.<String, String>builder("desk")
                .worker(Worker.of(spending("leaver", 3, Mono.never()), "write"))
                .build();
        List<Usage> used = new ArrayList<>();
        StepEngine.builder()
                .build()
                .step(desk.asAgent(AgentId.of("desk"), "write"), "poem")
                .subscribe(result -> used.add(result.usage()));
        settle();
        desk.join(Worker.of(spending("stayer", 4, Mono.just("done")), "write"));
        desk.leave(AgentId.of("leaver"), Duration.ZERO).subscribe();
        settle();

        assertThat(used).containsExactly(Usage.ofTokens(7, 0));
    }

    @Test
    void submit_cancelledInTheMiddle_whatTheWorkerHasUsedCountsForTheStepAround() {
        Manager<String, String> desk = Manager.<String, String>builder("desk")
                .worker(Worker.of(spending("silent", 3, Mono.never()), "write"))
                .build();
        Agent<String, String> agent = desk.asAgent(AgentId.of("desk"), "write");
        AtomicReference<UsageLedger> ledger = new AtomicReference<>();
        Disposable step = StepEngine.builder()
                .build()
                .step(
                        Agent.<String, String>of("above", (task, context) -> {
                            ledger.set(context.usage());
                            return agent.step(task, context);
                        }),
                        "poem")
                .subscribe();
        settle();
        step.dispose();
        settle();

        assertThat(ledger.get().total()).isEqualTo(Usage.ofTokens(3, 0));
    }
}
