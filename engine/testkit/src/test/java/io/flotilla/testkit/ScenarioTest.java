package io.flotilla.testkit;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.flotilla.run.Join;
import io.flotilla.run.Limits;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** What is read, and what is refused. */
class ScenarioTest {

    private static final String LEAST = "'topology':['start -> A'],'task':'q','agents':{}";

    private static Scenario parse(String fields) {
        return Scenario.parse("file", "{" + fields.replace('\'', '"') + "}");
    }

    @Test
    void parse_ofTheLeast_hasAllDefaults() {
        Scenario scenario = parse(LEAST);
        assertThat(scenario.name()).isEqualTo("file");
        assertThat(scenario).hasToString("file");
        assertThat(scenario.about()).isEmpty();
        assertThat(scenario.join).isEqualTo(Join.all());
        assertThat(scenario.joinAt).isEmpty();
        assertThat(scenario.limits).isEqualTo(Limits.none());
        assertThat(scenario.expected).isEqualTo(Expected.NOTHING);
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            quoteCharacter = '"',
            value = {
                "{} | all()",
                "{'require':'all'} | all()",
                "{'require':'allSettled','within':'PT0.5S'} | allSettled().within(PT0.5S)",
                "{'require':'firstSuccess','stragglers':'keep'} | firstSuccess().keepStragglers()",
                "{'require':'firstSuccess','stragglers':'cancel'} | firstSuccess()",
                "{'require':'ratio:0.5','shortfall':'proceed'} | ratio(0.5).orProceed()",
                "{'require':'atLeast:2','shortfall':'fail'} | atLeast(2)",
                "{'within':'PT1M'} | all().within(PT1M)"
            })
    void parse_ofAJoin_isThatJoin(String json, String join) {
        assertThat(parse(LEAST + ",'join':" + json).join).hasToString(join);
        assertThat(parse(LEAST + ",'joinAt':{'end':" + json + "}").joinAt.get("end"))
                .hasToString(join);
    }

