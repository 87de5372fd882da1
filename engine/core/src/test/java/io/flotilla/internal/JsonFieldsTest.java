package io.flotilla.internal;

import static org.assertj.core.api.Assertions.assertThat;

import java.math.BigDecimal;
import java.math.BigInteger;
import java.util.AbstractList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

class JsonFieldsTest {

    private record Point(int x, int y) {}

    @Test
    void valueOf_whatJsonHas_staysAsItIs() {
        Map<Object, @Nullable Object> map = new LinkedHashMap<>();
        map.put(1, null);
        map.put("two", Arrays.asList("a", null, true));

        assertThat(JsonFields.valueOf(null)).isNull();
        assertThat(JsonFields.valueOf("text")).isEqualTo("text");
        for (Number number : List.of(1, 2L, 1.5, new BigDecimal("1.10"), BigInteger.TEN, (byte) 3)) {
            assertThat(JsonFields.valueOf(number)).isSameAs(number);
        }
        assertThat(JsonFields.valueOf(map)).hasToString("{1=null, two=[a, null, true]}");
    }

    @Test
    void valueOf_whatJsonHasNot_isText() {
        assertThat(JsonFields.valueOf(Double.NaN)).isEqualTo("NaN");
        assertThat(JsonFields.valueOf(Float.NEGATIVE_INFINITY)).isEqualTo("-Infinity");
        assertThat(JsonFields.valueOf(new Point(1, 2))).isEqualTo("Point[x=1, y=2]");
        assertThat(JsonFields.valueOf('c')).isEqualTo("c");
        assertThat(JsonFields.valueOf(new AtomicInteger(4))).isEqualTo("4"); // it changes, and JSON does not
    }

    @Test
    void valueOf_toStringThrowsOrIsLong_saysSo() {
        Object throwing = new Object() {
            @Override
            public String toString() {
                throw new StackOverflowError();
            }
        };
        List<Object> broken = new AbstractList<>() {
            @Override
            public Object get(int index) {
                throw new IllegalStateException();
            }

            @Override
            public int size() {
                return 1;
            }
        };

        assertThat(JsonFields.valueOf(throwing)).asString().endsWith(" (which cannot be read)");
        assertThat(JsonFields.valueOf(broken)).asString().endsWith(" (which cannot be read)");
        assertThat(JsonFields.valueOf("x".repeat(JsonFields.MAX_TEXT_LENGTH)))
                .asString()
                .hasSize(16_384);
        assertThat(JsonFields.valueOf("x".repeat(16_383) + "\ud83d\ude00y"))
                .asString()
                .endsWith("xx... (16386 characters)");
    }

    @Test
    void valueOf_containsItself_endsAtTheDeepest() {
        List<Object> itself = new java.util.ArrayList<>();
        itself.add(itself);

        String text = String.valueOf(JsonFields.valueOf(itself));

        assertThat(text).startsWith("[[[").contains("(nested too deep)");
        assertThat(text.chars().filter(unit -> unit == '[').count()).isEqualTo(JsonFields.MAX_DEPTH);
    }
}
