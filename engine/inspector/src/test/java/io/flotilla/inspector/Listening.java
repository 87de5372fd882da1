package io.flotilla.inspector;

import io.flotilla.run.Run;
import io.flotilla.run.Workflow;
import java.util.List;
import java.util.stream.LongStream;
import reactor.core.publisher.Flux;

/** What listeners of a run's events are told. */
final class Listening {

    private Listening() {}

    static String path(Run<?> run) {
        return "/api/runs/" + run.runId() + "/events";
    }

    static List<Client.Event> toTheEnd(Flux<Client.Event> events) {
        return events.takeUntil(event -> event.type().equals("end"))
                .collectList()
                .block(Client.PATIENCE);
    }

    /** The numbers of the events of the run. */
    static List<Long> numbers(List<Client.Event> events) {
        return events.stream()
                .filter(event -> event.type().equals("fact"))
                .map(event -> event.json().get("sequence").asLong())
                .toList();
    }

    static List<Long> upTo(long from, long last) {
        return LongStream.rangeClosed(from, last).boxed().toList();
    }

    static boolean isOf(String type, Client.Event event) {
        return event.json().path("type").asString("").equals(type);
    }

    /** A run that waits for an answer. */
    static Run<String> asked(Workflow<Object, String> asking) {
        Run<String> run = asking.start("x");
        while (run.questions().isEmpty()) {
            Thread.onSpinWait();
        }
        return run;
    }
}
