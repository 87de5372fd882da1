package io.flotilla.testkit;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;
import static org.assertj.core.api.Assertions.assertThatNullPointerException;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import reactor.core.publisher.Mono;
import reactor.core.scheduler.Scheduler;
import reactor.core.scheduler.Schedulers;
import reactor.test.scheduler.VirtualTimeScheduler;

@Timeout(30)
class UndisturbedTimeTest {

    private static final Duration HOUR = Duration.ofHours(1);
    private static final Duration SOON = Duration.ofSeconds(20);

    @AfterEach
    void realTimeAgain() {
        VirtualTimeScheduler.reset();
    }

    /** What Reactor does with the second of two that were made at once. */
    @Test
    void dispose_bySomebodyElse_changesNothing() {
        Scheduler real = Schedulers.single();
        try (UndisturbedTime time = UndisturbedTime.begin()) {
            time.dispose();
            List<String> ran = new ArrayList<>();
            Schedulers.parallel().schedule(() -> ran.add("later"), 1, TimeUnit.HOURS);
            Schedulers.newSingle("any").schedule(() -> ran.add("now"));
            time.advanceTimeBy(HOUR);

            assertThat(ran).containsExactly("now", "later");
            assertThat(time.isDisposed()).isFalse();
        }
        assertThat(VirtualTimeScheduler.isFactoryEnabled()).isFalse();
        assertThat(Schedulers.single()).isSameAs(real);
        assertThat(real.isDisposed()).isFalse();
    }

    @Test
    void verifier_itsTimeIsDisposedOfBySomebodyElse_goesOnAndEndsItsTime() {
        List<VirtualTimeScheduler> time = new ArrayList<>();
        UndisturbedTime.verifier(() -> {
                    time.add(VirtualTimeScheduler.get());
                    Schedulers.parallel().dispose(); // nothing: Reactor guards what it shares
                    time.get(0).dispose();
                    return Mono.delay(HOUR);
                })
                .expectSubscription()
                .expectNoEvent(HOUR)
                .expectNext(0L)
                .expectComplete()
                .verify(SOON);

        assertThat(VirtualTimeScheduler.isFactoryEnabled()).isFalse();
        assertThat(time.get(0).isDisposed()).isTrue();
    }

    @Test
    void verifier_inATimeThatHasBegun_isInThatOne() {
        try (UndisturbedTime time = UndisturbedTime.begin()) {
            time.advanceTimeBy(HOUR);
            UndisturbedTime.verifier(() -> Mono.fromSupplier(VirtualTimeScheduler::get))
                    .expectNext(time)
                    .expectComplete()
                    .verify(SOON);
        }
        assertThatNullPointerException().isThrownBy(() -> UndisturbedTime.verifier(null));
    }

    /** Of which nothing is shared, so that Reactor disposes of nothing. */
    @Test
    void verifier_withNewSchedulersAlone_endsAndStillTakesTasks() {
        List<Scheduler> used = new ArrayList<>();
        UndisturbedTime.verifier(() -> {
                    used.add(Schedulers.newSingle("any"));
                    return Mono.delay(HOUR, used.get(0));
                })
                .thenAwait(HOUR)
                .expectNext(0L)
                .expectComplete()
                .verify(SOON);

        assertThat(VirtualTimeScheduler.isFactoryEnabled()).isFalse();
        AtomicBoolean isRun = new AtomicBoolean();
        used.get(0).schedule(() -> isRun.set(true), 1, TimeUnit.HOURS);
        assertThat(isRun).isFalse();
    }

    /** It would take the world's schedulers from it. */
    @Test
    void begin_inASimulatedWorld_isRefused() {
        List<Runnable> begins = List.of(UndisturbedTime::begin, () -> UndisturbedTime.verifier(Mono::empty));
        for (Runnable begin : begins) {
            Simulation.seeded(1)
                    .seeds(1)
                    .check(world -> {
                        assertThatIllegalStateException()
                                .isThrownBy(begin::run)
                                .withMessageContaining("virtual time of its own");
                        return Mono.delay(HOUR);
                    })
                    .orThrow();
        }
        assertThat(VirtualTimeScheduler.isFactoryEnabled()).isFalse();
    }

    @Test
    void close_twice_itsTasksAreRefusedAndTheTimeOfAnotherGoesOn() {
        UndisturbedTime time = UndisturbedTime.begin();
        time.close();
        try (UndisturbedTime other = UndisturbedTime.begin()) {
            time.close();

            assertThat(VirtualTimeScheduler.get()).isSameAs(other);
            assertThat(other.isDisposed()).isFalse();
        }
        assertThatExceptionOfType(RejectedExecutionException.class).isThrownBy(() -> time.schedule(() -> {}));
    }

    /** As a test that fails leaves it. */
    @Test
    void begin_theLastOneHasNotEnded_takesItsPlace() {
        Scheduler real = Schedulers.single();
        UndisturbedTime left = UndisturbedTime.begin();
        try (UndisturbedTime time = UndisturbedTime.begin()) {
            left.close();
            assertThat(VirtualTimeScheduler.get()).isSameAs(time);
        }
        assertThat(Schedulers.single()).isSameAs(real);
    }
}
