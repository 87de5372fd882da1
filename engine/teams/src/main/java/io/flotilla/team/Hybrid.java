package io.flotilla.team;

import io.flotilla.AgentId;
import io.flotilla.agent.Agent;
import io.flotilla.message.Envelope;
import io.flotilla.message.MessageHandler;
import io.flotilla.message.Network;
import io.flotilla.message.UnknownMemberException;
import java.util.List;
import java.util.Objects;
import org.jspecify.annotations.Nullable;
import reactor.core.publisher.Mono;

/**
 * A hierarchy whose members also talk to their colleagues: problems and reports go up, news and questions sideways, tasks down.
 * Each of these is a method, and what became of it is a value: {@link Routed}. That there is no manager or no worker is an
 * answer, not an error.
 *
 * <pre>{@code
 * Hybrid crew = Hybrid.over(Hub.create());
 * crew.top(captain);                                          // an Agent, or a message handler
 * crew.under(captain.id(), mate);
 * crew.under(captain.id(), cook);
 * Mono<Routed> done = crew.delegate(captain.id(), "peel potatoes");
 * Mono<Routed> help = crew.escalate(cook.id(), "there are none");
 * }</pre>
 *
 * <p>Members are members of a {@link Network}, which delivers the messages; its {@code requestTimeout} is how long an answer may
 * take. In a {@link io.flotilla.message.Mesh} the links are up to its user. A handler sees what a message is for by {@link
 * #actOf}; an agent answers with the value of its step.
 *
 * <p>Thread-safe.
 *
 * @since 0.1
 */
public final class Hybrid {

    private final Network network;
    private final Chart chart = new Chart();
    private final Routes routes;

    private Hybrid(Network network) {
        this.network = network;
        this.routes = new Routes(network, chart);
    }

    /**
     * A team.
     *
     * @param network what the members join; may have other members too
     * @return a team without members
     * @throws NullPointerException if {@code network} is null
     */
    public static Hybrid over(Network network) {
        return new Hybrid(Objects.requireNonNull(network, "network"));
    }

    /**
     * What a message is for.
     *
     * @param envelope a message
     * @return null if it is no message of such a team
     * @throws NullPointerException if {@code envelope} is null
     */
    public static @Nullable Act actOf(Envelope envelope) {
        return Routes.actOf(envelope);
    }

    // --- members

    /**
     * Adds a member without a manager. There may be several; they are colleagues.
     *
     * @param agent the agent; its id is its address
     * @throws NullPointerException if {@code agent} or its id is null
     * @throws io.flotilla.message.DuplicateMemberException if the network has a member of this id
     * @throws IllegalStateException if the network is closed
     */
    public void top(Agent<?, ?> agent) {
        AgentId id = idOf(agent);
        network.join(agent);
        chart.put(id, null);
    }

    /**
     * Adds a member without a manager.
     *
     * @param id its address
     * @param handler receives its messages, and answers with {@link Envelope#reply}
     * @throws NullPointerException if an argument is null
     * @throws io.flotilla.message.DuplicateMemberException if the network has a member of this id
     * @throws IllegalStateException if the network is closed
     */
    public void top(AgentId id, MessageHandler handler) {
        network.join(id, handler);
        chart.put(id, null);
    }

    /**
     * Adds a member with a manager.
     *
     * @param manager the manager
     * @param agent the agent; its id is its address
     * @throws NullPointerException if an argument or the agent's id is null
     * @throws UnknownMemberException if there is no such manager in the team
     * @throws io.flotilla.message.DuplicateMemberException if the network has a member of this id
     * @throws IllegalStateException if the network is closed
     */
    public void under(AgentId manager, Agent<?, ?> agent) {
        AgentId id = idOf(agent);
        checkMember(manager);
        network.join(agent);
        place(id, manager);
    }

    /**
     * Adds a member with a manager.
     *
     * @param manager the manager
     * @param id its address
     * @param handler receives its messages, and answers with {@link Envelope#reply}
     * @throws NullPointerException if an argument is null
     * @throws UnknownMemberException if there is no such manager in the team
     * @throws io.flotilla.message.DuplicateMemberException if the network has a member of this id
     * @throws IllegalStateException if the network is closed
     */
    public void under(AgentId manager, AgentId id, MessageHandler handler) {
        checkMember(manager);
        network.join(id, handler);
        place(id, manager);
    }

