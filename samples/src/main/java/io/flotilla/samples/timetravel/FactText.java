package io.flotilla.samples.timetravel;

import io.flotilla.journal.JournalEntry;
import io.flotilla.journal.PayloadCodec;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * Says what a fact is about, by what the journal has of it: a fact is a tree of texts, numbers, lists and maps.
 *
 * @param codec reads it
 */
record FactText(PayloadCodec codec) {

    String of(JournalEntry fact) {
        Map<String, @Nullable Object> tree = codec.decode(fact.payload());
        return switch (fact.type()) {
            case "run-started" -> "\"" + tree.get("task") + "\"";
            case "step-settled" -> tree.get("agent") + " " + tree.get("branch") + ": " + decision(tree.get("decision"));
            case "run-finished" -> String.valueOf(tree.get("status"));
            default -> "";
        };
    }

    private static String decision(@Nullable Object tree) {
        if (!(tree instanceof Map<?, ?> decision)) {
            return "failed";
        }
        if (decision.get("invocations") instanceof List<?> invocations) {
            return "asks " + invocations.stream().map(FactText::agent).collect(Collectors.joining(", "));
        }
        return "hands \"" + decision.get("request") + "\" to " + agent(decision);
    }

    private static String agent(@Nullable Object tree) {
        return tree instanceof Map<?, ?> invocation ? String.valueOf(invocation.get("agent")) : "";
    }
}
