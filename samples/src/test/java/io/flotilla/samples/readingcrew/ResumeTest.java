package io.flotilla.samples.readingcrew;

import static org.assertj.core.api.Assertions.assertThat;

import io.flotilla.samples.shell.Captured;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import reactor.core.publisher.Mono;
import reactor.netty.DisposableServer;
import reactor.netty.http.server.HttpServer;

/** A run whose journal is copied while it goes on: the copy is what a process killed at that moment leaves. */
@Timeout(60)
class ResumeTest {

    private static final int FILES = 40;
    private static final Pattern ASKED = Pattern.compile("ship-\\d\\d\\.md");
    private static final String REFUSED = "ship-03.md";
    private static final String ANSWER = "{\"choices\":[{\"index\":0,\"message\":"
            + "{\"role\":\"assistant\",\"content\":\"It leaves at dawn.\"}}],"
            + "\"usage\":{\"prompt_tokens\":10,\"completion_tokens\":5}}";

    @TempDir
    private Path home;

    private final AtomicInteger requests = new AtomicInteger();
    private final Queue<String> asked = new ConcurrentLinkedQueue<>();
    private final DisposableServer first = server();
    private final DisposableServer second = server();
    private Path input;
    private Path killed;

    @BeforeEach
    void fillFolder() throws IOException {
        killed = home.resolve("killed");
        input = Files.createDirectory(home.resolve("input"));
        for (int at = 0; at < FILES; at++) {
            Files.writeString(input.resolve("ship-%02d.md".formatted(at)), "Ship number " + at + " leaves at dawn.\n");
        }
    }

    @AfterEach
    void stop() {
        first.disposeNow();
        second.disposeNow();
    }

    @Test
    void run_resumedAfterKill_asksOnlyForWhatWasNotReadAndReportsAll() throws IOException {
        Captured whole = run(home, first, Map.of());
        asked.clear();

        Captured rest = run(killed, second, Map.of("resume", "true"));

        Matcher told = Pattern.compile(
                        "Going on with run \\S+: (\\d+) of 40 files were read before, 1 failed, (\\d+) are left")
                .matcher(rest.out());
        assertThat(told.find()).as(rest.out() + rest.err()).isTrue();
        int left = Integer.parseInt(told.group(2));
        assertThat(left).isBetween(1, FILES - 2);
        assertThat(Integer.parseInt(told.group(1))).isEqualTo(FILES - 1 - left);
        assertThat(asked).hasSize(left).doesNotHaveDuplicates().doesNotContain(REFUSED);
        for (Captured run : List.of(whole, rest)) {
            assertThat(run.code()).isEqualTo(1);
            assertThat(run.err())
                    .isEqualTo("reading-crew: no quorum: 40 of 41 wanted came in time; what did is written\n");
            assertThat(run.out())
                    .contains("40 files: 39 succeeded, 1 failed", "Failures: 1 RefusedException")
                    .contains("Digests: 39 of the endpoint, 0 local, 1 none")
                    .contains("Attempts: 40, of which 0 were retries", "Tokens: 390 in, 195 out")
                    .contains("Checker: 40 files, ");
        }
        assertThat(digests(killed)).isEqualTo(digests(home)).contains("# Not digested", "reader#" + REFUSED);
    }

    /** But for the first lines, which name the endpoint. */
    private static String digests(Path home) throws IOException {
        String text = Files.readString(home.resolve("target/reading-crew/digest.md"));
        return text.substring(text.indexOf("## "));
    }

    @Test
    void run_resumedTwice_secondTimeThereIsNothingLeft() {
        run(home, first, Map.of());
        run(killed, second, Map.of("resume", "true"));

        Captured again = run(killed, second, Map.of("resume", "true"));

        assertThat(again.code()).isEqualTo(2);
        assertThat(again.out()).isEmpty();
        assertThat(again.err().lines())
                .singleElement()
                .asString()
                .startsWith("reading-crew: -Dresume=true: there is no run to go on with, all of those in ")
                .endsWith("journal.sqlite have ended");
    }

    @Test
    void run_resumedWithoutJournal_saysSoAndMakesNone() {
        Captured run = run(killed, second, Map.of("resume", "true"));

        assertThat(run.code()).isEqualTo(2);
        assertThat(run.out()).isEmpty();
        assertThat(run.err().lines())
                .singleElement()
                .asString()
                .startsWith("reading-crew: -Dresume=true: there is no run to go on with, there is no ");
        assertThat(killed).doesNotExist();
    }

