package io.flotilla.arch.step;

import io.flotilla.arch.agent.Upward;

/** Depends on what is below it, which is allowed; both together are a cycle. */
public record Downward(Upward lower) {}
