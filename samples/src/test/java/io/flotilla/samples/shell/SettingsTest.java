package io.flotilla.samples.shell;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.flotilla.step.FailureMode;
import java.math.BigDecimal;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Map;
import java.util.Properties;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class SettingsTest {

    @Test
    void settings_nothingGiven_defaults() {
        Settings settings = given(Map.of("flotilla.samples.home", "/project/samples"));

        assertThat(settings.seed()).isEqualTo(42);
        assertThat(settings.mode()).isEqualTo(FailureMode.ISOLATE);
        assertThat(settings.timeout(Duration.ofSeconds(3))).isEqualTo(Duration.ofSeconds(3));
        assertThat(settings.input()).isEqualTo(Path.of("/project"));
        assertThat(settings.outputFolder("wealth")).isEqualTo(Path.of("/project/samples/target/wealth"));
        assertThat(settings.variable("OPENAI_API_KEY")).isNull();
        assertThat(settings.pattern()).isNull();
    }

    @Test
    void settings_allGiven_read() {
        Settings settings = given(Map.of("seed", "-7", "mode", "fail-fast", "timeout", "PT0.5S", "input", "docs"));

        assertThat(settings.seed()).isEqualTo(-7);
        assertThat(settings.mode()).isEqualTo(FailureMode.FAIL_FAST);
        assertThat(settings.timeout(Duration.ofSeconds(3))).isEqualTo(Duration.ofMillis(500));
        assertThat(settings.input()).isEqualTo(Path.of("docs"));
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "true", "4.2", "9223372036854775808", "4 2"})
    void seed_noWholeNumber_saysSo(String seed) {
        assertThatThrownBy(given(Map.of("seed", seed))::seed)
                .isInstanceOf(BadInput.class)
                .hasMessage("-Dseed must be a whole number of 64 bits, was \"%s\"", seed);
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "ISOLATE", "fail-faster"})
    void mode_unknown_listsTheModes(String mode) {
        assertThatThrownBy(given(Map.of("mode", mode))::mode)
                .isInstanceOf(BadInput.class)
                .hasMessage("-Dmode must be one of isolate, fail-fast, was \"%s\"", mode);
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "3", "PT0S", "PT-3S", "PT10M0.001S", "P106751991167301D"})
    void timeout_noneOrOutOfBounds_saysTheBounds(String timeout) {
        assertThatThrownBy(() -> given(Map.of("timeout", timeout)).timeout(Duration.ofSeconds(3)))
                .isInstanceOf(BadInput.class)
                .hasMessageContaining("at most PT10M, was \"" + timeout + "\"");
    }

    @Test
    void timeout_equalToMax_taken() {
        assertThat(given(Map.of("timeout", "PT10M")).timeout(Duration.ofSeconds(3)))
                .isEqualTo(Duration.ofMinutes(10));
    }

    @Test
    void deadline_asTimeout_readByItsOwnName() {
        Settings settings = given(Map.of("deadline", "PT10M", "timeout", "PT1S"));

        assertThat(settings.deadline(Duration.ofSeconds(20))).isEqualTo(Duration.ofMinutes(10));
        assertThat(given(Map.of()).deadline(Duration.ofSeconds(20))).isEqualTo(Duration.ofSeconds(20));
        assertThatThrownBy(() -> given(Map.of("deadline", "PT0S")).deadline(Duration.ofSeconds(20)))
                .isInstanceOf(BadInput.class)
                .hasMessageStartingWith("-Ddeadline must be");
    }

    @Test
    void quorum_withinBounds_exactlyAsWritten() {
        assertThat(given(Map.of()).quorum()).isEqualTo(BigDecimal.ONE);
        assertThat(given(Map.of("quorum", "0.000000001")).quorum()).isEqualTo(new BigDecimal("0.000000001"));
        assertThat(given(Map.of("quorum", "1.0")).quorum()).isEqualByComparingTo(BigDecimal.ONE);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {"", "0", "0.000000000", "1.000000001", "2", "-0.5", ".8", "1e-9", "0.0000000001", "80%", "NaN"})
    void quorum_noShare_saysTheBounds(String quorum) {
        assertThatThrownBy(given(Map.of("quorum", quorum))::quorum)
                .isInstanceOf(BadInput.class)
                .hasMessage("-Dquorum must be a number as in 0.8, above zero and at most 1, was \"%s\"", quorum);
    }

    @Test
    void runs_atItsBounds_taken() {
        assertThat(given(Map.of()).runs()).isEqualTo(1000);
        assertThat(given(Map.of("runs", "1")).runs()).isEqualTo(1);
        assertThat(given(Map.of("runs", "100000")).runs()).isEqualTo(100_000);
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "0", "-1", "100001", "99999999999", "1.5"})
    void runs_outOfBounds_saysThem(String runs) {
        assertThatThrownBy(given(Map.of("runs", runs))::runs)
                .isInstanceOf(BadInput.class)
                .hasMessage("-Druns must be a whole number from 1 to 100000, was \"%s\"", runs);
    }

    @Test
    void input_noPath_oneLine() {
        assertThatThrownBy(given(Map.of("input", "a\0b\nc"))::input)
                .isInstanceOf(BadInput.class)
                .hasMessage("-Dinput must be a folder, was \"a b c\"");
    }

    @Test
    void variable_blank_asIfNotSet() {
        assertThat(new Settings(new Properties(), Map.of("OPENAI_API_KEY", "  ")).variable("OPENAI_API_KEY"))
                .isNull();
    }

    private static Settings given(Map<String, String> properties) {
        Properties given = new Properties();
        given.putAll(properties);
        return new Settings(given, Map.of());
    }
}
