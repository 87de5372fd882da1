package io.flotilla.team;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatNullPointerException;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.flotilla.AgentId;
import io.flotilla.agent.Agent;
import io.flotilla.agent.StepContext;
import io.flotilla.agent.Usage;
import io.flotilla.health.Health;
import io.flotilla.health.HealthCheck;
import io.flotilla.health.HealthMonitor;
import io.flotilla.step.StepEngine;
import io.flotilla.step.StepRejectedException;
import io.flotilla.step.StepResult;
import io.flotilla.step.StepSignal;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.lang.reflect.Method;
import java.lang.reflect.Modifier;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import reactor.core.publisher.Mono;
import reactor.test.subscriber.TestSubscriber;

@Timeout(60)
class ManagerTest extends VirtualTime {

    private final Hand ann = new Hand("ann");
    private final Hand bob = new Hand("bob");

    private static Manager.Builder<String, String> desk() {
        return Manager.builder("desk");
    }

    private static Worker<String, String> worker(Agent<String, String> agent) {
        return Worker.of(agent, "write");
    }

    private TestSubscriber<StepResult<String>> submit(Manager<String, String> to, String task) {
        return submit(to, task, "write");
    }

    private TestSubscriber<StepResult<String>> submit(Manager<String, String> to, String task, String capability) {
        TestSubscriber<StepResult<String>> subscriber = TestSubscriber.create();
        to.submit(task, capability).subscribe(subscriber);
        settle();
        return subscriber;
    }

    private static StepResult<String> result(TestSubscriber<StepResult<String>> of) {
        assertThat(of.getReceivedOnNext()).hasSize(1);
        assertThat(of.isTerminatedComplete()).isTrue();
        return of.getReceivedOnNext().get(0);
    }

    private static void assertRejected(StepResult<String> result, TaskRejectedException.Reason reason) {
        assertThat(result).isInstanceOf(StepResult.Rejected.class);
        assertThat(((StepResult.Rejected<String>) result).guard()).isEqualTo(Manager.GUARD);
        assertThat(result.agentId()).isEqualTo(AgentId.of("desk"));
        assertThat(((TaskRejectedException) result.cause()).reason()).isEqualTo(reason);
        assertThat(((TaskRejectedException) result.cause()).by()).isEqualTo(AgentId.of("desk"));
    }

    private static void assertAllEnded(Manager<?, ?> manager) {
        ManagerStats stats = manager.stats();
        assertThat(stats.queued() + stats.running()).as(stats.toString()).isZero();
        assertThat(stats.accepted())
                .as(stats.toString())
                .isEqualTo(stats.completed() + stats.failed() + stats.cancelled() + stats.rejected());
        assertThat(manager.workers())
                .allSatisfy(each -> assertThat(each.running()).isZero());
    }

    // --- giving tasks

    @Test
    void submit_taskDone_itsResultIsTheWorkers() {
        Manager<String, String> desk = desk().worker(worker(ann)).build();
        TestSubscriber<StepResult<String>> one = submit(desk, "poem");
        ann.answer("roses");

        assertThat(result(one)).isInstanceOf(StepResult.Succeeded.class);
        assertThat(result(one).value()).isEqualTo("roses");
        assertThat(result(one).agentId()).isEqualTo(AgentId.of("ann"));
        assertAllEnded(desk);
    }

    @Test
    void submit_notSubscribed_nothingIsSubmittedAndTwiceIsTwo() {
        Manager<String, String> desk = desk().worker(worker(ann)).build();
        Mono<StepResult<String>> task = desk.submit("poem", "write");
        settle();
        assertThat(desk.stats().accepted()).isZero();

        task.subscribe();
        task.subscribe();
        assertThat(desk.stats().accepted()).isEqualTo(2);
    }

    @Test
    void submit_allBusy_waitsAndGoesInOrder() {
        Manager<String, String> desk = desk().worker(worker(ann)).build();
        List<TestSubscriber<StepResult<String>>> all = List.of(submit(desk, "1"), submit(desk, "2"), submit(desk, "3"));
        assertThat(desk.stats().queued()).isEqualTo(2);
        for (int at = 0; at < 3; at++) {
            ann.answer("done");
            settle();
        }

        assertThat(ann.tasks).containsExactly("1", "2", "3");
        all.forEach(each -> assertThat(result(each).value()).isEqualTo("done"));
    }

