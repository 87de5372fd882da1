package io.flotilla.run;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatNullPointerException;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.flotilla.journal.Journal;
import io.flotilla.journal.JournalEntry;
import io.flotilla.topology.Topology;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import reactor.test.StepVerifier;

/** What people who operate runs ask of them: lists, questions, cancels, versions. */
@Timeout(60)
class OperateTest {

    private final Journal journal = Journal.inMemory();
    private final AtomicInteger called = new AtomicInteger();

    /** Asks, and does what it is told. */
    private Workflow.Builder<String> builder(Journal where) {
        return TestRuns.alone(TestRuns.deciding("Solo", turn -> {
                    called.incrementAndGet();
                    if (turn.reason() != Turn.Reason.ANSWERED) {
                        return Decision.ask("what, " + turn.input() + "?");
                    }
                    return "fail".equals(turn.answer())
                            ? Decision.fail("as told")
                            : Decision.answer("told " + turn.answer());
                }))
                .journal(where);
    }

    private Workflow<Object, String> flow() {
        return builder(journal).build();
    }

    private Workflow<Object, String> later() {
        return builder(new ForwardingJournal(journal)).build();
    }

    private static Run<String> started(Workflow<Object, String> flow, String runId, String... label) {
        RunOptions options = RunOptions.ofId(runId);
        return flow.submit("go " + runId, label.length == 0 ? options : options.label(label[0], label[1]))
                .block(TestRuns.SOON);
    }

    private static void end(Run<String> run, Object answer) {
        assertThat(run.answer("q0", answer).block(TestRuns.SOON)).isTrue();
        TestRuns.ended(run);
    }

    private static List<String> ids(Workflow<Object, String> flow, RunFilter filter) {
        return flow.runs().list(filter).map(RunInfo::runId).collectList().block(TestRuns.SOON);
    }

    // --- list

    @Test
    void list_hasWhatARunWasStartedWithAndHowItEnded() {
        Workflow<Object, String> flow =
                builder(journal).name("orders").version("3").build();
        Instant before = Instant.now().minusSeconds(1);
        Run<String> run = started(flow, "a", "tenant", "acme");
        RunInfo live = flow.runs().list(RunFilter.all()).blockFirst(TestRuns.SOON);
        end(run, "x");
        RunInfo ended = flow.runs().list(RunFilter.all()).blockFirst(TestRuns.SOON);

        assertThat(live.runId()).isEqualTo("a");
        assertThat(live.workflow()).isEqualTo("orders");
        assertThat(live.version()).isEqualTo("3");
        assertThat(live.labels()).isEqualTo(Map.of("tenant", "acme"));
        assertThat(live.parent()).isNull();
        assertThat(live.status()).isEqualTo(RunInfo.Status.UNFINISHED);
        assertThat(live.isLive()).isTrue();
        assertThat(live.startedAt()).isBetween(before, Instant.now());
        assertThat(live.facts()).isEqualTo(2);
        assertThat(ended.status()).isEqualTo(RunInfo.Status.SUCCEEDED);
        assertThat(ended.isLive()).isFalse();
        assertThat(ended.lastAppendedAt()).isAfterOrEqualTo(live.lastAppendedAt());
    }

