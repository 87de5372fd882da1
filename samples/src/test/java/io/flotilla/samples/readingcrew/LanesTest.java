package io.flotilla.samples.readingcrew;

import static org.assertj.core.api.Assertions.assertThat;

import io.flotilla.AgentId;
import io.flotilla.agent.Usage;
import io.flotilla.run.BranchPath;
import io.flotilla.run.RunOutput;
import io.flotilla.samples.readingcrew.chat.Delta;
import io.flotilla.samples.shell.Output;
import io.flotilla.step.StepResult;
import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Test;

/** What readers say, in lanes. */
class LanesTest {

    private static final BranchPath ROOT = BranchPath.outsideForks(0);

    private final ByteArrayOutputStream printed = new ByteArrayOutputStream();
    private final PrintStream out = new PrintStream(printed, true, StandardCharsets.UTF_8);
    private final Output output = new Output(out, out, false);

    private Lanes lanes(LaneView view) {
        return new Lanes(LaneView.LANES, view, "Reader", branch -> "file-" + branch.index() + ".md");
    }

    private static void begins(Lanes lanes, int file, int attempt) {
        lanes.watch(new RunOutput.AttemptStarted(branch(file), "Reader", 0, attempt, AgentId.of("Reader")));
    }

    private static void says(Lanes lanes, int file, String text) {
        lanes.watch(new RunOutput.Emitted(branch(file), "Reader", 0, 1, 0, new Delta(text, Usage.NONE)));
    }

    private static void ends(Lanes lanes, int file) {
        lanes.watch(new RunOutput.Settled(branch(file), "Reader", 0, StepResult.Kind.SUCCEEDED, 0));
    }

    private static BranchPath branch(int file) {
        return ROOT.forked(0, file);
    }

    private String text() {
        return printed.toString(StandardCharsets.UTF_8);
    }

    @Test
    void lines_sentences_areToldWhenTheyAreComplete() {
        Lanes lanes = lanes(new LaneLines(output));
        begins(lanes, 0, 1);
        says(lanes, 0, "The harbour lies");
        assertThat(text()).isEmpty();
        says(lanes, 0, " in the north. Ships");
        assertThat(text()).isEqualTo("  1| file-0.md: The harbour lies in the north.\n");
        says(lanes, 0, " leave.");
        ends(lanes, 0);

        assertThat(text().lines()).hasSize(2).last().isEqualTo("  1| file-0.md: Ships leave.");
    }

    @Test
    void lines_cutOff_theLaneBeginsAgain() {
        Lanes lanes = lanes(new LaneLines(output));
        begins(lanes, 0, 1);
        says(lanes, 0, "The harbour lies");
        begins(lanes, 0, 2);
        says(lanes, 0, "The harbour lies in the north.");
        ends(lanes, 0);

        assertThat(text().lines())
                .containsExactly(
                        "  1| file-0.md: cut off after \"The harbour lies\", begins again, attempt 2",
                        "  1| file-0.md: The harbour lies in the north.");
    }

    @Test
    void lines_manyReaders_theFirstThreeAndThoseThatBeginAgain() {
        Lanes lanes = lanes(new LaneLines(output));
        for (int file = 0; file < 10; file++) {
            begins(lanes, file, 1);
            says(lanes, file, "Number " + file);
        }
        for (int file = 0; file < 9; file++) {
            ends(lanes, file);
        }
        begins(lanes, 9, 2);
        says(lanes, 9, "Again.");
        ends(lanes, 9);

        assertThat(text().lines())
                .containsExactly(
                        "  1| file-0.md: Number 0",
                        "  2| file-1.md: Number 1",
                        "  3| file-2.md: Number 2",
                        "  1| file-9.md: cut off after \"Number 9\", begins again, attempt 2",
                        "  1| file-9.md: Again.");
    }

    @Test
    void screen_lanesAndBar_drawnOverThemselves() {
        AtomicLong time = new AtomicLong();
        LaneScreen screen = new LaneScreen(2, out, time::get);
        Lanes lanes = lanes(screen);
        begins(lanes, 0, 1);
        says(lanes, 0, "The harbour");
        time.addAndGet(200_000_000);
        begins(lanes, 0, 2);
        screen.show(1, 0, 1);
        screen.close();

        assertThat(text())
                .contains("1| file-0.md: (again, attempt 2) ")
                .contains("\u001b[4A")
                .endsWith("Reading  50% [===============               ] 1 of 2: 1 done, 0 failed, 1 in flight\n");
    }

    @Test
    void close_whatComesLater_notShown() {
        Lanes lanes = lanes(new LaneLines(output));
        lanes.close();
        begins(lanes, 0, 1);
        says(lanes, 0, "Late.");
        ends(lanes, 0);

        assertThat(text()).isEmpty();
    }
}
