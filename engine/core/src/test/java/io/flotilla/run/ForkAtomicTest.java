package io.flotilla.run;

import static io.flotilla.run.TestRuns.SOON;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.flotilla.agent.Agent;
import io.flotilla.journal.Journal;
import io.flotilla.journal.JournalFilter;
import io.flotilla.journal.PayloadException;
import io.flotilla.run.JournalFailureTest.Odd;
import io.flotilla.topology.Topology;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import reactor.core.publisher.Mono;

/** A fork is in the journal with what makes it another run, or not at all. */
@Timeout(60)
class ForkAtomicTest {

    private final List<String> paid = Collections.synchronizedList(new ArrayList<>());

    private Workflow<String, String> paying(Journal journal) {
        return Workflow.builder(Topology.parse("start -> A\nA -> A, end"), String.class)
                .agent(
                        "A",
                        Agent.of(
                                "A",
                                (turn, context) -> Mono.fromSupplier(() -> {
                                    paid.add("" + context.stepNumber());
                                    return context.stepNumber() < 600
                                            ? Decision.repeat("invoice")
                                            : Decision.answer("done");
                                })))
                .journal(journal)
                .build();
    }

    @Test
    void fork_whoseJournalFailsAtTheNthAppend_neverGoesTheOldWay() {
        for (int fails = 1; fails <= 4; fails++) {
            AtomicInteger left = new AtomicInteger(Integer.MAX_VALUE);
            Odd journal = new Odd(append ->
                    left.decrementAndGet() < 0 ? Mono.error(new IllegalStateException("disk full")) : append.as());
            Run<String> run = paying(journal).start("invoice");
            run.result().block(SOON);
            paid.clear();
            left.set(fails - 1);

            paying(journal)
                    .runs()
                    .fork(run.runId(), 550, Decision.answer("stop"))
                    .flatMap(Run::result)
                    .onErrorComplete()
                    .block(SOON);
            left.set(Integer.MAX_VALUE);
            List<RunResult<String>> recovered = paying(journal)
                    .runs()
                    .recoverAll()
                    .flatMapIterable(Recovery::recovered)
                    .flatMap(Run::result)
                    .collectList()
                    .block(SOON);

            assertThat(paid).as("append %s", fails).isEmpty();
            assertThat(recovered)
                    .allSatisfy(result -> assertThat(result.answer()).isEqualTo("stop"));
        }
    }

    @Test
    void fork_withAnInputThatCannotBeWritten_leavesNothing() {
        Journal journal = Journal.inMemory();
        Run<String> run = paying(journal).start("invoice");
        run.result().block(SOON);

        assertThatThrownBy(() -> paying(journal)
                        .runs()
                        .fork(run.runId(), 550, new Object())
                        .block(SOON))
                .isInstanceOf(PayloadException.class);
        assertThat(journal.list(JournalFilter.all()).count().block()).isEqualTo(1);
    }
}
