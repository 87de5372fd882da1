package io.flotilla.samples.teams;

import io.flotilla.AgentId;
import io.flotilla.agent.Agent;
import io.flotilla.samples.shell.Output;
import io.flotilla.samples.shell.Sample;
import io.flotilla.samples.shell.Settings;
import io.flotilla.samples.shell.Shell;
import io.flotilla.step.StepResult;
import io.flotilla.team.Manager;
import io.flotilla.team.ManagerStats;
import io.flotilla.team.Supervision;
import io.flotilla.team.TaskFailedException;
import io.flotilla.team.Worker;
import io.flotilla.team.WorkerStatus;
import java.time.Duration;
import java.util.List;
import java.util.Locale;
import java.util.Objects;
import java.util.Random;
import java.util.concurrent.atomic.AtomicInteger;
import reactor.core.publisher.Mono;

/**
 * A publisher over an editor over writers. One writer never answers and is put in quarantine, one breaks down at some words and is replaced each time, until
 * that is too often. Whatever happens at a writer is a value at the publisher.
 */
public final class HierarchySample implements Sample {

    private static final List<String> WORDS = List.of("anchor", "buoy", "compass", "deck", "ensign", "fathom");
    private static final int FIRST_HARD = 3;
    private static final int RESTARTS = 2;

    public static void main(String[] args) {
        Shell.exit(new HierarchySample());
    }

    @Override
    public String name() {
        return "hierarchy";
    }

    @Override
    public int run(Settings settings, Output output) {
        Random random = new Random(settings.seed());
        int hard = FIRST_HARD + random.nextInt(WORDS.size() - FIRST_HARD);
        AtomicInteger hired = new AtomicInteger();
        Manager<String, String> editor = Manager.<String, String>builder("editor")
                .worker(Worker.of(silent(), "write").supervision(Supervision.quarantine(Duration.ofMinutes(1))))
                .worker(Worker.restartable(AgentId.of("novice"), () -> novice(hired), "write")
                        .supervision(Supervision.restart().intensity(RESTARTS, Duration.ofMinutes(1))))
                .worker(Worker.of(veteran(WORDS.get(hard)), "write", "check"))
                .attemptTimeout(Duration.ofSeconds(1))
                .maxAttempts(4)
                .build();
        Manager<String, String> publisher = Manager.<String, String>builder("publisher")
                .worker(Worker.of(editor.asAgent(editor.id()), "write", "check"))
                .maxAttempts(1)
                .build();

        output.line("publisher > editor > silent, novice, veteran; seed %d", settings.seed());
        output.line("  to check %-8s -> %s", WORDS.get(0), ask(publisher, WORDS.get(0), "check"));
        output.line("  to paint %-8s -> %s", WORDS.get(0), ask(publisher, WORDS.get(0), "paint"));
        for (String word : WORDS) {
            output.line("  to write %-8s -> %s", word, ask(publisher, word, "write"));
        }
        for (WorkerStatus worker : editor.workers()) {
            output.line(
                    "  %-8s %-8s done %d, failed %d, restarts %d",
                    worker.id(), worker.state(), worker.completed(), worker.failed(), worker.restarts());
        }
        output.line("the novice was hired %d times, then given up", hired.get());
        editor.close(Duration.ofSeconds(1))
                .then(publisher.close(Duration.ofSeconds(1)))
                .block();
        ManagerStats stats = publisher.stats();
        output.line(
                "accepted %d = completed %d + failed %d; refused %d",
                stats.accepted(), stats.completed(), stats.failed(), stats.refused());
        return 0;
    }

    private static Agent<String, String> silent() {
        return Agent.of("silent", (word, context) -> Mono.never());
    }

    private static Agent<String, String> novice(AtomicInteger hired) {
        int number = hired.incrementAndGet();
        return Agent.of(
                "novice",
                (word, context) -> Mono.error(new IllegalStateException("novice " + number + " has no idea")));
    }

    private static Agent<String, String> veteran(String hard) {
        return Agent.of(
                "veteran",
                (word, context) -> word.equals(hard)
                        ? Mono.error(new IllegalArgumentException("nobody can write about " + word))
                        : Mono.just(word.toUpperCase(Locale.ROOT)));
    }

    private static String ask(Manager<String, String> publisher, String word, String capability) {
        StepResult<String> result =
                Objects.requireNonNull(publisher.submit(word, capability).block());
        if (!result.isFailure()) {
            return String.valueOf(result.value());
        }
        Throwable cause = result.cause();
        return cause instanceof TaskFailedException failed
                ? "failed at " + failed.path() + ": " + lastMessage(failed)
                : result.kind() + ": " + (cause == null ? "" : cause.getMessage());
    }

    private static String lastMessage(Throwable failed) {
        Throwable cause = failed;
        while (cause.getCause() != null) {
            cause = cause.getCause();
        }
        return String.valueOf(cause.getMessage());
    }
}
