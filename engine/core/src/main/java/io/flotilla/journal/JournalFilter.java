package io.flotilla.journal;

import java.time.Instant;
import java.util.Collection;
import java.util.List;
import java.util.Objects;
import java.util.Set;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;

/**
 * Selects the runs of {@link Journal#list}. Start with {@link #all()}; each method returns a new, narrower filter.
 * Immutable.
 *
 * <pre>{@code JournalFilter.all().lastTypeNotIn("run-finished").limit(100)}</pre>
 *
 * @since 0.1
 */
public final class JournalFilter {

    /** The most types of one filter. */
    public static final int MAX_TYPES = 100;

    private static final JournalFilter ALL = new JournalFilter(null, Set.of(), null, null, "", Long.MAX_VALUE, false);

    private final @Nullable Set<String> typesIn;
    private final Set<String> typesNotIn;
    private final @Nullable Instant from;
    private final @Nullable Instant before;
    private final String after;
    private final long limit;
    private final boolean newestFirst;

    private JournalFilter(
            @Nullable Set<String> typesIn,
            Set<String> typesNotIn,
            @Nullable Instant from,
            @Nullable Instant before,
            String after,
            long limit,
            boolean newestFirst) {
        this.typesIn = typesIn;
        this.typesNotIn = typesNotIn;
        this.from = from;
        this.before = before;
        this.after = after;
        this.limit = limit;
        this.newestFirst = newestFirst;
    }

    /**
     * Every run.
     *
     * @return a filter that every run matches
     */
    public static JournalFilter all() {
        return ALL;
    }

    private static Set<String> checked(Collection<String> types) {
        Set<String> copy = new TreeSet<>(types);
        if (copy.isEmpty() || copy.size() > MAX_TYPES) {
            throw new IllegalArgumentException("types must be 1 to " + MAX_TYPES + ", were " + copy.size());
        }
        copy.forEach(type -> JournalBounds.checkName("type", type, JournalBounds.MAX_TYPE_LENGTH));
        return Set.copyOf(copy);
    }

    /**
     * Only runs whose last entry is of one of these types. Replaces an earlier call of this method.
     *
     * @param types 1 to 100
     * @return the new filter
     * @throws NullPointerException if a type is null
     * @throws IllegalArgumentException if there are none or too many, or one cannot be a type
     */
    public JournalFilter lastTypeIn(String... types) {
        return new JournalFilter(checked(List.of(types)), typesNotIn, from, before, after, limit, newestFirst);
    }

    /**
     * Only runs whose last entry is of none of these types. Replaces an earlier call of this method.
     *
     * @param types 1 to 100
     * @return the new filter
     * @throws NullPointerException if a type is null
     * @throws IllegalArgumentException if there are none or too many, or one cannot be a type
     */
    public JournalFilter lastTypeNotIn(String... types) {
        return new JournalFilter(typesIn, checked(List.of(types)), from, before, after, limit, newestFirst);
    }

    /**
     * Only runs whose first entry has this timestamp or a later one.
     *
     * @param instant the earliest start, inclusive
     * @return the new filter
     * @throws NullPointerException if {@code instant} is null
     */
    public JournalFilter startedAtOrAfter(Instant instant) {
        return new JournalFilter(
                typesIn, typesNotIn, Objects.requireNonNull(instant, "instant"), before, after, limit, newestFirst);
    }

    /**
     * Only runs whose first entry has an earlier timestamp.
     *
     * @param instant the latest start, exclusive
     * @return the new filter
     * @throws NullPointerException if {@code instant} is null
     */
    public JournalFilter startedBefore(Instant instant) {
        return new JournalFilter(
                typesIn, typesNotIn, from, Objects.requireNonNull(instant, "instant"), after, limit, newestFirst);
    }

    /**
     * Only runs that come after this one: the next page, after the last run of the page before. Replaces an earlier call of
     * this method.
     *
     * @param runId 1 to 200 printable ASCII characters, no spaces; no run need have it unless the {@linkplain #newestFirst() newest
     *     come first}
     * @return the new filter
     * @throws NullPointerException if {@code runId} is null
     * @throws IllegalArgumentException if {@code runId} cannot be a run id
     */
    public JournalFilter after(String runId) {
        return new JournalFilter(
                typesIn, typesNotIn, from, before, JournalBounds.checkRunId(runId), limit, newestFirst);
    }

    /**
     * The newest run first, instead of by id: the run whose first entry was stored last. What follows {@link #after} a run that is not
     * there, nobody knows: the list ends with {@link RunDeletedException} then.
     *
     * @return the new filter
     */
    public JournalFilter newestFirst() {
        return new JournalFilter(typesIn, typesNotIn, from, before, after, limit, true);
    }

    /**
     * Only the first runs, in the order of the list.
     *
     * @param most the most runs; 1 or more
     * @return the new filter
     * @throws IllegalArgumentException if {@code most} is less than 1
     */
    public JournalFilter limit(long most) {
        if (most < 1) {
            throw new IllegalArgumentException("limit must be >= 1, was " + most);
        }
        return new JournalFilter(typesIn, typesNotIn, from, before, after, most, newestFirst);
    }

    /**
     * Whether the newest run comes first, see {@link #newestFirst()}.
     *
     * @return false by default: runs are ordered by id
     */
    public boolean isNewestFirst() {
        return newestFirst;
    }

    /**
     * The most runs.
     *
     * @return the limit; {@link Long#MAX_VALUE} if none was set
     */
    public long limit() {
        return limit;
    }

    /**
     * After which run id the listing begins.
     *
     * @return the run id; empty if none was set
     */
    public String after() {
        return after;
    }

    /**
     * Whether a run matches this filter, apart from the limit, and from {@link #after} where the newest come first: only the journal
     * knows which was there first.
     *
     * @param summary the run
     * @return whether it matches
     * @throws NullPointerException if {@code run} is null
     */
    public boolean matches(RunSummary summary) {
        return (typesIn == null || typesIn.contains(summary.lastType()))
                && !typesNotIn.contains(summary.lastType())
                && (newestFirst || summary.runId().compareTo(after) > 0)
                && (from == null || !summary.startedAt().isBefore(from))
                && (before == null || summary.startedAt().isBefore(before));
    }

    @Override
    public String toString() {
        return "JournalFilter[lastTypeIn=" + typesIn + ", lastTypeNotIn=" + typesNotIn + ", startedAtOrAfter=" + from
                + ", startedBefore=" + before + (newestFirst ? ", newestFirst" : "")
                + (after.isEmpty() ? "" : ", after=" + after) + ", limit=" + limit + "]";
    }
}
