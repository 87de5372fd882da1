package io.flotilla.testkit;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import reactor.core.scheduler.Schedulers;
import reactor.test.scheduler.VirtualTimeScheduler;

/** That it finds what is wrong, ends whatever happens, and says so. */
@Timeout(60)
class ScenarioRunnerTest {

    private static final String RUN = """
            'topology':['start -> A','A -> B1, B2','B1 -> C','B2 -> C','B2 -> A','C -> end'],'task':'q',
            'agents':{'A':[{'handOff':['end',1]},{'fanOut':[['B1',null],['B2',null]]},{'answer':7}],
              'B1':[{'after':'PT1S','handOff':['C','x']}],'B2':[{'after':'PT2S','fail':'no'}],
              'C':[{'answer':[1,null]}]},
            'join':{'require':'allSettled'}""";

    private static final String FAILING = """
            'topology':['start -> A','A <-> B'],'task':'q',
            'agents':{'A':[{'fanOut':[['B',null]]}],'B':[{'throw':'boom'}]}""";

    private static ScenarioReport run(String fields) {
        return new ScenarioRunner().run(scenario(fields));
    }

    private static Scenario scenario(String fields) {
        return Scenario.parse("test", "{" + fields.replace('\'', '"') + "}");
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            quoteCharacter = '"',
            value = {
                "'status':'SUCCEEDED' | 'status':'FAILED' | status: expected FAILED, was SUCCEEDED",
                "'answers':[7.0] | 'answers':['7'] | answers: expected ['7'], was [7]",
                "'answers':[7] | 'answers':[7,7] | answers: expected [7,7], was [7]",
                "'answersAnyOrder':[7] | 'answersAnyOrder':[8] | answersAnyOrder: expected [8], was [7]",
                "'steps':6 | 'steps':5 | steps: expected 5, was 6",
                "'took':'PT2S' | 'took':'PT1.999999999S' | took: expected PT1.999999999S, was PT2S",
                "'branches':{'answered':2} | 'branches':{'answered':1} | branches.answered: expected 1, was 2",
                "'branches':{'failed':1} | 'branches':{'failed':0} | branches.failed: expected 0, was 1",
                "'branches':{'movedOn':1} | 'branches':{'moved on':2} | branches.movedOn: expected 2, was 1",
                "'branches':{'cancelled':0} | 'branches':{'cancelled':1} | branches.cancelled: expected 1, was 0",
                "'corrections':{'A':1} | 'corrections':{'A':0} | corrections.A: expected 0, was 1",
                "'corrections':{'B1':0} | 'corrections':{'X':0} | corrections.X: there is no such agent in the topology",
                "'arrivals':{'C':['x']} | 'arrivals':{'C':['y']} | arrivals.C: expected ['y'], was ['x']",
                "'arrivals':{'C':['x']} | 'arrivals':{'A':[]} | arrivals.A: expected [], was never",
                "'joined':{'A':[['B2',{'failed':'no'}],['C',[1,null]]]} | 'joined':{'A':[['B2',{'failed':'n'}],['C',[1,null]]]} | joined.A: expected [['B2',{'failed':'n'}],['C',[1,null]]], was [['B2',{'failed':'no'}],['C',[1,null]]]",
                "'joined':{'A':[['B2',{'failed':'no'}],['C',[1,null]]]} | 'joined':{'A':[['C',[1,null]],['B2',{'failed':'no'}]]} | joined.A: expected",
                "'joined':{'A':[['B2',{'failed':'no'}],['C',[1,null]]]} | 'joined':{'A':[['B2',{'failed':'no'}]]} | joined.A: expected",
                "'joined':{'A':[['B2',{'failed':'no'}],['C',[1,null]]]} | 'joined':{'A':[['B2',{'timedOut':'PT2S'}],['C',[1,null]]]} | joined.A: expected [['B2',{'timedOut':'PT2S'}]",
                "'joined':{'A':[['B2',{'failed':'no'}],['C',[1,null]]]} | 'joined':{'A':[['B2','no'],['C',[1,null]]]} | joined.A: expected [['B2','no']",
                "'joined':{'A':[['B2',{'failed':'no'}],['C',[1,null]]]} | 'joined':{'A':[['B1',{'failed':'no'}],['C',[1,null]]]} | joined.A: expected [['B1'",
                "'steps':6 | 'joined':{'C':[]} | joined.C: expected [], was never resumed",
                "'steps':6 | 'failure':{'kind':'StepFailed'} | failure: expected StepFailed, was none"
            })
    void run_withOneWrongExpectation_saysWhatItWas(String right, String wrong, String difference) {
        assertThat(run(RUN + ",'expect':{" + right + "}").differences()).isEmpty();
        ScenarioReport report = run(RUN + ",'expect':{" + wrong + "}");
        assertThat(report.passed()).isFalse();
        assertThat(report.differences()).singleElement().asString().startsWith(difference.replace('\'', '"'));
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            quoteCharacter = '"',
            value = {
                "'kind':'JoinShortfall' | 'kind':'StepFailed' | failure.kind: expected StepFailed, was JoinShortfall (join all()",
                "'mentions':['B','boom'] | 'mentions':['B','bang'] | failure.mentions: expected 'bang', was ['join all()"
            })
    void run_thatFailsOtherwiseThanExpected_saysHow(String right, String wrong, String difference) {
        assertThat(run(FAILING + ",'expect':{'failure':{" + right + "}}").differences())
                .isEmpty();
        assertThat(run(FAILING + ",'expect':{'failure':{" + wrong + "}}").differences())
                .singleElement()
                .asString()
                .startsWith(difference.replace('\'', '"'));
    }

