/** Several agents write the same values, and none is lost: {@link io.flotilla.samples.sharedstate.SharedStateSample}. */
@NullMarked
package io.flotilla.samples.sharedstate;

import org.jspecify.annotations.NullMarked;
