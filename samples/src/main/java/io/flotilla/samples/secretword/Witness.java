package io.flotilla.samples.secretword;

import io.flotilla.agent.StepContext;
import java.util.concurrent.atomic.LongAdder;

/**
 * Asks at the end of every step of one run who takes it: its context, and a field which all steps of the run share and
 * which each of them sets when it begins. Thread-safe, though the field cannot be right.
 */
final class Witness {

    private final LongAdder steps = new LongAdder();
    private final LongAdder byContext = new LongAdder();
    private final LongAdder byField = new LongAdder();
    private volatile String current = "";

    void begins(String agent) {
        current = agent;
    }

    void ends(String agent, StepContext context) {
        steps.increment();
        if (context.agentId().kind().equals(agent)) {
            byContext.increment();
        }
        if (current.equals(agent)) {
            byField.increment();
        }
    }

    long steps() {
        return steps.sum();
    }

    /** How often the context was right. */
    long byContext() {
        return byContext.sum();
    }

    /** How often the field was right. */
    long byField() {
        return byField.sum();
    }
}
