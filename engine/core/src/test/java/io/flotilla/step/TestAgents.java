package io.flotilla.step;

import io.flotilla.agent.Agent;
import java.util.List;
import java.util.stream.IntStream;
import reactor.core.publisher.Mono;

/** The agents most tests need. */
final class TestAgents {

    private TestAgents() {}

    /** Answers with its own id. */
    static Agent<String, String> answering(String id) {
        return Agent.of(id, (input, context) -> Mono.just(id));
    }

    static Agent<String, String> failing(String id, Throwable cause) {
        return Agent.of(id, (input, context) -> Mono.error(cause));
    }

    static Agent<String, String> silent(String id) {
        return Agent.of(id, (input, context) -> Mono.never());
    }

    /** {@code count} agents {@code failing#0}, {@code failing#1}, each with a cause of its own. */
    static List<Agent<String, String>> manyFailing(int count) {
        return IntStream.range(0, count)
                .mapToObj(at -> failing("failing#" + at, new IllegalStateException("boom " + at)))
                .toList();
    }

    static List<Agent<String, String>> manyAnswering(int count) {
        return IntStream.range(0, count).mapToObj(at -> answering("a#" + at)).toList();
    }
}
