package io.flotilla.arch.agent;

import io.flotilla.arch.step.Downward;

/** Depends on what is above it. */
public record Upward(Downward upper) {}
