package io.flotilla.inspector;

import io.flotilla.run.Run;
import io.flotilla.run.RunOutput;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.jspecify.annotations.Nullable;
import reactor.core.Disposable;
import reactor.core.Disposables;

/**
 * The last output of a live run, kept once for all who look at it: also for those whose connection broke, and for a while after the run's
 * end. At most {@value #KEPT} pieces; the oldest make room, and whoever has not read them is told how many. Thread-safe.
 */
final class OutputTape implements Disposable {

    static final int KEPT = 4_096;

    private final String name;
    private final Run<?> run;
    private final Disposable.Swap recording = Disposables.swap();
    private volatile long touched = System.nanoTime();

    // Guarded by this.
    /** In a circle; grows until it has room for all that is kept. */
    private @Nullable RunOutput[] kept = new RunOutput[16];

    /** The number of the first that is kept, and of the one that comes next. */
    private long first;

    private long end;

    private boolean over;

    private OutputTape(String name, Run<?> run) {
        this.name = name;
        this.run = run;
    }

    /** Has from now on what the run tells. {@code name} is what it has in positions: small letters and digits, never given again. */
    static OutputTape of(String name, Run<?> run) {
        OutputTape tape = new OutputTape(name, run);
        tape.recording.update(run.output().subscribe(tape::add, failed -> tape.end(), tape::end));
        return tape;
    }

    String name() {
        return name;
    }

    @SuppressWarnings("ReferenceEquality") // a recovered run is another one of the same id
    boolean isOf(Run<?> other) {
        return run == other;
    }

    private synchronized void add(RunOutput output) {
        if (end - first == KEPT) {
            first++;
        } else if (end - first == kept.length) { // nothing has made room yet, so all is in order
            kept = Arrays.copyOf(kept, Math.min(KEPT, 2 * kept.length));
        }
        kept[slot(end)] = output;
        end++;
    }

    private int slot(long number) {
        return (int) (number % kept.length);
    }

    private synchronized void end() {
        over = true;
    }

    /**
     * What was read.
     *
     * @param from the number of the first of the outputs
     * @param missed how many before it are not kept any more
     * @param end the number behind the last that there is
     */
    record Read(List<RunOutput> outputs, long from, long missed, long end) {}

    /** The output from a number on, {@code most} at most. */
    synchronized Read read(long wanted, int most) {
        touched = System.nanoTime();
        long from = Math.min(Math.max(wanted, first), end);
        List<RunOutput> outputs = new ArrayList<>();
        for (long at = from; at < end && outputs.size() < most; at++) {
            RunOutput output = kept[slot(at)];
            if (output != null) {
                outputs.add(output);
            }
        }
        return new Read(outputs, from, Math.max(0, first - wanted), end);
    }

    /** The number of the first that is kept. */
    synchronized long first() {
        return first;
    }

    /** Whether nothing comes from a number on. */
    synchronized boolean isOver(long next) {
        return over && next >= end;
    }

    /** When it was read last, by {@link System#nanoTime}. */
    long touched() {
        return touched;
    }

    /** Has nothing new any more; what it has can be read. */
    @Override
    public void dispose() {
        recording.dispose();
    }

    @Override
    public boolean isDisposed() {
        return recording.isDisposed();
    }
}
