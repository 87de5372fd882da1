package io.flotilla.samples.readingcrew;

import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;

/**
 * A file to read.
 *
 * @param name its path below the folder, with {@code /} on every system
 * @param path where it is
 */
record SourceFile(String name, Path path) {

    private static final int MAX_BYTES_A_CHARACTER = 3;

    /** Its beginning, as UTF-8. Blocks. */
    String beginning(int maxCharacters) throws IOException {
        byte[] bytes;
        try (InputStream in = Files.newInputStream(path)) {
            bytes = in.readNBytes(maxCharacters * MAX_BYTES_A_CHARACTER);
        }
        String text = new String(bytes, StandardCharsets.UTF_8);
        if (text.length() <= maxCharacters) {
            return text;
        }
        boolean splitsPair = Character.isHighSurrogate(text.charAt(maxCharacters - 1));
        return text.substring(0, splitsPair ? maxCharacters - 1 : maxCharacters);
    }
}
