/** State that is changed by messages: {@link io.flotilla.samples.stateagent.StateAgentSample}. */
@NullMarked
package io.flotilla.samples.stateagent;

import org.jspecify.annotations.NullMarked;
