package io.flotilla.samples.readingcrew.chat;

import io.flotilla.agent.Usage;

/**
 * The next piece of an answer.
 *
 * @param text what is added; may be empty
 * @param usage what the answer has used, if this piece says so
 */
public record Delta(String text, Usage usage) {}