    @Test
    void run_resumedWithAnotherFolder_refusedWithTheDifference() throws IOException {
        run(home, first, Map.of());
        asked.clear();
        Map<Path, FileTime> before = new LinkedHashMap<>(); // each its own: they may be a millisecond apart
        for (int at = 7; at <= 9; at++) {
            Path file = input.resolve("ship-%02d.md".formatted(at));
            before.put(file, Files.getLastModifiedTime(file));
        }

        Files.writeString(input.resolve("ship-07.md"), "It has sunk.\n");
        assertRefused(Map.of(), "the folder is not what it was: \"ship-07.md\" changed");
        Files.writeString(input.resolve("new.md"), "Another.\n");
        Files.delete(input.resolve("ship-08.md"));
        Files.delete(input.resolve("ship-09.md"));
        assertRefused(
                Map.of(),
                "the folder is not what it was: \"ship-07.md\" changed, \"ship-08.md\" and 1 more gone, \"new.md\" new");

        Files.delete(input.resolve("new.md"));
        int number = 7;
        for (Map.Entry<Path, FileTime> ship : before.entrySet()) {
            Files.writeString(ship.getKey(), "Ship number " + number++ + " leaves at dawn.\n");
            Files.setLastModifiedTime(ship.getKey(), ship.getValue());
        }
        Files.setLastModifiedTime(input.resolve("ship-08.md"), FileTime.fromMillis(0));
        assertRefused(Map.of(), "the folder is not what it was: \"ship-08.md\" changed");
        Files.createDirectories(home.resolve("other"));
        Files.writeString(home.resolve("other/ship-00.md"), "Another ship.\n");
        assertRefused(
                Map.of("input", home.resolve("other").toString()),
                "it reads \"" + input + "\", -Dinput is \"" + home.resolve("other") + "\"");
        assertThat(asked).isEmpty();
    }

    @Test
    void run_resumedWithAnotherModeOrQuorum_refused() {
        run(home, first, Map.of());

        assertRefused(Map.of("mode", "fail-fast"), "its mode is isolate, -Dmode is fail-fast");
        assertRefused(Map.of("quorum", "0.5"), "it waits for 40 files, with -Dquorum as given it would be 20");
    }

    @Test
    void run_badResume_oneLine() {
        for (String bad : List.of("yes", "True", "")) {
            Captured run = run(killed, first, Map.of("resume", bad));

            assertThat(run.code()).isEqualTo(2);
            assertThat(run.out()).isEmpty();
            assertThat(run.err()).isEqualTo("reading-crew: -Dresume must be one of true, false, was \"" + bad + "\"\n");
        }
    }

    private void assertRefused(Map<String, String> more, String why) {
        Map<String, String> settings = new HashMap<>(more);
        settings.put("resume", "true");

        Captured run = run(killed, second, settings);

        assertThat(run.code()).isEqualTo(2);
        assertThat(run.err()).isEqualTo("reading-crew: -Dresume=true cannot go on with the run: " + why + "\n");
    }

    private Captured run(Path home, DisposableServer server, Map<String, String> more) {
        Map<String, String> properties = new HashMap<>(Map.of("input", input.toString(), "quorum", "1"));
        properties.putAll(more);
        return Captured.run(
                new ReadingCrew(),
                home,
                properties,
                Map.of("OPENAI_API_KEY", "sk-0123456789", "OPENAI_BASE_URL", "http://127.0.0.1:" + server.port()));
    }

    private DisposableServer server() {
        return HttpServer.create()
                .host("127.0.0.1")
                .port(0)
                .handle((request, response) -> request.receive()
                        .aggregate()
                        .asString()
                        .flatMap(body -> {
                            Matcher file = ASKED.matcher(body);
                            String name = file.find() ? file.group() : "none";
                            asked.add(name);
                            if (requests.incrementAndGet() == FILES) {
                                kill();
                            }
                            response.status(name.equals(REFUSED) ? 400 : 200);
                            return Mono.from(response.header("Content-Type", "application/json")
                                    .sendString(
                                            Mono.just(name.equals(REFUSED) ? "{}" : ANSWER), StandardCharsets.UTF_8));
                        }))
                .bindNow();
    }

    /** The write-ahead log comes last: what is not in it yet was not on the disk. */
    private void kill() {
        try {
            Path from = home.resolve("target/reading-crew");
            Path to = Files.createDirectories(killed.resolve("target/reading-crew"));
            for (String file : List.of("journal.sqlite", "journal.sqlite-wal")) {
                Files.copy(from.resolve(file), to.resolve(file));
            }
        } catch (NoSuchFileException none) {
            throw new IllegalStateException("there is no journal", none);
        } catch (IOException failed) {
            throw new UncheckedIOException(failed);
        }
    }
}
