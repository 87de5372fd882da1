/**
 * A small client of the OpenAI chat-completions format: {@link io.flotilla.samples.readingcrew.chat.ChatClient}, whom it
 * talks to ({@link io.flotilla.samples.readingcrew.chat.Endpoint}), what goes over the wire, and one exception a way to
 * fail, all of them {@link io.flotilla.samples.readingcrew.chat.ChatException}.
 */
@NullMarked
package io.flotilla.samples.readingcrew.chat;

import org.jspecify.annotations.NullMarked;
