package io.flotilla.run;

import io.flotilla.agent.Agent;
import io.flotilla.journal.Journal;
import io.flotilla.run.machine.StateMerge;
import io.flotilla.step.StepEngine;
import java.time.Duration;
import java.util.List;
import java.util.Objects;
import java.util.function.BinaryOperator;

/**
 * What can be set of a workflow, with its documentation: {@link Workflow.Builder} inherits all of it, and is the only type
 * users name. Javadoc has no link to an inherited method, and warns of one in a first sentence: others link to the builder
 * itself, and name the setting in the text of the link.
 *
 * @param <B> the builder, which each setting returns
 */
abstract class WorkflowOptions<B extends WorkflowOptions<B>> {

    final WorkflowSettings settings;

    WorkflowOptions(WorkflowSettings settings) {
        this.settings = settings;
    }

    abstract B self();

    /**
     * Says who is at a place of the topology. In runs the agent goes by this name, whatever its own id.
     *
     * @param name the place
     * @param agent who takes the turns there
     * @return this builder
     * @throws NullPointerException if an argument is null
     */
    public B agent(String name, Agent<Turn, Decision> agent) {
        Objects.requireNonNull(agent, () -> "agent " + name + " is null");
        settings.agent(Objects.requireNonNull(name, "name"), agent);
        return self();
    }

    /**
     * Says who is at a place of the topology: an agent that knows nothing of runs. It is called with the input of the
     * turn; its value is handed to its only successor, or, where it has none or several, is the answer of its branch.
     * A step whose input is missing or of another type fails. At a rendezvous the input is the {@link List} of what has
     * arrived, and {@code inputType} is {@code List.class}. It is not called again for a correction, which it could not
     * read: its branch fails.
     *
     * @param name the place
     * @param inputType what the agent takes
     * @param agent who is called there
     * @param <T> what the agent takes
     * @return this builder
     * @throws NullPointerException if an argument is null
     */
    public <T> B agent(String name, Class<T> inputType, Agent<? super T, ?> agent) {
        return agent(
                name,
                NodeAgent.plain(
                        Objects.requireNonNull(inputType, "inputType"),
                        Objects.requireNonNull(agent, () -> "agent " + name + " is null")));
    }

    /**
     * Says that a place of the topology is a run of another workflow: what is handed to it is the run's task, and the run's
     * answer is handed to its only successor, or, where it has none or several, is the answer of its branch; several answers
     * are a list. If the run fails or is cancelled, the step fails with {@link NestedRunException}.
     *
     * <p>The nested run's id is the step's {@link io.flotilla.agent.StepContext#idempotencyKey()}, shortened by a hash beyond 200
     * characters. It has the labels, the priority and the trace of the run around, and what that has left of its steps, time, tokens,
     * cost and depth; what it uses counts there too, when it has ended. It is cancelled with the run around, and suspended with it.
     * Its events and output are the values that the step emits, see {@link NestedEvent}, {@link NestedOutput} and {@link Run#output()}.
     * For the engine it is no step: it has no step timeout, no permit, and no interceptor goes round it.
     *
     * <p>It is recorded in the journal of the workflow around, and is found there when the run around is recovered; {@link
     * Runs#recoverAll} leaves it to that. If the journal fails it, the run around breaks down too.
     *
     * @param name the place
     * @param workflow whose run it is; with no journal of its own, or the same
     * @return this builder
     * @throws NullPointerException if an argument is null
     */
    public B agent(String name, Workflow<?, ?> workflow) {
        Objects.requireNonNull(workflow, () -> "agent " + name + " is null");
        settings.agent(Objects.requireNonNull(name, "name"), workflow);
        return self();
    }

    /**
     * Says who knows of an agent's steps that were in flight when the process died. When a run is recovered, it is asked before
     * such a step is run again; steps of which it does not know either are run again.
     *
     * @param name the agent's place; each once
     * @param reconciler who is asked; default nobody, and each such step is run again
     * @return this builder
     * @throws NullPointerException if an argument is null
     */
    public B reconcile(String name, Reconciler reconciler) {
        return reconcile(name, reconciler, Reconciler.WhenUnknown.RUN_AGAIN);
    }

