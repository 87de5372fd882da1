package io.flotilla.samples.complete;

import io.flotilla.AgentId;
import io.flotilla.agent.Agent;
import io.flotilla.health.HealthMonitor;
import io.flotilla.health.HealthStatus;
import io.flotilla.inspector.Inspector;
import io.flotilla.journal.Journal;
import io.flotilla.message.Envelope;
import io.flotilla.message.Hub;
import io.flotilla.message.NetworkOptions;
import io.flotilla.message.UndeliverableException;
import io.flotilla.resilience.Chaos;
import io.flotilla.resilience.CircuitBreakerPolicy;
import io.flotilla.resilience.Resilience;
import io.flotilla.run.Decision;
import io.flotilla.run.Invocation;
import io.flotilla.run.Join;
import io.flotilla.run.RunResult;
import io.flotilla.run.Turn;
import io.flotilla.run.Workflow;
import io.flotilla.security.Capabilities;
import io.flotilla.security.Edge;
import io.flotilla.security.KeyEntry;
import io.flotilla.security.KeyRing;
import io.flotilla.security.Signer;
import io.flotilla.security.Trust;
import io.flotilla.state.SharedState;
import io.flotilla.step.StepEngine;
import io.flotilla.step.StepHealth;
import io.flotilla.team.Manager;
import io.flotilla.team.ManagerEvent;
import io.flotilla.team.Worker;
import io.flotilla.topology.Topology;
import io.micrometer.observation.ObservationRegistry;
import java.net.URI;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.TreeMap;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.Consumer;
import java.util.stream.IntStream;
import reactor.core.Disposable;
import reactor.core.Disposables;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;
import reactor.core.publisher.Sinks;

/**
 * The whole system: a workflow whose desk sends signed messages, through a hub, to a manager with three analysts, each behind its own
 * circuit breaker, watched by its work; and an inspector of all of it.
 */
final class Plant implements AutoCloseable {

    static final int ITEMS = 18;
    private static final AgentId DESK = AgentId.of("desk");
    private static final AgentId MANAGER = AgentId.of("manager");
    private static final String ANALYSE = "analyse";
    private static final Duration PATIENCE = Duration.ofSeconds(20);
    private static final Duration LOOK = Duration.ofMillis(20);
    private static final Duration STUCK_AFTER = Duration.ofMillis(150);
    private static final Duration ATTEMPT = Duration.ofMillis(400);
    private static final Duration OPEN = Duration.ofMillis(600);

    private final Happenings happenings;
    private final Traces traces = new Traces();
    private final SharedState state = SharedState.create();
    private final List<Analyst> analysts = IntStream.rangeClosed(1, 3)
            .mapToObj(number -> new Analyst(number, state))
            .toList();
    private final Chaos chaos;
    private final Resilience resilience = Resilience.builder()
            .keyedBy(context -> context.agentId().toString())
            .circuitBreaker(CircuitBreakerPolicy.builder()
                    .slidingWindow(4, 2)
                    .failureRate(0.5)
                    .openDuration(OPEN)
                    .halfOpenCalls(2, PATIENCE)
                    .build())
            .attemptTimeout(ATTEMPT)
            .build();
    private final HealthMonitor monitor;
    private final Manager<String, String> manager;
    private final Trust trust;
    private final Signer desk;
    private final Hub hub;
    private final Workflow<Integer, Integer> workflow;
    private final Inspector inspector;
    private final Sinks.Many<String> acts = Sinks.many().multicast().directBestEffort();
    private final AtomicReference<String> whole = new AtomicReference<>(HealthStatus.UNKNOWN.toString());
    private final Disposable.Composite watching = Disposables.composite();

    Plant(long seed, Happenings happenings) {
        this.happenings = happenings;
        this.chaos = Chaos.seeded(seed).forKind("analyst").delay(0.3, Duration.ofMillis(5), Duration.ofMillis(25));
        StepHealth steps = StepHealth.stuckAfter(STUCK_AFTER);
        ObservationRegistry registry = traces.registry();
        StepEngine guarded = StepEngine.builder()
                .observationRegistry(registry)
                .interceptor(steps)
                .interceptor(resilience)
                .interceptor(chaos)
                .build();
        StepEngine plain = StepEngine.builder().observationRegistry(registry).build();
        HealthMonitor.Builder checks = HealthMonitor.builder()
                .interval(LOOK)
                .staleAfter(PATIENCE)
                .failureThreshold(1)
                .successThreshold(1);
        Manager.Builder<String, String> team = Manager.<String, String>builder(MANAGER.toString());
        for (Analyst analyst : analysts) {
            String name = analyst.id().toString();
            checks.check(steps.check(name).nonCritical())
                    .check(resilience.circuitBreakerCheck(name).nonCritical());
            team.worker(Worker.<String, String>of(analyst, ANALYSE).concurrency(2));
        }
        this.monitor = checks.build();
        this.manager =
                team.engine(guarded).health(this::isUsable).healthInterval(LOOK).build();
        KeyRing ring = KeyRing.builder().build();
        ring.add(KeyEntry.generateEd25519("desk-1").ownedBy(DESK));
        ring.add(KeyEntry.generateEd25519("manager-1").ownedBy(MANAGER));
        this.trust = Trust.builder(ring)
                .capabilities(Capabilities.create().grant(Edge.between(DESK, MANAGER)))
                .build();
        this.desk = trust.signer(DESK);
        this.hub =
                Hub.create(NetworkOptions.builder().guard(trust).engine(plain).build());
        hub.join(manager.asAgent(MANAGER, ANALYSE));
        this.workflow = Workflow.builder(
                        Topology.parse("start -> Chief\nChief <-> Desk\nChief -> end"), Integer.class, Integer.class)
                .name("reports")
                .agent("Chief", Agent.<Turn, Decision>of("Chief", (turn, context) -> Mono.just(decide(turn))))
                .agent("Desk", String.class, Agent.of("Desk", (item, context) -> ask(item)))
                .joinAt("Chief", Join.allSettled().orProceed())
                .engine(plain)
                .journal(Journal.inMemory())
                .build();
        watch();
        monitor.start();
        this.inspector = Objects.requireNonNull(Inspector.on(workflow.runs())
                .network("hub", hub)
                .health(monitor)
                .circuitBreakers(resilience)
                .events("manager", rerouted())
                .events("analysts", acts.asFlux())
                .start()
                .block(PATIENCE));
    }

