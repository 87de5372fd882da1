package io.flotilla.agent;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatNullPointerException;

import java.math.BigDecimal;
import org.junit.jupiter.api.Test;

/** Tokens and cost add up exactly, or say that they cannot. */
class UsageTest {

    @Test
    void plus_two_addsEachNumber() {
        Usage sum = new Usage(1, 2, new BigDecimal("0.10")).plus(new Usage(10, 20, new BigDecimal("0.20")));

        assertThat(sum).isEqualTo(new Usage(11, 22, new BigDecimal("0.30")));
        assertThat(sum.tokens()).isEqualTo(33);
    }

    @Test
    void plus_none_changesNothing() {
        assertThat(Usage.ofTokens(1, 2).plus(Usage.NONE)).isEqualTo(Usage.ofTokens(1, 2));
        assertThat(Usage.NONE.tokens()).isZero();
        assertThat(Usage.NONE.cost()).isEqualTo(BigDecimal.ZERO);
    }

    @Test
    void plus_lessThanMaxLong_isTheSum() {
        assertThat(Usage.ofTokens(Long.MAX_VALUE - 2, 0)
                        .plus(Usage.ofTokens(1, 0))
                        .inputTokens())
                .isEqualTo(Long.MAX_VALUE - 1);
    }

    @Test
    void plus_equalToMaxLong_isTheSum() {
        assertThat(Usage.ofTokens(0, Long.MAX_VALUE - 1)
                        .plus(Usage.ofTokens(0, 1))
                        .outputTokens())
                .isEqualTo(Long.MAX_VALUE);
    }

    @Test
    void plus_moreThanMaxLong_throws() {
        assertThatExceptionOfType(ArithmeticException.class)
                .isThrownBy(() -> Usage.ofTokens(Long.MAX_VALUE, 0).plus(Usage.ofTokens(1, 0)));
        assertThatExceptionOfType(ArithmeticException.class)
                .isThrownBy(() -> Usage.ofTokens(0, Long.MAX_VALUE).plus(Usage.ofTokens(0, 1)));
    }

    @Test
    void tokens_moreThanMaxLong_throws() {
        assertThatExceptionOfType(ArithmeticException.class)
                .isThrownBy(() -> Usage.ofTokens(Long.MAX_VALUE, 1).tokens());
    }

    @Test
    void new_negativeInput_throwsWithTheValue() {
        assertThatIllegalArgumentException()
                .isThrownBy(() -> Usage.ofTokens(-1, 0))
                .withMessageContaining("-1 input");
    }

    @Test
    void new_negativeOutput_throwsWithTheValue() {
        assertThatIllegalArgumentException()
                .isThrownBy(() -> Usage.ofTokens(0, -2))
                .withMessageContaining("-2 output");
    }

    @Test
    void new_negativeCost_throwsWithTheValue() {
        assertThatIllegalArgumentException()
                .isThrownBy(() -> new Usage(0, 0, new BigDecimal("-0.01")))
                .withMessageContaining("cost -0.01");
    }

    @Test
    void new_nullCost_throwsNamingIt() {
        assertThatNullPointerException().isThrownBy(() -> new Usage(0, 0, null)).withMessage("cost");
    }
}
