package io.flotilla.security;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.flotilla.agent.Agent;
import io.flotilla.journal.Journal;
import io.flotilla.journal.JournalCorruptedException;
import io.flotilla.journal.JournalEntry;
import io.flotilla.journal.JournalFilter;
import io.flotilla.journal.RunSummary;
import io.flotilla.journal.sqlite.SqliteJournal;
import io.flotilla.run.Run;
import io.flotilla.run.Workflow;
import io.flotilla.topology.Topology;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.function.UnaryOperator;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;
import reactor.test.StepVerifier;

@Timeout(60)
class SealedJournalTest {

    private static final Duration LONG = Duration.ofSeconds(20);
    private static final int COUNT = 5;

    private final World world = new World();
    private final Journal plain = Journal.inMemory();
    private final SealedJournal sealedJournal = seal(plain);

    private SealedJournal seal(Journal journal) {
        return SealedJournal.builder(journal, world.ring).build();
    }

    private static JournalEntry entry(long sequence, String text) {
        return new JournalEntry(
                sequence, World.NOON.plusSeconds(sequence), "fact", text.getBytes(StandardCharsets.UTF_8));
    }

    private static List<JournalEntry> entries(int from, int to) {
        List<JournalEntry> entries = new ArrayList<>();
        for (int at = from; at < to; at++) {
            entries.add(entry(at, "canary " + at));
        }
        return entries;
    }

    private static List<JournalEntry> read(Journal journal, String run) {
        return journal.read(run, 0).collectList().block(LONG);
    }

    /** Who has the file writes it anew, as well as can be done without a key. */
    private SealedJournal forged(String run, UnaryOperator<List<JournalEntry>> how) {
        sealedJournal.append("run", 0, entries(0, COUNT)).block(LONG);
        List<JournalEntry> stored = how.apply(new ArrayList<>(read(plain, "run")));
        Journal file = Journal.inMemory();
        file.append(run, 0, stored).block(LONG);
        return seal(file);
    }

    private static JournalEntry with(JournalEntry entry, long sequence, byte[] payload) {
        return new JournalEntry(sequence, entry.timestamp(), entry.type(), payload);
    }

    private static void assertCorrupted(Journal journal, String run, long sequence) {
        StepVerifier.create(journal.read(run, 0))
                .expectNextCount(sequence)
                .expectErrorSatisfies(error -> assertThat(error)
                        .isInstanceOfSatisfying(
                                JournalCorruptedException.class,
                                corrupted -> assertThat(corrupted.sequence()).isEqualTo(sequence)))
                .verify(LONG);
    }

    // --- what is written is read

    @Test
    void entries_sealed_areReadAsTheyWere() {
        sealedJournal.append("run", 0, entries(0, 2)).block(LONG);
        sealedJournal.append("run", 2, entries(2, COUNT)).block(LONG);

        assertThat(read(sealedJournal, "run")).isEqualTo(entries(0, COUNT));
        assertThat(read(seal(plain), "run")).isEqualTo(entries(0, COUNT));
        for (int from = 0; from <= COUNT + 1; from++) {
            assertThat(sealedJournal.read("run", from).collectList().block(LONG))
                    .isEqualTo(entries(Math.min(from, COUNT), COUNT));
        }
        assertThat(sealedJournal.list(JournalFilter.all()).blockFirst(LONG).bytes())
                .isEqualTo(8L * COUNT);
        assertThat(read(plain, "run").get(0).payloadSize()).isEqualTo(8 + SealedJournal.OVERHEAD_BYTES);
    }

    @Test
    void append_byAnotherObject_continuesTheChain() {
        sealedJournal.append("run", 0, entries(0, 2)).block(LONG);
        seal(plain).append("run", 2, entries(2, 4)).block(LONG);
        sealedJournal.append("run", 4, entries(4, COUNT)).block(LONG);

        assertThat(read(sealedJournal, "run")).isEqualTo(entries(0, COUNT));
    }

    // --- who has the file alone