    /**
     * Says who knows of an agent's steps that were in flight when the process died, and what becomes of those of which that one
     * does not know either.
     *
     * @param name the agent's place; each once
     * @param reconciler who is asked
     * @param whenUnknown what becomes of a step that is {@link Reconciliation#unknown()}
     * @return this builder
     * @throws NullPointerException if an argument is null
     */
    public B reconcile(String name, Reconciler reconciler, Reconciler.WhenUnknown whenUnknown) {
        settings.reconcile(
                Objects.requireNonNull(name, "name"),
                new InDoubtAgent.Reconciled(
                        Objects.requireNonNull(reconciler, "reconciler"),
                        Objects.requireNonNull(whenUnknown, "whenUnknown")));
        return self();
    }

    /**
     * The join of every fork and rendezvous that has none of its own. Not that of the run itself, see {@link #joinAt}.
     *
     * @param join default {@link Join#all()}
     * @return this builder
     * @throws NullPointerException if {@code join} is null
     */
    public B join(Join join) {
        settings.join = Objects.requireNonNull(join, "join");
        return self();
    }

    /**
     * The join of the forks an agent opens, and of the rendezvous it is; at {@code end} the join of the run, which
     * counts the answers that reach the run and is {@link Join#all()} otherwise.
     *
     * @param name the agent's place, or {@code end}; each once
     * @param join what it asks for
     * @return this builder
     * @throws NullPointerException if an argument is null
     */
    public B joinAt(String name, Join join) {
        settings.joinAt(Objects.requireNonNull(name, "name"), Objects.requireNonNull(join, "join"));
        return self();
    }

    /**
     * What a run may use. What it does not limit, the topology's own rules may.
     *
     * @param limits default: the topology's {@code timeout}, {@code max_steps}, {@code max_branches} and {@code
     *     max_depth}, where it has such rules; else none
     * @return this builder
     * @throws NullPointerException if {@code limits} is null
     */
    public B limits(Limits limits) {
        settings.limits = Objects.requireNonNull(limits, "limits");
        return self();
    }

    /**
     * How many times in a row an agent gets a {@link Correction} of its decision before its branch fails.
     *
     * @param maxCorrections 0 or more; default {@value Workflow#DEFAULT_MAX_CORRECTIONS}
     * @return this builder
     * @throws IllegalArgumentException if {@code maxCorrections} is negative
     */
    public B maxCorrections(int maxCorrections) {
        settings.maxCorrections = (int) Bounds.atLeast(0, "maxCorrections", maxCorrections);
        return self();
    }

    /**
     * What undoes the steps of an agent. When a run fails, is cancelled, or an agent decides {@link Decision#compensate}, all its
     * other branches are cancelled, and then each settled step of such an agent is undone, one after another, in reverse lineage
     * order; of one branch the last step first. The result comes after that, and has what could not be undone: {@link
     * RunResult#uncompensated()}.
     *
     * <p>A step is settled if its agent has decided something but to fail, also if it asked, slept or repeated, and also if the decision
     * was not allowed. What was in flight and was cancelled is not undone: it may or may not have happened. A place that is a nested
     * run is one step: if that run has succeeded, it is undone by this compensation, with its answer as the value. If it has failed, or
     * was cancelled, it has undone itself what its own workflow compensates; in the latter case before anything is undone here.
     *
     * <p>A compensation reads the run's own state as it is then; what it writes is taken when it succeeds.
     *
     * <p>A compensation that fails is called again, three times, after half a second, one and two; then the next one has its turn. Each
     * end is a fact in the journal, so after a restart nothing that was undone is undone again, and the rest is. {@link
     * Run#cancel()}, {@link Run#pause()}, limits and the run's deadline do not hold compensations up; {@link Run#suspend()} does,
     * until the run is recovered.
     *
     * @param name the agent's place
     * @param undo what undoes a step of it
     * @return this builder
     * @throws NullPointerException if an argument is null
     */
    public B compensate(String name, Compensation undo) {
        settings.compensate(Objects.requireNonNull(name, "name"), Objects.requireNonNull(undo, "undo"));
        return self();
    }

