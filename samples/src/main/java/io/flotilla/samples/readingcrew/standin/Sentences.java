package io.flotilla.samples.readingcrew.standin;

import java.text.BreakIterator;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.regex.Pattern;

/** Takes a text apart into sentences: the prose of a document, and in a source file that of its comments. */
final class Sentences {

    private static final int MIN_WORDS = 4;
    private static final int MAX_LENGTH = 400;

    private static final Pattern MARKER = Pattern.compile("^(/\\*+|\\*+/|\\*+|//+|#+|<!--|[-+>|])\\s*");
    private static final Pattern END_MARKER = Pattern.compile("\\s*(\\*/|-->)$");
    private static final Pattern CODE = Pattern.compile("[;{}(),=\\[\\]>]$|^[@<}|]|^(import|package|public|private) ");
    private static final Pattern INLINE_TAG = Pattern.compile("\\{@\\w+ #?([^}]*)}");
    private static final Pattern HTML_TAG = Pattern.compile("</?\\w[^>]*>");

    private Sentences() {}

    /** The sentences in their order; where there is hardly any prose, the lines of code. */
    static List<String> of(String text) {
        List<String> prose = new ArrayList<>();
        List<String> code = new ArrayList<>();
        StringBuilder paragraph = new StringBuilder();
        for (String raw : text.lines().toList()) {
            String bare = bare(raw);
            boolean isCode = CODE.matcher(bare).find();
            if (bare.isEmpty() || isCode) {
                split(paragraph, prose);
            }
            if (isCode) {
                addIfSentence(bare, code);
            } else {
                paragraph.append(bare).append(' ');
            }
        }
        split(paragraph, prose);
        return prose.isEmpty() ? code : prose;
    }

    private static String bare(String line) {
        String bare = MARKER.matcher(line.strip()).replaceFirst("");
        bare = END_MARKER.matcher(bare).replaceFirst("");
        bare = INLINE_TAG.matcher(bare).replaceAll("$1");
        return HTML_TAG.matcher(bare).replaceAll("").strip();
    }

    /** Adds the sentences of a paragraph, and empties it. */
    private static void split(StringBuilder paragraph, List<String> sentences) {
        String text = paragraph.toString();
        paragraph.setLength(0);
        BreakIterator breaks = BreakIterator.getSentenceInstance(Locale.ROOT);
        breaks.setText(text);
        int start = breaks.first();
        for (int end = breaks.next(); end != BreakIterator.DONE; end = breaks.next()) {
            addIfSentence(text.substring(start, end).strip(), sentences);
            start = end;
        }
    }

    private static void addIfSentence(String text, List<String> sentences) {
        if (text.length() <= MAX_LENGTH && text.split("\\s+").length >= MIN_WORDS) {
            sentences.add(text);
        }
    }
}