    @Test
    void entry_withAnyOneBitFlipped_isCorrupted() {
        sealedJournal.append("run", 0, entries(0, 3)).block(LONG);
        List<JournalEntry> stored = read(plain, "run");
        byte[] good = stored.get(1).payload();
        for (int bit = 0; bit < 8 * good.length; bit++) {
            byte[] bad = good.clone();
            bad[bit / 8] ^= (byte) (1 << (bit % 8));
            Journal file = Journal.inMemory();
            file.append("run", 0, List.of(stored.get(0), with(stored.get(1), 1, bad), stored.get(2)))
                    .block(LONG);
            int at = bit;
            StepVerifier.create(seal(file).read("run", 0))
                    .expectNextCount(1)
                    .expectErrorSatisfies(error -> assertThat(error)
                            .as("bit %d", at)
                            .isInstanceOfAny(JournalCorruptedException.class, JournalSealException.class))
                    .verify(LONG);
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"timestamp", "type", "swap", "remove", "insert", "unsealed", "first"})
    void entries_altered_areCorrupted(String how) {
        SealedJournal forged = forged("run", stored -> {
            JournalEntry second = stored.get(1);
            switch (how) {
                case "timestamp" -> stored.set(1, new JournalEntry(1, Instant.EPOCH, second.type(), second.payload()));
                case "type" -> stored.set(1, new JournalEntry(1, second.timestamp(), "other", second.payload()));
                case "swap" -> {
                    stored.set(1, with(stored.get(2), 1, stored.get(2).payload()));
                    stored.set(2, with(second, 2, second.payload()));
                }
                case "remove" -> {
                    stored.remove(1);
                    renumber(stored);
                }
                case "insert" -> {
                    stored.add(1, stored.get(0));
                    renumber(stored);
                }
                case "unsealed" -> stored.set(1, with(second, 1, "gold".getBytes(StandardCharsets.UTF_8)));
                default -> {
                    stored.remove(0);
                    renumber(stored);
                }
            }
            return stored;
        });

        assertCorrupted(forged, "run", how.equals("first") ? 0 : 1);
    }

    private static void renumber(List<JournalEntry> entries) {
        for (int at = 0; at < entries.size(); at++) {
            entries.set(at, with(entries.get(at), at, entries.get(at).payload()));
        }
    }

    @Test
    void run_underAnotherId_isCorrupted() {
        assertCorrupted(forged("other", UnaryOperator.identity()), "other", 0);
    }

    @Test
    void entry_ofAnotherRunWithTheSameContent_isCorrupted() {
        sealedJournal.append("other", 0, entries(0, COUNT)).block(LONG);
        List<JournalEntry> other = read(plain, "other");

        assertCorrupted(
                forged("run", stored -> {
                    stored.set(3, other.get(3));
                    return stored;
                }),
                "run",
                3);
    }

    /** The same keys, the same run id, and the same entry at that place: what was before it is another story. */
    @Test
    void entry_ofAnotherJournalWithTheSameRun_isCorrupted() {
        Journal elsewhere = Journal.inMemory();
        List<JournalEntry> otherStory = entries(0, COUNT);
        otherStory.set(0, entry(0, "canary X"));
        seal(elsewhere).append("run", 0, otherStory).block(LONG);
        List<JournalEntry> other = read(elsewhere, "run");

        for (int at = 1; at < COUNT; at++) {
            int place = at;
            sealedJournal.delete("run").block(LONG);
            assertCorrupted(
                    forged("run", stored -> {
                        stored.set(place, other.get(place));
                        return stored;
                    }),
                    "run",
                    place);
        }
    }

    /** An entry that was written in part: at no length is it taken for a whole one. */
    @Test
    void entry_cutOffAtAnyByte_isCorrupted() {
        sealedJournal.append("run", 0, entries(0, 2)).block(LONG);
        List<JournalEntry> stored = read(plain, "run");
        byte[] whole = stored.get(1).payload();
        for (int length = 0; length < whole.length; length++) {
            Journal file = Journal.inMemory();
            file.append("run", 0, List.of(stored.get(0), with(stored.get(1), 1, Arrays.copyOf(whole, length))))
                    .block(LONG);
            StepVerifier.create(seal(file).read("run", 0))
                    .expectNextCount(1)
                    .expectErrorSatisfies(error -> assertThat(error)
                            .isInstanceOfAny(JournalCorruptedException.class, JournalSealException.class))
                    .verify(LONG);
        }
    }

    @Test
    void read_fromTheMiddle_seesWhatIsAltered() {
        SealedJournal forged = forged("run", stored -> {
            byte[] bad = stored.get(3).payload();
            bad[60] ^= (byte) 1;
            stored.set(3, with(stored.get(3), 3, bad));
            return stored;
        });

        StepVerifier.create(forged.read("run", 2))
                .expectNext(entry(2, "canary 2"))
                .expectError(JournalCorruptedException.class)
                .verify(LONG);
        StepVerifier.create(forged.read("run", 4))
                .as("the entry before is another one, so the chain is")
                .expectNext(entry(4, "canary 4"))
                .expectComplete()
                .verify(LONG);
    }

