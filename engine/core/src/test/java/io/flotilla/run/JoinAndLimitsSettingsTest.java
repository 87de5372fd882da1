package io.flotilla.run;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatNullPointerException;

import java.math.BigDecimal;
import java.time.Duration;
import java.util.HashSet;
import java.util.List;
import java.util.function.Function;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Bounds, equality and text of joins, limits and questions. */
class JoinAndLimitsSettingsTest {

    private static final Duration TOO_LONG = Duration.ofSeconds(Long.MAX_VALUE);
    private static final Duration LONGEST = Duration.ofNanos(Long.MAX_VALUE);

    // --- joins

    @Test
    void atLeast_bounds() {
        assertThat(Join.atLeast(1)).hasToString("atLeast(1)");
        assertThat(Join.atLeast(Integer.MAX_VALUE)).hasToString("atLeast(2147483647)");
        assertThatIllegalArgumentException()
                .isThrownBy(() -> Join.atLeast(0))
                .withMessage("atLeast must be >= 1, was 0");
    }

    @ParameterizedTest
    @ValueSource(doubles = {-0.001, 1.001, Double.NaN, Double.POSITIVE_INFINITY, Double.NEGATIVE_INFINITY})
    void ratio_outsideItsBounds_isRefused(double ratio) {
        assertThatIllegalArgumentException()
                .isThrownBy(() -> Join.ratio(ratio))
                .withMessage("ratio must be >= 0 and <= 1, was " + ratio);
    }

    @ParameterizedTest
    @ValueSource(doubles = {0, 0.001, 0.999, 1})
    void ratio_insideItsBounds_isTaken(double ratio) {
        assertThat(Join.ratio(ratio)).hasToString("ratio(" + ratio + ")");
    }

    @Test
    void within_bounds() {
        assertThat(Join.all().within(Duration.ofNanos(1))).hasToString("all().within(PT0.000000001S)");
        assertThat(Join.all().within(LONGEST).within()).isEqualTo(LONGEST);
        assertThatIllegalArgumentException()
                .isThrownBy(() -> Join.all().within(Duration.ZERO))
                .withMessage("within must be > 0, was PT0S");
        assertThatIllegalArgumentException()
                .isThrownBy(() -> Join.all().within(Duration.ofSeconds(-1)))
                .withMessage("within must be > 0, was PT-1S");
        assertThatIllegalArgumentException()
                .isThrownBy(() -> Join.all().within(TOO_LONG))
                .withMessage("within must be <= 292 years, was " + TOO_LONG);
        assertThatNullPointerException()
                .isThrownBy(() -> Join.all().within(null))
                .withMessage("within");
    }

    @Test
    void getters_ofAJoin_giveWhatItWasMadeWith() {
        assertThat(List.of(
                        Join.all(),
                        Join.atLeast(3),
                        Join.ratio(0.25),
                        Join.firstSuccess(),
                        Join.allSettled(),
                        Join.when(any -> Join.Verdict.MET)))
                .extracting(Join::requirement)
                .containsExactly(Join.Requirement.values());
        assertThat(Join.atLeast(3).requiredCount()).isEqualTo(3);
        assertThat(Join.ratio(0.25).requiredRatio()).isEqualTo(0.25);
        assertThat(List.of(Join.all(), Join.ratio(0.25), Join.firstSuccess(), Join.allSettled()))
                .extracting(Join::requiredCount)
                .containsOnly(0);
        assertThat(List.of(Join.all(), Join.atLeast(3), Join.firstSuccess(), Join.allSettled()))
                .extracting(Join::requiredRatio)
                .containsOnly(0.0);
        assertThat(Join.all().orFail().shortfall()).isEqualTo(Join.Shortfall.FAIL);
        assertThat(Join.all().orProceed().shortfall()).isEqualTo(Join.Shortfall.PROCEED);
        assertThat(Join.all().orAsk().shortfall()).isEqualTo(Join.Shortfall.ASK);
    }

    @Test
    void getters_ofAJoin_haveTheDefaultsThatAreDocumented() {
        assertThat(Join.all().within()).isNull();
        assertThat(Join.all().shortfall()).isEqualTo(Join.Shortfall.FAIL);
        assertThat(Join.all().keepsStragglers()).isFalse();
    }

