package io.flotilla.run;

import static io.flotilla.run.TestRuns.SOON;
import static org.assertj.core.api.Assertions.assertThat;

import io.flotilla.agent.Agent;
import io.flotilla.journal.InMemoryJournal;
import io.flotilla.journal.Journal;
import io.flotilla.journal.JournalEntry;
import io.flotilla.journal.PayloadCodec;
import io.flotilla.run.machine.FactCodec;
import io.flotilla.run.machine.Replay;
import io.flotilla.topology.Topology;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.function.UnaryOperator;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;
import reactor.core.scheduler.Schedulers;
import reactor.test.StepVerifier;

/** Recorded runs that are long, and reads that an {@link Error} ends. */
@Timeout(60)
class RecoveryBoundsTest {

    private static Workflow<String, String> loop(long steps, Journal journal) {
        return Workflow.builder(Topology.parse("start -> A\nA -> A, end"), String.class)
                .agent(
                        "A",
                        Agent.of(
                                "A",
                                (turn, context) -> Mono.just(
                                        context.stepNumber() < steps - 1
                                                ? Decision.repeat(context.stepNumber())
                                                : Decision.answer("done"))))
                .eventHistory(100)
                .journal(journal)
                .build();
    }

    @Test
    void past_ofALongRun_keepsTheLastEventsOnly() {
        Journal journal = Journal.inMemory();
        Workflow<String, String> flow = loop(5_000, journal);
        Run<String> run = flow.start("go");
        run.result().block(SOON);
        Replay replay = flow.past(run.runId());
        FactCodec codec = new FactCodec(PayloadCodec.basic(), io.flotilla.observe.Redactor.NONE);

        journal.read(run.runId(), 0)
                .doOnNext(entry -> codec.read(entry, replay))
                .blockLast(SOON);

        assertThat(replay.facts()).isEqualTo(5_001);
        assertThat(replay.events()).hasSize(100);
        assertThat(replay.fresh().size()
                        + replay.liveBranches().size()
                        + replay.outstandingEffects(Instant.EPOCH).size())
                .isLessThan(1_100);
        assertThat(flow.runs().events(run.runId()).count().block(SOON)).isGreaterThan(10_000);
        assertThat(flow.runs()
                        .recover(run.runId())
                        .flatMap(Run::result)
                        .block(SOON)
                        .answer())
                .isEqualTo("done");
    }

    /** The codec runs out of something from the third payload on. */
    private static final class Exhausted extends ForwardingJournal {

        private final Error error;

        Exhausted(Journal kept, Error error) {
            super(kept);
            this.error = error;
        }

        @Override
        public Flux<JournalEntry> read(String runId, long fromSequence) {
            return kept.read(runId, fromSequence).publishOn(Schedulers.parallel());
        }

        @Override
        public PayloadCodec codec() {
            return new PayloadCodec() {
                @Override
                public byte[] encode(Map<String, ?> payload, UnaryOperator<String> redactor) {
                    return PayloadCodec.basic().encode(payload, redactor);
                }

                @Override
                public Map<String, Object> decode(byte[] payload) {
                    Map<String, Object> tree = PayloadCodec.basic().decode(payload);
                    if (tree.containsKey("decision")) {
                        throw error;
                    }
                    return tree;
                }
            };
        }
    }

    @ParameterizedTest
    @ValueSource(classes = {OutOfMemoryError.class, StackOverflowError.class, NoClassDefFoundError.class})
    void reads_thatAnErrorEnds_signalIt(Class<? extends Error> type) throws ReflectiveOperationException {
        InMemoryJournal kept = InMemoryJournal.builder().build();
        Run<String> run = loop(10, kept).start("go");
        run.result().block(SOON);
        Runs<String> runs = loop(10, new Exhausted(kept, type.getConstructor().newInstance()))
                .runs();

        for (Mono<?> read : List.of(
                runs.replay(run.runId()),
                runs.recover(run.runId()),
                runs.stateAt(run.runId(), 5),
                runs.fork(run.runId(), 5, "x"),
                runs.events(run.runId()).then())) {
            StepVerifier.create(read)
                    .expectErrorSatisfies(error -> assertThat(error)
                            .isInstanceOfSatisfying(RecoveryFailedException.class, failed -> {
                                assertThat(failed.runId()).isNotBlank();
                                assertThat(failed.sequence()).isEqualTo(1);
                                assertThat(failed).hasCauseInstanceOf(type);
                            }))
                    .verify(SOON);
        }
    }
}
