package io.flotilla.samples.readingcrew;

import io.flotilla.samples.shell.Output;
import io.flotilla.step.StepReport;
import io.flotilla.step.StepResult;
import java.nio.file.Path;
import java.util.Objects;

/** Writes all digests into one Markdown file, and apart from them what could not be digested. */
final class DigestFile {

    private DigestFile() {}

    /** Writes {@code digest.md} into the folder, anew. Blocks. */
    static Path write(Path folder, StepReport<Digest> report, String source) {
        return Results.write(folder.resolve("digest.md"), markdown(report, source));
    }

    private static String markdown(StepReport<Digest> report, String source) {
        StringBuilder text = new StringBuilder("# Digest\n\n");
        text.append(report.values().size()).append(" of ").append(report.size()).append(" files; ");
        text.append(source).append(".\n");
        for (StepResult<Digest> result : report.succeeded()) {
            Digest digest = Objects.requireNonNull(result.value(), "readers always answer");
            text.append("\n## ").append(Output.oneLine(digest.file())).append("\n\n");
            if (result.kind() == StepResult.Kind.DEGRADED) {
                text.append("*Local extract: ").append(ReportText.cause(result)).append("*\n\n");
            }
            text.append(digest.text()).append('\n');
        }
        if (report.failureCount() > 0) {
            text.append("\n# Not digested\n\n");
            report.failures()
                    .forEach(failure -> text.append("- ")
                            .append(failure.agentId())
                            .append(": ")
                            .append(failure.kind())
                            .append(", ")
                            .append(ReportText.cause(failure))
                            .append('\n'));
        }
        return text.toString();
    }
}
