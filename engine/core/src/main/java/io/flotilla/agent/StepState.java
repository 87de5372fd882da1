package io.flotilla.agent;

import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * The own state of the run that a step belongs to, as the step sees it: immutable values by key, each with a version. All steps of a
 * run read and write it; other runs, nested ones too, have their own.
 *
 * <pre>{@code
 * Agent.<Turn, Decision>of("Reader", (turn, context) -> {
 *     String plan = context.state().get("plan", String.class);
 *     return read(plan).map(page -> {
 *         context.state().merge("pages", List.of(page));
 *         return Decision.answer(page.title());
 *     });
 * })
 * }</pre>
 *
 * <ul>
 *   <li><b>A step reads</b> the state as it was when the step started, and what it has written itself. What others write meanwhile it
 *       does not see.
 *   <li><b>What it writes</b> takes effect when the step ends with a decision other than to fail: all at once, together with the
 *       decision, in one fact of the journal. An attempt that fails, times out, is cancelled or is followed by another one
 *       has written nothing; neither has a step whose decision is not allowed.
 *   <li><b>Two steps side by side that write the same key</b> are a conflict: the first one to end is taken, the other one's writes
 *       are not, nor is its decision. Its agent gets its turn again with a {@code Correction} that names the keys, and reads what is
 *       there now. What many branches write at once is better {@linkplain #merge merged}, which never conflicts. What a step only
 *       reads is not checked: write it as well, unchanged, if the decision is to rest on it.
 *   <li><b>Values</b> are not copied: what is put in must not be changed afterwards. With a journal they are what its codec can
 *       write, at most {@value #MAX_VALUE_BYTES} bytes each, and {@value #MAX_STEP_BYTES} in all that one step writes. What a
 *       recovered run reads has their content; of lists, sets and maps not the class, so read them as {@code List}, {@code Set}
 *       and {@code Map}. A run calls neither
 *       their {@code equals} nor their {@code hashCode}, and their {@code toString} only if the engine has a redactor, which is
 *       shown it; a codec may call what it documents.
 *   <li><b>Keys</b> have 1 to {@value #MAX_KEY_LENGTH} characters, are not blank and have no control characters. They are not
 *       redacted: no secrets in them.
 * </ul>
 *
 * <p>Outside of runs, as in a round of an engine, there is no state: nothing is read, and a write is refused. The state of a {@link
 * StepContext#detached(AgentId) detached} context is its own and takes effect at once.
 *
 * <p>Thread-safe; may be kept. When the attempt has ended it still reads, and refuses to write.
 *
 * @since 0.1
 */
public interface StepState {

    /** The most characters of a key. */
    int MAX_KEY_LENGTH = 200;

    /** The most bytes of a value in a run with a journal, as its codec writes it. */
    int MAX_VALUE_BYTES = 1_000_000;

    /** The most bytes of all values that one step writes in a run with a journal. */
    int MAX_STEP_BYTES = 8_000_000;

    /**
     * Reads a value.
     *
     * @param key whose value
     * @param type what it is
     * @param <T> what it is
     * @return the value; null if there is none
     * @throws NullPointerException if an argument is null
     * @throws IllegalArgumentException if {@code key} is out of its bounds
     * @throws StepStateException if the value is of another type, or what this step has merged into it cannot be merged
     */
    <T> @Nullable T get(String key, Class<T> type);

    /**
     * The version of a value: of two values the one with the higher version was written later. What this step writes has no version
     * yet.
     *
     * @param key whose value
     * @return its version when the step started; 0 if there was none
     * @throws NullPointerException if {@code key} is null
     * @throws IllegalArgumentException if {@code key} is out of its bounds
     */
    long version(String key);

    /**
     * The keys that have a value.
     *
     * @return a copy in alphabetical order, with what this step has written
     */
    Set<String> keys();

    /**
     * Writes a value. If another step has written the key since this one started, all that this step writes is a conflict; not if there
     * was no value, and there is none again.
     *
     * @param key whose value
     * @param value the value, which must not be changed any more
     * @throws NullPointerException if an argument is null
     * @throws IllegalArgumentException if {@code key} is out of its bounds
     * @throws StepStateException if it cannot be written; then nothing was
     */
    void put(String key, Object value);

    /**
     * Removes a value, under the same conditions; nothing happens if there is none.
     *
     * @param key whose value
     * @throws NullPointerException if {@code key} is null
     * @throws IllegalArgumentException if {@code key} is out of its bounds
     * @throws StepStateException if nothing can be written
     */
    void remove(String key);

    /**
     * Merges something into a value, by the merge that the workflow has for the key, see {@code Workflow.Builder.mergeState}. Never a
     * conflict: it is merged into the value there is when the step ends. Where there is none, it becomes the value.
     *
     * @param key whose value
     * @param update what to merge into it, of the key's type; must not be changed any more
     * @throws NullPointerException if an argument is null
     * @throws IllegalArgumentException if {@code key} is out of its bounds
     * @throws StepStateException if the workflow has no merge for the key, the update is of another type or cannot be written, or the
     *     merge throws; then nothing was written
     */
    void merge(String key, Object update);

    /**
     * The state where there is no run: nothing is read, and a write is refused.
     *
     * @return the same object for all
     */
    static StepState none() {
        return NoState.INSTANCE;
    }

    /**
     * Checks a key.
     *
     * @param key 1 to {@value #MAX_KEY_LENGTH} characters, not blank, no control characters
     * @return the key
     * @throws NullPointerException if it is null
     * @throws IllegalArgumentException if it is out of its bounds
     */
    static String checkKey(String key) {
        return NoState.checkKey(key);
    }
}
