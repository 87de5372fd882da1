/** A simulation finds a fault that was planted in a workflow, shrinks it, and replays it. */
@NullMarked
package io.flotilla.samples.simulation;

import org.jspecify.annotations.NullMarked;
