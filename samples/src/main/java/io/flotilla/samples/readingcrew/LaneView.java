package io.flotilla.samples.readingcrew;

import io.flotilla.step.StepResult;

/** How lanes look. Called by one thread at a time. */
interface LaneView {

    /** How many lanes there are. */
    int LANES = 3;

    /** Whether a free lane is to have another reader; {@code again} if it is one that begins again. */
    boolean wants(boolean again);

    void begins(Lanes.Speech speech);

    /** What it has said, which it still has, is void. */
    void beginsAgain(Lanes.Speech speech);

    /** There is more of it. */
    void said(Lanes.Speech speech);

    void ended(Lanes.Speech speech, StepResult.Kind kind);
}
