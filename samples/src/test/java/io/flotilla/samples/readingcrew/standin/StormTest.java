package io.flotilla.samples.readingcrew.standin;

import static org.assertj.core.api.Assertions.assertThat;

import io.flotilla.samples.readingcrew.standin.Storm.Gust;
import java.time.Duration;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Test;

class StormTest {

    private final AtomicLong nanos = new AtomicLong(7);

    @Test
    void next_requestsAndTimePass_calmThenStormThenCalm() {
        Storm storm = new Storm(2, Duration.ofSeconds(1), nanos::get);

        assertThat(storm.next()).isEqualTo(Gust.CALM);
        nanos.addAndGet(Duration.ofHours(1).toNanos());
        assertThat(storm.next()).isEqualTo(Gust.CALM);
        nanos.addAndGet(Duration.ofMillis(999).toNanos());
        assertThat(storm.next()).isEqualTo(Gust.UNAVAILABLE);
        assertThat(storm.next()).isEqualTo(Gust.CUT);
        nanos.addAndGet(Duration.ofMillis(1).toNanos());
        assertThat(storm.next()).isEqualTo(Gust.CALM);
    }

    @Test
    void none_manyRequests_calm() {
        Storm none = Storm.none();

        for (int at = 0; at < 1_000; at++) {
            assertThat(none.next()).isEqualTo(Gust.CALM);
        }
    }

    @Test
    void toString_storm_saysWhenAndWhat() {
        assertThat(new Storm(2, Duration.ofSeconds(1), nanos::get))
                .hasToString("after 2 requests nothing but 503 and cut connections for 1000 ms");
    }
}
