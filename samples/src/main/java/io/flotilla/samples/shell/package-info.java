/**
 * What every sample needs around it: {@link io.flotilla.samples.shell.Settings} from the command line, {@link
 * io.flotilla.samples.shell.Output}, {@link io.flotilla.samples.shell.Timeline} to draw a run, and {@link
 * io.flotilla.samples.shell.Shell}, which makes an exit code of it all.
 */
@NullMarked
package io.flotilla.samples.shell;

import org.jspecify.annotations.NullMarked;
