package io.flotilla.testkit;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatNullPointerException;

import java.util.Collections;
import java.util.List;
import org.jspecify.annotations.NullUnmarked;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What a journal must refuse. */
@NullUnmarked // it hands in nulls on purpose
abstract class BadInputContract extends ClosingContract {

    @ParameterizedTest
    @ValueSource(strings = {"", " ", "a b", "a\nb", "\u0000", "\u007f", "ä", "\ud83d\ude00"})
    void runId_thatIsNone_isRefusedByEveryCall(String bad) {
        assertThatIllegalArgumentException().isThrownBy(() -> journal.append(bad, 0, entries(0, 1)));
        assertThatIllegalArgumentException().isThrownBy(() -> journal.read(bad, 0));
        assertThatIllegalArgumentException().isThrownBy(() -> journal.delete(bad));
    }

    @Test
    void runId_ofTheMostCharacters_isKept_ofOneMore_isRefused() {
        String longest = "r".repeat(200);

        assertThat(append(longest, 0, 1)).isEqualTo(1);
        assertThat(read(longest)).hasSize(1);
        assertThatIllegalArgumentException()
                .isThrownBy(() -> journal.append(longest + "r", 0, entries(0, 1)))
                .withMessageContainingAll("200", "201");
    }

    @Test
    void append_ofNoneOrTooMany_isRefused() {
        assertThatIllegalArgumentException().isThrownBy(() -> journal.append("run", 0, List.of()));
        assertThatIllegalArgumentException()
                .isThrownBy(() -> journal.append("run", 0, entries(0, 10_001)))
                .withMessageContainingAll("10000", "10001");
    }

    @Test
    void append_ofSequencesWithGapsOrDoubles_isRefused() {
        assertThatIllegalArgumentException().isThrownBy(() -> journal.append("run", 0, entries(1, 2)));
        assertThatIllegalArgumentException()
                .isThrownBy(() -> journal.append("run", 0, List.of(entry(0), entry(2))))
                .withMessageContainingAll("entry 1", "sequence 1", "had 2");
        assertThatIllegalArgumentException().isThrownBy(() -> journal.append("run", 0, List.of(entry(0), entry(0))));
        assertThatIllegalArgumentException().isThrownBy(() -> journal.append("run", -1, entries(0, 1)));
    }

    @Test
    void calls_withNull_areRefusedAtOnce() {
        assertThatNullPointerException().isThrownBy(() -> journal.append(null, 0, entries(0, 1)));
        assertThatNullPointerException().isThrownBy(() -> journal.append("run", 0, null));
        assertThatNullPointerException().isThrownBy(() -> journal.append("run", 0, Collections.singletonList(null)));
        assertThatNullPointerException().isThrownBy(() -> journal.read(null, 0));
        assertThatNullPointerException().isThrownBy(() -> journal.list(null));
        assertThatNullPointerException().isThrownBy(() -> journal.delete(null));
    }

    @Test
    void read_fromANegativeSequence_isRefused() {
        assertThatIllegalArgumentException().isThrownBy(() -> journal.read("run", -1));
    }
}
