package io.flotilla.inspector;

import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * Up to where a listener has what happens in a run: {@code EVENT}, or {@code EVENT.TAPE.OUTPUT} while there is output.
 *
 * @param event the number of the last event; -1 for none
 * @param tape the name of the tape its output came from; null for none
 * @param output the number of the output that comes next
 */
record Position(long event, @Nullable String tape, long output) {

    static final Position START = new Position(-1, null, 0);

    private static final Pattern FORM = Pattern.compile("(-1|[0-9]{1,18})(?:\\.([0-9a-z]{1,40})\\.([0-9]{1,18}))?");

    static Position parse(@Nullable String text) {
        if (text == null) {
            return START;
        }
        Matcher parts = FORM.matcher(text);
        if (!parts.matches()) {
            throw ApiError.parameter("after", "must be the id of an event");
        }
        String output = parts.group(3);
        return new Position(
                Long.parseLong(parts.group(1)), parts.group(2), output == null ? 0 : Long.parseLong(output));
    }

    @Override
    public String toString() {
        return tape == null ? String.valueOf(event) : event + "." + tape + "." + output;
    }
}
