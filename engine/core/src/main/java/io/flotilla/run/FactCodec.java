package io.flotilla.run;

import io.flotilla.agent.Usage;
import io.flotilla.journal.JournalEntry;
import io.flotilla.journal.PayloadCodec;
import io.flotilla.journal.PayloadException;
import io.flotilla.observe.Redactor;
import io.flotilla.step.StepResult;
import java.math.BigDecimal;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Facts as they stand in a journal: a type, and a tree of values with the users' own in it. What it once wrote it reads for
 * ever; a change is a new type or a new key that may be missing.
 */
final class FactCodec {

    static final String STARTED = "run-started";
    static final String STEP_SETTLED = "step-settled";
    static final String DEADLINE_PASSED = "deadline-passed";
    static final String QUESTION_ANSWERED = "question-answered";
    static final String PAUSED = "run-paused";
    static final String RESUMED = "run-resumed";
    static final String CANCELLED = "run-cancelled";

    /** Not a fact: the note that the run has ended, so that a list can tell without reading it. */
    static final String FINISHED = "run-finished";

    /** What is never a user's. Names of agents that are not there have been redacted before. */
    private static final List<String> OWN =
            List.of("check", "status", "workflow", "where", "failed", "question", "kind", "agent", "within");

    private final PayloadCodec codec;
    private final Redactor redactor;

    FactCodec(PayloadCodec codec, Redactor redactor) {
        this.codec = codec;
        this.redactor = redactor;
    }

    JournalEntry entry(long sequence, Recorded recorded) {
        Map<String, @Nullable Object> payload = new LinkedHashMap<>();
        payload.put("told", recorded.told());
        payload.put("check", recorded.check());
        if (recorded.moved()) {
            payload.put("moved", true);
        }
        String type = write(recorded, payload);
        return new JournalEntry(sequence, recorded.fact().at(), type, encode(payload));
    }

    JournalEntry finished(long sequence, Instant at, RunResult.Status status, String check) {
        Map<String, @Nullable Object> payload = new LinkedHashMap<>();
        payload.put("told", sequence);
        payload.put("check", check);
        payload.put("status", status.name());
        return new JournalEntry(sequence, at, FINISHED, encode(payload));
    }

    /** What the run itself says is no secret, and must be read back as it was: a redactor may take numbers for keys. */
    private byte[] encode(Map<String, @Nullable Object> payload) {
        Set<String> own = new HashSet<>();
        addOwn(payload, own);
        return codec.encode(payload, text -> own.contains(text) ? text : redactor.redact(text));
    }

    private static void addOwn(Map<?, ?> tree, Set<String> own) {
        for (String key : OWN) {
            if (tree.get(key) instanceof String text) {
                own.add(text);
            }
        }
        if (tree.get("decision") instanceof Map<?, ?> decision) {
            addOwn(decision, own);
            if (decision.get("branches") instanceof List<?> branches) {
                branches.forEach(branch -> addOwn((Map<?, ?>) branch, own));
            }
        }
    }

    private String write(Recorded recorded, Map<String, @Nullable Object> payload) {
        Fact fact = recorded.fact();
        if (fact instanceof Fact.Started started) {
            payload.put("workflow", recorded.where());
            payload.put("task", started.task());
            return STARTED;
        }
        if (fact instanceof Fact.StepSettled settled) {
            payload.put("step", settled.step());
            payload.put("where", recorded.where());
            writeEnd(settled, payload);
            writeUsage(settled.used(), payload);
            if (settled.attempts() != 1) {
                payload.put("attempts", settled.attempts());
            }
            if (settled.degraded()) {
                payload.put("degraded", true);
            }
            return STEP_SETTLED;
        }
        if (fact instanceof Fact.DeadlinePassed deadline) {
            payload.put("timer", deadline.timer());
            return DEADLINE_PASSED;
        }
        if (fact instanceof Fact.QuestionAnswered answer) {
            payload.put("question", answer.question());
            payload.put("value", answer.value());
            return QUESTION_ANSWERED;
        }
        if (fact instanceof Fact.Paused) {
            return PAUSED;
        }
        return fact instanceof Fact.Resumed ? RESUMED : CANCELLED;
    }

