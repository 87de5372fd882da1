package io.flotilla.run;

import io.flotilla.AgentId;
import io.flotilla.agent.Agent;
import io.flotilla.agent.StepContext;
import io.flotilla.topology.Topology;
import java.util.List;
import org.jspecify.annotations.Nullable;
import reactor.core.publisher.Mono;

/**
 * An agent under the name it has in the topology, which is who it is in this workflow: in contexts, logs, meters and for
 * guards.
 */
record NodeAgent(AgentId id, Agent<Turn, Decision> body) implements Agent<Turn, Decision> {

    @Override
    public Mono<Decision> step(Turn turn, StepContext context) {
        Mono<?> step = body.step(turn, context);
        if (step == null) {
            throw new NullPointerException("agent " + id + " returned null instead of a Mono");
        }
        return step.map(value -> decision(id, value));
    }

    /** What an agent decided; after an unchecked cast, as generic clients do, it may be anything. */
    static Decision decision(Object agent, Object value) {
        if (value instanceof Decision decision) {
            return decision;
        }
        throw new ClassCastException("agent " + agent + " must decide by a " + Decision.class.getName()
                + ", its value is a " + value.getClass().getName());
    }

    /** One that knows nothing of runs: takes the input, and its value is an answer or the only hand-off there is. */
    static <I, O> Agent<Turn, Decision> plain(Class<I> inputType, Agent<? super I, ? extends O> agent) {
        return new Plain<>(inputType, agent);
    }

    private record Plain<I, O>(Class<I> inputType, Agent<? super I, ? extends O> agent)
            implements Agent<Turn, Decision> {

        @Override
        public AgentId id() {
            return agent.id();
        }

        @Override
        public Mono<Decision> step(Turn turn, StepContext context) {
            Correction correction = turn.correction();
            if (correction != null
                    && correction.conflicts().isEmpty()) { // it cannot read it, and would say the same again
                return Mono.just(Decision.fail(correction.problem()));
            }
            I input = turn.input(inputType);
            if (input == null) {
                return Mono.error(new NullPointerException("agent " + agent.id() + " was handed nothing over"));
            }
            Mono<? extends O> answer = agent.step(input, context);
            if (answer == null) {
                throw new NullPointerException("agent " + agent.id() + " returned null instead of a Mono");
            }
            return Mono.<O>from(answer)
                    .map(value -> plainDecision(turn, value))
                    .switchIfEmpty(Mono.fromSupplier(() -> plainDecision(turn, null)));
        }
    }

    /** An answer, or the only hand-off there is. */
    static Decision plainDecision(Turn turn, @Nullable Object value) {
        List<String> targets = turn.successors();
        return targets.size() == 1 && !targets.get(0).equals(Topology.USER)
                ? Decision.handOff(targets.get(0), value)
                : Decision.answer(value);
    }
}