    /** Of a journal that does not see it itself. */
    @Test
    void read_fromAnEntryOnThatIsGone_isCorrupted() {
        sealedJournal.append("run", 0, entries(0, COUNT)).block(LONG);
        for (int gone : new int[] {1, 2}) {
            StepVerifier.create(seal(new Without(plain, gone)).read("run", 2))
                    .expectErrorSatisfies(error -> assertThat(error)
                            .isInstanceOfSatisfying(
                                    JournalCorruptedException.class,
                                    corrupted ->
                                            assertThat(corrupted.sequence()).isEqualTo(gone == 1 ? 1 : 3)))
                    .verify(LONG);
        }
    }

    /** A journal without one of its entries. */
    private record Without(Journal journal, long gone) implements Journal {

        @Override
        public Mono<Long> append(String runId, long expectedSequence, List<JournalEntry> entries) {
            return journal.append(runId, expectedSequence, entries);
        }

        @Override
        public Flux<JournalEntry> read(String runId, long fromSequence) {
            return journal.read(runId, fromSequence).filter(entry -> entry.sequence() != gone);
        }

        @Override
        public Flux<RunSummary> list(JournalFilter filter) {
            return journal.list(filter);
        }

        @Override
        public Mono<Boolean> delete(String runId) {
            return journal.delete(runId);
        }

        @Override
        public Mono<Void> close() {
            return journal.close();
        }
    }

    @Test
    void append_afterAnEntryWithoutASeal_isRefused() {
        plain.append("run", 0, entries(0, 2)).block(LONG);

        assertThatThrownBy(() -> sealedJournal.append("run", 2, entries(2, 3)).block(LONG))
                .isInstanceOf(JournalCorruptedException.class);
        assertCorrupted(sealedJournal, "run", 0);
    }

    // --- the end of a run

    @Test
    void head_keptElsewhere_showsThatTheEndWasCutOff() {
        sealedJournal.append("run", 0, entries(0, COUNT)).block(LONG);
        SealHead head = sealedJournal.head("run").block(LONG);
        assertThat(head.entries()).isEqualTo(COUNT);
        assertThat(sealedJournal.verify(head).block(LONG)).isEqualTo(head);

        SealedJournal cut = seal(Journal.inMemory());
        SealedJournal source = sealedJournal;
        List<JournalEntry> stored = read(plain, "run").subList(0, 3);
        Journal file = Journal.inMemory();
        file.append("run", 0, stored).block(LONG);
        SealedJournal shorter = seal(file);

        assertThat(read(shorter, "run")).as("no seal in the file shows it").hasSize(3);
        assertThatThrownBy(() -> shorter.verify(head).block(LONG))
                .isInstanceOf(JournalCorruptedException.class)
                .hasMessageContaining("it had 5 entries, and has 3");
        assertThatThrownBy(() -> cut.verify(head).block(LONG)).isInstanceOf(JournalCorruptedException.class);

        source.append("run", COUNT, entries(COUNT, COUNT + 1)).block(LONG);
        assertThat(source.verify(head).block(LONG).entries()).isEqualTo(COUNT + 1);
        shorter.append("run", 3, List.of(entry(3, "x"), entry(4, "y"))).block(LONG);
        assertThatThrownBy(() -> shorter.verify(head).block(LONG))
                .as("another end, sealed with the right key")
                .hasMessageContaining("its seal was another one");
        assertThat(sealedJournal.head("none").blockOptional(LONG)).isEmpty();
        assertThatIllegalArgumentException().isThrownBy(() -> new SealHead("run", 0, ""));
        assertThatIllegalArgumentException().isThrownBy(() -> sealedJournal.head(""));
    }

    // --- keys

    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void journal_readWithAnotherKeyOfTheSameId_isATypedError(boolean isEncryption) {
        SealedJournal.builder(plain, world.ring)
                .encrypting()
                .build()
                .append("run", 0, entries(0, 1))
                .block(LONG);
        String id = isEncryption ? "payloads" : "domain";
        world.ring.remove(id);
        world.ring.add(isEncryption ? KeyEntry.aes(id, KeySource.random()) : KeyEntry.hmac(id, KeySource.random()));

        assertThatThrownBy(() -> read(sealedJournal, "run"))
                .isInstanceOfSatisfying(JournalSealException.class, wrong -> {
                    assertThat(wrong.runId()).isEqualTo("run");
                    assertThat(wrong.sequence()).isZero();
                })
                .hasMessageEndingWith(isEncryption ? "has encrypted it" : "has sealed it");
    }

    @Test
    void keys_rotated_readWhatTheyHaveWritten() {
        sealedJournal.append("run", 0, entries(0, 2)).block(LONG);
        world.ring.rotate("domain", KeyEntry.hmac("domain-2", KeySource.random()));
        sealedJournal.append("run", 2, entries(2, COUNT)).block(LONG);
        world.pass(Duration.ofDays(1_000));

        assertThat(read(sealedJournal, "run")).isEqualTo(entries(0, COUNT));
        world.ring.remove("domain");
        assertThatThrownBy(() -> read(sealedJournal, "run")).isInstanceOf(JournalSealException.class);
        assertThat(sealedJournal.read("run", 2).collectList().block(LONG)).hasSize(3);
    }