    /**
     * Steps of these agents never overlap in one run, nor do two steps of one of them: those whose turn has come wait, in the
     * order in which their turns have come, and hold no place meanwhile. {@link RunState} shows them as {@link
     * RunState.BranchStatus#EXCLUDED}. A step that was cancelled or has timed out counts as ended, as everywhere.
     *
     * <p>May be called several times; an agent in several groups waits for all of them. Other runs are not looked at. No decision
     * of a run depends on it, so it may be changed while runs are recorded.
     *
     * @param agents two different agents of the topology at least, or {@code build} fails
     * @return this builder
     * @throws NullPointerException if {@code agents} or one of them is null
     */
    public B exclusive(String... agents) {
        settings.exclusive.add(List.of(agents));
        return self();
    }

    /**
     * How values of a key of the run's state are merged, see {@link io.flotilla.agent.StepState#merge}: what many branches write at
     * once, as lists, counts and maxima are. Of two steps that end side by side, both are in it.
     *
     * <pre>{@code
     * .mergeState("pages", List.class, (List<?> one, List<?> other) -> Stream.concat(one.stream(), other.stream()).toList())
     * .mergeState("cost", Double.class, Double::sum)
     * }</pre>
     *
     * <p>The function is called by the run when a step ends, holds up the run as long as it takes, and is called again whenever the run
     * is replayed: it must depend on its arguments only, and change none of them. It must be associative, since what a step merges
     * several times is merged among itself first; whether the order of the steps matters is up to it, and the order is the recorded one. If it
     * throws or returns null, the branch of the step fails with {@link StateMergeException}.
     *
     * @param key the key, as for {@link io.flotilla.agent.StepState#put}
     * @param type what its values are; {@code put} refuses others too. In a workflow with a journal it must be one that the journal's
     *     codec reads back, as {@code List.class} and not {@code LinkedList.class}: a value that it does not is refused
     * @param merge takes the value there is and what is merged into it; default none, and {@code merge} of the key is refused
     * @param <T> what its values are
     * @return this builder
     * @throws NullPointerException if an argument is null
     * @throws IllegalArgumentException if {@code key} is out of its bounds, or {@code type} is primitive, as {@code int.class} is
     */
    public <T> B mergeState(String key, Class<? super T> type, BinaryOperator<T> merge) {
        WorkflowSettings.checkType("type", type);
        settings.mergeState(key, new StateMerge<T>(type, merge));
        return self();
    }

    /**
     * How many keys the state of a run may have, see {@link io.flotilla.agent.StepContext#state()}. A step that would write more is
     * refused.
     *
     * @param maxStateKeys 0 or more, 0 for a run without state; default {@value
     *     io.flotilla.run.machine.Plan#DEFAULT_MAX_STATE_KEYS}
     * @return this builder
     * @throws IllegalArgumentException if {@code maxStateKeys} is negative
     */
    public B maxStateKeys(int maxStateKeys) {
        settings.maxStateKeys = (int) Bounds.atLeast(0, "maxStateKeys", maxStateKeys);
        return self();
    }

    /**
     * How many signals a run keeps that no branch has taken, see {@link Run#signal}. One more is refused.
     *
     * @param maxPendingSignals 0 or more, 0 for none; default {@value
     *     io.flotilla.run.machine.Plan#DEFAULT_MAX_PENDING_SIGNALS}
     * @return this builder
     * @throws IllegalArgumentException if {@code maxPendingSignals} is negative
     */
    public B maxPendingSignals(int maxPendingSignals) {
        settings.maxPendingSignals = (int) Bounds.atLeast(0, "maxPendingSignals", maxPendingSignals);
        return self();
    }

    /**
     * How many events of a run are kept for {@link Run#events()}.
     *
     * @param eventHistory 1 or more; default {@value Workflow#DEFAULT_EVENT_HISTORY}
     * @return this builder
     * @throws IllegalArgumentException if {@code eventHistory} is below 1
     */
    public B eventHistory(int eventHistory) {
        settings.eventHistory = (int) Bounds.atLeast(1, "eventHistory", eventHistory);
        return self();
    }

