package io.flotilla.samples.readingcrew;

import java.io.PrintStream;
import me.tongfei.progressbar.DelegatingProgressBarConsumer;
import me.tongfei.progressbar.ProgressBar;
import me.tongfei.progressbar.ProgressBarBuilder;
import me.tongfei.progressbar.ProgressBarStyle;

/** A bar that is drawn over itself. */
final class BarView implements ProgressView {

    private static final int WIDTH = 95;

    private final PrintStream out;
    private final ProgressBar bar;

    BarView(int total, PrintStream out) {
        this.out = out;
        this.bar = new ProgressBarBuilder()
                .setTaskName("Reading")
                .setInitialMax(total)
                .setStyle(ProgressBarStyle.ASCII)
                .setUpdateIntervalMillis(100)
                .hideEta()
                .setConsumer(new DelegatingProgressBarConsumer(line -> out.print('\r' + line), WIDTH))
                .build();
    }

    @Override
    public void show(int done, int failed, int inFlight) {
        bar.setExtraMessage(done + " done, " + failed + " failed, " + inFlight + " in flight");
        bar.stepTo(done + failed);
    }

    @Override
    public void close() {
        bar.close();
        out.println();
    }
}