    @Test
    void list_filters() {
        Workflow<Object, String> flow = flow();
        end(started(flow, "a", "tenant", "acme"), "x");
        end(started(flow, "b", "tenant", "acme"), "fail");
        started(flow, "c", "tenant", "other").cancel();
        started(flow, "d", "tenant", "acme");
        started(builder(journal).name("others").version("2").build(), "e", "tenant", "acme");
        RunFilter all = RunFilter.all();

        assertThat(ids(flow, all)).containsExactly("a", "b", "c", "d", "e");
        assertThat(ids(flow, all.label("tenant", "acme"))).containsExactly("a", "b", "d", "e");
        assertThat(ids(flow, all.label("tenant", "acme").label("region", "eu"))).isEmpty();
        assertThat(ids(flow, all.workflow("others"))).containsExactly("e");
        assertThat(ids(flow, all.version("2"))).containsExactly("e");
        assertThat(ids(flow, all.version(""))).containsExactly("a", "b", "c", "d");
        assertThat(ids(flow, all.status(RunInfo.Status.SUCCEEDED))).containsExactly("a");
        assertThat(ids(flow, all.status(RunInfo.Status.FAILED, RunInfo.Status.CANCELLED)))
                .containsExactly("b", "c");
        assertThat(ids(flow, all.status(RunInfo.Status.UNFINISHED))).containsExactly("d", "e");
        assertThat(ids(flow, all.status(RunInfo.Status.UNFINISHED, RunInfo.Status.SUCCEEDED)))
                .containsExactly("a", "d", "e");
        assertThat(ids(flow, all.startedBefore(Instant.EPOCH))).isEmpty();
        assertThat(ids(flow, all.startedAtOrAfter(Instant.EPOCH))).hasSize(5);
    }

    @Test
    void list_pages() {
        Workflow<Object, String> flow = flow();
        for (int at = 0; at < 10; at++) {
            started(flow, "run-" + at, "odd", String.valueOf(at % 2 == 1));
        }
        RunFilter odd = RunFilter.all().label("odd", "true").limit(2);
        List<List<String>> pages = new ArrayList<>();

        List<String> page = ids(flow, odd);
        while (!page.isEmpty()) {
            pages.add(page);
            page = ids(flow, odd.after(page.get(page.size() - 1)));
        }

        assertThat(pages).containsExactly(List.of("run-1", "run-3"), List.of("run-5", "run-7"), List.of("run-9"));
    }

    @Test
    void list_whatIsNoRunOrCannotBeRead_isLeftOut() {
        Workflow<Object, String> flow = flow();
        started(flow, "b");
        journal.append("a", 0, List.of(new JournalEntry(0, Instant.now(), "account-opened", new byte[] {1})))
                .block(TestRuns.SOON);
        journal.append("c", 0, List.of(new JournalEntry(0, Instant.now(), "run-started", new byte[] {1})))
                .block(TestRuns.SOON);

        assertThat(ids(flow, RunFilter.all())).containsExactly("b");
    }

    @Test
    void list_demand_isHonoured() {
        Workflow<Object, String> flow = flow();
        started(flow, "a");
        started(flow, "b");

        StepVerifier.create(flow.runs().list(RunFilter.all()).map(RunInfo::runId), 0)
                .thenRequest(1)
                .expectNext("a")
                .thenRequest(1)
                .expectNext("b")
                .expectComplete()
                .verify(TestRuns.SOON);
    }

    @Test
    void filters_badInput() {
        RunFilter all = RunFilter.all();
        assertThatIllegalArgumentException().isThrownBy(() -> all.limit(0));
        assertThatIllegalArgumentException().isThrownBy(() -> all.after("a b"));
        assertThatIllegalArgumentException().isThrownBy(() -> all.label("", "x"));
        assertThatNullPointerException().isThrownBy(() -> all.workflow(null));
        assertThatNullPointerException().isThrownBy(() -> all.version(null));
        assertThatNullPointerException().isThrownBy(() -> all.status(null));
        assertThatNullPointerException().isThrownBy(() -> flow().runs().list((RunFilter) null));
    }

    // --- questions

    @Test
    void questions_areThoseOfLiveAndOfRecordedRuns() {
        Workflow<Object, String> here = flow();
        started(flow(), "a");
        end(started(here, "b"), "x");
        Workflow<Object, String> later = later();
        started(later, "c");
        started(builder(journal).name("others").build(), "d");

        List<RunQuestion> questions = later.runs().questions().collectList().block(TestRuns.SOON);

        assertThat(questions).extracting(RunQuestion::runId).containsExactly("a", "c");
        assertThat(questions).extracting(RunQuestion::isLive).containsExactly(false, true);
        assertThat(questions).extracting(each -> each.question().text()).containsExactly("what, go a?", "what, go c?");
        assertThat(questions).extracting(each -> each.question().id()).containsExactly("q0", "q0");
    }

