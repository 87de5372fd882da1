package io.flotilla.samples.readingcrew;

import io.flotilla.journal.RunSummary;
import io.flotilla.resilience.Resilience;
import io.flotilla.run.AgentFailedException;
import io.flotilla.run.BranchPath;
import io.flotilla.run.Run;
import io.flotilla.run.RunEvent;
import io.flotilla.run.RunFailure;
import io.flotilla.run.RunResult;
import io.flotilla.run.Runs;
import io.flotilla.run.Workflow;
import io.flotilla.samples.readingcrew.chat.ChatClient;
import io.flotilla.samples.readingcrew.chat.Endpoint;
import io.flotilla.samples.shell.Output;
import io.flotilla.samples.shell.Sample;
import io.flotilla.samples.shell.Settings;
import io.flotilla.samples.shell.Shell;
import io.flotilla.samples.shell.Timeline;
import java.math.BigDecimal;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Objects;
import org.jspecify.annotations.Nullable;
import reactor.core.Disposable;

/**
 * A crew of agents reads a folder: a planner forks a reader for every file and a checker, a writer waits for all of
 * them, or for enough, and ends the run. The run is recorded; {@code -Dresume=true} goes on with one that was killed. Without a key in {@code OPENAI_API_KEY} a stand-in answers, which fails on purpose.
 */
public final class ReadingCrew implements Sample {

    /** What {@code -Dsample} calls it. */
    public static final String NAME = "reading-crew";

    private static final Duration STAND_IN_DEADLINE = Duration.ofMinutes(1);
    private static final Duration MODEL_DEADLINE = Duration.ofMinutes(5);
    private static final int MAX_PRINTED = 8;

    public static void main(String[] args) {
        Shell.exit(new ReadingCrew());
    }

    @Override
    public String name() {
        return NAME;
    }

    @Override
    public int run(Settings settings, Output output) {
        BigDecimal share = settings.quorum();
        Duration deadline = settings.deadline(Endpoint.of(settings) == null ? STAND_IN_DEADLINE : MODEL_DEADLINE);
        boolean resume = settings.resume();
        Duration inspect = settings.inspect() ? settings.inspectIdle() : null;
        try (Logbook logbook = Logbook.open(settings.outputFolder(NAME), resume)) {
            RunSummary before = resume ? logbook.unfinished() : null;
            return Task.open(NAME, settings, output, task -> {
                Quorum quorum = Quorum.of(share, task.folder().files().size(), deadline);
                return read(task, quorum, logbook, before, inspect, output);
            });
        }
    }

    private static int read(
            Task task,
            Quorum quorum,
            Logbook logbook,
            @Nullable RunSummary before,
            @Nullable Duration inspect,
            Output output) {
        Assignment assignment = Assignment.of(task, quorum);
        if (before != null) {
            logbook.assignment(before).check(assignment);
        }
        Crew crew = new Crew(task, quorum, new Readings(), new Tally());
        Resilience protection = crew.protection();
        Disposable watch = protection.circuitBreakerTransitions().subscribe(crew.tally()::changed);
        try (ChatClient chat = new ChatClient(task.endpoint(), Task.AT_A_TIME)) {
            Duration since = before == null ? Duration.ZERO : since(before);
            Workflow<Assignment, Written> workflow = crew.workflow(chat, protection, logbook.journal(), since);
            try (Inspection inspection = Inspection.of(inspect, workflow.runs(), protection)) {
                inspection.announce(output);
                int code = read(crew, workflow, assignment, before, output);
                inspection.await(output);
                return code;
            }
        } finally {
            watch.dispose();
        }
    }

