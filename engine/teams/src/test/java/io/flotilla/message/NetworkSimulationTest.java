package io.flotilla.message;

import static org.assertj.core.api.Assertions.assertThat;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.core.AppenderBase;
import io.flotilla.AgentId;
import io.flotilla.agent.Agent;
import io.flotilla.run.Join;
import io.flotilla.testkit.SimulatedFault;
import io.flotilla.testkit.SimulatedWorld;
import io.flotilla.testkit.Simulation;
import io.flotilla.testkit.SimulationCase;
import io.flotilla.testkit.SimulationChaos;
import io.flotilla.testkit.SimulationReport;
import io.flotilla.testkit.SimulationRun;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.function.Function;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.reactivestreams.Publisher;
import org.slf4j.LoggerFactory;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;
import reactor.core.scheduler.Schedulers;

/** Whole networks in a simulated world: what they do is what the seed says, and a fault that was planted is found. */
@Timeout(60)
class NetworkSimulationTest {

    private static final SimulationChaos CHAOS = SimulationChaos.none()
            .fail(0.02)
            .delay(0.1, Duration.ZERO, Duration.ofSeconds(1))
            .lose(0.02)
            .duplicate(0.02)
            .delayMessages(0.2, Duration.ZERO, Duration.ofSeconds(2));

    private static final Simulation TWENTY =
            Simulation.seeded(1).agents(2, 20).messages(1, 20).chaos(CHAOS);

    private static Hub hub(SimulatedWorld world) {
        return Hub.create(NetworkOptions.builder()
                .engine(world.engine().build())
                .faults(world::deliveries)
                .build());
    }

    /** Takes each account's newest balance; messages say which is newer. One that minds no versions loses updates. */
    private static final class Ledger implements MessageHandler {

        record Balance(int account, int version) {}

        private final boolean mindsVersions;
        private final int[] versions;

        Ledger(int accounts, boolean mindsVersions) {
            this.versions = new int[accounts];
            this.mindsVersions = mindsVersions;
        }

        @Override
        public Mono<?> handle(Envelope envelope) {
            Balance balance = envelope.payload(Balance.class);
            int known = versions[balance.account()];
            versions[balance.account()] = mindsVersions ? Math.max(known, balance.version()) : balance.version();
            return Mono.empty();
        }
    }

    private static final SimulationChaos LATE_OR_TWICE =
            SimulationChaos.none().duplicate(0.02).delayMessages(0.02, Duration.ZERO, Duration.ofSeconds(2));

    /** Each account tells its balance twice; in the end the ledger must know the newest. */
    private static Function<SimulatedWorld, Publisher<?>> accounts(boolean mindsVersions) {
        return world -> {
            Hub hub = hub(world);
            Ledger ledger = new Ledger(world.agents(), mindsVersions);
            hub.join(AgentId.of("ledger"), ledger);
            return Flux.range(0, world.agents())
                    .flatMap(
                            account -> Flux.range(1, 2)
                                    .concatMap(version -> hub.send(
                                                    Envelope.to("ledger", new Ledger.Balance(account, version))
                                                            .from("account")
                                                            .build())
                                            .delayElement(Duration.ofMillis(100))),
                            world.agents())
                    .then(Mono.delay(Duration.ofMinutes(1)))
                    .doOnNext(now -> {
                        for (int account = 0; account < world.agents(); account++) {
                            assertThat(ledger.versions[account])
                                    .as("account %s", account)
                                    .isEqualTo(2);
                        }
                    });
        };
    }

    @Test
    void simulation_ofAnAgentThatTakesMessagesInOneOrderOnly_findsShrinksAndReplaysIt() {
        Simulation simulation = TWENTY.agents(1, 20).seeds(200).chaos(LATE_OR_TWICE);
        SimulationReport report = simulation.check(accounts(false));

        assertThat(report.passed()).isFalse();
        assertThat(report.difference()).isNull();
        SimulationRun smallest = report.smallest();
        assertThat(smallest.cause()).isInstanceOf(AssertionError.class);
        assertThat(smallest.of().agents()).isEqualTo(1);
        assertThat(smallest.of().faults())
                .as("one message that is late is enough")
                .singleElement()
                .satisfies(fault -> assertThat(fault.kind()).isEqualTo(SimulatedFault.Kind.DELAY_MESSAGE));
        SimulationCase read = SimulationCase.parse(smallest.of().toString());
        assertThat(simulation.replay(read, accounts(false)).log()).isEqualTo(smallest.log());
        assertThat(simulation.replay(read, accounts(true)).passed())
                .as("the same with an agent that minds versions")
                .isTrue();
    }

