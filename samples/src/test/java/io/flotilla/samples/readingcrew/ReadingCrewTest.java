package io.flotilla.samples.readingcrew;

import static org.assertj.core.api.Assertions.assertThat;

import io.flotilla.samples.shell.Captured;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import reactor.core.publisher.Mono;
import reactor.netty.DisposableServer;
import reactor.netty.http.server.HttpServer;

@Timeout(60)
class ReadingCrewTest {

    private static final int FILES = 40;
    private static final int QUORUM = 32;
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
    void run_standInMisbehaves_quorumIsWrittenAndTheRestIsLate() throws IOException {
        Captured run = run(Map.of("quorum", "0.8"));

        assertThat(run.code()).isZero();
        assertThat(run.err()).isEmpty();
        assertThat(run.out())
                .contains("Resilience is on", "The writer waits for 32 of 40 files and the checker, within 60000 ms")
                .contains("a4{{\"Writer\"}}", Files.readString(output("topology.mmd")))
                .containsPattern("/ Planner +=*\\([.]+c +cancelled")
                .containsPattern("/0\\.0/ Reader ship-00\\.md ")
                .containsPattern("/0\\.40/ Checker +=*o +to Writer")
                .containsPattern("/0\\.41/ Writer +[*]?=*o +3[34] met, to end")
                .contains("Checker: 40 files, ")
                .containsPattern("Quorum: 33 wanted, 3[34] came in \\d+ ms: 3[23] readers and the checker")
                .containsPattern("Not in it: \\d+ late, \\d+ cancelled while they read, 0 failed");
        String digest = Files.readString(output("digest.md"));
        assertThat(digest.lines().filter(line -> line.startsWith("## "))).hasSizeBetween(QUORUM, QUORUM + 1);
        assertThat(digest).contains("# Not digested", "CANCELLED, not done when the writer began");
        assertThat(Files.readString(output("timeline.txt")))
                .contains("/0.41/ Writer")
                .doesNotContain("more cancelled");
    }

    @Test
    void run_byDefault_waitsForTheSlowestAndNobodyIsLate() throws IOException {
        Captured run = run(Map.of("timeout", "PT2S"));

        assertThat(run.code()).isZero();
        assertThat(run.out())
                .contains("The writer waits for all 40 files and the checker, within 60000 ms")
                .contains("40 files: ", ", 0 none")
                .contains("Not in it: 0 late, 0 cancelled while they read, 0 failed");
        assertThat(Files.readString(output("digest.md"))).doesNotContain("# Not digested");
    }

    @Test
    void run_inspected_printsWhereAndStaysUntilNobodyLooks() {
        Captured run = run(Map.of("inspect", "true", "inspectIdle", "PT0.2S", "timeout", "PT2S"));

        assertThat(run.code()).isZero();
        assertThat(run.out())
                .containsPattern("The inspector: http://127\\.0\\.0\\.1:\\d+/#token=[\\w-]{32}\n")
                .containsPattern("The inspector stays: .* until Ctrl-C, or nobody has looked for PT0\\.2S");
    }

    @Test
    void run_tooManyFail_noQuorumButWhatWasReadIsWritten() throws IOException {
        Captured run = run(Map.of("quorum", "1", "resilience", "off", "timeout", "PT1S"));

        assertThat(run.code()).isEqualTo(1);
        Matcher not = Pattern.compile(
                        "reading-crew: no quorum: (\\d+) of 41 wanted came in time; what did is written\n")
                .matcher(run.err());
        assertThat(not.matches()).as(run.err()).isTrue();
        int read = Integer.parseInt(not.group(1)) - 1;
        assertThat(read).isBetween(1, FILES - 1);
        assertThat(run.out())
                .contains("Resilience is off", "Not in it: 0 late, 0 cancelled while they read, " + (FILES - read))
                .contains("Digests: " + read + " of the endpoint, 0 local, " + (FILES - read) + " none")
                .containsPattern("x +failed: ");
        assertThat(run.out().lines().filter(line -> line.startsWith("reader#"))).hasSize(FILES - read);
        assertThat(Files.readString(output("digest.md")).lines().filter(line -> line.startsWith("## ")))
                .hasSize(read);
    }

    @Test
    void run_deadlinePasses_everyFileHasALocalExtract() throws IOException {
        DisposableServer silent = HttpServer.create()
                .host("127.0.0.1")
                .port(0)
                .handle((request, response) -> Mono.never())
                .bindNow();
        try {
            Captured run = Captured.run(
                    new ReadingCrew(), home, Map.of("input", input.toString(), "deadline", "PT0.5S"), at(silent));

            assertThat(run.code()).isZero();
            assertThat(run.err()).isEmpty();
            assertThat(run.out())
                    .containsPattern("Quorum: 41 wanted, 1 came in \\d{3,4} ms: 0 readers and the checker")
                    .contains("The writer itself made a local extract of 40 files whose readers did not come in time")
                    .contains("Digests: 0 of the endpoint, 40 local, 0 none", "40 LateException");
            assertThat(Files.readString(output("digest.md")))
                    .contains("40 of 40 files", "*Local extract: not done when the writer began*")
                    .doesNotContain("# Not digested");
        } finally {
            silent.disposeNow();
        }
    }

