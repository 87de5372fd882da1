package io.flotilla.samples.wealth;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.util.List;
import org.junit.jupiter.api.Test;

class ChartTest {

    @Test
    void gini_knownHoldings_knownNumbers() {
        assertThat(Inequality.gini(List.of(5, 5, 5, 5))).as("all the same").isEqualTo(0, within(1e-9));
        assertThat(Inequality.gini(List.of(0, 0, 0, 8))).as("one has it all").isEqualTo(0.75, within(1e-9));
        assertThat(Inequality.gini(List.of(3, 1))).as("any order").isEqualTo(0.25, within(1e-9));
        assertThat(Inequality.gini(List.of(0, 0))).as("nothing to have").isZero();
        assertThat(Inequality.gini(List.of())).as("nobody").isZero();
    }

    @Test
    void histogram_numbers_aLineABucketWithEmptyOnes() {
        List<String> lines = Chart.histogram(List.of(0, 4, 5, 15), 5);

        assertThat(lines).hasSize(4);
        assertThat(lines.get(0)).contains("0 - 4").contains(" 2 ").endsWith("#".repeat(50));
        assertThat(lines.get(1)).contains("5 - 9").contains(" 1 ").endsWith(" " + "#".repeat(25));
        assertThat(lines.get(2)).contains("10 - 14").contains(" 0 ").doesNotContain("#");
        assertThat(lines.get(3)).contains("15 - 19").contains(" 1 ");
    }

    @Test
    void histogram_none_oneEmptyBucket() {
        assertThat(Chart.histogram(List.of(), 5)).singleElement().asString().doesNotContain("#");
    }

    @Test
    void bar_verySmallShare_stillSeen() {
        assertThat(Chart.bar(0.0001)).isEqualTo("#");
        assertThat(Chart.bar(0)).isEmpty();
    }
}
