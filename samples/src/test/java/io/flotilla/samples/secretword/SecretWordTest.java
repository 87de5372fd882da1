package io.flotilla.samples.secretword;

import static org.assertj.core.api.Assertions.assertThat;

import io.flotilla.samples.shell.Captured;
import io.flotilla.testkit.UndisturbedTime;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

@Timeout(60)
class SecretWordTest {

    @TempDir
    private Path home;

    @Test
    void run_once_topologyTimelineAndWord() {
        Captured run = Captured.run(new SecretWord(), home, Map.of("runs", "1"));

        assertThat(run.code()).isZero();
        assertThat(run.err()).isEmpty();
        assertThat(run.out())
                .startsWith("flowchart TD\n")
                .contains("a4[\"AgentC\"]", "    a4 --> a5\n", "The secret word is: MARS")
                .containsPattern("/ Orchestrator +=+\\(\\.+\\)=+o +answered")
                .containsPattern("/0\\.2/ AgentC -> AgentD +=+/=+o +answered")
                .contains("1 runs whose agents answer in any order (seed 42): 1 found MARS");
    }

    @Test
    void run_many_allAgreeAndOnlyTheSharedFieldErrs() {
        Captured run = Captured.run(new SecretWord(), home, Map.of("runs", "200", "seed", "7"));

        assertThat(run.code()).isZero();
        assertThat(run.out())
                .contains("200 runs whose agents answer in any order (seed 7): 200 found MARS")
                .contains("asked when it ended, 1200 times", "the step's own context was right 1200 times");
        Matcher field = Pattern.compile("a field .* was right (\\d+) times").matcher(run.out());
        assertThat(field.find()).isTrue();
        assertThat(Integer.parseInt(field.group(1))).isBetween(1, 1199);
    }

    @Test
    void workflow_lettersInAnyOrderOfTime_sameWord() {
        for (List<Integer> seconds : List.of(List.of(3, 2, 1, 4), List.of(1, 2, 3, 4), List.of(9, 1, 1, 1))) {
            Witness witness = new Witness();
            UndisturbedTime.verifier(() -> new Letters(witness)
                            .workflow(
                                    () -> Duration.ZERO,
                                    () -> Duration.ofSeconds(seconds.get(0)),
                                    () -> Duration.ofSeconds(seconds.get(1)),
                                    () -> Duration.ofSeconds(seconds.get(2)),
                                    () -> Duration.ofSeconds(seconds.get(3)))
                            .run(Letters.TASK))
                    .thenAwait(Duration.ofSeconds(9))
                    .assertNext(result -> assertThat(result.answers()).containsExactly("MARS"))
                    .verifyComplete();
            assertThat(witness.byContext()).isEqualTo(6).isEqualTo(witness.steps());
            assertThat(witness.byField()).isLessThan(6);
        }
    }

    @Test
    void run_badRunsOrSeed_oneLine() {
        for (String bad : List.of("0", "100001", "many", "")) {
            Captured run = Captured.run(new SecretWord(), home, Map.of("runs", bad));

            assertThat(run.code()).isEqualTo(2);
            assertThat(run.out()).isEmpty();
            assertThat(run.err().lines())
                    .containsExactly("secret-word: -Druns must be a whole number from 1 to 100000, was \"" + bad + '"');
        }
    }
}
