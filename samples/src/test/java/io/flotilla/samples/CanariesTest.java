package io.flotilla.samples;

import static org.assertj.core.api.Assertions.assertThat;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.classic.spi.IThrowableProxy;
import ch.qos.logback.core.AppenderBase;
import io.flotilla.samples.shell.Captured;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Base64;
import java.util.HexFormat;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.slf4j.LoggerFactory;
import reactor.core.publisher.Mono;
import reactor.netty.DisposableServer;
import reactor.netty.http.server.HttpServer;
import reactor.netty.http.server.HttpServerRequest;
import reactor.netty.http.server.HttpServerResponse;

/**
 * Every sample runs with secrets planted as canaries: the key of the endpoint, which the endpoint says again in all its answers
 * and errors, and that of the journal. They are in no line that a sample prints, no log at DEBUG, no exception, and no file that it
 * leaves: journals, event logs, digests.
 */
@Timeout(120)
class CanariesTest {

    private static final String ENDPOINT_KEY = "sk-canary-endpoint-0123456789";
    private static final byte[] JOURNAL_KEY = "canary-journal-0123456789abcdef01".getBytes(StandardCharsets.US_ASCII);

    /** What shortens a sample, and leaves what it does. */
    private static final Map<String, Map<String, String>> SHORTER = Map.of(
            "verify", Map.of("runs", "20"),
            "secret-word", Map.of("runs", "50"),
            "reading-crew", Map.of("deadline", "PT1S", "timeout", "PT0.3S"),
            "reading-round", Map.of("timeout", "PT0.3S"));

    /** Mostly they wait: for a retry, a lease, a circuit breaker. */
    private static final int AT_ONCE = 4;

    @TempDir
    private Path home;

    private final Map<String, Set<String>> found = new TreeMap<>();
    private final Set<String> logged = ConcurrentHashMap.newKeySet();
    private final Logger root = (Logger) LoggerFactory.getLogger(org.slf4j.Logger.ROOT_LOGGER_NAME);
    private final Logger wire = (Logger) LoggerFactory.getLogger("reactor.netty");
    private final AppenderBase<ILoggingEvent> appender = new AppenderBase<>() {
        @Override
        protected void append(ILoggingEvent event) {
            look("log", text(event));
        }
    };

    private static String text(ILoggingEvent event) {
        StringBuilder all = new StringBuilder(event.getFormattedMessage()).append(event.getMDCPropertyMap());
        for (IThrowableProxy at = event.getThrowableProxy(); at != null; at = at.getCause()) {
            all.append('\n').append(at.getClassName()).append(": ").append(at.getMessage());
            for (IThrowableProxy suppressed : at.getSuppressed()) {
                all.append('\n').append(suppressed.getMessage());
            }
        }
        return all.toString();
    }

    @BeforeEach
    void listen() {
        root.setLevel(Level.DEBUG);
        wire.setLevel(Level.INFO); // what it says at DEBUG are the bytes on the wire
        appender.setContext(root.getLoggerContext());
        appender.start();
        root.addAppender(appender);
    }

    @AfterEach
    void stop() {
        root.detachAppender(appender);
        root.setLevel(Level.OFF);
        wire.setLevel(null);
    }

    /** A secret as it is, and in the forms in which it may have been written. */
    private static Set<String> forms() {
        Set<String> forms = new TreeSet<>();
        for (byte[] secret : List.of(ENDPOINT_KEY.getBytes(StandardCharsets.US_ASCII), JOURNAL_KEY)) {
            forms.add(new String(secret, StandardCharsets.US_ASCII).toLowerCase(Locale.ROOT));
            forms.add(HexFormat.of().formatHex(secret));
            forms.add(Base64.getEncoder()
                    .encodeToString(secret)
                    .toLowerCase(Locale.ROOT)
                    .substring(0, 36));
            String numbers = Arrays.toString(secret);
            forms.add(numbers.substring(1, numbers.length() - 1));
        }
        return forms;
    }

    private static final Set<String> FORMS = forms();

    private synchronized void look(String where, String text) {
        String lower = text.toLowerCase(Locale.ROOT);
        for (String form : FORMS) {
            int at = lower.indexOf(form);
            if (at >= 0) {
                found.computeIfAbsent(where, any -> new TreeSet<>())
                        .add(text.substring(Math.max(0, at - 60), Math.min(text.length(), at + 60)));
            }
        }
        if (where.equals("log")) {
            logged.add(text.substring(0, Math.min(40, text.length())));
        }
    }

