package io.flotilla.run;

import static io.flotilla.run.TestRuns.SOON;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.flotilla.journal.InMemoryJournal;
import io.flotilla.journal.Journal;
import io.flotilla.journal.JournalEntry;
import io.flotilla.journal.PayloadCodec;
import io.flotilla.journal.PayloadException;
import java.util.List;
import java.util.Map;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.UnaryOperator;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import reactor.core.publisher.Mono;

/** The digest of what has come of a fact is added to it; values of users are written once. */
@Timeout(60)
class EncodedOnceTest {

    /** A codec that can, cannot, or will not add what is known later. */
    private static final class Counting implements PayloadCodec {

        enum Adds {
            LIKE_THE_OTHER,
            NOTHING,
            THROWS
        }

        final AtomicInteger encoded = new AtomicInteger();
        final Adds adds;

        Counting(Adds adds) {
            this.adds = adds;
        }

        @Override
        public byte[] encode(Map<String, ?> payload, UnaryOperator<String> redactor) {
            encoded.incrementAndGet();
            return PayloadCodec.basic().encode(payload, redactor);
        }

        @Override
        public byte @Nullable [] add(byte[] payload, String key, long number) {
            return switch (adds) {
                case LIKE_THE_OTHER -> PayloadCodec.basic().add(payload, key, number);
                case NOTHING -> PayloadCodec.super.add(payload, key, number);
                case THROWS -> throw new PayloadException("no room for " + key, null);
            };
        }

        @Override
        public Map<String, @Nullable Object> decode(byte[] payload) {
            return PayloadCodec.basic().decode(payload);
        }
    }

    private static final class Kept extends ForwardingJournal {

        private final Counting codec;

        Kept(Counting.Adds adds) {
            super(InMemoryJournal.builder().build());
            this.codec = new Counting(adds);
        }

        @Override
        public Mono<Long> copy(String source, long count, String target, List<JournalEntry> entries) {
            return kept.copy(source, count, target, entries);
        }

        @Override
        public Counting codec() {
            return codec;
        }
    }

    private static Workflow<String, String> crew(Journal journal) {
        return TestRuns.crew(
                        TestRuns.forking(10), TestRuns.stepping("Worker", turn -> Mono.just(Decision.answer("fine"))))
                .journal(journal)
                .build();
    }

    private static List<JournalEntry> entries(Kept journal, String runId) {
        List<JournalEntry> entries = journal.read(runId, 0).collectList().block(SOON);
        assertThat(entries).isNotNull();
        return entries;
    }

    @Test
    void append_codecThatAdds_encodesEachFactOnce() {
        Kept journal = new Kept(Counting.Adds.LIKE_THE_OTHER);
        Run<String> run = crew(journal).start("go");
        assertThat(run.result().block(SOON).isSucceeded()).isTrue();

        List<JournalEntry> entries = entries(journal, run.runId());
        assertThat(journal.codec.encoded).hasValue(entries.size());
        assertThat(entries)
                .filteredOn(entry -> journal.codec.decode(entry.payload()).containsKey("digestAfter"))
                .as("one for each append of facts: the start, the fork, the answers, the last answer")
                .hasSize(4);
        assertThat(crew(journal).runs().replay(run.runId()).block(SOON)).isNotNull();
    }

    @Test
    void append_codecThatAddsNothing_writesTheSame() {
        Kept journal = new Kept(Counting.Adds.NOTHING);
        Kept other = new Kept(Counting.Adds.LIKE_THE_OTHER);
        Run<String> run = crew(journal).start("go");
        Run<String> same = crew(other).start("go");
        assertThat(run.result().block(SOON).isSucceeded()).isTrue();
        assertThat(same.result().block(SOON).isSucceeded()).isTrue();

        List<JournalEntry> entries = entries(journal, run.runId());
        assertThat(journal.codec.encoded).hasValue(entries.size() + 4);
        assertThat(entries.stream()
                        .map(entry -> journal.codec.decode(entry.payload()))
                        .toList())
                .isEqualTo(entries(other, same.runId()).stream()
                        .map(entry -> journal.codec.decode(entry.payload()))
                        .toList());
        assertThat(crew(journal).runs().replay(run.runId()).block(SOON)).isNotNull();
    }

    @Test
    void append_codecThatThrowsWhenItAdds_endsTheRunWithThat() {
        Kept journal = new Kept(Counting.Adds.THROWS);

        assertThatThrownBy(() -> crew(journal).start("go").result().block(SOON))
                .isInstanceOf(PayloadException.class)
                .hasMessageContaining("no room for digestAfter");
    }
}
