package io.flotilla.samples.readingcrew.chat;

import io.flotilla.agent.Usage;
import java.util.function.BiFunction;
import java.util.stream.Collector;

/**
 * What came back, checked.
 *
 * @param text the answer, not blank
 * @param usage what it has used, as the other side says
 */
public record Answer(String text, Usage usage) {

    /** Puts an answer together; one that says nothing is a {@link MalformedAnswerException}. */
    public static Collector<Delta, ?, Answer> ofDeltas() {
        return ofDeltas(Answer::new);
    }

    /** The same as something else, made of text and usage. */
    public static <R> Collector<Delta, ?, R> ofDeltas(BiFunction<String, Usage, R> finish) {
        return Collector.of(Pieces::new, Pieces::add, Pieces::plus, pieces -> pieces.finish(finish));
    }

    private static final class Pieces {

        private final StringBuilder text = new StringBuilder();
        private Usage usage = Usage.NONE;

        void add(Delta delta) {
            text.append(delta.text());
            usage = usage.plus(delta.usage());
        }

        Pieces plus(Pieces other) {
            text.append(other.text);
            usage = usage.plus(other.usage);
            return this;
        }

        <R> R finish(BiFunction<String, Usage, R> as) {
            String said = text.toString().strip();
            if (said.isEmpty()) {
                throw new MalformedAnswerException("it has no text", null);
            }
            return as.apply(said, usage);
        }
    }
}
