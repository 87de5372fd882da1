package io.flotilla.tck;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.platform.engine.discovery.DiscoverySelectors.selectClass;

import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicContainer;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;
import org.junit.jupiter.api.Timeout;
import org.junit.platform.engine.TestExecutionResult;
import org.junit.platform.engine.support.descriptor.MethodSource;
import org.junit.platform.launcher.Launcher;
import org.junit.platform.launcher.TestExecutionListener;
import org.junit.platform.launcher.TestIdentifier;
import org.junit.platform.launcher.core.LauncherConfig;
import org.junit.platform.launcher.core.LauncherDiscoveryRequestBuilder;
import org.junit.platform.launcher.core.LauncherFactory;
import org.junit.support.testng.engine.TestNGTestEngine;
import org.opentest4j.TestAbortedException;

/**
 * The Reactive Streams TCK over the publisher of a mailbox, one test a rule.
 *
 * <p>Rules of the TCK skip themselves where they do not apply, which looks like success. So each skip is on the list
 * {@code tck-skips.txt} with its reason; one that is not, or that does not happen any more, fails.
 */
@Timeout(300)
class TckTest {

    private static final List<Class<?>> VERIFICATIONS = List.of(MailboxVerification.class);

    /** How one rule came out: passed without a cause and a skip. */
    private record Outcome(Throwable failure, String skip) {}

    @TestFactory
    Stream<DynamicContainer> rules() throws IOException {
        Map<String, String> allowed = skips();
        List<DynamicContainer> all = new ArrayList<>();
        for (Class<?> verification : VERIFICATIONS) {
            Map<String, Outcome> outcomes = verify(verification);
            List<DynamicTest> tests = new ArrayList<>();
            tests.add(DynamicTest.dynamicTest("ran", () -> assertThat(outcomes).hasSizeGreaterThan(30)));
            outcomes.forEach((rule, outcome) -> tests.add(DynamicTest.dynamicTest(
                    rule, () -> check(outcome, allowed.get(verification.getSimpleName() + " " + rule)))));
            all.add(DynamicContainer.dynamicContainer(verification.getSimpleName(), tests));
        }
        return all.stream();
    }

    private static void check(Outcome outcome, String reason) throws Throwable {
        if (outcome.failure() != null) {
            throw outcome.failure();
        }
        if (outcome.skip() != null) {
            assertThat(reason)
                    .as("not on the list of skips: %s", outcome.skip())
                    .isNotBlank();
            throw new TestAbortedException(reason);
        }
        assertThat(reason).as("on the list of skips, but it runs").isNull();
    }

    @Test
    void skips_ofTheList_areOfRulesThatExist() throws IOException {
        for (String skip : skips().keySet()) {
            String[] classAndRule = skip.split(" ", 2);
            Class<?> verification = VERIFICATIONS.stream()
                    .filter(known -> known.getSimpleName().equals(classAndRule[0]))
                    .findAny()
                    .orElseThrow(() -> new AssertionError("no such verification: " + skip));
            assertThat(Stream.of(verification.getMethods()).map(java.lang.reflect.Method::getName))
                    .contains(classAndRule[1]);
        }
    }

    /** {@code Verification rule: reason}, one a line. */
    private static Map<String, String> skips() throws IOException {
        Map<String, String> skips = new TreeMap<>();
        try (InputStream list = TckTest.class.getResourceAsStream("/tck-skips.txt")) {
            new String(list.readAllBytes(), StandardCharsets.UTF_8)
                    .lines()
                    .filter(line -> !line.isBlank() && !line.startsWith("#"))
                    .forEach(line -> {
                        String[] parts = line.split(":", 2);
                        assertThat(parts).as(line).hasSize(2);
                        assertThat(skips.put(parts[0].strip(), parts[1].strip()))
                                .as("twice: %s", line)
                                .isNull();
                    });
        }
        return skips;
    }

    private static Map<String, Outcome> verify(Class<?> verification) {
        Map<String, Outcome> outcomes = new TreeMap<>();
        Launcher launcher = LauncherFactory.create(LauncherConfig.builder()
                .enableTestEngineAutoRegistration(false)
                .enableTestExecutionListenerAutoRegistration(false)
                .enableLauncherSessionListenerAutoRegistration(false)
                .enableLauncherDiscoveryListenerAutoRegistration(false)
                .enablePostDiscoveryFilterAutoRegistration(false)
                .addTestEngines(new TestNGTestEngine())
                .build());
        launcher.execute(
                LauncherDiscoveryRequestBuilder.request()
                        .selectors(selectClass(verification))
                        .build(),
                new TestExecutionListener() {
                    @Override
                    public void executionFinished(TestIdentifier identifier, TestExecutionResult result) {
                        String rule = ruleOf(identifier);
                        Throwable thrown = result.getThrowable().orElse(null);
                        switch (result.getStatus()) {
                            case SUCCESSFUL -> note(rule, new Outcome(null, null), identifier.isTest());
                            case ABORTED -> note(rule, new Outcome(null, String.valueOf(thrown)), identifier.isTest());
                            case FAILED -> note(rule, new Outcome(thrown, null), true);
                        }
                    }

                    @Override
                    public void executionSkipped(TestIdentifier identifier, String reason) {
                        note(ruleOf(identifier), new Outcome(null, reason), true);
                    }

                    private void note(String rule, Outcome outcome, boolean counts) {
                        if (counts) {
                            outcomes.put(rule, outcome);
                        }
                    }
                });
        return outcomes;
    }

    private static String ruleOf(TestIdentifier identifier) {
        return identifier
                .getSource()
                .filter(MethodSource.class::isInstance)
                .map(source -> ((MethodSource) source).getMethodName())
                .orElse(identifier.getDisplayName());
    }
}
