package io.flotilla.samples.readingcrew;

import io.flotilla.samples.shell.Output;
import io.flotilla.step.StepResult;
import java.util.Locale;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * A line for each sentence, of the first readers only, and of a few that begin again: as much as a log can bear. A terminal, where
 * lines are drawn over, has all of them.
 */
final class LaneLines implements LaneView {

    private static final int FIRST = 3;
    private static final int AGAIN = 3;
    private static final int WIDTH = 110;
    private static final int FEW_WORDS = 30;
    private static final int BEFORE_CUT = 20;
    private static final Pattern SENTENCE = Pattern.compile("\\S.*?[.!?](?=\\s)", Pattern.DOTALL);

    private final Output output;
    private final int[] told = new int[LANES];
    private int first;
    private int again;

    LaneLines(Output output) {
        this.output = output;
    }

    @Override
    public boolean wants(boolean beginsAgain) {
        return beginsAgain ? again < AGAIN : first < FIRST;
    }

    @Override
    public void begins(Lanes.Speech speech) {
        first++;
        told[speech.lane()] = 0;
    }

    @Override
    public void beginsAgain(Lanes.Speech speech) {
        again++;
        told[speech.lane()] = 0;
        String said = Output.oneLine(speech.text().toString());
        line(
                speech,
                String.format(
                        Locale.ROOT,
                        "cut off after \"%s\", begins again, attempt %d",
                        said.length() <= BEFORE_CUT ? said : "..." + said.substring(said.length() - BEFORE_CUT),
                        speech.attempt()));
    }

    @Override
    public void said(Lanes.Speech speech) {
        int from = told[speech.lane()];
        Matcher sentences =
                SENTENCE.matcher(speech.text()).region(from, speech.text().length());
        while (sentences.find()) {
            line(speech, sentences.group());
            told[speech.lane()] = sentences.end();
        }
    }

    @Override
    public void ended(Lanes.Speech speech, StepResult.Kind kind) {
        String rest = speech.text().substring(told[speech.lane()]).strip();
        if (!rest.isEmpty()) {
            line(speech, rest);
        }
        if (kind != StepResult.Kind.SUCCEEDED) {
            line(speech, "(" + kind.name().toLowerCase(Locale.ROOT) + ")");
        }
    }

    private void line(Lanes.Speech speech, String text) {
        String line = "  " + (speech.lane() + 1) + "| " + shortened(speech.name()) + ": " + Output.oneLine(text);
        output.line(line.length() <= WIDTH ? line : line.substring(0, WIDTH - 3) + "...");
    }

    static String shortened(String name) {
        String line = Output.oneLine(name);
        return line.length() <= FEW_WORDS ? line : "..." + line.substring(line.length() - FEW_WORDS + 3);
    }
}