    @Test
    void submit_nobodyCapable_isRejectedAtOnce() {
        Manager<String, String> desk = desk().worker(worker(ann)).build();

        assertRejected(result(submit(desk, "song", "sing")), TaskRejectedException.Reason.NO_CAPABLE_WORKER);
        assertThat(desk.stats().refused()).isEqualTo(1);
        assertThat(desk.stats().accepted()).isZero();
    }

    @Test
    void submit_capability_decidesWhoGetsIt() {
        Manager<String, String> desk = desk().worker(Worker.of(ann, "write", "read"))
                .worker(Worker.of(bob, "sing"))
                .build();
        submit(desk, "song", "sing");
        submit(desk, "book", "read");
        submit(desk, "another song", "sing");

        assertThat(bob.tasks).containsExactly("song");
        assertThat(ann.tasks).containsExactly("book");
        assertThat(desk.stats().queued()).isEqualTo(1);
    }

    @Test
    void submit_severalFree_theLeastLoadedByShareThenTheLongestIdle() {
        Manager<String, String> desk = desk().worker(worker(ann).concurrency(4))
                .worker(worker(bob).concurrency(2))
                .build();
        for (int at = 0; at < 6; at++) {
            submit(desk, "task " + at);
        }

        assertThat(ann.tasks).containsExactly("task 0", "task 2", "task 4", "task 5");
        assertThat(bob.tasks).containsExactly("task 1", "task 3");
    }

    @Test
    void submit_context_reachesTheWorker() {
        Manager<String, String> desk = desk().worker(worker(
                        Agent.of("ann", (task, context) -> Mono.deferContextual(view -> Mono.just(view.get("who"))))))
                .build();
        TestSubscriber<StepResult<String>> one = TestSubscriber.create();
        desk.submit("?", "write")
                .contextWrite(context -> context.put("who", "me"))
                .subscribe(one);
        settle();

        assertThat(result(one).value()).isEqualTo("me");
    }

    @Test
    void request_answerOrError() {
        Manager<String, String> desk = desk().worker(worker(ann)).maxAttempts(1).build();
        TestSubscriber<String> good = TestSubscriber.create();
        desk.request("poem", "write").subscribe(good);
        settle();
        ann.answer("roses");
        assertThat(good.getReceivedOnNext()).containsExactly("roses");

        TestSubscriber<String> bad = TestSubscriber.create();
        desk.request("poem", "write").subscribe(bad);
        settle();
        ann.fail("no ink");
        assertThat(bad.expectTerminalError())
                .isInstanceOf(TaskFailedException.class)
                .hasMessage("manager desk: the task failed at worker ann: no ink")
                .hasRootCauseMessage("no ink");
        TaskFailedException failed = (TaskFailedException) bad.expectTerminalError();
        assertThat(failed.worker()).isEqualTo(AgentId.of("ann"));
        assertThat(failed.manager()).isEqualTo(AgentId.of("desk"));
        assertThat(failed.kind()).isEqualTo(StepResult.Kind.FAILED);
        assertThat(failed.path()).containsExactly(AgentId.of("ann"));

        TestSubscriber<String> none = TestSubscriber.create();
        desk.request("song", "sing").subscribe(none);
        assertThat(none.expectTerminalError()).isInstanceOf(TaskRejectedException.class);
    }

    // --- admission

    @Test
    void maxQueued_lessThanEqualToMoreThan() {
        Manager<String, String> desk = desk().worker(worker(ann)).maxQueued(2).build();
        submit(desk, "runs");
        submit(desk, "waits");
        submit(desk, "waits");
        TestSubscriber<StepResult<String>> more = submit(desk, "too many");

        assertRejected(result(more), TaskRejectedException.Reason.QUEUE_FULL);
        ann.answer("done");
        settle();
        assertThat(submit(desk, "there is room again").getReceivedOnNext()).isEmpty();
        assertThat(desk.stats().refused()).isEqualTo(1);
    }

    @Test
    void maxQueued_zero_takesWhatCanRunAtOnce() {
        Manager<String, String> desk = desk().worker(worker(ann)).maxQueued(0).build();

        assertThat(submit(desk, "runs").getReceivedOnNext()).isEmpty();
        assertRejected(result(submit(desk, "too many")), TaskRejectedException.Reason.QUEUE_FULL);
    }

    // --- failing

