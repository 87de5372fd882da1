package io.flotilla.testkit;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatNullPointerException;

import io.flotilla.journal.JournalEntry;
import io.flotilla.journal.JournalEntryTooLargeException;
import io.flotilla.journal.JournalFilter;
import io.flotilla.journal.RunSummary;
import io.flotilla.journal.StaleAppendException;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.NullUnmarked;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import reactor.test.StepVerifier;

/** What a copy of a run must do. */
@NullUnmarked // it hands in nulls on purpose
abstract class CopyContract extends AppendContract {

    @ParameterizedTest
    @ValueSource(ints = {0, 1, 299, 300})
    void copy_ofTheFirstEntries_isARunOfItsOwn(int count) {
        append("run", 0, 300);
        List<JournalEntry> further = List.of(typed(count, NOON, "other"), typed(count + 1, NOON, "way"));

        StepVerifier.create(journal.copy("run", count, "copy", further))
                .expectNext(count + 2L)
                .verifyComplete();

        List<JournalEntry> expected = new ArrayList<>(entries(0, count));
        expected.addAll(further);
        assertThat(read("copy")).isEqualTo(expected);
        assertThat(read("run")).isEqualTo(entries(0, 300));
        assertThat(append("run", 300, 301)).isEqualTo(301);
        assertThat(append("copy", count + 2L, count + 3L)).isEqualTo(count + 3L);
        assertThat(journal.list(JournalFilter.all())
                        .filter(summary -> summary.runId().equals("copy"))
                        .map(RunSummary::entries)
                        .single()
                        .block(SOON))
                .isEqualTo(count + 3L);
    }

    @Test
    void copy_notSubscribed_copiesNothing() {
        append("run", 0, 3);
        journal.copy("run", 3, "copy", List.of(entry(3)));

        assertThat(list(JournalFilter.all())).containsExactly("run");
    }

    @Test
    void copy_toARunThatIsThere_isStaleAndChangesNothing() {
        append("run", 0, 3);
        append("copy", 0, 2);

        StepVerifier.create(journal.copy("run", 3, "copy", List.of(entry(3)))).verifyError(StaleAppendException.class);
        StepVerifier.create(journal.copy("run", 3, "run", List.of(entry(3)))).verifyError(StaleAppendException.class);

        assertThat(read("copy")).isEqualTo(entries(0, 2));
        assertThat(read("run")).isEqualTo(entries(0, 3));
    }

    @Test
    void copy_ofMoreEntriesThanThereAre_isStaleAndMakesNoRun() {
        append("run", 0, 3);

        StepVerifier.create(journal.copy("run", 4, "copy", List.of(entry(4))))
                .expectErrorSatisfies(error -> assertThat(error)
                        .isInstanceOfSatisfying(StaleAppendException.class, stale -> {
                            assertThat(stale.runId()).isEqualTo("run");
                            assertThat(stale.expected()).isEqualTo(4);
                            assertThat(stale.actual()).isEqualTo(3);
                        }))
                .verify(SOON);
        StepVerifier.create(journal.copy("none", 1, "copy", List.of(entry(1)))).verifyError(StaleAppendException.class);

        assertThat(list(JournalFilter.all())).containsExactly("run");
    }

    @Test
    void copy_withAPayloadThatIsTooLarge_makesNoRun() {
        append("run", 0, 3);
        JournalEntry large = new JournalEntry(3, NOON, "large", new byte[maxPayloadBytes() + 1]);

        StepVerifier.create(journal.copy("run", 3, "copy", List.of(large)))
                .verifyError(JournalEntryTooLargeException.class);

        assertThat(list(JournalFilter.all())).containsExactly("run");
    }

    @Test
    void copy_withBadArguments_isRefusedAtOnce() {
        assertThatIllegalArgumentException().isThrownBy(() -> journal.copy("run", 1, "copy", List.of(entry(2))));
        assertThatIllegalArgumentException().isThrownBy(() -> journal.copy("run", 1, "copy", List.of()));
        assertThatIllegalArgumentException().isThrownBy(() -> journal.copy("run", -1, "copy", List.of(entry(0))));
        assertThatIllegalArgumentException().isThrownBy(() -> journal.copy("", 0, "copy", List.of(entry(0))));
        assertThatNullPointerException().isThrownBy(() -> journal.copy("run", 0, "copy", null));
    }
}
