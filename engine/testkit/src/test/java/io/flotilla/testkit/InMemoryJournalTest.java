package io.flotilla.testkit;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import io.flotilla.journal.InMemoryJournal;
import io.flotilla.journal.Journal;
import io.flotilla.journal.JournalFullException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import reactor.test.StepVerifier;

@ExtendWith(NothingDropped.class)
class InMemoryJournalTest extends JournalContract {

    @Override
    protected Journal open() {
        return InMemoryJournal.builder().maxPayloadBytes(maxPayloadBytes()).build();
    }

    @Test
    void append_ofOneRunTooMany_isRefusedUntilOneIsDeleted() {
        Journal small = InMemoryJournal.builder().maxRuns(2).build();
        small.append("a", 0, entries(0, 1)).block();
        small.append("b", 0, entries(0, 1)).block();

        StepVerifier.create(small.append("c", 0, entries(0, 1)))
                .expectErrorSatisfies(error -> assertThat(error)
                        .isInstanceOfSatisfying(JournalFullException.class, full -> {
                            assertThat(full.runId()).isEqualTo("c");
                            assertThat(full.maxRuns()).isEqualTo(2);
                        }))
                .verify();
        StepVerifier.create(small.append("a", 1, entries(1, 2))).expectNext(2L).verifyComplete();
        small.delete("b").block();
        StepVerifier.create(small.append("c", 0, entries(0, 1))).expectNext(1L).verifyComplete();
    }

    @Test
    void builder_withNumbersOutOfBounds_refusesThem() {
        assertThatIllegalArgumentException()
                .isThrownBy(() -> InMemoryJournal.builder().maxRuns(0))
                .withMessage("maxRuns must be >= 1, was 0");
        assertThatIllegalArgumentException()
                .isThrownBy(() -> InMemoryJournal.builder().maxPayloadBytes(0))
                .withMessage("maxPayloadBytes must be >= 1, was 0");
    }
}