    @Test
    void setting_ofAJoin_leavesTheOthersAsTheyAre() {
        Join join = Join.atLeast(3).orAsk().keepStragglers().within(LONGEST);

        for (Join same : List.of(join.orAsk(), join.keepStragglers(), join.within(LONGEST))) {
            assertThat(same).isEqualTo(join);
        }
        assertThat(join.orProceed())
                .extracting(Join::requirement, Join::requiredCount, Join::within, Join::keepsStragglers)
                .containsExactly(Join.Requirement.AT_LEAST, 3, LONGEST, true);
        assertThat(Join.ratio(0.25).orProceed().within(LONGEST).requiredRatio()).isEqualTo(0.25);
    }

    private static List<Join> joins() {
        Duration second = Duration.ofSeconds(1);
        return List.of(
                Join.all(),
                Join.allSettled(),
                Join.firstSuccess(),
                Join.atLeast(1),
                Join.atLeast(2),
                Join.ratio(0.5),
                Join.ratio(0.6),
                Join.all().within(second),
                Join.all().within(second.plusNanos(1)),
                Join.all().orProceed(),
                Join.all().orAsk(),
                Join.all().keepStragglers());
    }

    @Test
    void equals_everySettingCounts() {
        assertThat(new HashSet<>(joins())).hasSameSizeAs(joins());
        for (int at = 0; at < joins().size(); at++) {
            assertThat(joins().get(at)).isEqualTo(joins().get(at)).hasSameHashCodeAs(joins().get(at));
        }
        assertThat(Join.all().orAsk().orFail()).isEqualTo(Join.all());
        assertThat(Join.all()).isNotEqualTo("all()");
    }

    @Test
    void toString_isAsWrittenWithoutDefaults() {
        assertThat(Join.ratio(0.8).within(Duration.ofSeconds(20)).orProceed().keepStragglers())
                .hasToString("ratio(0.8).within(PT20S).orProceed().keepStragglers()");
        assertThat(Join.firstSuccess().orAsk()).hasToString("firstSuccess().orAsk()");
        assertThat(Join.allSettled().orFail()).hasToString("allSettled()");
    }

    // --- limits

    @Test
    void limits_belowTheirBounds_areRefusedWithTheValue() {
        refused("steps must be >= 1, was 0", () -> Limits.steps(0));
        refused("tokens must be >= 1, was 0", () -> Limits.tokens(0));
        refused("branches must be >= 1, was 0", () -> Limits.branches(0));
        refused("depth must be >= 0, was -1", () -> Limits.depth(-1));
        refused("questions must be >= 0, was -1", () -> Limits.questions(-1));
        refused("delegationCycles must be >= 0, was -1", () -> Limits.delegationCycles(-1));
        refused("time must be > 0, was PT0S", () -> Limits.time(Duration.ZERO));
        refused("time must be <= 292 years, was " + TOO_LONG, () -> Limits.time(TOO_LONG));
        refused("cost must be > 0, was 0", () -> Limits.cost(BigDecimal.ZERO));
        assertThatNullPointerException().isThrownBy(() -> Limits.time(null)).withMessage("time");
        assertThatNullPointerException().isThrownBy(() -> Limits.cost(null)).withMessage("cost");
    }

    /** A limit, alone, with its getter and its value. */
    private record Limit(String name, Limits limits, Function<Limits, Object> getter, Object value) {

        @Override
        public String toString() {
            return name;
        }
    }

    static List<Limit> limits() {
        return List.of(
                new Limit("steps", Limits.steps(2), Limits::maxSteps, 2L),
                new Limit("time", Limits.time(LONGEST), Limits::maxTime, LONGEST),
                new Limit("tokens", Limits.tokens(3), Limits::maxTokens, 3L),
                new Limit("cost", Limits.cost(BigDecimal.TEN), Limits::maxCost, BigDecimal.TEN),
                new Limit("branches", Limits.branches(4), Limits::maxBranches, 4L),
                new Limit("depth", Limits.depth(5), Limits::maxDepth, 5),
                new Limit("questions", Limits.questions(6), Limits::maxQuestions, 6),
                new Limit("delegationCycles", Limits.delegationCycles(7), Limits::maxDelegationCycles, 7));
    }

