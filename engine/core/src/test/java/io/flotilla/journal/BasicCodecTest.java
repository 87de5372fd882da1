package io.flotilla.journal;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.math.BigDecimal;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.function.UnaryOperator;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/** What is written is read back; what was not written is refused, whatever it is. */
@Timeout(60)
class BasicCodecTest {

    private static final PayloadCodec CODEC = PayloadCodec.basic();
    private static final UnaryOperator<String> AS_IT_IS = UnaryOperator.identity();

    private static byte[] encode(Object value) {
        Map<String, Object> payload = new LinkedHashMap<>();
        payload.put("value", value);
        return CODEC.encode(payload, AS_IT_IS);
    }

    static Stream<Object> values() {
        Map<String, Object> map = new LinkedHashMap<>();
        map.put("", null);
        map.put("größe \uD83D\uDE00", List.of(1, 2L, "three"));
        map.put("map", Map.of("deep", Map.of("er", Arrays.asList(null, null))));
        return Stream.of(
                null,
                true,
                false,
                0,
                Integer.MIN_VALUE,
                Long.MAX_VALUE,
                Double.MIN_VALUE,
                -0.0,
                Double.NaN,
                Double.NEGATIVE_INFINITY,
                new BigDecimal("-123456789012345678901234567890.1234567890"),
                new BigDecimal("1.00"),
                new BigDecimal("1E+2147483647"),
                "",
                "\u0000 \u2028 \uFEFF \uFFFF",
                "äöü 漢字 \uD83D\uDE00",
                "cut in the middle of \uD83D",
                "\uDE00 cut before",
                "\uDE00\uD83D",
                List.of(),
                Map.of(),
                map);
    }

    @ParameterizedTest
    @MethodSource("values")
    void decode_whatWasEncoded_isEqual(Object value) {
        assertThat(CODEC.decode(encode(value)).get("value")).isEqualTo(value);
    }

    @Test
    void decode_aMap_hasItsOrder() {
        Map<String, Object> payload = new LinkedHashMap<>();
        for (String key : List.of("z", "a", "m", "b")) {
            payload.put(key, 1);
        }

        assertThat(CODEC.decode(CODEC.encode(payload, AS_IT_IS))).containsExactlyEntriesOf(payload);
    }

    @ParameterizedTest
    @MethodSource("strangers")
    void encode_anUnknownType_saysWhich(Object value) {
        assertThatExceptionOfType(PayloadException.class)
                .isThrownBy(() -> encode(value))
                .withMessageContaining(value.getClass().getName());
    }

    static Stream<Object> strangers() {
        return Stream.of('c', (short) 1, 1.5f, new byte[] {1}, new Object(), Thread.State.NEW, new Random(1));
    }

    @Test
    void encode_aKeyThatIsNoString_isRefused() {
        assertThatThrownBy(() -> encode(Map.of(1, 2))).isInstanceOf(PayloadException.class);
        assertThatThrownBy(() -> encode(Map.of("\uD83D", 2))).isInstanceOf(PayloadException.class);
    }

    @Test
    void encode_nested_lessThanMaxEqualToMaxMoreThanMax() {
        assertThat(CODEC.decode(encode(nested(PayloadCodec.MAX_DEPTH - 2)))).isNotEmpty();
        assertThat(CODEC.decode(encode(nested(PayloadCodec.MAX_DEPTH - 1)))).isNotEmpty();
        assertThatThrownBy(() -> encode(nested(PayloadCodec.MAX_DEPTH)))
                .isInstanceOf(PayloadException.class)
                .hasMessageContaining("100");
        List<Object> itself = new ArrayList<>();
        itself.add(itself);
        assertThatThrownBy(() -> encode(itself)).isInstanceOf(PayloadException.class);
    }

    /** A value in so many lists. */
    private static Object nested(int lists) {
        Object value = "in";
        for (int at = 0; at < lists; at++) {
            value = List.of(value);
        }
        return value;
    }

    @Test
    void decode_nestedTooDeep_isRefused() {
        byte[] deep = new byte[1_000_000];
        byte[] first = encode(List.of());
        System.arraycopy(first, 0, deep, 0, first.length - 5);
        for (int at = first.length - 5; at + 5 <= deep.length; at += 5) {
            deep[at] = '[';
            deep[at + 4] = 1;
        }

        assertThatThrownBy(() -> CODEC.decode(deep))
                .isInstanceOf(PayloadException.class)
                .hasMessageContaining("100");
    }

