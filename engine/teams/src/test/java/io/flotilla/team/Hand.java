package io.flotilla.team;

import io.flotilla.AgentId;
import io.flotilla.agent.Agent;
import io.flotilla.agent.StepContext;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicInteger;
import reactor.core.publisher.Mono;
import reactor.core.publisher.Sinks;

/** An agent whose steps end when the test says so. */
final class Hand implements Agent<String, String> {

    private final AgentId id;
    final List<String> tasks = new CopyOnWriteArrayList<>();
    final List<StepContext> contexts = new CopyOnWriteArrayList<>();
    final AtomicInteger cancels = new AtomicInteger();
    private final List<Sinks.One<String>> answers = new CopyOnWriteArrayList<>();

    Hand(String id) {
        this.id = AgentId.of(id);
    }

    @Override
    public AgentId id() {
        return id;
    }

    @Override
    public Mono<String> step(String task, StepContext context) {
        Sinks.One<String> answer = Sinks.one();
        answers.add(answer);
        contexts.add(context);
        tasks.add(task);
        return answer.asMono().doOnCancel(cancels::incrementAndGet);
    }

    /** The last task is done. */
    void answer(String value) {
        answers.get(answers.size() - 1).tryEmitValue(value);
    }

    void answer(int at, String value) {
        answers.get(at).tryEmitValue(value);
    }

    void fail(String why) {
        answers.get(answers.size() - 1).tryEmitError(new IllegalStateException(why));
    }

    void failAll(String why) {
        answers.forEach(each -> each.tryEmitError(new IllegalStateException(why)));
    }
}