    /** By its work, and by its circuit breaker. */
    private boolean isUsable(AgentId worker) {
        return monitor.isUsable(worker) && monitor.isUsable("circuit breaker " + worker);
    }

    private static Decision decide(Turn turn) {
        return turn.reason() == Turn.Reason.JOINED
                ? Decision.handOff("end", turn.answers(String.class).size())
                : Decision.fanOut(IntStream.rangeClosed(1, Objects.requireNonNull(turn.input(Integer.class)))
                        .mapToObj(item -> Invocation.of("Desk", "item " + item))
                        .toList());
    }

    private Mono<String> ask(String item) {
        return Mono.defer(() -> hub.request(
                        desk.sign(Envelope.to(MANAGER, item).from(DESK).build())))
                .map(reply -> reply.payload(String.class));
    }

    private Flux<String> rerouted() {
        return manager.events()
                .ofType(ManagerEvent.TaskReassigned.class)
                .map(task -> "a task of " + task.worker() + " goes to another one");
    }

    private void watch() {
        listen(monitor.changes(), change -> {
            happenings.add("health   " + change.name() + " " + change.from() + " -> " + change.to());
            String now = health();
            String before = whole.getAndSet(now);
            if (!now.equals(before)) {
                happenings.add("health   the whole " + before + " -> " + now);
            }
        });
        listen(
                resilience.circuitBreakerTransitions(),
                change -> happenings.add("breaker  " + change.key() + " " + change.from() + " -> " + change.to()));
        listen(rerouted(), what -> happenings.add("manager  " + what));
    }

    private <T> void listen(Flux<T> events, Consumer<T> listener) {
        watching.add(events.subscribe(listener));
    }

    /** Lets the inspector be looked at, until nobody has for so long. */
    void stay(Duration idle) {
        inspector.idle(idle).block();
    }

    URI address() {
        return inspector.address();
    }

    /** From now on an analyst no longer answers. */
    void breaks(AgentId analyst) {
        analyst(analyst).breaks();
        acts.tryEmitNext(analyst + " is broken");
    }

    void heals(AgentId analyst) {
        analyst(analyst).heals();
        acts.tryEmitNext(analyst + " is healed");
    }

    private Analyst analyst(AgentId id) {
        return analysts.stream()
                .filter(analyst -> analyst.id().equals(id))
                .findFirst()
                .orElseThrow();
    }

    /** A run; how many items have a report. Blocking is for the outermost edge of a program, such as this sample. */
    int work() {
        RunResult<Integer> result = Objects.requireNonNull(workflow.run(ITEMS).block(PATIENCE));
        return Objects.requireNonNull(result.orThrow().answer());
    }

    Map<String, Integer> reports() {
        Map<String, Integer> reports = new TreeMap<>();
        analysts.forEach(analyst -> reports.put(analyst.id().toString(), analyst.reports()));
        return reports;
    }

    String health() {
        return monitor.report().status().toString();
    }

    /** What becomes of a message that is not signed. */
    String forged() {
        return Objects.requireNonNull(
                hub.request(Envelope.to(MANAGER, "item 0").from(DESK).build())
                        .map(reply -> "answered")
                        .onErrorResume(UndeliverableException.class, refused -> Mono.just("refused"))
                        .block(PATIENCE));
    }

    Trust trust() {
        return trust;
    }

    int injected() {
        return chaos.injected().size();
    }

    Traces traces() {
        return traces;
    }

    @Override
    public void close() {
        inspector
                .stop()
                .then(workflow.runs().shutdown(Duration.ZERO))
                .then(hub.close(Duration.ZERO))
                .then(manager.close(Duration.ZERO))
                .block(PATIENCE);
        monitor.close();
        watching.dispose();
    }
}
