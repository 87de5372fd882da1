package io.flotilla.samples.patterns;

import static org.assertj.core.api.Assertions.assertThat;

import io.flotilla.run.JoinShortfallException;
import io.flotilla.run.RunEvent;
import io.flotilla.run.RunResult;
import io.flotilla.samples.shell.Captured;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Each pattern does what it is known for. */
@Timeout(60)
class PatternsTest {

    private static final long SEED = 42;

    @TempDir
    private Path home;

    static List<String> names() {
        return Patterns.all().stream().map(Pattern::name).toList();
    }

    private static Pattern pattern(String name) {
        return Patterns.all().stream()
                .filter(pattern -> pattern.name().equals(name))
                .findAny()
                .orElseThrow();
    }

    /** Plays one of a pattern's tasks, by its number. */
    private static Patterns.Played play(String name, int task) {
        return Patterns.play(pattern(name), pattern(name).tasks().get(task), SEED);
    }

    // --- the sample

    @Test
    void run_withoutAName_listsAndRunsAllOnOneScreen() {
        Captured run = Captured.run(new Patterns(), home, Map.of());

        assertThat(run.code()).isZero();
        assertThat(run.err()).isEmpty();
        assertThat(names())
                .hasSize(15)
                .doesNotHaveDuplicates()
                .allSatisfy(name -> assertThat(run.out()).contains("  " + name + " "));
        assertThat(run.out().lines().count()).as("one screen").isLessThanOrEqualTo(24);
        assertThat(Captured.run(new Patterns(), home, Map.of()).out()).isEqualTo(run.out());
        assertThat(Captured.run(new Patterns(), home, Map.of("seed", "7")).out())
                .as("the seed decides what the script leaves open")
                .isNotEqualTo(run.out());
    }

    @ParameterizedTest
    @MethodSource("names")
    void run_named_showsTopologyStepsAndOutcome(String name) {
        Captured run = Captured.run(new Patterns(), home, Map.of("pattern", name));

        assertThat(run.code()).isZero();
        assertThat(run.out()).startsWith(name + ": ").contains("  start -> ").contains("Model asked: ");
        assertThat(run.out().lines().filter(line -> line.startsWith("Outcome: ")))
                .hasSameSizeAs(pattern(name).tasks());
        assertThat(run.out().lines().count()).as("one screen").isLessThanOrEqualTo(40);
    }

    @Test
    void run_unknownName_oneLineThatListsTheNames() {
        Captured run = Captured.run(new Patterns(), home, Map.of("pattern", "magic"));

        assertThat(run.code()).isEqualTo(2);
        assertThat(run.err().lines()).hasSize(1);
        assertThat(run.err()).contains("prompt-chaining, routing, ").contains("was \"magic\"");
    }

    // --- Anthropic

    @Test
    void promptChaining_thinOutline_isSentBackOnceAndThenWorkedOnStepByStep() {
        Patterns.Played played = play("prompt-chaining", 0);
        assertThat(played.steps()).containsExactly("Outline", "Gate", "Outline", "Gate", "Draft", "Translate");
        assertThat(played.calls()).containsExactly("outline", "outline", "draft", "translate");
    }

    @Test
    void routing_eachRequest_asksOneSpecialistOnly() {
        assertThat(play("routing", 0).calls()).containsExactly("classifier", "Refunds");
        assertThat(play("routing", 1).calls()).containsExactly("classifier", "Technical");
    }

    @Test
    void sectioning_oneTask_hasEachPartOnceInTheOrderOfTheFork() {
        assertThat(play("parallelization-sectioning", 0).outcome())
                .matches("security \\d/10; style \\d/10; speed \\d/10");
    }

    @Test
    void voting_aVoterThatBreaksDown_hasNoVoteAndTheOthersDecide() {
        Patterns.Played played = play("parallelization-voting", 0);
        assertThat(played.result().branches().failed()).isEqualTo(1);
        assertThat(played.outcome()).matches("(yes|no), by \\d of 4 votes, 1 not cast");
    }

    @Test
    void orchestratorWorkers_aTask_hasAsManyWorkersAsTheModelPlans() {
        Patterns.Played played = play("orchestrator-workers", 0);
        assertThat(played.calls()).containsExactly("plan", "worker", "worker", "worker", "synthesize");
        Patterns.Played longer = Patterns.play(pattern("orchestrator-workers"), "a; b; c; d; e", SEED);
        assertThat(longer.outcome()).isEqualTo("a done, b done, c done, d done, e done");
    }

