package io.flotilla.run.machine;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** The questions of a run that are open, in the order they were asked. */
final class OpenQuestions {

    private final Output output;
    private final Timers timers;
    private final Map<String, QuestionEntry> open = new LinkedHashMap<>();

    OpenQuestions(Output output, Timers timers) {
        this.output = output;
        this.timers = timers;
    }

    boolean isEmpty() {
        return open.isEmpty();
    }

    int size() {
        return open.size();
    }

    /** The question with that id; null if it is not open. */
    @Nullable QuestionEntry get(String question) {
        return open.get(question);
    }

    /** The branch whose question has been open for longest; null if none asks. */
    @Nullable Branch longestWaiting() {
        for (QuestionEntry entry : open.values()) {
            if (entry.branch != null) {
                return entry.branch;
            }
        }
        return null;
    }

    void add(QuestionEntry entry) {
        open.put(entry.open.id(), entry);
        if (entry.branch != null) {
            entry.branch.questionEntry = entry;
        }
    }

    /** The question is open no more. */
    void withdraw(QuestionEntry entry) {
        entry.timer = timers.stop(entry.timer);
        open.remove(entry.open.id());
        if (entry.branch != null) {
            entry.branch.questionEntry = null;
        }
        output.add(new Effect.CloseQuestion(entry.open.id()));
    }

    void withdrawAll() {
        List.copyOf(open.values()).forEach(this::withdraw);
    }
}
