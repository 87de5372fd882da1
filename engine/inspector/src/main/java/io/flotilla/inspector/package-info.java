/**
 * A page over runs, teams and health: begin with {@link io.flotilla.inspector.Inspector#on}, which serves it from a port of its own, or
 * as routes of a server that is there already.
 */
@NullMarked
package io.flotilla.inspector;

import org.jspecify.annotations.NullMarked;
