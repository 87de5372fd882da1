package io.flotilla.simulation;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatNullPointerException;

import io.flotilla.AgentId;
import io.flotilla.agent.Agent;
import io.flotilla.simulation.AgentSet.Aggregate;
import io.flotilla.step.FailureMode;
import io.flotilla.step.Order;
import io.flotilla.step.RoundFailedException;
import io.flotilla.step.StepEngine;
import io.flotilla.step.StepFailedException;
import io.flotilla.step.StepReport;
import io.flotilla.step.StepResult;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.function.Function;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;
import reactor.core.publisher.Mono;
import reactor.test.StepVerifier;

/** The agents of a simulation. */
@Timeout(30)
class AgentSetTest {

    private static final class Trader {
        private final AgentId id;
        private double wealth;

        Trader(int number, double wealth) {
            this.id = AgentId.of("trader", number);
            this.wealth = wealth;
        }

        AgentId id() {
            return id;
        }

        double wealth() {
            return wealth;
        }

        void wealth(double to) {
            wealth = to;
        }

        @Override
        public String toString() {
            return id.toString();
        }
    }

    private static List<Trader> traders(int count) {
        return IntStream.range(0, count)
                .mapToObj(number -> new Trader(number, number))
                .toList();
    }

    private static AgentSet<Trader> set(long seed, int count) {
        return AgentSet.of(seed, Trader::id, traders(count));
    }

    private static List<String> names(AgentSet<Trader> set) {
        return set.map(Trader::toString);
    }

    private static final StepEngine ONE_BY_ONE =
            StepEngine.builder().order(Order.SEQUENTIAL).build();

    // --- membership

    @Test
    void of_list_keepsItsOrder() {
        List<Trader> traders = traders(3);

        AgentSet<Trader> set = AgentSet.of(1, Trader::id, traders);

        assertThat(set.toList()).isEqualTo(traders).isUnmodifiable();
        assertThat(set.size()).isEqualTo(3);
        assertThat(set.contains(traders.get(2))).isTrue();
        assertThat(set.contains(new Trader(9, 0))).isFalse();
    }

    @Test
    void of_agents_usesTheirIds() {
        Agent<String, String> first = Agent.of("a#0", (input, context) -> Mono.just("first"));
        Agent<String, String> second = Agent.of("a#1", (input, context) -> Mono.just("second"));

        AgentSet<Agent<String, String>> set = AgentSet.of(1, List.of(first, second));

        assertThat(set.get(Agent::id)).containsOnlyKeys(AgentId.of("a#0"), AgentId.of("a#1"));
    }

    @Test
    void of_sameIdTwice_throwsNamingIt() {
        assertThatIllegalArgumentException()
                .isThrownBy(() -> AgentSet.of(1, Trader::id, List.of(new Trader(4, 0), new Trader(4, 1))))
                .withMessageContaining("trader#4");
    }

    @Test
    void of_null_throwsNamingIt() {
        List<Trader> withNull = new ArrayList<>(traders(1));
        withNull.add(null);

        assertThatNullPointerException()
                .isThrownBy(() -> AgentSet.of(1, null, traders(1)))
                .withMessage("id");
        assertThatNullPointerException()
                .isThrownBy(() -> AgentSet.of(1, Trader::id, null))
                .withMessage("agents");
        assertThatNullPointerException()
                .isThrownBy(() -> AgentSet.of(1, Trader::id, withNull))
                .withMessage("agent");
        assertThatNullPointerException()
                .isThrownBy(() -> AgentSet.of(1, trader -> null, traders(1)))
                .withMessage("id of trader#0");
    }

    @Test
    void add_newAgent_isAtTheEnd() {
        AgentSet<Trader> set = set(1, 2);
        Trader late = new Trader(7, 0);

        assertThat(set.add(late)).isTrue();

        assertThat(names(set)).containsExactly("trader#0", "trader#1", "trader#7");
    }