    @ParameterizedTest
    @MethodSource("limits")
    void getter_ofALimit_givesThatLimitOnly(Limit limit) {
        assertThat(limit.getter().apply(limit.limits())).isEqualTo(limit.value());
        assertThat(limit.getter().apply(Limits.none())).isNull();
        assertThat(limits().stream().filter(other -> !other.name().equals(limit.name())))
                .hasSize(7)
                .allSatisfy(other -> {
                    assertThat(limit.getter().apply(other.limits())).isNull();
                    assertThat(other.getter().apply(limit.limits())).isNull();
                });
    }

    @Test
    void getters_ofAChain_giveAllOfIt() {
        Limits all = Limits.steps(2)
                .time(LONGEST)
                .tokens(3)
                .cost(BigDecimal.TEN)
                .branches(4)
                .depth(5)
                .questions(6)
                .delegationCycles(7);

        assertThat(limits())
                .allSatisfy(limit -> assertThat(limit.getter().apply(all)).isEqualTo(limit.value()));
    }

    private static void refused(String message, ThrowingCallable call) {
        assertThatIllegalArgumentException().isThrownBy(call).withMessage(message);
    }

    @Test
    void limits_atTheirBoundsInAnyOrder_areAllKept() {
        Limits.Chain limits = Limits.delegationCycles(0)
                .questions(0)
                .depth(0)
                .branches(1)
                .cost(new BigDecimal("0.01"))
                .tokens(1)
                .time(Duration.ofNanos(1))
                .steps(1);

        assertThat(limits)
                .hasToString("Limits[steps=1, time=PT0.000000001S, tokens=1, cost=0.01, branches=1, depth=0,"
                        + " questions=0, delegationCycles=0]");
        assertThat(limits.steps(2).maxSteps()).as("the last one counts").isEqualTo(2);
        assertThat(Limits.none()).hasToString("Limits[]");
    }

    // --- questions

    @Test
    void question_bounds() {
        assertThatNullPointerException().isThrownBy(() -> Question.of(null)).withMessage("text");
        assertThatNullPointerException()
                .isThrownBy(() -> Question.of("x").timeout(null))
                .withMessage("timeout");
        refused("timeout must be > 0, was PT0S", () -> Question.of("x").timeout(Duration.ZERO));
        refused(
                "timeout must be <= 292 years, was " + TOO_LONG,
                () -> Question.of("x").timeout(TOO_LONG));
    }

    @Test
    void question_eachSetting_leavesTheOthersAsTheyAre() {
        Question question = Question.of("x").timeout(LONGEST).defaultAnswer("d");

        assertThat(question.text()).isEqualTo("x");
        assertThat(question.timeout()).isEqualTo(LONGEST);
        assertThat(question.hasDefault()).isTrue();
        assertThat(question.defaultAnswer()).isEqualTo("d");
        assertThat(question.defaultAnswer("e").timeout()).isEqualTo(LONGEST);
        assertThat(question.timeout(Duration.ofSeconds(1)).defaultAnswer()).isEqualTo("d");
        assertThat(question.defaultAnswer()).as("immutable").isEqualTo("d");
        assertThat(Question.of("x").defaultAnswer()).isNull();
    }

    @Test
    void question_everySettingCounts() {
        Question plain = Question.of("x");
        Question full = Question.of("x").defaultAnswer(null).timeout(Duration.ofSeconds(1));

        assertThat(plain.hasDefault()).isFalse();
        assertThat(plain.timeout()).isNull();
        assertThat(full.hasDefault()).isTrue();
        assertThat(full.defaultAnswer()).isNull();
        assertThat(full.text()).isEqualTo("x");
        assertThat(new HashSet<>(List.of(
                        plain,
                        full,
                        Question.of("y"),
                        plain.defaultAnswer(null),
                        plain.defaultAnswer(1),
                        plain.timeout(LONGEST))))
                .hasSize(6);
        assertThat(full)
                .isEqualTo(plain.timeout(Duration.ofSeconds(1)).defaultAnswer(null))
                .hasSameHashCodeAs(plain.timeout(Duration.ofSeconds(1)).defaultAnswer(null))
                .hasToString("x (within PT1S)");
        assertThat(plain).hasToString("x").isNotEqualTo("x");
    }
}
