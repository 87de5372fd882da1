/** One class a question; {@link io.flotilla.benchmarks.Main} runs them and writes time and bytes a step. */
@NullMarked
package io.flotilla.benchmarks;

import org.jspecify.annotations.NullMarked;
