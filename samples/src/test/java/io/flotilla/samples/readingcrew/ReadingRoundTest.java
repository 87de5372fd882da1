package io.flotilla.samples.readingcrew;

import static org.assertj.core.api.Assertions.assertThat;

import io.flotilla.samples.readingcrew.standin.StandIn;
import io.flotilla.samples.shell.Captured;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import reactor.core.publisher.Mono;
import reactor.netty.DisposableServer;
import reactor.netty.http.server.HttpServer;

@Timeout(60)
class ReadingRoundTest {

    private static final int FILES = 40;
    private static final String KEY = "sk-very-secret-0123456789";

    @TempDir
    private Path home;

    private Path input;

    @BeforeEach
    void fillFolder() throws IOException {
        input = Files.createDirectory(home.resolve("input"));
        fillFolder(0, FILES);
    }

    private void fillFolder(int from, int to) throws IOException {
        for (int at = from; at < to; at++) {
            Files.writeString(
                    input.resolve("ship-%02d.md".formatted(at)),
                    "Ship number " + at + " lies in the harbour. It leaves the harbour at dawn.\n");
        }
    }

    @Test
    void run_standInMisbehaves_keepsWhatWorkedAndListsWhatFailed() throws IOException {
        Captured run = run(Map.of("resilience", "off"));

        assertThat(run.code()).isZero();
        assertThat(run.err()).isEmpty();
        assertThat(run.out().lines().findFirst())
                .get()
                .asString()
                .matches("No OPENAI_API_KEY set: a stand-in server on http://127\\.0\\.0\\.1:\\d+ answers, and"
                        + " misbehaves on purpose \\(seed 42: .*\\)");
        long failed = table(run).size();
        assertThat(failed).isPositive();
        assertThat(run.out())
                .contains("Resilience is off", "Digests: " + (FILES - failed) + " of the endpoint, 0 local, " + failed)
                .contains("40 files: " + (FILES - failed) + " succeeded")
                .contains("100 %  40 of 40: " + (FILES - failed) + " done, " + failed + " failed, 0 in flight")
                .containsPattern("Tokens: [1-9]\\d* in, [1-9]\\d* out");
        String digest = Files.readString(home.resolve("target/reading-round/digest.md"));
        assertThat(digest.lines().filter(line -> line.startsWith("## "))).hasSize((int) (FILES - failed));
        assertThat(digest.substring(digest.indexOf("# Not digested")).lines().filter(line -> line.startsWith("- ")))
                .hasSize((int) failed);
    }

    @Test
    void run_sameSeedTwice_sameFailures() {
        assertThat(table(run(off("7")))).isEqualTo(table(run(off("7")))).isNotEqualTo(table(run(off("8"))));
    }

    private static Map<String, String> off(String seed) {
        return Map.of("seed", seed, "resilience", "off");
    }

    @Test
    void run_resilience_sameSeedGivesDigestsForAllFiles() throws IOException {
        Captured run = run(Map.of("timeout", "PT2S"));

        assertThat(run.code()).isZero();
        assertThat(table(run)).isEmpty();
        assertThat(run.out())
                .contains("Resilience is on")
                .containsPattern("Digests: \\d+ of the endpoint, \\d local, 0 none")
                .containsPattern("Attempts: \\d+, of which [1-9]\\d* were retries; refused by a guard: none")
                .doesNotContain("Breaker:");
        assertThat(Files.readString(home.resolve("target/reading-round/digest.md"))
                        .lines()
                        .filter(line -> line.startsWith("## ")))
                .hasSize(FILES);
    }

    @Test
    void run_storm_breakerOpensAndTheRestIsLocalOrLater() throws IOException {
        fillFolder(FILES, 4 * FILES);

        Captured run = run(Map.of("storm", "true", "timeout", "PT2S"));

        assertThat(run.code()).isZero();
        assertThat(table(run)).isEmpty();
        assertThat(run.out())
                .contains("A storm is coming: after 40 requests nothing but 503 and cut connections for 2000 ms")
                .containsPattern("refused by a guard: [1-9]\\d* circuitbreaker")
                .containsPattern("Digests: \\d+ of the endpoint, [1-9]\\d* local, 0 none")
                .containsPattern("Breaker: after +\\d+ ms CLOSED -> OPEN")
                .containsPattern("Breaker: after +\\d+ ms HALF_OPEN -> CLOSED");
        assertThat(Files.readString(home.resolve("target/reading-round/digest.md")))
                .contains("\n*Local extract: ");
    }

    @Test
    void run_badResilienceOrStorm_oneLine() {
        Captured resilience = run(Map.of("resilience", "ON"));
        Captured storm = run(Map.of("storm", ""));

        assertThat(resilience.code()).isEqualTo(2);
        assertThat(resilience.err().lines())
                .containsExactly("reading-round: -Dresilience must be one of on, off, was \"ON\"");
        assertThat(storm.code()).isEqualTo(2);
        assertThat(storm.err().lines()).containsExactly("reading-round: -Dstorm must be one of true, false, was \"\"");
    }

    @Test
    void run_failFast_namesTheAgentAndExitsWithOne() {
        Captured run = run(Map.of("mode", "fail-fast"));

        assertThat(run.code()).isEqualTo(1);
        assertThat(run.out()).contains("Resilience is off in fail-fast mode");
        assertThat(run.err().lines())
                .singleElement()
                .asString()
                .matches("reading-round: stopped by the first failure, of agent reader#ship-\\d\\d\\.md: .*");
        assertThat(home.resolve("target/reading-round/digest.md")).doesNotExist();
    }

