package io.flotilla.topology;

import java.util.BitSet;

/**
 * Draws a topology as a Mermaid flowchart. Nodes go by number there, so that no name can be taken for a keyword, and names
 * stand in quotes with everything but letters, digits and what is harmless between them as a numeric entity.
 */
final class Mermaid {

    private Mermaid() {}

    static String draw(String[] names, Graph graph, BitSet rendezvous) {
        StringBuilder text = new StringBuilder("flowchart TD\n");
        for (int node = 0; node < graph.nodes; node++) {
            if (graph.inDegree(node) + graph.outDegree(node) > 0) {
                String label = '"' + escaped(names[node]) + '"';
                text.append("    ").append(id(node));
                if (!Graph.isAgent(node)) {
                    text.append("([").append(label).append("])\n");
                } else if (rendezvous.get(node)) {
                    text.append("{{").append(label).append("}}\n");
                } else {
                    text.append('[').append(label).append("]\n");
                }
            }
        }
        for (int node = 0; node < graph.nodes; node++) {
            for (int at = graph.outBegin[node]; at < graph.outBegin[node + 1]; at++) {
                edge(graph, node, graph.out[at], text);
            }
        }
        return text.toString();
    }

    /** Two edges that lead back and forth are one arrow with two heads. */
    private static void edge(Graph graph, int from, int to, StringBuilder text) {
        boolean both = from != to && graph.hasEdge(to, from);
        if (!both || from < to) {
            text.append("    ")
                    .append(id(from))
                    .append(both ? " <--> " : " --> ")
                    .append(id(to))
                    .append('\n');
        }
    }

    private static String id(int node) {
        return switch (node) {
            case Graph.START -> "s";
            case Graph.END -> "e";
            case Graph.USER -> "u";
            default -> "a" + (node - Graph.FIRST_AGENT + 1);
        };
    }

    private static String escaped(String name) {
        StringBuilder text = new StringBuilder(name.length());
        int[] characters = name.codePoints().toArray();
        for (int at = 0; at < characters.length; at++) {
            int character = characters[at];
            boolean inside = isWord(characters, at - 1) && isWord(characters, at + 1);
            if (isWord(characters, at) || (inside && " -_.".indexOf(character) >= 0)) {
                text.appendCodePoint(character);
            } else {
                text.append('#').append(character).append(';');
            }
        }
        return text.toString();
    }

    private static boolean isWord(int[] characters, int at) {
        return at >= 0 && at < characters.length && Character.isLetterOrDigit(characters[at]);
    }
}
