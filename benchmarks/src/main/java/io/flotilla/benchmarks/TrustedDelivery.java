package io.flotilla.benchmarks;

import io.flotilla.AgentId;
import io.flotilla.journal.Journal;
import io.flotilla.journal.JournalEntry;
import io.flotilla.message.Envelope;
import io.flotilla.message.Hub;
import io.flotilla.message.MemberOptions;
import io.flotilla.message.NetworkOptions;
import io.flotilla.security.Capabilities;
import io.flotilla.security.Edge;
import io.flotilla.security.KeyEntry;
import io.flotilla.security.KeyRing;
import io.flotilla.security.KeySource;
import io.flotilla.security.ReplayGuard;
import io.flotilla.security.SealedJournal;
import io.flotilla.security.Signer;
import io.flotilla.security.Trust;
import io.flotilla.security.Verifier;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Level;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OperationsPerInvocation;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.Warmup;
import reactor.core.publisher.Mono;

/**
 * What does trust cost: a delivery through a trusted hub beside a plain one, a sealed append beside a plain one?
 *
 * <pre>mvn -q -Pbenchmarks -Djmh.args="TrustedDelivery"</pre>
 *
 * <p>A trusted delivery is signed, offered, verified, permitted, remembered, decoded and handled; a time is that of one of
 * {@value #MESSAGES}. A plain one is so fast that its receiver always finds the next message; so {@code paced} signs and
 * verifies beside a plain delivery: its receiver has to be woken for each, as that of a trusted one. An append is one entry of 200 bytes to a run in memory.
 */
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
@Warmup(iterations = 3, time = 1)
@Measurement(iterations = 4, time = 1)
@Fork(
        value = 1,
        jvmArgsAppend = {"-Xms1g", "-Xmx1g"})
public class TrustedDelivery {

    static final int MESSAGES = 10_000;

    private static final AgentId SENDER = AgentId.of("planner");
    private static final AgentId RECEIVER = AgentId.of("writer");

    static KeyRing ring() {
        return KeyRing.of(KeyEntry.hmac("domain", KeySource.random()), KeyEntry.aes("payloads", KeySource.random()));
    }

    /** A hub and its one receiver. */
    @State(Scope.Benchmark)
    @SuppressWarnings("NullAway.Init") // by JMH, and the set-up
    public static class Network {

        @Param({"plain", "paced", "trusted"})
        String how;

        private Hub hub;
        private Signer signer;
        private Verifier verifier;
        private CountDownLatch done = new CountDownLatch(MESSAGES);
        private final Envelope envelope =
                Envelope.to(RECEIVER, "x".repeat(100)).from(SENDER).build();

        @Setup
        public void open() {
            // A second's messages are remembered, not those of all measurements.
            verifier =
                    Verifier.builder(ring()).maxLifetime(Duration.ofSeconds(1)).build();
            Trust trust = Trust.builder(verifier)
                    .capabilities(Capabilities.create().grant(Edge.between(SENDER, RECEIVER)))
                    .replayGuard(ReplayGuard.builder()
                            .window(Duration.ofSeconds(11))
                            .maxMessages(10_000_000)
                            .build())
                    .build();
            NetworkOptions.Builder options =
                    NetworkOptions.builder().member(MemberOptions.defaults().capacity(MESSAGES));
            hub = Hub.create((how.equals("trusted") ? options.guard(trust) : options).build());
            signer = trust.signer(SENDER);
            hub.join(RECEIVER, received -> {
                done.countDown();
                return Mono.empty();
            });
        }

        private Envelope next() {
            return switch (how) {
                case "plain" -> envelope;
                case "paced" -> verifier.verify(signer.sign(envelope));
                default -> signer.sign(envelope);
            };
        }

        @Setup(Level.Invocation)
        public void reset() {
            done = new CountDownLatch(MESSAGES);
        }
    }

    @Benchmark
    @OperationsPerInvocation(MESSAGES)
    public void deliver(Network network) throws InterruptedException {
        for (int at = 0; at < MESSAGES; at++) {
            network.hub.offer(network.next());
        }
        if (!network.done.await(1, TimeUnit.MINUTES)) {
            throw new IllegalStateException("not all were delivered: " + network.hub.stats());
        }
    }

    /** A journal, whose run is begun anew each time. */
    @State(Scope.Benchmark)
    @SuppressWarnings("NullAway.Init") // by JMH, and the set-up
    public static class File {

        static final int ENTRIES = 1_000;

        @Param({"plain", "sealed", "encrypted"})
        String journal;

        private Journal store;
        private final List<List<JournalEntry>> entries = new ArrayList<>();

        @Setup
        public void open() {
            Journal memory = Journal.inMemory();
            store = switch (journal) {
                case "plain" -> memory;
                case "sealed" -> SealedJournal.builder(memory, ring()).build();
                default -> SealedJournal.builder(memory, ring()).encrypting().build();
            };
            for (int at = 0; at < ENTRIES; at++) {
                entries.add(List.of(new JournalEntry(at, Instant.EPOCH, "step-settled", new byte[200])));
            }
        }
    }

    @Benchmark
    @OperationsPerInvocation(File.ENTRIES)
    public void append(File file) {
        for (int at = 0; at < File.ENTRIES; at++) {
            file.store.append("run", at, file.entries.get(at)).block();
        }
        file.store.delete("run").block();
    }
}
