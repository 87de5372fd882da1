package io.flotilla.samples.simulation;

import static org.assertj.core.api.Assertions.assertThat;

import io.flotilla.AgentId;
import io.flotilla.agent.Agent;
import io.flotilla.health.Health;
import io.flotilla.health.HealthCheck;
import io.flotilla.health.HealthMonitor;
import io.flotilla.health.Heartbeat;
import io.flotilla.journal.Journal;
import io.flotilla.message.Envelope;
import io.flotilla.message.Hub;
import io.flotilla.message.MemberOptions;
import io.flotilla.message.NetworkOptions;
import io.flotilla.message.Topics;
import io.flotilla.message.Undeliverable;
import io.flotilla.pool.AgentPool;
import io.flotilla.pool.Batcher;
import io.flotilla.resilience.BulkheadPolicy;
import io.flotilla.resilience.CircuitBreakerPolicy;
import io.flotilla.resilience.RateLimiterPolicy;
import io.flotilla.resilience.Resilience;
import io.flotilla.resilience.RetryPolicy;
import io.flotilla.run.Await;
import io.flotilla.run.Decision;
import io.flotilla.run.Invocation;
import io.flotilla.run.Join;
import io.flotilla.run.Run;
import io.flotilla.run.RunFilter;
import io.flotilla.run.Turn;
import io.flotilla.run.Workflow;
import io.flotilla.security.Capabilities;
import io.flotilla.security.Edge;
import io.flotilla.security.KeyEntry;
import io.flotilla.security.KeyRing;
import io.flotilla.security.KeySource;
import io.flotilla.security.Signer;
import io.flotilla.security.Trust;
import io.flotilla.security.Verifier;
import io.flotilla.state.Change;
import io.flotilla.state.EventFormat;
import io.flotilla.state.EventSourced;
import io.flotilla.state.SharedState;
import io.flotilla.state.StateAgent;
import io.flotilla.state.StateKey;
import io.flotilla.step.StepEngine;
import io.flotilla.step.StepHealth;
import io.flotilla.team.Bidder;
import io.flotilla.team.Manager;
import io.flotilla.team.Peer;
import io.flotilla.team.Peers;
import io.flotilla.team.Worker;
import io.flotilla.testkit.SimulatedWorld;
import io.flotilla.testkit.Simulation;
import io.flotilla.testkit.SimulationCase;
import io.flotilla.testkit.SimulationChaos;
import io.flotilla.testkit.SimulationRun;
import io.flotilla.topology.Topology;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Function;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.reactivestreams.Publisher;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;
import reactor.core.scheduler.Scheduler;
import reactor.core.scheduler.Schedulers;
import reactor.util.retry.Retry;

/** Whatever the library has in it is the same in each run of a simulated case, to the byte of its log: 200 seeds of each. */
@Timeout(120)
class SimulatedSystemsTest {

    private static final int SEEDS = 200;

    private static final SimulationChaos CHAOS = SimulationChaos.none()
            .fail(0.1)
            .hang(0.03)
            .delay(0.2, Duration.ZERO, Duration.ofSeconds(2))
            .lose(0.03)
            .duplicate(0.03)
            .delayMessages(0.1, Duration.ZERO, Duration.ofSeconds(1));

    private static final Simulation SIMULATION = Simulation.seeded(1).chaos(CHAOS);

    /** What is simulated. */
    enum Simulated {
        SCHEDULERS(SimulatedSystemsTest::schedulers),
        RESILIENCE(SimulatedSystemsTest::resilience),
        WORKFLOW(SimulatedSystemsTest::workflow),
        HEALTH(SimulatedSystemsTest::health),
        MANAGER(SimulatedSystemsTest::manager),
        PEERS(SimulatedSystemsTest::peers),
        POOL(SimulatedSystemsTest::pool),
        STATE(SimulatedSystemsTest::state),
        DEAD_LETTERS(SimulatedSystemsTest::deadLetters),
        TRUST(SimulatedSystemsTest::trust);

        @SuppressWarnings("ImmutableEnumChecker") // a method of this class
        private final Function<SimulatedWorld, Publisher<?>> check;

        Simulated(Function<SimulatedWorld, Publisher<?>> check) {
            this.check = check;
        }
    }