    private static int read(
            Crew crew,
            Workflow<Assignment, Written> workflow,
            Assignment assignment,
            @Nullable RunSummary before,
            Output output) {
        Task task = crew.task();
        Quorum quorum = crew.quorum();
        List<SourceFile> files = task.folder().files();
        RunResult<Written> result;
        List<RunEvent> events;
        if (before != null) {
            remember(before, workflow.runs(), crew.readings(), files.size(), output);
        }
        output.line("The writer waits for %s", quorum);
        output.line("");
        String topology = Crew.TOPOLOGY.toMermaid();
        output.out().print(topology);
        output.line("");
        Results.write(task.results().resolve("topology.mmd"), topology);
        LaneScreen screen = output.terminal() ? new LaneScreen(files.size(), output.out(), System::nanoTime) : null;
        LaneView view = screen == null ? new LaneLines(output) : screen;
        ProgressView bar = screen == null ? new LineView(files.size(), output) : screen;
        try (Lanes lanes = new Lanes(LaneView.LANES, view, Crew.READER, branch -> fileOf(branch, files));
                Progress progress = new Progress(bar)) {
            // Blocking is for the outermost edge of a program, such as this.
            Run<Written> run = before == null
                    ? workflow.start(assignment)
                    : Objects.requireNonNull(
                            workflow.runs().recover(before.runId()).block());
            run.output().subscribe(lanes::watch);
            events = Objects.requireNonNull(run.events()
                    .doOnNext(event -> progress.watch(event, Crew.READER))
                    .collectList()
                    .block());
            result = Objects.requireNonNull(run.result().block());
            workflow.runs()
                    .report(run.runId(), task.results().resolve("report.html"))
                    .block();
        }

        Timeline timeline = Timeline.of(events, branch -> fileOf(branch, files));
        Results.write(task.results().resolve("timeline.txt"), timeline.draw(Task.MAX_FILES));
        output.line("");
        output.out().print(timeline.draw(MAX_PRINTED));
        Written written = result.answer();
        if (written == null) {
            output.err().printf("%s: %s%n", NAME, Output.oneLine(why(Objects.requireNonNull(result.failure()), files)));
            return 1;
        }
        Meeting meeting = Meeting.of(events);
        new ReportText(crew.readings().report(files, written.reads()), crew.tally()).print(output);
        if (before != null) {
            output.line("Refusals and the breaker's changes are those since the run was gone on with");
        }
        meeting.print(quorum, written, output);
        output.line("Digest: %s, beside it topology.mmd, timeline.txt and report.html", written.file());
        if (written.reads().size() < quorum.wanted()) {
            output.err()
                    .printf(
                            "%s: no quorum: %d of %d wanted came in time; what did is written%n",
                            NAME, meeting.came(), quorum.arrivals());
            return 1;
        }
        return 0;
    }

    /** What was read is known from the journal, whatever process read it. */
    private static void remember(RunSummary before, Runs<Written> runs, Readings readings, int files, Output output) {
        PreviousRun previous = PreviousRun.of(
                Objects.requireNonNull(runs.events(before.runId()).collectList().block()));
        readings.remember(previous);
        output.line(
                "Going on with run %s: %s, %d are left",
                before.runId(), previous.words(files), files - previous.settled());
    }

    private static Duration since(RunSummary before) {
        Duration since = Duration.between(before.startedAt(), Instant.now());
        return since.isNegative() ? Duration.ZERO : since; // clocks are set
    }

    /** Readers are the first branches of the planner's fork. */
    private static String fileOf(BranchPath branch, List<SourceFile> files) {
        return branch.depth() == 1 && branch.index() < files.size()
                ? files.get(branch.index()).name()
                : "";
    }

    /** A join's failure has the first one behind it as its cause. */
    private static String why(RunFailure failure, List<SourceFile> files) {
        Throwable first = failure.getCause() instanceof RunFailure ? failure.getCause() : failure;
        if (first instanceof AgentFailedException failed && failed.agent().equals(Crew.READER)) {
            SourceFile file = files.get(failed.branch().index());
            return "stopped by the first failure, of agent " + Reader.idOf(file) + ": " + failed.stepKind() + ": "
                    + failed.reason();
        }
        return failure.reason();
    }
}
