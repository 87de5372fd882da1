package io.flotilla.journal.json;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.annotation.JsonTypeInfo;
import io.flotilla.journal.PayloadException;
import java.math.BigDecimal;
import java.math.BigInteger;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.UUID;
import java.util.function.UnaryOperator;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

@Timeout(60)
class JsonPayloadCodecTest {

    private static final UnaryOperator<String> NONE = UnaryOperator.identity();
    private static final String SECRET = "sk-canary-4711";

    record Digest(
            String title,
            int lines,
            Map<String, Double> weights,
            @Nullable Digest parent) {}

    record Money(BigDecimal amount, long cents, Instant at, Mood mood) {}

    enum Mood {
        GOOD,
        BAD {
            @Override
            public String toString() {
                return "not good";
            }
        }
    }

    record Open(@JsonTypeInfo(use = JsonTypeInfo.Id.CLASS) Object any) {}

    static final class Throwing {
        public String getText() {
            if (SECRET.isEmpty()) {
                return "";
            }
            throw new IllegalStateException(SECRET);
        }
    }

    private static final JsonPayloadCodec PLAIN = JsonPayloadCodec.builder().build();
    private static final JsonPayloadCodec CODEC = JsonPayloadCodec.builder()
            .register("digest", Digest.class)
            .register("money", Money.class)
            .register("mood", Mood.class)
            .register("open", Open.class)
            .register("throwing", Throwing.class)
            .build();

    private static Map<String, @Nullable Object> of(@Nullable Object value) {
        Map<String, @Nullable Object> map = new LinkedHashMap<>();
        map.put("v", value);
        return map;
    }

    private static String json(JsonPayloadCodec codec, @Nullable Object value) {
        return new String(codec.encode(of(value), NONE), StandardCharsets.UTF_8);
    }

    private static @Nullable Object read(String json) {
        return CODEC.decode(json.getBytes(StandardCharsets.UTF_8)).get("v");
    }

    private static void assertRefused(Runnable call, String... words) {
        assertThatThrownBy(call::run)
                .isInstanceOf(PayloadException.class)
                .satisfies(refused -> assertThat(List.of(words))
                        .allSatisfy(word -> assertThat(refused).hasMessageContaining(word)))
                .hasMessageNotContaining(SECRET)
                .hasNoCause();
    }

    // --- what is read is what was written

    private static List<@Nullable Object> values() {
        Map<String, @Nullable Object> odd = new HashMap<>();
        odd.put("$type", "long");
        odd.put("value", 1L);
        odd.put("", null);
        return Arrays.asList(
                null,
                true,
                0L,
                Long.MIN_VALUE,
                7,
                Integer.MIN_VALUE,
                1.0,
                -0.0,
                1e300,
                Double.MIN_VALUE,
                Double.NaN,
                Double.NEGATIVE_INFINITY,
                new BigDecimal("1.10"),
                new BigDecimal("1E+2000000000"),
                new BigInteger("123456789012345678901234567890"),
                Instant.parse("2026-11-20T12:00:00.123456789Z"),
                Instant.MAX,
                Duration.ofNanos(-1),
                new UUID(1, -2),
                "",
                "\u0000 \" \\ \n é 漢 😀",
                "cut \ud83d",
                "\ude00\ud83d wrong way",
                List.of(),
                Arrays.asList(1, 1L, null, List.of("a")),
                Set.of(),
                Set.of(1, 1L, "1", 1.0),
                Map.of(),
                Map.of("int", 1, "map", Map.of("\u0000 \" 😀", "x")),
                odd,
                Map.of("$type", odd),
                new Digest("a", 1, Map.of("b", -0.0, "a", 2.0), new Digest("cut \ud83d", 0, Map.of(), null)),
                new Money(new BigDecimal("1.10"), 1L << 60, Instant.MIN, Mood.BAD),
                Mood.BAD,
                Mood.GOOD);
    }

    @Test
    void decode_ofAllThatIsKnown_equalsWhatWasWritten() {
        for (Object value : values()) {
            assertThat(read(json(CODEC, value)))
                    .as(json(CODEC, value))
                    .isEqualTo(value)
                    .satisfies(same -> assertThat(Types.typeOf(same == null ? "" : same))
                            .matches(type -> value == null
                                    || value instanceof List
                                    || value instanceof Set
                                    || value instanceof Map
                                    || type == Types.typeOf(value)));
        }
        assertThat((byte[]) read(json(CODEC, new byte[] {1, -1, 0}))).containsExactly(1, -1, 0);
    }

