package io.flotilla.samples.readingcrew;

import io.flotilla.samples.shell.Output;

/** A line for about every tenth of the work, which is what a log can bear. */
final class LineView implements ProgressView {

    private static final int TENTHS = 10;

    private final int total;
    private final Output output;
    private int tenthsShown;

    LineView(int total, Output output) {
        this.total = total;
        this.output = output;
    }

    @Override
    public void show(int done, int failed, int inFlight) {
        int ended = done + failed;
        int tenths = (int) ((long) ended * TENTHS / total);
        if (tenths > tenthsShown) {
            tenthsShown = tenths;
            output.line(
                    "%4d %%  %d of %d: %d done, %d failed, %d in flight",
                    (long) ended * 100 / total, ended, total, done, failed, inFlight);
        }
    }

    @Override
    public void close() {
        // the last line is said
    }
}
