package io.flotilla.security;

import static io.flotilla.security.World.PLANNER;
import static io.flotilla.security.World.WRITER;
import static io.flotilla.security.World.plan;
import static org.assertj.core.api.Assertions.assertThat;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.core.read.ListAppender;
import io.flotilla.message.DeadLetter;
import io.flotilla.message.Delivery;
import io.flotilla.message.Envelope;
import io.flotilla.message.Hub;
import io.flotilla.message.NetworkOptions;
import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.Meter;
import io.micrometer.core.instrument.config.MeterFilter;
import io.micrometer.core.instrument.config.MeterFilterReply;
import io.micrometer.core.instrument.noop.NoopCounter;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.slf4j.LoggerFactory;
import reactor.core.publisher.Mono;

/** A registry of meters that throws, or returns null: messages are delivered and refused as without it. */
@Timeout(30)
class TrustMetersTest {

    private static final Duration LONG = Duration.ofSeconds(10);

    private final KeyRing ring = KeyRing.of(KeyEntry.hmac("domain", KeySource.random()));
    private final Logger logger = (Logger) LoggerFactory.getLogger("io.flotilla.internal.TelemetryFaults");
    private final ListAppender<ILoggingEvent> log = new ListAppender<>();
    private final List<Object> heard = new CopyOnWriteArrayList<>();

    TrustMetersTest() {
        log.list = new CopyOnWriteArrayList<>();
        log.start();
        logger.addAppender(log);
        logger.setLevel(Level.WARN);
    }

    @AfterEach
    void stopListening() {
        logger.detachAppender(log);
        logger.setLevel(null);
    }

    private enum Broken {
        REGISTERING,
        RETURNING_NULL,
        RECORDING
    }

    private static final class BrokenRegistry extends SimpleMeterRegistry {
        private final Broken how;

        BrokenRegistry(Broken how) {
            this.how = how;
        }

        @Override
        protected Counter newCounter(Meter.Id id) {
            return switch (how) {
                case REGISTERING -> throw new NoClassDefFoundError("on purpose");
                case RETURNING_NULL -> null;
                case RECORDING ->
                    new NoopCounter(id) {
                        @Override
                        public void increment(double amount) {
                            throw new NoClassDefFoundError("on purpose");
                        }
                    };
            };
        }
    }

    private Trust.Builder trust() {
        return Trust.builder(ring).capabilities(Capabilities.create().grant(Edge.between(PLANNER, WRITER)));
    }

    /** Two are let in, two unsigned ones and one that has been here are refused. */
    private void assertDeliversAndRefuses(Trust trust) {
        Hub hub = Hub.create(NetworkOptions.builder().guard(trust).build());
        hub.join(WRITER, envelope -> Mono.fromRunnable(() -> heard.add(envelope.payload())));
        Signer planner = trust.signer(PLANNER);
        Envelope signed = planner.sign(plan("1"));

        assertThat(hub.offer(signed).isComplete()).isTrue();
        assertThat(hub.offer(planner.sign(plan("2"))).isComplete()).isTrue();
        for (Envelope bad : List.of(plan("3"), plan("4"), signed)) {
            assertThat(hub.offer(bad).deliveries()).containsExactly(new Delivery(WRITER, DeadLetter.Reason.REFUSED));
        }
        hub.close(LONG).block(LONG);

        assertThat(heard).containsExactly("1", "2");
        assertThat(trust.admittedCount()).isEqualTo(2);
        assertThat(trust.refusals())
                .containsOnlyKeys(Refusal.UNSIGNED, Refusal.REPLAYED)
                .containsEntry(Refusal.UNSIGNED, 2L);
    }

    @ParameterizedTest
    @EnumSource
    void registry_broken_messagesAreDeliveredAndRefusedAndTheFaultIsLoggedOnce(Broken how) {
        assertDeliversAndRefuses(trust().meterRegistry(new BrokenRegistry(how)).build());

        assertThat(log.list).extracting(ILoggingEvent::getLevel).containsExactly(Level.WARN);
    }

    @Test
    void registry_brokenForOneReason_countsTheOthers() {
        SimpleMeterRegistry registry = new SimpleMeterRegistry();
        registry.config().meterFilter(new MeterFilter() {
            @Override
            public MeterFilterReply accept(Meter.Id id) {
                if (Refusal.UNSIGNED.tag().equals(id.getTag("reason"))) {
                    throw new IllegalStateException("on purpose");
                }
                return MeterFilterReply.NEUTRAL;
            }
        });

        assertDeliversAndRefuses(trust().meterRegistry(registry).build());

        assertThat(registry.get(TrustMeter.ADMITTED.getName()).counter().count())
                .isEqualTo(2);
        assertThat(registry.get(TrustMeter.REFUSED.getName())
                        .tag("reason", Refusal.REPLAYED.tag())
                        .counter()
                        .count())
                .isEqualTo(1);
        assertThat(log.list).hasSize(1);
    }
}
