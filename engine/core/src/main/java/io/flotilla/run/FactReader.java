package io.flotilla.run;

import io.flotilla.agent.Usage;
import io.flotilla.journal.JournalEntry;
import io.flotilla.journal.PayloadException;
import io.flotilla.run.FactFormat.DecisionKind;
import io.flotilla.run.FactFormat.Key;
import io.flotilla.run.FactFormat.Type;
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
 */
record FactReader(JournalEntry entry, Map<?, ?> values) {

    Recorded recorded() {
        try {
            boolean started = entry.type().equals(Type.RUN_STARTED);
            boolean step = entry.type().equals(Type.STEP_SETTLED) && has(Key.AGENT);
            return new Recorded(
                    fact(),
                    number(Key.DIGEST_BEFORE),
                    has(Key.DIGEST_AFTER) ? number(Key.DIGEST_AFTER) : null,
                    started ? header() : null,
                    step ? text(Key.AGENT) : "",
                    step ? text(Key.BRANCH) : "",
                    has(Key.TIME_SHIFTED));
        } catch (PayloadException wrong) {
            throw wrong;
        } catch (RuntimeException outOfBounds) { // a duration that is none, a usage below zero
            throw wrong("has a value that cannot be", outOfBounds);
        }
    }

    private Fact fact() {
        Instant at = entry.at();
        return switch (entry.type()) {
            case Type.RUN_STARTED -> new Fact.Started(at, value(Key.TASK));
            case Type.STEP_SETTLED -> stepSettled();
            case Type.DEADLINE_PASSED -> new Fact.DeadlinePassed(at, number(Key.TIMER));
            case Type.QUESTION_ANSWERED -> new Fact.QuestionAnswered(at, text(Key.QUESTION), value(Key.VALUE));
            case Type.RUN_PAUSED -> new Fact.Paused(at);
            case Type.RUN_RESUMED -> new Fact.Resumed(at);
            case Type.RUN_CANCELLED -> new Fact.Cancelled(at);
            default -> throw wrong("is of the unknown type " + entry.type());
        };
    }

    private Fact stepSettled() {
        int attempts = has(Key.ATTEMPTS) ? (int) number(Key.ATTEMPTS) : 1;
        boolean degraded = has(Key.DEGRADED);
        StepResult.Kind failed = null;
        RecordedException cause = null;
        if (has(Key.FAILURE)) {
            failed = failure();
            cause = new RecordedException(has(Key.MESSAGE) ? text(Key.MESSAGE) : null, text(Key.CAUSE));
        }
        Decision decision = failed == null ? decision() : null;
        return new Fact.StepSettled(entry.at(), number(Key.STEP), decision, failed, cause, used(), attempts, degraded);
    }

    Usage used() {
        return new Usage(
                has(Key.INPUT_TOKENS) ? number(Key.INPUT_TOKENS) : 0,
                has(Key.OUTPUT_TOKENS) ? number(Key.OUTPUT_TOKENS) : 0,
                has(Key.COST) ? new BigDecimal(as(Key.COST, Number.class).toString()) : BigDecimal.ZERO);
    }

    private StepResult.Kind failure() {
        for (StepResult.Kind kind : StepResult.Kind.values()) {
            if (kind.isFailure() && FactFormat.of(kind).equals(text(Key.FAILURE))) {
                return kind;
            }
        }
        throw wrong("has an unknown failure, " + text(Key.FAILURE));
    }

    private RunHeader header() {
        Map<String, String> labels = new LinkedHashMap<>();
        FactReader tree = inside(Key.LABELS);
        tree.values.keySet().forEach(label -> labels.put((String) label, tree.text((String) label)));
        return new RunHeader(
                text(Key.WORKFLOW),
                text(Key.VERSION),
                labels,
                number(Key.DIGEST_VERSION),
                number(Key.PLAN_HASH),
                has(Key.PLAN) ? inside(Key.PLAN).plan() : null);
    }

    private PlanOutline plan() {
        Map<String, List<String>> edges = new LinkedHashMap<>();
        FactReader tree = inside(Key.EDGES);
        tree.values.keySet().forEach(from -> edges.put((String) from, tree.texts((String) from)));
        return new PlanOutline(texts(Key.AGENTS), edges, texts(Key.RENDEZVOUS), words(Key.JOINS), words(Key.LIMITS));
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

    private boolean has(String key) {
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
        return new FactReader(entry, as(key, Map.class));
    }

    private @Nullable Decision decision() {
        return has(Key.DECISION) ? inside(Key.DECISION).asDecision() : null;
    }

    private Decision asDecision() {
        return switch (text(Key.KIND)) {
            case DecisionKind.ANSWER -> Decision.answer(value(Key.VALUE));
            case DecisionKind.HAND_OFF -> Decision.handOff(text(Key.AGENT), value(Key.REQUEST));
            case DecisionKind.FAN_OUT -> fanOut();
            case DecisionKind.ASK -> Decision.ask(question());
            case DecisionKind.FAIL -> Decision.fail(text(Key.REASON));
            case DecisionKind.REPEAT -> Decision.again(value(Key.INPUT));
            default -> throw wrong("has an unknown decision, " + text(Key.KIND));
        };
    }

    private Decision fanOut() {
        List<Invocation> invocations = new ArrayList<>();
        for (Object invocation : as(Key.INVOCATIONS, List.class)) {
            if (!(invocation instanceof Map<?, ?> map)) {
                throw wrong("has an invocation that is none");
            }
            FactReader tree = new FactReader(entry, map);
            invocations.add(Invocation.of(tree.text(Key.AGENT), tree.value(Key.REQUEST)));
        }
        return Decision.fanOut(invocations);
    }

    private Question question() {
        Question question = Question.of(text(Key.TEXT));
        if (has(Key.TIMEOUT)) {
            question = question.within(Duration.parse(text(Key.TIMEOUT)));
        }
        return values.containsKey(Key.DEFAULT_ANSWER) ? question.orElse(value(Key.DEFAULT_ANSWER)) : question;
    }
}
