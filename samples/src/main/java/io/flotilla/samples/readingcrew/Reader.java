package io.flotilla.samples.readingcrew;

import io.flotilla.AgentId;
import io.flotilla.agent.Agent;
import io.flotilla.agent.StepContext;
import io.flotilla.samples.readingcrew.chat.Answer;
import io.flotilla.samples.readingcrew.chat.ChatClient;
import io.flotilla.samples.readingcrew.chat.Delta;
import io.flotilla.samples.shell.Output;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;
import reactor.core.scheduler.Schedulers;

/**
 * An agent that reads one file and asks for a digest of it, which it emits piece by piece as it comes. Reading blocks and is
 * done on a thread for that; asking does not. The input of its step is the task.
 */
final class Reader implements Agent<String, Digest> {

    /** How much of a file is sent: enough for a digest, and a bound on what a run costs. */
    static final int MAX_CHARACTERS = 12_000;

    private final Agent<String, Digest> asking;

    Reader(SourceFile file, ChatClient chat) {
        this.asking = Agent.streaming(
                idOf(file),
                (task, context) -> ask(task, file, chat, context),
                Answer.ofDeltas((text, usage) -> new Digest(file.name(), text, usage)));
    }

    private static Flux<Delta> ask(String task, SourceFile file, ChatClient chat, StepContext context) {
        return Mono.fromCallable(() -> file.beginning(MAX_CHARACTERS))
                .subscribeOn(Schedulers.boundedElastic())
                .flatMapMany(text -> chat.ask(task + " The file is " + file.name(), text, context.idempotencyKey()))
                .doOnNext(delta -> context.usage().record(delta.usage()));
    }

    static AgentId idOf(SourceFile file) {
        return new AgentId("reader", instance(file.name()));
    }

    /** The file's name as an instance of an agent; of a very long one its end, which tells more than its beginning. */
    private static String instance(String name) {
        String line = Output.oneLine(name);
        int tooMany = line.length() - AgentId.MAX_LENGTH;
        String end = tooMany > 0 ? line.substring(tooMany) : line;
        return end.isBlank() ? "(blank)" : end;
    }

    @Override
    public AgentId id() {
        return asking.id();
    }

    @Override
    public Mono<Digest> step(String task, StepContext context) {
        return asking.step(task, context);
    }
}
