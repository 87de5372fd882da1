package io.flotilla.samples.readingcrew.standin;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

class ExtractTest {

    private static final String HARBOUR = """
            # The harbour

            The harbour lies in the north. Somebody painted a fence once. Ships leave the harbour at dawn.
            It rained on a Tuesday afternoon. Most ships in the harbour carry timber.
            """;

    @Test
    void of_longText_threeHighestRankedInTheirOrder() {
        assertThat(Extract.of(HARBOUR, 3))
                .isEqualTo("The harbour lies in the north. Ships leave the harbour at dawn."
                        + " Most ships in the harbour carry timber.");
    }

    @Test
    void of_fewerSentencesThanAskedFor_allOfThem() {
        assertThat(Extract.of("Only one sentence is here.", 3)).isEqualTo("Only one sentence is here.");
    }

    @Test
    void of_sentenceRepeated_takenOnce() {
        String text = "Ships leave the harbour at dawn. ".repeat(5);

        assertThat(Extract.of(text, 3)).isEqualTo("Ships leave the harbour at dawn.");
    }

    @Test
    void of_source_saysWhatTheCommentsSay() {
        String source = """
                package harbour;

                import java.util.List;

                /**
                 * Keeps the {@link Ship
                 * ships} that are in the harbour.
                 *
                 * @param ships those that are there when it opens
                 */
                record Harbour(List<Ship> ships) {
                    int size() {
                        return ships.size(); // never negative
                    }
                }
                """;

        assertThat(Extract.of(source, 3)).isEqualTo("Keeps the ships that are in the harbour.");
    }

    @Test
    void of_sourceWithoutComments_linesOfIt() {
        String source = """
                class Harbour {
                    int size() { return 3; }
                }
                """;

        assertThat(Extract.of(source, 3)).isEqualTo("int size() { return 3; }");
    }

    @Test
    void of_noSentences_saysSo() {
        assertThat(Extract.of("", 3)).isEqualTo("The text has no sentences.");
        assertThat(Extract.of("1 2 3\n\n- a\n", 3)).isEqualTo("The text has no sentences.");
    }
}
