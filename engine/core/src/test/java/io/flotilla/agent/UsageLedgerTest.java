package io.flotilla.agent;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.assertThatNullPointerException;

import java.math.BigDecimal;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import reactor.core.scheduler.Schedulers;
import reactor.test.util.RaceTestUtils;

/** Every entry counts, from whatever thread it comes. */
@Timeout(30)
class UsageLedgerTest {

    @Test
    void total_noEntry_isNone() {
        assertThat(new UsageLedger().total()).isEqualTo(Usage.NONE);
    }

    @Test
    void record_fromManyThreads_losesNothing() {
        int threads = 8;
        int entries = 10_000;
        UsageLedger ledger = new UsageLedger();
        Runnable[] writers = new Runnable[threads];
        for (int at = 0; at < threads; at++) {
            writers[at] = () -> {
                for (int entry = 0; entry < entries; entry++) {
                    ledger.record(new Usage(1, 2, BigDecimal.ONE));
                }
            };
        }

        RaceTestUtils.race(Schedulers.boundedElastic(), writers);

        long all = (long) threads * entries;
        assertThat(ledger.total()).isEqualTo(new Usage(all, 2 * all, BigDecimal.valueOf(all)));
    }

    @Test
    void record_sumTooLarge_throwsAndAddsNothing() {
        UsageLedger ledger = new UsageLedger();
        ledger.record(Usage.ofTokens(1, Long.MAX_VALUE));

        assertThatExceptionOfType(ArithmeticException.class)
                .isThrownBy(() -> ledger.record(new Usage(5, 1, BigDecimal.TEN)));

        assertThat(ledger.total()).isEqualTo(Usage.ofTokens(1, Long.MAX_VALUE));
    }

    @Test
    void record_null_throwsNamingItAndAddsNothing() {
        UsageLedger ledger = new UsageLedger();

        assertThatNullPointerException().isThrownBy(() -> ledger.record(null)).withMessage("used");

        assertThat(ledger.total()).isEqualTo(Usage.NONE);
    }

    @Test
    void total_readBefore_doesNotChangeLater() {
        UsageLedger ledger = new UsageLedger();
        Usage before = ledger.total();

        ledger.record(Usage.ofTokens(3, 4));

        assertThat(before).isEqualTo(Usage.NONE);
        assertThat(ledger.total()).isEqualTo(Usage.ofTokens(3, 4));
    }

    @Test
    void part_recorded_countsInTheWholeAndInItselfAlone() {
        UsageLedger whole = new UsageLedger();
        UsageLedger one = whole.part();
        UsageLedger other = whole.part();

        one.record(Usage.ofTokens(1, 0));
        other.record(Usage.ofTokens(20, 0));
        whole.record(Usage.ofTokens(300, 0));

        assertThat(one.ownTotal()).isEqualTo(Usage.ofTokens(1, 0));
        assertThat(other.ownTotal()).isEqualTo(Usage.ofTokens(20, 0));
        assertThat(whole.ownTotal()).isEqualTo(Usage.ofTokens(321, 0));
        assertThat(List.of(one, other, whole))
                .allSatisfy(ledger -> assertThat(ledger.total()).isEqualTo(Usage.ofTokens(321, 0)));
    }

    @Test
    void part_ofAPart_countsInAll() {
        UsageLedger whole = new UsageLedger();
        UsageLedger part = whole.part();

        part.part().record(Usage.ofTokens(4, 5));

        assertThat(part.ownTotal()).isEqualTo(Usage.ofTokens(4, 5));
        assertThat(whole.total()).isEqualTo(Usage.ofTokens(4, 5));
    }

    @Test
    void part_sumOfTheWholeTooLarge_addsNothingToThePartEither() {
        UsageLedger whole = new UsageLedger();
        UsageLedger part = whole.part();
        whole.record(Usage.ofTokens(1, Long.MAX_VALUE));

        assertThatExceptionOfType(ArithmeticException.class).isThrownBy(() -> part.record(Usage.ofTokens(0, 1)));

        assertThat(part.ownTotal()).isEqualTo(Usage.NONE);
    }

    // --- nested

