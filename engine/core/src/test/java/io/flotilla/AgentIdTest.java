package io.flotilla;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatNullPointerException;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** A name is read as it is written, and cannot carry what would break a log line or a meter tag. */
class AgentIdTest {

    @Test
    void of_kindOnly_hasNoInstance() {
        AgentId id = AgentId.of("reader");

        assertThat(id.kind()).isEqualTo("reader");
        assertThat(id.instance()).isNull();
        assertThat(id).hasToString("reader");
    }

    @Test
    void of_kindAndInstance_hasBoth() {
        AgentId id = AgentId.of("reader#17");

        assertThat(id.kind()).isEqualTo("reader");
        assertThat(id.instance()).isEqualTo("17");
        assertThat(id).hasToString("reader#17").isEqualTo(AgentId.of("reader", 17));
    }

    @Test
    void of_twoSeparators_theFirstOneSeparates() {
        AgentId id = AgentId.of("reader#a#b");

        assertThat(id.kind()).isEqualTo("reader");
        assertThat(id.instance()).isEqualTo("a#b");
        assertThat(AgentId.of(id.toString())).isEqualTo(id);
    }

    @Test
    void equals_sameKindOtherInstance_differs() {
        assertThat(AgentId.of("reader#1")).isNotEqualTo(AgentId.of("reader#2")).isNotEqualTo(AgentId.of("reader"));
    }

    @Test
    void of_null_throwsNamingTheArgument() {
        assertThatNullPointerException().isThrownBy(() -> AgentId.of(null)).withMessage("name");
        assertThatNullPointerException()
                .isThrownBy(() -> new AgentId(null, "1"))
                .withMessage("kind");
    }

    @ParameterizedTest
    @ValueSource(strings = {"", " ", "\t", "#1"})
    void of_blankKind_throws(String name) {
        assertThatIllegalArgumentException()
                .isThrownBy(() -> AgentId.of(name))
                .withMessageStartingWith("kind must not be blank");
    }

    @ParameterizedTest
    @ValueSource(strings = {"reader#", "reader# "})
    void of_blankInstance_throws(String name) {
        assertThatIllegalArgumentException()
                .isThrownBy(() -> AgentId.of(name))
                .withMessageStartingWith("instance must not be blank");
    }

    @Test
    void new_separatorInKind_throwsWithTheKind() {
        assertThatIllegalArgumentException()
                .isThrownBy(() -> new AgentId("a#b", null))
                .withMessageContaining("\"a#b\"");
    }

    @ParameterizedTest
    @ValueSource(strings = {"a\nb", "a\rb", "a\u0000b", "a\u001bb", "a\u007fb", "a\u0085b", "a\u2028b", "a\u2029b"})
    void new_controlCharacter_throwsWithItsPlaceAndWithoutTheCharacter(String text) {
        assertThatIllegalArgumentException()
                .isThrownBy(() -> new AgentId(text, null))
                .withMessage("kind must not contain control characters, had one at 1 of 3");
        assertThatIllegalArgumentException()
                .isThrownBy(() -> new AgentId("a", text))
                .withMessage("instance must not contain control characters, had one at 1 of 3");
    }

    @Test
    void new_lessThanMaxLength_isTaken() {
        String text = "x".repeat(AgentId.MAX_LENGTH - 1);

        assertThat(new AgentId(text, text)).hasToString(text + "#" + text);
    }

    @Test
    void new_equalToMaxLength_isTaken() {
        String text = "x".repeat(AgentId.MAX_LENGTH);

        assertThat(new AgentId(text, text)).hasToString(text + "#" + text);
    }

    @Test
    void new_moreThanMaxLength_throwsWithBoundAndLength() {
        String text = "x".repeat(AgentId.MAX_LENGTH + 1);

        assertThatIllegalArgumentException()
                .isThrownBy(() -> new AgentId(text, null))
                .withMessage("kind must have at most 200 characters, had 201");
        assertThatIllegalArgumentException()
                .isThrownBy(() -> new AgentId("a", text))
                .withMessage("instance must have at most 200 characters, had 201");
    }
}
