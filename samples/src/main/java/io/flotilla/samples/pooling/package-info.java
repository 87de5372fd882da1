/** Many steps share a few agents: {@link io.flotilla.samples.pooling.Pooling}. */
@NullMarked
package io.flotilla.samples.pooling;

import org.jspecify.annotations.NullMarked;