    @Test
    void run_withManyWrongExpectations_findsThemAll() {
        assertThat(run(FAILING + ",'expect':{'status':'SUCCEEDED','steps':1,'took':'PT1S'}")
                        .differences())
                .hasSize(3);
    }

    @Test
    void run_ofAnInvalidTopology_isADifferenceAFault() {
        assertThat(run("'topology':['A -> start','X'],'task':'q','agents':{}").differences())
                .hasSizeGreaterThan(1)
                .allSatisfy(difference -> assertThat(difference).startsWith("topology: "));
    }

    @Test
    void run_ofAgentsAndJoinsThatAreNotInTheTopology_isADifferenceEach() {
        assertThat(run("'topology':['start -> A'],'task':'q','agents':{'A':[],'X':[]},'joinAt':{'Y':{}}")
                        .differences())
                .hasSize(2)
                .allSatisfy(difference -> assertThat(difference).startsWith("workflow: "))
                .anySatisfy(difference -> assertThat(difference).contains("X"))
                .anySatisfy(difference -> assertThat(difference).contains("Y"));
    }

    // --- the end

    @Test
    void run_withNothingLeftToHappen_didNotEnd() {
        String hang = "'topology':['start -> A','A -> user'],'task':'q','agents':{'A':[{'ask':'well?'}]}";
        assertThat(run(hang).differences()).singleElement().asString().startsWith("did not end");
        assertThat(run(hang + ",'expect':{'status':'CANCELLED','failure':{'kind':'Cancelled'}}")
                        .differences())
                .isEmpty();
    }

    @ParameterizedTest
    @CsvSource({"PT1S", "PT0S"})
    void run_thatGoesOnForEver_isStopped(String delay) {
        Scenario endless =
                scenario("'topology':['start -> A'],'task':'q','agents':{'A':{'otherwise':{'repeat':1,'after':'" + delay
                        + "'}}}");
        ScenarioReport report =
                new ScenarioRunner().realTimeLimit(Duration.ofMillis(300)).run(endless);
        assertThat(report.differences()).containsExactly("did not end within PT0.3S of real time");
        assertThat(Thread.getAllStackTraces().keySet())
                .noneMatch(thread -> thread.getName().equals("flotilla-scenario"));
    }

    @Test
    void run_whateverHappens_leavesRealTimeBehind() {
        var before = Schedulers.parallel();
        run(RUN);
        run("'topology':['X'],'task':'q','agents':{}");
        assertThat(VirtualTimeScheduler.isFactoryEnabled()).isFalse();
        assertThat(Schedulers.parallel()).isSameAs(before);
    }

    @Test
    void run_ofOneScenarioTwice_isTheSame() {
        Scenario scenario = scenario(RUN + ",'expect':{'steps':6}");
        assertThat(new ScenarioRunner().run(scenario).passed()).isTrue();
        assertThat(new ScenarioRunner().run(scenario).passed()).isTrue();
    }

    @Test
    void realTimeLimit_belowItsBound_isRefused() {
        ScenarioRunner runner = new ScenarioRunner();
        assertThat(runner.realTimeLimit(Duration.ofMillis(1))).isNotNull();
        assertThatThrownBy(() -> runner.realTimeLimit(Duration.ofNanos(999_999)))
                .isInstanceOf(IllegalArgumentException.class);
    }

    // --- reports