    @Test
    void add_sameId_isRefusedAndNothingChanges() {
        AgentSet<Trader> set = set(1, 2);
        Trader before = set.toList().get(1);

        assertThat(set.add(new Trader(1, 99))).isFalse();

        assertThat(set.toList().get(1)).isSameAs(before);
        assertThat(set.size()).isEqualTo(2);
    }

    @Test
    void remove_agent_isGone() {
        AgentSet<Trader> set = set(1, 3);
        Trader gone = set.toList().get(1);

        assertThat(set.remove(gone)).isTrue();
        assertThat(set.remove(gone)).isFalse();

        assertThat(set.contains(gone)).isFalse();
        assertThat(names(set)).containsExactly("trader#0", "trader#2");
    }

    @Test
    void membership_null_throws() {
        AgentSet<Trader> set = set(1, 1);

        assertThatNullPointerException().isThrownBy(() -> set.add(null)).withMessage("agent");
        assertThatNullPointerException().isThrownBy(() -> set.remove(null)).withMessage("agent");
        assertThatNullPointerException().isThrownBy(() -> set.contains(null)).withMessage("agent");
    }

    // --- other sets

    @Test
    void select_condition_keepsTheOrderAndLeavesTheSet() {
        AgentSet<Trader> set = set(1, 5);

        assertThat(names(set.select(trader -> trader.wealth() % 2 == 0)))
                .containsExactly("trader#0", "trader#2", "trader#4");
        assertThat(set.size()).isEqualTo(5);
        assertThat(set.select(trader -> false).size()).isZero();
        assertThatNullPointerException().isThrownBy(() -> set.select(null));
    }

    @Test
    void toString_moreThanFive_namesTheFirstFiveAndTheNumber() {
        assertThat(set(1, 5)).hasToString("AgentSet[5: trader#0, trader#1, trader#2, trader#3, trader#4]");
        assertThat(set(1, 6)).hasToString("AgentSet[6: trader#0, trader#1, trader#2, trader#3, trader#4, ...]");
    }

    @Test
    void sort_equalAgents_keepTheirOrder() {
        AgentSet<Trader> set = set(1, 6);

        assertThat(names(set.sort(Comparator.comparingDouble(trader -> trader.wealth() % 2))))
                .containsExactly("trader#0", "trader#2", "trader#4", "trader#1", "trader#3", "trader#5");
        assertThat(names(set)).startsWith("trader#0", "trader#1");
        assertThatNullPointerException().isThrownBy(() -> set.sort(null)).withMessage("comparator");
    }

    @Test
    void shuffle_sameSeed_isTheSame() {
        AgentSet<Trader> one = set(42, 50);
        AgentSet<Trader> other = set(42, 50);

        assertThat(names(one.shuffle())).isEqualTo(names(other.shuffle())).isNotEqualTo(names(one));
        assertThat(names(one.shuffle())).as("the second shuffle too").isEqualTo(names(other.shuffle()));
        assertThat(names(one.shuffle().shuffle()))
                .isEqualTo(names(other.shuffle().shuffle()));
    }

    @Test
    void shuffle_otherSeed_isAnother() {
        assertThat(names(set(42, 50).shuffle())).isNotEqualTo(names(set(43, 50).shuffle()));
    }

    @Test
    void shuffle_twice_givesTwoOrdersOfTheSameAgents() {
        AgentSet<Trader> set = set(42, 50);
        AgentSet<Trader> first = set.shuffle();

        assertThat(names(set.shuffle())).isNotEqualTo(names(first)).containsExactlyInAnyOrderElementsOf(names(first));
    }

    @Test
    void shuffledOrder_sameSeed_givesTheSameOrdersOneAfterAnother() {
        AgentSet<Trader> one = set(42, 5);
        AgentSet<Trader> other = set(42, 5);

        String first = one.shuffledOrder().toString();
        assertThat(other.shuffledOrder()).hasToString(first);
        assertThat(one.shuffledOrder())
                .hasToString(other.shuffledOrder().toString())
                .doesNotHaveToString(first);
    }

