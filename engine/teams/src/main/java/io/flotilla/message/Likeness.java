package io.flotilla.message;

import java.util.Map;
import java.util.Objects;
import java.util.function.BiPredicate;

/** When what is sent in a replay is what was recorded. The predicates are users'; one that throws finds no two the same. */
record Likeness(
        BiPredicate<Object, Object> payloads,
        BiPredicate<? super Map<String, String>, ? super Map<String, String>> headers) {

    static final Likeness EQUAL = new Likeness(Objects::deepEquals, Map::equals);

    Likeness withPayloads(BiPredicate<Object, Object> other) {
        return new Likeness(other, headers);
    }

    Likeness withHeaders(BiPredicate<? super Map<String, String>, ? super Map<String, String>> other) {
        return new Likeness(payloads, other);
    }

    boolean ofPayloads(Object recorded, Object found) {
        return test(payloads, recorded, found);
    }

    boolean ofHeaders(Map<String, String> recorded, Map<String, String> found) {
        return test(headers, recorded, found);
    }

    private static <T> boolean test(BiPredicate<? super T, ? super T> same, T recorded, T found) {
        try {
            return same.test(recorded, found);
        } catch (Throwable thrown) { // an assertion, maybe
            return false;
        }
    }
}
