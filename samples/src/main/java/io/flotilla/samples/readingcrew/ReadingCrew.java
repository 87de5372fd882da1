package io.flotilla.samples.readingcrew;

import io.flotilla.resilience.Resilience;
import io.flotilla.run.AgentFailedException;
import io.flotilla.run.BranchPath;
import io.flotilla.run.Run;
import io.flotilla.run.RunEvent;
import io.flotilla.run.RunFailure;
import io.flotilla.run.RunResult;
import io.flotilla.samples.readingcrew.chat.ChatClient;
import io.flotilla.samples.readingcrew.chat.Endpoint;
import io.flotilla.samples.shell.Output;
import io.flotilla.samples.shell.Sample;
import io.flotilla.samples.shell.Settings;
import io.flotilla.samples.shell.Shell;
import io.flotilla.samples.shell.Timeline;
import java.math.BigDecimal;
import java.time.Duration;
import java.util.List;
import java.util.Objects;
import reactor.core.Disposable;

/**
 * A crew of agents reads a folder: a planner forks a reader for every file and a checker, a writer waits for enough of
 * them and ends the run. Without a key in {@code OPENAI_API_KEY} a stand-in answers, which fails on purpose.
 */
public final class ReadingCrew implements Sample {

    /** What {@code -Dsample} calls it. */
    public static final String NAME = "reading-crew";

    private static final Duration STAND_IN_DEADLINE = Duration.ofSeconds(20);
    private static final Duration MODEL_DEADLINE = Duration.ofMinutes(5);
    private static final int MOST_PRINTED = 8;

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
        return Task.open(NAME, settings, output, task -> {
            Quorum quorum = Quorum.of(share, task.folder().files().size(), deadline);
            output.line("The writer waits for %s", quorum);
            return read(new Crew(task, quorum, new Readings(), new Tally()), output);
        });
    }

    private static int read(Crew crew, Output output) {
        Task task = crew.task();
        List<SourceFile> files = task.folder().files();
        String topology = Crew.TOPOLOGY.toMermaid();
        output.line("");
        output.out().print(topology);
        output.line("");
        Results.write(task.results().resolve("topology.mmd"), topology);

        Resilience protection = crew.protection();
        Disposable watch = protection.breakerChanges().subscribe(crew.tally()::changed);
        RunResult<Written> result;
        List<RunEvent> events;
        try (ChatClient chat = new ChatClient(task.endpoint(), Task.AT_A_TIME);
                Progress progress = new Progress(ProgressView.of(files.size(), output))) {
            Run<Written> run = crew.workflow(chat, protection).start(task.folder());
            // Blocking is for the outermost edge of a program, such as this.
            events = Objects.requireNonNull(run.events()
                    .doOnNext(event -> progress.watch(event, Crew.READER))
                    .collectList()
                    .block());
            result = Objects.requireNonNull(run.result().block());
        } finally {
            watch.dispose();
        }

        Timeline timeline = Timeline.of(events, branch -> fileOf(branch, files));
        Results.write(task.results().resolve("timeline.txt"), timeline.draw(Task.MAX_FILES));
        output.line("");
        output.out().print(timeline.draw(MOST_PRINTED));
        Written written = result.answer();
        if (written == null) {
            output.err().printf("%s: %s%n", NAME, Output.oneLine(why(Objects.requireNonNull(result.failure()), files)));
            return 1;
        }
        Meeting meeting = Meeting.of(events);
        new ReportText(crew.readings().report(files, written.digests()), crew.tally()).print(output);
        meeting.print(crew.quorum(), written, output);
        output.line("Digest: %s, beside it topology.mmd and timeline.txt", written.file());
        if (meeting.came() < crew.quorum().arrivals()) {
            output.err()
                    .printf(
                            "%s: no quorum: %d of %d wanted came in time; what did is written%n",
                            NAME, meeting.came(), crew.quorum().arrivals());
            return 1;
        }
        return 0;
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
