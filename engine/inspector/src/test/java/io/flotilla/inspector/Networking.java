package io.flotilla.inspector;

import io.flotilla.agent.Agent;
import io.flotilla.message.Envelope;
import io.flotilla.message.Hub;
import java.util.List;
import reactor.core.publisher.Mono;

/** Messages to look at. */
final class Networking {

    private static final List<String> DESK = List.of("editor", "translator", "proofreader", "archive");

    private Networking() {}

    /** Four members, who send each other 1 to 5 messages. */
    static void chat(Hub hub) {
        for (String name : DESK) {
            hub.join(Agent.<String, String>of(name, (text, context) -> Mono.just(text)));
        }
        for (int from = 0; from < DESK.size(); from++) {
            for (int message = 0; message <= 2 * (DESK.size() - 1 - from); message++) {
                hub.offer(Envelope.to(DESK.get((from + 1) % DESK.size()), "page " + message)
                        .from(DESK.get(from))
                        .build());
            }
        }
    }
}
