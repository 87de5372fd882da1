package io.flotilla.observe;

import static io.flotilla.observe.FlotillaKey.AGENT;
import static io.flotilla.observe.FlotillaKey.AGENT_INSTANCE;
import static io.flotilla.observe.FlotillaKey.OUTCOME;
import static io.flotilla.observe.FlotillaKey.RUN_ID;
import static io.flotilla.observe.FlotillaKey.STEP_ID;
import static io.flotilla.observe.FlotillaKey.WORKFLOW;

import io.micrometer.common.docs.KeyName;
import io.micrometer.observation.Observation;
import io.micrometer.observation.ObservationConvention;
import io.micrometer.observation.docs.ObservationDocumentation;
import java.util.List;
import java.util.stream.Stream;

/**
 * Every observation of core. They are made when an {@code ObservationRegistry} is given to the engine, and cost nothing otherwise.
 *
 * <p>Names and keys are those of {@link FlotillaObservationConvention}, unless another convention is given to the engine or the registry.
 *
 * @since 0.1
 */
public enum FlotillaObservation implements ObservationDocumentation {
    /** One subscription to a round. Its parent is the observation in the subscriber's context, if there is one. */
    ROUND("flotilla.round", List.of(OUTCOME, RUN_ID), List.of(FlotillaEvent.PERMITS_WAITING)),

    /** One run. Its parent is the observation in the context the run was started with, if there is one. */
    RUN("flotilla.run", List.of(WORKFLOW, OUTCOME, RUN_ID), List.of()),

    /**
     * One branch of a run. Its parent is the branch that forked it, or the run. The branch of a rendezvous is linked to those that have
     * come; it may be there for one event only, if too few have.
     */
    BRANCH(
            "flotilla.branch",
            List.of(AGENT, OUTCOME, FlotillaKey.BRANCH),
            List.of(
                    FlotillaEvent.FORK,
                    FlotillaEvent.JOIN_MET,
                    FlotillaEvent.JOIN_UNMET,
                    FlotillaEvent.JOIN_VACATED,
                    FlotillaEvent.RENDEZVOUS_MET,
                    FlotillaEvent.RENDEZVOUS_UNMET)),

    /**
     * The wait for a fork, until its join has decided. Its parent is the branch that has forked, as that of the forked branches is. It
     * is linked to the branches that are joined, which are those its agent gets as outcomes.
     */
    JOIN("flotilla.join", List.of(AGENT, OUTCOME, FlotillaKey.BRANCH), List.of()),

    /** A question to people, until it is answered or taken back. Its parent is the branch that asks. */
    QUESTION("flotilla.question", List.of(AGENT, OUTCOME, FlotillaKey.QUESTION_ID), List.of()),

    /** A branch's sleep, until its time is up. Its parent is the branch that sleeps. A sleep of no time is none. */
    SLEEP("flotilla.sleep", List.of(AGENT, OUTCOME, FlotillaKey.BRANCH), List.of()),

    /**
     * The wait for a signal, until it comes or its time is up. Its parent is the branch that waits. A signal that has come before is
     * taken at once, without a wait.
     */
    SIGNAL("flotilla.signal", List.of(AGENT, OUTCOME, FlotillaKey.BRANCH, FlotillaKey.SIGNAL), List.of()),

    /** One step, all attempts included. Its parent is the round's, or its branch's; what the agent observes has it for a parent. */
    STEP("flotilla.step", List.of(AGENT, OUTCOME, AGENT_INSTANCE, STEP_ID), List.of()),

    /**
     * One attempt of a step, or a fallback's, with what interceptors do around it. Its parent is the step's; what the agent observes has
     * it for a parent. There are none in an engine without interceptors, whose steps have one attempt each. Who wants none at all says
     * so to the registry: {@code observationPredicate((name, context) -> !name.equals("flotilla.attempt"))}.
     */
    ATTEMPT("flotilla.attempt", List.of(AGENT, OUTCOME, FlotillaKey.ATTEMPT), List.of());

    private final String name;

    @SuppressWarnings("ImmutableEnumChecker") // List.of
    private final List<FlotillaKey> keys;

    @SuppressWarnings("ImmutableEnumChecker") // List.of
    private final List<FlotillaEvent> events;

    FlotillaObservation(String name, List<FlotillaKey> keys, List<FlotillaEvent> events) {
        this.name = name;
        this.keys = keys;
        this.events = events;
    }

    @Override
    public String getName() {
        return name;
    }

    @Override
    @SuppressWarnings({"unchecked", "rawtypes"}) // Micrometer asks for the raw class of a generic convention
    public Class<? extends ObservationConvention<? extends Observation.Context>> getDefaultConvention() {
        return (Class) FlotillaObservationConvention.class;
    }

    @Override
    public KeyName[] getLowCardinalityKeyNames() {
        return keys(true).toArray(KeyName[]::new);
    }

    @Override
    public KeyName[] getHighCardinalityKeyNames() {
        return keys(false).toArray(KeyName[]::new);
    }

    private Stream<FlotillaKey> keys(boolean lowCardinality) {
        return keys.stream().filter(key -> key.isLowCardinality() == lowCardinality);
    }

    @Override
    public Observation.Event[] getEvents() {
        return events.toArray(Observation.Event[]::new);
    }
}