    private static void writeEnd(Fact.StepSettled settled, Map<String, @Nullable Object> payload) {
        if (settled.failed() != null && settled.cause() != null) {
            payload.put("failed", settled.failed().name());
            RecordedException cause = RecordedException.of(settled.cause());
            payload.put("text", cause.toString());
            payload.put("message", cause.getMessage());
        } else {
            payload.put("decision", decision(settled.decision()));
        }
    }

    private static void writeUsage(Usage used, Map<String, @Nullable Object> payload) {
        payload.put("inputTokens", used.inputTokens());
        payload.put("outputTokens", used.outputTokens());
        payload.put("cost", used.cost());
    }

    private static @Nullable Map<String, @Nullable Object> decision(@Nullable Decision decision) {
        if (decision == null) {
            return null;
        }
        Map<String, @Nullable Object> tree = new LinkedHashMap<>();
        if (decision instanceof Decision.Answer answer) {
            tree.put("kind", "answer");
            tree.put("value", answer.value());
        } else if (decision instanceof Decision.HandOff handOff) {
            tree.put("kind", "hand-off");
            tree.put("agent", handOff.agent());
            tree.put("request", handOff.request());
        } else if (decision instanceof Decision.FanOut fanOut) {
            tree.put("kind", "fan-out");
            List<Map<String, @Nullable Object>> branches = new ArrayList<>();
            for (Invocation invocation : fanOut.invocations()) {
                Map<String, @Nullable Object> branch = new LinkedHashMap<>();
                branch.put("agent", invocation.agent());
                branch.put("request", invocation.request());
                branches.add(branch);
            }
            tree.put("branches", branches);
        } else if (decision instanceof Decision.Ask ask) {
            Question question = ask.question();
            tree.put("kind", "ask");
            tree.put("text", question.text());
            tree.put("within", question.within() == null ? null : String.valueOf(question.within()));
            if (question.hasDefault()) {
                tree.put("default", question.byDefault());
            }
        } else if (decision instanceof Decision.Fail fail) {
            tree.put("kind", "fail");
            tree.put("reason", fail.reason());
        } else if (decision instanceof Decision.Again again) {
            tree.put("kind", "again");
            tree.put("input", again.input());
        }
        return tree;
    }

    // --- and back

    /** Drives {@code past} with an entry. */
    void read(JournalEntry entry, Past past) {
        Tree tree = new Tree(entry, codec.decode(entry.payload()));
        if (entry.type().equals(FINISHED)) {
            past.end(tree.number("told"), tree.text("check"), tree.text("status"));
        } else {
            past.take(recorded(entry, tree));
        }
    }

    /** The fact of an entry, for tests. */
    Fact fact(JournalEntry entry) {
        return recorded(entry, new Tree(entry, codec.decode(entry.payload()))).fact();
    }

    private static Recorded recorded(JournalEntry entry, Tree tree) {
        try {
            return new Recorded(
                    fact(entry, tree), tree.number("told"), tree.text("check"), where(entry, tree), tree.has("moved"));
        } catch (PayloadException wrong) {
            throw wrong;
        } catch (RuntimeException outOfBounds) { // a duration that is none, a usage below zero
            throw tree.wrong("has a value that cannot be", outOfBounds);
        }
    }

    /** Of the first entry of a run: which workflow it is of. */
    String workflow(JournalEntry started) {
        return new Tree(started, codec.decode(started.payload())).text("workflow");
    }

    /** The same fact with another input, see {@link Runs#fork}. */
    Fact with(JournalEntry entry, @Nullable Object input) {
        Tree tree = new Tree(entry, codec.decode(entry.payload()));
        return switch (entry.type()) {
            case STARTED -> new Fact.Started(entry.at(), input);
            case QUESTION_ANSWERED -> new Fact.QuestionAnswered(entry.at(), tree.text("question"), input);
            case STEP_SETTLED ->
                new Fact.StepSettled(
                        entry.at(),
                        tree.number("step"),
                        input instanceof Decision decision ? decision : Decision.answer(input),
                        null,
                        null,
                        used(tree));
            default ->
                throw new IllegalArgumentException(
                        "fact " + entry.sequence() + " is a " + entry.type() + ", which has no input to exchange");
        };
    }

