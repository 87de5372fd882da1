package io.flotilla.run.machine;

import io.flotilla.run.Await;
import io.flotilla.run.Decision;
import io.flotilla.run.PendingSignal;
import io.flotilla.run.RunEvent;
import io.flotilla.run.RunEvent.Delivery;
import io.flotilla.run.SignalTimeoutException;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.Deque;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Lets branches sleep and wait for signals, and keeps the signals that no branch has taken: the oldest of a name is taken first,
 * and of the branches that wait for a name the first in lineage order takes it.
 */
final class Waits {

    private final Branches branches;
    private final OpenWaits open;
    private final Timers timers;
    private final Output output;
    private final int maxKept;

    private final Map<String, Deque<Kept>> kept = new HashMap<>();
    private int size;
    private long numbers;

    private record Kept(
            long number, PendingSignal signal, @Nullable Object value) {}

    Waits(Plan plan, Branches branches, OpenWaits open, Timers timers, Output output) {
        this.branches = branches;
        this.open = open;
        this.timers = timers;
        this.output = output;
        this.maxKept = plan.maxPendingSignals();
    }

    void sleep(Branch branch, Decision.Sleep sleep) {
        if (sleep.duration().isZero()) {
            branch.turn = branch.turn.thenSlept().withCarried(sleep.carry());
            branches.ready(branch);
            return;
        }
        Instant until = begin(branch, null, sleep.duration(), sleep.carry());
        branches.sleep(branch);
        output.record(new RunEvent.SleepStarted(
                output.next(), output.at(), branch.path, branches.name(branch), until == null ? output.at() : until));
    }

    void await(Branch branch, Decision.AwaitSignal decision) {
        Await signal = decision.signal();
        Deque<Kept> waiting = kept.get(signal.name());
        if (waiting != null) {
            Kept first = waiting.remove();
            size--;
            if (waiting.isEmpty()) {
                kept.remove(signal.name());
            }
            branch.carry = decision.carry();
            take(branch, signal.name(), first.value(), false);
            return;
        }
        Instant deadline = begin(branch, signal, signal.timeout(), decision.carry());
        branches.awaitSignal(branch);
        output.record(new RunEvent.SignalAwaited(
                output.next(), output.at(), branch.path, branches.name(branch), signal.name(), deadline));
    }

    /** Returns until when; null if for as long as the run lives. */
    private @Nullable Instant begin(
            Branch branch, @Nullable Await signal, @Nullable Duration limit, @Nullable Object carry) {
        Instant deadline = limit == null ? null : output.at().plus(limit);
        WaitEntry entry = new WaitEntry(branch, signal, deadline);
        entry.timer = timers.start(limit, entry);
        branch.carry = carry;
        open.add(entry);
        return deadline;
    }

    private void take(Branch branch, String signal, @Nullable Object value, boolean byDefault) {
        output.record(new RunEvent.SignalTaken(
                output.next(), output.at(), branch.path, branches.name(branch), signal, byDefault));
        branch.turn = branch.turn.thenSignalled(value).withCarried(branch.takeCarry());
        branches.ready(branch);
    }

    /** A signal has come. */
    void receive(Fact.SignalReceived received) {
        String name = received.signal();
        WaitEntry first = open.first(name);
        Delivery delivery = first != null
                ? Delivery.DELIVERED
                : received.ifAwaited() ? Delivery.LOST : size >= maxKept ? Delivery.REFUSED : Delivery.KEPT;
        output.record(new RunEvent.SignalReceived(output.next(), output.at(), name, delivery));
        if (first != null) {
            open.withdraw(first);
            take(first.branch, name, received.value(), false);
        } else if (delivery == Delivery.KEPT) {
            size++;
            kept.computeIfAbsent(name, any -> new ArrayDeque<>())
                    .add(new Kept(numbers++, new PendingSignal(name, output.at()), received.value()));
        }
    }

    /** The time of a branch is up. */
    void expire(WaitEntry entry) {
        Branch branch = entry.branch;
        Await signal = entry.signal;
        open.withdraw(entry);
        if (signal == null) {
            output.record(new RunEvent.SleepEnded(output.next(), output.at(), branch.path, branches.name(branch)));
            branch.turn = branch.turn.thenSlept().withCarried(branch.takeCarry());
            branches.ready(branch);
        } else if (signal.hasDefault()) {
            take(branch, signal.name(), signal.defaultValue(), true);
        } else if (signal.timeout() != null) {
            branches.failed(
                    branch,
                    new SignalTimeoutException(branches.name(branch), branch.path, signal.name(), signal.timeout()));
        }
    }

    /** The signals that no branch has taken, in the order they came. */
    List<PendingSignal> signals() {
        List<Kept> all = new ArrayList<>(size);
        kept.values().forEach(all::addAll);
        all.sort(Comparator.comparingLong(Kept::number));
        return all.stream().map(Kept::signal).toList();
    }
}
