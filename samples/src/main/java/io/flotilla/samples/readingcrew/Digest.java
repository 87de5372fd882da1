package io.flotilla.samples.readingcrew;

import io.flotilla.agent.Usage;

/**
 * What a reader has made of its file.
 *
 * @param file which
 * @param text the digest
 * @param usage what it has used
 */
record Digest(String file, String text, Usage usage) {}
