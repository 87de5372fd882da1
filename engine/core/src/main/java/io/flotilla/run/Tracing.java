package io.flotilla.run;

import io.flotilla.observe.BranchObservationContext;
import io.flotilla.observe.FlotillaEvent;
import io.flotilla.observe.FlotillaObservationContext;
import io.flotilla.observe.JoinObservationContext;
import io.flotilla.observe.QuestionObservationContext;
import io.flotilla.observe.RunObservationContext;
import io.flotilla.observe.SignalObservationContext;
import io.flotilla.observe.SleepObservationContext;
import io.flotilla.run.machine.Effect;
import io.flotilla.run.machine.Replay;
import io.flotilla.step.EngineAccess;
import io.flotilla.step.StepDriver;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Queue;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import reactor.util.context.Context;

/**
 * What is observed of a run: the run, in it its branches, each inside the branch that forked it, in these their steps, the joins they
 * wait for, their questions, their sleeps and waits for signals; and what is counted. Does nothing where nobody observes.
 *
 * <p>Notes what is to be reported, and {@link #report}s it on request: handlers are the user's, and may throw or keep the thread. A
 * thread that is kept loses its work to another, which reports the rest.
 */
final class Tracing {

    private final StepDriver<?, ?> driver;
    private final EngineAccess engine;
    private final String runId;
    private final RunCount count;
    private final boolean observed;
    private final Span run;
    private final RunObservationContext what;
    private final Map<BranchPath, Branch> branches = new LinkedHashMap<>();
    private final OpenJoins joins = new OpenJoins();
    private final Map<String, Span> questions = new LinkedHashMap<>();

    /** The sleeps and the waits for signals, by branch. */
    private final Map<BranchPath, Span> waits = new LinkedHashMap<>();

    /** The steps that the fact starts whose events are recorded, by branch. */
    private final Map<BranchPath, Effect.StartStep> next = new HashMap<>();

    private final List<Ended> ended = new ArrayList<>();
    private final Queue<Runnable> unreported = new ArrayDeque<>();

    /**
     * A branch that has not ended.
     *
     * @param arrived what it is linked to when its start is reported
     */
    private record Branch(Span span, BranchObservationContext what, List<Span> arrived) {}

    private record Ended(
            int depth, Span span, String outcome, @Nullable Throwable cause) {}

    /** {@code before}: the span of the run in the process that it was started in, if it has been recovered. */
    Tracing(
            StepDriver<?, ?> driver,
            RunSetup setup,
            String runId,
            LiveRun live,
            Context outer,
            @Nullable String before) {
        this.driver = driver;
        this.engine = EngineAccess.of(setup.engine());
        this.runId = runId;
        this.count = new RunCount(setup.meters(), live, unreported::add);
        this.observed = driver.isObserved();
        String workflow = setup.header().workflow();
        this.what = new RunObservationContext(observed ? engine.boundedWorkflow(workflow) : workflow, runId);
        this.run = new Span(outer, what);
        if (observed) {
            what.continueFrom(before);
            unreported.add(() -> run.start(driver));
        }
    }

    boolean isObserved() {
        return observed;
    }

    /** The span of the run; null if there is none, or no handler has said so yet. */
    @Nullable String traceparent() {
        return what.traceparent();
    }

    /** What the steps of a branch see. */
    Context context(BranchPath branch) {
        return inside(branch).context();
    }

    private Span inside(@Nullable BranchPath branch) {
        Branch found = branch == null ? null : branches.get(branch);
        return found == null ? run : found.span();
    }

    /** What has come of a fact. */
    void record(List<RunEvent> events, List<Effect> effects) {
        events.forEach(count::record);
        if (!observed) {
            return;
        }
        for (Effect effect : effects) {
            if (effect instanceof Effect.StartStep start) {
                next.put(start.branch(), start);
            } else if (effect instanceof Effect.CloseQuestion close) {
                Span closed = questions.remove(close.question());
                if (closed != null) {
                    String outcome = closing(close.question(), events);
                    unreported.add(() -> closed.stop(outcome, null));
                }
            }
        }
        events.forEach(this::record);
        next.clear();
    }

    private static String closing(String question, List<RunEvent> events) {
        for (RunEvent event : events) {
            if (event instanceof RunEvent.QuestionAnswered answered
                    && answered.question().equals(question)) {
                return answered.byDefault() ? "defaulted" : "answered";
            }
        }
        return "withdrawn";
    }

