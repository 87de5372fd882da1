package io.flotilla.testkit;

import java.math.BigDecimal;
import java.util.ArrayList;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** Values as JSON knows them: 1, 1L and 1.0 are the same number, and there is one kind of list. */
final class Values {

    private Values() {}

    /** What is no JSON is the string it prints as. */
    static @Nullable Object plain(@Nullable Object value) {
        if (value == null || value instanceof String || value instanceof Boolean) {
            return value;
        }
        if (value instanceof Number number) {
            return plain(number);
        }
        if (value instanceof Collection<?> collection) {
            return plain(collection);
        }
        if (value instanceof Map<?, ?> map) {
            Map<String, @Nullable Object> plain = new LinkedHashMap<>();
            map.forEach((key, element) -> plain.put(String.valueOf(key), plain(element)));
            return plain;
        }
        return value.toString();
    }

    static List<@Nullable Object> plain(Collection<?> values) {
        List<@Nullable Object> plain = new ArrayList<>(values.size());
        values.forEach(value -> plain.add(plain(value)));
        return plain;
    }

    private static Object plain(Number number) {
        try {
            BigDecimal decimal = new BigDecimal(number.toString()).stripTrailingZeros();
            return decimal.scale() < 0 ? decimal.setScale(0) : decimal;
        } catch (NumberFormatException notANumber) {
            return number.toString();
        }
    }
}