    @Test
    void groupBy_key_hasOneSetAKeyInTheOrderOfTheFirstAgents() {
        Map<Double, AgentSet<Trader>> groups = set(1, 5).groupBy(trader -> 1 - trader.wealth() % 2);

        assertThat(groups.keySet()).containsExactly(1.0, 0.0);
        assertThat(names(groups.get(1.0))).containsExactly("trader#0", "trader#2", "trader#4");
        assertThat(names(groups.get(0.0))).containsExactly("trader#1", "trader#3");
        assertThat(set(1, 0).groupBy(Trader::id)).isEmpty();
    }

    @Test
    void groupBy_nullKey_throwsNamingTheAgent() {
        assertThatNullPointerException()
                .isThrownBy(() -> set(1, 1).groupBy(trader -> null))
                .withMessage("key of trader#0");
        assertThatNullPointerException()
                .isThrownBy(() -> set(1, 1).groupBy(null))
                .withMessage("key");
    }

    // --- values

    @Test
    void map_function_givesTheResultsInOrder() {
        assertThat(set(1, 3).map(Trader::wealth)).containsExactly(0.0, 1.0, 2.0).isUnmodifiable();
        assertThatNullPointerException()
                .isThrownBy(() -> set(1, 1).map(trader -> null))
                .withMessage("result of trader#0");
        assertThatNullPointerException().isThrownBy(() -> set(1, 1).map(null)).withMessage("function");
    }

    @Test
    void get_attribute_givesItByAgent() {
        Map<AgentId, Double> wealth = set(1, 3).get(Trader::wealth);

        assertThat(wealth.keySet())
                .containsExactly(AgentId.of("trader", 0), AgentId.of("trader", 1), AgentId.of("trader", 2));
        assertThat(wealth).containsEntry(AgentId.of("trader", 2), 2.0).isUnmodifiable();
        assertThatNullPointerException()
                .isThrownBy(() -> set(1, 1).get(trader -> null))
                .withMessage("attribute of trader#0");
        assertThatNullPointerException().isThrownBy(() -> set(1, 1).get(null)).withMessage("attribute");
    }

    @Test
    void set_attribute_writesItToAll() {
        AgentSet<Trader> set = set(1, 3);

        set.set(Trader::wealth, 7.0);

        assertThat(set.map(Trader::wealth)).containsExactly(7.0, 7.0, 7.0);
        assertThatNullPointerException().isThrownBy(() -> set.set(null, 1.0)).withMessage("attribute");
    }

    @Test
    void map_agentsAddedAndRemovedMeanwhile_goesOverASnapshot() {
        AgentSet<Trader> set = set(1, 3);
        List<Trader> all = set.toList();

        List<String> seen = set.map(trader -> {
            set.add(new Trader(100 + (int) trader.wealth(), 0));
            set.remove(all.get(2));
            return trader.toString();
        });

        assertThat(seen).containsExactly("trader#0", "trader#1", "trader#2");
        assertThat(names(set)).containsExactly("trader#0", "trader#1", "trader#100", "trader#101", "trader#102");
    }

    @ParameterizedTest
    @CsvSource({"SUM, 10", "AVERAGE, 2", "MIN, 0", "MAX, 4"})
    void aggregate_ofEach_isThatNumber(Aggregate how, double expected) {
        StepVerifier.create(set(1, 5).aggregate(how, Trader::wealth))
                .expectNext(expected)
                .verifyComplete();
    }

    @ParameterizedTest
    @EnumSource
    void aggregate_emptySet_completesWithoutNumber(Aggregate how) {
        StepVerifier.create(set(1, 0).aggregate(how, Trader::wealth)).verifyComplete();
    }

    @ParameterizedTest
    @EnumSource
    void aggregate_oneAgent_isItsOwn(Aggregate how) {
        AgentSet<Trader> set = AgentSet.of(1, Trader::id, List.of(new Trader(0, -2.5)));

        StepVerifier.create(set.aggregate(how, Trader::wealth)).expectNext(-2.5).verifyComplete();
    }

