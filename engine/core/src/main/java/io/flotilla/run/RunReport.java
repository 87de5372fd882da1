package io.flotilla.run;

import io.flotilla.internal.JsonFields;
import io.flotilla.observe.Redactor;
import io.flotilla.run.machine.Effect;
import io.flotilla.run.machine.Replay;
import io.flotilla.run.machine.RunHeader;
import io.flotilla.topology.Topology;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.time.Instant;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.TreeMap;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/** A recorded run as a page that needs nothing else. Not thread-safe. */
final class RunReport {

    private final Redactor redactor;
    private final Topology topology;
    private final RunHeader header;
    private final Replay replay;
    private final List<Map<String, @Nullable Object>> events = new ArrayList<>();
    private @Nullable Instant startedAt;

    RunReport(Redactor redactor, Topology topology, RunHeader header, Replay replay) {
        this.redactor = redactor;
        this.topology = topology;
        this.header = header;
        this.replay = replay;
    }

    /** Takes what the last fact has told. */
    void addFresh() {
        replay.fresh().forEach(event -> events.add(form(event)));
    }

    private Map<String, @Nullable Object> form(RunEvent event) {
        if (!(event instanceof RunEvent.StepSettled || event instanceof RunEvent.CompensationSettled)) {
            return event.toMap();
        }
        Map<String, @Nullable Object> form = new LinkedHashMap<>(event.toMap());
        form.put("used", replay.used().toMap());
        return form;
    }

    /** Takes when a fact happened; the first counts. */
    void started(Instant at) {
        if (startedAt == null) {
            startedAt = at;
        }
    }

    /** Writes the page, whole or not at all. Blocks. */
    Path write(Path file) {
        Path whole = file.toAbsolutePath();
        try {
            Path folder = Objects.requireNonNull(whole.getParent(), "a file is in a folder");
            Files.createDirectories(folder);
            Path draft = folder.resolve("." + UUID.randomUUID() + ".html"); // with the permissions that files have here
            try {
                Files.writeString(draft, page());
                Files.move(draft, whole, StandardCopyOption.REPLACE_EXISTING);
            } finally {
                Files.deleteIfExists(draft);
            }
        } catch (IOException failed) {
            throw new UncheckedIOException("cannot write the report " + file, failed);
        }
        return file;
    }

    private String page() {
        Map<String, @Nullable Object> all = new LinkedHashMap<>(overview());
        Object result = all.remove("result"); // the last
        all.put("events", events);
        if (result != null) {
            all.put("result", result);
        }
        return ReportPage.of(header.workflow() + " " + replay.runId(), all);
    }

    /** All but the events. */
    Map<String, @Nullable Object> overview() {
        RunState state = replay.state();
        Map<String, @Nullable Object> labels = new TreeMap<>(header.labels());
        Map<String, @Nullable Object> run = new JsonFields()
                .text("id", replay.runId())
                .text("workflow", header.workflow())
                .text("version", header.version())
                .constant("status", state.status())
                .instant("startedAt", startedAt)
                .map("labels", labels)
                .map("usage", state.usage().toMap())
                .toMap();
        JsonFields data = new JsonFields().map("run", run).map("topology", topology.toMap());
        String result = result();
        if (result != null) {
            data.text("result", result);
        }
        return data.toMap();
    }

    /** Null for a run that has not ended. */
    private @Nullable String result() {
        Effect first =
                replay.outstandingEffects(Instant.EPOCH).stream().findFirst().orElse(null);
        if (!(first instanceof Effect.Finish finish)) {
            return null;
        }
        StringBuilder text = new StringBuilder();
        finish.answers()
                .forEach(answer -> text.append(answer == null ? "null" : JsonFields.textOf(answer))
                        .append('\n'));
        RunFailure failure = finish.failure();
        if (failure != null) {
            text.append(failure.getMessage()).append('\n');
        }
        return RecordedException.redacted(text.toString(), redactor);
    }
}
