package io.flotilla.step;

import java.util.Set;
import java.util.concurrent.Callable;
import reactor.core.publisher.Mono;

/**
 * Bodies that are computed in one go, such as {@code Mono.fromCallable}: they are called instead of subscribed to, as Reactor's
 * own {@code flatMap} does it. That spares their subscription, and the step an object that could outlive it.
 *
 * <p>Only sources of Reactor's whose subscription does nothing but this call, and only as they are: what a hook has wrapped
 * around them, an assembly trace or a lifted operator, is subscribed to, and so is a {@code Mono} of the user's that happens to be
 * {@link Callable}.
 */
final class AtOnce {

    private static final Set<String> SOURCES = Set.of(
            "reactor.core.publisher.MonoCallable",
            "reactor.core.publisher.MonoSupplier",
            "reactor.core.publisher.MonoJust",
            "reactor.core.publisher.MonoEmpty");

    private static final ClassValue<Boolean> IS_SOURCE = new ClassValue<>() {
        @Override
        protected Boolean computeValue(Class<?> type) {
            return SOURCES.contains(type.getName());
        }
    };

    private AtOnce() {}

    /** Whether the body is to be called: it is a {@link Callable} then. */
    static boolean isAtOnce(Mono<?> body) {
        return body instanceof Callable && IS_SOURCE.get(body.getClass());
    }
}
