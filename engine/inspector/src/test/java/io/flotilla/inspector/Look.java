package io.flotilla.inspector;

import static org.assertj.core.api.Assertions.assertThat;

import com.microsoft.playwright.Browser;
import com.microsoft.playwright.BrowserContext;
import com.microsoft.playwright.Locator;
import com.microsoft.playwright.Page;
import com.microsoft.playwright.TimeoutError;
import com.microsoft.playwright.options.AriaRole;
import com.microsoft.playwright.options.ColorScheme;
import com.microsoft.playwright.options.ReducedMotion;
import java.net.URI;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * A window that looks at an inspector. When it is closed, it fails the test if the page has said an error, has broken its content security
 * policy, or has asked another host for anything. Not thread-safe.
 */
final class Look implements AutoCloseable {

    static final int PATIENCE_MILLIS = 15_000;

    private final BrowserContext context;
    private final URI address;
    private final List<String> faults = new ArrayList<>();
    private final List<String> ignored = new ArrayList<>();
    final Page page;

    private Look(BrowserContext context, URI address) {
        this.context = context;
        this.address = address;
        this.page = context.newPage();
        page.setDefaultTimeout(PATIENCE_MILLIS);
        page.onConsoleMessage(said -> {
            if (said.type().equals("error") || said.type().equals("warning")) {
                faults.add("console: " + said.text());
            }
        });
        page.onPageError(error -> faults.add("script: " + error));
        page.onDialog(dialog -> {
            faults.add("a script of somebody else: " + dialog.message());
            dialog.dismiss();
        });
        page.onRequest(request -> {
            if (!Objects.equals(address.getHost(), URI.create(request.url()).getHost())
                    && !request.url().startsWith("data:")) {
                faults.add("asks elsewhere: " + request.url());
            }
        });
    }

    /** An inspector to look at. */
    static Inspector start(Inspector.Builder builder) {
        return Objects.requireNonNull(builder.start().block(Client.PATIENCE));
    }

    /** On a laptop, in light colours, without moving pictures. */
    static Look at(Browser browser, Inspector inspector, @Nullable String token) {
        return at(browser, inspector, token, laptop());
    }

    /** Where there is a token, the tab knows it already. */
    static Look at(Browser browser, Inspector inspector, @Nullable String token, Browser.NewContextOptions options) {
        BrowserContext context = browser.newContext(options);
        if (token != null) {
            context.addInitScript("sessionStorage.setItem('flotilla-token', '" + token + "')");
        }
        return new Look(context, inspector.address());
    }

    /** At a file, from which nothing else may be asked. */
    static Look at(Browser browser, Path file, Browser.NewContextOptions options) {
        Look look = new Look(browser.newContext(options), file.toUri());
        look.page.navigate(look.address.toString());
        return look;
    }

    static Browser.NewContextOptions laptop() {
        return new Browser.NewContextOptions()
                .setViewportSize(1440, 900)
                .setColorScheme(ColorScheme.LIGHT)
                .setReducedMotion(ReducedMotion.REDUCE)
                .setLocale("en-GB");
    }

    static Browser.NewContextOptions phone() {
        return laptop().setViewportSize(390, 844).setHasTouch(true).setIsMobile(true);
    }

    /** Requests that fail are expected: the server is stopped meanwhile, or refuses. */
    Look expectingOutages() {
        return ignoring("Failed to load resource");
    }

    /** What is said on the console with these words is no fault. */
    Look ignoring(String words) {
        ignored.add(words);
        return this;
    }

    Look in(ColorScheme scheme) {
        page.emulateMedia(new Page.EmulateMediaOptions().setColorScheme(scheme));
        return this;
    }

    /** Opens a page of the inspector, as in {@code runs/ID}. */
    Look open(String hash) {
        page.navigate(address + "#/" + hash);
        return this;
    }

    /** Waits for a text. */
    Look reads(String text) {
        waiting(() -> page.getByText(text).first().waitFor());
        return this;
    }

    /** What is not there in time fails with what is there instead. */
    private void waiting(Runnable action) {
        try {
            action.run();
        } catch (TimeoutError late) {
            throw new AssertionError(
                    late.getMessage() + "\n" + page.url() + "\n"
                            + page.locator("body").innerText() + "\n" + faults,
                    late);
        }
    }

    Locator button(String name) {
        return page.getByRole(
                AriaRole.BUTTON, new Page.GetByRoleOptions().setName(name).setExact(true));
    }

    Locator tab(String name) {
        return page.getByRole(AriaRole.TAB, new Page.GetByRoleOptions().setName(Pattern.compile("^" + name)));
    }

    /** What stands in the list of a run's numbers. */
    String number(String name) {
        return String.valueOf(page.evaluate(
                "name => [...document.querySelectorAll('.facts > div')].find(each => each.firstChild.textContent === name)?.lastChild.textContent",
                name));
    }

    /** Waits until a script says true. */
    void until(String script) {
        waiting(() ->
                page.waitForFunction(script, null, new Page.WaitForFunctionOptions().setTimeout(PATIENCE_MILLIS)));
    }

    /** Moves the slider so that so many events are behind it. */
    void travel(int events) {
        page.locator(".time input")
                .evaluate("(slider, to) => { slider.value = to; slider.dispatchEvent(new Event('input')); }", events);
        until("() => document.querySelector('.time output').textContent.startsWith('" + String.format("%,d", events)
                + " of')");
    }

    List<String> faults() {
        return faults.stream()
                .filter(fault -> ignored.stream().noneMatch(fault::contains))
                .toList();
    }

    @Override
    public void close() {
        try {
            assertThat(faults()).as("what went wrong on %s", page.url()).isEmpty();
        } finally {
            context.close();
        }
    }
}
