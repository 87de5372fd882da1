package io.flotilla.journal.json;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import org.jspecify.annotations.Nullable;

/**
 * One more number in a payload that is written already, at the place that its key has in the order of keys. So the bytes are
 * those that the payload would have had with the number in it from the start.
 *
 * <p>Reads as much as it takes to find keys of the outermost object in what {@link PayloadWriter} has written: no spaces.
 */
final class Insertion {

    private final byte[] json;
    private final byte[] key;
    private int at = 1;

    private Insertion(byte[] json, byte[] key) {
        this.json = json;
        this.key = key;
    }

    /** Null if the place cannot be found, the key is there already, or there is a type around the payload. */
    static byte @Nullable [] of(byte[] json, String key, long number) {
        if (json.length < 2 || json[0] != '{' || json[json.length - 1] != '}') {
            return null;
        }
        byte[] name = key.getBytes(StandardCharsets.US_ASCII);
        int place = new Insertion(json, name).place();
        if (place < 0) {
            return null;
        }
        byte[] digits = Long.toString(number).getBytes(StandardCharsets.US_ASCII);
        boolean alone = json.length == 2;
        boolean last = place == json.length - 1;
        ByteBuffer to = ByteBuffer.allocate(json.length + name.length + digits.length + (alone ? 3 : 4));
        to.put(json, 0, place);
        if (last && !alone) {
            to.put((byte) ',');
        }
        to.put((byte) '"').put(name).put((byte) '"').put((byte) ':').put(digits);
        if (!last) {
            to.put((byte) ',');
        }
        return to.put(json, place, json.length - place).array();
    }

    /** In front of the first key that is greater, else in front of the last brace; -1 if there is no such place. */
    private int place() {
        while (at < json.length - 1) {
            int start = at;
            int order = json[at] == '"' && json[at + 1] != Types.TYPE.charAt(0) ? compareKey() : 0;
            if (order == 0) {
                return -1;
            }
            if (order > 0) {
                return start;
            }
            skipValue();
        }
        return at == json.length - 1 ? at : -1;
    }

    /** How the key that begins here is to ours; 0 also if that cannot be said. Goes to its value. */
    private int compareKey() {
        int order = 0;
        int index = 0;
        at++;
        while (at < json.length && json[at] != '"') {
            if (json[at] == '\\' || json[at] < 0) {
                return 0;
            }
            if (order == 0) {
                order = index == key.length ? 1 : Byte.compare(json[at], key[index]);
            }
            index++;
            at++;
        }
        at += 2; // the quote and the colon
        return order == 0 ? index - key.length : order;
    }

    /** Goes to the next key, or to the last brace. */
    private void skipValue() {
        int depth = 0;
        while (at < json.length - 1) {
            byte unit = json[at++];
            if (unit == '"') {
                skipText();
            } else if (unit == '{' || unit == '[') {
                depth++;
            } else if (unit == '}' || unit == ']') {
                depth--;
            } else if (unit == ',' && depth == 0) {
                return;
            }
        }
    }

    private void skipText() {
        while (at < json.length && json[at] != '"') {
            at += json[at] == '\\' ? 2 : 1;
        }
        at++;
    }
}
