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

    /** How long a world in which nothing is left to happen waits for a thread that is none of its own to show itself. */
    private static final Duration PATIENCE = Duration.ofMillis(100);

    private static final String HOOK = "flotilla-simulation";

    private final Simulation settings;
    private final Function<? super SimulatedWorld, ? extends Publisher<?>> check;

    /** The first thing in any world so far that no seed decides; it may have come to light when that world was over. */
    private final AtomicReference<@Nullable IllegalStateException> refusal = new AtomicReference<>();

    CaseRunner(Simulation settings, Function<? super SimulatedWorld, ? extends Publisher<?>> check) {
        this.settings = settings;
        this.check = check;
    }

    SimulationRun run(SimulationCase of) {
        return run(of, true);
    }

    /** {@code isPatient} if it is to be found out why nothing is left to happen. */
    SimulationRun run(SimulationCase of, boolean isPatient) {
        checkOutside();
        synchronized (ScenarioRunner.VIRTUAL_TIME) {
            World world = new World(of, isPatient);
            SimulationThread thread = new SimulationThread("flotilla-simulation", of.seed(), world);
            Schedulers.Snapshot before = Schedulers.setFactoryWithSnapshot(new SeededScheduler.Factory(world.time));
            Schedulers.onScheduleHook(HOOK, world::onRealScheduler);
            try {
                thread.start();
                await(thread, world);
            } finally {
                world.time.close();
                Schedulers.resetOnScheduleHook(HOOK);
                Schedulers.resetFrom(before);
            }
            return notRefused(world.result());
        }
    }

    /** The same run, unless something has come to light. */
    SimulationRun notRefused(SimulationRun run) {
        IllegalStateException late = refusal.get();
        return late == null || run.outcome().isOfTheSimulation()
                ? run
                : new SimulationRun(run.of(), SimulationRun.Outcome.REFUSED, late, run.took(), run.log());
    }

    /** It would wait for the world that it is in, or take its schedulers. */
    static void checkOutside() {
        if (SimulationThread.isCurrent()) {
            throw new IllegalStateException(
                    "a simulated world has no simulations, scenarios and virtual time of its own");
        }
    }

    private void await(Thread thread, World world) {
        try {
            thread.join(settings.realTimeLimit().toMillis());
            if (thread.isAlive()) {
                world.giveUp(new IllegalStateException("the simulated world did not end within "
                        + settings.realTimeLimit() + " of real time, and its thread is at " + Places.ofUser(thread)));
                thread.interrupt();
                thread.join(GRACE.toMillis());
            }
        } catch (InterruptedException interrupted) {
            world.giveUp(new IllegalStateException("the simulation was interrupted"));
            Thread.currentThread().interrupt();
        }
    }

    /** What runs on the thread. Its result is there when the thread has ended, or is given up. */
    private final class World implements Runnable {

        private final SimulationCase of;
        private final boolean isPatient;
        private final SeededTime time;
        private final FaultPlan plan;
        private final EventLines lines = new EventLines();
        private final AtomicReference<SimulationRun> result = new AtomicReference<>();

        // Of the thread.
        private boolean isDone;
        private @Nullable Throwable failure;

        private World(SimulationCase of, boolean isPatient) {
            this.of = of;
            this.isPatient = isPatient;
            this.time =
                    new SeededTime(of.seed(), of.choices(), settings.maxTasks(), settings.virtualTimeLimit(), refusal);
            this.plan = new FaultPlan(of.seed(), settings.chaos(), of.faults());
        }

        @Override
        public void run() {
            time.begin();
            OneThread.begin(time);
            try {
                Publisher<?> checked = Objects.requireNonNull(
                        check.apply(new SimulatedWorld(of, time, plan, lines)), "the check returned null");
                Flux.from(checked).subscribe(value -> {}, this::ended, () -> ended(null));
                end(outcome(time.run(() -> isDone)));
            } catch (Throwable thrown) { // assertion errors too, and what tasks throw
                ended(thrown);
                end(time.refusal() == null ? SimulationRun.Outcome.FAILED : refused());
            } finally {
                OneThread.end();
                time.close();
            }
        }

        /** Of any scheduler but those of the world. */
        private Runnable onRealScheduler(Runnable task) {
            if (time.isHere()) {
                throw time.refuse("a task is given to a scheduler with threads of its own, at "
                        + Places.ofUser(Thread.currentThread())
                        + ". Make the scheduler in the check, or use Reactor's shared ones");
            }
            return task;
        }

        private void ended(@Nullable Throwable cause) {
            if (!time.isHere()) {
                IllegalStateException ignored = time.refuse("the check ends on thread \""
                        + Thread.currentThread().getName() + "\", which is not of the simulated world");
                return;
            }
            failure = cause;
            isDone = true;
        }

        private SimulationRun.Outcome refused() {
            failure = time.refusal();
            return SimulationRun.Outcome.REFUSED;
        }

        /** Somebody waits: for ever, or for a thread that the seed does not know. */
        private SimulationRun.Outcome stuck() {
            try {
                if (isPatient && time.awaitsRefusal(PATIENCE)) {
                    return refused();
                }
            } catch (InterruptedException givenUp) {
                Thread.currentThread().interrupt();
            }
            return SimulationRun.Outcome.STUCK;
        }

        private SimulationRun.Outcome outcome(SeededTime.End end) {
            return switch (end) {
                case DONE -> failure == null ? SimulationRun.Outcome.PASSED : SimulationRun.Outcome.FAILED;
                case NOTHING_LEFT -> stuck();
                case REFUSED -> refused();
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
