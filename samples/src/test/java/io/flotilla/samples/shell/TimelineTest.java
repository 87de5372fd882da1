package io.flotilla.samples.shell;

import static org.assertj.core.api.Assertions.assertThat;

import io.flotilla.agent.Agent;
import io.flotilla.run.BranchPath;
import io.flotilla.run.Decision;
import io.flotilla.run.Invocation;
import io.flotilla.run.Join;
import io.flotilla.run.Run;
import io.flotilla.run.RunEvent;
import io.flotilla.run.Turn;
import io.flotilla.run.Workflow;
import io.flotilla.testkit.UndisturbedTime;
import io.flotilla.topology.Topology;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.function.Function;
import java.util.function.IntFunction;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import reactor.core.publisher.Mono;

@Timeout(30)
class TimelineTest {

    private static final String LEGEND =
            "= step  . waits  ( forks  ) joins  / hands off  * meets  o in time  ! late  x failed  c cancelled\n";

    private UndisturbedTime time;

    @BeforeEach
    void startVirtualTime() {
        time = UndisturbedTime.begin();
    }

    @AfterEach
    void endVirtualTime() {
        time.close();
    }

    @Test
    void draw_forkHandOffJoin_aLineABranch() {
        Workflow<String, String> workflow = Workflow.builder(
                        Topology.parse("start -> Boss <-> A\nBoss -> B -> C -> Boss\nBoss -> end"), String.class)
                .agent(
                        "Boss",
                        after(
                                1,
                                turn -> turn.reason() == Turn.Reason.JOINED
                                        ? Decision.handOff("end", "done")
                                        : Decision.fanOut(Invocation.of("A", ""), Invocation.of("B", ""))))
                .agent("A", after(5, turn -> Decision.answer("a")))
                .agent("B", after(2, turn -> Decision.handOff("C", "")))
                .agent("C", after(6, turn -> Decision.handOff("Boss", "c")))
                .build();

        assertThat(draw(events(workflow, 10), branch -> branch.depth() == 0 ? "" : "of a fork", 10))
                .isEqualTo("""
                        branch                  0 ms                                      10000 ms
                        / Boss                  =====(......................................)====o  answered
                        /0.0/ A of a fork            ========================o                      answered
                        /0.1/ B -> C of a fork       ==========/============================o       answered
                        """ + LEGEND);
    }

    @Test
    void draw_meetingWithLateFailedAndCancelled_eachItsMark() {
        List<RunEvent> events = events(
                meeting(
                        4,
                        number -> number == 1
                                ? Mono.error(new IllegalStateException("ill\nand tired"))
                                : decideAfter(new int[] {2, 0, 5, 9}[number])),
                9);

        assertThat(draw(events, branch -> "", 10)).isEqualTo("""
                        branch         0 ms                                       6000 ms
                        / Boss         (................................................c  cancelled
                        /0.0/ Worker   ================o                                   to Meeting
                        /0.1/ Worker   x                                                   failed: ill and tired
                        /0.2/ Worker   =========================================!          to Meeting, late
                        /0.3/ Worker   =================================================c  cancelled
                        /0.4/ Meeting                  *================================o  1 met, to end
                        """ + LEGEND);
    }

    @Test
    void draw_asManyAsNoCrowd_allShown() {
        assertThat(draw(events(meeting(8, number -> decideAfter(1)), 9), branch -> "", 1)
                        .lines()
                        .filter(line -> line.contains("Worker")))
                .hasSize(8);
    }

    @Test
    void draw_crowd_firstSlowestAndThoseThatDidNotMakeItAndHowManyAreLeftOut() {
        // 0 to 9 fail, 10 to 39 come after 1 ms and more, all before the meeting ends; 40 to 59 never do
        List<RunEvent> events = events(
                meeting(
                        60,
                        30,
                        number -> number < 10
                                ? Mono.error(new IllegalStateException("ill"))
                                : number < 40
                                        ? Mono.delay(Duration.ofMillis(number)).then(decideAfter(0))
                                        : Mono.never()),
                9);

        String drawn = draw(events, branch -> "", 2);

        assertThat(drawn.lines()
                        .filter(line -> line.startsWith("/0."))
                        .map(line -> line.substring(0, line.indexOf(' '))))
                .containsExactly(
                        "/0.0/", "/0.1/", "/0.10/", "/0.11/", "/0.12/", "/0.37/", "/0.38/", "/0.39/", "/0.40/",
                        "/0.41/", "/0.60/");
        assertThat(drawn.lines().filter(line -> line.startsWith("  and")))
                .containsExactly("  and of Worker 24 more in time, 8 more failed, 18 more cancelled");
        assertThat(draw(events, branch -> "", 100).lines().filter(line -> line.startsWith("  and")))
                .as("only who was in time is left out, if there is room")
                .containsExactly("  and of Worker 24 more in time");
    }

    @Test
    void draw_longOrManyLinedName_oneLineOfBoundedWidth() {
        String drawn = draw(events(meeting(1, number -> decideAfter(1)), 9), branch -> "a\nb".repeat(100), 1);

        assertThat(drawn.lines().filter(line -> line.startsWith("/0.0/ ...")))
                .singleElement()
                .asString()
                .contains("ba b  ")
                .hasSizeLessThan(46 + 2 + 50 + 2 + 20);
        assertThat(drawn.lines()).hasSize(5);
    }

    @Test
    void draw_noEvents_noBranches() {
        assertThat(draw(List.of(), branch -> "", 1).lines()).hasSize(2);
    }

    private static Workflow<String, String> meeting(int workers, IntFunction<Mono<Decision>> work) {
        return meeting(workers, 1, work);
    }

    /** Workers meet, so many of them are enough, and those who meet take four seconds. */
    private static Workflow<String, String> meeting(int workers, int enough, IntFunction<Mono<Decision>> work) {
        List<Invocation> invocations = new ArrayList<>();
        for (int number = 0; number < workers; number++) {
            invocations.add(Invocation.of("Worker", number));
        }
        return Workflow.builder(
                        Topology.parse("start -> Boss -> Worker -> Meeting -> end\nrendezvous Meeting"), String.class)
                .agent("Boss", after(0, turn -> Decision.fanOut(invocations)))
                .agent(
                        "Worker",
                        Agent.of(
                                "Worker",
                                (turn, context) -> work.apply(Objects.requireNonNull(turn.input(Integer.class)))))
                .agent("Meeting", after(4, turn -> Decision.handOff("end", "done")))
                .joinAt("Boss", Join.allSettled().orProceed())
                .joinAt("Meeting", Join.atLeast(enough))
                .joinAt("end", Join.firstSuccess())
                .build();
    }

    private static Mono<Decision> decideAfter(int seconds) {
        return Mono.delay(Duration.ofSeconds(seconds)).thenReturn(Decision.handOff("Meeting", ""));
    }

    private static Agent<Turn, Decision> after(int seconds, Function<Turn, Decision> decide) {
        return Agent.of(
                "agent",
                (turn, context) -> seconds == 0
                        ? Mono.just(decide.apply(turn))
                        : Mono.delay(Duration.ofSeconds(seconds)).map(passed -> decide.apply(turn)));
    }

    private List<RunEvent> events(Workflow<String, String> workflow, int seconds) {
        Run<String> run = workflow.start("go");
        time.advanceTimeBy(Duration.ofSeconds(seconds));
        assertThat(run.result().block()).isNotNull();
        return Objects.requireNonNull(run.events().collectList().block());
    }

    private static String draw(List<RunEvent> events, Function<BranchPath, String> names, int most) {
        return Timeline.of(events, names).draw(most);
    }
}