    private static Usage used(Tree tree) {
        return new Usage(tree.number("inputTokens"), tree.number("outputTokens"), tree.decimal("cost"));
    }

    private static String where(JournalEntry entry, Tree tree) {
        return switch (entry.type()) {
            case STARTED -> tree.text("workflow");
            case STEP_SETTLED -> tree.text("where");
            default -> "";
        };
    }

    private static Fact fact(JournalEntry entry, Tree tree) {
        Instant at = entry.at();
        return switch (entry.type()) {
            case STARTED -> new Fact.Started(at, tree.value("task"));
            case STEP_SETTLED -> settled(at, tree);
            case DEADLINE_PASSED -> new Fact.DeadlinePassed(at, tree.number("timer"));
            case QUESTION_ANSWERED -> new Fact.QuestionAnswered(at, tree.text("question"), tree.value("value"));
            case PAUSED -> new Fact.Paused(at);
            case RESUMED -> new Fact.Resumed(at);
            case CANCELLED -> new Fact.Cancelled(at);
            default -> throw tree.wrong("is of the unknown type " + entry.type());
        };
    }

    private static Fact settled(Instant at, Tree tree) {
        Usage used = used(tree);
        int attempts = tree.has("attempts") ? (int) tree.number("attempts") : 1;
        boolean degraded = tree.has("degraded");
        if (!tree.has("failed")) {
            return new Fact.StepSettled(at, tree.number("step"), tree.decision(), null, null, used, attempts, degraded);
        }
        RecordedException cause = new RecordedException(tree.textOrNull("message"), tree.text("text"));
        StepResult.Kind failed = tree.constant("failed", StepResult.Kind.class);
        return new Fact.StepSettled(at, tree.number("step"), null, failed, cause, used, attempts, degraded);
    }

    /** The values of an entry, each as what it must be. */
    private record Tree(JournalEntry entry, Map<?, ?> values) {

        PayloadException wrong(String what) {
            return wrong(what, null);
        }

        PayloadException wrong(String what, @Nullable Throwable why) {
            return new PayloadException("fact " + entry.sequence() + " " + what, why);
        }

        boolean has(String key) {
            return values.get(key) != null;
        }

        @Nullable Object value(String key) {
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

        @Nullable String textOrNull(String key) {
            return has(key) ? text(key) : null;
        }

        long number(String key) {
            return as(key, Number.class).longValue();
        }

        BigDecimal decimal(String key) {
            return new BigDecimal(as(key, Number.class).toString());
        }

        <E extends Enum<E>> E constant(String key, Class<E> type) {
            try {
                return Enum.valueOf(type, text(key));
            } catch (IllegalArgumentException unknown) {
                throw wrong("has an unknown " + key + ", " + text(key));
            }
        }

        private Tree inside(Object tree) {
            return new Tree(entry, (Map<?, ?>) tree);
        }

        @Nullable Decision decision() {
            return has("decision") ? inside(as("decision", Map.class)).asDecision() : null;
        }

        private Decision asDecision() {
            return switch (text("kind")) {
                case "answer" -> Decision.answer(value("value"));
                case "hand-off" -> Decision.handOff(text("agent"), value("request"));
                case "fan-out" -> fanOut();
                case "ask" -> Decision.ask(question());
                case "fail" -> Decision.fail(text("reason"));
                case "again" -> Decision.again(value("input"));
                default -> throw wrong("has an unknown decision, " + text("kind"));
            };
        }

        private Decision fanOut() {
            List<Invocation> invocations = new ArrayList<>();
            for (Object branch : as("branches", List.class)) {
                if (!(branch instanceof Map)) {
                    throw wrong("has a branch that is none");
                }
                Tree tree = inside(branch);
                invocations.add(Invocation.of(tree.text("agent"), tree.value("request")));
            }
            return Decision.fanOut(invocations);
        }

        private Question question() {
            Question question = Question.of(text("text"));
            if (has("within")) {
                question = question.within(Duration.parse(text("within")));
            }
            return values.containsKey("default") ? question.orElse(value("default")) : question;
        }
    }
}