    @Test
    void evaluatorOptimizer_aDraft_goesRoundUntilItIsGoodEnough() {
        assertThat(play("evaluator-optimizer", 0).steps())
                .containsExactly("Optimizer", "Evaluator", "Optimizer", "Evaluator", "Optimizer", "Evaluator");
    }

    @Test
    void autonomousAgent_aQuestion_picksToolsByWhatItHasSeen() {
        Patterns.Played played = play("autonomous-agent", 0);
        assertThat(played.steps()).containsSubsequence("Agent", "Search", "Agent", "Calculator", "Agent");
        assertThat(played.outcome()).isEqualTo("60 sailors");
    }

    // --- OpenAI

    @Test
    void deterministicFlow_theCheck_decidesWhetherTheWriterIsAsked() {
        assertThat(play("deterministic-flow", 0).steps()).containsExactly("Outliner", "Check", "Writer");
        assertThat(play("deterministic-flow", 1).steps()).containsExactly("Outliner", "Check");
    }

    @Test
    void handoffs_whoHasTheConversation_answersOrHandsItOn() {
        assertThat(play("handoffs", 0).steps()).containsExactly("Triage", "French");
        assertThat(play("handoffs", 1).steps()).containsExactly("Triage", "French", "Triage", "Spanish");
    }

    @Test
    void agentsAsTools_theirAnswers_comeBackToTheOneWhoAsked() {
        assertThat(play("agents-as-tools", 0).steps()).containsExactly("Desk", "ToFrench", "ToGerman", "Desk");
    }

    @Test
    void llmAsAJudge_aDraft_isRevisedUntilItPasses() {
        Patterns.Played played = play("llm-as-a-judge", 0);
        assertThat(played.calls()).containsExactly("judge", "writer", "judge");
        assertThat(played.outcome()).isEqualTo("the tide turns at dawn: pass");
    }

    @Test
    void llmAsAJudge_aDraftThatNeverPasses_endsAfterThreeRounds() {
        Patterns.Played played = Patterns.play(pattern("llm-as-a-judge"), "", SEED);
        assertThat(played.calls()).filteredOn("judge"::equals).hasSize(3);
        assertThat(played.outcome()).endsWith(": needs more colour");
    }

    @Test
    void parallelization_threeAttempts_theBestIsPicked() {
        Patterns.Played played = play("parallelization", 0);
        assertThat(played.calls()).containsExactly("translator", "translator", "translator", "picker");
    }

    @Test
    void inputGuardrail_tripped_cancelsTheExpertAndFailsTheRun() {
        Patterns.Played played = play("input-guardrail", 1);
        assertThat(played.result().status()).isEqualTo(RunResult.Status.FAILED);
        assertThat(played.result().failure()).isInstanceOf(JoinShortfallException.class);
        assertThat(played.events())
                .filteredOn(RunEvent.BranchCancelled.class::isInstance)
                .anySatisfy(event ->
                        assertThat(((RunEvent.BranchCancelled) event).agent()).isEqualTo("Expert"));
        assertThat(played.calls()).as("the expensive model").doesNotContain("expert");
    }

    @Test
    void inputGuardrail_notTripped_letsTheExpertAnswer() {
        assertThat(play("input-guardrail", 0).outcome()).isEqualTo("steer by the stars");
    }

    @Test
    void outputGuardrail_aLeak_isSentBackOnceAndThenFails() {
        Patterns.Played mended = play("output-guardrail", 0);
        assertThat(mended.steps()).containsExactly("Clerk", "Guard", "Clerk", "Guard");
        assertThat(mended.outcome()).isEqualTo("ask at the office");
        assertThat(play("output-guardrail", 1).result().isSucceeded()).isFalse();
    }

    @Test
    void humanInTheLoop_whatCannotBeUndone_needsAYes() {
        assertThat(play("human-in-the-loop", 0).events()).noneMatch(RunEvent.QuestionAsked.class::isInstance);
        assertThat(play("human-in-the-loop", 1).outcome()).isEqualTo("done: pay 20 coins");
        assertThat(play("human-in-the-loop", 2).outcome()).isEqualTo("left as it is");
    }
}
