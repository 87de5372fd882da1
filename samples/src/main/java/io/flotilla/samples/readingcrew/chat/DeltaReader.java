package io.flotilla.samples.readingcrew.chat;

import io.flotilla.agent.Usage;
import java.util.ArrayList;
import java.util.List;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.json.JsonMapper;

/** Reads the pieces of one streamed answer. Not thread-safe. */
final class DeltaReader {

    private final JsonMapper json;
    private final EventReader events;
    private boolean done;

    DeltaReader(JsonMapper json, int maxBytes) {
        this.json = json;
        this.events = new EventReader(maxBytes);
    }

    /** The pieces that these bytes complete. */
    List<Delta> read(byte[] bytes) {
        List<Delta> deltas = new ArrayList<>();
        for (String data : events.read(bytes)) {
            if (done) {
                break;
            }
            if (data.equals(ChatChunk.DONE)) {
                done = true;
            } else {
                ChatChunk chunk = parse(data);
                Usage usage = AnswerReader.usage(chunk.usage());
                if (!chunk.text().isEmpty() || !usage.equals(Usage.NONE)) {
                    deltas.add(new Delta(chunk.text(), usage));
                }
            }
        }
        return deltas;
    }

    private ChatChunk parse(String data) {
        try {
            ChatChunk chunk = json.readValue(data, ChatChunk.class);
            if (chunk != null && (chunk.choices() != null || chunk.usage() != null)) {
                return chunk;
            }
        } catch (JacksonException notJson) {
            throw new MalformedAnswerException("no JSON in an event of " + data.length() + " characters", notJson);
        }
        throw new MalformedAnswerException("an event without choices", null);
    }

    /** The body has ended. */
    void end() {
        if (!done) {
            throw new MalformedAnswerException("it ended without " + ChatChunk.DONE, null);
        }
    }
}
