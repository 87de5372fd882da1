package io.flotilla.run.machine;

import org.jspecify.annotations.Nullable;

/**
 * A knot: rendezvous of one scope that wait for each other, and for nobody else who could still move. The first of them in
 * topological order has to fire.
 *
 * <p>A rendezvous waits for branches of its scope and of inner scopes, for rendezvous of inner scopes, and for rendezvous of its
 * own. Branches can move, or wait for an inner scope; and what is in an inner scope never waits for anything outside of it. So
 * knots are among the rendezvous of one scope, and of these among the ones with no {@link Rendezvous#movers}.
 *
 * <p>Who may come to a rendezvous may go on from there to all that wait for it. So waiting is transitive: whoever a rendezvous
 * without movers waits for has none either, and a knot is where all of them wait for each other directly. And a rendezvous
 * without movers never stays: either it is in a knot, or it waits for one, whose first fires, becomes a branch at its place and
 * is thereby a mover to all others that waited for it. So it is enough to look when the last mover has gone.
 */
final class Knot {

    private Knot() {}

    /**
     * The first of the knot an open rendezvous is in; itself, if it waits for nobody; null if it is in none, because it has
     * movers, or waits for another one that does not wait for it.
     */
    static @Nullable Rendezvous firstOf(Rendezvous member) {
        if (member.movers > 0) {
            return null;
        }
        Rendezvous first = null;
        for (Rendezvous other : member.scope.rendezvous.values()) { // in topological order
            boolean waits = member.waitsFor(other);
            if (waits && !other.waitsFor(member)) {
                return null;
            }
            if (first == null && (waits || other.node == member.node)) {
                first = other;
            }
        }
        return first;
    }
}
