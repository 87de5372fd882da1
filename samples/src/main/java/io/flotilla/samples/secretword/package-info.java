/** Agents with different edges find a word: {@link io.flotilla.samples.secretword.SecretWord}. */
@NullMarked
package io.flotilla.samples.secretword;

import org.jspecify.annotations.NullMarked;