    @ParameterizedTest
    @EnumSource(Simulated.class)
    void replay_ofAnySystem_hasTheSameLogToTheByte(Simulated system) {
        Set<List<String>> logs = new HashSet<>();
        int lines = 0;
        for (int seed = 0; seed < SEEDS; seed++) {
            SimulationCase one = new SimulationCase(seed, 3, 3, Integer.MAX_VALUE, null);
            SimulationRun first = SIMULATION.replay(one, system.check);
            assertThat(first.outcome()).as("%s", first).isEqualTo(SimulationRun.Outcome.PASSED);
            assertThat(SIMULATION.replay(one, system.check).log()).isEqualTo(first.log());
            logs.add(first.log());
            lines += first.log().size();
        }
        assertThat(logs).as("each seed has an order of its own").hasSizeGreaterThan(SEEDS * 9 / 10);
        assertThat(lines).isGreaterThan(SEEDS * 5);
    }

    private static Agent<Integer, Integer> counting(String id) {
        return Agent.of(id, (input, context) -> Mono.just(input + 1).delayElement(Duration.ofMillis(10)));
    }

    private static Flux<Integer> tasks(SimulatedWorld world) {
        return Flux.range(1, world.messages());
    }

    // --- one agent after another, on schedulers of all kinds, some of their own

    private static Publisher<?> schedulers(SimulatedWorld world) {
        Scheduler own = Schedulers.newParallel("own", 2);
        Scheduler single = Schedulers.newSingle("own-single");
        Scheduler elastic = Schedulers.newBoundedElastic(2, 100, "own-elastic");
        List<Agent<Integer, Integer>> agents = List.of(
                Agent.of(
                        "own",
                        (input, context) -> Mono.just(input)
                                .publishOn(own)
                                .map(each -> each + 1)
                                .publishOn(single)
                                .subscribeOn(elastic)),
                Agent.of(
                        "interval",
                        (input, context) -> Flux.interval(Duration.ofMillis(7))
                                .take(3)
                                .count()
                                .map(Long::intValue)),
                Agent.of(
                        "merge",
                        (input, context) -> Flux.range(0, 5)
                                .flatMap(each -> Mono.just(each).subscribeOn(Schedulers.parallel()), 5)
                                .doOnNext(each -> world.log("merge " + each))
                                .last()),
                Agent.of(
                        "timeout",
                        (input, context) -> Mono.<Integer>never().timeout(Duration.ofMillis(50), Mono.just(7))),
                Agent.of(
                        "retry",
                        (input, context) -> Mono.<Integer>error(new IllegalStateException("no"))
                                .retryWhen(Retry.fixedDelay(2, Duration.ofMillis(20)))
                                .onErrorReturn(0)),
                Agent.blocking("blocking", (input, context) -> input),
                Agent.of(
                        "elastic",
                        (input, context) -> Mono.fromCallable(() -> input)
                                .subscribeOn(Schedulers.boundedElastic())
                                .delayElement(Duration.ofMillis(world.random().nextInt(20)))));
        return world.engine().concurrency(3).stepTimeout(Duration.ofSeconds(1)).build().stream(agents, 1)
                .doOnNext(result -> world.log(result.agentId() + " " + result.kind() + " " + result.value()));
    }

    // --- retry with jitter, circuit breaker, bulkhead, limiter

    private static Publisher<?> resilience(SimulatedWorld world) {
        Resilience resilience = Resilience.builder()
                .retry(RetryPolicy.builder()
                        .maxAttempts(4)
                        .minBackoff(Duration.ofMillis(100))
                        .build())
                .bulkhead(BulkheadPolicy.of(3))
                .rateLimiter(RateLimiterPolicy.of(5, Duration.ofMillis(200)))
                .circuitBreaker(CircuitBreakerPolicy.builder()
                        .slidingWindow(4, 4)
                        .openDuration(Duration.ofMillis(500))
                        .build())
                .attemptTimeout(Duration.ofSeconds(1))
                .build();
        resilience.circuitBreakerTransitions().subscribe(change -> world.log(change.toString()));
        StepEngine engine = StepEngine.builder()
                .interceptor(resilience)
                .interceptor(world.faults())
                .build();
        List<Agent<Integer, Integer>> agents = new ArrayList<>();
        for (int number = 0; number < 2 * world.agents(); number++) {
            agents.add(counting("caller#" + number));
        }
        return tasks(world)
                .concatMap(task -> engine.run(agents, task))
                .doOnNext(report -> world.log(report.results().stream()
                        .map(result -> result.kind() + "/" + result.attempts())
                        .toList()
                        .toString()));
    }