    @Test
    void failure_another_hasTheTaskNext() {
        Manager<String, String> desk =
                desk().worker(worker(ann)).worker(worker(bob)).build();
        TestSubscriber<StepResult<String>> one = submit(desk, "poem");
        ann.fail("no ink");
        settle();
        bob.answer("roses");

        assertThat(result(one).value()).isEqualTo("roses");
        assertThat(ann.tasks).hasSize(1);
        assertThat(desk.stats().reassigned()).isEqualTo(1);
        assertThat(desk.workers().get(0).failed()).isEqualTo(1);
        assertThat(desk.workers().get(1).completed()).isEqualTo(1);
    }

    @Test
    void failure_anotherIsBusy_waitsForItAndNotTheSameAgain() {
        Manager<String, String> desk =
                desk().worker(worker(ann)).worker(worker(bob)).build();
        TestSubscriber<StepResult<String>> one = submit(desk, "1");
        TestSubscriber<StepResult<String>> two = submit(desk, "2");
        ann.fail("no ink");
        settle();
        assertThat(ann.tasks).as("it is free, and has failed at it").containsExactly("1");
        TestSubscriber<StepResult<String>> three = submit(desk, "3");
        assertThat(ann.tasks).as("nobody waits behind it").containsExactly("1", "3");
        bob.answer("two");
        settle();

        assertThat(bob.tasks).containsExactly("2", "1");
        bob.answer("one");
        ann.answer("three");
        assertThat(result(one).value()).isEqualTo("one");
        assertThat(result(two).value()).isEqualTo("two");
        assertThat(result(three).value()).isEqualTo("three");
    }

    @Test
    void failure_nobodyElse_theSameAgainUntilTheAttemptsAreUsedUp() {
        Manager<String, String> desk = desk().worker(worker(ann)).maxAttempts(3).build();
        TestSubscriber<StepResult<String>> one = submit(desk, "poem");
        for (int at = 1; at <= 3; at++) {
            assertThat(one.getReceivedOnNext()).isEmpty();
            assertThat(ann.tasks).hasSize(at);
            ann.fail("no ink " + at);
            settle();
        }

        assertThat(result(one)).isInstanceOf(StepResult.Failed.class);
        assertThat(result(one).cause()).hasMessage("no ink 3");
        assertThat(ann.tasks).hasSize(3);
        assertAllEnded(desk);
        assertThat(desk.stats().failed()).isEqualTo(1);
    }

    @Test
    void failure_everywhere_roundAndRoundNeverTwiceInARow() {
        Manager<String, String> desk =
                desk().worker(worker(ann)).worker(worker(bob)).maxAttempts(5).build();
        TestSubscriber<StepResult<String>> one = submit(desk, "poem");
        for (int at = 0; at < 5; at++) {
            (at % 2 == 0 ? ann : bob).fail("no");
            settle();
        }

        assertThat(result(one).isFailure()).isTrue();
        assertThat(ann.tasks).hasSize(3);
        assertThat(bob.tasks).hasSize(2);
    }

    @Test
    void retry_isAheadOfWhatCameLater() {
        Manager<String, String> desk = desk().worker(worker(ann)).build();
        submit(desk, "first");
        submit(desk, "second");
        ann.fail("no ink");
        settle();

        assertThat(ann.tasks).containsExactly("first", "first");
    }

    @Test
    void attemptTimeout_silentWorker_itIsCancelledAndAnotherTakesOver() {
        Manager<String, String> desk = desk().worker(worker(ann))
                .worker(worker(bob))
                .attemptTimeout(Duration.ofSeconds(10))
                .build();
        TestSubscriber<StepResult<String>> one = submit(desk, "poem");
        pass(Duration.ofSeconds(10).minusMillis(1));
        assertThat(bob.tasks).isEmpty();
        pass(Duration.ofMillis(1));

        assertThat(bob.tasks).containsExactly("poem");
        assertThat(ann.cancels).hasValue(1);
        bob.answer("roses");
        assertThat(result(one).value()).isEqualTo("roses");
    }

    @Test
    void attemptTimeout_nobodyAnswers_timedOut() {
        Manager<String, String> desk = desk().worker(worker(ann))
                .attemptTimeout(Duration.ofSeconds(10))
                .maxAttempts(2)
                .build();
        TestSubscriber<StepResult<String>> one = submit(desk, "poem");
        pass(Duration.ofSeconds(20));

        assertThat(result(one)).isInstanceOf(StepResult.TimedOut.class);
        assertAllEnded(desk);
    }

