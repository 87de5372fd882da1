package io.flotilla.samples.readingcrew.chat;

import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;

/**
 * Takes server-sent events out of the bytes of a body, however the network has cut them. Of an event only {@code data} is read.
 * Not thread-safe.
 */
final class EventReader {

    private final int maxBytes;
    private final ByteArrayOutputStream line = new ByteArrayOutputStream();
    private final StringBuilder data = new StringBuilder();
    private int bytesRead;

    EventReader(int maxBytes) {
        this.maxBytes = maxBytes;
    }

    /** The events that these bytes complete; {@link MalformedAnswerException} if the body has too many. */
    List<String> read(byte[] bytes) {
        bytesRead += bytes.length;
        if (bytesRead > maxBytes) {
            throw new MalformedAnswerException("more than " + maxBytes + " bytes", null);
        }
        List<String> events = new ArrayList<>();
        for (byte octet : bytes) {
            if (octet != '\n') {
                line.write(octet);
                continue;
            }
            String read = line.toString(StandardCharsets.UTF_8);
            line.reset();
            endOfLine(read.endsWith("\r") ? read.substring(0, read.length() - 1) : read, events);
        }
        return events;
    }

    private void endOfLine(String read, List<String> events) {
        if (read.isEmpty()) {
            if (data.length() > 0) {
                events.add(data.toString());
                data.setLength(0);
            }
        } else if (read.startsWith("data:")) {
            if (data.length() > 0) {
                data.append('\n');
            }
            data.append(read, read.startsWith("data: ") ? "data: ".length() : "data:".length(), read.length());
        }
    }
}
