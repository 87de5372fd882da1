package io.flotilla.samples.readingcrew;

import static org.assertj.core.api.Assertions.assertThat;

import io.flotilla.samples.Demo;
import java.io.BufferedReader;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.condition.DisabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;
import reactor.netty.http.client.HttpClient;

/** {@code -Dinspect=true} in a process of its own, which stays until it is stopped. */
@Timeout(60)
class InspectedProcessTest {

    private static final Pattern ADDRESS =
            Pattern.compile("The inspector stays: (http://127\\.0\\.0\\.1:\\d+/)#token=(\\S+), .*");

    private static final int LISTENERS = 20;

    @TempDir
    private Path home;

    @Test
    @DisabledOnOs(OS.WINDOWS) // which has no signal that asks
    void demo_inspectedAndTerminatedWhileOthersListen_endsAtOnceWithoutAWord()
            throws IOException, InterruptedException {
        Path input = Files.createDirectory(home.resolve("input"));
        for (int at = 0; at < 5; at++) {
            Files.writeString(input.resolve("ship-" + at + ".md"), "Ship number " + at + " leaves at dawn.\n");
        }
        Path errors = home.resolve("errors");
        Process demo = new ProcessBuilder(
                        Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                        "-Xmx256m",
                        "-XX:TieredStopAtLevel=1",
                        "-cp",
                        System.getProperty("java.class.path"),
                        "-Dinspect=true",
                        "-Dtimeout=PT2S",
                        "-Dinput=" + input,
                        "-Dflotilla.samples.home=" + home,
                        Demo.class.getName())
                .redirectError(errors.toFile())
                .start();
        try (BufferedReader out = demo.inputReader()) {
            Matcher address = address(out);

            assertThat(status(address.group(1), "")).as("the page").isEqualTo(200);
            assertThat(status(address.group(1) + "api/runs", address.group(2))).isEqualTo(200);
            assertThat(status(address.group(1) + "api/runs", "")).isEqualTo(401);
            assertThat(demo.isAlive()).isTrue();
            CountDownLatch open = new CountDownLatch(LISTENERS);
            Mono<Void> listeners = listeners(address.group(1) + "api/live", address.group(2), open);
            listeners.subscribe();
            assertThat(open.await(20, TimeUnit.SECONDS)).as("who listens").isTrue();
            demo.destroy(); // SIGTERM

            assertThat(demo.waitFor(10, TimeUnit.SECONDS)).as("it ends").isTrue();
            assertThat(demo.exitValue())
                    .as("of a process that a signal has ended")
                    .isEqualTo(128 + 15);
            assertThat(Files.readString(errors)).isEmpty();
            listeners.block(Duration.ofSeconds(10));
        } finally {
            demo.destroyForcibly();
        }
    }

    /** Completes when all have been cut off. */
    private static Mono<Void> listeners(String address, String token, CountDownLatch open) {
        return Flux.range(0, LISTENERS)
                .flatMap(
                        any -> HttpClient.newConnection()
                                .headers(headers -> headers.set("Authorization", "Bearer " + token))
                                .get()
                                .uri(address)
                                .response((response, content) -> content.asString()
                                        .switchOnFirst((first, pieces) -> {
                                            open.countDown();
                                            return pieces;
                                        }))
                                .then()
                                .onErrorComplete(),
                        LISTENERS)
                .then()
                .cache();
    }

    private static Matcher address(BufferedReader out) throws IOException {
        StringBuilder all = new StringBuilder();
        for (String line = out.readLine(); line != null; line = out.readLine()) {
            Matcher address = ADDRESS.matcher(line);
            if (address.matches()) {
                return address;
            }
            all.append(line).append('\n');
        }
        throw new AssertionError("it says nothing of an inspector:\n" + all);
    }

    private static int status(String address, String token) {
        return HttpClient.newConnection()
                .headers(headers -> headers.set("Authorization", "Bearer " + token))
                .get()
                .uri(address)
                .response()
                .block()
                .status()
                .code();
    }
}
