package io.flotilla.run;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.assertThatNullPointerException;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;

/** What an agent is told, and what it says: typed access, text, and what it refuses. */
class TurnTest {

    private static final BranchPath PATH = BranchPath.outsideForks(0);

    private static Outcome answered(Object value) {
        return new Outcome.Answered("A", PATH, value);
    }

    @Test
    void detached_isARequestFromStart() {
        Turn turn = Turn.detached("in", "B", "end");

        assertThat(turn.reason()).isEqualTo(Turn.Reason.REQUESTED);
        assertThat(turn.sender()).isEqualTo("start");
        assertThat(turn.successors()).containsExactly("B", "end");
        assertThat(turn.input(String.class)).isEqualTo("in");
        assertThat(turn.outcomes()).isEmpty();
        assertThat(turn.arrivals()).isEmpty();
        assertThat(turn.answer()).isNull();
        assertThat(turn.correction()).isNull();
        assertThat(turn).hasToString("Turn[REQUESTED sender=start input=in]");
        assertThatNullPointerException().isThrownBy(() -> Turn.detached("in", (String) null));
    }

    // --- a turn of every reason, made by hand

    private static final List<String> SUCCESSORS = List.of("B", "end");

    /** A turn has what its reason brings, and nothing else. */
    private static void assertTurn(
            Turn turn,
            Turn.Reason reason,
            Object input,
            String sender,
            List<Outcome> outcomes,
            List<Arrival> arrivals) {
        assertThat(turn.reason()).isEqualTo(reason);
        assertThat(turn.input()).isEqualTo(input);
        assertThat(turn.sender()).isEqualTo(sender);
        assertThat(turn.outcomes()).isEqualTo(outcomes);
        assertThat(turn.arrivals()).isEqualTo(arrivals);
        assertThat(turn.successors()).isEqualTo(SUCCESSORS);
        assertThat(turn.correction()).isNull();
    }

    @Test
    void requested_hasInputAndSender() {
        Turn turn = Turn.requested("in", "A", SUCCESSORS);

        assertTurn(turn, Turn.Reason.REQUESTED, "in", "A", List.of(), List.of());
        assertThat(turn.joinUnmet()).isFalse();
        assertThat(turn.answer()).isNull();
        assertThat(turn).hasToString("Turn[REQUESTED sender=A input=in]");
    }

    @Test
    void requested_ofNull_isRefusedButForTheInput() {
        assertThat(Turn.requested(null, "A", SUCCESSORS).input()).isNull();
        assertThatNullPointerException()
                .isThrownBy(() -> Turn.requested("in", null, SUCCESSORS))
                .withMessage("sender");
        assertThatNullPointerException().isThrownBy(() -> Turn.requested("in", "A", null));
        assertThatNullPointerException().isThrownBy(() -> Turn.requested("in", "A", Arrays.asList("B", null)));
    }

    @Test
    void joined_hasOutcomesOfAJoinThatWasMet() {
        List<Outcome> outcomes =
                new ArrayList<>(List.of(answered("a"), new Outcome.Failed("B", PATH, new NoAnswerException())));
        List<Outcome> expected = List.copyOf(outcomes);
        Turn turn = Turn.joined("in", outcomes, SUCCESSORS);
        outcomes.clear();

        assertTurn(turn, Turn.Reason.JOINED, "in", "start", expected, List.of());
        assertThat(turn.joinUnmet()).isFalse();
        assertThat(turn.answer()).isNull();
        assertThatNullPointerException().isThrownBy(() -> Turn.joined("in", null, SUCCESSORS));
        assertThatNullPointerException().isThrownBy(() -> Turn.joined("in", Arrays.asList((Outcome) null), SUCCESSORS));
        assertThatNullPointerException().isThrownBy(() -> Turn.joined("in", expected, null));
    }

    @Test
    void joined_ofAJoinThatWasNot_comesOfTheTurnBefore() {
        Turn turn = Turn.requested("in", "A", SUCCESSORS).thenJoined(List.of(answered("a")), true);

        assertTurn(turn, Turn.Reason.JOINED, "in", "A", List.of(answered("a")), List.of());
        assertThat(turn.joinUnmet()).isTrue();
        assertThat(turn.toString()).contains(" joinUnmet");
    }

