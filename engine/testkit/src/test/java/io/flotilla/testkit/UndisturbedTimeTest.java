package io.flotilla.testkit;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import reactor.core.scheduler.Scheduler;
import reactor.core.scheduler.Schedulers;
import reactor.test.scheduler.VirtualTimeScheduler;

class UndisturbedTimeTest {

    /** What Reactor does with the second of two that were made at once. */
    @Test
    void dispose_bySomebodyElse_changesNothing() {
        Scheduler real = Schedulers.single();
        try (UndisturbedTime time = UndisturbedTime.begin()) {
            time.dispose();
            List<String> ran = new ArrayList<>();
            Schedulers.parallel().schedule(() -> ran.add("later"), 1, TimeUnit.HOURS);
            Schedulers.newSingle("any").schedule(() -> ran.add("now"));
            time.advanceTimeBy(Duration.ofHours(1));

            assertThat(ran).containsExactly("now", "later");
            assertThat(time.isDisposed()).isFalse();
        }
        assertThat(VirtualTimeScheduler.isFactoryEnabled()).isFalse();
        assertThat(Schedulers.single()).isSameAs(real);
        assertThat(real.isDisposed()).isFalse();
    }
}