    @Test
    void recordNested_countsInAllSumsButIsNotDirect() {
        UsageLedger whole = new UsageLedger();
        UsageLedger step = whole.part();
        step.record(Usage.ofTokens(1, 2));

        step.recordNested(new Usage(10, 20, BigDecimal.ONE));

        assertThat(step.ownDirect()).isEqualTo(Usage.ofTokens(1, 2));
        assertThat(step.ownTotal()).isEqualTo(new Usage(11, 22, BigDecimal.ONE));
        assertThat(whole.total()).isEqualTo(new Usage(11, 22, BigDecimal.ONE));
        assertThat(whole.ownDirect()).isEqualTo(Usage.ofTokens(1, 2));
    }

    @Test
    void recordNested_sumTooLarge_throwsAndAddsNothingEitherWay() {
        UsageLedger ledger = new UsageLedger();
        ledger.recordNested(Usage.ofTokens(1, Long.MAX_VALUE));

        assertThatExceptionOfType(ArithmeticException.class)
                .isThrownBy(() -> ledger.recordNested(Usage.ofTokens(1, 1)));
        assertThatExceptionOfType(ArithmeticException.class).isThrownBy(() -> ledger.record(Usage.ofTokens(1, 1)));

        assertThat(ledger.total()).isEqualTo(Usage.ofTokens(1, Long.MAX_VALUE));
        assertThat(ledger.ownDirect()).isEqualTo(Usage.NONE);
    }

    @Test
    void recordNested_null_throwsNamingItAndAddsNothing() {
        UsageLedger ledger = new UsageLedger();

        assertThatNullPointerException()
                .isThrownBy(() -> ledger.recordNested(null))
                .withMessage("used");

        assertThat(ledger.total()).isEqualTo(Usage.NONE);
    }

    @Test
    void recordUnmeasured_whatWasNestedBelowStaysNested() {
        UsageLedger inner = new UsageLedger().part();
        inner.record(Usage.ofTokens(1, 2));
        inner.recordNested(new Usage(10, 20, BigDecimal.ONE));
        UsageLedger whole = new UsageLedger();
        UsageLedger step = whole.part();
        step.recordNested(Usage.ofTokens(100, 0));

        step.recordUnmeasured(inner);

        assertThat(step.ownDirect()).isEqualTo(Usage.ofTokens(1, 2));
        assertThat(step.ownTotal()).isEqualTo(new Usage(111, 22, BigDecimal.ONE));
        assertThat(whole.ownDirect()).isEqualTo(Usage.ofTokens(1, 2));
        assertThat(whole.total()).isEqualTo(new Usage(111, 22, BigDecimal.ONE));
    }

    @Test
    void recordUnmeasured_sumTooLarge_throws() {
        UsageLedger ledger = new UsageLedger();
        ledger.record(Usage.ofTokens(1, Long.MAX_VALUE));

        assertThatExceptionOfType(ArithmeticException.class).isThrownBy(() -> ledger.recordUnmeasured(ledger));
    }

    @Test
    void recordUnmeasured_onlyTheNestedPartTooLarge_addsNothing() {
        UsageLedger inner = new UsageLedger();
        inner.record(Usage.ofTokens(1, 0));
        inner.recordNested(Usage.ofTokens(0, 1));
        UsageLedger whole = new UsageLedger();
        UsageLedger step = whole.part();
        step.record(Usage.ofTokens(1, Long.MAX_VALUE));

        assertThatExceptionOfType(ArithmeticException.class).isThrownBy(() -> step.recordUnmeasured(inner));

        assertThat(step.ownTotal()).isEqualTo(Usage.ofTokens(1, Long.MAX_VALUE));
        assertThat(step.ownDirect()).isEqualTo(Usage.ofTokens(1, Long.MAX_VALUE));
        assertThat(whole.total()).isEqualTo(Usage.ofTokens(1, Long.MAX_VALUE));
    }

    @Test
    void recordUnmeasured_null_throwsNamingIt() {
        assertThatNullPointerException()
                .isThrownBy(() -> new UsageLedger().recordUnmeasured(null))
                .withMessage("inner");
    }
}
