package fleet.test;

import static org.junit.platform.engine.discovery.DiscoverySelectors.selectMethod;

import io.flotilla.journal.Journal;
import io.flotilla.testkit.JournalContract;
import io.flotilla.testkit.Scenario;
import io.flotilla.testkit.ScenarioRunner;
import java.nio.file.Path;
import org.junit.platform.launcher.core.LauncherDiscoveryRequestBuilder;
import org.junit.platform.launcher.core.LauncherFactory;
import org.junit.platform.launcher.listeners.SummaryGeneratingListener;

/** Runs the scenario it is given, and a test of the contract of journals. */
public final class Main {

    static final class InMemoryTest extends JournalContract {
        @Override
        protected Journal open() {
            return Journal.inMemory();
        }
    }

    private Main() {}

    /**
     * Runs both.
     *
     * @param args the file of the scenario, and the name of the test
     */
    public static void main(String[] args) {
        Scenario scenario = ScenarioRunner.scenarios(Path.of(args[0])).findFirst().orElseThrow();
        new ScenarioRunner().run(scenario).orThrow();
        System.out.println("passed " + scenario.name());

        SummaryGeneratingListener summary = new SummaryGeneratingListener();
        LauncherFactory.create()
                .execute(
                        LauncherDiscoveryRequestBuilder.request()
                                .selectors(selectMethod(InMemoryTest.class, args[1]))
                                .build(),
                        summary);
        summary.getSummary().getFailures().forEach(failure -> System.out.println(failure.getException()));
        System.out.println("succeeded " + summary.getSummary().getTestsSucceededCount());
    }
}
