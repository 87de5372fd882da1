package io.flotilla.run;

import io.flotilla.agent.Usage;
import io.flotilla.run.machine.Effect;
import io.flotilla.run.machine.Fact;
import io.flotilla.run.machine.Replay;
import io.flotilla.run.machine.RunMachine;
import java.time.Instant;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import reactor.core.publisher.MonoSink;

/**
 * What a live run is like, as {@link Runs#stateAt} has it of its journal: what the machine does not know by itself is noted here, fact by
 * fact. Touched by the worker of the run only.
 */
final class LiveState {

    private static final Logger LOG = LoggerFactory.getLogger(Run.class);

    private final Redaction redaction;
    private final Map<Long, Instant> deadlines = new HashMap<>();
    private final Map<String, PendingQuestion> questions = new LinkedHashMap<>();
    private RunState.Status status = RunState.Status.RUNNING;
    private Usage used = Usage.NONE;
    private long facts;

    LiveState(Redaction redaction) {
        this.redaction = redaction;
    }

    /** The run has this behind it; {@code left} is what it had asked for, as of {@code now}. */
    void recovered(Replay replay, List<Effect> left, Instant now) {
        facts = replay.facts();
        used = replay.used();
        status = replay.state().status();
        left.forEach(effect -> note(effect, now));
    }

    /** All has come of a fact. */
    void applied(Fact fact, List<Effect> effects) {
        facts++;
        if (fact instanceof Fact.StepSettled settled) {
            used = settled.used();
        } else if (fact instanceof Fact.DeadlinePassed deadline) {
            deadlines.remove(deadline.timer());
        } else if (fact instanceof Fact.Paused) {
            status = RunState.Status.PAUSED;
        } else if (fact instanceof Fact.Resumed) {
            status = RunState.Status.RUNNING;
        }
        for (Effect effect : effects) {
            note(effect, fact.at());
        }
    }

    private void note(Effect effect, Instant at) {
        if (effect instanceof Effect.StartTimer timer) {
            deadlines.put(timer.timer(), at.plus(timer.delay()));
        } else if (effect instanceof Effect.CancelTimer timer) {
            deadlines.remove(timer.timer());
        } else if (effect instanceof Effect.Ask ask) {
            questions.put(ask.question().id(), ask.question());
        } else if (effect instanceof Effect.CloseQuestion close) {
            questions.remove(close.question());
        } else if (effect instanceof Effect.Finish finish) {
            status = RunState.Status.valueOf(finish.status().name());
            deadlines.clear();
            questions.clear();
        }
    }

    /** Tells a caller the state, or what the run has broken down with: then nobody knows but the journal. */
    void tell(MonoSink<RunState> caller, String runId, RunMachine machine, @Nullable Throwable breakdown) {
        try {
            if (breakdown == null) {
                RunState state =
                        machine.state(runId, facts, status, List.copyOf(questions.values()), used, this::deadline);
                caller.success(state.withValues(redaction.readable(state.values())));
            } else {
                caller.error(breakdown);
            }
        } catch (Throwable thrown) { // the subscriber's own
            LOG.debug("a subscriber to a state throws", thrown);
        }
    }

    private @Nullable Instant deadline(long timer) {
        return deadlines.get(timer);
    }
}
