package io.flotilla.samples.pooling;

import io.flotilla.AgentId;
import io.flotilla.agent.Agent;
import io.flotilla.agent.StepContext;
import io.flotilla.pool.AgentPool;
import io.flotilla.pool.AgentPoolException;
import io.flotilla.pool.AgentPoolStats;
import io.flotilla.samples.shell.Output;
import io.flotilla.samples.shell.Sample;
import io.flotilla.samples.shell.Settings;
import io.flotilla.samples.shell.Shell;
import io.flotilla.step.StepEngine;
import io.flotilla.step.StepReport;
import java.time.Duration;
import java.util.Collections;
import java.util.Objects;
import java.util.Random;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import reactor.core.publisher.Mono;

/**
 * A session of a tool serves one step at a time and is dear to open. Forty steps share three of them. One page crashes its
 * session: that step fails alone, the session is thrown away, and another one takes its place.
 */
public final class Pooling implements Sample {

    private static final int STEPS = 40;
    private static final int SESSIONS = 3;

    private final AtomicInteger opened = new AtomicInteger();
    private final AtomicInteger closed = new AtomicInteger();
    private final AtomicInteger atWork = new AtomicInteger();
    private final AtomicInteger most = new AtomicInteger();

    public static void main(String[] args) {
        Shell.exit(new Pooling());
    }

    @Override
    public String name() {
        return "pooling";
    }

    /** One session. It cannot do two things at once. */
    private final class Session implements Agent<String, Integer> {

        private final AgentId id = AgentId.of("session", opened.incrementAndGet());
        private final AtomicInteger pages;
        private final int crashesAt;
        private final AtomicBoolean isBusy = new AtomicBoolean();

        Session(AtomicInteger pages, int crashesAt) {
            this.pages = pages;
            this.crashesAt = crashesAt;
        }

        @Override
        public AgentId id() {
            return id;
        }

        @Override
        public Mono<Integer> step(String input, StepContext context) {
            return Mono.defer(() -> {
                if (!isBusy.compareAndSet(false, true)) {
                    return Mono.error(new IllegalStateException("two pages in one session"));
                }
                most.accumulateAndGet(atWork.incrementAndGet(), Math::max);
                int page = pages.incrementAndGet();
                return Mono.delay(Duration.ofMillis(2)).map(later -> {
                    atWork.decrementAndGet();
                    isBusy.set(false);
                    if (page == crashesAt) {
                        throw new IllegalStateException("the session has crashed");
                    }
                    return input.length();
                });
            });
        }
    }

    @Override
    public int run(Settings settings, Output output) {
        AtomicInteger pages = new AtomicInteger();
        int crashesAt = 1 + new Random(settings.seed()).nextInt(STEPS);
        opened.set(0);
        closed.set(0);
        most.set(0);
        AgentPool<String, Integer> sessions = AgentPool.<String, Integer>builder(
                        AgentId.of("sessions"), () -> Mono.fromCallable(() -> new Session(pages, crashesAt)))
                .size(SESSIONS, SESSIONS)
                .acquireTimeout(Duration.ofSeconds(10))
                .discardOn(IllegalStateException.class::isInstance)
                .destroy(session -> Mono.fromRunnable(closed::incrementAndGet))
                .build();
        output.line("warm: %d sessions opened", sessions.warmUp().block());

        StepReport<Integer> report = Objects.requireNonNull(StepEngine.builder()
                .build()
                .run(Collections.nCopies(STEPS, sessions), "a page")
                .block());
        output.line(
                "%d steps: %d succeeded, %d failed, never more than %d at work",
                STEPS, report.values().size(), report.failures().size(), Math.min(most.get(), SESSIONS));
        report.failures().forEach(failed -> output.line("  %s", failed.cause()));

        AgentPool<String, Integer> none = AgentPool.<String, Integer>builder(
                        AgentId.of("nothing"), () -> Mono.error(new IllegalStateException("no session to be had")))
                .build();
        none.withAgent(session -> Mono.just(1))
                .onErrorResume(AgentPoolException.class, refused -> {
                    output.line("a pool whose factory fails: %s, %s", refused.reason(), refused.getCause());
                    return Mono.empty();
                })
                .block();

        AgentPoolStats stats = sessions.stats();
        sessions.close().block();
        output.line("closed: the crashed session was replaced: %s", opened.get() == SESSIONS + 1);
        return stats.inUse() == 0 && most.get() <= SESSIONS && report.failures().size() == 1 ? 0 : 1;
    }
}