    // --- a workflow with a journal, a fork, sleeps and signals, that is recovered

    private static Publisher<?> workflow(SimulatedWorld world) {
        Agent<Turn, Decision> planner = Agent.of(
                "Planner",
                (turn, context) -> Mono.just(
                        switch (turn.reason()) {
                            case REQUESTED ->
                                Decision.await(
                                        Await.of("go")
                                                .timeout(Duration.ofMinutes(1))
                                                .defaultValue("late"),
                                        "x");
                            case SIGNALLED -> Decision.sleep(Duration.ofSeconds(5), turn.signal());
                            case JOINED -> Decision.answer(turn.outcomes().size());
                            default ->
                                Decision.fanOut(Collections.nCopies(world.agents(), Invocation.of("Worker", "part")));
                        }));
        Agent<Turn, Decision> worker = Agent.of(
                "Worker",
                (turn, context) -> Mono.<Decision>just(Decision.answer("done"))
                        .delayElement(Duration.ofMillis(world.random().nextInt(100))));
        Workflow<Object, Object> flow = Workflow.builder(
                        Topology.parse("start -> Planner <-> Worker\nPlanner -> end"), Object.class)
                .agent("Planner", planner)
                .agent("Worker", worker)
                .join(Join.ratio(0.5).within(Duration.ofSeconds(20)).orProceed())
                .journal(Journal.inMemory())
                .engine(world.engine().stepTimeout(Duration.ofSeconds(10)).build())
                .build();
        List<Run<Object>> runs = new ArrayList<>();
        for (int number = 0; number < world.messages(); number++) {
            Run<Object> run = flow.start("task");
            run.events().subscribe(event -> world.log(event.toString()));
            runs.add(run);
        }
        return Mono.delay(Duration.ofSeconds(1))
                .thenMany(Flux.fromIterable(runs))
                .flatMap(run -> run.signal("go", "now").onErrorReturn(false).then(run.result()), world.messages())
                .doOnNext(result -> world.log(result.status() + " " + result.failure()))
                .thenMany(flow.runs().list(RunFilter.all()))
                .doOnNext(info -> world.log(info.toString()));
    }

    // --- a monitor, and a network that minds it

    private static Publisher<?> health(SimulatedWorld world) {
        StepHealth steps = StepHealth.stuckAfter(Duration.ofSeconds(1));
        Heartbeat heart = Heartbeat.within(Duration.ofSeconds(2));
        HealthMonitor monitor = HealthMonitor.builder()
                .check(steps.check("clerk#0").nonCritical())
                .check(steps.check("clerk#1").nonCritical())
                .check(heart.check("heart"))
                .check(HealthCheck.reactive(
                                "slow",
                                () -> Mono.delay(
                                                Duration.ofMillis(world.random().nextInt(300)))
                                        .thenReturn(Health.up()))
                        .timeout(Duration.ofMillis(200)))
                .interval(Duration.ofMillis(250))
                .failureThreshold(1)
                .build();
        monitor.changes().subscribe(change -> world.log(change.toString()));
        Hub hub = Hub.create(NetworkOptions.builder()
                .engine(StepEngine.builder()
                        .interceptor(steps)
                        .interceptor(world.faults())
                        .stepTimeout(Duration.ofSeconds(5))
                        .build())
                .health(monitor)
                .faults(world::deliveries)
                .undeliverable(Undeliverable.DEAD_LETTER)
                .member(MemberOptions.defaults().interchangeable())
                .build());
        hub.join(counting("clerk#0"));
        hub.join(counting("clerk#1"));
        monitor.start();
        return Flux.interval(Duration.ofMillis(400))
                .take(2L * world.messages())
                .flatMap(
                        tick -> hub.request(Envelope.to("clerk#0", 1).build(), Duration.ofSeconds(3))
                                .map(reply -> reply.sender().toString())
                                .onErrorResume(
                                        failure -> Mono.just(failure.getClass().getSimpleName())),
                        8)
                .doOnNext(world::log)
                .then(Mono.fromRunnable(() -> {
                    world.log(monitor.report().toMap().toString());
                    monitor.close();
                }));
    }