    @Test
    void simulation_ofAnAgentThatTakesThemInAnyOrder_findsNothingIn300Seeds() {
        TWENTY.chaos(LATE_OR_TWICE).seeds(300).check(accounts(true)).orThrow();
    }

    /** Twenty agents that ask each other. */
    private static Publisher<?> crowd(SimulatedWorld world) {
        Hub hub = hub(world);
        for (int number = 0; number < world.agents(); number++) {
            AgentId id = AgentId.of("agent", number);
            hub.join(Agent.<Integer, Integer>of(
                    id.toString(), (input, context) -> Mono.just(input + 1).delayElement(Duration.ofMillis(input))));
        }
        List<String> ends = new ArrayList<>();
        return Flux.range(0, world.messages())
                .flatMap(
                        message -> hub.gather(
                                        Envelope.toAll(message)
                                                .from("agent#" + message % world.agents())
                                                .build(),
                                        Join.ratio(0.5)
                                                .within(Duration.ofSeconds(3))
                                                .orProceed())
                                .doOnNext(gathered -> {
                                    String end =
                                            message + " " + gathered.isMet() + " " + gathered.payloads(Integer.class);
                                    ends.add(end);
                                    world.log(end);
                                }),
                        world.messages())
                .then(hub.close(Duration.ofMinutes(1)))
                .then(Mono.fromRunnable(() -> {
                    assertThat(ends).hasSize(world.messages());
                    assertThat(hub.stats().queued()).isZero();
                    assertThat(hub.stats().inFlight()).isZero();
                    assertThat(hub.stats().accepted())
                            .isEqualTo(hub.stats().delivered() + hub.stats().deadLettered());
                }));
    }

    /** How long these take is measured by the benchmark {@code Simulations}; this build only sees to it that they come to an end. */
    @Test
    void simulation_of1000SeedsOfTwentyAgents_allPass() {
        TWENTY.messages(1, 5).seeds(1_000).check(NetworkSimulationTest::crowd).orThrow();
    }

    @Test
    void simulation_ofTheSameCase_hasTheSameLogToTheByte() {
        for (int seed = 0; seed < 5; seed++) {
            SimulationCase one = new SimulationCase(seed, 20, 20, Integer.MAX_VALUE, null);
            SimulationRun first = TWENTY.replay(one, NetworkSimulationTest::crowd);
            SimulationRun second = TWENTY.replay(one, NetworkSimulationTest::crowd);

            assertThat(first.outcome()).isEqualTo(SimulationRun.Outcome.PASSED);
            assertThat(first.log()).hasSizeGreaterThan(400);
            assertThat(second.log()).containsExactlyElementsOf(first.log());
        }
    }

    /** Nobody is there to receive anything. */
    private static Publisher<?> nobody(SimulatedWorld world) {
        Hub hub = Hub.create(NetworkOptions.builder()
                .engine(world.engine().build())
                .undeliverable(Undeliverable.DEAD_LETTER)
                .build());
        return Flux.range(0, 20)
                .flatMap(
                        number ->
                                hub.send(Envelope.to("nobody", number).build()).subscribeOn(Schedulers.parallel()),
                        20)
                .doOnNext(report -> world.log(report.envelope().toString()))
                .then(Mono.delay(Duration.ofSeconds(1)));
    }

    @Test
    void simulation_ofDeadLetters_hasTheirLogInItsOrderWhateverIsLogged() {
        Logger logger = (Logger) LoggerFactory.getLogger(DeadLetters.class);
        Level before = logger.getLevel();
        List<String> threads = Collections.synchronizedList(new ArrayList<>());
        AppenderBase<ILoggingEvent> appender = new AppenderBase<>() {
            @Override
            protected void append(ILoggingEvent event) {
                threads.add(event.getThreadName());
            }
        };
        appender.setContext(logger.getLoggerContext());
        appender.start();
        logger.addAppender(appender);
        logger.setAdditive(false);
        SimulationCase one = new SimulationCase(3, 1, 1, Integer.MAX_VALUE, null);
        try {
            logger.setLevel(Level.WARN);
            SimulationRun loud = TWENTY.replay(one, NetworkSimulationTest::nobody);
            logger.setLevel(Level.OFF);
            SimulationRun quiet = TWENTY.replay(one, NetworkSimulationTest::nobody);

            assertThat(loud.outcome()).isEqualTo(SimulationRun.Outcome.PASSED);
            assertThat(quiet.log()).isEqualTo(loud.log());
            assertThat(threads).as("the first ten and the 16th").hasSize(11).containsOnly("flotilla-simulation");
        } finally {
            logger.setAdditive(true);
            logger.setLevel(before);
            logger.detachAppender(appender);
        }
    }
}
