package io.flotilla.run.machine;

import io.flotilla.run.PendingQuestion;
import io.flotilla.run.RunEvent;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.StringJoiner;

/** What a replay says of what differs, and how it shifts what waits. */
final class Replays {

    /** The most events that a divergence describes. */
    private static final int MAX_DESCRIBED = 5;

    private Replays() {}

    static String described(List<RunEvent> events) {
        StringJoiner described = new StringJoiner("; ");
        events.stream().limit(MAX_DESCRIBED).forEach(event -> described.add(event.toString()));
        return events.size() <= MAX_DESCRIBED
                ? described.toString()
                : described + "; and " + (events.size() - MAX_DESCRIBED) + " more";
    }

    /** What differs between the plan of a recorded run and this one, in words. */
    static List<String> changes(RunHeader header, Plan plan) {
        PlanOutline now = PlanOutline.of(plan);
        PlanOutline then = header.plan();
        if (then != null) {
            return then.differences(now);
        }
        return header.planHash() == now.hash() ? List.of() : List.of("topology, joins or limits are others");
    }

    static PendingQuestion later(PendingQuestion question, Duration since) {
        Instant deadline = question.deadline();
        return deadline == null
                ? question
                : new PendingQuestion(
                        question.id(),
                        question.agent(),
                        question.branch(),
                        question.text(),
                        question.choices(),
                        deadline.plus(since),
                        question.answerType());
    }
}