    @Test
    void rejection_byAGuard_goesElsewhereAndHidesNoFailure() {
        AtomicInteger calls = new AtomicInteger();
        Agent<String, String> guarded = Agent.of("guarded", (task, context) -> {
            calls.incrementAndGet();
            return Mono.error(new StepRejectedException("circuitbreaker", "open", null));
        });
        Manager<String, String> desk = desk().worker(worker(ann))
                .worker(worker(guarded).supervision(Supervision.escalate()))
                .maxAttempts(2)
                .build();
        TestSubscriber<StepResult<String>> one = submit(desk, "poem");
        ann.fail("no ink");
        settle();

        assertThat(calls).hasValue(1);
        assertThat(result(one).cause()).hasMessage("no ink");
        assertThat(desk.workers().get(1).state()).isEqualTo(WorkerStatus.State.ACTIVE);
    }

    @Test
    void body_doesWhatItShouldNot_isAResult() {
        List<Agent<String, String>> bad = List.of(
                Agent.of("throws", (task, context) -> {
                    throw new LinkageError("boom");
                }),
                Agent.of("null", (task, context) -> null),
                Agent.of("cancelled", (task, context) -> Mono.error(new java.util.concurrent.CancellationException())));
        for (Agent<String, String> each : bad) {
            Manager<String, String> desk =
                    desk().worker(worker(each)).maxAttempts(2).build();
            assertThat(result(submit(desk, "poem")).isFailure()).isTrue();
            assertAllEnded(desk);
        }
    }

    // --- health

    @Test
    void health_unhealthy_anotherGetsTheTasks() {
        Manager<String, String> desk = desk().worker(worker(ann))
                .worker(worker(bob).concurrency(3))
                .health(id -> !id.equals(ann.id()))
                .build();
        submit(desk, "1");
        submit(desk, "2");

        assertThat(ann.tasks).isEmpty();
        assertThat(bob.tasks).containsExactly("1", "2");
        assertThat(desk.workers().get(0).state()).isEqualTo(WorkerStatus.State.UNHEALTHY);
    }

    @Test
    void health_nobodyIsHealthy_waitsAndIsAskedAgainAfterTheInterval() {
        AtomicInteger asked = new AtomicInteger();
        Set<AgentId> sick = ConcurrentHashMap.newKeySet();
        sick.add(ann.id());
        Manager<String, String> desk = desk().worker(worker(ann))
                .health(id -> {
                    asked.incrementAndGet();
                    return !sick.contains(id);
                })
                .healthInterval(Duration.ofSeconds(5))
                .build();
        TestSubscriber<StepResult<String>> one = submit(desk, "poem");
        assertThat(one.getReceivedOnNext()).isEmpty();
        assertThat(desk.stats().queued()).isEqualTo(1);
        pass(Duration.ofSeconds(5));
        assertThat(asked).hasValue(2);
        sick.clear();
        pass(Duration.ofSeconds(5).minusMillis(1));
        assertThat(ann.tasks).isEmpty();
        pass(Duration.ofMillis(1));

        assertThat(ann.tasks).containsExactly("poem");
        ann.answer("roses");
        assertThat(result(one).value()).isEqualTo("roses");
        assertAllEnded(desk);
    }

    @Test
    void health_ofAMonitor_keepsTasksFromWhoIsDown() {
        HealthMonitor monitor = HealthMonitor.builder()
                .check(HealthCheck.of("ann", () -> Health.down("no ink")))
                .failureThreshold(1)
                .build();
        monitor.refresh().block(SOON);
        Manager<String, String> desk = desk().worker(worker(ann))
                .worker(worker(bob))
                .health(monitor::isUsable)
                .build();
        submit(desk, "poem");

        assertThat(bob.tasks).containsExactly("poem");
        monitor.close();
    }

    @Test
    void health_throws_countsAsUnhealthy() {
        Manager<String, String> desk = desk().worker(worker(ann))
                .worker(worker(bob))
                .health(id -> {
                    if (id.equals(ann.id())) {
                        throw new IllegalStateException("boom");
                    }
                    return true;
                })
                .build();
        submit(desk, "poem");

        assertThat(bob.tasks).containsExactly("poem");
    }