    @Test
    void answered_hasTheAnswer() {
        Turn turn = Turn.answered("in", "yes", SUCCESSORS);

        assertTurn(turn, Turn.Reason.ANSWERED, "in", "start", List.of(), List.of());
        assertThat(turn.answer()).isEqualTo("yes");
        assertThat(turn.joinUnmet()).isFalse();
        assertThat(Turn.answered(null, null, SUCCESSORS).answer()).isNull();
        assertThatNullPointerException().isThrownBy(() -> Turn.answered("in", "yes", null));
    }

    @Test
    void arrived_hasTheArrivalsAndTheirValuesAsInput() {
        List<Arrival> arrivals = new ArrayList<>(List.of(new Arrival("A", PATH, "a"), new Arrival("C", PATH, null)));
        List<Arrival> expected = List.copyOf(arrivals);
        Turn turn = Turn.arrived(arrivals, SUCCESSORS, false);
        arrivals.clear();

        assertTurn(turn, Turn.Reason.ARRIVED, Arrays.asList("a", null), "A", List.of(), expected);
        assertThat(turn.joinUnmet()).isFalse();
        assertThat(Turn.arrived(expected, SUCCESSORS, true).joinUnmet()).isTrue();
        assertThat(turn.answer()).isNull();
    }

    @Test
    void arrived_ofNobodyOrNull_isRefused() {
        List<Arrival> one = List.of(new Arrival("A", PATH, "a"));

        assertThatExceptionOfType(IllegalArgumentException.class)
                .isThrownBy(() -> Turn.arrived(List.of(), SUCCESSORS, false))
                .withMessage("arrivals must not be empty");
        assertThatNullPointerException().isThrownBy(() -> Turn.arrived(null, SUCCESSORS, false));
        assertThatNullPointerException()
                .isThrownBy(() -> Turn.arrived(Arrays.asList((Arrival) null), SUCCESSORS, false));
        assertThatNullPointerException().isThrownBy(() -> Turn.arrived(one, null, false));
    }

    @Test
    void corrected_isTheSameTurnWithTheCorrection() {
        Turn turn = Turn.requested("in", "A", SUCCESSORS).thenJoined(List.of(answered("a")), true);
        Correction correction = new Correction("no such agent", Decision.handOff("X", 1), SUCCESSORS, 1);
        Turn again = turn.thenCorrected(correction);

        assertThat(again.correction()).isEqualTo(correction);
        assertThat(again.reason()).isEqualTo(Turn.Reason.JOINED);
        assertThat(again.outcomes()).isEqualTo(turn.outcomes());
        assertThat(again.joinUnmet()).isTrue();
        assertThat(again.thenAnswered("yes").correction()).isNull();
        assertThatNullPointerException().isThrownBy(() -> turn.thenCorrected(null));
    }

    // --- typed access

    @Test
    void input_ofAnotherType_isAClassCastExceptionThatNamesBoth() {
        assertThatExceptionOfType(ClassCastException.class)
                .isThrownBy(() -> Turn.detached(5).input(String.class))
                .withMessage("input is a java.lang.Integer, not a java.lang.String");
        assertThat(Turn.detached(null).input(String.class)).isNull();
        assertThat(Turn.detached(5).input(Number.class)).isEqualTo(5);
        assertThatNullPointerException()
                .isThrownBy(() -> Turn.detached(5).input(null))
                .withMessage("type");
    }

    @Test
    void answer_ofAnotherType_isAClassCastExceptionThatNamesBoth() {
        Turn turn = Turn.detached("in").thenAnswered(5);

        assertThat(turn.answer(Integer.class)).isEqualTo(5);
        assertThat(turn.answer(Object.class)).isEqualTo(5);
        assertThatExceptionOfType(ClassCastException.class)
                .isThrownBy(() -> turn.answer(String.class))
                .withMessage("answer is a java.lang.Integer, not a java.lang.String");
        assertThat(Turn.detached("in").thenAnswered(null).answer(String.class)).isNull();
        assertThat(turn).hasToString("Turn[ANSWERED sender=start input=in answer=5]");
    }

