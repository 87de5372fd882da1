package io.flotilla.samples.readingcrew.chat;

import io.flotilla.agent.Usage;

/**
 * What came back, checked.
 *
 * @param text the answer, not blank
 * @param usage what it has used, as the other side says
 */
public record Answer(String text, Usage usage) {}
