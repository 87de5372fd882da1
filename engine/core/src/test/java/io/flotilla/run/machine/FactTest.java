package io.flotilla.run.machine;

import static org.assertj.core.api.Assertions.assertThat;

import io.flotilla.agent.Usage;
import io.flotilla.run.BranchPath;
import io.flotilla.run.Decision;
import io.flotilla.step.StepResult;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.RecordComponent;
import java.time.Instant;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** What is true of facts of all kinds. */
class FactTest {

    private static final Instant THEN = Instant.parse("2026-11-20T12:00:00Z");
    private static final Instant NOW = Instant.parse("2027-01-01T00:00:00.000000001Z");

    /** One of each kind, with nothing in it that could be a default. */
    static List<Fact> facts() {
        IllegalStateException cause = new IllegalStateException("no");
        return List.of(
                new Fact.Started(THEN, "task"),
                new Fact.StepSettled(
                        THEN,
                        7,
                        Decision.answer("a"),
                        null,
                        null,
                        Usage.ofTokens(3, 4),
                        5,
                        true,
                        List.of(),
                        Usage.ofTokens(2, 1)),
                new Fact.StepSettled(
                        THEN,
                        8,
                        null,
                        StepResult.Kind.REJECTED,
                        cause,
                        Usage.ofTokens(1, 1),
                        0,
                        false,
                        List.of(),
                        null),
                new Fact.DeadlinePassed(THEN, 9),
                new Fact.QuestionAnswered(THEN, "q3", "yes"),
                new Fact.Paused(THEN),
                new Fact.Resumed(THEN),
                new Fact.Cancelled(THEN),
                new Fact.SignalReceived(THEN, "paid", 7, true),
                new Fact.BranchCancelRequested(THEN, BranchPath.outsideForks(3)));
    }

    @Test
    void facts_ofThisTest_areOfAllKinds() {
        assertThat(facts().stream().map(Object::getClass).distinct())
                .containsExactlyInAnyOrder(Fact.class.getPermittedSubclasses());
    }

    @ParameterizedTest
    @MethodSource("facts")
    void at_anotherTime_isTheSameFactThen(Fact fact) {
        Fact other = fact.at(NOW);

        assertThat(other).isExactlyInstanceOf(fact.getClass());
        assertThat(other.at()).isEqualTo(NOW);
        assertThat(components(other)).as("all but the time").isEqualTo(components(fact));
        assertThat(other.at(THEN)).isEqualTo(fact);
    }

    private static List<String> components(Fact fact) {
        return Stream.of(fact.getClass().getRecordComponents())
                .filter(component -> !component.getName().equals("at"))
                .map(component -> component.getName() + "=" + value(component, fact))
                .toList();
    }

    private static Object value(RecordComponent component, Fact fact) {
        try {
            component.getAccessor().setAccessible(true);
            return component.getAccessor().invoke(fact);
        } catch (IllegalAccessException | InvocationTargetException unreadable) {
            throw new LinkageError("unreadable", unreadable);
        }
    }
}