    @Test
    void encode_size_equalToMaxMoreThanMax() {
        int around = encode("").length;
        byte[] largest = encode("x".repeat(PayloadCodec.MAX_BYTES - around));

        assertThat(largest).hasSize(PayloadCodec.MAX_BYTES);
        assertThat(CODEC.decode(largest)).containsKey("value");
        assertThatThrownBy(() -> encode("x".repeat(PayloadCodec.MAX_BYTES - around + 1)))
                .isInstanceOf(PayloadException.class)
                .hasMessageContaining(String.valueOf(PayloadCodec.MAX_BYTES));
        assertThatThrownBy(() -> CODEC.decode(new byte[PayloadCodec.MAX_BYTES + 1]))
                .isInstanceOf(PayloadException.class);
    }

    @Test
    void encode_redactor_isAppliedToEveryValueAndToNoKey() {
        byte[] payload = CODEC.encode(
                Map.of("secret", List.of("secret", Map.of("k", "secret"))), text -> text.replace("secret", "***"));

        assertThat(CODEC.decode(payload)).isEqualTo(Map.of("secret", List.of("***", Map.of("k", "***"))));
    }

    @Test
    void decode_torn_isRefusedAtEveryLength() {
        byte[] whole = encode(values().filter(value -> value != null).toList());
        for (int length = 0; length < whole.length; length++) {
            byte[] torn = Arrays.copyOf(whole, length);
            assertThatThrownBy(() -> CODEC.decode(torn))
                    .as("of %s bytes", length)
                    .isInstanceOf(PayloadException.class);
        }
        assertThatThrownBy(() -> CODEC.decode(Arrays.copyOf(whole, whole.length + 1)))
                .isInstanceOf(PayloadException.class);
    }

    @ParameterizedTest
    @ValueSource(longs = {1, 2, 3})
    void decode_altered_isATreeOrAPayloadException(long seed) {
        Random random = new Random(seed);
        byte[] whole = encode(values().filter(value -> value != null).toList());
        int refused = 0;
        for (int run = 0; run < 20_000; run++) {
            byte[] altered = whole.clone();
            for (int times = 1 + random.nextInt(4); times > 0; times--) {
                altered[random.nextInt(altered.length)] = (byte) random.nextInt(256);
            }
            try {
                CODEC.decode(altered);
            } catch (PayloadException expected) {
                refused++;
            } catch (Throwable other) {
                throw new AssertionError("seed " + seed + " run " + run, other);
            }
        }

        assertThat(refused).isGreaterThan(1_000);
    }

    @Test
    void decode_theNameOfAClass_isAText() {
        Map<String, Object> payload = Map.of("@class", "java.util.Random", "@type", "java.lang.Runtime");

        assertThat(CODEC.decode(CODEC.encode(payload, AS_IT_IS))).isEqualTo(payload);
        assertThatThrownBy(() -> CODEC.decode("java.util.Random".getBytes(java.nio.charset.StandardCharsets.UTF_8)))
                .isInstanceOf(PayloadException.class);
    }

    @ParameterizedTest
    @MethodSource("values")
    void add_aNumber_isReadAsIfItHadBeenThere(Object value) {
        byte[] encoded = encode(value);
        byte[] kept = encoded.clone();

        Map<String, Object> expected = new LinkedHashMap<>();
        expected.put("value", value);
        for (long number : new long[] {0, -1, Long.MIN_VALUE, Long.MAX_VALUE}) {
            expected.put("digestAfter", number);
            assertThat(CODEC.decode(CODEC.add(encoded, "digestAfter", number))).isEqualTo(expected);
        }
        assertThat(encoded).isEqualTo(kept);
        assertThat(CODEC.decode(CODEC.add(CODEC.encode(Map.of(), AS_IT_IS), "n", 7)))
                .isEqualTo(Map.of("n", 7L));
    }

    @Test
    void add_moreThanTheLimit_isRefused() {
        int fits = PayloadCodec.MAX_BYTES - encode("").length;
        byte[] full = encode("x".repeat(fits));

        assertThat(full).hasSize(PayloadCodec.MAX_BYTES);
        assertThatThrownBy(() -> CODEC.add(full, "n", 1))
                .isInstanceOf(PayloadException.class)
                .hasMessageContaining("at most 16777216 bytes");
        assertThat(CODEC.add(encode("x".repeat(fits - 14)), "n", 1)).hasSize(PayloadCodec.MAX_BYTES);
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "{", "[1,2,3]", "no map"})
    void add_toWhatIsNoPayload_isRefused(String text) {
        byte[] bytes = text.getBytes(java.nio.charset.StandardCharsets.UTF_8);
        assertThatThrownBy(() -> CODEC.add(bytes, "n", 1)).isInstanceOf(PayloadException.class);
    }
}
