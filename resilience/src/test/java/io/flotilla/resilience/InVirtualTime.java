package io.flotilla.resilience;

import io.flotilla.agent.Agent;
import io.flotilla.step.StepEngine;
import io.flotilla.step.StepResult;
import io.flotilla.testkit.UndisturbedTime;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneId;
import java.time.ZoneOffset;
import java.util.Collections;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.extension.AfterEachCallback;
import org.junit.jupiter.api.extension.BeforeEachCallback;
import org.junit.jupiter.api.extension.ExtensionContext;
import reactor.core.Disposable;

/**
 * Time that passes only when a test says so, and rounds in it.
 *
 * <p>Rounds that a test leaves behind are cancelled at its end. Otherwise the engine notices that the timer of their step timeouts
 * is gone with the test's time, and times them out on a thread of its own; their guards then schedule in the time of the next
 * test. Virtual time is worked off by one thread: the next test's {@link #passes} would return at once, and what was due would
 * come after the test has looked.
 */
final class InVirtualTime implements BeforeEachCallback, AfterEachCallback {

    private static final List<Started> STARTED = new CopyOnWriteArrayList<>();

    private UndisturbedTime time;

    @Override
    public void beforeEach(ExtensionContext context) {
        time = UndisturbedTime.begin();
    }

    @Override
    public void afterEach(ExtensionContext context) {
        STARTED.forEach(Started::cancel);
        STARTED.clear();
        time.close();
    }

    void passes(Duration duration) {
        time.advanceTimeBy(duration);
    }

    /** For state machines made by a test. */
    Clock clock() {
        return new Clock() {
            @Override
            public ZoneId getZone() {
                return ZoneOffset.UTC;
            }

            @Override
            public Clock withZone(ZoneId zone) {
                return this;
            }

            @Override
            public Instant instant() {
                return Instant.ofEpochSecond(0, time.now(TimeUnit.NANOSECONDS));
            }
        };
    }

    /** A round that has been subscribed to. */
    static final class Started {
        final List<StepResult<String>> results = new CopyOnWriteArrayList<>();
        private final Disposable round;

        private Started(StepEngine engine, List<? extends Agent<String, String>> agents) {
            round = engine.stream(agents, "go").subscribe(results::add);
            STARTED.add(this);
        }

        void cancel() {
            round.dispose();
        }

        StepResult<String> only() {
            if (results.size() != 1) {
                throw new AssertionError("one result expected, there are " + results);
            }
            return results.get(0);
        }

        List<StepResult.Kind> kinds() {
            return results.stream().map(StepResult::kind).toList();
        }
    }

    static Started start(StepEngine engine, List<? extends Agent<String, String>> agents) {
        return new Started(engine, agents);
    }

    static Started start(StepEngine engine, Agent<String, String> agent) {
        return new Started(engine, List.of(agent));
    }

    static Started start(StepEngine engine, Agent<String, String> agent, int times) {
        return new Started(engine, Collections.nCopies(times, agent));
    }

    static StepEngine engine(Resilience.Builder resilience) {
        return StepEngine.builder().interceptor(resilience.build()).build();
    }
}
