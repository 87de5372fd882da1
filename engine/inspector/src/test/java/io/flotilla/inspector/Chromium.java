package io.flotilla.inspector;

import static org.junit.jupiter.api.Assertions.fail;

import com.microsoft.playwright.Browser;
import com.microsoft.playwright.BrowserType;
import com.microsoft.playwright.Playwright;
import java.io.File;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.extension.ExtensionContext;
import org.junit.jupiter.api.extension.ParameterContext;
import org.junit.jupiter.api.extension.ParameterResolver;
import org.opentest4j.TestAbortedException;

/**
 * The Chromium that is installed, started once for all tests; nothing is downloaded. Without one the tests are skipped, but not in CI: there,
 * or with {@code FLOTILLA_BROWSER=required}, they fail. Not thread-safe, as Playwright is.
 */
final class Chromium implements ParameterResolver {

    private static final ExtensionContext.Namespace NAMESPACE = ExtensionContext.Namespace.create(Chromium.class);

    private static final List<String> ARGUMENTS = List.of(
            "--no-sandbox",
            "--disable-gpu",
            "--disable-quic",
            "--no-first-run",
            "--disable-background-networking",
            "--disable-component-update",
            "--disable-sync");

    static @Nullable Path installed(String path) {
        return Stream.of(path.split(File.pathSeparator, -1))
                .flatMap(folder -> Stream.of("chromium", "chromium-browser", "google-chrome")
                        .map(name -> Path.of(folder, name)))
                .filter(Files::isExecutable)
                .findFirst()
                .orElse(null);
    }

    static boolean isRequired(Map<String, String> environment) {
        return environment.containsKey("CI") || "required".equals(environment.get("FLOTILLA_BROWSER"));
    }

    /** Closed by JUnit when all tests are over. */
    private record Started(Playwright playwright, Browser browser) implements AutoCloseable {

        static Started of(Path executable) {
            Map<String, String> environment = new HashMap<>(System.getenv());
            environment.put("PLAYWRIGHT_SKIP_BROWSER_DOWNLOAD", "1");
            Playwright playwright = Playwright.create(new Playwright.CreateOptions().setEnv(environment));
            Browser browser = playwright
                    .chromium()
                    .launch(new BrowserType.LaunchOptions()
                            .setExecutablePath(executable)
                            .setArgs(ARGUMENTS));
            return new Started(playwright, browser);
        }

        @Override
        public void close() {
            browser.close();
            playwright.close();
        }
    }

    @Override
    public boolean supportsParameter(ParameterContext parameter, ExtensionContext context) {
        return parameter.getParameter().getType() == Browser.class;
    }

    @Override
    public Browser resolveParameter(ParameterContext parameter, ExtensionContext context) {
        return context.getRoot()
                .getStore(NAMESPACE)
                .getOrComputeIfAbsent(
                        "started",
                        any -> Started.of(found(System.getenv().getOrDefault("PATH", ""), System.getenv())),
                        Started.class)
                .browser();
    }

    /** Aborts the test that asks where there is none, or fails it where there must be one. */
    static Path found(String path, Map<String, String> environment) {
        Path executable = installed(path);
        if (executable == null) {
            String message = "no Chromium is installed (chromium, chromium-browser or google-chrome on the path):"
                    + " the inspector's page is not looked at";
            if (isRequired(environment)) {
                fail(message + ", which CI must do; on Debian: apt-get install chromium");
            }
            throw new TestAbortedException(message);
        }
        return executable;
    }
}
