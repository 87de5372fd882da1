package io.flotilla.samples.complete;

import io.flotilla.AgentId;
import io.flotilla.agent.Agent;
import io.flotilla.agent.StepContext;
import io.flotilla.state.SharedState;
import io.flotilla.state.StateKey;
import java.time.Duration;
import reactor.core.publisher.Mono;

/** Writes reports, and notes each in the state that all share; when it is broken, it no longer answers. */
final class Analyst implements Agent<String, String> {

    private static final Duration WORK = Duration.ofMillis(10);

    private final AgentId id;
    private final StateKey<Integer> reports;
    private final SharedState state;
    private volatile boolean broken;

    Analyst(int number, SharedState state) {
        this.id = AgentId.of("analyst", number);
        this.reports = StateKey.of("reports of " + id, Integer.class);
        this.state = state;
    }

    @Override
    public AgentId id() {
        return id;
    }

    @Override
    public Mono<String> step(String item, StepContext context) {
        if (broken) {
            return Mono.never();
        }
        return Mono.delay(WORK).map(done -> {
            state.update(reports, before -> before == null ? 1 : before + 1);
            return "report on " + item + " by " + id;
        });
    }

    void breaks() {
        broken = true;
    }

    void heals() {
        broken = false;
    }

    int reports() {
        Integer count = state.get(reports).value();
        return count == null ? 0 : count;
    }
}
