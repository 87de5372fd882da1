package io.flotilla.team;

import io.flotilla.AgentId;
import io.flotilla.message.DeliveryReport;
import java.util.List;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * What became of a message in a {@link Hybrid} team. That there is no manager, worker or colleague is an answer as any other.
 * Told apart by {@link #fold} or {@code instanceof}. Immutable, as far as the answer is.
 *
 * @since 0.1
 */
public sealed interface Routed {

    /**
     * What the message was for.
     *
     * @return the act
     */
    Act act();

    /**
     * Who sent it.
     *
     * @return the sender
     */
    AgentId from();

    /**
     * It was sent; nobody was to answer it.
     *
     * @param act {@link Act#REPORT} or {@link Act#SYNC}
     * @param from who sent it
     * @param reports what became of it, one report for each receiver
     */
    record Sent(Act act, AgentId from, List<DeliveryReport> reports) implements Routed {

        /**
         * Copies the reports.
         *
         * @param act what it was for
         * @param from who sent it
         * @param reports one for each receiver
         * @throws NullPointerException if {@code reports} or one of them is null
         */
        public Sent {
            reports = List.copyOf(reports);
        }

        /**
         * Whether every receiver has it.
         *
         * @return false if one of them refused it
         */
        public boolean isComplete() {
            return reports.stream().allMatch(DeliveryReport::isComplete);
        }
    }

    /**
     * Somebody has answered.
     *
     * @param act what it was for
     * @param from who sent it
     * @param by who has answered
     * @param answer the answer; null if it was done without one
     * @param failures those who were asked before
     */
    record Answered(
            Act act, AgentId from, AgentId by, @Nullable Object answer, List<Failure> failures) implements Routed {

        /**
         * Copies the failures.
         *
         * @param act what it was for
         * @param from who sent it
         * @param by who has answered
         * @param answer the answer
         * @param failures those who were asked before
         * @throws NullPointerException if {@code failures} or one of them is null
         */
        public Answered {
            failures = List.copyOf(failures);
        }
    }

    /**
     * All who were to be asked have failed, did not take it, or did not answer in time.
     *
     * @param act what it was for
     * @param from who sent it
     * @param failures at least one, in the order in which they were asked
     */
    record Failed(Act act, AgentId from, List<Failure> failures) implements Routed {

        /**
         * Copies the failures.
         *
         * @param act what it was for
         * @param from who sent it
         * @param failures at least one
         * @throws NullPointerException if {@code failures} or one of them is null
         */
        public Failed {
            failures = List.copyOf(failures);
        }
    }

    /**
     * There is nobody in that direction: the sender has no manager, no workers, no colleagues, or is no member.
     *
     * @param act what it was for
     * @param from who sent it
     */
    record Nobody(Act act, AgentId from) implements Routed {}

    /**
     * Who was named is not in that direction: no worker of the sender, or no colleague.
     *
     * @param act {@link Act#ASSIGN} or {@link Act#COORDINATE}
     * @param from who sent it
     * @param to who was named
     */
    record OutOfPlace(Act act, AgentId from, AgentId to) implements Routed {}

    /**
     * Who was asked in vain.
     *
     * @param receiver who
     * @param cause why: what its handler failed with, a timeout, or that it could not be delivered
     */
    record Failure(AgentId receiver, Throwable cause) {}

    /**
     * Calls the function that fits; the compiler sees to it that none is forgotten.
     *
     * @param sent for {@link Sent}
     * @param answered for {@link Answered}
     * @param failed for {@link Failed}
     * @param nobody for {@link Nobody}
     * @param outOfPlace for {@link OutOfPlace}
     * @param <R> what they return
     * @return what the function returned
     */
    default <R> R fold(
            Function<? super Sent, ? extends R> sent,
            Function<? super Answered, ? extends R> answered,
            Function<? super Failed, ? extends R> failed,
            Function<? super Nobody, ? extends R> nobody,
            Function<? super OutOfPlace, ? extends R> outOfPlace) {
        if (this instanceof Sent it) {
            return sent.apply(it);
        }
        if (this instanceof Answered it) {
            return answered.apply(it);
        }
        if (this instanceof Failed it) {
            return failed.apply(it);
        }
        return this instanceof Nobody it ? nobody.apply(it) : outOfPlace.apply((OutOfPlace) this);
    }
}