    @Test
    void run_inputMissing_oneLine() {
        Path missing = home.resolve("missing");

        assertBadInput(missing, "reading-round: -Dinput does not exist: \"" + missing + "\"");
    }

    @Test
    void run_inputIsAFile_oneLine() {
        Path file = input.resolve("ship-00.md");

        assertBadInput(file, "reading-round: -Dinput is not a folder: \"" + file + "\"");
    }

    @Test
    void run_nothingToRead_oneLine() throws IOException {
        Path folder = Files.createDirectories(home.resolve("nothing"));
        Files.write(folder.resolve("picture.bin"), new byte[] {'a', 0, 'b'});
        Files.writeString(folder.resolve("empty.md"), "");
        Files.writeString(folder.resolve("blank.md"), " \n\n");
        Files.writeString(folder.resolve(".hidden.md"), "This file is hidden from readers.");
        Files.writeString(Files.createDirectory(folder.resolve("target")).resolve("built.md"), "This one was built.");
        Files.writeString(Files.createDirectory(folder.resolve(".git")).resolve("config.md"), "This is not ours.");

        assertBadInput(folder, "reading-round: -Dinput has no readable text files: \"" + folder + "\"");
    }

    @Test
    void run_withKey_asksThatEndpointAndSaysSoWithoutTheKey() throws IOException {
        try (StandIn model = new StandIn(42)) {
            Captured run = Captured.run(
                    new ReadingRound(),
                    home,
                    Map.of("input", input.toString(), "timeout", "PT3S", "resilience", "off"),
                    Map.of(
                            "OPENAI_API_KEY",
                            KEY,
                            "OPENAI_BASE_URL",
                            model.address() + "/v1/",
                            "OPENAI_MODEL",
                            "a-model"));

            assertThat(run.code()).isZero();
            assertThat(run.out())
                    .startsWith("Asking " + model.address() + "/v1, model a-model")
                    .contains(" succeeded");
            assertNoKey(run);
        }
    }

    @Test
    void run_endpointRepeatsTheKey_takenOut() throws IOException {
        DisposableServer refusing = HttpServer.create()
                .host("127.0.0.1")
                .port(0)
                .handle((request, response) -> response.status(401)
                        .sendString(Mono.just("{\"error\":{\"message\":\"bad key: "
                                + request.requestHeaders().get("Authorization") + "\"}}")))
                .bindNow();
        try {
            Captured run = Captured.run(
                    new ReadingRound(),
                    home,
                    Map.of("input", input.toString()),
                    Map.of("OPENAI_API_KEY", KEY, "OPENAI_BASE_URL", "http://127.0.0.1:" + refusing.port()));

            assertThat(run.code()).isZero();
            assertThat(run.out())
                    .contains("HTTP 401, refused: bad key: Bearer [key]")
                    .contains("40 files: 40 failed")
                    .contains("Failures: 40 RefusedException");
            assertNoKey(run);
        } finally {
            refusing.disposeNow();
        }
    }

    @Test
    void run_nobodyListens_localForEveryFile() throws IOException {
        DisposableServer gone = HttpServer.create().host("127.0.0.1").port(0).bindNow();
        gone.disposeNow();

        Captured run = Captured.run(
                new ReadingRound(),
                home,
                Map.of("input", input.toString()),
                Map.of("OPENAI_API_KEY", KEY, "OPENAI_BASE_URL", "http://127.0.0.1:" + gone.port()));

        assertThat(run.code()).isZero();
        assertThat(run.out())
                .contains("Digests: 0 of the endpoint, 40 local, 0 none")
                .containsPattern("Degraded: .*\\d+ UnreachableException");
        assertNoKey(run);
    }

    @Test
    void run_badKeyOrAddress_oneLineThatDoesNotShowIt() {
        for (Map<String, String> env : List.of(
                Map.of("OPENAI_API_KEY", KEY + "\nX-Other: 1"),
                Map.of("OPENAI_API_KEY", KEY, "OPENAI_BASE_URL", "ftp://" + KEY),
                Map.of("OPENAI_API_KEY", KEY, "OPENAI_BASE_URL", "http://me:" + KEY + "@host/v1"),
                Map.of("OPENAI_API_KEY", KEY, "OPENAI_BASE_URL", "no url, " + KEY))) {
            Captured run = Captured.run(new ReadingRound(), home, Map.of("input", input.toString()), env);

            assertThat(run.code()).isEqualTo(2);
            assertThat(run.err().lines()).singleElement().asString().contains("OPENAI_", "it is not shown here");
            assertThat(run.out() + run.err()).doesNotContain(KEY);
        }
    }

    private Captured run(Map<String, String> more) {
        Map<String, String> properties = new HashMap<>(more);
        properties.put("input", input.toString());
        return Captured.run(new ReadingRound(), home, properties);
    }

    private void assertBadInput(Path given, String line) {
        Captured run = Captured.run(new ReadingRound(), home, Map.of("input", given.toString()));

        assertThat(run.code()).isEqualTo(2);
        assertThat(run.out()).isEmpty();
        assertThat(run.err().lines()).containsExactly(line);
    }

    private void assertNoKey(Captured run) throws IOException {
        assertThat(run.out() + run.err()).doesNotContain(KEY);
        assertThat(Files.readString(home.resolve("target/reading-round/digest.md")))
                .doesNotContain(KEY);
    }

    /** Agent, kind and cause of every failure, without how long it took. */
    private static List<String> table(Captured run) {
        return run.out()
                .lines()
                .filter(line -> line.startsWith("reader#"))
                .map(line -> line.replaceFirst(" +\\d+ ms$", ""))
                .toList();
    }
}