    @Test
    void health_ofTheOthers_theSameWorkerAgainRatherThanAnUnhealthyOne() {
        Manager<String, String> desk = desk().worker(worker(ann))
                .worker(worker(bob))
                .health(id -> !id.equals(bob.id()))
                .healthInterval(Duration.ofHours(1))
                .build();
        submit(desk, "poem");
        ann.fail("no ink");
        settle();

        assertThat(ann.tasks).containsExactly("poem", "poem");
    }

    // --- cancelling and closing

    @Test
    void cancel_queued_leavesTheLine() {
        Manager<String, String> desk = desk().worker(worker(ann)).build();
        submit(desk, "1");
        TestSubscriber<StepResult<String>> two = submit(desk, "2");
        submit(desk, "3");
        two.cancel();
        assertThat(desk.stats().queued()).isEqualTo(1);
        ann.answer("done");
        settle();

        assertThat(ann.tasks).containsExactly("1", "3");
        assertThat(desk.stats().cancelled()).isEqualTo(1);
    }

    @Test
    void cancel_running_cancelsTheStepAndTheNextOneStarts() {
        Manager<String, String> desk = desk().worker(worker(ann)).build();
        TestSubscriber<StepResult<String>> one = submit(desk, "1");
        submit(desk, "2");
        one.cancel();
        settle();

        assertThat(ann.cancels).hasValue(1);
        assertThat(ann.tasks).containsExactly("1", "2");
        assertThat(desk.stats().cancelled()).isEqualTo(1);
        assertThat(desk.stats().running()).isEqualTo(1);
    }

    @Test
    void cancel_atOnce_theStepIsCancelledOrNeverStarts() {
        Manager<String, String> desk = desk().worker(worker(ann)).build();
        desk.submit("1", "write").subscribe().dispose();
        settle();

        assertThat(ann.cancels).hasValue(ann.tasks.size());
        assertAllEnded(desk);
        assertThat(desk.stats().cancelled()).isEqualTo(1);
    }

    @Test
    void close_withGrace_finishesWhatItHas() {
        Manager<String, String> desk = desk().worker(worker(ann)).build();
        TestSubscriber<StepResult<String>> one = submit(desk, "1");
        TestSubscriber<StepResult<String>> two = submit(desk, "2");
        TestSubscriber<Void> closed = TestSubscriber.create();
        desk.close(Duration.ofMinutes(1)).subscribe(closed);
        settle();
        assertRejected(result(submit(desk, "3")), TaskRejectedException.Reason.CLOSED);
        ann.answer("one");
        settle();
        assertThat(closed.isTerminatedComplete()).isFalse();
        ann.answer("two");
        settle();

        assertThat(closed.isTerminatedComplete()).isTrue();
        assertThat(result(one).value()).isEqualTo("one");
        assertThat(result(two).value()).isEqualTo("two");
        assertAllEnded(desk);
    }

    @Test
    void close_graceIsOver_queuedAreRejectedAndRunningCancelled() {
        Manager<String, String> desk = desk().worker(worker(ann)).build();
        TestSubscriber<StepResult<String>> one = submit(desk, "1");
        TestSubscriber<StepResult<String>> two = submit(desk, "2");
        TestSubscriber<Void> closed = TestSubscriber.create();
        desk.close(Duration.ofSeconds(30)).subscribe(closed);
        pass(Duration.ofSeconds(30).minusMillis(1));
        assertThat(one.getReceivedOnNext()).isEmpty();
        pass(Duration.ofMillis(1));

        assertThat(result(one)).isInstanceOf(StepResult.Cancelled.class);
        assertRejected(result(two), TaskRejectedException.Reason.CLOSED);
        assertThat(ann.cancels).hasValue(1);
        assertThat(closed.isTerminatedComplete()).isTrue();
        ManagerStats stats = desk.stats();
        assertThat(stats.accepted()).isEqualTo(2);
        assertThat(stats.cancelled()).isEqualTo(1);
        assertThat(stats.rejected()).isEqualTo(1);
        assertAllEnded(desk);
    }

    @Test
    void close_zero_endsAtOnceAlsoAfterALongerOne() {
        Manager<String, String> desk = desk().worker(worker(ann)).build();
        TestSubscriber<StepResult<String>> one = submit(desk, "1");
        desk.close(Duration.ofHours(1)).subscribe();
        desk.close(Duration.ZERO).subscribe();
        settle();

        assertThat(result(one)).isInstanceOf(StepResult.Cancelled.class);
        assertAllEnded(desk);
    }

