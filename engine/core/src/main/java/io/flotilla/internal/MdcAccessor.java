package io.flotilla.internal;

import io.micrometer.context.ContextRegistry;
import io.micrometer.context.ThreadLocalAccessor;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** Brings what the MDC has of a step to all threads that the step's context comes to. Only where the library for that is there. */
final class MdcAccessor implements ThreadLocalAccessor<Map<String, String>> {

    /** More than once is once. */
    static void register() {
        ContextRegistry.getInstance().registerThreadLocalAccessor(new MdcAccessor());
    }

    @Override
    public Object key() {
        return StepMdc.KEY;
    }

    @Override
    public @Nullable Map<String, String> getValue() {
        return StepMdc.current();
    }

    @Override
    public void setValue(Map<String, String> values) {
        StepMdc.set(values);
    }

    @Override
    public void setValue() {
        StepMdc.set(null);
    }
}