    // --- cancel

    @Test
    void cancel_aLiveRun_endsIt() {
        Workflow<Object, String> flow = flow();
        Run<String> run = started(flow, "a");

        RunResult<String> result = flow.runs().cancel("a").block(TestRuns.SOON);

        assertThat(result.status()).isEqualTo(RunResult.Status.CANCELLED);
        assertThat(TestRuns.ended(run)).isSameAs(result);
        assertThat(flow.runs().find("a")).isEmpty();
    }

    @Test
    void cancel_aRecordedRun_isJournaledAndCallsNobody() {
        started(flow(), "a");

        RunResult<String> result = later().runs().cancel("a").block(TestRuns.SOON);

        assertThat(result.status()).isEqualTo(RunResult.Status.CANCELLED);
        assertThat(called).hasValue(1);
        assertThat(ids(flow(), RunFilter.all().status(RunInfo.Status.CANCELLED)))
                .containsExactly("a");
        assertThat(journal.read("a", 0).map(JournalEntry::type).collectList().block(TestRuns.SOON))
                .containsExactly("run-started", "step-settled", "run-cancelled", "run-finished");
        assertThat(TestRuns.ended(later().runs().recover("a").block(TestRuns.SOON))
                        .status())
                .isEqualTo(RunResult.Status.CANCELLED);
    }

    @Test
    void cancel_unknownOrEndedRuns_areTypedErrors() {
        Workflow<Object, String> flow = flow();
        end(started(flow, "a"), "x");
        started(builder(journal).name("others").build(), "b");

        assertThatThrownBy(() -> flow.runs().cancel("a").block(TestRuns.SOON))
                .isInstanceOfSatisfying(
                        RunEndedException.class,
                        ended -> assertThat(ended.runId()).isEqualTo("a"));
        assertThatThrownBy(() -> flow.runs().cancel("b").block(TestRuns.SOON)).isInstanceOf(UnknownRunException.class);
        assertThatThrownBy(() -> later().runs().cancel("b").block(TestRuns.SOON))
                .isInstanceOf(UnknownRunException.class);
        assertThatThrownBy(() -> flow.runs().cancel("nobody").block(TestRuns.SOON))
                .isInstanceOf(UnknownRunException.class);
        assertThatNullPointerException().isThrownBy(() -> flow.runs().cancel(null));
        assertThat(flow.runs().recover("a").block(TestRuns.SOON))
                .as("the id was given back")
                .isNotNull();
    }

    // --- versions

    private Workflow<Object, String> version(String version) {
        return builder(new ForwardingJournal(journal)).version(version).build();
    }

    @Test
    void recoverAll_takesItsOwnVersion_andReportsTheOthers() {
        started(version("1"), "a");
        started(version("1"), "b");
        started(version("2"), "c");
        started(version(""), "d");

        Recovery<String> recovery = version("2").runs().recoverAll().block(TestRuns.SOON);

        assertThat(recovery.recovered()).extracting(Run::runId).containsExactly("c");
        assertThat(recovery.otherVersions()).isEqualTo(Map.of("", 1L, "1", 2L));
        assertThat(recovery.failures()).isEmpty();
        assertThat(recovery.toString()).contains("otherVersions={=1, 1=2}");
    }

    @Test
    void recoverAll_takesTheVersionsItIsTold() {
        started(version("1"), "a");
        started(version("2"), "b");
        started(version("3"), "c");

        Recovery<String> recovery =
                version("2").runs().recoverAll("1", "2", "7").block(TestRuns.SOON);

        assertThat(recovery.recovered()).extracting(Run::runId).containsExactly("a", "b");
        assertThat(recovery.otherVersions()).isEqualTo(Map.of("3", 1L));
        assertThatNullPointerException().isThrownBy(() -> version("2").runs().recoverAll(null));
    }

