package io.flotilla.message;

import io.flotilla.AgentId;
import io.flotilla.run.Join;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import reactor.core.Disposable;
import reactor.core.publisher.MonoSink;

/**
 * One request and its answers. Every receiver ends once; the join is judged at each end, and decides once. What the
 * requester does with the result runs on a thread of its own, so it holds up none of those who answer.
 */
final class Gathering {

    final Envelope request;
    private final Requests requests;
    private final Join join;
    private final MonoSink<Gathered> sink;

    // --- guarded by this

    /** By receiver, in order; null while it is live. */
    private final Map<AgentId, @Nullable Answer> answers = new LinkedHashMap<>();

    private final Map<AgentId, Member> live = new LinkedHashMap<>();
    private int answered;
    private boolean isDecided;
    private boolean isOver;
    private @Nullable Disposable timer;

    Gathering(Requests requests, Envelope request, Join join, List<Member> receivers, MonoSink<Gathered> sink) {
        this.requests = requests;
        this.request = request;
        this.join = join;
        this.sink = sink;
        for (Member member : receivers) {
            answers.put(member.id(), null);
            live.put(member.id(), member);
        }
    }

    void timer(Disposable armed) {
        synchronized (this) {
            if (!isOver) {
                timer = armed;
                return;
            }
        }
        armed.dispose();
    }

    /** Offers the request to all, until the join has decided. Returns why nobody has accepted it; null if somebody has. */
    DeadLetter.@Nullable Reason ask() {
        List<Member> receivers;
        synchronized (this) {
            receivers = new ArrayList<>(live.values());
        }
        DeadLetter.Reason first = null;
        boolean isAccepted = false;
        for (Member member : receivers) {
            if (isOver()) {
                break;
            }
            DeadLetter.Reason refusal = ask(member);
            isAccepted |= refusal == null;
            first = first == null ? refusal : first;
        }
        return isAccepted ? null : first;
    }

    /** Returns why it has not accepted it; null if it has. */
    private DeadLetter.@Nullable Reason ask(Member member) {
        if (requests.leavesOut(member, request)) {
            fail(member.id(), DeadLetter.Reason.UNHEALTHY, Answer.Status.FAILED);
            return DeadLetter.Reason.UNHEALTHY;
        }
        OfferResult result = requests.offer(request, member, late -> refused(member.id(), late));
        if (!result.isAccepted()) {
            refused(member.id(), result);
            return result.reason();
        }
        if (isOver() && !join.keepsStragglers() && !hasEnded(member.id())) {
            member.mailbox().withdraw(request); // decided, or cancelled, while it was on its way
        }
        return null;
    }

    private void refused(AgentId receiver, OfferResult result) {
        if (!result.isAccepted()) {
            boolean isLate = result == OfferResult.EXPIRED; // as if its time had passed in the mailbox
            fail(receiver, result.reason(), isLate ? Answer.Status.TIMED_OUT : Answer.Status.FAILED);
        }
    }

    private void fail(AgentId receiver, DeadLetter.Reason reason, Answer.Status status) {
        ended(receiver, status, new UndeliverableException(reason, request, receiver, null));
    }

    private synchronized boolean isOver() {
        return isOver;
    }

    /** Who has answered already may be at the rest of its handler. */
    private synchronized boolean hasEnded(AgentId receiver) {
        return answers.get(receiver) != null;
    }

    /** False if that receiver is not awaited any more. */
    boolean answered(AgentId receiver, @Nullable Envelope reply) {
        return end(new Answer(receiver, Answer.Status.ANSWERED, reply, null));
    }

    void ended(AgentId receiver, Answer.Status status, Throwable cause) {
        end(new Answer(receiver, status, null, cause));
    }

    private boolean end(Answer answer) {
        Gathered result;
        List<Member> stragglers;
        synchronized (this) {
            if (isOver || live.remove(answer.receiver()) == null) {
                return false;
            }
            answers.put(answer.receiver(), answer);
            if (answer.status() == Answer.Status.ANSWERED) {
                answered++;
            }
            result = isDecided ? null : judge(false);
            stragglers = afterwards();
        }
        finish(result, stragglers);
        return true;
    }

    void timeUp() {
        Gathered result;
        List<Member> stragglers;
        synchronized (this) {
            if (isOver) {
                return;
            }
            live.keySet().forEach(id -> answers.put(id, new Answer(id, Answer.Status.TIMED_OUT, null, null)));
            result = isDecided ? null : judge(true);
            stragglers = new ArrayList<>(live.values());
            live.clear();
            over();
        }
        finish(result, stragglers);
    }

    /** Under the lock: the result, if the join has decided; null if not. {@code last}: nobody answers any more. */
    private @Nullable Gathered judge(boolean last) {
        int waiting = last ? 0 : live.size();
        int all = answers.size();
        boolean isMet = switch (join.requirement()) {
            case ALL -> answered == all;
            case AT_LEAST -> answered >= join.requiredCount();
            case RATIO -> answered >= join.requiredRatio() * all;
            case FIRST_SUCCESS -> answered >= 1;
            case ALL_SETTLED -> waiting == 0 && answered >= 1;
            case WHEN -> false; // refused before
        };
        boolean isShort = switch (join.requirement()) {
            case ALL -> answered + waiting < all;
            case AT_LEAST -> answered + waiting < join.requiredCount();
            case RATIO -> answered + waiting < join.requiredRatio() * all;
            case FIRST_SUCCESS, ALL_SETTLED, WHEN -> answered + waiting < 1;
        };
        if (!isMet && !isShort) {
            return null;
        }
        isDecided = true;
        List<Answer> ends = new ArrayList<>();
        answers.forEach((id, answer) ->
                ends.add(answer != null ? answer : new Answer(id, Answer.Status.CANCELLED, null, null)));
        return new Gathered(join, isMet, ends);
    }

    /** Under the lock: whose requests are to be withdrawn. Stragglers that may go on are awaited, and not heard. */
    private List<Member> afterwards() {
        if (!isDecided || (join.keepsStragglers() && !live.isEmpty())) {
            return List.of();
        }
        List<Member> stragglers = new ArrayList<>(live.values());
        live.clear();
        over();
        return stragglers;
    }

    private void over() {
        isOver = true;
        if (timer != null) {
            timer.dispose();
            timer = null;
        }
    }

    private void finish(@Nullable Gathered result, List<Member> stragglers) {
        if (isOver()) {
            requests.leave(this);
        }
        if (result != null) {
            requests.taps().answered(request, result);
            Dispatch.shared().execute(() -> tell(result)); // before cancel handlers, which may keep this thread
        }
        stragglers.forEach(member -> member.mailbox().withdraw(request));
    }

    private void tell(Gathered result) {
        if (result.isMet() || join.shortfall() == Join.Shortfall.PROCEED) {
            sink.success(result);
        } else {
            sink.error(new GatherUnmetException(request, result));
        }
    }

    /** The requester has left. */
    void cancel() {
        List<Member> stragglers;
        synchronized (this) {
            if (isOver) {
                return;
            }
            stragglers = new ArrayList<>(live.values());
            live.clear();
            over();
        }
        finish(null, stragglers);
    }

    /** The network is closed: nobody answers any more. */
    void close() {
        boolean waits;
        synchronized (this) {
            waits = !isDecided;
        }
        cancel();
        requests.leave(this); // also if it is just coming to its end elsewhere
        if (waits) {
            Dispatch.shared()
                    .execute(() -> sink.error(
                            new UndeliverableException(DeadLetter.Reason.CLOSED, request, request.recipient(), null)));
        }
    }
}
