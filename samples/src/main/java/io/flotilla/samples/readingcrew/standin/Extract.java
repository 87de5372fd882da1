package io.flotilla.samples.readingcrew.standin;

import java.util.Collection;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import java.util.stream.Stream;

/**
 * A digest without a model, and an honest one: sentences of the text itself, those whose words the text uses most, in
 * their original order.
 */
public final class Extract {

    private static final Pattern NO_LETTERS = Pattern.compile("[^\\p{L}]+");
    private static final int SHORTEST_TERM = 4;
    private static final Set<String> COMMON = Set.of(
            "that", "this", "with", "from", "have", "than", "then", "they", "them", "what", "when", "where", "which",
            "while", "will", "would", "there", "their", "been", "were", "each", "into", "only", "other", "such", "some",
            "more", "most", "also", "does", "must", "your", "null");

    private Extract() {}

    /** The {@code count} sentences that rank highest; fewer if there are not as many. */
    public static String of(String text, int count) {
        List<String> sentences = Sentences.of(text);
        if (sentences.isEmpty()) {
            return "The text has no sentences.";
        }
        Map<String, Integer> frequencies = new HashMap<>();
        sentences.forEach(sentence -> terms(sentence).forEach(term -> frequencies.merge(term, 1, Integer::sum)));
        return IntStream.range(0, sentences.size())
                .boxed()
                .sorted(Comparator.comparingDouble((Integer at) -> -score(sentences.get(at), frequencies)))
                .limit(count)
                .sorted()
                .map(sentences::get)
                .collect(Collectors.joining(" "));
    }

    /** How often the text uses the sentence's terms; by the root of their number, so that length alone does not win. */
    private static double score(String sentence, Map<String, Integer> frequencies) {
        Collection<String> distinct = terms(sentence).collect(Collectors.toSet());
        double sum = distinct.stream()
                .mapToInt(term -> frequencies.getOrDefault(term, 0))
                .sum();
        return distinct.isEmpty() ? 0 : sum / Math.sqrt(distinct.size());
    }

    private static Stream<String> terms(String sentence) {
        return NO_LETTERS
                .splitAsStream(sentence.toLowerCase(Locale.ROOT))
                .filter(term -> term.length() >= SHORTEST_TERM && !COMMON.contains(term));
    }
}
