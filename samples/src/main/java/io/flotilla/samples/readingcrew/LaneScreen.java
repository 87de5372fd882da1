package io.flotilla.samples.readingcrew;

import io.flotilla.samples.shell.Output;
import io.flotilla.step.StepResult;
import java.io.PrintStream;
import java.util.Arrays;
import java.util.Locale;
import java.util.concurrent.TimeUnit;
import java.util.function.LongSupplier;

/** Lanes above a bar, for somebody who looks at them: drawn over themselves, ten times a second at most. Thread-safe. */
final class LaneScreen implements LaneView, ProgressView {

    private static final int WIDTH = 95;
    private static final int BAR = 30;
    private static final long PAUSE_NANOS = TimeUnit.MILLISECONDS.toNanos(100);
    private static final String UP = "\u001b[" + (LANES + 1) + "A";
    private static final String CLEAR_LINE = "\u001b[2K";

    private final int total;
    private final PrintStream out;
    private final LongSupplier nanoTime;
    private final String[] lines = new String[LANES];
    private String bar = "";
    private long drawnNanos;
    private boolean drawn;
    private boolean closed;

    LaneScreen(int total, PrintStream out, LongSupplier nanoTime) {
        this.total = total;
        this.out = out;
        this.nanoTime = nanoTime;
        Arrays.fill(lines, "");
    }

    @Override
    public boolean wants(boolean again) {
        return true;
    }

    @Override
    public void begins(Lanes.Speech speech) {
        show(speech, "");
    }

    @Override
    public void beginsAgain(Lanes.Speech speech) {
        show(speech, "");
    }

    @Override
    public void said(Lanes.Speech speech) {
        show(speech, Output.oneLine(speech.text().toString()));
    }

    @Override
    public void ended(Lanes.Speech speech, StepResult.Kind kind) {
        said(speech);
    }

    /** The end of what is said, as that is what is new. */
    private synchronized void show(Lanes.Speech speech, String text) {
        String start = (speech.lane() + 1) + "| " + LaneLines.shortened(speech.name()) + ": "
                + (speech.attempt() > 1 ? "(again, attempt " + speech.attempt() + ") " : "");
        int room = Math.max(0, WIDTH - start.length());
        lines[speech.lane()] =
                start + (text.length() <= room ? text : "..." + text.substring(text.length() - Math.max(0, room - 3)));
        draw(false);
    }

    @Override
    public synchronized void show(int done, int failed, int inFlight) {
        int ended = done + failed;
        int filled = (int) ((long) ended * BAR / total);
        bar = String.format(
                Locale.ROOT,
                "Reading %3d%% [%s%s] %d of %d: %d done, %d failed, %d in flight",
                (long) ended * 100 / total,
                "=".repeat(filled),
                " ".repeat(BAR - filled),
                ended,
                total,
                done,
                failed,
                inFlight);
        draw(false);
    }

    private void draw(boolean last) {
        long now = nanoTime.getAsLong();
        if (closed || (drawn && !last && now - drawnNanos < PAUSE_NANOS)) {
            return;
        }
        StringBuilder screen = new StringBuilder(drawn ? UP : "");
        for (String line : lines) {
            screen.append(CLEAR_LINE).append(line).append('\n');
        }
        screen.append(CLEAR_LINE).append(bar).append('\n');
        out.print(screen);
        out.flush();
        drawn = true;
        drawnNanos = now;
    }

    @Override
    public synchronized void close() {
        draw(true);
        closed = true;
    }
}
