package io.flotilla.samples.readingcrew;

import io.flotilla.samples.shell.Output;

/** How progress looks. Called by one thread at a time. */
interface ProgressView {

    void show(int done, int failed, int inFlight);

    /** After the last state. */
    void close();

    /** A bar for somebody who looks at it; plain lines for a file or a build server. */
    static ProgressView of(int total, Output output) {
        return output.terminal() ? new BarView(total, output.out()) : new LineView(total, output);
    }
}
