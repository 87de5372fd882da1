package io.flotilla.run.machine;

import io.flotilla.agent.Usage;
import io.flotilla.journal.JournalEntry;
import io.flotilla.journal.PayloadCodec;
import io.flotilla.journal.PayloadException;
import io.flotilla.run.Await;
import io.flotilla.run.BranchPath;
import io.flotilla.run.Decision;
import io.flotilla.run.Invocation;
import io.flotilla.run.Question;
import io.flotilla.run.RecordedException;
import io.flotilla.run.machine.FactFormat.DecisionKind;
import io.flotilla.run.machine.FactFormat.EntryType;
import io.flotilla.run.machine.FactFormat.FactKey;
import io.flotilla.step.StepResult;
import java.math.BigDecimal;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * The values of an entry of a journal, each as what it must be.
 *
 * @param entry whose they are, for errors
 * @param values the payload, or a tree in it
 * @param codec knows types by their names
 */
record FactReader(JournalEntry entry, Map<?, ?> values, PayloadCodec codec) {

    Recorded recorded() {
        try {
            boolean started = entry.type().equals(EntryType.RUN_STARTED);
            boolean step = entry.type().equals(EntryType.STEP_SETTLED) && has(FactKey.AGENT);
            return new Recorded(
                    fact(),
                    number(FactKey.DIGEST_BEFORE),
                    has(FactKey.DIGEST_AFTER) ? number(FactKey.DIGEST_AFTER) : null,
                    started ? header() : null,
                    step ? text(FactKey.AGENT) : "",
                    step ? text(FactKey.BRANCH) : "",
                    has(FactKey.TIME_SHIFTED));
        } catch (PayloadException wrong) {
            throw wrong;
        } catch (RuntimeException outOfBounds) { // a duration that is none, a usage below zero
            throw wrong("has a value that cannot be", outOfBounds);
        }
    }

    /** The header, of an entry that may be any. */
    RunHeader checkedHeader() {
        try {
            return header();
        } catch (PayloadException wrong) {
            throw wrong;
        } catch (RuntimeException outOfBounds) {
            throw wrong("has a value that cannot be", outOfBounds);
        }
    }

    private Fact fact() {
        Instant at = entry.timestamp();
        return switch (entry.type()) {
            case EntryType.RUN_STARTED -> new Fact.Started(at, value(FactKey.TASK));
            case EntryType.STEP_SETTLED -> stepSettled();
            case EntryType.DEADLINE_PASSED -> new Fact.DeadlinePassed(at, number(FactKey.TIMER));
            case EntryType.QUESTION_ANSWERED ->
                new Fact.QuestionAnswered(at, text(FactKey.QUESTION), value(FactKey.VALUE));
            case EntryType.RUN_PAUSED -> new Fact.Paused(at);
            case EntryType.RUN_RESUMED -> new Fact.Resumed(at);
            case EntryType.RUN_CANCELLED -> new Fact.Cancelled(at);
            case EntryType.SIGNAL_RECEIVED ->
                new Fact.SignalReceived(at, text(FactKey.SIGNAL), value(FactKey.VALUE), has(FactKey.IF_AWAITED));
            case EntryType.BRANCH_CANCEL_REQUESTED ->
                new Fact.BranchCancelRequested(at, BranchPath.parse(text(FactKey.BRANCH)));
            default -> throw wrong("is of the unknown type " + entry.type());
        };
    }

    private Fact stepSettled() {
        int attempts = has(FactKey.ATTEMPTS) ? (int) number(FactKey.ATTEMPTS) : 1;
        boolean degraded = has(FactKey.DEGRADED);
        StepResult.Kind failed = null;
        RecordedException cause = null;
        if (has(FactKey.FAILURE)) {
            failed = failure();
            cause = new RecordedException(has(FactKey.MESSAGE) ? text(FactKey.MESSAGE) : null, text(FactKey.CAUSE));
        }
        Decision decision = failed == null ? decision() : null;
        return new Fact.StepSettled(
                entry.timestamp(),
                number(FactKey.STEP),
                decision,
                failed,
                cause,
                used(),
                attempts,
                degraded,
                writes(),
                ownUsage());
    }

