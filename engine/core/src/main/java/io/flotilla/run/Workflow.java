package io.flotilla.run;

import io.flotilla.journal.Journal;
import io.flotilla.run.machine.Plan;
import io.flotilla.run.machine.Replay;
import io.flotilla.step.StepEngine;
import io.flotilla.topology.Topology;
import java.time.Duration;
import java.util.List;
import java.util.Objects;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import reactor.core.publisher.Mono;
import reactor.util.context.Context;
import reactor.util.context.ContextView;

/**
 * Agents at the places of a topology, ready to run.
 *
 * <pre>{@code
 * Workflow<String, String> flow = Workflow.builder(topology, String.class)
 *         .agent("Planner", planner)
 *         .agent("Writer", writer)
 *         .limits(Limits.steps(200).time(Duration.ofMinutes(3)))
 *         .build();
 * flow.run("the task").subscribe(result -> log.info("{}", result));
 * }</pre>
 *
 * <p>Runs share nothing but the agents and the engine. Immutable and thread-safe.
 *
 * @param <I> the task of a run
 * @param <O> the answers of a run
 * @since 0.1
 */
public final class Workflow<I, O> {

    /** How many corrections in a row an agent is given by default. */
    public static final int DEFAULT_MAX_CORRECTIONS = Plan.DEFAULT_MAX_CORRECTIONS;

    /** How many events of a run are kept for later subscribers by default. */
    public static final int DEFAULT_EVENT_HISTORY = 65_536;

    /** The default of {@linkplain Builder outputHistory}. */
    public static final int DEFAULT_OUTPUT_HISTORY = 256;

    /** How long the journal may take for an append if nothing else is said: 30 seconds. */
    public static final Duration DEFAULT_JOURNAL_TIMEOUT = Duration.ofSeconds(30);

    /** The name of a workflow that was given none. */
    public static final String DEFAULT_NAME = "workflow";

    private static final Logger LOG = LoggerFactory.getLogger(Workflow.class);

    private final Topology topology;
    private final RunSetup setup;
    private final String name;
    private final Class<?> taskType;
    private final List<String> warnings;

    private Workflow(Workflow<I, O> all, RunSetup setup) {
        this.topology = all.topology;
        this.setup = setup;
        this.name = all.name;
        this.taskType = all.taskType;
        this.warnings = all.warnings;
    }

    /** The same for runs that are nested in those of a workflow with a journal; this one if it has one of its own. */
    Workflow<I, O> recordedIn(FactRecorder.Recording others) {
        return setup.recording() == null ? new Workflow<>(this, setup.recordedIn(others)) : this;
    }

    Class<?> taskType() {
        return taskType;
    }

    private Workflow(WorkflowSettings settings) {
        this.topology = settings.topology;
        this.setup = settings.setup();
        this.name = settings.name;
        this.taskType = settings.taskType;
        this.warnings = settings.warnings();
        warnings.forEach(warning -> LOG.warn("workflow {}: {}", name, warning));
    }

    /**
     * Starts the configuration of a workflow.
     *
     * @param topology who may hand over to whom
     * @param answerType what a run is answered with; another answer is given back to the agent as a {@link Correction}
     * @param <O> what a run is answered with
     * @return a builder with all defaults
     * @throws NullPointerException if an argument is null
     * @throws IllegalArgumentException if {@code answerType} is primitive, as {@code int.class} is
     */
    public static <O> Builder<O> builder(Topology topology, Class<O> answerType) {
        WorkflowSettings.checkType("answerType", answerType);
        return new Builder<>(
                new WorkflowSettings(Objects.requireNonNull(topology, "topology"), Object.class, answerType));
    }

    /**
     * Starts the configuration of a workflow whose task is checked: {@link #run}, {@link #submit} and {@link #start(Object)} refuse
     * a task of another type, and so does {@link Runs#fork} of a run's start.
     *
     * @param topology who may hand over to whom
     * @param taskType what a run is started with
     * @param answerType what a run is answered with; another answer is given back to the agent as a {@link Correction}
     * @param <O> what a run is answered with
     * @return a builder with all defaults
     * @throws NullPointerException if an argument is null
     * @throws IllegalArgumentException if a type is primitive, as {@code int.class} is
     */
    public static <O> Builder<O> builder(Topology topology, Class<?> taskType, Class<O> answerType) {
        WorkflowSettings.checkType("taskType", taskType);
        Builder<O> builder = builder(topology, answerType);
        builder.settings.taskType = taskType;
        return builder;
    }

    /** Refuses a task of another type. */
    void checkTask(@Nullable Object task) {
        if (!taskType.isInstance(Objects.requireNonNull(task, "task"))) {
            throw new IllegalArgumentException("task of workflow " + name + " must be a " + taskType.getName()
                    + ", was a " + task.getClass().getName());
        }
    }