    // --- verify

    /** Solo may also hand over. */
    private Workflow<Object, String> renamed() {
        Topology other = Topology.parse("""
                start -> Alone
                Alone -> end, user
                """);
        return Workflow.builder(other, String.class)
                .agent("Alone", TestRuns.deciding("Alone", turn -> Decision.ask("?")))
                .version("2")
                .journal(new ForwardingJournal(journal))
                .build();
    }

    @Test
    void verify_theSameWorkflow_findsNothingAndCallsNobody() {
        end(started(flow(), "a"), "x");
        started(flow(), "b");
        started(builder(journal).name("others").build(), "c");
        int before = called.get();

        Verification verification = later().runs().verify(RunFilter.all()).block(TestRuns.SOON);

        assertThat(verification.isOk()).isTrue();
        assertThat(verification.runs()).isEqualTo(2);
        assertThat(called).hasValue(before);
    }

    @Test
    void verify_anotherWorkflow_listsEveryRunThatDiffersAndSaysWhy() {
        end(started(flow(), "a"), "x");
        started(flow(), "b");

        Verification verification = renamed().runs().verify(RunFilter.all()).block(TestRuns.SOON);

        assertThat(verification.isOk()).isFalse();
        assertThat(verification.failures()).extracting(Recovery.Failure::runId).containsExactly("a", "b");
        assertThat(verification.failures())
                .allSatisfy(failure -> assertThat(failure.cause()).isInstanceOf(DivergenceException.class));
        assertThat(verification.toString()).contains("runs=2, failed=2", "agent Solo is gone");
        assertThat(renamed()
                        .runs()
                        .verify(RunFilter.all().after("a"))
                        .block(TestRuns.SOON)
                        .runs())
                .isEqualTo(1);
    }

    /** As after a deploy whose codec has lost the type of the tasks. */
    @Test
    void verify_runsWhoseStartCannotBeRead_areFailures() {
        started(flow(), "b");
        for (String unreadable : List.of("c", "a")) {
            journal.append(unreadable, 0, List.of(new JournalEntry(0, Instant.now(), "run-started", new byte[] {1})))
                    .block(TestRuns.SOON);
        }

        Verification verification = later().runs().verify(RunFilter.all()).block(TestRuns.SOON);

        assertThat(verification.isOk()).isFalse();
        assertThat(verification.runs()).isEqualTo(1);
        assertThat(verification.failures()).extracting(Recovery.Failure::runId).containsExactly("a", "c");
    }

    /** Its start says whose it is. */
    @Test
    void verify_runsWhoseEndCannotBeRead_areFailuresOfTheirOwnWorkflowAlone() {
        started(flow(), "a");
        started(builder(journal).name("others").build(), "b");
        for (String broken : List.of("a", "b")) {
            journal.append(broken, 2, List.of(new JournalEntry(2, Instant.now(), "run-finished", new byte[] {1})))
                    .block(TestRuns.SOON);
        }
        started(flow(), "c");

        Verification verification = later().runs().verify(RunFilter.all()).block(TestRuns.SOON);

        assertThat(verification.runs()).isEqualTo(1);
        assertThat(verification.failures()).extracting(Recovery.Failure::runId).containsExactly("a");
        assertThat(later().runs()
                        .verify(RunFilter.all().label("tenant", "acme"))
                        .block(TestRuns.SOON)
                        .failures())
                .as("nor one whose start has other labels")
                .isEmpty();
    }

    @Test
    void verify_limit_endsBeforeWhatComesAfter() {
        for (String unreadable : List.of("a", "d")) {
            journal.append(unreadable, 0, List.of(new JournalEntry(0, Instant.now(), "run-started", new byte[] {1})))
                    .block(TestRuns.SOON);
        }
        started(flow(), "b");
        started(flow(), "c");

        Verification verification =
                later().runs().verify(RunFilter.all().limit(2)).block(TestRuns.SOON);

        assertThat(verification.runs()).isEqualTo(2);
        assertThat(verification.failures()).extracting(Recovery.Failure::runId).containsExactly("a");
    }

