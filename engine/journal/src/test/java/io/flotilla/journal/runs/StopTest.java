package io.flotilla.journal.runs;

import static org.assertj.core.api.Assertions.assertThat;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import io.flotilla.journal.JournalFilter;
import io.flotilla.journal.RunSummary;
import io.flotilla.journal.sqlite.SqliteJournal;
import io.flotilla.run.RunResult;
import io.flotilla.run.Runs;
import java.io.BufferedReader;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.HashSet;
import java.util.List;
import java.util.Random;
import java.util.Set;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import reactor.core.publisher.Mono;

/**
 * A service that gets a SIGTERM, and whose connections are cut while it stops, again and again until all its runs have ended: every run
 * ends with the right answer, though most of its calls were cut at some time.
 */
class StopTest {

    private static final int STOPS = Integer.getInteger("journal.runStops", 4);
    private static final Duration SOON = Duration.ofSeconds(60);

    @TempDir
    Path folder;

    private int stops;
    private boolean isCut;

    /** Answers after a while with the number that is asked for and one. */
    private static HttpServer server(ExecutorService threads, Random random) throws IOException {
        HttpServer server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
        server.setExecutor(threads);
        server.createContext("/next/", exchange -> answer(exchange, random.nextInt(60)));
        server.start();
        return server;
    }

    private static void answer(HttpExchange exchange, int afterMs) throws IOException {
        String path = exchange.getRequestURI().getPath();
        long number = Long.parseLong(path.substring(path.lastIndexOf('/') + 1));
        Mono.delay(Duration.ofMillis(afterMs)).block();
        byte[] body = ("" + (number + 1)).getBytes(StandardCharsets.UTF_8);
        exchange.sendResponseHeaders(200, body.length);
        exchange.getResponseBody().write(body);
        exchange.close();
    }

    @Test
    @Timeout(value = 3, unit = TimeUnit.HOURS)
    void runs_stoppedWithCallsInFlight_endAsIfNothingHadHappened() throws Exception {
        long seed = System.nanoTime();
        Random random = new Random(seed);
        for (int file = 0; stops < STOPS; file++) {
            Path journal = folder.resolve("stop-" + file + ".db");
            boolean done = false;
            while (!done) {
                done = run(journal, random, stops < STOPS ? random.nextInt(150) : Integer.MAX_VALUE);
            }
            check(journal, "seed " + seed + ", file " + file);
        }
        assertThat(isCut).as("steps were in flight when it stopped").isTrue();
    }

    /** Whether it came to its end. */
    private boolean run(Path file, Random random, int afterMs) throws Exception {
        ExecutorService threads = Executors.newCachedThreadPool();
        HttpServer server = server(threads, random);
        Process child = StopChild.start(file, server.getAddress().getPort());
        boolean done = false;
        boolean drained = false;
        try (BufferedReader out = child.inputReader()) {
            for (String line = out.readLine(); line != null; line = out.readLine()) {
                done |= line.equals("done");
                drained |= line.startsWith("drained");
                isCut |= line.startsWith("drained") && !line.contains("stepsCut=0");
                if (line.equals("running") && afterMs != Integer.MAX_VALUE) {
                    Mono.delay(Duration.ofMillis(afterMs)).block();
                    child.toHandle().destroy(); // the process's own method closes its output as well
                } else if (line.equals("stopping")) {
                    threads.shutdownNow();
                    server.stop(0);
                }
            }
        } finally {
            child.waitFor(60, TimeUnit.SECONDS);
            child.destroyForcibly();
            threads.shutdownNow();
            server.stop(0);
        }
        assertThat(drained).as("the hook has come to its end").isTrue();
        if (child.exitValue() == 128 + 15) {
            stops++;
        } else {
            assertThat(child.exitValue()).isZero();
        }
        return done;
    }

    private static void check(Path file, String which) {
        SqliteJournal journal = SqliteJournal.builder(file).open();
        Runs<Long> runs = StopChild.over(journal, 1).runs();
        List<String> ids = journal.list(JournalFilter.all())
                .map(RunSummary::runId)
                .collectList()
                .block(SOON);
        assertThat(ids).as(which).hasSize(StopChild.RUNS);
        Set<Long> answers = new HashSet<>();
        Set<Long> expected = new HashSet<>();
        for (String runId : ids) {
            RunResult<Long> result =
                    runs.recover(runId).flatMap(run -> run.result()).block(SOON);
            assertThat(result.status()).as("%s: %s", which, result).isEqualTo(RunResult.Status.SUCCEEDED);
            answers.add(result.answer());
            expected.add(StopChild.answer(expected.size()));
        }
        assertThat(answers).as(which).isEqualTo(expected);
        journal.close().block(SOON);
    }
}
