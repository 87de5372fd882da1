package io.flotilla.samples.readingcrew;

import io.flotilla.AgentId;
import io.flotilla.agent.Agent;
import io.flotilla.agent.StepContext;
import io.flotilla.agent.Usage;
import io.flotilla.samples.readingcrew.standin.Extract;
import java.io.IOException;
import java.util.List;
import reactor.core.publisher.Mono;
import reactor.core.scheduler.Schedulers;

/**
 * Stands in for a {@link Reader} whose endpoint does not answer: takes sentences of the file itself, and asks nobody. One
 * for the whole crew; which file is meant, the number of the step tells.
 */
final class LocalReader implements Agent<String, Digest> {

    private static final int SENTENCES = 3;

    private final AgentId id = AgentId.of("local-reader");
    private final List<SourceFile> files;

    /** Takes the files in the order of the readers. */
    LocalReader(List<SourceFile> files) {
        this.files = files;
    }

    @Override
    public AgentId id() {
        return id;
    }

    @Override
    public Mono<Digest> step(String task, StepContext context) {
        return read(files.get((int) context.stepNumber()));
    }

    static Mono<Digest> read(SourceFile file) {
        return Mono.fromCallable(() -> extract(file)).subscribeOn(Schedulers.boundedElastic());
    }

    /** Blocks. */
    static Digest extract(SourceFile file) throws IOException {
        return new Digest(file.name(), Extract.of(file.beginning(Reader.MAX_CHARACTERS), SENTENCES), Usage.NONE);
    }
}
