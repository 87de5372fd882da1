package io.flotilla.samples.readingcrew.standin;

import java.text.BreakIterator;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.regex.Pattern;

/** Takes a text apart into sentences: the prose of a document, and in a source file that of its comments. */
final class Sentences {

    private static final int MIN_WORDS = 4;
    private static final int MAX_LENGTH = 400;
    private static final double MIN_SHARE_OF_CODE = 0.1;

    private static final Pattern STATEMENT = Pattern.compile("[;{}]$");
    private static final Pattern COMMENT = Pattern.compile("^(/\\*|\\*|//|#|<!--)");
    private static final Pattern MARKER = Pattern.compile("^(/\\*+|\\*+/|\\*+|//+|#+|<!--|[-+>|] )\\s*");
    private static final Pattern END_MARKER = Pattern.compile("\\s*(\\*/|-->)$");
    private static final Pattern ITEM = Pattern.compile("^([-+*#>|]|\\d+\\.) ?");
    private static final Pattern LABELLED_LINK =
            Pattern.compile("\\{@link(?:plain)?\\s+[^\\s(}]+(?:\\([^)]*\\))?\\s+([^}]+)}");
    private static final Pattern INLINE_TAG = Pattern.compile("\\{@\\w+\\s+#?([^}]*)}");
    private static final Pattern MARKUP = Pattern.compile("</?\\w[^>]*>");

    private final Set<String> prose = new LinkedHashSet<>();
    private final Set<String> rest = new LinkedHashSet<>();
    private final StringBuilder paragraph = new StringBuilder();
    private boolean fenced;

    private Sentences() {}

    /** The sentences in their order, each once; where there is no prose, the lines of code. */
    static List<String> of(String text) {
        List<String> lines = text.lines().map(String::strip).toList();
        long statements =
                lines.stream().filter(line -> STATEMENT.matcher(line).find()).count();
        boolean source = statements > MIN_SHARE_OF_CODE * lines.size();
        Sentences sentences = new Sentences();
        lines.forEach(line -> sentences.add(line, source));
        sentences.endParagraph();
        return new ArrayList<>(sentences.prose.isEmpty() ? sentences.rest : sentences.prose);
    }

    private void add(String line, boolean source) {
        boolean comment = COMMENT.matcher(line).find();
        if (line.startsWith("```")) {
            endParagraph();
            fenced = !fenced;
        } else if (fenced || (source && !comment)) {
            endParagraph();
            keep(line, rest);
        } else if (line.startsWith("<") && !comment) {
            endParagraph();
            paragraph.append(line);
            endParagraph();
        } else {
            String bare =
                    END_MARKER.matcher(MARKER.matcher(line).replaceFirst("")).replaceFirst("");
            if (bare.isBlank()
                    || bare.startsWith("@")
                    || (!source && ITEM.matcher(line).find())) {
                endParagraph();
            }
            paragraph.append(bare).append(' ');
        }
    }

    /** Sorts the sentences of a paragraph in, and empties it. What Javadoc says after a block tag is no prose. */
    private void endParagraph() {
        String labels = LABELLED_LINK.matcher(paragraph).replaceAll("$1");
        String words = INLINE_TAG.matcher(labels).replaceAll("$1");
        String text = MARKUP.matcher(words).replaceAll("").strip();
        paragraph.setLength(0);
        Set<String> sentences = text.startsWith("@") ? rest : prose;
        BreakIterator breaks = BreakIterator.getSentenceInstance(Locale.ROOT);
        breaks.setText(text);
        int start = breaks.first();
        for (int end = breaks.next(); end != BreakIterator.DONE; end = breaks.next()) {
            keep(text.substring(start, end).strip(), sentences);
            start = end;
        }
    }

    private static void keep(String text, Set<String> sentences) {
        if (text.length() <= MAX_LENGTH && text.split("\\s+").length >= MIN_WORDS) {
            sentences.add(text);
        }
    }
}
