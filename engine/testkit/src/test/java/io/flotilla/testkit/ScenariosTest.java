package io.flotilla.testkit;

import java.nio.file.Path;
import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.TestFactory;
import org.junit.jupiter.api.Timeout;

/** Every file of the scenarios: those every runner has to pass, and our own. */
@Timeout(120)
class ScenariosTest {

    @TestFactory
    Stream<DynamicTest> scenario_asWritten_comesOutAsExpected() {
        return DynamicTest.stream(
                ScenarioRunner.scenarios(Path.of("src/test/resources/scenarios")),
                Scenario::name,
                scenario -> new ScenarioRunner().run(scenario).orThrow());
    }
}
