package io.flotilla.inspector;

import static io.flotilla.inspector.Listening.asked;
import static io.flotilla.inspector.Listening.isOf;
import static io.flotilla.inspector.Listening.numbers;
import static io.flotilla.inspector.Listening.path;
import static io.flotilla.inspector.Listening.toTheEnd;
import static io.flotilla.inspector.Listening.upTo;
import static org.assertj.core.api.Assertions.assertThat;

import io.flotilla.journal.Journal;
import io.flotilla.run.Run;
import io.flotilla.run.Workflow;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.function.BiConsumer;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;

/** What steps tell, in the streams of their runs: none of it is lost without a word, neither at the end nor on the way. */
class InspectorOutputTest {

    /** The words of a run, as a listener gets them who answers its question. */
    private static Mono<List<Client.Event>> answered(Client of, Run<String> run) {
        return of.events(path(run))
                .doOnNext(event -> {
                    if (isOf("question-asked", event)) {
                        run.answer(run.questions().get(0).id(), "yes").subscribe();
                    }
                })
                .takeUntil(event -> event.type().equals("end"))
                .collectList();
    }

    private static List<String> words(List<Client.Event> events) {
        return events.stream()
                .filter(event -> event.type().equals("output"))
                .map(event -> event.json().path("value").asString(""))
                .filter(value -> !value.isEmpty())
                .toList();
    }

    private static List<String> allWords(int count) {
        return IntStream.range(0, count).mapToObj(word -> "word " + word).toList();
    }

    private static void withSpeaking(int words, BiConsumer<Workflow<Object, String>, Client> test) {
        Workflow<Object, String> speaking = Flows.speaking("speaking", Journal.inMemory(), words);
        Inspector inspector = Inspector.on(speaking.runs()).start().block(Client.PATIENCE);
        try {
            test.accept(speaking, Client.of(inspector));
        } finally {
            inspector.stop().block(Client.PATIENCE);
        }
    }

    @Test
    void events_ofRunsThatEndAsTheySpeak_haveTheirLastWordsBeforeTheEnd() {
        withSpeaking(3, (speaking, listener) -> {
            List<List<Client.Event>> all = Flux.range(0, 300)
                    .flatMap(round -> answered(listener, asked(speaking)), 30)
                    .collectList()
                    .block(Client.PATIENCE);

            assertThat(all).hasSize(300).allSatisfy(events -> {
                assertThat(words(events)).isEqualTo(allWords(3));
                assertThat(numbers(events)).isEqualTo(upTo(0, numbers(events).size() - 1));
                assertThat(events.get(events.size() - 1).data()).isEqualTo("{\"status\":\"succeeded\",\"live\":false}");
            });
        });
    }

    @Test
    void events_ofAConnectionThatBreaksBeforeTheEnd_areAllWhenItIsMadeAgainBehindIt() {
        withSpeaking(20, (speaking, listener) -> {
            Run<String> run = asked(speaking);
            List<Client.Event> before = new ArrayList<>(listener.events(path(run))
                    .takeUntil(event -> isOf("question-asked", event))
                    .collectList()
                    .block(Client.PATIENCE));
            run.answer(run.questions().get(0).id(), "yes").block(Client.PATIENCE);
            run.result().block(Client.PATIENCE);

            List<Client.Event> after = toTheEnd(
                    listener.with("Last-Event-ID", before.get(before.size() - 1).id())
                            .events(path(run)));

            before.addAll(after);
            assertThat(words(before)).isEqualTo(allWords(20));
            assertThat(numbers(before)).isEqualTo(upTo(0, numbers(before).size() - 1));
            assertThat(toTheEnd(listener.with(
                                    "Last-Event-ID", after.get(after.size() - 2).id())
                            .events(path(run))))
                    .as("who has all")
                    .hasSize(1);
        });
    }

    @Test
    void events_ofAConnectionThatBreaksBetweenWords_areEachToldOnce() {
        withSpeaking(50, (speaking, listener) -> {
            Run<String> run = asked(speaking);
            List<Client.Event> seen = new ArrayList<>();
            seen.addAll(answered(listener, run).block(Client.PATIENCE));
            List<String> expected = words(seen);

            for (int cut = 0; cut < seen.size() - 1; cut++) {
                List<Client.Event> rest = toTheEnd(
                        listener.with("Last-Event-ID", seen.get(cut).id()).events(path(run)));

                assertThat(words(rest))
                        .isEqualTo(words(seen.subList(cut + 1, seen.size())))
                        .hasSizeLessThanOrEqualTo(50);
            }
            assertThat(expected).isEqualTo(allWords(50));
        });
    }

    @Test
    void output_thatIsNotKept_isToldAsLost() {
        withSpeaking(OutputTape.KEPT + 1_000, (speaking, listener) -> {
            Run<String> run = asked(speaking);
            Client.Event asked = listener.events(path(run))
                    .filter(event -> isOf("question-asked", event))
                    .next()
                    .block(Client.PATIENCE);
            run.answer(run.questions().get(0).id(), "yes").block(Client.PATIENCE);
            run.result().block(Client.PATIENCE);

            List<Client.Event> events =
                    toTheEnd(listener.with("Last-Event-ID", asked.id()).events(path(run)));

            Client.Event lost = events.stream()
                    .filter(event -> isOf("lost", event))
                    .findFirst()
                    .orElseThrow();
            assertThat(lost.json().get("values").asLong() + words(events).size())
                    .isBetween(OutputTape.KEPT + 1_000L, OutputTape.KEPT + 1_002L);
            assertThat(words(events)).endsWith("word " + (OutputTape.KEPT + 999));
        });
    }

    @Test
    void output_ofATapeThatIsNotKnown_isToldAsLost() {
        withSpeaking(0, (speaking, listener) -> {
            Run<String> run = asked(speaking);

            Client.Event first = listener.with("Last-Event-ID", "0.unknown.7")
                    .events(path(run))
                    .next()
                    .block(Client.PATIENCE);

            assertThat(first.data()).isEqualTo("{\"type\":\"lost\",\"steps\":null,\"values\":null}");
            assertThat(first.id()).startsWith("0.").doesNotContain("unknown");
            run.cancel();
        });
    }

    @Test
    void tape_thatNobodyReads_isForgotten() {
        Run<String> run = asked(Flows.asking("asking", Journal.inMemory()));
        OutputTapes tapes = new OutputTapes(Duration.ofMillis(30), Mono.never());
        OutputTape tape = tapes.of(run);
        assertThat(tapes.of(run)).as("one for all").isSameAs(tape);
        assertThat(tapes.find(run.runId(), tape.name())).isSameAs(tape);

        long deadline = System.nanoTime() + Client.PATIENCE.toNanos();
        while (!tape.isDisposed() && System.nanoTime() < deadline) {
            Thread.onSpinWait();
        }

        assertThat(tape.isDisposed()).isTrue();
        assertThat(tapes.find(run.runId(), tape.name())).isNull();
        assertThat(tapes.of(run)).isNotSameAs(tape);
        run.cancel();
    }
}
