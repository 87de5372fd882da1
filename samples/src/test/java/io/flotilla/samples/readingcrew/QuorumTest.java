package io.flotilla.samples.readingcrew;

import static org.assertj.core.api.Assertions.assertThat;

import io.flotilla.run.Join;
import java.math.BigDecimal;
import java.time.Duration;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class QuorumTest {

    private static final Duration WITHIN = Duration.ofSeconds(20);

    @ParameterizedTest
    @CsvSource({
        "0.8, 9, 8",
        "0.8, 10, 8",
        "0.8, 11, 9",
        "0.55, 20, 11", // as a double it is a little more
        "1, 3, 3",
        "0.000000001, 1000, 1",
        "0.999999999, 1000, 1000"
    })
    void of_share_roundedUp(BigDecimal share, int files, int wanted) {
        Quorum quorum = Quorum.of(share, files, WITHIN);

        assertThat(quorum.wanted()).isEqualTo(wanted);
        assertThat(quorum.join(Duration.ZERO))
                .as("the checker comes too")
                .isEqualTo(Join.atLeast(wanted + 1).within(WITHIN));
    }

    @Test
    void join_runThatStartedLongAgo_deadlineCountsFromNow() {
        Quorum quorum = Quorum.of(BigDecimal.ONE, 3, WITHIN);

        assertThat(quorum.join(Duration.ofHours(1))).isEqualTo(Join.atLeast(4).within(WITHIN.plusHours(1)));
    }
}