    @Test
    void aggregate_agentsAddedBeforeSubscription_areCounted() {
        AgentSet<Trader> set = set(1, 2);
        Mono<Double> sum = set.aggregate(Aggregate.SUM, Trader::wealth);
        set.add(new Trader(9, 9));

        StepVerifier.create(sum).expectNext(10.0).verifyComplete();
    }

    @Test
    void aggregate_attributeThrows_signalsIt() {
        StepVerifier.create(set(1, 2).aggregate(Aggregate.SUM, trader -> {
                    throw new IllegalStateException("bankrupt");
                }))
                .verifyErrorMessage("bankrupt");
    }

    @Test
    void aggregate_null_throwsNamingIt() {
        assertThatNullPointerException()
                .isThrownBy(() -> set(1, 1).aggregate(null, Trader::wealth))
                .withMessage("how");
        assertThatNullPointerException()
                .isThrownBy(() -> set(1, 1).aggregate(Aggregate.SUM, null))
                .withMessage("attribute");
    }

    // --- steps

    @Test
    void step_everyAgent_onceWithItsIdAndIndex() {
        StepReport<String> report = set(1, 3)
                .step(ONE_BY_ONE, (trader, context) -> Mono.just(context.agentId() + "@" + context.stepNumber()))
                .block();

        assertThat(report.values()).containsExactly("trader#0@0", "trader#1@1", "trader#2@2");
        assertThat(report.resultsOf(AgentId.of("trader", 1))).hasSize(1);
    }

    @Test
    void step_emptySet_isAnEmptyReport() {
        StepReport<String> report =
                set(1, 0).step(ONE_BY_ONE, (trader, context) -> Mono.just("x")).block();

        assertThat(report.results()).isEmpty();
    }

    @Test
    void step_agentAddedWhileStepping_waitsForTheNext() {
        AgentSet<Trader> set = set(1, 2);
        Mono<StepReport<String>> step = set.step(ONE_BY_ONE, (trader, context) -> {
            set.add(new Trader(7, 0));
            return Mono.just(trader.toString());
        });

        assertThat(step.block().values()).containsExactly("trader#0", "trader#1");
        assertThat(step.block().values()).containsExactly("trader#0", "trader#1", "trader#7");
    }

    @Test
    void step_agentRemovedBeforeItsTurn_isNotSteppedAndHasNoResult() {
        AgentSet<Trader> set = set(1, 4);
        Trader second = set.toList().get(1);

        StepReport<String> report = set.step(ONE_BY_ONE, (trader, context) -> {
                    set.remove(second);
                    return Mono.just(trader.toString());
                })
                .block();

        assertThat(report.values()).containsExactly("trader#0", "trader#2", "trader#3");
        assertThat(report.results()).extracting(StepResult::index).containsExactly(0L, 2L, 3L);
        assertThat(report.resultsOf(second.id())).isEmpty();
    }

    @Test
    void step_theLastOnesRemoved_theStepEnds() {
        AgentSet<Trader> set = set(1, 4);
        List<Trader> all = set.toList();

        StepReport<String> report = set.step(ONE_BY_ONE, (trader, context) -> {
                    all.subList(1, 4).forEach(set::remove);
                    return Mono.just(trader.toString());
                })
                .block();

        assertThat(report.values()).containsExactly("trader#0");
        assertThat(set.size()).isEqualTo(1);
    }

    @Test
    void step_agentRemovesItself_hasItsResult() {
        AgentSet<Trader> set = set(1, 3);

        StepReport<String> report = set.step(ONE_BY_ONE, (trader, context) -> {
                    set.remove(trader);
                    return Mono.just(trader.toString());
                })
                .block();

        assertThat(report.values()).hasSize(3);
        assertThat(set.size()).isZero();
    }