    // --- teams

    private static Publisher<?> manager(SimulatedWorld world) {
        Manager.Builder<Integer, Integer> builder = Manager.<Integer, Integer>builder("desk")
                .attemptTimeout(Duration.ofSeconds(5))
                .engine(world.engine().build());
        for (int number = 0; number < world.agents(); number++) {
            builder.worker(Worker.of(counting("worker#" + number), "add", number % 2 == 0 ? "even" : "odd"));
        }
        Manager<Integer, Integer> manager = builder.build();
        manager.events().subscribe(event -> world.log(event.toString()));
        return tasks(world)
                .flatMap(task -> manager.submit(task, task % 2 == 0 ? "even" : "add"), world.messages())
                .doOnNext(result -> world.log(result.kind() + " by " + result.agentId()))
                .take(2)
                .then(manager.close(Duration.ofSeconds(1)))
                .then(Mono.fromRunnable(() -> world.log(manager.stats().toString())));
    }

    private static Publisher<?> peers(SimulatedWorld world) {
        StepEngine engine = world.engine().stepTimeout(Duration.ofSeconds(5)).build();
        Hub hub = Hub.create(NetworkOptions.builder()
                .engine(engine)
                .faults(world::deliveries)
                .build());
        Peers<Integer, Integer> peers = Peers.<Integer, Integer>builder(hub)
                .lease(Duration.ofSeconds(10))
                .engine(engine)
                .build();
        List<Peer<Integer, Integer>> all = new ArrayList<>();
        for (int number = 0; number < world.agents(); number++) {
            all.add(peers.join(counting("peer#" + number), Bidder.byLoad()));
        }
        return tasks(world)
                .flatMap(task -> all.get(0).offer(task), world.messages())
                .doOnNext(result -> world.log(result.kind() + " " + result.value()))
                .take(1)
                .then(all.get(1).leave())
                .then(peers.close());
    }

    // --- pool and batcher

    private static Publisher<?> pool(SimulatedWorld world) {
        StepEngine engine = world.engine().stepTimeout(Duration.ofSeconds(5)).build();
        int[] made = new int[1];
        AgentPool<Integer, Integer> pool = AgentPool.<Integer, Integer>builder(
                        AgentId.of("pooled"),
                        () -> Mono.fromSupplier(() -> counting("pooled#" + made[0]++))
                                .delayElement(Duration.ofMillis(20)))
                .size(1, 2)
                .acquireTimeout(Duration.ofSeconds(1))
                .maxIdle(Duration.ofSeconds(3))
                .engine(engine)
                .build();
        Batcher<Integer, Integer> batcher = Batcher.<Integer, Integer>builder(items -> {
                    world.log("batch " + items);
                    return Mono.just(items).delayElement(Duration.ofMillis(30));
                })
                .maxItems(3)
                .maxWait(Duration.ofMillis(15))
                .engine(engine)
                .build();
        return tasks(world)
                .flatMap(
                        task -> engine.step(pool, task)
                                .doOnNext(result -> world.log(task + " " + result.kind()))
                                .then(Mono.delay(
                                        Duration.ofMillis(world.random().nextInt(30))))
                                .then(batcher.submit(task)),
                        world.messages())
                .doOnNext(item -> world.log("item " + item))
                .then(batcher.close())
                .then(pool.close())
                .then(Mono.fromRunnable(() -> world.log(pool.stats() + " " + batcher.stats())));
    }

    // --- state, by messages, shared, and event-sourced over a journal in memory