    @Test
    void answers_typed_hasTheAnswersThatAreNotNull() {
        Turn turn = Turn.detached("in")
                .thenJoined(
                        List.of(
                                answered("a"),
                                new Outcome.Failed("B", PATH, new NoAnswerException()),
                                answered(null),
                                new Outcome.TimedOut("C", PATH, Flows.seconds(1)),
                                answered("b")),
                        false);

        assertThat(turn.outcomes()).hasSize(5);
        assertThat(turn.answers(String.class)).containsExactly("a", "b");
        assertThatExceptionOfType(ClassCastException.class)
                .isThrownBy(() -> turn.answers(Integer.class))
                .withMessage("answer of A is a java.lang.String, not a java.lang.Integer");
    }

    @Test
    void arrivals_typed_hasTheValuesThatAreNotNull() {
        Turn turn = Turn.arrived(
                List.of(new Arrival("A", PATH, "a"), new Arrival("B", PATH, null), new Arrival("C", PATH, "c")),
                List.of("end"),
                false);

        assertThat(turn.arrivals(String.class)).containsExactly("a", "c");
        assertThat(Turn.detached("in").arrivals(String.class)).isEmpty();
        assertThatExceptionOfType(ClassCastException.class)
                .isThrownBy(() -> turn.arrivals(Integer.class))
                .withMessage("arrival from A is a java.lang.String, not a java.lang.Integer");
        assertThatNullPointerException().isThrownBy(() -> turn.arrivals(null)).withMessage("type");
    }

    @Test
    void repeat_forgetsWhatWasJoined() {
        Turn turn = Turn.detached("in", "B")
                .thenJoined(List.of(answered("a")), false)
                .thenRepeated("more");

        assertThat(turn.reason()).isEqualTo(Turn.Reason.REQUESTED);
        assertThat(turn.input()).isEqualTo("more");
        assertThat(turn.outcomes()).isEmpty();
        assertThat(turn.successors()).containsExactly("B");
    }

    // --- decisions

    @Test
    void decision_nullWhereNoneMayBe_isRefused() {
        assertThatNullPointerException()
                .isThrownBy(() -> Decision.handOff(null, "x"))
                .withMessage("agent");
        assertThatNullPointerException()
                .isThrownBy(() -> Invocation.of(null, "x"))
                .withMessage("agent");
        assertThatNullPointerException().isThrownBy(() -> Decision.fail(null)).withMessage("reason");
        assertThatNullPointerException()
                .isThrownBy(() -> Decision.ask((Question) null))
                .withMessage("question");
        assertThatNullPointerException()
                .isThrownBy(() -> Decision.ask((String) null))
                .withMessage("text");
        assertThatNullPointerException().isThrownBy(() -> Decision.fanOut((List<Invocation>) null));
        assertThatNullPointerException().isThrownBy(() -> Decision.fanOut(Arrays.asList((Invocation) null)));
    }

    @Test
    void decision_ofAList_copiesIt() {
        List<Invocation> invocations = new ArrayList<>(List.of(Invocation.of("A", 1)));
        Decision decision = Decision.fanOut(invocations);
        invocations.clear();

        assertThat(decision).isEqualTo(Decision.fanOut(Invocation.of("A", 1)));
    }

    @Test
    void decision_equalIsWhatSaysTheSame() {
        assertThat(Decision.answer("a")).isEqualTo(Decision.answer("a")).isNotEqualTo(Decision.repeat("a"));
        assertThat(Decision.ask("x")).isEqualTo(Decision.ask(Question.of("x")));
        assertThat(Decision.handOff("A", 1)).isNotEqualTo(Decision.handOff("A", 2));
        assertThat(Decision.handOff("A", 1)).hasToString("HandOff[agent=A, request=1]");
        assertThat(Decision.answer(null)).hasToString("Answer[value=null]");
    }
}
