package io.flotilla.message;

import io.flotilla.AgentId;
import java.util.Collection;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import reactor.core.Disposable;
import reactor.core.publisher.Mono;
import reactor.util.context.Context;
import reactor.util.context.ContextView;

/** Those who look at the messages of a network; mostly nobody. */
final class Taps {

    /** In the context of a handler's work, while somebody looks: whose handler it is. */
    private static final Object HANDLING = Taps.class.getName() + ".handling";

    private final List<Looking> taps = new CopyOnWriteArrayList<>();

    /** The same tap twice is told twice, and removed one by one. */
    private static final class Looking implements Disposable {

        private final List<Looking> all;
        private final NetworkTap tap;

        private Looking(List<Looking> all, NetworkTap tap) {
            this.all = all;
            this.tap = tap;
        }

        private void tell(Consumer<NetworkTap> what) {
            try {
                what.accept(tap);
            } catch (Throwable ignored) {
                // It only looks.
            }
        }

        @Override
        public void dispose() {
            all.remove(this);
        }
    }

    Disposable add(NetworkTap tap, Collection<Member> members) {
        Looking once = new Looking(taps, tap);
        members.forEach(member -> once.tell(each -> each.joined(member.id())));
        taps.add(once);
        return once;
    }

    boolean isEmpty() {
        return taps.isEmpty();
    }

    private void tell(Consumer<NetworkTap> what) {
        taps.forEach(each -> each.tell(what));
    }

    void joined(AgentId member) {
        if (!isEmpty()) {
            tell(tap -> tap.joined(member));
        }
    }

    void left(AgentId member) {
        if (!isEmpty()) {
            tell(tap -> tap.left(member));
        }
    }

    void sent(Envelope envelope) {
        if (!isEmpty()) {
            tell(tap -> tap.sent(envelope));
        }
    }

    void passing(Envelope envelope, AgentId receiver) {
        if (!isEmpty()) {
            tell(tap -> tap.passing(envelope, receiver));
        }
    }

    void refused(Envelope envelope, @Nullable AgentId receiver, DeadLetter.Reason reason) {
        if (!isEmpty()) {
            tell(tap -> tap.refused(envelope, receiver, reason));
        }
    }

    /** Whose handler a context is of, as far as it says so. */
    static @Nullable AgentId handling(ContextView context) {
        return context.getOrDefault(HANDLING, null);
    }

    void denied(Envelope envelope, String reason, @Nullable AgentId during) {
        if (!isEmpty()) {
            tell(tap -> tap.denied(envelope, reason, during));
        }
    }

    void refused(DeliveryReport report) {
        if (isEmpty()) {
            return;
        }
        for (Delivery delivery : report.deliveries()) {
            DeadLetter.Reason reason = delivery.refusal();
            if (reason != null) {
                tell(tap -> tap.refused(report.envelope(), delivery.receiver(), reason));
            }
        }
    }

    void dead(DeadLetter letter) {
        if (!isEmpty()) {
            tell(tap -> tap.dead(letter));
        }
    }

    void answered(Envelope request, Gathered gathered) {
        if (!isEmpty()) {
            tell(tap -> tap.answered(request, gathered));
        }
    }

    /** The same handler, which is looked at while somebody looks. */
    MessageHandler around(AgentId member, MessageHandler handler) {
        return envelope -> isEmpty() ? handler.handle(envelope) : handle(member, handler, envelope);
    }

    @SuppressWarnings("NullAway") // a handler that returns null fails where all do
    private Mono<?> handle(AgentId member, MessageHandler handler, Envelope envelope) {
        tell(tap -> tap.received(envelope, member));
        Mono<?> handled = handler.handle(envelope);
        return handled == null
                ? null
                : handled.doOnSuccess(ended -> tell(tap -> tap.handled(envelope, member)))
                        .contextWrite(Context.of(HANDLING, member));
    }
}
