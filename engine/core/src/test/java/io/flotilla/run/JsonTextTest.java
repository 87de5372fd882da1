package io.flotilla.run;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.Arrays;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

class JsonTextTest {

    @Test
    void of_nestedValues_areJson() {
        Map<String, @Nullable Object> map = new LinkedHashMap<>();
        map.put("1", null);
        map.put("two", Arrays.asList("a", null, true, 1.5));

        assertThat(JsonText.of(map)).isEqualTo("{\"1\":null,\"two\":[\"a\",null,true,1.5]}");
    }

    @Test
    void of_markupAndHalvesOfCharacters_areEscaped() {
        assertThat(JsonText.of("</script>&\u2028\u2029\"\\\n\r\t\u0001"))
                .isEqualTo("\"\\u003c/script\\u003e\\u0026\\u2028\\u2029\\\"\\\\\\n\\r\\t\\u0001\"");
        assertThat(JsonText.of("a\ud83d\ude00b")).isEqualTo("\"a\ud83d\ude00b\"");
        assertThat(JsonText.of("\ud83d")).isEqualTo("\"\\ud83d\"");
        assertThat(JsonText.of("\ude00x")).isEqualTo("\"\\ude00x\"");
        assertThat(JsonText.of(Collections.emptyMap())).isEqualTo("{}");
        assertThat(JsonText.of(List.of())).isEqualTo("[]");
    }

    @Test
    void of_noJsonValue_isRefused() {
        assertThatThrownBy(() -> JsonText.of(new Object()))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("no JSON value");
    }
}
