/** What two packages have to share and users do not need; not exported. */
@NullMarked
package io.flotilla.internal;

import org.jspecify.annotations.NullMarked;