    private static AgentId idOf(Agent<?, ?> agent) {
        return Objects.requireNonNull(Objects.requireNonNull(agent, "agent").id(), "the agent's id");
    }

    private void checkMember(AgentId member) {
        if (!chart.contains(Objects.requireNonNull(member, "member"))) {
            throw new UnknownMemberException(member);
        }
    }

    /** A manager that has left in between is none. */
    private void place(AgentId id, AgentId manager) {
        if (!chart.put(id, manager)) {
            chart.put(id, null);
        }
    }

    /**
     * Gives a member another manager. Its own workers come along.
     *
     * @param member the member
     * @param manager its manager from now on
     * @throws NullPointerException if an argument is null
     * @throws UnknownMemberException if one of them is no member of the team
     * @throws IllegalArgumentException if the manager is the member itself or one of those below it
     */
    public void move(AgentId member, AgentId manager) {
        checkMember(member);
        checkMember(manager);
        if (!chart.put(member, manager)) {
            throw new IllegalArgumentException(manager + " cannot be the manager of " + member + ", it is below it");
        }
    }

    /**
     * Removes a member. Its workers have no manager then, until they are {@linkplain #move moved}.
     *
     * @param member the member
     * @return see {@link Network#leave}
     * @throws NullPointerException if {@code member} is null (the call itself, not a signal)
     */
    public Mono<Void> leave(AgentId member) {
        Objects.requireNonNull(member, "member");
        return Mono.defer(() -> {
            chart.remove(member);
            return network.leave(member);
        });
    }

    /**
     * The manager of a member.
     *
     * @param member the member
     * @return null if it has none, or is none
     * @throws NullPointerException if {@code member} is null
     */
    public @Nullable AgentId managerOf(AgentId member) {
        return chart.managerOf(Objects.requireNonNull(member, "member"));
    }

    /**
     * The workers of a member.
     *
     * @param member the member
     * @return in the order in which they joined
     * @throws NullPointerException if {@code member} is null
     */
    public List<AgentId> workersOf(AgentId member) {
        return List.copyOf(chart.workersOf(Objects.requireNonNull(member, "member")));
    }

    /**
     * The colleagues of a member: those of the same manager; of one without a manager, the others without.
     *
     * @param member the member
     * @return in the order in which they joined, without itself
     * @throws NullPointerException if {@code member} is null
     */
    public List<AgentId> colleaguesOf(AgentId member) {
        return List.copyOf(chart.colleaguesOf(Objects.requireNonNull(member, "member")));
    }

    // --- up

    /**
     * Takes a problem up: to the manager, and if that fails, refuses it or does not answer in time, to the manager's manager,
     * and on to the top.
     *
     * <p>Cold: every subscription escalates it.
     *
     * <ul>
     *   <li><b>onNext</b>: exactly one value. {@link Routed.Answered} by the first manager that has answered, {@link
     *       Routed.Failed} if none could, {@link Routed.Nobody} if the member has no manager.
     *   <li><b>onError</b>: never.
     *   <li><b>cancel</b>: withdraws the request that is under way.
     *   <li><b>threads</b>: one of a mailbox or of the network's timer; the subscriber's if there is nobody to be asked.
     *   <li><b>context</b>: the subscriber's context reaches the handlers.
     * </ul>
     *
     * @param from who has the problem
     * @param problem the problem
     * @return what became of it
     * @throws NullPointerException if an argument is null (the call itself, not a signal)
     */
    public Mono<Routed> escalate(AgentId from, Object problem) {
        return routes.escalate(Objects.requireNonNull(from, "from"), Objects.requireNonNull(problem, "problem"));
    }