    @Test
    void report_asJson_isALineOfAscii() {
        assertThat(ScenarioReport.of("ü", List.of("a \"b\"\nc")).toJson())
                .isEqualTo("{\"name\":\"\\u00FC\",\"passed\":false,\"differences\":[\"a \\\"b\\\"\\nc\"]}");
    }

    @Test
    void orThrow_withDifferences_throwsThemAll() {
        ScenarioReport.of("fine", List.of()).orThrow();
        assertThatThrownBy(() -> ScenarioReport.of("bad", List.of("x", "y")).orThrow())
                .isInstanceOf(AssertionError.class)
                .hasMessageContaining("bad")
                .hasMessageContaining("x")
                .hasMessageContaining("y");
        assertThatThrownBy(() -> new ScenarioReport("bad", true, List.of("x")))
                .isInstanceOf(IllegalArgumentException.class);
    }

    // --- the command line

    private final ByteArrayOutputStream out = new ByteArrayOutputStream();
    private final ByteArrayOutputStream err = new ByteArrayOutputStream();

    private int main(Object... args) {
        String[] strings = List.of(args).stream().map(String::valueOf).toArray(String[]::new);
        return ScenarioRunner.run(
                strings,
                new PrintStream(out, true, StandardCharsets.UTF_8),
                new PrintStream(err, true, StandardCharsets.UTF_8));
    }

    private List<String> lines() {
        return out.toString(StandardCharsets.UTF_8).lines().toList();
    }

    private static Path write(Path folder, String name, String fields) throws IOException {
        return Files.writeString(folder.resolve(name), "{" + fields.replace('\'', '"') + "}");
    }

    @Test
    void main_ofAFolder_printsALineAFileSortedByName(@TempDir Path folder) throws IOException {
        write(folder, "b.json", RUN);
        write(folder, "a.json", RUN + ",'name':'first'");
        Files.writeString(folder.resolve("README.md"), "# no scenario");
        assertThat(main(folder)).isZero();
        assertThat(lines())
                .containsExactly(
                        "{\"name\":\"first\",\"passed\":true,\"differences\":[]}",
                        "{\"name\":\"b\",\"passed\":true,\"differences\":[]}");
        assertThat(err.size()).isZero();
    }

    @Test
    void main_withOneThatFails_printsAllAndIsOne(@TempDir Path folder) throws IOException {
        write(folder, "a.json", RUN + ",'expect':{'steps':1}");
        write(folder, "b.json", RUN);
        assertThat(main(folder)).isEqualTo(1);
        assertThat(lines()).hasSize(2);
        assertThat(lines().get(0))
                .isEqualTo("{\"name\":\"a\",\"passed\":false,\"differences\":[\"steps: expected 1, was 6\"]}");
    }

    @Test
    void main_ofFilesThatCannotBeRead_printsALineEachAndIsOne(@TempDir Path folder) throws IOException {
        Path unknown = write(folder, "unknown.json", RUN + ",'extra':1");
        assertThat(main(unknown, folder.resolve("missing.json"))).isEqualTo(1);
        assertThat(lines()).hasSize(2);
        assertThat(lines().get(0))
                .startsWith("{\"name\":\"unknown\",\"passed\":false,\"differences\":[\"cannot be read: extra");
        assertThat(lines().get(1)).startsWith("{\"name\":\"missing\",\"passed\":false,");
    }

    @Test
    void main_ofSeveralFilesInOneArgument_takesItApart(@TempDir Path folder) throws IOException {
        Path a = write(folder, "a.json", RUN);
        Path b = write(folder, "b.json", RUN);
        assertThat(main(a + "," + b + "  " + a)).isZero();
        assertThat(lines()).hasSize(3);
    }

    @Test
    void main_ofAPathWithSpaces_isThatPath(@TempDir Path folder) throws IOException {
        Path inside = Files.createDirectory(folder.resolve("my own, scenarios"));
        write(inside, "a.json", RUN);
        assertThat(main(inside)).isZero();
        assertThat(lines()).hasSize(1);
    }

    @Test
    void main_ofNothing_isOneAndSaysSoOnTheStandardError(@TempDir Path folder) {
        assertThat(main()).isEqualTo(1);
        assertThat(main(folder)).isEqualTo(1);
        assertThat(main(" , ")).isEqualTo(1);
        assertThat(out.size()).isZero();
        assertThat(err.toString(StandardCharsets.UTF_8)).contains("there is no scenario in " + folder, "no scenarios");
    }

    @Test
    void scenarios_ofAnEmptyFolder_isRefused(@TempDir Path folder) {
        assertThatThrownBy(() -> ScenarioRunner.scenarios(folder)).isInstanceOf(IllegalArgumentException.class);
    }
}
