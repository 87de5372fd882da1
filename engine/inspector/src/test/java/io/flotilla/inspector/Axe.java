package io.flotilla.inspector;

import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Map;
import java.util.Objects;

/** What axe-core finds on a page, or in a part of it. */
final class Axe {

    private static final String FILE = "/META-INF/resources/webjars/axe-core/4.6.3/axe.min.js";
    private static final String CODE = code();

    static final String PAGE = "html";
    static final String PANEL = ".panel";

    private static final String RUN = """
            ([part, options]) => axe.run(part, { resultTypes: ['violations'], ...options }).then(({ violations }) => violations
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

    /** What it calls moderate, serious or critical in a part of the page. */
    static List<String> faults(Look look, String part) {
        return faults(look, part, Map.of());
    }

    /** Only what it says of contrast: in the dark nothing but colours is another. */
    static List<String> contrasts(Look look, String part) {
        return faults(look, part, Map.of("runOnly", List.of("color-contrast")));
    }

    @SuppressWarnings("unchecked")
    private static List<String> faults(Look look, String part, Map<String, ?> options) {
        look.page.evaluate("code => window.axe || (0, eval)(code)", CODE);
        return (List<String>) look.page.evaluate(RUN, List.of(part, options));
    }
}
