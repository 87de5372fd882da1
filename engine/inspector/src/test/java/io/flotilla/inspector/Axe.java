package io.flotilla.inspector;

import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Map;
import java.util.Objects;

/** What axe-core finds on a page. */
final class Axe {

    private static final String FILE = "/META-INF/resources/webjars/axe-core/4.6.3/axe.min.js";
    private static final String CODE = code();

    private static final String RUN = """
            options => axe.run(document, { resultTypes: ['violations'], ...options }).then(({ violations }) => violations
              .filter(fault => ['serious', 'critical', 'moderate'].includes(fault.impact))
              .flatMap(fault => fault.nodes.map(node => fault.id + ' ' + fault.impact + ': ' + node.target.join(' ') + ' ' + (node.any[0]?.message ?? node.all[0]?.message ?? ''))))""";

    private Axe() {}

    private static String code() {
        try (InputStream stream = Objects.requireNonNull(Axe.class.getResourceAsStream(FILE), FILE)) {
            return new String(stream.readAllBytes(), StandardCharsets.UTF_8);
        } catch (IOException unreadable) {
            throw new IllegalStateException(unreadable);
        }
    }

    /** What it calls moderate, serious or critical. */
    static List<String> faults(Look look) {
        return faults(look, Map.of());
    }

    /** Only what it says of contrast: in the dark nothing but colours is another. */
    static List<String> contrasts(Look look) {
        return faults(look, Map.of("runOnly", List.of("color-contrast")));
    }

    @SuppressWarnings("unchecked")
    private static List<String> faults(Look look, Map<String, ?> options) {
        look.page.evaluate("code => window.axe || (0, eval)(code)", CODE);
        return (List<String>) look.page.evaluate(RUN, options);
    }
}
