package io.flotilla.topology;

import java.util.Iterator;

/**
 * Reads the notation, line by line, into a {@link Draft}. A line that is malformed is read as far as it goes, so that what
 * is wrong elsewhere is reported with it. Not thread-safe.
 */
final class Notation {

    static final String ARROW = "->";

    private final Draft draft;
    private int statements;
    private boolean nameMissing;

    Notation(Draft draft) {
        this.draft = draft;
    }

    /** How many lines were neither blank nor comments. */
    int statements() {
        return statements;
    }

    void lines(String text) {
        int number = 0;
        for (Iterator<String> lines = text.lines().iterator(); lines.hasNext(); ) {
            draft.at("line", ++number);
            line(lines.next());
        }
    }

    void line(String text) {
        String line = Names.strip(text);
        if (line.isEmpty() || line.startsWith("//") || line.startsWith("#")) {
            return;
        }
        statements++;
        if (Statements.begins(line) && !line.contains(ARROW)) {
            Statements.read(line, draft);
        } else {
            chain(line);
        }
    }

    /** {@code A -> B, C <-> D}. */
    private void chain(String line) {
        IntList left = new IntList();
        boolean both = false;
        boolean misspelled = false;
        nameMissing = false;
        int begin = 0;
        for (; ; ) {
            int arrow = line.indexOf(ARROW, begin);
            boolean nextBoth = arrow > begin && line.charAt(arrow - 1) == '<';
            int end = arrow < 0 ? line.length() : nextBoth ? arrow - 1 : arrow;
            IntList right = names(line.substring(begin, end));
            link(left, both, right);
            if (arrow < 0) {
                break;
            }
            misspelled |= isPartOfMore(line, end, arrow + ARROW.length());
            left = right;
            both = nextBoth;
            begin = arrow + ARROW.length();
        }
        if (nameMissing) {
            draft.fault(TopologyError.Kind.MALFORMED_LINE, "a name is missing");
        }
        if (misspelled) {
            draft.fault(TopologyError.Kind.MALFORMED_LINE, "an arrow is -> or <->, in " + Names.quoted(line));
        }
    }

    /** {@code -->}, {@code ->>}, {@code =->} and the like. */
    private static boolean isPartOfMore(String line, int begin, int end) {
        return (begin > 0 && "-=<".indexOf(line.charAt(begin - 1)) >= 0)
                || (end < line.length() && "->".indexOf(line.charAt(end)) >= 0);
    }

    /** The nodes of a comma list, each once. */
    private IntList names(String text) {
        IntList found = new IntList();
        int begin = 0;
        for (; ; ) {
            int comma = text.indexOf(',', begin);
            String name = Names.strip(text.substring(begin, comma < 0 ? text.length() : comma));
            if (name.isEmpty()) {
                nameMissing = true;
            } else {
                found.add(draft.node(name));
            }
            if (comma < 0) {
                break;
            }
            begin = comma + 1;
        }
        return found.distinct();
    }

    private void link(IntList left, boolean both, IntList right) {
        if (!draft.hasRoomFor((both ? 2L : 1L) * left.size() * right.size())) {
            return;
        }
        for (int source = 0; source < left.size(); source++) {
            for (int target = 0; target < right.size(); target++) {
                draft.edge(left.get(source), right.get(target));
                if (both) {
                    draft.edge(right.get(target), left.get(source));
                }
            }
        }
    }
}
