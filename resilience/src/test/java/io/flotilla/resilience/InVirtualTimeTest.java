package io.flotilla.resilience;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import reactor.test.scheduler.VirtualTimeScheduler;

/** What a test leaves behind does not reach the next one. */
@Timeout(30)
class InVirtualTimeTest {

    private final InVirtualTime time = new InVirtualTime();

    @Test
    void afterEach_roundsThatHaveNotEnded_areCancelledInTheTimeTheyBelongTo() {
        Pending agent = new Pending("a");
        time.beforeEach(null);
        InVirtualTime.start(
                InVirtualTime.engine(Resilience.builder().bulkhead(new BulkheadPolicy(1, 10, Duration.ofSeconds(1)))),
                agent,
                3);
        assertThat(agent.called()).isEqualTo(1);

        time.afterEach(null);

        assertThat(agent.cancelled)
                .as("the one that runs; those that wait are not let in")
                .hasValue(1);
        assertThat(agent.called()).isEqualTo(1);
        assertThat(VirtualTimeScheduler.isFactoryEnabled()).isFalse();
    }
}
