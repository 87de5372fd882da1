/** Ten thousand agents without I/O: {@link io.flotilla.samples.wealth.Wealth}. */
@NullMarked
package io.flotilla.samples.wealth;

import org.jspecify.annotations.NullMarked;
