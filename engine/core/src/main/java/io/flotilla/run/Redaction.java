package io.flotilla.run;

import io.flotilla.observe.Redactor;
import io.flotilla.run.machine.Fact;
import io.flotilla.run.machine.Plan;
import org.jspecify.annotations.Nullable;

/** What goes through the redactor before it is recorded or emitted: texts of failures, reasons, questions, unknown names. */
final class Redaction {

    private final Redactor redactor;
    private final boolean redacts;
    private final Plan plan;

    Redaction(Redactor redactor, Plan plan) {
        this.redactor = redactor;
        this.redacts = !redactor.equals(Redactor.NONE);
        this.plan = plan;
    }

    Fact readable(Fact fact) {
        return fact instanceof Fact.StepSettled settled
                ? new Fact.StepSettled(
                        settled.at(), settled.step(), readable(settled.decision()), null, null, settled.used())
                : fact;
    }

    /** The text of a failure is read once, and goes through the redactor before it is recorded or emitted. */
    @Nullable Throwable readOnce(@Nullable Throwable cause) {
        if (cause == null) {
            return null;
        }
        return redacts ? RecordedException.redacted(cause, redactor) : RecordedException.of(cause);
    }

    private String redacted(String text) {
        return RecordedException.redacted(text, redactor);
    }

    @Nullable Decision readable(@Nullable Decision decision) {
        if (redacts && decision instanceof Decision.Fail fail) {
            return Decision.fail(redacted(fail.reason()));
        }
        if (redacts && decision instanceof Decision.Compensate compensate) {
            return Decision.compensate(redacted(compensate.reason()));
        }
        if (redacts && decision instanceof Decision.Ask ask) {
            return Decision.ask(ask.question().redacted(this::redacted), ask.carry());
        }
        if (redacts && decision instanceof Decision.HandOff handOff) {
            return Decision.handOff(readable(handOff.agent()), handOff.request());
        }
        if (redacts && decision instanceof Decision.FanOut fanOut) {
            return Decision.fanOut(fanOut.invocations().stream()
                    .map(branch -> Invocation.of(readable(branch.agent()), branch.request()))
                    .toList());
        }
        return decision;
    }

    /** A name that is not in the topology may be any text. */
    private String readable(String agent) {
        return plan.isPlace(agent) ? agent : redacted(agent);
    }
}
