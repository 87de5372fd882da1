package io.flotilla.journal.json;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.flotilla.journal.PayloadException;
import java.math.BigDecimal;
import java.time.Instant;
import java.time.OffsetDateTime;
import java.time.ZonedDateTime;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.UnaryOperator;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** What is read back equals what was written, or was never written. */
@Timeout(60)
class ReadBackTest {

    record Times(ZonedDateTime zoned, OffsetDateTime offset, Instant instant) {}

    record Note(String text, int number) {}

    record Generic<T>(T value, List<T> more) {}

    record Any(Object value) {}

    @SuppressWarnings("ArrayRecordComponent") // users have them
    record Arrays(byte[] bytes, int[] numbers, String[][] texts) {}

    record Trimmed(String text) {
        Trimmed {
            text = text.trim() + "!";
        }
    }

    record Grumpy(String text) {
        @Override
        public boolean equals(Object other) {
            throw new IllegalStateException("equals");
        }

        @Override
        public int hashCode() {
            return 1;
        }
    }

    record Maybe(Optional<String> text, Set<String> words, Map<String, Note> notes) {}

    static final class Bean {
        public int number = 7;
    }

    private static final JsonPayloadCodec CODEC = JsonPayloadCodec.builder()
            .register("times", Times.class)
            .register("note", Note.class)
            .register("generic", Generic.class)
            .register("any", Any.class)
            .register("arrays", Arrays.class)
            .register("trimmed", Trimmed.class)
            .register("grumpy", Grumpy.class)
            .register("maybe", Maybe.class)
            .register("bean", Bean.class)
            .build();

    private static byte[] encode(Object value) {
        return CODEC.encode(Map.of("v", value), UnaryOperator.identity());
    }

    private static Object read(Object value) {
        return CODEC.decode(encode(value)).get("v");
    }

    @Test
    void times_withOffsetsAndZones_keepThem() {
        Times times = new Times(
                ZonedDateTime.parse("2026-01-01T09:00+01:00[Europe/Berlin]"),
                OffsetDateTime.parse("2026-01-01T09:00+05:30"),
                Instant.parse("2026-01-01T09:00:00.123456789Z"));

        assertThat(read(times)).isEqualTo(times).hasToString(times.toString());
    }

    static Stream<Object> same() {
        return Stream.of(
                new Note("a", 1),
                new Generic<>("text", List.of("more")),
                new Any("text"),
                new Any(1.5),
                new Any(List.of("a", true)),
                new Maybe(Optional.of("x"), Set.of("a", "b"), Map.of("n", new Note("a", 1))),
                List.of(new Note("a", 1), Set.of(new Note("b", 2), new Note("c", 3))));
    }

    @ParameterizedTest
    @MethodSource
    void same(Object value) {
        assertThat(read(value)).isEqualTo(value);
    }

    static Stream<Object> another() {
        return Stream.of(
                new Generic<>(new Note("a", 1), List.of()),
                new Generic<>("text", List.of(new Note("a", 1))),
                new Any(new BigDecimal("1.10")),
                new Any(new Note("a", 1)),
                new Any(Instant.EPOCH),
                new Any(7L),
                new Trimmed("a"),
                List.of(new Note("a", 1), new Trimmed("b")));
    }

    @ParameterizedTest
    @MethodSource
    void another(Object value) {
        assertThatThrownBy(() -> encode(value))
                .isInstanceOf(PayloadException.class)
                .hasMessageContaining("read as another value, at payload.v");
        assertThatThrownBy(() -> CODEC.encode(Map.of("v", value, "s", "secret"), text -> text.replace("secret", "***")))
                .as("with a redactor at work")
                .isInstanceOf(PayloadException.class);
    }

    @Test
    void record_withArraysOrAnEqualsThatThrows_isComparedByItsComponents() {
        Arrays arrays = new Arrays(new byte[] {1, 2}, new int[] {3}, new String[][] {{"a"}, {}});

        assertThat(read(arrays)).usingRecursiveComparison().isEqualTo(arrays);
        assertThat(((Grumpy) read(new Grumpy("x"))).text()).isEqualTo("x");
    }

    @Test
    void class_withoutEquals_isReadBackOnly() {
        assertThat(((Bean) read(new Bean())).number).isEqualTo(7);
    }

    @Test
    void redactor_thatChangesARecord_isNoDifference() {
        byte[] bytes = CODEC.encode(Map.of("v", new Note("secret", 1)), text -> text.replace("secret", "***"));

        assertThat(CODEC.decode(bytes).get("v")).isEqualTo(new Note("***", 1));
    }
}
