package io.flotilla.run;

import io.flotilla.agent.Usage;
import io.flotilla.journal.JournalEntry;
import io.flotilla.journal.PayloadCodec;
import io.flotilla.observe.Redactor;
import io.flotilla.run.FactFormat.DecisionKind;
import io.flotilla.run.FactFormat.Key;
import io.flotilla.run.FactFormat.Type;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.UnaryOperator;

/** Writes facts as entries of a journal: a type, and a tree of values with the users' own in it. Thread-safe. */
final class FactWriter {

    /** What is never a user's. Names of agents that are not there have been redacted before. */
    private static final List<String> OWN = List.of(
            Key.STATUS,
            Key.WORKFLOW,
            Key.VERSION,
            Key.AGENT,
            Key.BRANCH,
            Key.FAILURE,
            Key.QUESTION,
            Key.KIND,
            Key.TIMEOUT,
            Key.PLAN);

    private final PayloadCodec codec;
    private final Redactor redactor;
    private final boolean redacts;

    FactWriter(PayloadCodec codec, Redactor redactor) {
        this.codec = codec;
        this.redactor = redactor;
        this.redacts = !redactor.equals(Redactor.NONE);
    }

    JournalEntry entry(long sequence, Recorded recorded) {
        Payload payload = new Payload();
        payload.add(Key.DIGEST_BEFORE, recorded.before());
        if (recorded.after() != null) {
            payload.add(Key.DIGEST_AFTER, recorded.after());
        }
        if (recorded.timeShifted()) {
            payload.add(Key.TIME_SHIFTED, true);
        }
        String type = write(recorded, payload);
        return new JournalEntry(sequence, recorded.fact().at(), type, encode(payload));
    }

    JournalEntry finished(long sequence, Instant at, RunResult.Status status) {
        Payload payload = new Payload();
        payload.add(Key.STATUS, FactFormat.of(status));
        return new JournalEntry(sequence, at, Type.RUN_FINISHED, encode(payload));
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
            } else if (Key.DECISION.equals(key) && value instanceof Map<?, ?> decision) {
                addOwn(decision, own);
            } else if (Key.INVOCATIONS.equals(key) && value instanceof List<?> invocations) {
                invocations.forEach(invocation -> addOwn((Map<?, ?>) invocation, own));
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

    private static String write(Recorded recorded, Payload payload) {
        Fact fact = recorded.fact();
        if (fact instanceof Fact.StepSettled settled) {
            write(recorded, settled, payload);
            return Type.STEP_SETTLED;
        }
        if (fact instanceof Fact.Started started) {
            write(recorded.header(), payload);
            payload.add(Key.TASK, started.task());
            return Type.RUN_STARTED;
        }
        if (fact instanceof Fact.DeadlinePassed deadline) {
            payload.add(Key.TIMER, deadline.timer());
            return Type.DEADLINE_PASSED;
        }
        if (fact instanceof Fact.QuestionAnswered answer) {
            payload.add(Key.QUESTION, answer.question());
            payload.add(Key.VALUE, answer.value());
            return Type.QUESTION_ANSWERED;
        }
        if (fact instanceof Fact.Paused) {
            return Type.RUN_PAUSED;
        }
        return fact instanceof Fact.Resumed ? Type.RUN_RESUMED : Type.RUN_CANCELLED;
    }

    private static void write(RunHeader header, Payload payload) {
        payload.add(Key.WORKFLOW, header.workflow());
        payload.add(Key.VERSION, header.version());
        payload.add(Key.LABELS, header.labels());
        payload.add(Key.DIGEST_VERSION, header.digestVersion());
        payload.add(Key.PLAN_HASH, header.planHash());
        PlanOutline plan = header.plan();
        if (plan != null) {
            Payload tree = new Payload();
            tree.add(Key.AGENTS, plan.agents());
            tree.add(Key.EDGES, plan.edges());
            tree.add(Key.RENDEZVOUS, plan.rendezvous());
            tree.add(Key.JOINS, plan.joins());
            tree.add(Key.LIMITS, plan.limits());
            payload.add(Key.PLAN, tree);
        }
    }

    private static void write(Recorded recorded, Fact.StepSettled settled, Payload payload) {
        payload.add(Key.STEP, settled.step());
        if (!recorded.agent().isEmpty()) {
            payload.add(Key.AGENT, recorded.agent());
            payload.add(Key.BRANCH, recorded.branch());
        }
        if (settled.failed() != null && settled.cause() != null) {
            RecordedException cause = RecordedException.of(settled.cause());
            payload.add(Key.FAILURE, FactFormat.of(settled.failed()));
            payload.add(Key.MESSAGE, cause.getMessage());
            payload.add(Key.CAUSE, cause.toString());
        } else if (settled.decision() != null) {
            payload.add(Key.DECISION, decision(settled.decision()));
        }
        write(settled.used(), payload);
        if (settled.attempts() != 1) {
            payload.add(Key.ATTEMPTS, settled.attempts());
        }
        if (settled.degraded()) {
            payload.add(Key.DEGRADED, true);
        }
    }

    /** What is zero is left out. */
    private static void write(Usage used, Payload payload) {
        if (used.inputTokens() != 0) {
            payload.add(Key.INPUT_TOKENS, used.inputTokens());
        }
        if (used.outputTokens() != 0) {
            payload.add(Key.OUTPUT_TOKENS, used.outputTokens());
        }
        if (used.cost().signum() != 0) {
            payload.add(Key.COST, used.cost());
        }
    }

    private static Payload decision(Decision decision) {
        Payload tree = new Payload();
        if (decision instanceof Decision.Answer answer) {
            tree.add(Key.KIND, DecisionKind.ANSWER);
            tree.add(Key.VALUE, answer.value());
        } else if (decision instanceof Decision.HandOff handOff) {
            tree.add(Key.KIND, DecisionKind.HAND_OFF);
            tree.add(Key.AGENT, handOff.agent());
            tree.add(Key.REQUEST, handOff.request());
        } else if (decision instanceof Decision.FanOut fanOut) {
            tree.add(Key.KIND, DecisionKind.FAN_OUT);
            tree.add(Key.INVOCATIONS, invocations(fanOut));
        } else if (decision instanceof Decision.Ask ask) {
            tree.add(Key.KIND, DecisionKind.ASK);
            write(ask.question(), tree);
        } else if (decision instanceof Decision.Fail fail) {
            tree.add(Key.KIND, DecisionKind.FAIL);
            tree.add(Key.REASON, fail.reason());
        } else if (decision instanceof Decision.Again again) {
            tree.add(Key.KIND, DecisionKind.REPEAT);
            tree.add(Key.INPUT, again.input());
        }
        return tree;
    }

    private static List<Payload> invocations(Decision.FanOut fanOut) {
        List<Payload> invocations = new ArrayList<>(fanOut.invocations().size());
        for (Invocation invocation : fanOut.invocations()) {
            Payload tree = new Payload();
            tree.add(Key.AGENT, invocation.agent());
            tree.add(Key.REQUEST, invocation.request());
            invocations.add(tree);
        }
        return invocations;
    }

    private static void write(Question question, Payload tree) {
        tree.add(Key.TEXT, question.text());
        if (question.within() != null) {
            tree.add(Key.TIMEOUT, String.valueOf(question.within()));
        }
        if (question.hasDefault()) {
            tree.add(Key.DEFAULT_ANSWER, question.byDefault());
        }
    }
}