    @Test
    void run_deadlinePassesBeforeAQuorum_writesWhatIsThereAndSaysSo() throws IOException {
        DisposableServer silent = HttpServer.create()
                .host("127.0.0.1")
                .port(0)
                .handle((request, response) -> Mono.never())
                .bindNow();
        try {
            Captured run = Captured.run(
                    new ReadingCrew(),
                    home,
                    Map.of("input", input.toString(), "deadline", "PT0.5S", "quorum", "0.8"),
                    at(silent));

            assertThat(run.code()).isEqualTo(1);
            assertThat(run.err().lines())
                    .containsExactly("reading-crew: no quorum: 1 of 33 wanted came in time; what did is written");
            assertThat(run.out())
                    .containsPattern("Quorum: 33 wanted, 1 came in \\d{3,4} ms: 0 readers and the checker")
                    .contains("Not in it: 0 late, 40 cancelled while they read, 0 failed");
            assertThat(Files.readString(output("digest.md"))).contains("0 of 40 files");
            assertNoKey(run);
        } finally {
            silent.disposeNow();
        }
    }

    @Test
    void run_storm_breakerOpensAndLocalDigestsMakeTheQuorum() throws IOException {
        fillFolder(FILES, 4 * FILES);

        Captured run = run(Map.of("storm", "true", "timeout", "PT2S"));

        assertThat(run.code()).isZero();
        assertThat(run.out())
                .contains("A storm is coming: after 40 requests nothing but 503 and cut connections for 2000 ms")
                .containsPattern("Digests: \\d+ of the endpoint, [1-9]\\d* local, \\d+ none")
                .containsPattern("refused by a guard: [1-9]\\d* circuitbreaker")
                .containsPattern("Breaker: after +\\d+ ms CLOSED -> OPEN")
                .containsPattern("  and of Reader \\d+ more in time");
        assertThat(Files.readString(output("digest.md"))).contains("\n*Local extract: ");
    }

    @Test
    void run_nobodyListens_localForEveryFileThatCounts() {
        DisposableServer gone = HttpServer.create().host("127.0.0.1").port(0).bindNow();
        gone.disposeNow();

        Captured run =
                Captured.run(new ReadingCrew(), home, Map.of("input", input.toString(), "quorum", "1"), at(gone));

        assertThat(run.code()).isZero();
        assertThat(run.out())
                .contains("Digests: 0 of the endpoint, 40 local, 0 none")
                .containsPattern("Degraded: .*\\d+ UnreachableException");
    }

    @Test
    void run_failFast_namesTheFileDrawsTheRunAndExitsWithOne() {
        Captured run = run(Map.of("mode", "fail-fast", "quorum", "1"));

        assertThat(run.code()).isEqualTo(1);
        assertThat(run.out())
                .contains("Resilience is off in fail-fast mode")
                .containsPattern("x +failed: ")
                .containsPattern("c +cancelled");
        assertThat(run.err().lines())
                .singleElement()
                .asString()
                .matches("reading-crew: stopped by the first failure, of agent reader#ship-\\d\\d\\.md: [A-Z_]+: .*");
        assertThat(output("digest.md")).doesNotExist();
        assertThat(output("timeline.txt")).exists();
    }

    @Test
    void run_writerCannotWrite_oneLineSaysWhy() throws IOException {
        Files.createDirectories(output("digest.md"));

        Captured run = run(Map.of("timeout", "PT1S"));

        assertThat(run.code()).isEqualTo(1);
        assertThat(run.err().lines())
                .singleElement()
                .asString()
                .startsWith("reading-crew: nothing was written: cannot write ")
                .endsWith("digest.md");
    }

    @Test
    void run_badQuorumOrDeadline_oneLine() {
        for (String bad : List.of("0", "0.0", "1.1", "80", "-0.5", "1e-9", ".8", "80%", "")) {
            assertBad("quorum", bad, "-Dquorum must be a number as in 0.8, above zero and at most 1, was ");
        }
        for (String bad : List.of("PT0S", "PT-1S", "PT10M1S", "20", "")) {
            assertBad("deadline", bad, "-Ddeadline must be a duration as in PT3S, above zero and at most PT10M, was ");
        }
    }

    @Test
    void run_inputMissing_oneLine() {
        Captured run = Captured.run(
                new ReadingCrew(), home, Map.of("input", home.resolve("missing").toString()));

        assertThat(run.code()).isEqualTo(2);
        assertThat(run.out()).isEmpty();
        assertThat(run.err().lines()).singleElement().asString().startsWith("reading-crew: -Dinput does not exist: ");
    }

    private void assertBad(String setting, String value, String line) {
        Captured run = run(Map.of(setting, value));

        assertThat(run.code()).isEqualTo(2);
        assertThat(run.out()).isEmpty();
        assertThat(run.err().lines()).containsExactly("reading-crew: " + line + '"' + value + '"');
    }

    private Captured run(Map<String, String> more) {
        Map<String, String> properties = new HashMap<>(more);
        properties.put("input", input.toString());
        return Captured.run(new ReadingCrew(), home, properties);
    }

    private static Map<String, String> at(DisposableServer server) {
        return Map.of("OPENAI_API_KEY", KEY, "OPENAI_BASE_URL", "http://127.0.0.1:" + server.port());
    }

    private Path output(String file) {
        return home.resolve("target/reading-crew").resolve(file);
    }

    private void assertNoKey(Captured run) throws IOException {
        assertThat(run.out() + run.err()).doesNotContain(KEY);
        for (String file : List.of("digest.md", "timeline.txt")) {
            assertThat(Files.readString(output(file))).doesNotContain(KEY);
        }
    }
}