    /**
     * Runs a task.
     *
     * <p>Cold: nothing runs before subscription, and every subscription is a run of its own.
     *
     * <ul>
     *   <li><b>onNext</b>: the result, when the run has ended; one that failed too.
     *   <li><b>onError</b>: {@link RunSuspendedException} or {@link RunsShutDownException} after {@link Runs#shutdown}; what a clock
     *       or timer of the caller's own throws; an error in the library itself.
     *   <li><b>cancel</b>: cancels the run, and with it every step in flight; nothing while the run is being suspended.
     *   <li><b>threads</b>: the first steps are started on the thread that subscribes, later ones there, where a step
     *       ended, or on a {@code flotilla-worker} thread after a deadline; the result comes on the thread that ended the
     *       last step. An agent that does not give back the thread it is started or cancelled on holds that thread only:
     *       when the step timeout has passed a {@code flotilla-rescue} thread continues the run, see {@link
     *       StepEngine#stream(Iterable, Object)}.
     *   <li><b>context</b>: the subscriber's context reaches every step.
     * </ul>
     *
     * @param task what the first agent has as input
     * @return the result
     * @throws NullPointerException if {@code task} is null (the call itself, not a signal)
     * @throws IllegalArgumentException if the workflow's tasks are of another type (the call itself, not a signal)
     */
    public Mono<RunResult<O>> run(I task) {
        checkTask(task);
        return Mono.create(
                sink -> { // there is somebody to tell before a body may keep the thread
                    Run<O> run = setup.newRun(task, sink.contextView(), RunOptions.none(), null);
                    sink.onCancel(run::cancel);
                    run.result().subscribe(sink::success, sink::error);
                    run.start();
                });
    }

    /**
     * Starts a run and waits until its start is in the journal: from then on {@link Runs#recover} finds it, whatever happens to
     * this process. Without a journal it waits for nothing.
     *
     * <p>Cold: nothing runs before subscription, and every subscription is a run of its own.
     *
     * <ul>
     *   <li><b>onNext</b>: the run, once its start is in the journal.
     *   <li><b>onError</b>: what the journal fails with, {@link io.flotilla.journal.PayloadException} if its codec cannot write
     *       the task; {@link RunsShutDownException} after {@link Runs#shutdown}; there is no run then. After {@link
     *       io.flotilla.journal.JournalTimeoutException} it is unknown whether the start is in the journal.
     *   <li><b>cancel</b>: only ends the waiting; a start that has been subscribed to is not taken back.
     *   <li><b>threads</b>: the thread that subscribes, or one where the journal answers. It starts the first steps next, so it
     *       must not be kept.
     *   <li><b>context</b>: the subscriber's context reaches every step.
     * </ul>
     *
     * @param task what the first agent has as input
     * @return the run
     * @throws NullPointerException if {@code task} is null (the call itself, not a signal)
     * @throws IllegalArgumentException if the workflow's tasks are of another type (the call itself, not a signal)
     */
    public Mono<Run<O>> submit(I task) {
        checkTask(task);
        return setup.submitted(task, RunOptions.none(), null);
    }

    /**
     * Starts a run now, on this thread. Without a journal the first steps have been started when this returns; an agent that
     * keeps the thread keeps this call.
     *
     * <p>With a journal the run may not be in it yet when this returns: the first steps start once it is, on another thread
     * where the journal answers on another one: use {@link #submit} to wait for it. A run that cannot be recorded ends with an error,
     * see {@link Run#result()}; if nobody has subscribed to it, with a line at ERROR in the log.
     *
     * @param task what the first agent has as input
     * @return the run, which continues with and without subscribers
     * @throws NullPointerException if {@code task} is null
     * @throws IllegalArgumentException if the workflow's tasks are of another type
     * @throws RunsShutDownException after {@link Runs#shutdown}
     * @see #run to start on subscription, with the subscriber's context
     */
    public Run<O> start(I task) {
        return start(task, Context.empty());
    }

    /**
     * Starts a run now, as {@link #start(Object)} does, with a context for its steps.
     *
     * @param task what the first agent has as input
     * @param context what the steps see as their subscriber's context; an observation in it is the run's parent
     * @return the run
     * @throws NullPointerException if an argument is null
     * @throws RunsShutDownException after {@link Runs#shutdown}
     */
    public Run<O> start(I task, ContextView context) {
        checkTask(task);
        Objects.requireNonNull(context, "context");
        Run<O> run = setup.newRun(task, context, RunOptions.none(), null);
        run.start();
        return run;
    }