    /** What the step has used: nothing if the run has not either; null if nobody has written that down. */
    @Nullable Usage ownUsage() {
        if (has(FactKey.OWN_USAGE)) {
            return inside(FactKey.OWN_USAGE).used();
        }
        boolean isCounted = has(FactKey.INPUT_TOKENS) || has(FactKey.OUTPUT_TOKENS) || has(FactKey.COST);
        return isCounted ? null : Usage.NONE;
    }

    Usage used() {
        return new Usage(
                has(FactKey.INPUT_TOKENS) ? number(FactKey.INPUT_TOKENS) : 0,
                has(FactKey.OUTPUT_TOKENS) ? number(FactKey.OUTPUT_TOKENS) : 0,
                has(FactKey.COST)
                        ? new BigDecimal(as(FactKey.COST, Number.class).toString())
                        : BigDecimal.ZERO);
    }

    /** What the step has written. */
    List<StateWrite> writes() {
        if (!has(FactKey.WRITES)) {
            return List.of();
        }
        List<StateWrite> writes = new ArrayList<>();
        for (Object write : as(FactKey.WRITES, List.class)) {
            if (!(write instanceof Map<?, ?> map)) {
                throw wrong("has a write that is none");
            }
            writes.add(new FactReader(entry, map, codec).write());
        }
        return writes;
    }

    private StateWrite write() {
        String key = text(FactKey.KEY);
        if (has(FactKey.REMOVED)) {
            return StateWrite.remove(key, number(FactKey.EXPECTED));
        }
        Object value = as(FactKey.VALUE, Object.class);
        return has(FactKey.EXPECTED)
                ? StateWrite.put(key, number(FactKey.EXPECTED), value)
                : StateWrite.merge(key, value);
    }

    private StepResult.Kind failure() {
        for (StepResult.Kind kind : StepResult.Kind.values()) {
            if (kind.isFailure() && FactFormat.of(kind).equals(text(FactKey.FAILURE))) {
                return kind;
            }
        }
        throw wrong("has an unknown failure, " + text(FactKey.FAILURE));
    }

    private RunHeader header() {
        return new RunHeader(
                text(FactKey.WORKFLOW),
                text(FactKey.VERSION),
                words(FactKey.LABELS),
                number(FactKey.DIGEST_VERSION),
                number(FactKey.PLAN_HASH),
                has(FactKey.PLAN) ? inside(FactKey.PLAN).plan() : null,
                has(FactKey.PARENT) ? text(FactKey.PARENT) : null,
                has(FactKey.OWN_LIMITS) ? words(FactKey.OWN_LIMITS) : Map.of(),
                has(FactKey.PRIORITY) ? (int) number(FactKey.PRIORITY) : 0,
                has(FactKey.TRACE) ? text(FactKey.TRACE) : null);
    }

    /** What the note of a new version says: version and plan. */
    RunHeader migrated() {
        return new RunHeader(
                "",
                text(FactKey.VERSION),
                Map.of(),
                RunDigest.VERSION,
                number(FactKey.PLAN_HASH),
                has(FactKey.PLAN) ? inside(FactKey.PLAN).plan() : null,
                null,
                Map.of(),
                0,
                null);
    }

    private PlanOutline plan() {
        Map<String, List<String>> edges = new LinkedHashMap<>();
        FactReader tree = inside(FactKey.EDGES);
        tree.values.keySet().forEach(from -> edges.put((String) from, tree.texts((String) from)));
        return new PlanOutline(
                texts(FactKey.AGENTS), edges, texts(FactKey.RENDEZVOUS), words(FactKey.JOINS), words(FactKey.LIMITS));
    }

    private Map<String, String> words(String key) {
        Map<String, String> words = new LinkedHashMap<>();
        FactReader tree = inside(key);
        tree.values.keySet().forEach(word -> words.put((String) word, tree.text((String) word)));
        return words;
    }

