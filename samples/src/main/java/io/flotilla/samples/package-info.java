/** The samples of Flotilla; {@link io.flotilla.samples.Demo} runs the one it is asked for. */
@NullMarked
package io.flotilla.samples;

import org.jspecify.annotations.NullMarked;
