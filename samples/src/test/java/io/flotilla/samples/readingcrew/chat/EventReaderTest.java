package io.flotilla.samples.readingcrew.chat;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;
import tools.jackson.databind.json.JsonMapper;

/** Server-sent events, however the network cuts them. */
class EventReaderTest {

    private static final String EVENTS =
            ": a comment\r\nevent: x\ndata: first\u20ac\n\ndata:one\r\ndata: two\r\n\r\n\ndata: last\n\n";

    private static List<String> read(String text, int pieces) {
        EventReader reader = new EventReader(1000);
        List<String> events = new ArrayList<>();
        byte[] bytes = text.getBytes(StandardCharsets.UTF_8);
        for (int from = 0; from < bytes.length; from += pieces) {
            events.addAll(reader.read(Arrays.copyOfRange(bytes, from, Math.min(bytes.length, from + pieces))));
        }
        return events;
    }

    @Test
    void read_cutAnywhere_theSameEvents() {
        for (int pieces = 1; pieces <= EVENTS.length(); pieces++) {
            assertThat(read(EVENTS, pieces)).containsExactly("first\u20ac", "one\ntwo", "last");
        }
    }

    @Test
    void read_endsWithinAnEvent_thatEventIsNone() {
        assertThat(read("data: first\n\ndata: half", 100)).containsExactly("first");
    }

    @Test
    void read_moreThanThereIsRoomFor_fails() {
        EventReader reader = new EventReader(10);
        assertThat(reader.read(new byte[10])).isEmpty();

        assertThatThrownBy(() -> reader.read(new byte[1]))
                .isInstanceOf(MalformedAnswerException.class)
                .hasMessageContaining("more than 10 bytes");
    }

    private static DeltaReader deltas() {
        return new DeltaReader(JsonMapper.builder().build(), 10_000);
    }

    private static byte[] bytes(String text) {
        return text.getBytes(StandardCharsets.UTF_8);
    }

    @Test
    void deltas_piecesUsageAndEnd_read() {
        DeltaReader reader = deltas();

        List<Delta> read = reader.read(bytes("""
                        data: {"choices":[{"index":0,"delta":{"role":"assistant"}}]}

                        data: {"choices":[{"index":0,"delta":{"content":"The "}}]}

                        data: {"choices":[],"usage":{"prompt_tokens":3,"completion_tokens":1}}

                        data: [DONE]

                        data: not read

                        """));
        reader.end();

        assertThat(read).extracting(Delta::text).containsExactly("The ", "");
        assertThat(read.get(1).usage().inputTokens()).isEqualTo(3);
    }

    @Test
    void deltas_noJsonNoChoicesOrNoEnd_malformed() {
        assertThatThrownBy(() -> deltas().read(bytes("data: {\"choices\":[{\"del\n\n")))
                .isInstanceOf(MalformedAnswerException.class)
                .hasMessageContaining("no JSON in an event");
        assertThatThrownBy(() -> deltas().read(bytes("data: {\"error\":{\"message\":\"busy\"}}\n\n")))
                .isInstanceOf(MalformedAnswerException.class)
                .hasMessageContaining("without choices");
        assertThatThrownBy(() -> deltas().end())
                .isInstanceOf(MalformedAnswerException.class)
                .hasMessageContaining("[DONE]");
    }
}