    @Test
    void decode_ofAMapThatHasTheKeyOfTypes_isThatMap() {
        Map<String, Object> payload = Map.of("$type", "digest", "value", 1L);

        assertThat(CODEC.decode(CODEC.encode(payload, NONE))).isEqualTo(payload);
    }

    /** Lists and maps and what is in them, drawn at random. */
    @Test
    void decode_ofRandomTrees_equalsWhatWasWritten() {
        long seed = System.nanoTime();
        Random random = new Random(seed);
        List<@Nullable Object> leaves = values();
        for (int round = 0; round < 2_000; round++) {
            Map<String, @Nullable Object> tree = of(tree(random, leaves, 4));
            byte[] bytes = CODEC.encode(tree, NONE);
            assertThat(CODEC.decode(bytes)).as("seed " + seed).isEqualTo(tree);
            assertThat(CODEC.encode(CODEC.decode(bytes), NONE)).isEqualTo(bytes);
        }
    }

    private static @Nullable Object tree(Random random, List<@Nullable Object> leaves, int depth) {
        int kind = depth == 0 ? 0 : random.nextInt(4);
        int size = depth == 0 ? 0 : random.nextInt(4);
        List<@Nullable Object> items = new ArrayList<>();
        Map<String, @Nullable Object> map = new HashMap<>();
        for (int at = 0; at < size; at++) {
            Object item = tree(random, leaves, depth - 1);
            items.add(item);
            map.put(random.nextInt(5) == 0 ? "$type" : "k" + random.nextInt(9), item);
        }
        return switch (kind) {
            case 1 -> items;
            case 2 -> map;
            case 3 -> new java.util.HashSet<>(items);
            default -> leaves.get(random.nextInt(leaves.size()));
        };
    }

    @Test
    void encode_ofTheSameInAnotherOrder_theSameBytes() {
        Map<String, Object> one = new LinkedHashMap<>();
        one.put("b", 1L);
        one.put("a", new Digest("t", 2, Map.of("x", 1.0), null));
        one.put("set", Set.of("q", "p"));

        assertThat(json(CODEC, one)).isEqualTo("""
                        {"v":{"a":{"$type":"digest","value":{"lines":2,"parent":null,"title":"t","weights":{"x":1.0}}},\
                        "b":1,"set":{"$type":"set","value":["p","q"]}}}""");
    }

    // --- types

    @Test
    void encode_unknownType_saysWhichAndHowToRegisterIt() {
        assertRefused(
                () -> PLAIN.encode(of(List.of(new Digest("t", 1, Map.of(), null))), NONE),
                "JsonPayloadCodecTest$Digest",
                "register(\"name\"");
        assertRefused(() -> PLAIN.encode(of(Mood.BAD), NONE), "JsonPayloadCodecTest$Mood;");
        assertRefused(() -> PLAIN.encode(of(new Object()), NONE), "java.lang.Object");
        assertRefused(() -> PLAIN.encode(of(Map.of(1, 2)), NONE), "strings for keys", "java.lang.Integer");
        assertRefused(() -> PLAIN.encode(of(Map.of("cut \ud83d", 2)), NONE), "half a character");
    }

    @Test
    void decode_unknownName_saysWhichAndWhichThereAre() {
        assertRefused(
                () -> read("{\"v\":{\"$type\":\"java.lang.Runtime\",\"value\":{}}}"), "java.lang.Runtime", "mood");
    }

    @Test
    void classNames_inTheData_areNeverLookedUp() {
        assertRefused(() -> CODEC.encode(of(new Open(new Digest("t", 1, Map.of(), null))), NONE), "Open");
        assertRefused(
                () -> read("{\"v\":{\"$type\":\"open\",\"value\":{\"any\":{\"@class\":\"java.util.HashMap\"}}}}"),
                "Open");
    }

    @Test
    void register_whatIsTakenOrHasNoValues_isRefused() {
        JsonPayloadCodec.Builder builder = JsonPayloadCodec.builder().register("digest", Digest.class);

        assertThatIllegalArgumentException().isThrownBy(() -> builder.register("digest", Money.class));
        assertThatIllegalArgumentException().isThrownBy(() -> builder.register("other", Digest.class));
        assertThatIllegalArgumentException().isThrownBy(() -> builder.register("int", Money.class));
        assertThatIllegalArgumentException().isThrownBy(() -> builder.register("", Money.class));
        assertThatIllegalArgumentException().isThrownBy(() -> builder.register("a b", Money.class));
        assertThatIllegalArgumentException().isThrownBy(() -> builder.register("text", String.class));
        assertThatIllegalArgumentException().isThrownBy(() -> builder.register("list", ArrayList.class));
        assertThatIllegalArgumentException().isThrownBy(() -> builder.register("any", Object.class));
        assertThatIllegalArgumentException().isThrownBy(() -> builder.register("run", Runnable.class));
        assertThatIllegalArgumentException().isThrownBy(() -> builder.register("number", Number.class));
    }

