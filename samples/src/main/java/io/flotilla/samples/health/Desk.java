package io.flotilla.samples.health;

import io.flotilla.health.CheckResult;
import io.flotilla.health.HealthMonitor;
import io.flotilla.health.HealthReport;
import io.flotilla.health.HealthStatus;
import io.flotilla.message.Delivery;
import io.flotilla.message.Envelope;
import io.flotilla.message.Hub;
import io.flotilla.message.MemberOptions;
import io.flotilla.message.NetworkOptions;
import io.flotilla.step.StepEngine;
import io.flotilla.step.StepHealth;
import io.flotilla.step.StepResult;
import io.flotilla.team.Manager;
import io.flotilla.team.Worker;
import io.flotilla.team.WorkerStatus;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.TreeMap;
import java.util.concurrent.CompletableFuture;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;

/** A manager and a hub with the same two clerks, and a monitor that looks when it is told to. */
final class Desk {

    private static final Duration STUCK_AFTER = Duration.ofMillis(60);
    private static final Duration LOOK = Duration.ofMillis(20);
    private static final Duration PATIENCE = Duration.ofSeconds(30);
    private static final int LETTERS = 6;
    private static final String WRITE = "write";

    private final Clerk first = new Clerk(1);
    private final Clerk second = new Clerk(2);
    private final StepHealth steps = StepHealth.stuckAfter(STUCK_AFTER);
    private final HealthMonitor monitor = HealthMonitor.builder()
            .check(steps.check("clerk#1").nonCritical())
            .check(steps.check("clerk#2").nonCritical())
            .check(first.timer().check("the timer of clerk#1"))
            .failureThreshold(1) // a service keeps the default, so that nothing flaps
            .successThreshold(1)
            .build();
    private final Manager<String, String> manager = Manager.<String, String>builder("desk")
            .worker(Worker.<String, String>of(first, WRITE).concurrency(LETTERS))
            .worker(Worker.<String, String>of(second, WRITE).concurrency(LETTERS))
            .engine(StepEngine.builder().interceptor(steps).build())
            .health(monitor::isUsable)
            .healthInterval(LOOK)
            .build();
    private final Hub hub = Hub.create(NetworkOptions.builder()
            .health(monitor)
            .member(MemberOptions.defaults().interchangeable())
            .build());
    private CompletableFuture<StepResult<String>> stuck = new CompletableFuture<>();

    Desk() {
        hub.join(first);
        hub.join(second);
        look();
    }

    /** Blocking is for the outermost edge of a program, such as this sample. */
    private HealthReport look() {
        return Objects.requireNonNull(monitor.refresh().block(PATIENCE));
    }

    HealthReport report() {
        return monitor.report();
    }

    /** Some letters at the same time; by whom how many. */
    Map<String, Integer> write() {
        Map<String, Integer> byWhom = new TreeMap<>();
        Flux.range(1, LETTERS)
                .flatMap(letter -> manager.submit("letter " + letter, WRITE), LETTERS)
                .toStream()
                .forEach(result -> byWhom.merge(result.agentId().toString(), 1, Integer::sum));
        return byWhom;
    }

    /** Who answers a note that is sent to the first clerk. */
    String note() {
        Envelope answer = Objects.requireNonNull(
                hub.request(Envelope.to(first.id(), "a note").build()).block(PATIENCE));
        return answer.sender() + " answers " + answer.payload(String.class);
    }

    /** What becomes of news to all. */
    List<Delivery> news() {
        return hub.offer(Envelope.toAll("news").build()).deliveries();
    }

    /** Until the monitor has seen it. */
    void firstGetsStuck() {
        first.freezes();
        stuck = manager.submit("a long letter", WRITE).toFuture();
        Mono.defer(monitor::refresh)
                .delaySubscription(LOOK)
                .repeat()
                .takeUntil(report -> statusOfFirst(report) == HealthStatus.DOWN)
                .blockLast(PATIENCE);
    }

    private static HealthStatus statusOfFirst(HealthReport report) {
        CheckResult check = Objects.requireNonNull(report.check("clerk#1"));
        return check.status();
    }

    String firstComesBack() {
        first.thaws();
        StepResult<String> late = stuck.join();
        look();
        // The manager asks about a worker that was not well once an interval.
        Flux.interval(LOOK)
                .onBackpressureDrop()
                .takeUntil(tick ->
                        manager.workers().stream().allMatch(worker -> worker.state() == WorkerStatus.State.ACTIVE))
                .blockLast(PATIENCE);
        return String.valueOf(late.value());
    }

    void close() {
        hub.close(Duration.ZERO).block(PATIENCE);
        first.goesHome();
        second.goesHome();
        monitor.close();
    }
}