    @Test
    void parse_ofLimits_hasAllOfThem() {
        assertThat(parse(LEAST + ",'limits':{'steps':5,'time':'PT3S','branches':4,'depth':2}").limits)
                .hasToString(Limits.steps(5)
                        .time(Duration.ofSeconds(3))
                        .branches(4)
                        .depth(2)
                        .toString());
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            quoteCharacter = '"',
            value = {
                "'topology':['start -> A'],'task':'q' | agents: is missing",
                "'topology':['start -> A'],'agents':{} | task: is missing",
                "'task':'q','agents':{} | topology: is missing",
                "'topology':['start -> A'],'task':null,'agents':{} | task: must not be null",
                "'topology':'start -> A','task':'q','agents':{} | topology: must be a list",
                "'topology':['start -> A',1],'task':'q','agents':{} | topology[1]: must be a string",
                "'topology':['start -> A'],'task':'q','agents':[] | agents: must be an object"
            })
    void parse_ofAnIncompleteScenario_saysWhatIsWrong(String fields, String problem) {
        assertThatThrownBy(() -> parse(fields))
                .isInstanceOf(InvalidScenarioException.class)
                .hasMessageContaining(problem);
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            quoteCharacter = '"',
            value = {
                "'extra':1 | extra: there is no such key",
                "'name':1 | name: must be a string",
                "'about':1 | about: must be a string",
                "'join':{'needs':'all'} | join.needs: there is no such key",
                "'join':'all' | join: must be an object",
                "'join':{'require':'most'} | join.require: must be all, allSettled, firstSuccess",
                "'join':{'require':'ratio:x'} | join.require: must have a number",
                "'join':{'require':'ratio:1.5'} | join.require: ratio must be >= 0 and <= 1",
                "'join':{'require':'atLeast:0'} | join.require: atLeast must be >= 1",
                "'join':{'require':'atLeast:1.5'} | join.require: must have a number",
                "'join':{'within':5} | join.within: must be a string",
                "'join':{'within':'5 s'} | join.within: must be an ISO duration",
                "'join':{'within':'PT0S'} | join.within: within must be",
                "'join':{'shortfall':'ask'} | join.shortfall: must be fail or proceed",
                "'join':{'stragglers':'save'} | join.stragglers: must be cancel or keep",
                "'joinAt':{'B':{'with':1}} | joinAt.B.with: there is no such key",
                "'limits':{'tokens':1} | limits.tokens: there is no such key",
                "'limits':{'steps':0} | limits.steps: steps must be >= 1",
                "'limits':{'steps':'5'} | limits.steps: must be a whole number",
                "'limits':{'steps':1.5} | limits.steps: must be a whole number",
                "'limits':{'time':5} | limits.time: must be a string",
                "'expect':{'states':1} | expect.states: there is no such key",
                "'expect':{'state':1} | expect.state: must be an object",
                "'mergeState':{'k':'max'} | mergeState.k: must be one of [append, sum]",
                "'expect':{'status':'DONE'} | expect.status: must be SUCCEEDED, FAILED or CANCELLED",
                "'expect':{'answers':'a'} | expect.answers: must be a list",
                "'expect':{'failure':{'why':1}} | expect.failure.why: there is no such key",
                "'expect':{'failure':{'kind':'Bad'}} | expect.failure.kind: must be one of",
                "'expect':{'failure':{'mentions':'x'}} | expect.failure.mentions: must be a list",
                "'expect':{'steps':'5'} | expect.steps: must be a whole number",
                "'expect':{'took':5} | expect.took: must be a string",
                "'expect':{'branches':{'lost':1}} | expect.branches.lost: there is no such key",
                "'expect':{'branches':{'movedOn':1,'moved_on':1}} | expect.branches: movedOn is given twice",
                "'expect':{'joined':{'A':[['B']]}} | expect.joined.A[0]: must be [agent, outcome]",
                "'expect':{'joined':{'A':[['B',{'lost':1}]]}} | expect.joined.A[0][1].lost: there is no such key",
                "'expect':{'joined':{'A':[['B',{}]]}} | expect.joined.A[0][1]: an outcome is either",
                "'expect':{'arrivals':{'A':'x'}} | expect.arrivals.A: must be a list",
                "'expect':{'corrections':{'A':'1'}} | expect.corrections.A: must be a whole number"
            })
    void parse_ofWhatIsNotKnownOrOfTheWrongType_saysWhere(String field, String problem) {
        assertThatThrownBy(() -> parse(LEAST + "," + field))
                .isInstanceOf(InvalidScenarioException.class)
                .hasMessageContaining(problem);
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            quoteCharacter = '"',
            value = {
                "'x' | agents.A: must be a list of turns or an object",
                "{'turns':[]} | agents.A.turns: there is no such key",
                "[{}] | agents.A[0]: a turn is one of",
                "[{'after':'PT1S'}] | agents.A[0]: a turn is one of",
                "[{'answer':1,'fail':'x'}] | agents.A[0]: a turn is one of",
                "[{'answers':1}] | agents.A[0].answers: there is no such key",
                "[{'answer':1,'after':'1s'}] | agents.A[0].after: must be an ISO duration",
                "[{'answer':1,'after':'PT-1S'}] | agents.A[0].after: delay must be >= 0",
                "[{'handOff':'B'}] | agents.A[0].handOff: must be [agent, request]",
                "[{'handOff':[1,2]}] | agents.A[0].handOff[0]: must be a string",
                "[{'fanOut':[['B',null],['C']]}] | agents.A[0].fanOut[1]: must be [agent, request]",
                "[{'fanOutMany':['B','5']}] | agents.A[0].fanOutMany[1]: must be a whole number",
                "[{'fanOutMany':['B',-1]}] | agents.A[0].fanOutMany: count must be >= 0",
                "[{'fail':null}] | agents.A[0].fail: must be a string",
                "[{'throw':1}] | agents.A[0].throw: must be a string",
                "[{'hang':false}] | agents.A[0].hang: must be true",
                "[{'ask':1}] | agents.A[0].ask: must be a string",
                "[{'answer':1,'put':{'k':null}}] | agents.A[0].put: the state has no nulls",
                "[{'answer':1,'merge':{' ':1}}] | agents.A[0].merge: key must not be blank",
                "[{'answer':1,'remove':1}] | agents.A[0].remove: must be a list",
                "[{'put':{'k':1}}] | agents.A[0]: a turn is one of",
                "{'perBranch':{}} | agents.A.perBranch: must be a list",
                "{'otherwise':[]} | agents.A.otherwise: must be an object",
                "{'failEvery':[0,'x']} | agents.A.failEvery[0]: must be >= 1",
                "{'failEvery':3} | agents.A.failEvery: must be [n, reason]"
            })
    void parse_ofABadScript_saysWhere(String script, String problem) {
        assertThatThrownBy(() -> parse("'topology':['start -> A'],'task':'q','agents':{'A':" + script + "}"))
                .isInstanceOf(InvalidScenarioException.class)
                .hasMessageContaining(problem);
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            quoteCharacter = '"',
            value = {
                "{ | is no JSON",
                "{} {} | is no JSON",
                "\"\" | must be an object",
                "[] | the scenario: must be an object",
                "{'task':1,'task':2} | is no JSON"
            })
    void parse_ofNoJson_isRefused(String text, String problem) {
        assertThatThrownBy(() -> Scenario.parse("file", text.replace('\'', '"')))
                .isInstanceOf(InvalidScenarioException.class)
                .hasMessageContaining(problem);
    }

    @Test
    void read_ofAFileWithoutAName_isCalledAsTheFile(@TempDir Path folder) throws Exception {
        Path file = Files.writeString(folder.resolve("mine.json"), "\uFEFF{" + LEAST.replace('\'', '"') + "}");
        assertThat(Scenario.read(file).name()).isEqualTo("mine");
    }
}