    @Test
    void step_agentReplacedByOneOfItsId_neitherIsStepped() {
        AgentSet<Trader> set = set(1, 2);
        Trader second = set.toList().get(1);
        Trader heir = new Trader(1, 100);

        StepReport<Double> report = set.step(ONE_BY_ONE, (trader, context) -> {
                    set.remove(second);
                    set.add(heir);
                    return Mono.just(trader.wealth());
                })
                .block();

        assertThat(report.values())
                .as("the old one was removed before its turn, the new one waits for the next step")
                .containsExactly(0.0);
    }

    @Test
    void step_sideBySide_agentsRemovedByTheFirstAreNotStepped() {
        AgentSet<Trader> set = set(1, 300);
        List<Trader> all = set.toList();

        StepReport<String> report = set.step(StepEngine.builder().build(), (trader, context) -> {
                    all.subList(200, 300).forEach(set::remove);
                    return Mono.just(trader.toString());
                })
                .block();

        assertThat(report.values()).hasSize(200);
    }

    @Test
    void step_shuffledOrder_isTheSameForTheSameSeed() {
        assertThat(activations(42)).isEqualTo(activations(42)).isNotEqualTo(activations(43));
    }

    private static List<String> activations(long seed) {
        List<String> activated = new ArrayList<>();
        AgentSet<Trader> set = set(seed, 20);
        for (int step = 0; step < 3; step++) {
            set.step(ONE_BY_ONE.withOrder(set.shuffledOrder()), (trader, context) -> {
                        activated.add(trader.toString());
                        return Mono.empty();
                    })
                    .block();
        }
        return activated;
    }

    @Test
    void step_isolate_failuresAreResults() {
        StepReport<String> report =
                set(1, 3).step(ONE_BY_ONE, AgentSetTest::secondFails).block();

        assertThat(report.values()).containsExactly("trader#0", "trader#2");
        assertThat(report.failureCount()).isEqualTo(1);
    }

    @Test
    void step_failFast_signalsTheAgent() {
        StepVerifier.create(
                        set(1, 3).step(ONE_BY_ONE.withFailureMode(FailureMode.FAIL_FAST), AgentSetTest::secondFails))
                .verifyErrorSatisfies(cause ->
                        assertThat(((StepFailedException) cause).agentId()).isEqualTo(AgentId.of("trader", 1)));
    }

    @Test
    void step_failAtEnd_carriesTheReport() {
        StepVerifier.create(
                        set(1, 3).step(ONE_BY_ONE.withFailureMode(FailureMode.FAIL_AT_END), AgentSetTest::secondFails))
                .verifyErrorSatisfies(cause -> assertThat(
                                ((RoundFailedException) cause).report().size())
                        .isEqualTo(3));
    }

    private static Mono<String> secondFails(Trader trader, Object context) {
        return trader.wealth() == 1.0 ? Mono.error(new IllegalStateException("boom")) : Mono.just(trader.toString());
    }

    @Test
    void step_bodyReturnsNull_isFailedNamingTheAgent() {
        StepReport<String> report =
                set(1, 1).<String>step(ONE_BY_ONE, (trader, context) -> null).block();

        assertThat(report.results().get(0).cause()).hasMessage("agent trader#0 returned null instead of a Mono");
    }

    @Test
    void step_idFunctionThrowsLater_endsAllTheSame() {
        Function<Trader, AgentId> fickle = new Function<>() {
            private int calls;

            @Override
            public AgentId apply(Trader trader) {
                if (++calls > 4) {
                    throw new IllegalStateException("no id any more");
                }
                return trader.id();
            }
        };
        AgentSet<Trader> set = AgentSet.of(1, fickle, traders(2));

        StepVerifier.create(set.step(ONE_BY_ONE, (trader, context) -> Mono.just(trader.toString())))
                .assertNext(report -> assertThat(report.values()).hasSize(2))
                .verifyComplete();
    }

    @Test
    void step_null_throwsNamingIt() {
        assertThatNullPointerException()
                .isThrownBy(() -> set(1, 1).step(null, (trader, context) -> Mono.empty()))
                .withMessage("engine");
        assertThatNullPointerException()
                .isThrownBy(() -> set(1, 1).step(ONE_BY_ONE, null))
                .withMessage("body");
    }
}
