package io.flotilla.samples.readingcrew.chat;

import static org.assertj.core.api.Assertions.assertThat;

import io.flotilla.agent.Usage;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;

class KeyFilterTest {

    private static final String KEY = "sk-sk-key";

    private static List<String> pass(String... pieces) {
        KeyFilter filter = new KeyFilter(KEY, "[key]");
        List<String> passed = new ArrayList<>();
        for (String piece : pieces) {
            passed.add(filter.pass(new Delta(piece, Usage.NONE)).text());
        }
        passed.add(filter.rest().text());
        return passed;
    }

    @Test
    void pass_keyInOnePiece_isTakenOut() {
        assertThat(pass("it is sk-sk-key, twice: sk-sk-keysk-sk-key"))
                .containsExactly("it is [key], twice: [key][key]", "");
    }

    @Test
    void pass_whatMayBeItsBeginning_isHeldBackUntilItIsKnown() {
        assertThat(pass("a sk-s", "ky", " sk-sk-", "key", "sk-"))
                .containsExactly("a ", "sk-sky", " ", "[key]", "", "sk-");
    }

    @Test
    void pass_textWithoutTheKey_isTheSameHoweverItIsCut() {
        Random random = new Random(7);
        for (int round = 0; round < 2_000; round++) {
            StringBuilder text = new StringBuilder();
            for (int at = 0; at < 20; at++) {
                text.append(random.nextInt(6) == 0 ? KEY : String.valueOf("sk-ey".charAt(random.nextInt(5))));
            }
            List<String> pieces = new ArrayList<>();
            for (int from = 0; from < text.length(); ) {
                int to = Math.min(text.length(), from + 1 + random.nextInt(12));
                pieces.add(text.substring(from, to));
                from = to;
            }
            String passed = String.join("", pass(pieces.toArray(String[]::new)));

            assertThat(passed).isEqualTo(text.toString().replace(KEY, "[key]")).doesNotContain(KEY);
        }
    }
}
