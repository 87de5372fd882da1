package io.flotilla.run;

/**
 * What {@link Runs#shutdown} has left: every run that was live is one of the first three. Immutable.
 *
 * @param ended how many runs came to their end within the grace
 * @param suspended how many runs were suspended; {@link Runs#recoverAll} continues them
 * @param brokenDown how many runs ended with an error of the journal meanwhile; what the journal has of them can be recovered
 * @param stepsFinished how many steps succeeded within the grace, and are in the journal
 * @param stepsCut how many steps were in flight and are not in the journal: those cancelled at the end of the grace, and those that
 *     failed within it. A recovery starts them again, with the same {@link io.flotilla.agent.StepContext#idempotencyKey()}
 * @since 0.1
 */
public record Drained(long ended, long suspended, long brokenDown, long stepsFinished, long stepsCut) {

    static final Drained NONE = new Drained(0, 0, 0, 0, 0);

    Drained plus(Drained other) {
        return new Drained(
                ended + other.ended,
                suspended + other.suspended,
                brokenDown + other.brokenDown,
                stepsFinished + other.stepsFinished,
                stepsCut + other.stepsCut);
    }
}