    @Test
    void build_registeringLater_changesNothingInTheCodec() {
        JsonPayloadCodec.Builder builder = JsonPayloadCodec.builder();
        JsonPayloadCodec codec = builder.build();
        builder.register("mood", Mood.class);

        assertThat(codec).hasToString("JsonPayloadCodec[]");
        assertThat(builder.build()).hasToString("JsonPayloadCodec[mood]");
        assertRefused(() -> codec.encode(of(Mood.BAD), NONE), "Mood");
    }

    @Test
    void encode_typeThatThrows_isNamedWithoutItsText() {
        assertRefused(() -> CODEC.encode(of(new Throwing()), NONE), "Throwing");
    }

    // --- the redactor

    @Test
    void redactor_anyStringValue_isRedacted() {
        UUID id = new UUID(1, 2);
        Map<String, Object> payload = new HashMap<>();
        payload.put("text", "a " + SECRET);
        payload.put("list", List.of(SECRET));
        payload.put("set", Set.of(SECRET));
        payload.put("typed", new Digest(SECRET, 1, Map.of(), new Digest(SECRET + SECRET, 1, Map.of(), null)));
        payload.put("$type", id);
        byte[] bytes = CODEC.encode(payload, text -> text.replace(SECRET, "***").replace(id.toString(), "id"));

        assertThat(new String(bytes, StandardCharsets.UTF_8))
                .doesNotContain(SECRET)
                .doesNotContain(id.toString());
        assertThat(CODEC.decode(bytes))
                .containsEntry("text", "a ***")
                .containsEntry("list", List.of("***"))
                .containsEntry("set", Set.of("***"))
                .containsEntry("$type", "id")
                .containsEntry("typed", new Digest("***", 1, Map.of(), new Digest("******", 1, Map.of(), null)));
    }

    @Test
    void redactor_keysAndNames_areLeftAlone() {
        List<String> seen = new ArrayList<>();
        CODEC.encode(Map.of("key", new Digest("title", 1, Map.of("inner", 1.0), null), "n", 1), text -> {
            seen.add(text);
            return text;
        });

        assertThat(seen).containsExactly("title");
    }

    @Test
    void redactor_throwingOrReturningNull_nothingIsWritten() {
        for (Object value : List.of(SECRET, List.of(SECRET), new Digest(SECRET, 1, Map.of(), null))) {
            assertRefused(
                    () -> CODEC.encode(of(value), text -> {
                        throw new IllegalStateException(text);
                    }),
                    "redactor",
                    "IllegalStateException");
            assertRefused(
                    () -> CODEC.encode(of(value), text -> {
                        throw new StackOverflowError(text);
                    }),
                    "redactor",
                    "StackOverflowError");
            assertRefused(() -> CODEC.encode(of(value), text -> nothing()), "redactor", "null");
        }
    }

    @SuppressWarnings("NullAway") // what a redactor must not do
    private static String nothing() {
        return null;
    }

    @Test
    void redactor_makingATypeUnreadable_isAnErrorWhenWriting() {
        assertRefused(
                () -> CODEC.encode(of(new Money(BigDecimal.ONE, 1, Instant.EPOCH, Mood.GOOD)), text -> "***"),
                "cannot be read again",
                "Money");
    }

    // --- bad input, bounds