    private List<String> texts(String key) {
        List<String> texts = new ArrayList<>();
        for (Object text : as(key, List.class)) {
            texts.add((String) text);
        }
        return texts;
    }

    PayloadException wrong(String what) {
        return wrong(what, null);
    }

    private PayloadException wrong(String what, @Nullable Throwable why) {
        return new PayloadException("fact " + entry.sequence() + " " + what, why);
    }

    boolean has(String key) {
        return values.get(key) != null;
    }

    private @Nullable Object value(String key) {
        return values.get(key);
    }

    private <T> T as(String key, Class<T> type) {
        Object value = values.get(key);
        if (!type.isInstance(value)) {
            throw wrong("has no " + type.getSimpleName() + " " + key);
        }
        return type.cast(value);
    }

    String text(String key) {
        return as(key, String.class);
    }

    long number(String key) {
        return as(key, Number.class).longValue();
    }

    private FactReader inside(String key) {
        return new FactReader(entry, as(key, Map.class), codec);
    }

    private @Nullable Decision decision() {
        return has(FactKey.DECISION) ? inside(FactKey.DECISION).asDecision() : null;
    }

    private Decision asDecision() {
        return switch (text(FactKey.KIND)) {
            case DecisionKind.ANSWER -> Decision.answer(value(FactKey.VALUE));
            case DecisionKind.HAND_OFF -> Decision.handOff(text(FactKey.AGENT), value(FactKey.REQUEST));
            case DecisionKind.FAN_OUT -> fanOut();
            case DecisionKind.ASK -> Decision.ask(question(), value(FactKey.CARRY));
            case DecisionKind.FAIL -> Decision.fail(text(FactKey.REASON));
            case DecisionKind.REPEAT -> Decision.repeat(value(FactKey.INPUT), value(FactKey.CARRY));
            case DecisionKind.COMPENSATE -> Decision.compensate(text(FactKey.REASON));
            case DecisionKind.SLEEP -> Decision.sleep(Duration.parse(text(FactKey.DURATION)), value(FactKey.CARRY));
            case DecisionKind.AWAIT -> Decision.await(signal(), value(FactKey.CARRY));
            default -> throw wrong("has an unknown decision, " + text(FactKey.KIND));
        };
    }

    private Decision fanOut() {
        List<Invocation> invocations = new ArrayList<>();
        for (Object invocation : as(FactKey.INVOCATIONS, List.class)) {
            if (!(invocation instanceof Map<?, ?> map)) {
                throw wrong("has an invocation that is none");
            }
            FactReader tree = new FactReader(entry, map, codec);
            invocations.add(Invocation.of(tree.text(FactKey.AGENT), tree.value(FactKey.REQUEST)));
        }
        return Decision.fanOut(invocations);
    }

    private Question question() {
        Question question = Question.of(text(FactKey.TEXT));
        if (has(FactKey.TIMEOUT)) {
            question = question.timeout(Duration.parse(text(FactKey.TIMEOUT)));
        }
        if (has(FactKey.ANSWER_TYPE)) {
            question = question.answerType(type(text(FactKey.ANSWER_TYPE)));
        }
        if (has(FactKey.CHOICES)) {
            question = question.choices(as(FactKey.CHOICES, List.class));
        }
        return values.containsKey(FactKey.DEFAULT_ANSWER)
                ? question.defaultAnswer(value(FactKey.DEFAULT_ANSWER))
                : question;
    }

    private Await signal() {
        Await signal = Await.of(text(FactKey.SIGNAL));
        if (has(FactKey.TIMEOUT)) {
            signal = signal.timeout(Duration.parse(text(FactKey.TIMEOUT)));
        }
        return values.containsKey(FactKey.DEFAULT_VALUE) ? signal.defaultValue(value(FactKey.DEFAULT_VALUE)) : signal;
    }

    private Class<?> type(String name) {
        Class<?> type = codec.typeOf(name);
        if (type == null) {
            throw wrong("has an unknown answer type, " + name);
        }
        return type;
    }
}
