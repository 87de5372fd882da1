package io.flotilla.topology;

import java.math.BigDecimal;
import java.time.Duration;
import java.util.List;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/** The statements that are no edges: {@code rendezvous X}, {@code pass_through X}, and rules such as {@code timeout(180)}. */
final class Statements {

    static final String RENDEZVOUS = "rendezvous";
    static final String PASS_THROUGH = "pass_through";

    private static final String TIMEOUT = "timeout";
    private static final String MAX_STEPS = "max_steps";
    private static final String MAX_BRANCHES = "max_branches";
    private static final String MAX_DEPTH = "max_depth";
    private static final List<String> RULES =
            List.of(TIMEOUT, MAX_STEPS, MAX_BRANCHES, MAX_DEPTH, RENDEZVOUS, PASS_THROUGH);
    private static final Pattern SECONDS = Pattern.compile("[0-9]{1,9}(\\.[0-9]{1,9})?");
    private static final Pattern NUMBER = Pattern.compile("[0-9]{1,10}");

    private Statements() {}

    /** Whether a line, or a name, begins as one of these. */
    static boolean begins(String line) {
        for (String word : RULES) {
            if (line.startsWith(word) && (isRole(word, line) || isCall(word, line))) {
                return true;
            }
        }
        return false;
    }

    /** {@code rendezvous} and {@code rendezvous X}, but not {@code rendezvousX}. */
    private static boolean isRole(String word, String line) {
        return (word.equals(RENDEZVOUS) || word.equals(PASS_THROUGH))
                && (line.length() == word.length() || Names.isBlank(line.charAt(word.length())));
    }

    private static boolean isCall(String word, String line) {
        return Names.strip(line.substring(word.length())).startsWith("(");
    }

    /** Reads a line of which {@link #begins} is true. */
    static void read(String line, Draft draft) {
        for (String word : List.of(RENDEZVOUS, PASS_THROUGH)) {
            if (line.startsWith(word) && isRole(word, line) && !isCall(word, line)) {
                roles(word, line.substring(word.length()), draft);
                return;
            }
        }
        rule(line, draft);
    }

    private static void roles(String role, String names, Draft draft) {
        for (String name : names.split(",", -1)) {
            String stripped = Names.strip(name);
            if (stripped.isEmpty()) {
                draft.fault(TopologyError.Kind.MALFORMED_LINE, "a name is missing after " + role);
                return;
            }
            draft.role(role.equals(RENDEZVOUS), stripped);
        }
    }

    /** Reads {@code name(argument)}. */
    static void rule(String text, Draft draft) {
        String rule = Names.strip(text);
        int open = rule.indexOf('(');
        if (open < 0 || !rule.endsWith(")")) {
            draft.fault(TopologyError.Kind.INVALID_RULE, Names.quoted(rule) + " is not of the form rule(argument)");
            return;
        }
        String name = Names.strip(rule.substring(0, open));
        String argument = Names.strip(rule.substring(open + 1, rule.length() - 1));
        Rules rules = draft.rules();
        switch (name) {
            case TIMEOUT -> {
                Duration timeout = once(draft, name, rules.timeout()) ? seconds(draft, rule, argument) : null;
                if (timeout != null) {
                    draft.rules(new Rules(timeout, rules.maxSteps(), rules.maxBranches(), rules.maxDepth()));
                }
            }
            case MAX_STEPS -> {
                Integer steps = once(draft, name, rules.maxSteps()) ? number(draft, rule, argument) : null;
                if (steps != null) {
                    draft.rules(new Rules(rules.timeout(), steps, rules.maxBranches(), rules.maxDepth()));
                }
            }
            case MAX_BRANCHES -> {
                Integer branches = once(draft, name, rules.maxBranches()) ? number(draft, rule, argument) : null;
                if (branches != null) {
                    draft.rules(new Rules(rules.timeout(), rules.maxSteps(), branches, rules.maxDepth()));
                }
            }
            case MAX_DEPTH -> {
                Integer depth = once(draft, name, rules.maxDepth()) ? number(draft, rule, argument) : null;
                if (depth != null) {
                    draft.rules(new Rules(rules.timeout(), rules.maxSteps(), rules.maxBranches(), depth));
                }
            }
            case RENDEZVOUS, PASS_THROUGH -> roles(name, argument, draft);
            default ->
                draft.fault(
                        TopologyError.Kind.UNKNOWN_RULE,
                        "there is no rule " + Names.quoted(name) + Names.didYouMean(name, RULES));
        }
    }

    private static boolean once(Draft draft, String rule, @Nullable Object before) {
        if (before != null) {
            draft.fault(TopologyError.Kind.DUPLICATE_RULE, "rule " + rule + " is given twice");
        }
        return before == null;
    }

    private static @Nullable Duration seconds(Draft draft, String rule, String argument) {
        if (SECONDS.matcher(argument).matches()) {
            BigDecimal seconds = new BigDecimal(argument);
            if (seconds.signum() > 0) {
                return Duration.ofNanos(seconds.movePointRight(9).longValueExact());
            }
        }
        draft.fault(TopologyError.Kind.INVALID_RULE, Names.quoted(rule) + " must have seconds > 0, at most 999999999");
        return null;
    }

    private static @Nullable Integer number(Draft draft, String rule, String argument) {
        if (NUMBER.matcher(argument).matches()) {
            long number = Long.parseLong(argument);
            if (number >= 1 && number <= Integer.MAX_VALUE) {
                return (int) number;
            }
        }
        draft.fault(
                TopologyError.Kind.INVALID_RULE,
                Names.quoted(rule) + " must have a number from 1 to " + Integer.MAX_VALUE);
        return null;
    }

    /** The rules as lines of the notation. */
    static void write(Rules rules, StringBuilder text) {
        Duration timeout = rules.timeout();
        if (timeout != null) {
            BigDecimal seconds = BigDecimal.valueOf(timeout.getSeconds())
                    .add(BigDecimal.valueOf(timeout.getNano(), 9))
                    .stripTrailingZeros();
            call(TIMEOUT, seconds.toPlainString(), text);
        }
        call(MAX_STEPS, rules.maxSteps(), text);
        call(MAX_BRANCHES, rules.maxBranches(), text);
        call(MAX_DEPTH, rules.maxDepth(), text);
    }

    private static void call(String rule, @Nullable Object argument, StringBuilder text) {
        if (argument != null) {
            text.append(rule).append('(').append(argument).append(")\n");
        }
    }
}
