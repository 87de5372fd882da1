package io.flotilla.topology;

import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Random;
import java.util.Set;

/** Valid topologies drawn at random, the same for the same seed. */
final class RandomTopologies {

    private RandomTopologies() {}

    static Topology draw(long seed) {
        Random random = new Random(seed);
        int agents = 1 + random.nextInt(12);
        List<String> lines = new ArrayList<>();
        for (int agent = 0; agent < agents; agent++) {
            String from = agent == 0 || random.nextInt(8) == 0 ? "start" : "A" + random.nextInt(agent);
            lines.add(from + " -> A" + agent);
        }
        for (int more = random.nextInt(1 + 2 * agents); more > 0; more--) {
            String from = "A" + random.nextInt(agents);
            String arrow = random.nextInt(4) == 0 ? " <-> " : " -> ";
            lines.add(
                    switch (random.nextInt(8)) {
                        case 0 -> from + " -> end";
                        case 1 -> from + " <-> user";
                        case 2 -> "start -> " + from;
                        default -> from + arrow + "A" + random.nextInt(agents) + ", A" + random.nextInt(agents);
                    });
        }
        Set<Integer> roles = new LinkedHashSet<>();
        for (int more = random.nextInt(3); more > 0; more--) {
            roles.add(random.nextInt(agents));
        }
        roles.forEach(agent -> lines.add((random.nextBoolean() ? "rendezvous A" : "pass_through A") + agent));
        if (random.nextInt(3) == 0) {
            lines.add("max_steps(" + (1 + random.nextInt(99)) + ")");
            lines.add("timeout(" + (1 + random.nextInt(99)) + ".5)");
        }
        Collections.shuffle(lines, random);
        return Topology.parse(String.join("\n", lines));
    }
}