    private static Publisher<?> state(SimulatedWorld world) {
        StepEngine engine = world.engine().build();
        StateKey<Integer> key = StateKey.of("sum", Integer.class);
        SharedState shared = SharedState.create();
        shared.watch(key).subscribe(value -> world.log("shared " + value));
        StateAgent<Integer, Integer> account = StateAgent.<Integer, Integer>builder(AgentId.of("account"), 0)
                .on(Integer.class, (balance, more) -> Change.to(balance + more, balance + more))
                .engine(engine)
                .build();
        EventFormat<Integer> format = EventFormat.<Integer>builder()
                .event("added", 1, Integer.class, event -> Map.of("n", event), fields -> (Integer) fields.get("n"))
                .build();
        EventSourced<Integer, Integer> sums = EventSourced.<Integer, Integer>builder(
                        "sum", 0, Integer::sum, format, Journal.inMemory())
                .engine(engine)
                .build();
        return tasks(world)
                .flatMap(
                        task -> Mono.delay(Duration.ofMillis(world.random().nextInt(10)))
                                .publishOn(Schedulers.parallel())
                                .doOnNext(now -> shared.update(key, sum -> sum == null ? task : sum + task))
                                .then(account.ask(task))
                                .doOnNext(reply -> world.log(reply.toString()))
                                .then(sums.of("all").update(sum -> List.of(task)))
                                .doOnNext(sum -> world.log(sum.toString())),
                        world.messages());
    }

    // --- what is not delivered

    private static Publisher<?> deadLetters(SimulatedWorld world) {
        Topics topics = Topics.create(NetworkOptions.builder()
                .engine(world.engine().build())
                .faults(world::deliveries)
                .undeliverable(Undeliverable.DEAD_LETTER)
                .member(MemberOptions.defaults().capacity(1))
                .build());
        topics.deadLetters().letters().subscribe(letter -> world.log(letter.toString()));
        for (int number = 0; number < world.agents(); number++) {
            AgentId id = AgentId.of("reader", number);
            topics.join(
                    id,
                    envelope -> Mono.delay(Duration.ofMillis(world.random().nextInt(50)))
                            .doOnNext(now -> {
                                if (world.random().nextInt(4) == 0) {
                                    throw new IllegalStateException("unreadable");
                                }
                            }));
            topics.subscribe(id, "news/**");
        }
        return tasks(world)
                .concatMap(task -> topics.send(
                                Envelope.onTopic("news/" + task, task).build())
                        .then(topics.send(Envelope.to("nobody", task).build())))
                .then(topics.close(Duration.ofSeconds(1)))
                .then(Mono.fromRunnable(() -> world.log(topics.deadLetters().toString())));
    }

    // --- signed messages: signatures and nonces differ, and what becomes of messages does not

    private static Publisher<?> trust(SimulatedWorld world) {
        KeyRing ring = KeyRing.builder().clock(world.clock()).build();
        ring.add(KeyEntry.hmac("domain", KeySource.random())).add(KeyEntry.aes("payloads", KeySource.random()));
        AgentId asker = AgentId.of("asker");
        Capabilities capabilities = Capabilities.create();
        Trust trust = Trust.builder(Verifier.builder(ring)
                        .clock(world.clock())
                        .requireEncryption()
                        .build())
                .capabilities(capabilities)
                .lifetime(Duration.ofSeconds(1))
                .build();
        Hub hub = Hub.create(NetworkOptions.builder()
                .engine(world.engine().build())
                .faults(world::deliveries)
                .guard(trust)
                .build());
        for (int number = 0; number < world.agents(); number++) {
            capabilities.grant(Edge.between(asker, AgentId.of("clerk", number)));
            hub.join(counting("clerk#" + number));
        }
        Signer signer = trust.signer(asker);
        return tasks(world)
                .flatMap(
                        task -> Mono.delay(Duration.ofMillis(1))
                                .then(Mono.defer(() -> hub.request(
                                        signer.sign(Envelope.to("clerk#" + task % world.agents(), task)
                                                .from(asker)
                                                .build()),
                                        Duration.ofSeconds(3))))
                                .map(reply -> reply.payload(Integer.class).toString())
                                .onErrorResume(
                                        failure -> Mono.just(failure.getClass().getSimpleName()))
                                .doOnNext(world::log),
                        world.messages())
                .then(Mono.defer(
                        () -> hub.send(Envelope.to("clerk#0", 1).from(asker).build())
                                .then()
                                .onErrorComplete()))
                .then(Mono.fromRunnable(() -> world.log(trust.toString())));
    }
}