    @ParameterizedTest
    @ValueSource(
            strings = {
                "",
                "[]",
                "1",
                "null",
                "{",
                "{\"v\":",
                "{\"v\":1,}",
                "{\"v\":1}{",
                "{\"v\":1} 2",
                "{\"v\":1,\"v\":1}",
                "{\"v\":{\"a\":1,\"a\":2}}",
                "{\"v\":9223372036854775808}",
                "{\"v\":NaN}",
                "{'v':1}",
                "{\"v\":sk-canary-4711}",
                "{\"v\":{\"$type\":\"int\"}}",
                "{\"v\":{\"$type\":1,\"value\":1}}",
                "{\"v\":{\"$type\":\"int\",\"value\":1,\"more\":2}}",
                "{\"v\":{\"$type\":\"int\",\"value\":\"1\"}}",
                "{\"v\":{\"$type\":\"int\",\"value\":2147483648}}",
                "{\"v\":{\"$type\":\"decimal\",\"value\":\"sk-canary-4711\"}}",
                "{\"v\":{\"$type\":\"instant\",\"value\":\"sk-canary-4711\"}}",
                "{\"v\":{\"$type\":\"uuid\",\"value\":\"sk-canary-4711\"}}",
                "{\"v\":{\"$type\":\"bytes\",\"value\":\"sk-canary-4711\"}}",
                "{\"v\":{\"$type\":\"set\",\"value\":{}}}",
                "{\"v\":{\"$type\":\"map\",\"value\":[]}}",
                "{\"v\":{\"a\":1,\"$type\":\"int\",\"value\":1}}",
                "{\"v\":{\"$type\":\"mood\",\"value\":\"sk-canary-4711\"}}",
                "{\"v\":{\"$type\":\"mood\",\"value\":null}}",
                "{\"v\":{\"$type\":\"digest\",\"value\":{\"lines\":\"sk-canary-4711\"}}}",
                "{\"v\":{\"$type\":\"digest\",\"value\":{\"lines\":1,\"lines\":1}}}",
                "{\"$type\":\"set\",\"value\":[]}"
            })
    void decode_whatEncodeNeverWrites_isRefused(String json) {
        assertRefused(() -> read(json));
    }

    @Test
    void decode_everyPrefixAndEveryByteChanged_isReadOrRefused() {
        byte[] whole = CODEC.encode(of(Arrays.asList(values().toArray())), NONE);
        for (int cut = 0; cut < whole.length; cut++) {
            byte[] prefix = Arrays.copyOf(whole, cut);
            assertRefused(() -> CODEC.decode(prefix));
        }
        Random random = new Random(1);
        for (int at = 0; at < whole.length; at++) {
            byte[] altered = whole.clone();
            altered[at] = (byte) random.nextInt(256);
            try {
                CODEC.decode(altered);
            } catch (PayloadException refused) {
                assertThat(refused).hasNoCause();
            }
        }
    }

    private static Object nested(int depth) {
        Object value = List.of();
        for (int level = 1; level < depth; level++) {
            value = List.of(value);
        }
        return value;
    }

    @Test
    void maxDepth_lessAndEqualAndMore() {
        JsonPayloadCodec codec = JsonPayloadCodec.builder().maxDepth(10).build();

        assertThat(codec.decode(codec.encode(of(nested(8)), NONE))).isEqualTo(of(nested(8)));
        assertThat(codec.decode(codec.encode(of(nested(9)), NONE))).isEqualTo(of(nested(9)));
        assertRefused(() -> codec.encode(of(nested(10)), NONE), "at most 10 deep");
        byte[] deeper = PLAIN.encode(of(nested(10)), NONE);
        assertRefused(() -> codec.decode(deeper), "at most 10 deep");
        assertRefused(() -> read("{\"v\":" + "[".repeat(1_000_000)), "deep");
    }

    @Test
    void maxDepth_aLevelWithATypeAroundIt_isStillOne() {
        Object value = Map.of();
        for (int level = 1; level < 99; level++) {
            value = level % 2 == 0 ? Set.of(value) : Map.of("$type", value);
        }

        assertThat(CODEC.decode(CODEC.encode(of(value), NONE))).isEqualTo(of(value));
    }

    @Test
    void encode_aListThatHasItself_isRefused() {
        List<Object> self = new ArrayList<>();
        self.add(self);

        assertRefused(() -> CODEC.encode(of(self), NONE), "at most 100 deep");
    }

    @Test
    void maxBytes_lessAndEqualAndMore() {
        JsonPayloadCodec codec = JsonPayloadCodec.builder().maxBytes(100).build();
        int most = 100 - "{\"v\":\"\"}".length();

        codec.decode(codec.encode(of("x".repeat(most - 1)), NONE));
        codec.decode(codec.encode(of("x".repeat(most)), NONE));
        assertRefused(() -> codec.encode(of("x".repeat(most + 1)), NONE), "at most 100 bytes, had 101");
        byte[] more = PLAIN.encode(of("x".repeat(most + 1)), NONE);
        assertRefused(() -> codec.decode(more), "at most 100 bytes, had 101");
    }

