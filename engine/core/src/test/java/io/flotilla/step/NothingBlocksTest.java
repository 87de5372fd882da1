package io.flotilla.step;

import static org.assertj.core.api.Assertions.assertThat;

import io.flotilla.agent.Agent;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import reactor.blockhound.BlockHound;
import reactor.blockhound.BlockingOperationError;
import reactor.core.publisher.Mono;
import reactor.core.scheduler.Schedulers;

/** The engine blocks no thread that must not be blocked; BlockHound is what would notice. */
@Tag("blockhound")
@Timeout(60)
class NothingBlocksTest {

    @BeforeAll
    static void install() {
        BlockHound.install();
    }

    @Test
    void blockHound_bodyBlocksAParallelThread_isNoticed() {
        Agent<String, String> blocking = Agent.of(
                "blocking",
                (input, context) -> Mono.fromCallable(() -> {
                            Thread.sleep(1);
                            return "done";
                        })
                        .subscribeOn(Schedulers.parallel()));

        StepReport<String> report =
                StepEngine.builder().build().run(List.of(blocking), "go").block();

        assertThat(report.failures())
                .singleElement()
                .satisfies(failure -> assertThat(failure.cause()).isInstanceOf(BlockingOperationError.class));
    }

    @Test
    void run_startedAnsweredAndTimedOutOnParallelThreads_blocksNone() {
        List<Agent<String, String>> agents = new ArrayList<>();
        for (int at = 0; at < 2_000; at++) {
            Mono<String> body = switch (at % 4) {
                case 0 -> Mono.just("done");
                case 1 -> Mono.just("done").publishOn(Schedulers.parallel());
                case 2 -> Mono.delay(Duration.ofMillis(at % 10)).map(any -> "done");
                default -> Mono.never();
            };
            agents.add(Agent.of("agent#" + at, (input, context) -> body));
        }
        StepEngine engine = StepEngine.builder()
                .concurrency(1_000)
                .stepTimeout(Duration.ofMillis(100))
                .timeoutScheduler(Schedulers::parallel) // deliver time-outs where BlockHound looks
                .build();

        StepReport<String> report = Mono.defer(() -> engine.run(agents, "go"))
                .subscribeOn(Schedulers.parallel())
                .block();

        assertThat(report.count(StepResult.Kind.SUCCEEDED)).isEqualTo(1_500);
        assertThat(report.count(StepResult.Kind.TIMED_OUT)).isEqualTo(500);
    }

    @Test
    void stream_cancelledOnAParallelThread_blocksNone() {
        Agent<String, String> silent = Agent.of("silent", (input, context) -> Mono.never());
        Agent<String, String> worker = Agent.of(
                "worker", (input, context) -> Mono.delay(Duration.ofMillis(5)).map(any -> "done"));
        List<Agent<String, String>> agents = new ArrayList<>(FanOutContract.copies(silent, 100));
        agents.add(worker);

        StepResult<String> first = StepEngine.builder().build().stream(agents, "go")
                .next()
                .subscribeOn(Schedulers.parallel())
                .block();

        assertThat(first.value()).isEqualTo("done");
    }
}