    /**
     * How many emitted values of each step in flight are kept for subscribers of {@link Run#output()} that come later or are
     * slow; and how many steps that have ended wait for a slow one, with their values.
     *
     * @param outputHistory 1 or more; default {@value Workflow#DEFAULT_OUTPUT_HISTORY}
     * @return this builder
     * @throws IllegalArgumentException if {@code outputHistory} is below 1
     */
    public B outputHistory(int outputHistory) {
        settings.outputHistory = (int) Bounds.atLeast(1, "outputHistory", outputHistory);
        return self();
    }

    /**
     * How many threads this workflow's subscribers of {@link Run#events()} share, of all its runs. They take turns of 64 events or about
     * 10 ms. A subscriber that keeps its thread for more than 100 ms, while others wait, is replaced by another thread: up to 10,000 in
     * the process. The threads are daemons and end when idle.
     *
     * @param listenerThreads 1 to 10,000; default: four a core, shared by all workflows without a number of their own
     * @return this builder
     * @throws IllegalArgumentException if {@code listenerThreads} is out of bounds
     */
    public B listenerThreads(int listenerThreads) {
        if (listenerThreads < 1 || listenerThreads > ListenerPool.MAX_THREADS) {
            throw new IllegalArgumentException(
                    "listenerThreads must be between 1 and " + ListenerPool.MAX_THREADS + ", was " + listenerThreads);
        }
        settings.listenerThreads = listenerThreads;
        return self();
    }

    /**
     * What steps the agents: its concurrency bounds how many steps of a run are in flight, its step timeout,
     * interceptors, observations, meters and log apply to each. Its failure mode does not apply to runs; of its order
     * only that steps go one by one.
     *
     * @param engine default: an engine with all defaults, of the workflow's own
     * @return this builder
     * @throws NullPointerException if {@code engine} is null
     */
    public B engine(StepEngine engine) {
        settings.engine = Objects.requireNonNull(engine, "engine");
        return self();
    }

    /**
     * Records every run: each fact is in the journal before anything comes of it, so a run can be continued after the
     * process has died, see {@link Workflow#runs()}. What tasks, requests and answers are made of must be known to the
     * journal's codec. Engine state is there once; what agents do outside happens at least once, with the same {@link
     * io.flotilla.agent.StepContext#idempotencyKey()}.
     *
     * @param journal where to; the caller closes it; default nowhere
     * @return this builder
     * @throws NullPointerException if {@code journal} is null
     */
    public B journal(Journal journal) {
        settings.journal = Objects.requireNonNull(journal, "journal");
        return self();
    }

    /**
     * How long the journal may take for an append. A run whose journal takes longer ends with {@link
     * io.flotilla.journal.JournalTimeoutException}, its steps in flight are cancelled; whether the append is in the journal
     * is known to {@link Runs#recover} only.
     *
     * <p>While an append waits because the journal has no room for it, the time starts anew whenever the journal
     * completes an append of another run: a journal that is slow but works ends no run.
     *
     * <p>The same limit holds for what {@link Runs#recover} writes before the run continues; it signals the exception.
     *
     * @param limit more than zero; default {@link Workflow#DEFAULT_JOURNAL_TIMEOUT}, 30 s
     * @return this builder
     * @throws NullPointerException if {@code limit} is null
     * @throws IllegalArgumentException if {@code limit} is zero or negative
     */
    public B journalTimeout(Duration limit) {
        settings.journalTimeout(limit);
        return self();
    }

    /**
     * The workflow's name, which tells its runs from others in the same journal.
     *
     * @param name not blank; default {@value Workflow#DEFAULT_NAME}
     * @return this builder
     * @throws NullPointerException if {@code name} is null
     * @throws IllegalArgumentException if {@code name} is blank
     */
    public B name(String name) {
        settings.name(name);
        return self();
    }

    /**
     * The workflow's version, which each run keeps in its first fact.
     *
     * @param version may be empty; default empty
     * @return this builder
     * @throws NullPointerException if {@code version} is null
     */
    public B version(String version) {
        settings.version = Objects.requireNonNull(version, "version");
        return self();
    }
}
