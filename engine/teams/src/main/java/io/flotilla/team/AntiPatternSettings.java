package io.flotilla.team;

import io.flotilla.step.StepEngine;
import java.time.Duration;
import org.jspecify.annotations.Nullable;

/** What to look for; null for what is not looked for. Copied when it is built, and not changed then. Not thread-safe. */
final class AntiPatternSettings {

    @Nullable Double messagesPerSecond;

    @Nullable Double share;

    int minMessages = 1;

    @Nullable Integer circles;

    @Nullable Integer intervals;

    int minQueued = 1;
    Duration interval = AntiPatterns.DEFAULT_INTERVAL;
    int maxTracked = AntiPatterns.DEFAULT_MAX_TRACKED;
    StepEngine engine = StepEngine.builder().build();

    AntiPatternSettings() {}

    AntiPatternSettings(AntiPatternSettings other) {
        messagesPerSecond = other.messagesPerSecond;
        share = other.share;
        minMessages = other.minMessages;
        circles = other.circles;
        intervals = other.intervals;
        minQueued = other.minQueued;
        interval = other.interval;
        maxTracked = other.maxTracked;
        engine = other.engine;
    }

    boolean looksForSomething() {
        return messagesPerSecond != null || share != null || circles != null || intervals != null;
    }
}
