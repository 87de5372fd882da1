package io.flotilla.message;

import io.flotilla.AgentId;
import io.flotilla.step.EngineClock;
import java.time.Duration;
import java.util.List;
import java.util.function.Consumer;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/** The way of a message to a receiver, for a network with {@link MessageFaults}. */
final class Transit {

    private static final List<Duration> AT_ONCE = List.of(Duration.ZERO);

    private final MessageFaults faults;
    private final EngineClock clock;

    Transit(MessageFaults faults, EngineClock clock) {
        this.faults = faults;
        this.clock = clock;
    }

    /**
     * Has a message arrive as often as it does.
     *
     * @param arrive delivers a copy
     * @param onItsWay what the sender is told if none arrives at once
     * @param later is told what became of each copy that the sender is not told of
     */
    <T> T carry(Envelope envelope, AgentId receiver, Supplier<T> arrive, T onItsWay, Consumer<T> later) {
        T first = null;
        for (Duration delay : copies(envelope, receiver)) {
            if (delay.compareTo(Duration.ZERO) > 0) {
                clock.schedule(delay, () -> later.accept(arrive.get()));
                continue;
            }
            T arrived = arrive.get();
            if (first == null) {
                first = arrived;
            } else {
                later.accept(arrived);
            }
        }
        return first == null ? onItsWay : first;
    }

    private List<Duration> copies(Envelope envelope, AgentId receiver) {
        try {
            List<Duration> copies = faults.deliveries(envelope, receiver);
            return copies == null ? AT_ONCE : List.copyOf(copies);
        } catch (Throwable thrown) {
            Quietly.warn("the faults of a network threw", thrown);
            return AT_ONCE;
        }
    }

    /** Null for a network without faults. */
    static @Nullable Transit of(NetworkOptions options, EngineClock clock) {
        return options.faults == null ? null : new Transit(options.faults, clock);
    }
}
