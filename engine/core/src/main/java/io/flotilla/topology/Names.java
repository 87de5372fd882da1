package io.flotilla.topology;

import io.flotilla.AgentId;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/** What a name may be, how one is shown, and which ones are close to it. */
final class Names {

    private static final int SHOWN = 80;
    private static final int COMPARED = 10_000;
    private static final int CLOSE = 3;

    private Names() {}

    /** {@code start}, {@code end} or {@code user} for these in any case; null for every other name. */
    static @Nullable String reserved(String name) {
        String candidate = switch (name.length()) {
            case 3 -> Topology.END;
            case 4 -> Topology.USER;
            default -> Topology.START;
        };
        return candidate.equalsIgnoreCase(name) ? candidate : null;
    }

    /** Why no agent may be called so; null if one may. */
    static @Nullable String objection(String name) {
        if (name.contains(Notation.ARROW) || name.indexOf(',') >= 0) {
            return "a name has no " + Notation.ARROW + " and no comma";
        }
        if (!strip(name).equals(name)) {
            return "a name has no white space around it";
        }
        if (name.endsWith(";")) {
            return "a line does not end in a semicolon";
        }
        if (looksCommented(name)) {
            return "a comment has a line of its own";
        }
        if (Statements.begins(name)) {
            return "it begins as a statement of the notation does";
        }
        if (name.chars().anyMatch(character -> breaksLines((char) character))) {
            return "a name has no control characters"; // cheaper than an exception, 100,000 times
        }
        try {
            AgentId.of(name);
            return null;
        } catch (IllegalArgumentException bad) {
            return printable(String.valueOf(bad.getMessage()));
        }
    }

    private static boolean looksCommented(String name) {
        if (name.startsWith("//")) {
            return true;
        }
        for (int at = 1; at < name.length(); at++) {
            if (isBlank(name.charAt(at - 1)) && (name.charAt(at) == '#' || name.startsWith("//", at))) {
                return true;
            }
        }
        return false;
    }

    /** White space that may stand around a name. Control characters other than the tab are none: they are bad names. */
    static boolean isBlank(char character) {
        return character == ' ' || character == '\t' || Character.getType(character) == Character.SPACE_SEPARATOR;
    }

    static String strip(String text) {
        int begin = 0;
        int end = text.length();
        while (begin < end && isBlank(text.charAt(begin))) {
            begin++;
        }
        while (end > begin && isBlank(text.charAt(end - 1))) {
            end--;
        }
        return text.substring(begin, end);
    }

    /** The name in quotes, at most 80 characters of it, for a message. */
    static String quoted(String name) {
        return '"' + printable(name.length() > SHOWN ? name.substring(0, SHOWN) + "..." : name) + '"';
    }

    private static boolean breaksLines(char character) {
        return Character.isISOControl(character) || character == '\u2028' || character == '\u2029';
    }

    /** Without what breaks a line or a terminal. */
    private static String printable(String text) {
        StringBuilder printed = new StringBuilder(text.length());
        for (int at = 0; at < text.length(); at++) {
            char character = text.charAt(at);
            if (breaksLines(character)) {
                printed.append("\\u").append(HexFormat.of().toHexDigits(character));
            } else {
                printed.append(character);
            }
        }
        return printed.toString();
    }

    /** {@code , did you mean "Reader"?}, or nothing. Looks at the first 10,000 names only. */
    static String didYouMean(String name, List<String> known) {
        List<String> close = new ArrayList<>();
        int allowed = Math.min(2, Math.max(1, name.length() / 3));
        for (String other : known.subList(0, Math.min(known.size(), COMPARED))) {
            if (isWithin(allowed, name.toLowerCase(Locale.ROOT), other.toLowerCase(Locale.ROOT))) {
                close.add(quoted(other));
                if (close.size() == CLOSE) {
                    break;
                }
            }
        }
        return close.isEmpty() ? "" : ", did you mean " + String.join(" or ", close) + "?";
    }

    /** Whether so many insertions, deletions and replacements make one of the other. */
    private static boolean isWithin(int allowed, String one, String other) {
        if (Math.abs(one.length() - other.length()) > allowed || one.length() > AgentId.MAX_LENGTH) {
            return false;
        }
        int[] above = new int[other.length() + 1];
        for (int column = 0; column <= other.length(); column++) {
            above[column] = column;
        }
        for (int row = 1; row <= one.length(); row++) {
            int[] here = new int[other.length() + 1];
            here[0] = row;
            int least = row;
            for (int column = 1; column <= other.length(); column++) {
                int replaced = above[column - 1] + (one.charAt(row - 1) == other.charAt(column - 1) ? 0 : 1);
                here[column] = Math.min(replaced, 1 + Math.min(above[column], here[column - 1]));
                least = Math.min(least, here[column]);
            }
            if (least > allowed) {
                return false;
            }
            above = here;
        }
        return above[other.length()] <= allowed;
    }
}