    /** Who shares a key with an agent of its own, and has the file, could seal it anew. */
    @Test
    void entry_sealedWithAKeyOfAnAgentsOwn_isNotBelieved() {
        KeyRing ofTheAgent = KeyRing.of(KeyEntry.hmac("agent", World.secret(3)));
        SealedJournal.builder(plain, ofTheAgent)
                .build()
                .append("run", 0, entries(0, 1))
                .block(LONG);
        world.ring.add(KeyEntry.hmac("agent", World.secret(3)).ownedBy(World.MALLORY));

        assertThatThrownBy(() -> read(sealedJournal, "run")).isInstanceOf(JournalSealException.class);
    }

    @Test
    void builder_withoutKeys_isRefused() {
        KeyRing empty = KeyRing.of();
        assertThatThrownBy(() -> SealedJournal.builder(plain, empty).build())
                .isInstanceOf(KeyUnavailableException.class);
        empty.add(KeyEntry.hmac("k", KeySource.random()));
        assertThatThrownBy(
                        () -> SealedJournal.builder(plain, empty).encrypting().build())
                .isInstanceOf(KeyUnavailableException.class);
        assertThatThrownBy(() -> SealedJournal.builder(null, empty)).isInstanceOf(NullPointerException.class);
    }

    // --- encrypted, in a file, and runs

    private Workflow<String, String> workflow(Journal journal) {
        return Workflow.builder(Topology.parse("start -> shouter\nshouter -> end"), String.class)
                .agent(
                        "shouter",
                        String.class,
                        Agent.<String, String>of(
                                "shouter", (text, context) -> Mono.just(text.toUpperCase(Locale.ROOT) + "!")))
                .journal(journal)
                .build();
    }

    @Test
    void run_inASealedAndEncryptedFile_isRecoveredReplayedAndForked(@TempDir Path folder) throws Exception {
        Path file = folder.resolve("journal.db");
        SealedJournal journal = SealedJournal.builder(
                        SqliteJournal.builder(file).open(), world.ring)
                .encrypting()
                .build();
        Run<String> run = workflow(journal).start("canary-canary");
        assertThat(run.result().block(LONG).orThrow().answer()).isEqualTo("CANARY-CANARY!");
        journal.close().block(LONG);
        try (var files = Files.list(folder)) {
            for (Path each : files.toList()) {
                assertThat(new String(Files.readAllBytes(each), StandardCharsets.ISO_8859_1))
                        .doesNotContainIgnoringCase("canary");
            }
        }

        SealedJournal again = SealedJournal.builder(SqliteJournal.builder(file).open(), world.ring)
                .encrypting()
                .build();
        var runs = workflow(again).runs();
        assertThat(runs.recover(run.runId())
                        .flatMap(Run::result)
                        .block(LONG)
                        .orThrow()
                        .answer())
                .isEqualTo("CANARY-CANARY!");
        assertThat(runs.replay(run.runId()).block(LONG)).isNotNull();
        assertThat(runs.fork(run.runId(), 0, "other")
                        .flatMap(Run::result)
                        .block(LONG)
                        .orThrow()
                        .answer())
                .isEqualTo("OTHER!");
        again.close().block(LONG);
    }

    /** The journal's own, unkeyed chain is right after this: only the seal shows it. */
    @Test
    void run_alteredThroughTheJournalItself_cannotBeRecovered(@TempDir Path folder) {
        Path file = folder.resolve("journal.db");
        Journal open = SqliteJournal.builder(file).open();
        Run<String> run = workflow(seal(open)).start("one");
        assertThat(run.result().block(LONG).orThrow().answer()).isEqualTo("ONE!");
        List<JournalEntry> stored = read(open, run.runId());
        JournalEntry last = stored.get(1);
        byte[] bad = last.payload();
        int at = new String(bad, StandardCharsets.ISO_8859_1).indexOf("ONE!");
        assertThat(at).isPositive();
        bad[at] = 'N';
        stored.set(1, with(last, 1, bad));
        open.delete(run.runId()).block(LONG);
        open.append(run.runId(), 0, stored).block(LONG);

        StepVerifier.create(workflow(seal(open)).runs().recover(run.runId()).flatMap(Run::result))
                .expectErrorSatisfies(error -> assertThat(error).isInstanceOf(JournalCorruptedException.class))
                .verify(LONG);
        open.close().block(LONG);
    }
}
