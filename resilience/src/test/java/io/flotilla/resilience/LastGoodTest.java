package io.flotilla.resilience;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatNullPointerException;

import io.flotilla.AgentId;
import io.flotilla.agent.StepContext;
import java.time.Duration;
import java.time.Instant;
import org.junit.jupiter.api.Test;

/** What is kept, for how long, and what goes first. */
class LastGoodTest {

    private static final Instant NOON = Instant.parse("2026-01-02T12:00:00Z");
    private static final StepContext READER = StepContext.detached(AgentId.of("reader#1"));
    private static final StepContext OTHER_READER = StepContext.detached(AgentId.of("reader#2"));

    private final LastGood three = LastGood.of(3, Duration.ofMinutes(1));

    private void keep(LastGood store, String... inputs) {
        for (String input : inputs) {
            store.keep(READER, input, "value of " + input, NOON);
        }
    }

    private static boolean has(LastGood store, String input) {
        return store.find(READER, input, NOON) != null;
    }

    @Test
    void find_nothingKept_isNull() {
        assertThat(three.find(READER, "a", NOON)).isNull();
        assertThat(three.size()).isZero();
    }

    @Test
    void find_kept_isTheValueAndWhenItWasGood() {
        keep(three, "a");

        assertThat(three.find(READER, "a", NOON.plusSeconds(5))).isEqualTo(new LastGood.Kept("value of a", NOON));
    }

    @Test
    void find_keptTwice_isTheLater() {
        three.keep(READER, "a", "old", NOON);
        three.keep(READER, "a", "new", NOON.plusSeconds(1));

        assertThat(three.find(READER, "a", NOON).value()).isEqualTo("new");
        assertThat(three.size()).isOne();
    }

    @Test
    void find_otherAgent_hasValuesOfItsOwn() {
        keep(three, "a");

        assertThat(three.find(OTHER_READER, "a", NOON)).isNull();
    }

    @Test
    void find_youngerThanMaxAge_isFound() {
        keep(three, "a");

        assertThat(three.find(READER, "a", NOON.plusMillis(59_999))).isNotNull();
    }

    @Test
    void find_asOldAsMaxAge_isFound() {
        keep(three, "a");

        assertThat(three.find(READER, "a", NOON.plusMillis(60_000))).isNotNull();
    }

    @Test
    void find_olderThanMaxAge_isNull() {
        keep(three, "a");

        assertThat(three.find(READER, "a", NOON.plusMillis(60_001))).isNull();
    }

    @Test
    void keep_fewerThanEntries_allAreKept() {
        keep(three, "a", "b");

        assertThat(three.size()).isEqualTo(2);
        assertThat(has(three, "a")).isTrue();
    }

    @Test
    void keep_asManyAsEntries_allAreKept() {
        keep(three, "a", "b", "c");

        assertThat(three.size()).isEqualTo(3);
        assertThat(has(three, "a")).isTrue();
    }

    @Test
    void keep_moreThanEntries_theFirstGoes() {
        keep(three, "a", "b", "c", "d");

        assertThat(three.size()).isEqualTo(3);
        assertThat(has(three, "a")).isFalse();
        assertThat(has(three, "d")).isTrue();
    }

    @Test
    void keep_moreThanEntriesAfterTheFirstWasUsed_theLeastRecentlyUsedGoes() {
        keep(three, "a", "b", "c");
        assertThat(has(three, "a")).isTrue();

        keep(three, "d");

        assertThat(has(three, "a")).isTrue();
        assertThat(has(three, "b")).isFalse();
    }

    @Test
    void keep_moreThanEntriesAfterTheFirstWasKeptAgain_theLeastRecentlyUsedGoes() {
        keep(three, "a", "b", "c", "a", "d");

        assertThat(has(three, "a")).isTrue();
        assertThat(has(three, "b")).isFalse();
    }

    @Test
    void keyedBy_kind_agentsOfAKindShare() {
        LastGood byKind = three.keyedBy((context, input) -> context.agentId().kind());
        byKind.keep(READER, "a", "of one", NOON);

        assertThat(byKind.find(OTHER_READER, "b", NOON).value()).isEqualTo("of one");
        assertThat(three.size()).as("another store").isZero();
    }

    @Test
    void keyedBy_theBoundsAreTheSame() {
        LastGood byInput = three.keyedBy((context, input) -> input);
        keep(byInput, "a", "b", "c", "d");

        assertThat(byInput.size()).isEqualTo(3);
        assertThat(byInput.find(READER, "d", NOON.plusSeconds(61))).isNull();
    }

    @Test
    void of_noEntries_throws() {
        assertThatIllegalArgumentException()
                .isThrownBy(() -> LastGood.of(0, Duration.ofSeconds(1)))
                .withMessage("entries must be >= 1, was 0");
    }

    @Test
    void of_maxAgeZero_throws() {
        assertThatIllegalArgumentException()
                .isThrownBy(() -> LastGood.of(1, Duration.ZERO))
                .withMessage("maxAge must be > 0, was PT0S");
    }

    @Test
    void of_maxAgeNegative_throws() {
        assertThatIllegalArgumentException()
                .isThrownBy(() -> LastGood.of(1, Duration.ofNanos(-1)))
                .withMessageContaining("maxAge must not be negative");
    }

    @Test
    void keyedBy_null_throws() {
        assertThatNullPointerException().isThrownBy(() -> three.keyedBy(null)).withMessage("key");
    }
}