    @Test
    void maxStringLength_lessAndEqualAndMore() {
        JsonPayloadCodec codec = JsonPayloadCodec.builder().maxStringLength(100).build();
        for (int length = 99; length <= 100; length++) {
            Map<String, @Nullable Object> key = new HashMap<>(of("x".repeat(length)));
            key.put("k".repeat(length), null);
            assertThat(codec.decode(codec.encode(key, NONE))).isEqualTo(key);
        }
        assertRefused(() -> codec.encode(of("x".repeat(101)), NONE), "at most 100 chars, had 101");
        assertRefused(() -> codec.encode(Map.of("k".repeat(101), 1L), NONE), "at most 100 chars");
        assertRefused(() -> codec.encode(of(new byte[76]), NONE), "at most 100 chars");
        assertRefused(() -> codec.decode(PLAIN.encode(of("x".repeat(100_000)), NONE)), "100");
    }

    @Test
    void maxNumberLength_lessAndEqualAndMore() {
        JsonPayloadCodec codec = JsonPayloadCodec.builder().maxNumberLength(30).build();
        for (int length = 29; length <= 30; length++) {
            BigInteger number = new BigInteger("9".repeat(length));
            assertThat(codec.decode(codec.encode(of(number), NONE))).isEqualTo(of(number));
        }
        BigInteger more = new BigInteger("9".repeat(31));
        assertRefused(() -> codec.encode(of(more), NONE), "at most 30");
        assertRefused(() -> codec.encode(of(new BigDecimal(more)), NONE), "at most 30");
        assertRefused(() -> codec.decode(PLAIN.encode(of(more), NONE)), "at most 30");
        assertRefused(() -> codec.decode(("{\"v\":" + more + "}").getBytes(StandardCharsets.UTF_8)), "30");
    }

    @Test
    void settings_outOfBounds_areRefused() {
        JsonPayloadCodec.Builder builder = JsonPayloadCodec.builder();

        assertThatIllegalArgumentException()
                .isThrownBy(() -> builder.maxBytes(1))
                .withMessageContaining("was 1");
        assertThatIllegalArgumentException()
                .isThrownBy(() -> builder.maxDepth(3))
                .withMessageContaining("was 3");
        assertThatIllegalArgumentException().isThrownBy(() -> builder.maxDepth(401));
        assertThatIllegalArgumentException().isThrownBy(() -> builder.maxStringLength(99));
        assertThatIllegalArgumentException().isThrownBy(() -> builder.maxNumberLength(29));
    }

    // --- a number that is added later

    @Test
    void add_aNumber_givesTheBytesOfAPayloadThatHadIt() {
        Random random = new Random(4711);
        String[] keys = {"", "a", "digest", "digestAfteR", "digestAfter0", "digestBefore", "zz", "$", "~", "Z", "n,m:{"
        };
        List<@Nullable Object> values = values();
        for (int round = 0; round < 5_000; round++) {
            Map<String, @Nullable Object> payload = new HashMap<>();
            for (int left = random.nextInt(5); left > 0; left--) {
                payload.put(keys[random.nextInt(keys.length)], values.get(random.nextInt(values.size())));
            }
            byte[] encoded = CODEC.encode(payload, NONE);
            long number = random.nextBoolean() ? random.nextLong() : random.nextInt(3) - 1;

            byte[] added = CODEC.add(encoded, "digestAfter", number);

            payload.put("digestAfter", number);
            if (payload.containsKey("$")) {
                assertThat(added).isNull();
            } else {
                assertThat(added).as("%s", payload.keySet()).isEqualTo(CODEC.encode(payload, NONE));
            }
        }
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "",
                "{",
                "[]",
                "{\"n\":1}",
                "{\"ä\":1}",
                "{\"a\\n\":1}",
                "{\"$type\":\"map\",\"value\":{\"$type\":null}}",
                "{ \"a\":1}",
                "{\"a}",
                "{\"a\":\"}"
            })
    void add_whereThePlaceIsNotKnown_leavesItToTheEncoder(String json) {
        assertThat(CODEC.add(json.getBytes(StandardCharsets.UTF_8), "n", 1)).isNull();
    }

    @Test
    void add_moreThanTheLimit_isRefused() {
        JsonPayloadCodec small = JsonPayloadCodec.builder().maxBytes(14).build();
        byte[] encoded = small.encode(Map.of("a", 1L), NONE);

        assertThat(small.add(encoded, "b", 23L))
                .asString(StandardCharsets.UTF_8)
                .isEqualTo("{\"a\":1,\"b\":23}");
        assertRefused(() -> small.add(encoded, "b", 234L), "at most 14 bytes", "had 15");
    }
}
