package io.flotilla.run;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.flotilla.agent.Agent;
import io.flotilla.journal.Journal;
import io.flotilla.topology.Topology;
import java.io.File;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Objects;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import reactor.core.publisher.Mono;

/** What a browser makes of the page of a run. Skipped where there is no Chromium, but not in CI. */
@Timeout(120)
class ReportInBrowserTest {

    private static final Duration SOON = Duration.ofSeconds(20);

    @TempDir
    private Path folder;

    private static @Nullable Path chromium() {
        return Stream.of(System.getenv().getOrDefault("PATH", "").split(File.pathSeparator))
                .flatMap(each -> Stream.of("chromium", "chromium-browser", "google-chrome")
                        .map(name -> Path.of(each, name)))
                .filter(Files::isExecutable)
                .findFirst()
                .orElse(null);
    }

    @Test
    void report_inABrowser_drawsGraphNumbersAndFailures() throws IOException, InterruptedException {
        Path chromium = chromium();
        boolean isRequired = System.getenv("CI") != null || "required".equals(System.getenv("FLOTILLA_BROWSER"));
        assumeTrue(chromium != null || isRequired, "no Chromium on the path: the page is not looked at");
        assertThat(chromium)
                .as("CI must have a Chromium; on Debian: apt-get install chromium")
                .isNotNull();
        Workflow<String, String> workflow = Workflow.builder(
                        Topology.parse("start -> Boss\nBoss <-> Worker\nBoss -> end"), String.class)
                .name("crew")
                .journal(Journal.inMemory())
                .joinAt("Boss", Join.allSettled().orProceed())
                .agent("Boss", Agent.of("Boss", (turn, context) -> Mono.fromSupplier(() -> decide(turn))))
                .agent("Worker", Agent.of("Worker", (turn, context) -> Mono.fromSupplier(() -> work(turn))))
                .build();
        RunResult<String> result = Objects.requireNonNull(workflow.run("go").block(SOON));
        Path page = Objects.requireNonNull(workflow.runs()
                .report(result.runId(), folder.resolve("run.html"))
                .block(SOON));

        String drawn = drawn(Objects.requireNonNull(chromium), page);

        assertThat(drawn)
                .contains("<h1>crew</h1>", ">succeeded</span>", result.runId())
                .contains("The topology: 4 nodes, 4 edges", "class=\"node agent bad\"")
                .contains("<dt>branches</dt><dd>4</dd>", "<dt>steps</dt><dd>5</dd>")
                .contains("<dt>failed branches</dt><dd>1</dd>", "<span>Failures</span><span class=\"count\">1</span>")
                .contains("&lt;b&gt;sold out&lt;/b&gt;")
                .doesNotContain("<b>sold out</b>");
    }

    private static Decision decide(Turn turn) {
        return turn.reason() == Turn.Reason.REQUESTED
                ? Decision.fanOut(Stream.of(1, 2, 3)
                        .map(number -> Invocation.of("Worker", number))
                        .toList())
                : Decision.answer("done");
    }

    private static Decision work(Turn turn) {
        if (Objects.equals(turn.input(), 2)) {
            throw new IllegalStateException("<b>sold out</b>");
        }
        return Decision.answer(turn.input());
    }

    private String drawn(Path chromium, Path page) throws IOException, InterruptedException {
        Path out = folder.resolve("drawn.html");
        Process browser = new ProcessBuilder(
                        chromium.toString(),
                        "--headless",
                        "--no-sandbox",
                        "--disable-gpu",
                        "--disable-quic",
                        "--no-first-run",
                        "--disable-background-networking",
                        "--disable-component-update",
                        "--disable-sync",
                        "--user-data-dir=" + folder.resolve("profile"),
                        "--virtual-time-budget=3000",
                        "--dump-dom",
                        page.toUri().toString())
                .redirectOutput(out.toFile())
                .redirectError(ProcessBuilder.Redirect.DISCARD)
                .start();
        try {
            assertThat(browser.waitFor(60, TimeUnit.SECONDS))
                    .as("Chromium ends")
                    .isTrue();
        } finally {
            browser.destroyForcibly();
        }
        return Files.readString(out).replaceAll("(?s)<script.*?</script>", "");
    }
}
