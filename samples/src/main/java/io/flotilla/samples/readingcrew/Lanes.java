package io.flotilla.samples.readingcrew;

import io.flotilla.run.BranchPath;
import io.flotilla.run.RunOutput;
import io.flotilla.samples.readingcrew.chat.Delta;
import java.util.HashMap;
import java.util.Map;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * Follows what readers say while they read, a few of them at a time: each lane has one until it is done, then the next. A reader
 * whose attempt fails after some words begins again, and so does its lane. Thread-safe; once closed it shows nothing more.
 */
final class Lanes implements AutoCloseable {

    private final LaneView view;
    private final String agent;
    private final Function<BranchPath, String> names;
    private final @Nullable Speech[] lanes;
    private final Map<BranchPath, Speech> speeches = new HashMap<>();
    private boolean closed;

    /** What one reader has said in its current attempt. */
    static final class Speech {

        private final String name;
        private final StringBuilder text = new StringBuilder();
        private int lane = -1;
        private int attempt;

        Speech(String name) {
            this.name = name;
        }

        /** The file. */
        String name() {
            return name;
        }

        /** Which lane has it, from 0. */
        int lane() {
            return lane;
        }

        int attempt() {
            return attempt;
        }

        StringBuilder text() {
            return text;
        }
    }

    /**
     * Lanes for the branches of an agent.
     *
     * @param count how many
     * @param names what the branches are about
     */
    Lanes(int count, LaneView view, String agent, Function<BranchPath, String> names) {
        this.lanes = new @Nullable Speech[count];
        this.view = view;
        this.agent = agent;
        this.names = names;
    }

    /** The next output of the run. */
    synchronized void watch(RunOutput output) {
        if (closed
                || !(output instanceof RunOutput.OfStep step)
                || !step.agent().equals(agent)) {
            return;
        }
        Speech speech = speeches.computeIfAbsent(step.branch(), branch -> new Speech(names.apply(branch)));
        if (output instanceof RunOutput.AttemptStarted started) {
            begin(speech, started.attempt());
        } else if (output instanceof RunOutput.Emitted emitted && emitted.value() instanceof Delta delta) {
            speech.text.append(delta.text());
            if (speech.lane >= 0) {
                view.said(speech);
            }
        } else if (output instanceof RunOutput.Settled settled) {
            speeches.remove(step.branch());
            if (speech.lane >= 0) {
                lanes[speech.lane] = null;
                view.ended(speech, settled.kind());
            }
        }
    }

    private void begin(Speech speech, int attempt) {
        boolean again = speech.text.length() > 0;
        speech.attempt = attempt;
        if (speech.lane < 0 && view.wants(again)) {
            takeLane(speech);
        }
        if (speech.lane >= 0) {
            if (again) {
                view.beginsAgain(speech);
            } else {
                view.begins(speech);
            }
        }
        speech.text.setLength(0);
    }

    private void takeLane(Speech speech) {
        for (int lane = 0; lane < lanes.length; lane++) {
            if (lanes[lane] == null) {
                lanes[lane] = speech;
                speech.lane = lane;
                return;
            }
        }
    }

    @Override
    public synchronized void close() {
        closed = true;
    }
}