    @Test
    void events_endWithTheManager() {
        Manager<String, String> desk = desk().worker(worker(ann)).build();
        TestSubscriber<ManagerEvent> events = TestSubscriber.create();
        desk.events().subscribe(events);
        desk.close(Duration.ZERO).subscribe();
        settle();

        assertThat(events.isTerminatedComplete()).isTrue();
    }

    // --- managers of managers

    private static <I, O> Worker<I, O> below(Manager<I, O> manager) {
        return Worker.of(manager.asAgent(manager.id()), "write", "sing");
    }

    @Test
    void managers_threeDeep_theLeafsValueAndItsFailureAreValuesAtTheTop() {
        Manager<String, String> low = Manager.<String, String>builder("low")
                .worker(worker(ann))
                .maxAttempts(1)
                .build();
        Manager<String, String> mid = Manager.<String, String>builder("mid")
                .worker(below(low))
                .maxAttempts(1)
                .build();
        Manager<String, String> top = Manager.<String, String>builder("top")
                .worker(below(mid))
                .maxAttempts(1)
                .build();
        TestSubscriber<StepResult<String>> good = submit(top, "poem");
        ann.answer("roses");
        settle();
        assertThat(result(good).value()).isEqualTo("roses");

        TestSubscriber<StepResult<String>> bad = submit(top, "poem");
        ann.fail("no ink");
        settle();
        assertThat(result(bad)).isInstanceOf(StepResult.Failed.class);
        assertThat(result(bad).cause())
                .isInstanceOfSatisfying(
                        TaskFailedException.class,
                        failed -> assertThat(failed.path()).containsExactly(AgentId.of("low"), AgentId.of("ann")))
                .hasRootCauseMessage("no ink");
        List.of(low, mid, top).forEach(ManagerTest::assertAllEnded);
    }

    @Test
    void managers_context_isThatOfOneTask() {
        Manager<String, String> low = Manager.<String, String>builder("low")
                .worker(worker(ann))
                .worker(worker(bob))
                .build();
        Manager<String, String> top =
                Manager.<String, String>builder("top").worker(below(low)).build();
        submit(top, "poem");
        ann.fail("no ink");
        settle();
        StepContext first = ann.contexts.get(0);
        StepContext second = bob.contexts.get(0);

        assertThat(first.delegationPath()).containsExactly(AgentId.of("top"), AgentId.of("low"));
        assertThat(second.idempotencyKey()).isEqualTo(first.idempotencyKey());
        assertThat(second.stepId()).isNotEqualTo(first.stepId());
        bob.answer("roses");
        submit(top, "another");
        assertThat(ann.contexts.get(1).idempotencyKey()).isNotEqualTo(first.idempotencyKey());
    }

    @Test
    void managers_usageAndEmissionsOfALeaf_areSeenAbove() {
        Agent<String, String> leaf = Agent.of("leaf", (task, context) -> {
            context.usage().record(Usage.ofTokens(3, 4));
            context.emit("token");
            return Mono.just("done");
        });
        Manager<String, String> low =
                Manager.<String, String>builder("low").worker(worker(leaf)).build();
        StepEngine engine = StepEngine.builder().build();
        List<Object> emitted = new ArrayList<>();
        engine.signals(low.asAgent(AgentId.of("low"), "write"), "poem").subscribe(signal -> {
            if (signal instanceof StepSignal.Emitted<String> value) {
                emitted.add(value.value());
            } else if (signal instanceof StepSignal.Settled<String> settled) {
                emitted.add(settled.result().usage());
            }
        });
        settle();

        assertThat(emitted).containsExactly("token", Usage.ofTokens(3, 4));
    }

    /** What a leaf uses is counted where it was used: for the leaf if its manager's engine measures, else for the step above. */
    @ParameterizedTest
    @ValueSource(booleans = {true, false})
    void managers_usageOfALeaf_isCountedOnce(boolean isMeasuredBelow) {
        SimpleMeterRegistry meters = new SimpleMeterRegistry();
        StepEngine engine = StepEngine.builder().meterRegistry(meters).build();
        Agent<String, String> leaf = Agent.of("leaf", (task, context) -> {
            context.usage().record(Usage.ofTokens(3, 4));
            return Mono.just("done");
        });
        Manager<String, String> low = Manager.<String, String>builder("low")
                .worker(worker(leaf))
                .engine(isMeasuredBelow ? engine : StepEngine.builder().build())
                .build();
        List<Usage> used = new ArrayList<>();
        engine.step(low.asAgent(AgentId.of("low"), "write"), "poem").subscribe(result -> used.add(result.usage()));
        settle();

        assertThat(used).containsExactly(Usage.ofTokens(3, 4));
        assertThat(meters.get("flotilla.tokens").tag("direction", "input").counters())
                .singleElement()
                .satisfies(counter -> {
                    assertThat(counter.count()).isEqualTo(3);
                    assertThat(counter.getId().getTag("agent")).isEqualTo(isMeasuredBelow ? "leaf" : "low");
                });
    }