    /**
     * Reports to the manager, who need not answer.
     *
     * <p>Cold: every subscription reports.
     *
     * <ul>
     *   <li><b>onNext</b>: exactly one value. {@link Routed.Sent} when the manager's mailbox has it, {@link Routed.Failed} if
     *       that refuses it, {@link Routed.Nobody} if the member has no manager.
     *   <li><b>onError</b>: never.
     *   <li><b>cancel, threads, context</b>: as for {@link Network#send}.
     * </ul>
     *
     * @param from who reports
     * @param news the report
     * @return what became of it
     * @throws NullPointerException if an argument is null (the call itself, not a signal)
     */
    public Mono<Routed> report(AgentId from, Object news) {
        return routes.report(Objects.requireNonNull(from, "from"), Objects.requireNonNull(news, "news"));
    }

    // --- sideways

    /**
     * Tells all colleagues, who need not answer.
     *
     * <p>Cold: every subscription tells them.
     *
     * <ul>
     *   <li><b>onNext</b>: exactly one value. {@link Routed.Sent} with a report for each colleague when one of them has it,
     *       {@link Routed.Failed} if all refuse it, {@link Routed.Nobody} if there are no colleagues.
     *   <li><b>onError</b>: never.
     *   <li><b>cancel, threads, context</b>: as for {@link Network#send}.
     * </ul>
     *
     * @param from who tells
     * @param news what
     * @return what became of it
     * @throws NullPointerException if an argument is null (the call itself, not a signal)
     */
    public Mono<Routed> sync(AgentId from, Object news) {
        return routes.sync(Objects.requireNonNull(from, "from"), Objects.requireNonNull(news, "news"));
    }

    /**
     * Asks one colleague.
     *
     * <p>Cold: every subscription asks.
     *
     * <ul>
     *   <li><b>onNext</b>: exactly one value. {@link Routed.Answered}, {@link Routed.Failed}, {@link Routed.Nobody} if there
     *       are no colleagues, {@link Routed.OutOfPlace} if that one is no colleague.
     *   <li><b>onError</b>: never.
     *   <li><b>cancel, threads, context</b>: as for {@link #escalate}.
     * </ul>
     *
     * @param from who asks
     * @param colleague whom
     * @param question what
     * @return what became of it
     * @throws NullPointerException if an argument is null (the call itself, not a signal)
     */
    public Mono<Routed> coordinate(AgentId from, AgentId colleague, Object question) {
        return routes.coordinate(
                Objects.requireNonNull(from, "from"),
                Objects.requireNonNull(colleague, "colleague"),
                Objects.requireNonNull(question, "question"));
    }

    // --- down

    /**
     * Gives a task to one worker.
     *
     * <p>Cold: every subscription assigns it.
     *
     * <ul>
     *   <li><b>onNext</b>: exactly one value. {@link Routed.Answered}, {@link Routed.Failed}, {@link Routed.Nobody} if there
     *       are no workers, {@link Routed.OutOfPlace} if that one is no worker of the sender.
     *   <li><b>onError</b>: never.
     *   <li><b>cancel, threads, context</b>: as for {@link #escalate}.
     * </ul>
     *
     * @param from the manager
     * @param worker the worker
     * @param task the task
     * @return what became of it
     * @throws NullPointerException if an argument is null (the call itself, not a signal)
     */
    public Mono<Routed> assign(AgentId from, AgentId worker, Object task) {
        return routes.assign(
                Objects.requireNonNull(from, "from"),
                Objects.requireNonNull(worker, "worker"),
                Objects.requireNonNull(task, "task"));
    }

    /**
     * Gives a task to the worker whose mailbox has the least in it; if that one fails, refuses it or does not answer in time, to
     * the next one.
     *
     * <p>Cold: every subscription delegates it.
     *
     * <ul>
     *   <li><b>onNext</b>: exactly one value. {@link Routed.Answered} by the first worker that could, {@link Routed.Failed} if
     *       none could, {@link Routed.Nobody} if there are no workers.
     *   <li><b>onError</b>: never.
     *   <li><b>cancel, threads, context</b>: as for {@link #escalate}.
     * </ul>
     *
     * @param from the manager
     * @param task the task
     * @return what became of it
     * @throws NullPointerException if an argument is null (the call itself, not a signal)
     */
    public Mono<Routed> delegate(AgentId from, Object task) {
        return routes.delegate(Objects.requireNonNull(from, "from"), Objects.requireNonNull(task, "task"));
    }
}
