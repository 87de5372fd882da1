package io.flotilla.run.machine;

import io.flotilla.agent.Usage;
import io.flotilla.journal.JournalEntry;
import io.flotilla.journal.PayloadCodec;
import io.flotilla.journal.PayloadException;
import io.flotilla.observe.Redactor;
import io.flotilla.run.Await;
import io.flotilla.run.Decision;
import io.flotilla.run.Invocation;
import io.flotilla.run.Question;
import io.flotilla.run.RecordedException;
import io.flotilla.run.RunResult;
import io.flotilla.run.machine.FactFormat.DecisionKind;
import io.flotilla.run.machine.FactFormat.EntryType;
import io.flotilla.run.machine.FactFormat.FactKey;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.function.UnaryOperator;
import org.jspecify.annotations.Nullable;

/** Writes facts as entries of a journal: a type, and a tree of values with the users' own in it. Thread-safe. */
final class FactWriter {

    /**
     * What is never a user's, or has been redacted when the fact was made: names of agents that are not there, texts of
     * failures, reasons and questions. A redactor need not say the same of its own texts again.
     */
    private static final List<String> OWN = List.of(
            FactKey.STATUS,
            FactKey.WORKFLOW,
            FactKey.VERSION,
            FactKey.AGENT,
            FactKey.BRANCH,
            FactKey.FAILURE,
            FactKey.QUESTION,
            FactKey.KIND,
            FactKey.TIMEOUT,
            FactKey.DURATION,
            FactKey.SIGNAL,
            FactKey.PLAN,
            FactKey.PARENT,
            FactKey.TRACE,
            FactKey.OWN_LIMITS,
            FactKey.MESSAGE,
            FactKey.CAUSE,
            FactKey.REASON,
            FactKey.ANSWER_TYPE,
            FactKey.CHOICES,
            FactKey.TEXT,
            FactKey.KEY);

    private final PayloadCodec codec;
    private final Redactor redactor;
    private final boolean redacts;

    FactWriter(PayloadCodec codec, Redactor redactor) {
        this.codec = codec;
        this.redactor = redactor;
        this.redacts = !redactor.equals(Redactor.NONE);
    }

    JournalEntry entry(long sequence, Recorded recorded) {
        Payload payload = new Payload(8);
        payload.add(FactKey.DIGEST_BEFORE, recorded.before());
        if (recorded.after() != null) {
            payload.add(FactKey.DIGEST_AFTER, recorded.after());
        }
        if (recorded.timeShifted()) {
            payload.add(FactKey.TIME_SHIFTED, true);
        }
        String type = write(recorded, payload);
        return new JournalEntry(sequence, recorded.fact().at(), type, encode(payload));
    }

    JournalEntry finished(long sequence, Instant at, RunResult.Status status) {
        Payload payload = new Payload(1);
        payload.add(FactKey.STATUS, FactFormat.of(status));
        return new JournalEntry(sequence, at, EntryType.RUN_FINISHED, encode(payload));
    }

    JournalEntry migrated(long sequence, Instant at, RunHeader header) {
        Payload payload = new Payload(3);
        payload.add(FactKey.VERSION, header.version());
        writePlan(header, payload);
        return new JournalEntry(sequence, at, EntryType.RUN_MIGRATED, encode(payload));
    }

    /** As the codec writes it, and the redactor leaves it. */
    byte[] task(@Nullable Object task) {
        Payload payload = new Payload(1);
        payload.add(FactKey.TASK, task);
        return encode(payload);
    }

    /** A value by itself. */
    byte[] value(Object value) {
        Payload payload = new Payload(1);
        payload.add(FactKey.VALUE, value);
        return encode(payload);
    }

    /** What the run itself says is no secret, and must be read back as it was: a redactor may take numbers for keys. */
    private byte[] encode(Payload payload) {
        if (!redacts) {
            return codec.encode(payload, UnaryOperator.identity());
        }
        Set<String> own = new HashSet<>();
        addOwn(payload, own);
        return codec.encode(payload, text -> own.contains(text) ? text : redactor.redact(text));
    }

    private static void addOwn(Map<?, ?> tree, Set<String> own) {
        tree.forEach((key, value) -> {
            if (OWN.contains(key)) {
                addAll(value, own);
            } else if (FactKey.DECISION.equals(key) && value instanceof Map<?, ?> decision) {
                addOwn(decision, own);
            } else if ((FactKey.INVOCATIONS.equals(key) || FactKey.WRITES.equals(key))
                    && value instanceof List<?> list) {
                list.forEach(item -> addOwn((Map<?, ?>) item, own));
            }
        });
    }

    private static void addAll(Object value, Set<String> own) {
        if (value instanceof String text) {
            own.add(text);
        } else if (value instanceof List<?> list) {
            list.forEach(item -> addAll(item, own));
        } else if (value instanceof Map<?, ?> map) {
            map.values().forEach(item -> addAll(item, own));
        }
    }

