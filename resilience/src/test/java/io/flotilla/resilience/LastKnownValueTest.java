package io.flotilla.resilience;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatNullPointerException;

import io.flotilla.AgentId;
import io.flotilla.agent.StepContext;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Supplier;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What is kept, for how long, and what goes first. */
class LastKnownValueTest {

    private final VirtualTimer time = new VirtualTimer();
    private static final StepContext READER = StepContext.detached(AgentId.of("reader#1"));
    private static final StepContext OTHER_READER = StepContext.detached(AgentId.of("reader#2"));

    private final LastKnownValue three = LastKnownValue.of(3, Duration.ofMinutes(1));

    private void keep(LastKnownValue store, String... inputs) {
        for (String input : inputs) {
            store.keep(READER, input, "value of " + input, time);
        }
    }

    private static boolean has(LastKnownValue store, String input) {
        return store.find(READER, input) != null;
    }

    @Test
    void find_nothingKept_isNull() {
        assertThat(three.find(READER, "a")).isNull();
        assertThat(three.size()).isZero();
    }

    @Test
    void find_kept_isTheValueAndWhenItWasGood() {
        keep(three, "a");

        time.pass(Duration.ofSeconds(5));
        assertThat(three.find(READER, "a")).isEqualTo(new LastKnownValue.Found("value of a", Duration.ofSeconds(5)));
    }

    @Test
    void find_keptTwice_isTheLater() {
        three.keep(READER, "a", "old", time);
        three.keep(READER, "a", "new", time);

        assertThat(three.find(READER, "a").value()).isEqualTo("new");
        assertThat(three.size()).isOne();
    }

    @Test
    void find_otherAgent_hasValuesOfItsOwn() {
        keep(three, "a");

        assertThat(three.find(OTHER_READER, "a")).isNull();
    }

    @Test
    void find_youngerThanMaxAge_isFound() {
        keep(three, "a");

        time.pass(Duration.ofMillis(59_999));
        assertThat(three.find(READER, "a")).isNotNull();
    }

    @Test
    void find_asOldAsMaxAge_isFound() {
        keep(three, "a");

        time.pass(Duration.ofMinutes(1));
        assertThat(three.find(READER, "a")).isNotNull();
    }

    @Test
    void find_olderThanMaxAge_isNull() {
        keep(three, "a");

        time.pass(Duration.ofMillis(60_001));
        assertThat(three.find(READER, "a")).isNull();
    }

    @Test
    void find_timerHasGoneBack_isNull() {
        keep(three, "a");

        time.pass(Duration.ofNanos(-1));

        assertThat(three.find(READER, "a")).as("nobody knows how old it is").isNull();
    }

    @Test
    void find_keptByAnEngineWithAnotherTimer_isAsOldAsThatOneSays() {
        VirtualTimer other = new VirtualTimer();
        other.pass(Duration.ofDays(-3));
        three.keep(READER, "a", "good", other);

        other.pass(Duration.ofSeconds(7));

        assertThat(three.find(READER, "a")).isEqualTo(new LastKnownValue.Found("good", Duration.ofSeconds(7)));
    }

    // --- keys that throw

    private static final List<Supplier<Throwable>> THROWN =
            List.of(IllegalStateException::new, StackOverflowError::new, () -> new NoClassDefFoundError("broken"));

    private static <T extends Throwable> void sneak(Throwable thrown) throws T {
        @SuppressWarnings("unchecked")
        T unchecked = (T) thrown;
        throw unchecked;
    }

    /** Throws what it is told to when it is asked for its hash, or compared. */
    private record Broken(String name, Throwable ofHash, Throwable ofEquals) {
        @Override
        public int hashCode() {
            if (ofHash != null) {
                LastKnownValueTest.<RuntimeException>sneak(ofHash);
            }
            return 1;
        }

        @Override
        public boolean equals(Object other) {
            LastKnownValueTest.<RuntimeException>sneak(ofEquals);
            return false;
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {0, 1, 2})
    void keep_hashCodeThrows_nothingIsKeptOrFound(int which) {
        Broken input = new Broken("a", THROWN.get(which).get(), null);

        three.keep(READER, input, "good", time);

        assertThat(three.find(READER, input)).isNull();
        assertThat(three.size()).isZero();
    }

    @ParameterizedTest
    @ValueSource(ints = {0, 1, 2})
    void keep_equalsThrows_theOthersAreFoundAndTheBoundHolds(int which) {
        keep(three, "a");
        for (int input = 0; input < 100; input++) {
            three.keep(READER, new Broken("b" + input, null, THROWN.get(which).get()), "good", time);
            assertThat(has(three, "a")).isTrue();
        }

        assertThat(three.size()).isEqualTo(3);
        assertThat(three.find(READER, new Broken("c", null, THROWN.get(which).get())))
                .isNull();
    }

    @Test
    void keep_inputContainsItself_nothingIsKeptOrFound() {
        List<Object> cyclic = new ArrayList<>();
        cyclic.add(cyclic);

        three.keep(READER, cyclic, "good", time);

        assertThat(three.find(READER, cyclic)).isNull();
    }

    @Test
    void keep_keyIsNull_nothingIsKeptOrFound() {
        LastKnownValue none = three.keyedBy((context, input) -> null);

        none.keep(READER, "a", "good", time);

        assertThat(none.find(READER, "a")).isNull();
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
        LastKnownValue byKind =
                three.keyedBy((context, input) -> context.agentId().kind());
        byKind.keep(READER, "a", "of one", time);

        assertThat(byKind.find(OTHER_READER, "b").value()).isEqualTo("of one");
        assertThat(three.size()).as("another store").isZero();
    }

    @Test
    void keyedBy_theBoundsAreTheSame() {
        LastKnownValue byInput = three.keyedBy((context, input) -> input);
        keep(byInput, "a", "b", "c", "d");

        assertThat(byInput.size()).isEqualTo(3);
        time.pass(Duration.ofSeconds(61));
        assertThat(byInput.find(READER, "d")).isNull();
    }

    @Test
    void of_noEntries_throws() {
        assertThatIllegalArgumentException()
                .isThrownBy(() -> LastKnownValue.of(0, Duration.ofSeconds(1)))
                .withMessage("entries must be >= 1, was 0");
    }

    @Test
    void of_maxAgeZero_throws() {
        assertThatIllegalArgumentException()
                .isThrownBy(() -> LastKnownValue.of(1, Duration.ZERO))
                .withMessage("maxAge must be > 0, was PT0S");
    }

    @Test
    void of_maxAgeNegative_throws() {
        assertThatIllegalArgumentException()
                .isThrownBy(() -> LastKnownValue.of(1, Duration.ofNanos(-1)))
                .withMessageContaining("maxAge must not be negative");
    }

    @Test
    void keyedBy_null_throws() {
        assertThatNullPointerException().isThrownBy(() -> three.keyedBy(null)).withMessage("key");
    }
}
