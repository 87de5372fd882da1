package io.flotilla.inspector;

import io.flotilla.agent.Usage;
import io.flotilla.run.BranchPath;
import io.flotilla.run.RunEvent;
import io.flotilla.run.RunFact;
import java.math.BigDecimal;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * What the agents of a run have used, fact by fact. Of a run that was recorded before each step's own usage was, what was used since the
 * fact before is put down to the step that has ended. Not thread-safe.
 */
final class UsageByAgent {

    private final Map<String, Line> lines = new TreeMap<>();
    private final Map<String, Instant> started = new HashMap<>();

    /** What the whole run has used. */
    private Usage total = Usage.NONE;

    /** What of that the lines have. */
    private Usage told = Usage.NONE;

    private static final class Line {
        private long steps;
        private long failed;
        private long busyMillis;
        private Usage used = Usage.NONE;

        Map<String, @Nullable Object> toMap(@Nullable String agent) {
            Map<String, @Nullable Object> form = new LinkedHashMap<>();
            form.put("agent", agent);
            form.put("steps", steps);
            form.put("failed", failed);
            form.put("busyMillis", busyMillis);
            form.putAll(used.toMap());
            return form;
        }
    }

    UsageByAgent add(RunFact fact) {
        for (RunEvent event : fact.events()) {
            if (event instanceof RunEvent.StepStarted step) {
                started.put(key(step.branch(), step.step()), step.at());
            } else if (event instanceof RunEvent.StepSettled step) {
                Line line = line(step.agent());
                line.steps++;
                line.failed += step.failed() ? 1 : 0;
                Instant start = started.remove(key(step.branch(), step.step()));
                line.busyMillis += start == null ? 0 : Math.max(0, step.at().toEpochMilli() - start.toEpochMilli());
                add(line, step.usage(), fact.used());
            } else if (event instanceof RunEvent.CompensationSettled step) {
                add(line(step.agent()), step.usage(), fact.used());
            }
        }
        total = fact.used();
        return this;
    }

    private static String key(BranchPath branch, long step) {
        return branch + "#" + step;
    }

    private Line line(String agent) {
        return lines.computeIfAbsent(agent, any -> new Line());
    }

    private void add(Line line, @Nullable Usage own, Usage whole) {
        Usage used = own == null ? minus(whole, total) : own;
        line.used = line.used.plus(used);
        told = told.plus(used);
    }

    private static Usage minus(Usage whole, Usage part) {
        return new Usage(
                Math.max(0, whole.inputTokens() - part.inputTokens()),
                Math.max(0, whole.outputTokens() - part.outputTokens()),
                whole.cost().subtract(part.cost()).max(BigDecimal.ZERO));
    }

    /** Last, without an agent, what steps have used that have not ended, or were cancelled. */
    Map<String, @Nullable Object> toMap() {
        List<Object> agents = new ArrayList<>();
        lines.forEach((agent, line) -> agents.add(line.toMap(agent)));
        Line others = new Line();
        others.used = minus(total, told);
        if (others.used.tokens() > 0 || others.used.cost().signum() > 0) {
            agents.add(others.toMap(null));
        }
        Map<String, @Nullable Object> form = new LinkedHashMap<>();
        form.put("total", total.toMap());
        form.put("agents", agents);
        return form;
    }
}
