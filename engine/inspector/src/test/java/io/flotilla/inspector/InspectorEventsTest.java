package io.flotilla.inspector;

import static io.flotilla.inspector.Listening.asked;
import static io.flotilla.inspector.Listening.isOf;
import static io.flotilla.inspector.Listening.numbers;
import static io.flotilla.inspector.Listening.toTheEnd;
import static io.flotilla.inspector.Listening.upTo;
import static org.assertj.core.api.Assertions.assertThat;

import io.flotilla.journal.Journal;
import io.flotilla.run.Run;
import io.flotilla.run.RunEvent;
import io.flotilla.run.Workflow;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import reactor.core.Disposable;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;
import reactor.core.publisher.Sinks;

/** Server-sent events: what happens in a run, and what changes in the table. */
class InspectorEventsTest {

    private final Journal journal = Journal.inMemory();
    private final Workflow<Object, String> crew = Flows.crew("crew", journal);
    private final Workflow<Object, String> asking = Flows.asking("asking", journal);
    private Inspector inspector;
    private Client client;

    @BeforeEach
    void start() {
        inspector = Inspector.on(crew.runs(), asking.runs()).start().block(Client.PATIENCE);
        client = Client.of(inspector);
    }

    @AfterEach
    void stop() {
        inspector.stop().block(Client.PATIENCE);
    }

    @Test
    void events_ofARecordedRun_areAllAndThenTheEnd() {
        String id = crew.run(20).block(Client.PATIENCE).runId();
        List<RunEvent> expected = crew.runs().events(id).collectList().block(Client.PATIENCE);

        List<Client.Event> events = toTheEnd(client.events("/api/runs/" + id + "/events"));

        assertThat(numbers(events)).isEqualTo(upTo(0, expected.size() - 1));
        assertThat(events.get(3).json().get("type").asString())
                .isEqualTo(expected.get(3).type());
        assertThat(events.get(events.size() - 1).data()).isEqualTo("{\"status\":\"succeeded\",\"live\":false}");
    }

    @Test
    void events_afterANumber_goOnBehindIt() {
        String id = crew.run(20).block(Client.PATIENCE).runId();

        List<Long> all = numbers(toTheEnd(client.events("/api/runs/" + id + "/events")));

        assertThat(numbers(toTheEnd(client.events("/api/runs/" + id + "/events?after=7"))))
                .isEqualTo(all.subList(8, all.size()));
        assertThat(numbers(toTheEnd(client.with("Last-Event-ID", "9").events("/api/runs/" + id + "/events?after=7"))))
                .as("what the browser says counts")
                .isEqualTo(all.subList(10, all.size()));
        assertThat(numbers(toTheEnd(client.events("/api/runs/" + id + "/events?after=" + all.size()))))
                .isEmpty();
    }

    @Test
    void events_ofALiveRun_comeUntilItEnds() {
        Run<String> run = asked(asking);
        List<Client.Event> seen = Collections.synchronizedList(new ArrayList<>());
        Mono<Void> ended = client.events("/api/runs/" + run.runId() + "/events")
                .doOnNext(event -> {
                    seen.add(event);
                    if (isOf("question-asked", event)) {
                        run.answer(run.questions().get(0).id(), "yes").subscribe();
                    }
                })
                .takeUntil(event -> event.type().equals("end"))
                .then();
        ended.block(Client.PATIENCE);

        assertThat(numbers(seen)).isEqualTo(upTo(0, numbers(seen).size() - 1));
        assertThat(seen.get(seen.size() - 2).json().get("type").asString()).isEqualTo("run-finished");
        assertThat(seen.get(seen.size() - 1).type()).isEqualTo("end");
    }

    @Test
    void events_ofARunThatIsSuspended_endAsNotEnded() {
        Run<String> run = asked(asking);
        Mono<List<Client.Event>> events = client.events("/api/runs/" + run.runId() + "/events")
                .doOnNext(event -> {
                    if (isOf("question-asked", event)) {
                        run.suspend().subscribe();
                    }
                })
                .takeUntil(event -> event.type().equals("end"))
                .collectList();

        List<Client.Event> seen = events.block(Client.PATIENCE);

        assertThat(seen.get(seen.size() - 1).data()).isEqualTo("{\"status\":\"unfinished\",\"live\":false}");
    }

