package io.flotilla.message;

import io.flotilla.health.HealthMonitor;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** Whom health lets have messages, and who takes those of a member that it does not. Without a monitor everybody is well. */
final class Steering {

    private final @Nullable HealthMonitor monitor;
    private final @Nullable NetworkGuard guard;
    private final Router router;

    Steering(NetworkOptions options, Router router) {
        this.monitor = options.health;
        this.guard = options.guard;
        this.router = router;
    }

    /** By the checks that have its id or its kind for a name. */
    boolean isUsable(Member member) {
        HealthMonitor known = monitor;
        return known == null
                || (known.isUsable(member.name()) && known.isUsable(member.id().kind()));
    }

    /** Of what goes to several. What goes to one has found its way before. */
    boolean leavesOut(Member member, Envelope envelope) {
        return monitor != null && envelope.recipient() == null && !isUsable(member);
    }

    /**
     * Who takes a message in place of its recipient, which is not usable: of the healthy ones the one with the least to do. A
     * reply is for who has asked, and for nobody else.
     */
    @Nullable Member instead(Envelope envelope, Member recipient, List<Member> ofItsKind) {
        if (!recipient.isInterchangeable() || envelope.kind() == Envelope.Kind.REPLY) {
            return null;
        }
        Member best = null;
        long least = Long.MAX_VALUE;
        for (Member each : ofItsKind) {
            if (mayTake(envelope, each, recipient)) {
                MailboxStats stats = each.mailbox().stats();
                long load = (long) stats.queued() + stats.inFlight();
                if (load < least) {
                    best = each;
                    least = load;
                }
            }
        }
        return best;
    }

    private boolean mayTake(Envelope envelope, Member other, Member recipient) {
        return !other.id().equals(recipient.id())
                && !other.id().equals(envelope.sender())
                && isUsable(other)
                && router.refusal(envelope.sender(), other.id()) == null
                && isPermitted(envelope, other);
    }

    /** What the guard has let in, it has let in for its recipient. */
    private boolean isPermitted(Envelope envelope, Member other) {
        NetworkGuard asked = guard;
        if (asked == null) {
            return true;
        }
        try {
            return asked.mayReroute(envelope, other.id());
        } catch (Throwable refused) {
            return false;
        }
    }
}