    private String write(Recorded recorded, Payload payload) {
        Fact fact = recorded.fact();
        if (fact instanceof Fact.StepSettled settled) {
            write(recorded, settled, payload);
            return EntryType.STEP_SETTLED;
        }
        if (fact instanceof Fact.Started started) {
            write(Objects.requireNonNull(recorded.header(), "header"), payload);
            payload.add(FactKey.TASK, started.task());
            return EntryType.RUN_STARTED;
        }
        if (fact instanceof Fact.DeadlinePassed deadline) {
            payload.add(FactKey.TIMER, deadline.timer());
            return EntryType.DEADLINE_PASSED;
        }
        if (fact instanceof Fact.QuestionAnswered answer) {
            payload.add(FactKey.QUESTION, answer.question());
            payload.add(FactKey.VALUE, answer.value());
            return EntryType.QUESTION_ANSWERED;
        }
        if (fact instanceof Fact.Paused) {
            return EntryType.RUN_PAUSED;
        }
        if (fact instanceof Fact.SignalReceived signal) {
            payload.add(FactKey.SIGNAL, signal.signal());
            payload.add(FactKey.VALUE, signal.value());
            if (signal.ifAwaited()) {
                payload.add(FactKey.IF_AWAITED, true);
            }
            return EntryType.SIGNAL_RECEIVED;
        }
        if (fact instanceof Fact.BranchCancelRequested cancel) {
            payload.add(FactKey.BRANCH, cancel.branch().toString());
            return EntryType.BRANCH_CANCEL_REQUESTED;
        }
        return fact instanceof Fact.Resumed ? EntryType.RUN_RESUMED : EntryType.RUN_CANCELLED;
    }

    private static void write(RunHeader header, Payload payload) {
        payload.add(FactKey.WORKFLOW, header.workflow());
        payload.add(FactKey.VERSION, header.version());
        payload.add(FactKey.LABELS, header.labels());
        payload.add(FactKey.DIGEST_VERSION, header.digestVersion());
        if (header.parent() != null) {
            payload.add(FactKey.PARENT, header.parent());
        }
        if (!header.ownLimitsInWords().isEmpty()) {
            payload.add(FactKey.OWN_LIMITS, header.ownLimitsInWords());
        }
        if (header.priority() != 0) {
            payload.add(FactKey.PRIORITY, header.priority());
        }
        if (header.trace() != null) {
            payload.add(FactKey.TRACE, header.trace());
        }
        writePlan(header, payload);
    }

    private static void writePlan(RunHeader header, Payload payload) {
        payload.add(FactKey.PLAN_HASH, header.planHash());
        PlanOutline plan = header.plan();
        if (plan != null) {
            Payload tree = new Payload(5);
            tree.add(FactKey.AGENTS, plan.agents());
            tree.add(FactKey.EDGES, plan.edges());
            tree.add(FactKey.RENDEZVOUS, plan.rendezvous());
            tree.add(FactKey.JOINS, plan.joins());
            tree.add(FactKey.LIMITS, plan.limits());
            payload.add(FactKey.PLAN, tree);
        }
    }

    private void write(Recorded recorded, Fact.StepSettled settled, Payload payload) {
        payload.add(FactKey.STEP, settled.step());
        if (!recorded.agent().isEmpty()) {
            payload.add(FactKey.AGENT, recorded.agent());
            payload.add(FactKey.BRANCH, recorded.branch());
        }
        if (settled.failed() != null && settled.cause() != null) {
            RecordedException cause = RecordedException.of(settled.cause());
            payload.add(FactKey.FAILURE, FactFormat.of(settled.failed()));
            payload.add(FactKey.MESSAGE, cause.getMessage());
            payload.add(FactKey.CAUSE, cause.toString());
        } else if (settled.decision() != null) {
            payload.add(FactKey.DECISION, decision(settled.decision()));
        }
        int size = payload.size();
        write(settled.used(), payload);
        if (settled.ownUsage() != null && payload.size() > size) { // if the run has used nothing, the step has not
            Payload own = new Payload(3);
            write(settled.ownUsage(), own);
            payload.add(FactKey.OWN_USAGE, own);
        }
        if (settled.attempts() != 1) {
            payload.add(FactKey.ATTEMPTS, settled.attempts());
        }
        if (settled.degraded()) {
            payload.add(FactKey.DEGRADED, true);
        }
        if (!settled.writes().isEmpty()) {
            payload.add(
                    FactKey.WRITES,
                    settled.writes().stream().map(FactWriter::tree).toList());
        }
    }