    /** Each engine that has a registry, as bits: of the top manager, of the one in the middle, of the lowest. */
    @ParameterizedTest
    @ValueSource(ints = {0b000, 0b001, 0b010, 0b011, 0b100, 0b101, 0b110, 0b111})
    void managers_threeDeepAndSomeMeasured_eachTokenIsCountedOnceByTheInnermostThatCan(int measured) {
        SimpleMeterRegistry meters = new SimpleMeterRegistry();
        StepEngine with = StepEngine.builder().meterRegistry(meters).build();
        StepEngine without = StepEngine.builder().build();
        Agent<String, String> leaf = Agent.of("leaf", (task, context) -> {
            context.usage().record(Usage.ofTokens(3, 4));
            return Mono.just("done");
        });
        Manager<String, String> low = Manager.<String, String>builder("low")
                .worker(worker(leaf))
                .engine((measured & 0b001) == 0 ? without : with)
                .build();
        Manager<String, String> middle = Manager.<String, String>builder("middle")
                .worker(worker(spending(low, 10)))
                .engine((measured & 0b010) == 0 ? without : with)
                .build();
        Manager<String, String> top = Manager.<String, String>builder("top")
                .worker(worker(spending(middle, 100)))
                .engine((measured & 0b100) == 0 ? without : with)
                .build();
        TestSubscriber<StepResult<String>> task = submit(top, "poem");
        settle();

        assertThat(result(task).usage()).isEqualTo(Usage.ofTokens(113, 4));
        Map<String, Double> counted = new HashMap<>();
        meters.find("flotilla.tokens")
                .tag("direction", "input")
                .counters()
                .forEach(counter -> counted.put(counter.getId().getTag("agent"), counter.count()));
        Map<String, Double> expected = new HashMap<>();
        String[] agents = {"leaf", "low", "middle"};
        double[] used = {3, 10, 100};
        for (int at = 0; at < agents.length; at++) {
            int counting = Integer.numberOfTrailingZeros(measured & -(1 << at)); // at the agent itself or further up
            if (counting < agents.length) {
                expected.merge(agents[counting], used[at], Double::sum);
            }
        }
        assertThat(counted).isEqualTo(expected);
    }

    /** A manager as an agent of its name, which uses tokens of its own. */
    private static Agent<String, String> spending(Manager<String, String> manager, long tokens) {
        Agent<String, String> agent = manager.asAgent(manager.id(), "write");
        return Agent.of(manager.id().kind(), (task, context) -> {
            context.usage().record(Usage.ofTokens(tokens, 0));
            return agent.step(task, context);
        });
    }

    @Test
    void managers_fullOneBelow_isRejectedAboveAndAnotherHasTheTask() {
        Manager<String, String> low = Manager.<String, String>builder("low")
                .worker(worker(ann))
                .maxQueued(0)
                .build();
        submit(low, "its own");
        Manager<String, String> top = Manager.<String, String>builder("top")
                .worker(below(low).supervision(Supervision.escalate()))
                .worker(worker(bob))
                .build();
        submit(top, "poem");

        assertThat(bob.tasks).containsExactly("poem");
        assertThat(top.workers().get(0).state()).isEqualTo(WorkerStatus.State.ACTIVE);
    }

    @Test
    void managers_inACircle_isRejected() {
        List<Agent<String, String>> knot = new ArrayList<>();
        Agent<String, String> late =
                Agent.of("late", (task, context) -> knot.get(0).step(task, context));
        Manager<String, String> low = Manager.<String, String>builder("low")
                .worker(worker(late))
                .maxAttempts(1)
                .build();
        Manager<String, String> top = Manager.<String, String>builder("top")
                .worker(below(low))
                .maxAttempts(1)
                .build();
        knot.add(top.asAgent(AgentId.of("top")));
        TestSubscriber<StepResult<String>> one = submit(top, "poem");
        settle();

        assertThat(result(one).cause()).hasMessageContaining("CIRCULAR").hasMessageContaining("[top, low]");
        assertAllEnded(top);
        assertAllEnded(low);
    }

