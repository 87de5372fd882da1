package io.flotilla.run;

/**
 * A fact as it stands in a journal.
 *
 * @param fact the fact
 * @param told after how many facts the check was made; several facts may be recorded at once
 * @param check what the run had told by then, see {@link Digest}
 * @param where of a step, which one; of the start, which workflow; else empty
 * @param moved whether time was moved to this fact, see {@link Past#moveTo}
 */
record Recorded(Fact fact, long told, String check, String where, boolean moved) {}