    /** What is going on in a run that continues: its branches, the joins they wait for, its questions, and who sleeps or waits. */
    void recovered(Replay replay, List<Effect> outstanding) {
        if (replay.duration() == null) {
            count.recovered();
        }
        if (!observed) {
            return;
        }
        replay.liveBranches().forEach(this::record);
        Map<BranchPath, Integer> forks = new LinkedHashMap<>();
        for (BranchPath branch : branches.keySet()) {
            BranchPath parent = branch.parent();
            if (parent != null) {
                forks.merge(parent, branch.fork(), Math::max); // those before have left stragglers
            }
        }
        RunState state = replay.state();
        for (RunState.BranchState branch : state.branches()) {
            if (branch.status() == RunState.BranchStatus.JOINING) {
                fork(branch.path(), forks.getOrDefault(branch.path(), 0));
            }
        }
        state.waits().forEach(waiting -> wait(waiting.branch(), waiting.agent(), waiting.signal()));
        for (Effect effect : outstanding) {
            if (effect instanceof Effect.Ask ask) {
                ask(ask.question());
            }
        }
    }

    private void record(RunEvent event) {
        if (event instanceof RunEvent.BranchStarted started) {
            start(started);
        } else if (event instanceof RunEvent.Joined joined) {
            join(joined);
        } else if (event instanceof RunEvent.Forked forked) {
            note(forked.branch(), FlotillaEvent.FORK);
            fork(forked.branch(), forked.fork());
        } else if (event instanceof RunEvent.RendezvousFired fired) {
            fire(fired);
        } else if (event instanceof RunEvent.QuestionAsked asked) {
            ask(asked.question());
        } else if (event instanceof RunEvent.BranchAnswered answered) {
            joins.ended(answered.branch(), inside(answered.branch()));
            stop(answered.branch(), "answered", null);
        } else if (event instanceof RunEvent.BranchFailed failed) {
            joins.ended(failed.branch(), inside(failed.branch()));
            stop(failed.branch(), "failed", failed.failure());
        } else if (event instanceof RunEvent.BranchMovedOn movedOn) {
            String to = movedOn.to();
            if (to != null && !movedOn.late()) {
                joins.movedOn(movedOn.branch(), inside(movedOn.branch()), to);
            }
            stop(movedOn.branch(), "moved_on", null);
        } else if (event instanceof RunEvent.BranchCancelled cancelled) {
            stop(cancelled.branch(), "cancelled", null);
        } else {
            recordWait(event);
        }
    }

    private void recordWait(RunEvent event) {
        if (event instanceof RunEvent.SleepStarted started) {
            wait(started.branch(), started.agent(), null);
        } else if (event instanceof RunEvent.SleepEnded ended) {
            waited(ended.branch(), "elapsed");
        } else if (event instanceof RunEvent.SignalAwaited awaited) {
            wait(awaited.branch(), awaited.agent(), awaited.signal());
        } else if (event instanceof RunEvent.SignalTaken taken) {
            waited(taken.branch(), taken.byDefault() ? "defaulted" : "received");
        }
    }

    /** {@code signal} null: it sleeps. */
    private void wait(BranchPath branch, String agent, @Nullable String signal) {
        String bounded = engine.boundedAgent(agent);
        FlotillaObservationContext begun = signal == null
                ? new SleepObservationContext(bounded, runId, branch.toString())
                : new SignalObservationContext(bounded, runId, branch.toString(), signal);
        Span span = new Span(inside(branch), begun);
        waits.put(branch, span);
        unreported.add(() -> span.start(driver));
    }

    /** A signal that had come before was not waited for. */
    private void waited(BranchPath branch, String outcome) {
        Span span = waits.remove(branch);
        if (span != null) {
            unreported.add(() -> span.stop(outcome, null));
        }
    }

    private void fork(BranchPath branch, int fork) {
        Branch outer = branches.get(branch);
        if (outer == null) {
            return;
        }
        JoinObservationContext wait = new JoinObservationContext(outer.what().agent(), runId, branch.toString());
        Span span = new Span(outer.span(), wait);
        joins.opened(branch, fork, new OpenJoins.Wait(span, wait));
        unreported.add(() -> span.start(driver));
    }

    private void join(RunEvent.Joined event) {
        note(event.branch(), joinEvent(event.verdict()));
        OpenJoins.Joined joined = joins.joined(event.branch(), event.fork(), event.agent(), next.get(event.branch()));
        if (joined != null) {
            String verdict = event.verdict().name().toLowerCase(Locale.ROOT);
            unreported.add(() -> {
                Span.link(joined.waiting().what(), joined.links());
                joined.waiting().span().stop(verdict, null);
            });
        }
    }

