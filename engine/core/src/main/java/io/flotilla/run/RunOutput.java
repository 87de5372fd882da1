package io.flotilla.run;

import io.flotilla.AgentId;
import io.flotilla.internal.Shown;
import io.flotilla.step.StepResult;
import java.util.Objects;

/**
 * What the steps of a run tell while they run, see {@link Run#output()}. A step that emits nothing does not appear.
 *
 * <p>Of each step there are, in order: {@link AttemptStarted}, the {@link Emitted} values of that attempt, for each further
 * attempt the same again, then {@link Settled}. What was emitted counts if the attempt does: the next {@link AttemptStarted}, or an
 * end that is a failure, says that it is void. Branch and step together name the step; steps of different branches are
 * interleaved. Immutable, as far as values are.
 *
 * @since 0.1
 */
public sealed interface RunOutput {

    /** Output of one step; all but {@link Lost}. */
    sealed interface OfStep extends RunOutput {

        /**
         * Which branch the step is on.
         *
         * @return its path
         */
        BranchPath branch();

        /**
         * Where the branch is.
         *
         * @return the agent's name in the topology
         */
        String agent();

        /**
         * Which step of its branch it is.
         *
         * @return a number from 0
         */
        long step();
    }

    /**
     * An attempt has begun: what the step has emitted before is void. Told with the first value of a step, and from then on when an
     * attempt begins. Of attempts that were over before a slow subscriber came to them, only the last may be told.
     *
     * @param branch which branch the step is on
     * @param agent where the branch is
     * @param step which step of its branch it is, from 0
     * @param attempt the number of the attempt, from 1; a fallback has that of the last attempt before it. After a recovery a
     *     step that is started again has attempts from 1 again
     * @param called the agent that is called: the step's own, or a fallback of an interceptor
     */
    record AttemptStarted(BranchPath branch, String agent, long step, int attempt, AgentId called) implements OfStep {

        /**
         * Checks that nothing is null.
         *
         * @param branch which branch the step is on
         * @param agent where the branch is
         * @param step which step of its branch it is
         * @param attempt the number of the attempt
         * @param called the agent that is called
         * @throws NullPointerException if an argument is null
         */
        public AttemptStarted {
            Objects.requireNonNull(branch, "branch");
            Objects.requireNonNull(agent, "agent");
            Objects.requireNonNull(called, "called");
        }
    }

    /**
     * A step has emitted something, see {@link io.flotilla.agent.StepContext#emit}.
     *
     * @param branch which branch the step is on
     * @param agent where the branch is
     * @param step which step of its branch it is, from 0
     * @param attempt the number of the attempt, from 1
     * @param position which value of the attempt it is, from 0; a gap is what this subscriber came too late, or was too slow for
     * @param value what was emitted, redacted
     */
    record Emitted(BranchPath branch, String agent, long step, int attempt, long position, Object value)
            implements OfStep {

        /**
         * Checks that nothing is null.
         *
         * @param branch which branch the step is on
         * @param agent where the branch is
         * @param step which step of its branch it is
         * @param attempt the number of the attempt
         * @param position which value of the attempt it is
         * @param value what was emitted
         * @throws NullPointerException if an argument is null
         */
        public Emitted {
            Objects.requireNonNull(branch, "branch");
            Objects.requireNonNull(agent, "agent");
            Objects.requireNonNull(value, "value");
        }

        /** Texts and numbers in short, of other values the type: their {@code toString} is not called. */
        @Override
        public String toString() {
            return "Emitted[branch=" + branch + ", agent=" + agent + ", step=" + step + ", attempt=" + attempt
                    + ", position=" + position + ", value=" + Shown.of(value) + "]";
        }
    }

    /**
     * A step that has emitted something has ended; its last output.
     *
     * @param branch which branch the step is on
     * @param agent where the branch is
     * @param step which step of its branch it is, from 0
     * @param kind how it ended; {@link StepResult.Kind#CANCELLED} also if the run cancelled it
     * @param dropped how many of the values it has emitted, in all attempts, this subscriber came too late or was too slow for
     */
    record Settled(BranchPath branch, String agent, long step, StepResult.Kind kind, long dropped) implements OfStep {

        /**
         * Checks that nothing is null.
         *
         * @param branch which branch the step is on
         * @param agent where the branch is
         * @param step which step of its branch it is
         * @param kind how it ended
         * @param dropped the number of values this subscriber has not got
         * @throws NullPointerException if an argument is null
         */
        public Settled {
            Objects.requireNonNull(branch, "branch");
            Objects.requireNonNull(agent, "agent");
            Objects.requireNonNull(kind, "kind");
        }
    }

    /**
     * This subscriber is so slow that steps which have ended were given up: nothing more is told of them, their end neither.
     *
     * @param steps how many steps
     * @param values how many of their values
     */
    record Lost(long steps, long values) implements RunOutput {}
}
