package io.flotilla.arch.run;

/** Stands above. */
public final class Above {}