    /**
     * Starts a run as {@link #submit(Object)} does, with an id of the caller's, labels, a deadline and more. The same id and task
     * is the same run, however often and from wherever it is submitted:
     *
     * <ul>
     *   <li>nobody has the id: a new run;
     *   <li>a live run has it: that run;
     *   <li>a run in the journal has it: that run, which continues as by {@link Runs#recover}, or has the result it had;
     *   <li>a run with another task or of another workflow has it: {@link RunIdTakenException}.
     * </ul>
     *
     * <p>Tasks are the same if they are {@code equal}, or written by the journal's codec as the same. The other options count
     * for a new run only. Without a journal an id is known as long as its run is live.
     *
     * <p>Cold: nothing runs before subscription; without an id every subscription is a run of its own.
     *
     * <ul>
     *   <li><b>onNext</b>: the run, once its start is in the journal.
     *   <li><b>onError</b>: {@link RunIdTakenException}, {@link DeadlinePassedException}; as for {@link #submit(Object)} and
     *       {@link Runs#recover}. Then nothing was started.
     *   <li><b>cancel</b>: only ends the waiting; a start that has been subscribed to is not taken back.
     *   <li><b>threads</b>: as for {@link #submit(Object)}; the thread that reads the journal, if there is an id.
     *   <li><b>context</b>: the subscriber's context reaches every step of a run that this subscription has started or
     *       recovered.
     * </ul>
     *
     * @param task what the first agent has as input
     * @param options what else the run is started with
     * @return the run
     * @throws NullPointerException if an argument is null (the call itself, not a signal)
     * @throws IllegalArgumentException if the workflow's tasks are of another type (the call itself, not a signal)
     */
    public Mono<Run<O>> submit(I task, RunOptions options) {
        checkTask(task);
        return new Submission<>(this, task, Objects.requireNonNull(options, "options")).run();
    }

    /**
     * Starts a run now, as {@link #start(Object)} does, with an id of the caller's, labels, a deadline and more. A live run of
     * the same id and task is returned as it is. One in the journal that is not live can be continued by {@link #submit(Object,
     * RunOptions)} only, since the journal has to be read: here the run breaks down with {@link RunIdTakenException} before a
     * step is started, see {@link Run#result()}.
     *
     * @param task what the first agent has as input
     * @param options what else the run is started with
     * @return the run
     * @throws NullPointerException if an argument is null
     * @throws IllegalArgumentException if the workflow's tasks are of another type
     * @throws RunIdTakenException if a live run of this id has another task or is of another workflow, or is just being
     *     recovered
     * @throws DeadlinePassedException if the deadline has passed
     */
    public Run<O> start(I task, RunOptions options) {
        checkTask(task);
        return new Submission<>(this, task, Objects.requireNonNull(options, "options")).start();
    }

    /**
     * Who may hand over to whom.
     *
     * @return as configured
     */
    public Topology topology() {
        return topology;
    }

    /**
     * The name, which tells this workflow's runs from others in the same journal.
     *
     * @return as configured; {@value #DEFAULT_NAME} by default
     */
    public String name() {
        return name;
    }

    /**
     * The version, which each run keeps in its first fact.
     *
     * @return as configured; empty by default
     */
    public String version() {
        return setup.header().version();
    }

    /**
     * What {@link Builder#build()} has found that is allowed and probably not meant, and has logged at WARN: each rendezvous whose
     * join allows failures while a fork that feeds it does not. The fork's first branch that fails would end the fork, and with it
     * the rendezvous.
     *
     * <p>In a topology of thousands of agents only the first are looked at.
     *
     * @return one text each, with the line to write; empty if there is nothing
     */
    public List<String> warnings() {
        return warnings;
    }

    /**
     * What steps the agents.
     *
     * @return as configured
     */
    public StepEngine engine() {
        return setup.engine();
    }

    /**
     * The runs of this workflow that its journal has.
     *
     * @return the runs
     * @throws IllegalStateException if the workflow has no journal
     */
    public Runs<O> runs() {
        if (setup.recording() == null) {
            throw new IllegalStateException("the workflow has no journal, see Workflow.Builder.journal");
        }
        return new Runs<>(this, setup.recording());
    }

    /**
     * Where its runs are recorded.
     *
     * @return the journal; null if it has none
     */
    public @Nullable Journal journal() {
        FactRecorder.Recording recording = setup.recording();
        return recording == null ? null : recording.journal();
    }

    /**
     * The plan of this workflow's runs, for an engine that drives a {@link io.flotilla.run.machine.RunMachine} itself.
     *
     * @return the plan
     */
    public Plan plan() {
        return setup.plan();
    }

    /** An empty replay, for the facts of a run that is to be continued. */
    Replay past(String runId) {
        return new Replay(runId, plan(), setup.watching().eventHistory());
    }

    /** What all its runs have in common. */
    RunSetup setup() {
        return setup;
    }

    /** The number of agents and the engine. */
    @Override
    public String toString() {
        return "Workflow[" + setup.agents().size() + " agents, " + setup.engine() + "]";
    }

    /**
     * The configuration of a workflow. Each setting checks its argument at once, {@link #build()} holds them against the
     * topology. Not thread-safe.
     *
     * @param <O> the answers of a run
     */
    public static final class Builder<O> extends WorkflowOptions<Builder<O>> {

        private Builder(WorkflowSettings settings) {
            super(settings);
        }

        @Override
        Builder<O> self() {
            return this;
        }

        /**
         * Makes the workflow. The builder may be changed and used again.
         *
         * @param <I> the task of a run: whatever the first agent takes
         * @return the workflow
         * @throws InvalidWorkflowException if an agent of the topology has nobody, somebody was given for a place that is
         *     not there or twice, or a join for such a place; with all of it
         */
        public <I> Workflow<I, O> build() {
            return new Workflow<>(settings);
        }
    }
}
