package io.flotilla.samples.shell;

import io.flotilla.run.BranchPath;
import io.flotilla.run.RunEvent;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** What happened on one branch of a run, and how that looks in a line. */
final class Lane {

    /** What became of a branch. */
    enum Fate {
        IN_TIME("in time", 'o'),
        LATE("late", '!'),
        FAILED("failed", 'x'),
        CANCELLED("cancelled", 'c'),
        LIVE("not ended", '?');

        private final String words;
        private final char mark;

        Fate(String words, char mark) {
            this.words = words;
            this.mark = mark;
        }

        @Override
        public String toString() {
            return words;
        }
    }

    private static final int MAX_REASON = 60;

    private record Mark(Instant at, char sign) {}

    private record Span(Instant startedAtOrAfter, Instant to) {}

    private final BranchPath path;
    private final Instant start;
    private final List<String> agents = new ArrayList<>();
    private final List<Mark> marks = new ArrayList<>();
    private final List<Span> steps = new ArrayList<>();
    private @Nullable Instant stepSince;
    private Instant end;
    private Fate fate = Fate.LIVE;
    private String met = "";
    private String words = "";

    Lane(RunEvent.BranchStarted started, Instant endOfRun) {
        path = started.branch();
        start = started.at();
        end = endOfRun;
        agents.add(started.agent());
    }

    /** The sealed type has no fold, and Java 17 no switch over types. */
    void add(RunEvent event) {
        if (event instanceof RunEvent.StepStarted) {
            stepSince = event.at();
        } else if (event instanceof RunEvent.StepSettled) {
            endStep(event.at());
        } else if (event instanceof RunEvent.RendezvousFired fired) {
            marks.add(new Mark(event.at(), '*'));
            met = fired.arrivals() + " met, ";
        } else if (event instanceof RunEvent.HandedOff handedOff) {
            agents.add(handedOff.to());
            marks.add(new Mark(event.at(), '/'));
        } else if (event instanceof RunEvent.Forked) {
            marks.add(new Mark(event.at(), '('));
        } else if (event instanceof RunEvent.Joined) {
            marks.add(new Mark(event.at(), ')'));
        } else if (event instanceof RunEvent.BranchAnswered answered) {
            ended(
                    event.at(),
                    answered.late() ? Fate.LATE : Fate.IN_TIME,
                    answered.late() ? "answered late" : "answered");
        } else if (event instanceof RunEvent.BranchMovedOn movedOn) {
            ended(event.at(), movedOn.late() ? Fate.LATE : Fate.IN_TIME, whereTo(movedOn));
        } else if (event instanceof RunEvent.BranchFailed failed) {
            ended(event.at(), Fate.FAILED, "failed: " + reason(failed.failure().reason()));
        } else if (event instanceof RunEvent.BranchCancelled) {
            boolean begun = stepSince != null || !steps.isEmpty();
            ended(event.at(), Fate.CANCELLED, begun ? "cancelled" : "cancelled before its first step");
        }
    }

    private static String whereTo(RunEvent.BranchMovedOn movedOn) {
        String to = movedOn.to() == null ? "all it forked went on" : "to " + movedOn.to();
        return movedOn.late() ? to + ", late" : to;
    }

    private static String reason(String reason) {
        String line = Output.oneLine(reason);
        return line.length() > MAX_REASON ? line.substring(0, MAX_REASON) + "..." : line;
    }

    private void ended(Instant at, Fate how, String inWords) {
        endStep(at);
        end = at;
        fate = how;
        words = inWords;
    }

    private void endStep(Instant at) {
        if (stepSince != null) {
            steps.add(new Span(stepSince, at));
            stepSince = null;
        }
    }

    BranchPath path() {
        return path;
    }

    /** Where the branch began. */
    String agent() {
        return agents.get(0);
    }

    Fate fate() {
        return fate;
    }

    Duration duration() {
        return Duration.between(start, end);
    }

    /** All the places it has been to. */
    String agents() {
        return String.join(" -> ", agents);
    }

    String words() {
        return met + (words.isEmpty() ? fate.toString() : words);
    }

    String bar(Scale scale) {
        char[] bar = new char[scale.width()];
        Arrays.fill(bar, ' ');
        fill(bar, scale, new Span(start, end), '.');
        for (Span step : steps) {
            fill(bar, scale, step, '=');
        }
        if (stepSince != null) {
            fill(bar, scale, new Span(stepSince, end), '=');
        }
        for (Mark mark : marks) {
            bar[scale.column(mark.at)] = mark.sign;
        }
        bar[scale.column(end)] = fate.mark;
        return new String(bar);
    }

    private static void fill(char[] bar, Scale scale, Span span, char sign) {
        Arrays.fill(bar, scale.column(span.startedAtOrAfter), scale.column(span.to) + 1, sign);
    }

    /**
     * Which column of a line an instant is.
     *
     * @param startedAtOrAfter the first
     * @param to the last
     * @param width how many columns there are
     */
    record Scale(Instant startedAtOrAfter, Instant to, int width) {

        int column(Instant at) {
            long all = Duration.between(startedAtOrAfter, to).toNanos();
            long passed = Math.min(
                    all, Math.max(0, Duration.between(startedAtOrAfter, at).toNanos()));
            return all == 0 ? 0 : (int) Math.round((width - 1) * ((double) passed / all));
        }
    }
}
