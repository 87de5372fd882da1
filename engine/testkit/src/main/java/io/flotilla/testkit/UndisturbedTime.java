package io.flotilla.testkit;

import io.flotilla.Experimental;
import java.util.function.Supplier;
import org.reactivestreams.Publisher;
import reactor.test.StepVerifier;
import reactor.test.scheduler.VirtualTimeScheduler;

/**
 * Virtual time that ends with its test and not before: all of Reactor's schedulers are this one, and so are those of the library.
 *
 * <p>Reactor disposes of a shared scheduler that two threads make at the same time, and in virtual time all of them are one. So a
 * thread that an earlier test has left behind, a late time-out or a body that goes on after its test, is enough to end the time of
 * {@code StepVerifier.withVirtualTime} and {@code VirtualTimeScheduler.getOrSet()}; the test that runs then fails with "Scheduler
 * unavailable". This one is ended by its owner alone.
 *
 * <pre>{@code
 * UndisturbedTime.verifier(() -> engine.run(agents, "go"))
 *         .thenAwait(Duration.ofMinutes(1))
 *         .assertNext(report -> assertThat(report.failures()).isEmpty())
 *         .verifyComplete();
 *
 * try (UndisturbedTime time = UndisturbedTime.begin()) {
 *     Run<String> run = workflow.start("go");
 *     time.advanceTimeBy(Duration.ofHours(1));
 * }
 * }</pre>
 *
 * <p>One at a time in a JVM, and none while a {@link Simulation} or a {@link ScenarioRunner} is at work: one that begins while another
 * has not ended takes its place. Reactor's schedulers are those of all threads: a test that runs at the same time gets virtual ones
 * too, where its timers stand still, and are lost with all that is left to do when this time ends. Where tests run in parallel, those
 * in virtual time are to be JUnit's {@code @Isolated}, or to share a {@code @ResourceLock} with all that use Reactor's schedulers.
 *
 * <p>Schedulers that were made before, and those that are made of an executor, stay real. Tasks run on the thread that lets the time
 * pass, or on the one that schedules what is due at once.
 *
 * <p>Thread-safe, but whoever begins it closes it.
 *
 * @since 0.1
 */
@Experimental
public final class UndisturbedTime extends VirtualTimeScheduler implements AutoCloseable {

    private UndisturbedTime(boolean defer) {
        super(defer);
    }

    /**
     * Begins: all schedulers that are asked for from now on are virtual, until it is closed. One that has not ended yet gives way.
     *
     * @return the time, which passes when {@link #advanceTimeBy} is called
     * @throws IllegalStateException if it is called in a simulated world
     */
    public static UndisturbedTime begin() {
        CaseRunner.checkOutside();
        UndisturbedTime time = new UndisturbedTime(false);
        VirtualTimeScheduler.set(time);
        return time;
    }

    /**
     * {@code StepVerifier.withVirtualTime} in a time of this kind: real time is back when the verification ends. From then on the
     * virtual schedulers refuse tasks if one that Reactor shares was asked for; if all were made anew, such as by
     * {@code Schedulers.newSingle}, they still take tasks, which nobody lets happen.
     *
     * @param scenario makes what is verified, inside virtual time; called once for each verification
     * @param <T> the type of its values
     * @return the first step of the verification, with unbounded demand; in a time that has {@linkplain #begin() begun} already, it is
     *     in that one, and ends it
     * @throws NullPointerException if {@code scenario} is null
     * @throws IllegalStateException if it is called in a simulated world
     */
    public static <T> StepVerifier.FirstStep<T> verifier(Supplier<? extends Publisher<? extends T>> scenario) {
        CaseRunner.checkOutside();
        return StepVerifier.withVirtualTime(
                scenario, () -> VirtualTimeScheduler.getOrSet(new UndisturbedTime(true)), Long.MAX_VALUE);
    }

    private boolean isCurrent() {
        try {
            return VirtualTimeScheduler.get() == this;
        } catch (IllegalStateException none) {
            return false;
        }
    }

    /** Does nothing while it is what Reactor's schedulers are: {@link #close} ends it. */
    @Override
    public void dispose() {
        if (!isCurrent()) {
            super.dispose();
        }
    }

    /** Real time is back. Does nothing the second time. */
    @Override
    public void close() {
        if (isCurrent()) {
            VirtualTimeScheduler.reset();
        }
        dispose();
    }
}
