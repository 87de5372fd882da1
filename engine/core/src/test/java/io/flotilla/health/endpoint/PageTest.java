package io.flotilla.health.endpoint;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class PageTest {

    @ParameterizedTest
    @CsvSource({"java actuator, ActuatorHealth", "java microprofile, MicroProfileHealth"})
    void classOnThePage_isTheOneThatIsTested(String block, String tested) throws IOException {
        String source = Files.readString(Path.of("src/test/java/io/flotilla/health/endpoint", tested + ".java"));

        assertThat(source).isEqualTo("package io.flotilla.health.endpoint;\n\n" + Page.block(block));
    }
}
