package io.flotilla.topology;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

/** The picture, and that no name breaks out of its quotes. */
class TopologyMermaidTest {

    private static String labelOf(String name) {
        return Topology.parse("start -> " + name)
                .toMermaid()
                .lines()
                .filter(line -> line.startsWith("    a1["))
                .findFirst()
                .orElseThrow()
                .strip();
    }

    @Test
    void toMermaid_everyKindOfNode_isAsExpected() {
        Topology topology = Topology.parse("""
                start -> Plan
                Plan <-> user
                Plan <-> Plan B
                Plan -> read-1, read_2 -> Merge -> Merge
                Merge -> end
                """);

        assertThat(topology.toMermaid()).isEqualTo("""
                flowchart TD
                    s(["start"])
                    e(["end"])
                    u(["user"])
                    a1["Plan"]
                    a2["Plan B"]
                    a3["read-1"]
                    a4["read_2"]
                    a5{{"Merge"}}
                    s --> a1
                    a1 --> u
                    a1 <--> a2
                    a1 --> a3
                    a1 --> a4
                    a3 --> a5
                    a4 --> a5
                    a5 --> a5
                    a5 --> e
                """);
    }

    @Test
    void toMermaid_reservedNodesWithoutEdges_areLeftOut() {
        assertThat(Topology.parse("start -> A").toMermaid()).isEqualTo("""
                flowchart TD
                    s(["start"])
                    a1["A"]
                    s --> a1
                """);
    }

    @Test
    void toMermaid_namesThatWouldBreakIt_areEscaped() {
        assertThat(labelOf("\"]; click a1 \"x\"")).isEqualTo("a1[\"#34;#93;#59;#32;click a1#32;#34;x#34;\"]");
        assertThat(labelOf("a#17")).isEqualTo("a1[\"a#35;17\"]");
        assertThat(labelOf("<b>&amp;`x`")).doesNotContain("<", "&", "`");
        assertThat(labelOf("1. first")).as("no list of Markdown").isEqualTo("a1[\"1#46;#32;first\"]");
        assertThat(labelOf("größe 読者")).isEqualTo("a1[\"größe 読者\"]");
        assertThat(labelOf("\uD83D\uDE80")).isEqualTo("a1[\"#128640;\"]");
    }
}
