package io.flotilla.security;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.flotilla.journal.Journal;
import io.flotilla.journal.JournalCorruptedException;
import io.flotilla.journal.JournalEntry;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Who has the file, and some of the keys, or none, puts sealed entries together anew. */
@Timeout(60)
class SealForgeryTest {

    private static final Duration LONG = Duration.ofSeconds(20);
    private static final int COUNT = 8;

    private final World world = new World();

    private Journal written(String run, String story) {
        Journal file = Journal.inMemory();
        List<JournalEntry> entries = new ArrayList<>();
        for (int at = 0; at < COUNT; at++) {
            entries.add(entry(at, (story + at).getBytes(StandardCharsets.UTF_8)));
        }
        encrypting(file).append(run, 0, entries).block(LONG);
        return file;
    }

    private SealedJournal encrypting(Journal file) {
        return SealedJournal.builder(file, world.ring).encrypting().build();
    }

    private static JournalEntry entry(long sequence, byte[] payload) {
        return new JournalEntry(sequence, World.NOON, "fact", payload);
    }

    private static List<JournalEntry> stored(Journal file, String run) {
        return file.read(run, 0).collectList().block(LONG);
    }

    private static Journal file(String run, List<JournalEntry> entries) {
        Journal file = Journal.inMemory();
        file.append(run, 0, entries).block(LONG);
        return file;
    }

    /** The entries before it are gone, and it says that it is where it never was; its seal follows from the one before, still. */
    @Test
    void entries_movedToTheFront_areCorruptedFromTheMiddleOnToo() {
        List<JournalEntry> moved = new ArrayList<>();
        for (JournalEntry each : stored(written("run", "a"), "run").subList(2, COUNT)) {
            moved.add(entry(moved.size(), each.payload()));
        }
        SealedJournal forged = encrypting(file("run", moved));

        for (long from = 0; from < 3; from++) {
            long first = from;
            assertThatThrownBy(() -> forged.read("run", first).blockLast(LONG))
                    .isInstanceOfSatisfying(
                            JournalCorruptedException.class,
                            corrupted -> assertThat(corrupted.sequence()).isEqualTo(first));
        }
    }

    /** As somebody with the key that seals, and not the one that encrypts, can do it. */
    private JournalEntry sealedAnew(String run, JournalEntry place, byte[] before, byte[] body) {
        SealKeys.SealKey key = new SealKeys(world.ring).current(KeyAlgorithm.HMAC_SHA256);
        byte[] bytes = body.clone();
        int length = bytes.length - SealChain.SEAL_BYTES;
        Instant at = place.timestamp();
        byte[] context = new CanonicalWriter("flotilla journal entry 1")
                .text(run)
                .number(place.sequence())
                .number(at.getEpochSecond())
                .number(at.getNano())
                .text(place.type())
                .bytes(before)
                .number(length)
                .done();
        byte[] seal = key.mac().mac(context, bytes, length);
        System.arraycopy(seal, 0, bytes, length, seal.length);
        return entry(place.sequence(), bytes);
    }

    @Test
    void encryptedPayload_ofAnotherRunOrPlace_cannotBeReadThoughItIsSealed() {
        List<JournalEntry> mine = stored(written("run", "a"), "run");
        List<JournalEntry> others = stored(written("other", "b"), "other");
        byte[] before = SealChain.beginning();

        JournalEntry same = sealedAnew("run", mine.get(0), before, mine.get(0).payload());
        assertThat(encrypting(file("run", List.of(same)))
                        .read("run", 0)
                        .blockFirst(LONG)
                        .payload())
                .as("the forgery itself is right")
                .isEqualTo("a0".getBytes(StandardCharsets.UTF_8));
        for (byte[] body : List.of(others.get(0).payload(), mine.get(1).payload())) {
            JournalEntry swapped = sealedAnew("run", mine.get(0), before, body);
            assertThatThrownBy(() -> encrypting(file("run", List.of(swapped)))
                            .read("run", 0)
                            .blockLast(LONG))
                    .isInstanceOf(JournalCorruptedException.class)
                    .hasMessageContaining("it cannot be decrypted");
        }
    }

    /** Entries of two runs, and of two stories of one run: what is read is the beginning of one story, or nothing. */
    @Test
    void entries_mixedAtRandom_areReadAsFarAsTheyAreAStory() {
        Journal one = written("run", "a");
        Journal two = written("run", "b");
        List<List<JournalEntry>> sources =
                List.of(stored(one, "run"), stored(written("other", "a"), "other"), stored(two, "run"));
        List<JournalEntry> stories =
                new ArrayList<>(encrypting(one).read("run", 0).collectList().block(LONG));
        stories.addAll(encrypting(two).read("run", 0).collectList().block(LONG));
        Random random = new Random(42);
        for (int round = 0; round < 1_000; round++) {
            int whole = random.nextInt(COUNT);
            List<JournalEntry> first = sources.get(random.nextInt(3));
            List<JournalEntry> mixed = new ArrayList<>(first.subList(0, whole));
            while (mixed.size() < COUNT) {
                JournalEntry any = sources.get(random.nextInt(3)).get(random.nextInt(COUNT));
                mixed.add(entry(mixed.size(), any.payload()));
            }
            List<JournalEntry> read = new ArrayList<>();
            encrypting(file("run", mixed))
                    .read("run", 0)
                    .doOnNext(read::add)
                    .onErrorComplete(JournalCorruptedException.class)
                    .blockLast(LONG);

            int size = read.size();
            assertThat(List.of(stories.subList(0, size), stories.subList(COUNT, COUNT + size)))
                    .as("round %d", round)
                    .contains(read);
        }
    }

    @Test
    void encryptedPayloads_thatAreTheSame_areNotTheSameInTheFile() {
        byte[] payload = "the same".getBytes(StandardCharsets.UTF_8);
        Journal file = Journal.inMemory();
        encrypting(file)
                .append("run", 0, List.of(entry(0, payload), entry(1, payload)))
                .block(LONG);
        List<JournalEntry> stored = stored(file, "run");
        int body = 1 + 2 * SealKeys.TAG_BYTES;
        int end = body + AesKey.OVERHEAD + payload.length;

        assertThat(Arrays.copyOfRange(stored.get(0).payload(), body, end))
                .isNotEqualTo(Arrays.copyOfRange(stored.get(1).payload(), body, end));
    }
}
