/**
 * What is in the facts of runs, as JSON: {@link io.flotilla.journal.json.JsonPayloadCodec}.
 *
 * <p>Beside the SQLite journal, not in it: the codec serves any journal, and what is in that file need not be JSON.
 */
@NullMarked
package io.flotilla.journal.json;

import org.jspecify.annotations.NullMarked;
