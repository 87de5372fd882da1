package io.flotilla.run;

import io.flotilla.observe.Redactor;
import io.flotilla.run.machine.Fact;
import io.flotilla.run.machine.Plan;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/** What goes through the redactor before it is recorded or emitted: texts of failures, reasons, questions, unknown names. */
final class Redaction {

    private static final String WITHHELD = "(withheld, the redactor failed)";

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
                        settled.at(),
                        settled.step(),
                        readable(settled.decision()),
                        null,
                        null,
                        settled.used(),
                        settled.attempts(),
                        settled.degraded(),
                        settled.writes(),
                        settled.ownUsage())
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

    // --- values of the run's state

    /** What has been written, as others may see it. */
    RunEvent readable(RunEvent event) {
        if (!redacts || !(event instanceof RunEvent.StateWritten written)) {
            return event;
        }
        return new RunEvent.StateWritten(
                written.sequence(),
                written.at(),
                written.branch(),
                written.agent(),
                written.step(),
                written.changes().stream()
                        .map(change -> new StateChange(
                                change.key(),
                                change.version(),
                                change.value() == null ? null : readableValue(change.value())))
                        .toList());
    }

    /** The run's state as others may see it. */
    Map<String, StateValue> readable(Map<String, StateValue> values) {
        if (!redacts) {
            return values;
        }
        Map<String, StateValue> readable = new TreeMap<>();
        values.forEach(
                (key, value) -> readable.put(key, new StateValue(readableValue(value.value()), value.version())));
        return readable;
    }

    private Object readableValue(Object value) {
        try {
            return Objects.requireNonNull(readableTree(value), "value");
        } catch (Throwable failed) { // of the value's toString too
            return WITHHELD;
        }
    }

    /** Texts, lists and maps as a journal has them; anything else as it is, if the redactor would leave its text alone. */
    private @Nullable Object readableTree(@Nullable Object value) {
        if (value == null || value instanceof Number || value instanceof Boolean) {
            return value;
        }
        if (value instanceof CharSequence text) {
            return redacted(text.toString());
        }
        if (value instanceof List<?> list) {
            List<@Nullable Object> readable = new ArrayList<>(list.size());
            list.forEach(item -> readable.add(readableTree(item)));
            return readable;
        }
        if (value instanceof Map<?, ?> map) {
            Map<Object, @Nullable Object> readable = new LinkedHashMap<>();
            map.forEach((key, item) -> readable.put(key, readableTree(item)));
            return readable;
        }
        String text = value.toString();
        String redacted = redacted(text);
        return redacted.equals(text) ? value : redacted;
    }

    /** A name that is not in the topology may be any text. */
    private String readable(String agent) {
        return plan.isPlace(agent) ? agent : redacted(agent);
    }
}
