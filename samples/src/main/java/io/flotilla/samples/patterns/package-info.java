/**
 * The patterns of Anthropic's "Building effective agents" and of OpenAI's agent SDK, each as a workflow: {@link
 * io.flotilla.samples.patterns.Patterns}.
 */
@NullMarked
package io.flotilla.samples.patterns;

import org.jspecify.annotations.NullMarked;
