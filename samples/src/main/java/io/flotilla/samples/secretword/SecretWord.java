package io.flotilla.samples.secretword;

import io.flotilla.run.Run;
import io.flotilla.run.RunResult;
import io.flotilla.samples.shell.Output;
import io.flotilla.samples.shell.Sample;
import io.flotilla.samples.shell.Settings;
import io.flotilla.samples.shell.Shell;
import io.flotilla.samples.shell.Timeline;
import java.time.Duration;
import java.util.List;
import java.util.Objects;
import java.util.SplittableRandom;
import java.util.function.Supplier;
import reactor.core.publisher.Flux;

/**
 * Agents with different edges collect the letters of a word. First one run, drawn; then many, whose agents answer in any
 * order, to see that each step knows whose it is.
 */
public final class SecretWord implements Sample {

    private static final String WORD = "MARS";
    private static final int AT_A_TIME = 64;
    private static final int MAX_LINES = 20;

    public static void main(String[] args) {
        Shell.exit(new SecretWord());
    }

    @Override
    public String name() {
        return "secret-word";
    }

    @Override
    public int run(Settings settings, Output output) {
        int runs = settings.runs();
        long seed = settings.seed();
        boolean found = drawn(output);
        return shuffled(runs, seed, output) && found ? 0 : 1;
    }

    private static boolean drawn(Output output) {
        Run<String> run = new Letters(new Witness())
                .workflow(millis(100), millis(300), millis(200), millis(100), millis(400))
                .start(Letters.TASK);
        // Blocking is for the outermost edge of a program, such as this.
        RunResult<String> result = Objects.requireNonNull(run.result().block());
        output.out().print(Letters.TOPOLOGY.toMermaid());
        output.line("");
        output.line(
                Timeline.of(Objects.requireNonNull(run.events().collectList().block()), branch -> "")
                        .draw(MAX_LINES));
        output.line("The secret word is: %s", result.orThrow().answer());
        return WORD.equals(result.answer());
    }

    private static boolean shuffled(int runs, long seed, Output output) {
        List<Tried> tried = Objects.requireNonNull(Flux.range(0, runs)
                .flatMap(number -> Tried.once(new SplittableRandom(seed + number)), AT_A_TIME)
                .collectList()
                .block());
        long agreed = tried.stream().filter(one -> WORD.equals(one.word())).count();
        long steps = tried.stream().mapToLong(one -> one.witness().steps()).sum();
        long byContext =
                tried.stream().mapToLong(one -> one.witness().byContext()).sum();
        long byField = tried.stream().mapToLong(one -> one.witness().byField()).sum();
        output.line("");
        output.line("%d runs whose agents answer in any order (seed %d): %d found %s", runs, seed, agreed, WORD);
        output.line("Who takes this step, asked when it ended, %d times:", steps);
        output.line("  the step's own context was right %d times", byContext);
        output.line("  a field that the steps of a run share was right %d times", byField);
        return agreed == runs && byContext == steps;
    }

    private static Supplier<Duration> millis(int millis) {
        return () -> Duration.ofMillis(millis);
    }
}