    @Test
    void managers_cancelledAtTheTop_theLeafIsCancelled() {
        Manager<String, String> low =
                Manager.<String, String>builder("low").worker(worker(ann)).build();
        Manager<String, String> top =
                Manager.<String, String>builder("top").worker(below(low)).build();
        TestSubscriber<StepResult<String>> one = submit(top, "poem");
        one.cancel();
        settle();

        assertThat(ann.cancels).hasValue(1);
        assertAllEnded(top);
        assertAllEnded(low);
    }

    @Test
    void asAgent_outsideAManager_needsACapability() {
        Manager<String, String> desk = desk().worker(worker(ann)).build();
        TestSubscriber<StepResult<String>> without = TestSubscriber.create();
        StepEngine.builder().build().step(desk.asAgent(desk.id()), "poem").subscribe(without);
        settle();
        assertThat(result(without).cause()).isInstanceOf(IllegalStateException.class);

        StepEngine.builder()
                .build()
                .step(desk.asAgent(desk.id(), "write"), "poem")
                .subscribe();
        settle();
        assertThat(ann.tasks).containsExactly("poem");
    }

    @Test
    void taskContext_everyMethodOfAStepContext_isPassedOn() {
        List<String> own = Arrays.stream(TaskContext.class.getDeclaredMethods())
                .map(Method::getName)
                .toList();
        assertThat(Arrays.stream(StepContext.class.getMethods())
                        .filter(method -> !Modifier.isStatic(method.getModifiers()))
                        .map(Method::getName))
                .as("a default method that is not passed on is lost to the workers of managers")
                .isSubsetOf(own);
    }

    // --- bad input

    @Test
    void badInput_isTold() {
        assertThatIllegalArgumentException().isThrownBy(() -> Worker.of(ann));
        assertThatIllegalArgumentException()
                .isThrownBy(() -> Worker.of(ann, " "))
                .withMessageContaining("capability");
        assertThatIllegalArgumentException().isThrownBy(() -> Worker.of(ann, "x".repeat(201)));
        assertThatNullPointerException().isThrownBy(() -> Worker.of(ann, (String) null));
        assertThatNullPointerException().isThrownBy(() -> Worker.of(null, "write"));
        assertThatIllegalArgumentException()
                .isThrownBy(() -> worker(ann).concurrency(0))
                .withMessage("concurrency must be >= 1, was 0");
        assertThatIllegalArgumentException()
                .isThrownBy(() -> worker(ann).supervision(Supervision.restart()))
                .withMessage("worker ann has no factory to be restarted with");
        assertThatIllegalArgumentException()
                .isThrownBy(() -> desk().worker(worker(ann)).worker(worker(ann)))
                .withMessage("there is a worker ann already");
        assertThatThrownBy(() -> desk().build())
                .isInstanceOf(IllegalStateException.class)
                .hasMessage("manager desk has no worker");
        assertThatIllegalArgumentException().isThrownBy(() -> desk().maxQueued(-1));
        assertThatIllegalArgumentException().isThrownBy(() -> desk().maxAttempts(0));
        assertThatIllegalArgumentException().isThrownBy(() -> desk().attemptTimeout(Duration.ZERO));
        assertThatIllegalArgumentException().isThrownBy(() -> desk().healthInterval(Duration.ofSeconds(-1)));
        assertThatIllegalArgumentException().isThrownBy(() -> Supervision.quarantine(Duration.ZERO));
        assertThatIllegalArgumentException()
                .isThrownBy(() -> Supervision.restart().intensity(-1, Duration.ofSeconds(1)));
        assertThatIllegalArgumentException()
                .isThrownBy(() -> Supervision.restart().intensity(1, Duration.ZERO));
        Manager<String, String> desk = desk().worker(worker(ann)).build();
        assertThatNullPointerException().isThrownBy(() -> desk.submit(null, "write"));
        assertThatNullPointerException().isThrownBy(() -> desk.submit("poem", null));
        assertThatIllegalArgumentException().isThrownBy(() -> desk.close(Duration.ofSeconds(-1)));
        assertThatIllegalArgumentException().isThrownBy(() -> Manager.builder(" "));
    }
}