    @Test
    void verify_runsOfAnotherWorkflow_isAnError() {
        assertThatIllegalArgumentException()
                .isThrownBy(() -> flow().runs().verify(RunFilter.all().workflow("others")));
        assertThatNullPointerException().isThrownBy(() -> flow().runs().verify(null));
    }

    // --- migrate

    @Test
    void migrate_aRunWhoseFactsAllowIt_countsAsOneOfTheNewVersion() {
        started(version("1"), "a");
        Workflow<Object, String> two = version("2");

        Migration dry = two.runs().checkMigration("a", "2").block(TestRuns.SOON);
        assertThat(dry).isEqualTo(new Migration("a", "1", "2", List.of(), null));
        assertThat(dry.isPossible()).isTrue();
        assertThat(two.runs().recoverAll().block(TestRuns.SOON).recovered())
                .as("a dry run changes nothing")
                .isEmpty();

        assertThat(two.runs().migrate("a", "2").block(TestRuns.SOON)).isEqualTo(dry);
        assertThat(two.runs().migrate("a", "2").block(TestRuns.SOON).from())
                .as("again")
                .isEqualTo("2");
        assertThat(two.runs().list(RunFilter.all()).blockFirst(TestRuns.SOON).version())
                .isEqualTo("2");
        assertThat(version("1").runs().recoverAll().block(TestRuns.SOON).otherVersions())
                .isEqualTo(Map.of("2", 1L));
        Run<String> run =
                two.runs().recoverAll().block(TestRuns.SOON).recovered().get(0);
        end(run, "x");
        assertThat(version("2").runs().replay("a").block(TestRuns.SOON).status())
                .isEqualTo(RunState.Status.SUCCEEDED);
        assertThat(version("2").runs().events("a").count().block(TestRuns.SOON))
                .isEqualTo(TestRuns.events(run).size());
    }

    @Test
    void migrate_aRunWhoseFactsDoNotAllowIt_isADivergenceAndWritesNothing() {
        started(version("1"), "a");
        long facts = journal.read("a", 0).count().block(TestRuns.SOON);

        Migration dry = renamed().runs().checkMigration("a", "2").block(TestRuns.SOON);
        assertThat(dry.isPossible()).isFalse();
        assertThat(dry.from()).isEqualTo("1");
        assertThat(dry.changes()).contains("agent Solo is gone");
        assertThat(dry.problem()).isInstanceOf(DivergenceException.class);
        assertThatThrownBy(() -> renamed().runs().migrate("a", "2").block(TestRuns.SOON))
                .isInstanceOf(DivergenceException.class);
        assertThat(journal.read("a", 0).count().block(TestRuns.SOON)).isEqualTo(facts);
    }

    @Test
    void migrate_badInput_isATypedError() {
        Workflow<Object, String> one = version("1");
        Run<String> live = started(one, "a");
        end(started(one, "b"), "x");

        assertThatThrownBy(() -> one.runs().migrate("a", "7"))
                .isInstanceOfSatisfying(
                        UnknownVersionException.class,
                        unknown -> assertThat(unknown.version()).isEqualTo("7"));
        assertThatThrownBy(() -> one.runs().checkMigration("a", "7")).isInstanceOf(UnknownVersionException.class);
        assertThatThrownBy(() -> one.runs().migrate("a", "1").block(TestRuns.SOON))
                .isInstanceOf(RunAlreadyLiveException.class);
        assertThatThrownBy(() -> one.runs().migrate("b", "1").block(TestRuns.SOON))
                .isInstanceOf(RunEndedException.class);
        assertThatThrownBy(() -> one.runs().migrate("nobody", "1").block(TestRuns.SOON))
                .isInstanceOf(UnknownRunException.class);
        assertThatNullPointerException().isThrownBy(() -> one.runs().migrate(null, "1"));
        assertThat(live.questions()).hasSize(1);
    }
}
