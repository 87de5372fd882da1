package io.flotilla.samples.trust;

import static org.assertj.core.api.Assertions.assertThat;

import io.flotilla.samples.shell.Captured;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

@Timeout(120)
class TrustedNetworkSampleTest {

    @TempDir
    private Path home;

    private String run() {
        Captured run = Captured.run(new TrustedNetworkSample(), home, Map.of());
        assertThat(run.code()).isZero();
        return run.out();
    }

    @Test
    void run_sevenBadMessages_areRefusedEachForItsReason() {
        String output = run();

        List<String> reasons = output.lines()
                .dropWhile(line -> !line.startsWith("seven kinds"))
                .skip(1)
                .limit(7)
                .map(line -> line.replaceAll("^.* -> (\\w+):.*$", "$1"))
                .toList();
        assertThat(reasons)
                .containsExactly("UNSIGNED", "ALTERED", "EXPIRED", "EARLY", "REPLAYED", "MISDIRECTED", "UNAUTHORISED");
        assertThat(output)
                .contains("signed and permitted       -> let in")
                .contains("the deputy, under it       -> let in")
                .contains("the deputy, without it     -> UNAUTHORISED")
                .contains("the clerk's right revoked  -> UNAUTHORISED")
                .contains("dead letters 9, the payload of each: [withheld]")
                .contains("10 was made 90: JournalCorruptedException")
                .doesNotContain("pay 10", "pay 90");
        assertThat(output.lines().count()).as("one screen").isLessThan(25);
    }

    @ParameterizedTest
    @ValueSource(strings = {"c2hvcnQ=", "no base64!"})
    void run_badKeyOfTheJournal_isBadInputThatDoesNotRepeatIt(String key) {
        Captured run = Captured.run(new TrustedNetworkSample(), home, Map.of(), Map.of("FLOTILLA_JOURNAL_KEY", key));

        assertThat(run.code()).isEqualTo(2);
        assertThat(run.out()).isEmpty();
        assertThat(run.err())
                .contains("FLOTILLA_JOURNAL_KEY must be 32 bytes or more")
                .doesNotContain(key);
    }

    @Test
    void run_again_printsTheSame() {
        assertThat(run()).isEqualTo(run());
    }
}