    private void fire(RunEvent.RendezvousFired event) {
        Branch branch = branches.get(event.branch());
        if (branch == null) {
            return;
        }
        List<Span> arrived = joins.arrived(event.agent(), next.get(event.branch()));
        branch.arrived().addAll(arrived); // before its start is reported
        note(
                event.branch(),
                event.verdict() == RunEvent.Verdict.MET
                        ? FlotillaEvent.RENDEZVOUS_MET
                        : FlotillaEvent.RENDEZVOUS_UNMET);
    }

    private void ask(PendingQuestion question) {
        QuestionObservationContext asked =
                new QuestionObservationContext(engine.boundedAgent(question.agent()), runId, question.id());
        Span span = new Span(inside(question.branch()), asked);
        if (questions.putIfAbsent(question.id(), span) == null) {
            unreported.add(() -> span.start(driver));
        }
    }

    /** Stops the branches that have ended, inner ones first; after the cancels of their steps, which are inside of them. */
    void stopEnded() {
        ended.sort(Comparator.comparingInt(Ended::depth).reversed());
        for (Ended branch : ended) {
            unreported.add(() -> branch.span().stop(branch.outcome(), branch.cause()));
        }
        ended.clear();
    }

    /** The run is over, and everything in it. */
    void finished(RunResult.Status status, @Nullable Throwable cause, Duration took) {
        count.finished(status, cause, took);
        over("cancelled", RunMeters.outcome(status), status == RunResult.Status.FAILED ? cause : null);
    }

    /** The run is over without a result, and everything in it. */
    void brokenDown(Throwable cause) {
        count.ended(RunMeters.BROKEN_DOWN, unreported::add);
        over("cancelled", RunMeters.outcome(RunResult.Status.FAILED), cause);
    }

    /** As {@link #suspended}, while another thread is in here: only what is counted. */
    void suspendedUnseen(Consumer<Runnable> elsewhere) {
        count.ended(
                RunMeters.SUSPENDED, report -> elsewhere.accept(() -> Handover.call(driver.clock(), report, () -> {})));
    }

    /** The run continues elsewhere, and everything in it. */
    void suspended() {
        count.ended(RunMeters.SUSPENDED, unreported::add);
        over("suspended", "suspended", null);
    }

    private void over(String branchOutcome, String outcome, @Nullable Throwable cause) {
        if (!observed) {
            return;
        }
        stopEnded();
        questions.values().forEach(open -> unreported.add(() -> open.stop(branchOutcome, null)));
        questions.clear();
        waits.values().forEach(open -> unreported.add(() -> open.stop(branchOutcome, null)));
        waits.clear();
        joins.all().forEach(open -> unreported.add(() -> open.stop(branchOutcome, null)));
        branches.values().forEach(open -> unreported.add(() -> open.span().stop(branchOutcome, null)));
        branches.clear();
        unreported.add(() -> run.stop(outcome, cause));
    }

    /**
     * Calls the handlers with what there is to report. False if one of them has kept the thread: then {@code others} is called on
     * another thread, once, and the caller does nothing more.
     */
    boolean report(Runnable others) {
        for (Runnable piece = unreported.poll(); piece != null; piece = unreported.poll()) {
            if (!Handover.call(driver.clock(), piece, others)) {
                return false;
            }
        }
        return true;
    }

    private void start(RunEvent.BranchStarted started) {
        BranchObservationContext begun = new BranchObservationContext(
                engine.boundedAgent(started.agent()), runId, started.branch().toString());
        Span span = new Span(inside(started.branch().parent()), begun);
        List<Span> arrived = new ArrayList<>(0);
        branches.put(started.branch(), new Branch(span, begun, arrived));
        unreported.add(() -> {
            Span.link(begun, arrived);
            span.start(driver);
        });
    }

    private static FlotillaEvent joinEvent(RunEvent.Verdict verdict) {
        return switch (verdict) {
            case MET -> FlotillaEvent.JOIN_MET;
            case UNMET -> FlotillaEvent.JOIN_UNMET;
            case VACATED -> FlotillaEvent.JOIN_VACATED;
        };
    }

    private void note(BranchPath branch, FlotillaEvent event) {
        Branch found = branches.get(branch);
        if (found != null) {
            unreported.add(() -> found.span().note(event));
        }
    }

    private void stop(BranchPath branch, String outcome, @Nullable RunFailure cause) {
        Branch found = branches.remove(branch);
        if (found != null) {
            joins.left(branch).forEach(left -> ended.add(new Ended(branch.depth() + 1, left, "cancelled", null)));
            Span waiting = waits.remove(branch);
            if (waiting != null) {
                String how = cause instanceof SignalTimeoutException ? "timed_out" : "cancelled";
                ended.add(new Ended(branch.depth() + 1, waiting, how, null));
            }
            ended.add(new Ended(branch.depth(), found.span(), outcome, cause));
        }
    }
}