    @Test
    void events_ofAConnectionThatBreaksUnderLoad_missNothing() {
        Run<String> run = crew.start(5_000);
        List<Long> seen = new ArrayList<>();
        String last = "-1";
        boolean isOver = false;
        for (int connection = 0; !isOver && connection < 1_000; connection++) {
            int most = 100 + 977 * (connection % 7);
            List<Client.Event> some = client.with("Last-Event-ID", last)
                    .events("/api/runs/" + run.runId() + "/events")
                    .takeUntil(event -> event.type().equals("end"))
                    .take(most)
                    .collectList()
                    .block(Client.PATIENCE);
            seen.addAll(numbers(some));
            isOver = some.get(some.size() - 1).type().equals("end");
            last = some.stream()
                    .map(Client.Event::id)
                    .filter(id -> !id.isEmpty())
                    .reduce((before, id) -> id)
                    .orElse(last);
        }

        assertThat(isOver).isTrue();
        assertThat(seen).isEqualTo(upTo(0, seen.size() - 1)).hasSizeGreaterThan(15_000);
    }

    // --- the table

    @Test
    void live_aRunThatStartsAndEnds_isTold() {
        String cursor = client.get("/api/runs").json().get("cursor").asString();
        Run<String> run = asked(asking);

        List<Client.Event> events = client.events("/api/live?after=" + cursor)
                .filter(event -> event.json().path("id").asString("").equals(run.runId()))
                .doOnNext(event -> {
                    if (event.json().get("questions").asLong(0) == 1) {
                        run.answer(run.questions().get(0).id(), "no").subscribe();
                    }
                })
                .takeUntil(event -> event.json().get("status").asString().equals("succeeded"))
                .collectList()
                .block(Client.PATIENCE);

        assertThat(events).allMatch(event -> event.type().equals("run"));
        assertThat(events.get(0).json().get("status").asString()).isEqualTo("running");
        assertThat(events.get(events.size() - 1).json().get("live").asBoolean()).isFalse();
    }

    @Test
    void live_runsThatAreOverBeforeAnybodyLooks_areToldToo() {
        String cursor = client.get("/api/runs").json().get("cursor").asString();
        Set<String> expected = new TreeSet<>();
        for (int run = 0; run < 50; run++) {
            expected.add(crew.run(1).block(Client.PATIENCE).runId());
        }

        Set<String> told = new HashSet<>();
        client.events("/api/live?after=" + cursor)
                .doOnNext(event -> told.add(event.json().get("id").asString()))
                .takeUntil(event -> told.containsAll(expected))
                .blockLast(Client.PATIENCE);

        assertThat(told).isEqualTo(expected);
    }

    @Test
    void live_aRunThatEndsAsSoonAsItWasListed_isToldAsEnded() {
        for (int round = 0; round < 6; round++) {
            Run<String> run = asked(asking);
            Sinks.Empty<Void> closed = Sinks.empty();
            Live live = new Live(new Sources(List.of(asking.runs())), new Rows(), closed.asMono(), Live.MAX_NEW);
            String cursor = live.cursor().block(Client.PATIENCE);
            run.answer(run.questions().get(0).id(), "no").block(Client.PATIENCE);
            run.result().block(Client.PATIENCE);

            String told = live.events(cursor)
                    .map(bytes -> new String(bytes, java.nio.charset.StandardCharsets.UTF_8))
                    .filter(text -> text.contains(run.runId()) && text.contains("\"status\":\"succeeded\""))
                    .next()
                    .block(Client.PATIENCE);

            assertThat(told).contains("\"live\":false");
            closed.tryEmitEmpty();
        }
    }

    @Test
    void live_afterAPositionThatIsNotKnown_saysReset() {
        for (String position : List.of("nonsense", "x-1", "-", "x-99999999999999999999")) {
            Client.Event first = client.with("Last-Event-ID", position)
                    .events("/api/live")
                    .next()
                    .block(Client.PATIENCE);

            assertThat(first.type()).as(position).isEqualTo("reset");
            assertThat(first.id()).isNotEmpty();
        }
    }

    @Test
    void live_moreRunsThanAreToldOneByOne_sayReset() {
        Live live = new Live(new Sources(List.of(crew.runs())), new Rows(), Mono.never(), 5);
        String cursor = live.cursor().block(Client.PATIENCE);
        for (int run = 0; run < 20; run++) {
            crew.run(1).block(Client.PATIENCE);
        }

        String first = live.events(cursor)
                .map(bytes -> new String(bytes, java.nio.charset.StandardCharsets.UTF_8))
                .filter(text -> text.startsWith("id:"))
                .next()
                .block(Client.PATIENCE);

        assertThat(first).contains("event: reset");
    }

    @Test
    void listeners_aThousandOfThem_areAllTold() {
        Run<String> run = asked(asking);
        Mono<Void> told = Flux.range(0, 1_000)
                .flatMap(
                        any -> client.events("/api/runs/" + run.runId() + "/events")
                                .filter(event -> isOf("run-finished", event))
                                .next()
                                .single(),
                        1_000)
                .then();
        Disposable answering = Flux.interval(java.time.Duration.ofMillis(500))
                .take(1)
                .flatMap(any -> run.answer(run.questions().get(0).id(), "yes"))
                .subscribe();

        told.block(Client.PATIENCE);

        answering.dispose();
    }
}
