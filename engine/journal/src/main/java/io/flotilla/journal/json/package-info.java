/**
 * The payloads of facts as JSON: {@link io.flotilla.journal.json.JsonPayloadCodec}.
 *
 * <p>It is a package of its own, since the codec works with any journal, and the SQLite journal works with any codec.
 */
@NullMarked
package io.flotilla.journal.json;

import org.jspecify.annotations.NullMarked;