    /** What is merged has no expected version. */
    private static Payload tree(StateWrite write) {
        Payload tree = new Payload(3);
        tree.add(FactKey.KEY, write.key());
        if (write.kind() == StateWrite.Kind.REMOVE) {
            tree.add(FactKey.REMOVED, true);
        } else {
            tree.add(FactKey.VALUE, write.value());
        }
        if (write.kind() != StateWrite.Kind.MERGE) {
            tree.add(FactKey.EXPECTED, write.expected());
        }
        return tree;
    }

    /** What is zero is left out. */
    private static void write(Usage used, Payload payload) {
        if (used.inputTokens() != 0) {
            payload.add(FactKey.INPUT_TOKENS, used.inputTokens());
        }
        if (used.outputTokens() != 0) {
            payload.add(FactKey.OUTPUT_TOKENS, used.outputTokens());
        }
        if (used.cost().signum() != 0) {
            payload.add(FactKey.COST, used.cost());
        }
    }

    private Payload decision(Decision decision) {
        Payload tree = new Payload(3);
        if (decision instanceof Decision.Answer answer) {
            tree.add(FactKey.KIND, DecisionKind.ANSWER);
            tree.add(FactKey.VALUE, answer.value());
        } else if (decision instanceof Decision.HandOff handOff) {
            tree.add(FactKey.KIND, DecisionKind.HAND_OFF);
            tree.add(FactKey.AGENT, handOff.agent());
            tree.add(FactKey.REQUEST, handOff.request());
        } else if (decision instanceof Decision.FanOut fanOut) {
            tree.add(FactKey.KIND, DecisionKind.FAN_OUT);
            tree.add(FactKey.INVOCATIONS, invocations(fanOut));
        } else if (decision instanceof Decision.Ask ask) {
            tree.add(FactKey.KIND, DecisionKind.ASK);
            write(ask.question(), tree);
            carry(ask.carry(), tree);
        } else if (decision instanceof Decision.Fail fail) {
            tree.add(FactKey.KIND, DecisionKind.FAIL);
            tree.add(FactKey.REASON, fail.reason());
        } else if (decision instanceof Decision.Compensate compensate) {
            tree.add(FactKey.KIND, DecisionKind.COMPENSATE);
            tree.add(FactKey.REASON, compensate.reason());
        } else if (decision instanceof Decision.Repeat again) {
            tree.add(FactKey.KIND, DecisionKind.REPEAT);
            tree.add(FactKey.INPUT, again.input());
            carry(again.carry(), tree);
        } else if (decision instanceof Decision.Sleep sleep) {
            tree.add(FactKey.KIND, DecisionKind.SLEEP);
            tree.add(FactKey.DURATION, sleep.duration().toString());
            carry(sleep.carry(), tree);
        } else if (decision instanceof Decision.AwaitSignal await) {
            tree.add(FactKey.KIND, DecisionKind.AWAIT);
            write(await.signal(), tree);
            carry(await.carry(), tree);
        }
        return tree;
    }

    /** Left out where there is none. */
    private static void carry(@Nullable Object carry, Payload tree) {
        if (carry != null) {
            tree.add(FactKey.CARRY, carry);
        }
    }

    private static List<Payload> invocations(Decision.FanOut fanOut) {
        List<Payload> invocations = new ArrayList<>(fanOut.invocations().size());
        for (Invocation invocation : fanOut.invocations()) {
            Payload tree = new Payload(2);
            tree.add(FactKey.AGENT, invocation.agent());
            tree.add(FactKey.REQUEST, invocation.request());
            invocations.add(tree);
        }
        return invocations;
    }

    private void write(Question question, Payload tree) {
        tree.add(FactKey.TEXT, question.text());
        if (question.timeout() != null) {
            tree.add(FactKey.TIMEOUT, String.valueOf(question.timeout()));
        }
        if (question.hasDefault()) {
            tree.add(FactKey.DEFAULT_ANSWER, question.defaultAnswer());
        }
        if (question.hasAnswerType()) {
            tree.add(FactKey.ANSWER_TYPE, name(Objects.requireNonNull(question.answerType())));
        }
        if (!question.choices().isEmpty()) {
            tree.add(FactKey.CHOICES, question.choices());
        }
    }

    /** A name that would be read as another type is none. */
    private String name(Class<?> type) {
        String name = codec.nameOf(type);
        if (name == null || !type.equals(codec.typeOf(name))) {
            throw new PayloadException(
                    "the answer type " + type.getName()
                            + " of a question has no name in the journal's codec: register it,"
                            + " or ask for a type that needs no registration",
                    null);
        }
        return name;
    }

    private static void write(Await signal, Payload tree) {
        tree.add(FactKey.SIGNAL, signal.name());
        if (signal.timeout() != null) {
            tree.add(FactKey.TIMEOUT, String.valueOf(signal.timeout()));
        }
        if (signal.hasDefault()) {
            tree.add(FactKey.DEFAULT_VALUE, signal.defaultValue());
        }
    }
}
