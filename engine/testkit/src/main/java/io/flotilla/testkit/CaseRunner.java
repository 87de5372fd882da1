package io.flotilla.testkit;

import io.flotilla.step.SimulationThread;
import java.time.Duration;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;
import org.reactivestreams.Publisher;
import reactor.core.publisher.Flux;
import reactor.core.scheduler.Schedulers;

/**
 * Runs one case on a thread of its own. Meanwhile Reactor's schedulers are the world's, for that thread; for all others they
 * are real. Afterwards they are what they were.
 */
final class CaseRunner {

    /** How long a world that was given up may take to notice. */
    private static final Duration GRACE = Duration.ofSeconds(2);

    private final Simulation settings;
    private final Function<? super SimulatedWorld, ? extends Publisher<?>> check;

    CaseRunner(Simulation settings, Function<? super SimulatedWorld, ? extends Publisher<?>> check) {
        this.settings = settings;
        this.check = check;
    }

    SimulationRun run(SimulationCase of) {
        checkOutside();
        synchronized (ScenarioRunner.VIRTUAL_TIME) {
            World world = new World(of);
            SimulationThread thread = new SimulationThread("flotilla-simulation", world);
            Schedulers.Snapshot before = Schedulers.setFactoryWithSnapshot(new SeededScheduler.Factory(world.time));
            try {
                thread.start();
                await(thread, world);
            } finally {
                world.time.close();
                Schedulers.resetFrom(before);
            }
            return world.result();
        }
    }

    /** It would wait for the world that it is in. */
    static void checkOutside() {
        if (SimulationThread.isCurrent()) {
            throw new IllegalStateException("a simulated world has no simulations and scenarios of its own");
        }
    }

    private void await(Thread thread, World world) {
        try {
            thread.join(settings.realTimeLimit().toMillis());
            if (thread.isAlive()) {
                world.giveUp(new IllegalStateException("the simulated world did not end within "
                        + settings.realTimeLimit() + " of real time, and its thread is at " + place(thread)));
                thread.interrupt();
                thread.join(GRACE.toMillis());
            }
        } catch (InterruptedException interrupted) {
            world.giveUp(new IllegalStateException("the simulation was interrupted"));
            Thread.currentThread().interrupt();
        }
    }

    private static String place(Thread thread) {
        StackTraceElement[] stack = thread.getStackTrace();
        return stack.length == 0 ? "its end" : stack[0].toString();
    }

    /** What runs on the thread. Its result is there when the thread has ended, or is given up. */
    private final class World implements Runnable {

        private final SimulationCase of;
        private final SeededTime time;
        private final FaultPlan plan;
        private final EventLines lines = new EventLines();
        private final AtomicReference<SimulationRun> result = new AtomicReference<>();

        // Of the thread.
        private boolean isDone;
        private @Nullable Throwable failure;

        private World(SimulationCase of) {
            this.of = of;
            this.time = new SeededTime(of.seed(), of.choices(), settings.maxTasks(), settings.virtualTimeLimit());
            this.plan = new FaultPlan(of.seed(), settings.chaos(), of.faults());
        }

        @Override
        public void run() {
            time.begin();
            try {
                Publisher<?> checked = Objects.requireNonNull(
                        check.apply(new SimulatedWorld(of, time, plan, lines)), "the check returned null");
                Flux.from(checked).subscribe(value -> {}, this::failed, () -> isDone = true);
                end(outcome(time.run(() -> isDone)));
            } catch (Throwable thrown) { // assertion errors too, and what tasks throw
                failed(thrown);
                end(SimulationRun.Outcome.FAILED);
            } finally {
                time.close();
            }
        }

        private void failed(Throwable cause) {
            failure = cause;
            isDone = true;
        }

        private SimulationRun.Outcome outcome(SeededTime.End end) {
            return switch (end) {
                case DONE -> failure == null ? SimulationRun.Outcome.PASSED : SimulationRun.Outcome.FAILED;
                case NOTHING_LEFT -> SimulationRun.Outcome.STUCK;
                case TOO_LATE, TOO_MANY_TASKS -> SimulationRun.Outcome.ENDLESS;
                case STOPPED -> SimulationRun.Outcome.BLOCKED;
            };
        }

        /** The last line tells two orders apart whose events are the same. */
        private void end(SimulationRun.Outcome outcome) {
            lines.add(
                    time.nowNanos(),
                    outcome + (failure == null ? "" : ": " + Texts.of(failure)) + " after " + time.tasks() + " tasks, "
                            + time.choices() + " choices, order " + Long.toHexString(time.order()));
            SimulationCase made = new SimulationCase(
                    of.seed(), of.agents(), of.messages(), time.choices(), List.copyOf(plan.injected()));
            result.compareAndSet(
                    null, new SimulationRun(made, outcome, failure, Duration.ofNanos(time.nowNanos()), lines.all()));
        }

        private void giveUp(Throwable cause) {
            time.stop();
            result.compareAndSet(
                    null,
                    new SimulationRun(
                            of, SimulationRun.Outcome.BLOCKED, cause, Duration.ofNanos(time.nowNanos()), lines.all()));
        }

        private SimulationRun result() {
            return Objects.requireNonNull(result.get(), "the thread has ended");
        }
    }
}
