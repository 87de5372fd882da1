package io.flotilla.arch.topology;

/** Depends on a package above its own. */
public final class Upward {
    Object above = new io.flotilla.arch.run.Above();
}
