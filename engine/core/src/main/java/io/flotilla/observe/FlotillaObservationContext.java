package io.flotilla.observe;

import io.micrometer.common.KeyValue;
import io.micrometer.common.KeyValues;
import io.micrometer.common.docs.KeyName;
import io.micrometer.observation.Observation;
import io.micrometer.observation.docs.ObservationDocumentation;
import java.util.List;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * What conventions, filters and handlers know of an observation of the library while it lasts. Each observation has a type of its own.
 *
 * <p>Not thread-safe: written by the library, read where Micrometer calls.
 *
 * @since 0.1
 */
public abstract class FlotillaObservationContext extends Observation.Context implements DocumentedContext {

    /** The most observations that one is linked to. */
    public static final int MAX_LINKS = 128;

    private static final KeyName[] NO_KEYS = {};

    private final ObservationDocumentation documentation;
    private @Nullable String outcome;
    private int timesNamed;
    private KeyName[] low = NO_KEYS;
    private KeyName[] high = NO_KEYS;
    private boolean hasMoreLow;
    private boolean hasMoreHigh;

    // Of several threads, one after another.
    private volatile @Nullable List<Observation.ContextView> links;
    private volatile @Nullable String linkedTraceparent;
    private volatile @Nullable String parentTraceparent;
    private volatile @Nullable String traceparent;

    /**
     * The context of an observation that has not started yet.
     *
     * @param documentation which observation it is
     * @throws NullPointerException if {@code documentation} or its name is null
     */
    protected FlotillaObservationContext(ObservationDocumentation documentation) {
        this.documentation = documentation;
        setName(Objects.requireNonNull(
                documentation.getName(), "name")); // handlers choose by it, before conventions name it
    }

    @Override
    public final ObservationDocumentation documentation() {
        return documentation;
    }

    @Override
    public final @Nullable String outcome() {
        return outcome;
    }

    @Override
    public final void endedAs(String how) {
        this.outcome = Objects.requireNonNull(how, "how");
    }

    @Override
    public final int timesNamed() {
        return timesNamed;
    }

    /** Conventions give these last. */
    @Override
    public final Observation.Context addHighCardinalityKeyValues(KeyValues keyValues) {
        super.addHighCardinalityKeyValues(keyValues);
        timesNamed++;
        return this;
    }

    // --- the keys of the documentation, unless a convention has given others

    final void haveLow(KeyName[] keys) {
        low = keys;
    }

    final void haveHigh(KeyName[] keys) {
        high = keys;
    }

    @Override
    public final Observation.Context addLowCardinalityKeyValue(KeyValue keyValue) {
        hasMoreLow = true;
        return super.addLowCardinalityKeyValue(keyValue);
    }

    @Override
    public final Observation.Context addHighCardinalityKeyValue(KeyValue keyValue) {
        hasMoreHigh = true;
        return super.addHighCardinalityKeyValue(keyValue);
    }

    @Override
    public final KeyValues getLowCardinalityKeyValues() {
        KeyValues documented = FlotillaObservationConvention.values(this, low);
        return hasMoreLow ? documented.and(super.getLowCardinalityKeyValues()) : documented;
    }

    @Override
    public final KeyValues getHighCardinalityKeyValues() {
        KeyValues documented = FlotillaObservationConvention.values(this, high);
        return hasMoreHigh ? documented.and(super.getHighCardinalityKeyValues()) : documented;
    }

    @Override
    public final @Nullable KeyValue getLowCardinalityKeyValue(String name) {
        KeyValue given = super.getLowCardinalityKeyValue(name);
        return given == null ? documented(name, low) : given;
    }

    @Override
    public final @Nullable KeyValue getHighCardinalityKeyValue(String name) {
        KeyValue given = super.getHighCardinalityKeyValue(name);
        return given == null ? documented(name, high) : given;
    }

    private @Nullable KeyValue documented(String name, KeyName[] keys) {
        for (KeyName key : keys) {
            if (key.asString().equals(name)) {
                String value = value(key);
                return value == null ? null : KeyValue.of(name, value);
            }
        }
        return null;
    }

    /** As a filter does, that is why the others are put down here. */
    @Override
    public final Observation.Context removeLowCardinalityKeyValue(String name) {
        KeyValues all = getLowCardinalityKeyValues();
        low = NO_KEYS;
        addLowCardinalityKeyValues(all);
        return super.removeLowCardinalityKeyValue(name);
    }

    /** As {@link #removeLowCardinalityKeyValue}. */
    @Override
    public final Observation.Context removeHighCardinalityKeyValue(String name) {
        KeyValues all = getHighCardinalityKeyValues();
        high = NO_KEYS;
        super.addHighCardinalityKeyValues(all);
        return super.removeHighCardinalityKeyValue(name);
    }

    /**
     * What the observation follows from and is no part of. A handler that makes spans, such as {@link LinkingTracingObservationHandler},
     * makes links of it.
     *
     * @return the contexts of other observations, at most {@value #MAX_LINKS}; complete when the observation starts or, if it is
     *     {@link #isLinkedAtEnd()}, when it stops
     */
    public final List<Observation.ContextView> links() {
        List<Observation.ContextView> set = links;
        return set == null ? List.of() : set;
    }

    /**
     * Sets what the observation follows from.
     *
     * @param others the contexts of other observations; those beyond the first {@value #MAX_LINKS} are left out
     * @throws NullPointerException if {@code others} or one of them is null
     */
    public final void linkTo(List<? extends Observation.ContextView> others) {
        this.links = List.copyOf(others.subList(0, Math.min(MAX_LINKS, others.size())));
    }

    /**
     * Whether {@link #links()} are complete at the observation's stop only. Such an observation is nobody's parent, has no events, and no
     * scope of it is opened; so its span may be made at its stop.
     *
     * @return false unless its type says otherwise
     */
    public boolean isLinkedAtEnd() {
        return false;
    }

    /**
     * The span that the observation continues, in the text form of W3C Trace Context: one of another process, which has been recorded.
     *
     * @return {@code 00-trace-span-flags}, as it was recorded; null for none
     */
    public final @Nullable String linkedTraceparent() {
        return linkedTraceparent;
    }

    /**
     * Sets the span that the observation continues.
     *
     * @param recorded a {@link #traceparent()} of another process; null for none
     */
    public final void continueFrom(@Nullable String recorded) {
        this.linkedTraceparent = recorded;
    }

    /**
     * The span of another process that is the parent, in the text form of W3C Trace Context. An observation that is the parent
     * comes first.
     *
     * @return {@code 00-trace-span-flags}, as it has come; null for none
     */
    public final @Nullable String parentTraceparent() {
        return parentTraceparent;
    }

    /**
     * Sets the span of another process that is the parent.
     *
     * @param remote what has come from there; null for none
     */
    public final void parentTraceparent(@Nullable String remote) {
        this.parentTraceparent = remote;
    }

    /**
     * The observation's own span, in the text form of W3C Trace Context. That of a run comes into its journal.
     *
     * @return {@code 00-trace-span-flags}; null if no handler has said so
     */
    public final @Nullable String traceparent() {
        return traceparent;
    }

    /**
     * Sets the observation's own span. For handlers that make spans, when the observation starts.
     *
     * @param ofSpan the span in the text form of W3C Trace Context
     */
    public final void traceparent(@Nullable String ofSpan) {
        this.traceparent = ofSpan;
    }

    @Override
    public @Nullable String value(KeyName key) {
        return key == FlotillaKey.OUTCOME ? outcome : null;
    }
}
