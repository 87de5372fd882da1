package io.flotilla.run;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.Base64;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * The page of one run, with style, script and data in one text. It asks for nothing from elsewhere, and its content security policy
 * allows no other script or style than its own.
 */
final class ReportPage {

    /** In the order in which they build on each other. */
    private static final List<String> SCRIPTS = List.of(
            "run-model.js",
            "run-layout.js",
            "run-graph.js",
            "run-timeline.js",
            "run-table.js",
            "run-tabs.js",
            "run-report.js");

    private static final String SHOW =
            "RunReport.show(document.getElementById('run'),JSON.parse(document.getElementById('data').textContent));";

    private ReportPage() {}

    /** HTML with the run, its topology, its events and its result. */
    static String of(String title, Map<String, @Nullable Object> data) {
        String style = resource("run-report.css");
        String code = SCRIPTS.stream().map(ReportPage::resource).collect(Collectors.joining()) + SHOW;
        return "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
                + "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; img-src data:; style-src '"
                + hash(style) + "'; script-src '" + hash(code) + "'; base-uri 'none'; form-action 'none'\">\n"
                + "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n"
                + "<title>" + escaped(title) + "</title>\n"
                + "<link rel=\"icon\" href=\"data:,\">\n"
                + "<style>" + style + "</style>\n</head>\n<body>\n<main id=\"run\"></main>\n"
                + "<noscript>This page draws the run with a script, which your browser does not run.</noscript>\n"
                + "<script type=\"application/json\" id=\"data\">" + JsonText.of(data) + "</script>\n"
                + "<script>" + code + "</script>\n</body>\n</html>\n";
    }

    private static String resource(String name) {
        try (InputStream stream = Objects.requireNonNull(ReportPage.class.getResourceAsStream(name), name)) {
            return new String(stream.readAllBytes(), StandardCharsets.UTF_8);
        } catch (IOException unreadable) {
            throw new UncheckedIOException("cannot read " + name, unreadable);
        }
    }

    private static String escaped(String text) {
        return text.replace("&", "&amp;").replace("<", "&lt;");
    }

    private static String hash(String text) {
        try {
            byte[] digest = MessageDigest.getInstance("SHA-256").digest(text.getBytes(StandardCharsets.UTF_8));
            return "sha256-" + Base64.getEncoder().encodeToString(digest);
        } catch (NoSuchAlgorithmException none) {
            throw new IllegalStateException("every JDK has SHA-256", none);
        }
    }
}
