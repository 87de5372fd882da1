package io.flotilla.run;

import io.flotilla.agent.Usage;
import io.flotilla.internal.JsonFields;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** The JSON form of each event. Types and names of fields are never changed; new ones may be added. */
final class EventForm {

    private final JsonFields fields = new JsonFields();
    private final RunEvent event;

    private EventForm(RunEvent event) {
        this.event = event;
    }

    static Map<String, @Nullable Object> of(RunEvent event) {
        return new EventForm(event).fields().toMap();
    }

    private JsonFields fields() {
        if (event instanceof RunEvent.RunStarted) {
            return type("run-started");
        }
        if (event instanceof RunEvent.BranchStarted started) {
            return type("branch-started", started.branch(), started.agent());
        }
        if (event instanceof RunEvent.StepStarted step) {
            return type("step-started", step.branch(), step.agent()).number("step", step.step());
        }
        if (event instanceof RunEvent.StepSettled step) {
            return type("step-settled", step.branch(), step.agent())
                    .number("step", step.step())
                    .flag("failed", step.failed())
                    .number("attempts", step.attempts())
                    .flag("degraded", step.degraded())
                    .map("usage", form(step.usage()));
        }
        if (event instanceof RunEvent.StateWritten written) {
            return type("state-written", written.branch(), written.agent())
                    .number("step", written.step())
                    .list(
                            "changes",
                            written.changes().stream().map(StateChange::toMap).toList());
        }
        if (event instanceof RunEvent.DecisionRejected rejected) {
            return type("decision-rejected", rejected.branch(), rejected.agent())
                    .text("problem", rejected.problem());
        }
        if (event instanceof RunEvent.HandedOff handed) {
            return type("handed-off", handed.branch(), handed.agent()).text("to", handed.to());
        }
        return forkOrEnd();
    }

    private JsonFields forkOrEnd() {
        if (event instanceof RunEvent.Forked forked) {
            return type("forked", forked.branch(), forked.agent())
                    .number("fork", forked.fork())
                    .number("branches", forked.branches());
        }
        if (event instanceof RunEvent.Joined joined) {
            return type("joined", joined.branch(), joined.agent())
                    .number("fork", joined.fork())
                    .constant("verdict", joined.verdict())
                    .number("answered", joined.answered())
                    .number("failed", joined.failed())
                    .number("stragglers", joined.stragglers());
        }
        if (event instanceof RunEvent.RendezvousFired fired) {
            return type("rendezvous-fired", fired.branch(), fired.agent())
                    .constant("verdict", fired.verdict())
                    .number("arrivals", fired.arrivals());
        }
        if (event instanceof RunEvent.BranchAnswered answered) {
            return type("branch-answered", answered.branch(), answered.agent()).flag("late", answered.late());
        }
        if (event instanceof RunEvent.BranchFailed failed) {
            return type("branch-failed", failed.branch(), failed.agent())
                    .map("failure", failed.failure().toMap());
        }
        if (event instanceof RunEvent.BranchMovedOn moved) {
            return type("branch-moved-on", moved.branch(), moved.agent())
                    .text("to", moved.to())
                    .flag("late", moved.late());
        }
        if (event instanceof RunEvent.BranchCancelled cancelled) {
            return type("branch-cancelled", cancelled.branch(), cancelled.agent());
        }
        return waiting();
    }

    private JsonFields waiting() {
        if (event instanceof RunEvent.QuestionAsked asked) {
            PendingQuestion question = asked.question();
            return type("question-asked", question.branch(), question.agent()).map("question", question.toMap());
        }
        if (event instanceof RunEvent.QuestionAnswered answered) {
            return type("question-answered", answered.branch(), answered.agent())
                    .text("question", answered.question())
                    .flag("byDefault", answered.byDefault());
        }
        if (event instanceof RunEvent.SleepStarted sleep) {
            return type("sleep-started", sleep.branch(), sleep.agent()).instant("until", sleep.until());
        }
        if (event instanceof RunEvent.SleepEnded sleep) {
            return type("sleep-ended", sleep.branch(), sleep.agent());
        }
        if (event instanceof RunEvent.SignalAwaited awaited) {
            return type("signal-awaited", awaited.branch(), awaited.agent())
                    .text("signal", awaited.signal())
                    .instant("deadline", awaited.deadline());
        }
        if (event instanceof RunEvent.SignalTaken taken) {
            return type("signal-taken", taken.branch(), taken.agent())
                    .text("signal", taken.signal())
                    .flag("byDefault", taken.byDefault());
        }
        return ofTheRun();
    }

    private JsonFields ofTheRun() {
        if (event instanceof RunEvent.SignalReceived received) {
            return type("signal-received").text("signal", received.signal()).constant("delivery", received.delivery());
        }
        if (event instanceof RunEvent.RunPaused) {
            return type("run-paused");
        }
        if (event instanceof RunEvent.RunResumed) {
            return type("run-resumed");
        }
        if (event instanceof RunEvent.RunFinished finished) {
            return type("run-finished").constant("status", finished.status());
        }
        if (event instanceof RunEvent.CompensationStarted started) {
            return type("compensation-started", started.branch(), started.agent())
                    .number("step", started.step());
        }
        if (event instanceof RunEvent.CompensationSettled settled) {
            return type("compensation-settled", settled.branch(), settled.agent())
                    .number("step", settled.step())
                    .flag("failed", settled.failed())
                    .map("usage", form(settled.usage()));
        }
        throw new IllegalStateException("no JSON form: " + event.getClass().getName());
    }

    private static @Nullable Map<String, @Nullable Object> form(@Nullable Usage usage) {
        return usage == null ? null : usage.toMap();
    }

    private JsonFields type(String type) {
        return fields.text("type", type).number("sequence", event.sequence()).instant("at", event.at());
    }

    private JsonFields type(String type, BranchPath branch, String agent) {
        return type(type).text("branch", branch).text("agent", agent);
    }
}
