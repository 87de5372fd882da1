package io.flotilla.health;

import java.time.Duration;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.BiConsumer;
import org.jspecify.annotations.Nullable;
import org.reactivestreams.Subscription;
import reactor.core.CoreSubscriber;
import reactor.core.Disposable;
import reactor.core.scheduler.Scheduler;

/**
 * One call of a check. Its body and its cancel handler run on workers, its time limit on a timer that runs nothing else; the first of
 * value, error and limit is its result, and there is exactly one. A call whose code has not left its worker {@linkplain #isStuck()
 * stuck}.
 */
final class CheckCall implements CoreSubscriber<Health> {

    private final HealthCheck check;
    private final Scheduler workers;
    private final BiConsumer<Health, Duration> result;
    private final AtomicBoolean hasResult = new AtomicBoolean();

    /** How many threads are in code of the check: its body, and its cancel handler. */
    private final AtomicInteger threads = new AtomicInteger();

    private final long startedAt = HealthTime.nanos();
    private volatile boolean isGivenUp;
    private volatile @Nullable Disposable body;
    private volatile @Nullable Disposable limit;
    private volatile @Nullable Subscription subscription;

    CheckCall(HealthCheck check, Scheduler workers, BiConsumer<Health, Duration> result) {
        this.check = check;
        this.workers = workers;
        this.result = result;
    }

    /** Calls it; not to be called under a lock, since in virtual time it runs at once. */
    void start(Scheduler timer) {
        try {
            limit = timer.schedule(this::expire, check.timeout().toNanos(), TimeUnit.NANOSECONDS);
            body = workers.schedule(() -> run(this::ask));
        } catch (RuntimeException refused) {
            end(Health.unknown("it could not be asked: there is no thread"));
        }
        if (hasResult.get()) {
            disarm();
        }
        if (isGivenUp) {
            interrupt();
        }
    }

    /** Counted here: what its worker was too late for, since the time was up before, is not run at all. */
    private void run(Runnable code) {
        threads.incrementAndGet();
        try {
            code.run();
        } finally {
            threads.decrementAndGet();
        }
    }

    private void ask() {
        try {
            check.ask().subscribe(this);
        } catch (Throwable thrown) {
            // Also what Reactor holds for fatal, which would leave the check without a result.
            end(failed(thrown));
        }
    }

    /** Its class only: a readiness endpoint is no place for texts from anywhere. */
    private static Health failed(Throwable thrown) {
        return Health.down("the check failed: " + thrown.getClass().getName());
    }

    private void expire() {
        giveUp(Health.down("no answer within " + check.timeout().toMillis() + " ms"));
    }

    /** Ends it from outside, if it has no result yet: interrupts a body that blocks, and cancels what it has subscribed to. */
    void giveUp(Health instead) {
        if (hasResult.get()) {
            return;
        }
        isGivenUp = true;
        if (end(instead)) {
            interrupt();
            cancel();
        }
    }

    private void interrupt() {
        Disposable running = body;
        if (running != null) {
            running.dispose();
        }
    }

    /** On a worker: a cancel handler may block, too. */
    private void cancel() {
        Subscription upstream = subscription;
        if (upstream == null) {
            return;
        }
        try {
            workers.schedule(() -> run(upstream::cancel));
        } catch (RuntimeException refused) {
            // There is no thread, and nobody waits for it.
        }
    }

    private boolean end(Health health) {
        if (!hasResult.compareAndSet(false, true)) {
            return false;
        }
        disarm();
        result.accept(health, Duration.ofNanos(Math.max(0, HealthTime.nanos() - startedAt)));
        return true;
    }

    private void disarm() {
        Disposable armed = limit;
        if (armed != null) {
            armed.dispose();
        }
    }

    boolean hasResult() {
        return hasResult.get();
    }

    /** Whether code of the check is still at work, although it has a result and its time is up. */
    boolean isStuck() {
        return hasResult.get()
                && threads.get() > 0
                && HealthTime.nanos() - startedAt >= check.timeout().toNanos();
    }

    @Override
    public void onSubscribe(Subscription upstream) {
        subscription = upstream;
        if (hasResult.get()) {
            upstream.cancel();
        } else {
            upstream.request(Long.MAX_VALUE);
        }
    }

    @Override
    public void onNext(Health health) {
        end(health);
    }

    @Override
    public void onError(Throwable thrown) {
        end(failed(thrown));
    }

    @Override
    public void onComplete() {
        end(Health.up());
    }
}