    private void lookAtFiles(Path folder) throws IOException {
        try (Stream<Path> files = Files.walk(folder)) {
            for (Path file : files.filter(Files::isRegularFile).toList()) {
                look(home.relativize(file).toString(), Files.readString(file, StandardCharsets.ISO_8859_1));
            }
        }
    }

    /** The names as the demo itself tells them, so that no sample is forgotten. */
    private List<String> names() {
        Matcher names = Pattern.compile("one of (.*), was")
                .matcher(Captured.run(new Demo("?"), home, Map.of()).err());
        assertThat(names.find()).isTrue();
        return List.of(names.group(1).split(", "));
    }

    private static final AtomicInteger ASKED = new AtomicInteger();

    /** Repeats the key that it is asked with, in answers and in errors. */
    private static Mono<Void> tellTale(HttpServerRequest request, HttpServerResponse response) {
        String key = String.valueOf(request.requestHeaders().get("Authorization"));
        int what = ASKED.getAndIncrement() % 3;
        if (what == 0) {
            return response.status(401)
                    .sendString(Mono.just("{\"error\":{\"message\":\"no such key: " + key + "\"}}"))
                    .then();
        }
        if (what == 1) {
            return response.status(500).sendString(Mono.just(key)).then();
        }
        return response.header("Content-Type", "text/event-stream")
                .sendString(Mono.just(piece("your key is " + key.substring(0, key.length() - 9))
                        + piece(key.substring(key.length() - 9))
                        + "data: [DONE]\n\n"))
                .then();
    }

    private static String piece(String text) {
        return "data: {\"choices\":[{\"delta\":{\"content\":\"" + text + "\"}}]}\n\n";
    }

    /** Says how long it took, for whoever wants to know why the test is slow. */
    private String run(String name, Path input, Map<String, String> environment) {
        Map<String, String> properties = new TreeMap<>(SHORTER.getOrDefault(name, Map.of()));
        properties.put("input", input.toString());
        long from = System.nanoTime();
        Captured run = Captured.run(new Demo(name), home, properties, environment);
        look(name + ", out", run.out());
        look(name + ", err", run.err());
        return name + " " + (System.nanoTime() - from) / 1_000_000 + " ms, code " + run.code();
    }

    @Test
    void samples_withCanaries_sayNothingOfThem() throws Exception {
        Path input = Files.createDirectory(home.resolve("input"));
        for (int at = 0; at < 4; at++) {
            Files.writeString(input.resolve("ship-" + at + ".md"), "Ship " + at + " lies in the harbour.\n");
        }
        DisposableServer server = HttpServer.create()
                .host("127.0.0.1")
                .port(0)
                .handle(CanariesTest::tellTale)
                .bindNow();
        ExecutorService threads = Executors.newFixedThreadPool(AT_ONCE);
        List<String> asked = new ArrayList<>();
        try {
            Map<String, String> environment = Map.of(
                    "OPENAI_API_KEY",
                    ENDPOINT_KEY,
                    "OPENAI_BASE_URL",
                    "http://127.0.0.1:" + server.port(),
                    "FLOTILLA_JOURNAL_KEY",
                    Base64.getEncoder().encodeToString(JOURNAL_KEY));
            List<Future<String>> running = new ArrayList<>();
            for (String name : names()) {
                running.add(threads.submit(() -> run(name, input, environment)));
            }
            for (Future<String> each : running) {
                asked.add(each.get(100, TimeUnit.SECONDS));
            }
        } finally {
            threads.shutdownNow();
            server.disposeNow();
        }
        lookAtFiles(home.resolve("target"));

        assertThat(found).as("%s", asked).isEmpty();
        assertThat(logged).as("there was something to look at").hasSizeGreaterThan(10);
        assertThat(Files.exists(home.resolve("target/reading-crew/journal.sqlite")))
                .isTrue();
    }

    /** That what is looked for would be found. */
    @Test
    void canary_inALogOrAFile_isFound() throws IOException {
        Path folder = Files.createDirectories(home.resolve("target"));
        Files.writeString(folder.resolve("a.log"), HexFormat.of().formatHex(JOURNAL_KEY));
        Files.writeString(folder.resolve("b.log"), "Bearer " + ENDPOINT_KEY);
        root.warn("failed", new IllegalStateException("x", new IllegalArgumentException(ENDPOINT_KEY)));
        lookAtFiles(folder);

        assertThat(found).containsOnlyKeys("log", "target/a.log", "target/b.log");
    }
}
