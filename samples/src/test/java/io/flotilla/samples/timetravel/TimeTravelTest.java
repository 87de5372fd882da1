package io.flotilla.samples.timetravel;

import static org.assertj.core.api.Assertions.assertThat;

import io.flotilla.samples.shell.Captured;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.Objects;
import org.junit.jupiter.api.RepeatedTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

@Timeout(60)
class TimeTravelTest {

    @TempDir
    private Path home;

    @RepeatedTest(10)
    void run_anyTime_factsStatesAndForkAreThoseOfTheGoldenFile() throws IOException {
        Captured run = Captured.run(new TimeTravel(), home, Map.of());

        assertThat(run.code()).isZero();
        assertThat(run.err()).isEmpty();
        assertThat(run.out()).isEqualTo(golden());
    }

    @Test
    void run_secondTime_recordsBesideTheFirst() throws IOException {
        Captured.run(new TimeTravel(), home, Map.of());
        Path journal = home.resolve("target/time-travel/journal.sqlite");
        long before = Files.size(journal);

        Captured run = Captured.run(new TimeTravel(), home, Map.of());

        assertThat(run.out()).isEqualTo(golden());
        assertThat(Files.size(journal)).isGreaterThanOrEqualTo(before);
    }

    @Test
    void run_fileIsNoJournal_oneLineAndItIsLeftAlone() throws IOException {
        Path journal =
                Files.createDirectories(home.resolve("target/time-travel")).resolve("journal.sqlite");
        Files.writeString(journal, "Once upon a time there was no journal here. ".repeat(100));
        byte[] before = Files.readAllBytes(journal);

        Captured run = Captured.run(new TimeTravel(), home, Map.of());

        assertThat(run.code()).isEqualTo(1);
        assertThat(run.out()).isEmpty();
        assertThat(run.err().lines()).singleElement().asString().contains("journal.sqlite");
        assertThat(Files.readAllBytes(journal)).isEqualTo(before);
    }

    private static String golden() throws IOException {
        try (InputStream file =
                Objects.requireNonNull(TimeTravelTest.class.getResourceAsStream("/golden/time-travel.txt"))) {
            return new String(file.readAllBytes(), StandardCharsets.UTF_8);
        }
    }
}
