package io.flotilla.run;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Lineage: order, equality and text. */
@Timeout(30)
class BranchPathTest {

    private static final BranchPath FIRST = BranchPath.outsideForks(0);

    private static List<BranchPath> inOrder() {
        BranchPath second = BranchPath.outsideForks(1);
        return List.of(
                FIRST,
                FIRST.forked(0, 0),
                FIRST.forked(0, 0).forked(0, 0),
                FIRST.forked(0, 0).forked(1, 0),
                FIRST.forked(0, 1),
                FIRST.forked(0, 2),
                FIRST.forked(0, 2).forked(0, 9),
                FIRST.forked(0, 10),
                FIRST.forked(1, 0),
                FIRST.forked(2, 0),
                FIRST.forked(10, 0),
                second,
                second.forked(0, 0),
                BranchPath.outsideForks(2));
    }

    @Test
    void toString_isThePathOfNumbers() {
        assertThat(inOrder())
                .extracting(BranchPath::toString)
                .containsExactly(
                        "/",
                        "/0.0/",
                        "/0.0/0.0/",
                        "/0.0/1.0/",
                        "/0.1/",
                        "/0.2/",
                        "/0.2/0.9/",
                        "/0.10/",
                        "/1.0/",
                        "/2.0/",
                        "/10.0/",
                        "/~1/",
                        "/~1/0.0/",
                        "/~2/");
    }

    @Test
    void compareTo_isByNumberLevelByLevel() {
        List<BranchPath> shuffled = new ArrayList<>(inOrder());
        Collections.shuffle(shuffled, new Random(7));
        Collections.sort(shuffled);

        assertThat(shuffled).isEqualTo(inOrder());
        for (int a = 0; a < shuffled.size(); a++) {
            for (int b = 0; b < shuffled.size(); b++) {
                // each made anew, so that no line is shared
                assertThat(Integer.signum(inOrder().get(a).compareTo(inOrder().get(b))))
                        .as("%s and %s", shuffled.get(a), shuffled.get(b))
                        .isEqualTo(Integer.compare(a, b));
                assertThat(inOrder().get(a).equals(inOrder().get(b))).isEqualTo(a == b);
            }
            assertThat(inOrder().get(a)).hasSameHashCodeAs(inOrder().get(a));
        }
        assertThat(FIRST).isNotEqualTo("/");
    }

    @Test
    void accessors() {
        BranchPath path = FIRST.forked(0, 2).forked(1, 3);

        assertThat(path.depth()).isEqualTo(2);
        assertThat(path.fork()).isEqualTo(1);
        assertThat(path.index()).isEqualTo(3);
        assertThat(path.parent()).isEqualTo(FIRST.forked(0, 2));
        assertThat(FIRST.depth()).isZero();
        assertThat(FIRST.parent()).isNull();
    }

    @Test
    void deep_hundredThousandLevels_needNoStack() {
        BranchPath one = deep();
        BranchPath other = deep();

        assertThat(one.equals(other)).isTrue();
        assertThat(one.hashCode()).isEqualTo(other.hashCode());
        assertThat(one.compareTo(other.forked(0, 0))).isNegative();
        assertThat(one.forked(0, 0).compareTo(other)).isPositive();
        assertThat(one.toString()).hasSize(1 + 4 * 100_000);
    }

    private static BranchPath deep() {
        BranchPath path = FIRST;
        for (int level = 0; level < 100_000; level++) {
            path = path.forked(0, 1);
        }
        return path;
    }
}
