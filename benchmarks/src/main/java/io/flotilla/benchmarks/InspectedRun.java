package io.flotilla.benchmarks;

import io.flotilla.agent.Agent;
import io.flotilla.inspector.Inspector;
import io.flotilla.journal.Journal;
import io.flotilla.run.Decision;
import io.flotilla.run.Invocation;
import io.flotilla.run.Limits;
import io.flotilla.run.Run;
import io.flotilla.run.RunResult;
import io.flotilla.run.Turn;
import io.flotilla.run.Workflow;
import io.flotilla.topology.Topology;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.net.Socket;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Level;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.TearDown;
import org.openjdk.jmh.annotations.Warmup;
import reactor.core.publisher.Mono;
import reactor.core.publisher.Sinks;

/**
 * Does a run of 10,000 branches and more than 100,000 events notice who looks at it?
 *
 * <pre>mvn -q -Pbenchmarks -Djmh.args="InspectedRun"</pre>
 *
 * <p>NONE has no inspector. TABLE has one whose table somebody watches. EVENTS has one who watches the table, and one who has the run's
 * page open: both are connected, and have their first event, before the time begins, which is from the fork to the result. The bound is
 * 1.05 of NONE. Who looks is in this process too, so its reading of what it is sent is counted. Each branch takes four steps that end at
 * once; a run has one more for each turn of its lead, which the figures of a step leave out. The journal is in memory.
 */
@State(Scope.Benchmark)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
@Warmup(iterations = 5, time = 2)
@Measurement(iterations = 10, time = 2)
@Fork(
        value = 3,
        jvmArgsAppend = {"-Xms4g", "-Xmx4g", "-Xmn2g", "-XX:+AlwaysPreTouch"})
public class InspectedRun {

    private static final int STEPS_OF_A_BRANCH = 4;
    private static final Duration PATIENCE = Duration.ofSeconds(30);

    /** Who looks. */
    public enum Listener {
        NONE,
        TABLE,
        EVENTS
    }

    @Param
    Listener listener = Listener.NONE;

    @Param("40000")
    int steps;

    private final Journal journal = Journal.inMemory();
    private Workflow<Integer, String> workflow = workflow(1);
    private volatile Sinks.Empty<Void> gate = Sinks.empty();
    private @Nullable Inspector inspector;
    private final List<Connection> connections = new ArrayList<>();
    private @Nullable Run<String> run;

    private Workflow<Integer, String> workflow(int branches) {
        List<Invocation> invocations = Collections.nCopies(branches, Invocation.of("Worker", STEPS_OF_A_BRANCH));
        return Workflow.builder(Topology.parse("start -> Lead\nLead <-> Worker\nLead -> end"), String.class)
                .agent(
                        "Lead",
                        Agent.of(
                                "Lead",
                                (turn, context) -> turn.reason() == Turn.Reason.REQUESTED
                                        ? gate.asMono().thenReturn(Decision.fanOut(invocations))
                                        : Mono.just(Decision.answer("done"))))
                .agent("Worker", Agent.of("Worker", (turn, context) -> Mono.just(work(turn))))
                .name("crowd")
                .journal(journal)
                .limits(Limits.steps(1_000_000))
                .build();
    }

    private static Decision work(Turn turn) {
        int left = Objects.requireNonNull((Integer) turn.input());
        return left == 1 ? Decision.answer("x") : Decision.repeat(left - 1);
    }

    @Setup
    public void setUp() {
        workflow = workflow(steps / STEPS_OF_A_BRANCH);
        if (listener != Listener.NONE) {
            inspector = Inspector.on(workflow.runs()).start().block(PATIENCE);
            connections.add(new Connection(address(), "/api/live"));
        }
    }

    private URI address() {
        return Objects.requireNonNull(inspector).address();
    }

    @Setup(Level.Invocation)
    public void begin() {
        gate = Sinks.empty();
        Run<String> begun = workflow.start(0);
        run = begun;
        if (listener == Listener.EVENTS) {
            connections.add(new Connection(address(), "/api/runs/" + begun.runId() + "/events"));
        }
        connections.forEach(Connection::awaitFirst);
    }

    @Benchmark
    public Object run() {
        gate.tryEmitEmpty();
        return Objects.requireNonNull(Objects.requireNonNull(run)
                .result()
                .map(RunResult::orThrow)
                .mapNotNull(RunResult::answer)
                .block(PATIENCE));
    }

    @TearDown(Level.Invocation)
    public void end() {
        if (listener == Listener.EVENTS) {
            connections.remove(connections.size() - 1).close();
        }
        journal.delete(Objects.requireNonNull(run).runId()).block(PATIENCE);
    }

    @TearDown
    public void tearDown() {
        connections.forEach(Connection::close);
        if (inspector != null) {
            inspector.stop().block(PATIENCE);
        }
    }

    /** Takes what it is sent, and makes nothing of it. */
    private static final class Connection implements AutoCloseable {

        private final Socket socket;
        private final CountDownLatch first = new CountDownLatch(1);

        Connection(URI address, String path) {
            try {
                socket = new Socket(address.getHost(), address.getPort());
                socket.getOutputStream()
                        .write(("GET " + path + " HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n")
                                .getBytes(StandardCharsets.US_ASCII));
            } catch (IOException failed) {
                throw new UncheckedIOException(failed);
            }
            Thread thread = new Thread(this::read, "listener");
            thread.setDaemon(true);
            thread.start();
        }

        private void read() {
            byte[] bytes = new byte[65_536];
            StringBuilder begun = new StringBuilder();
            try {
                InputStream in = socket.getInputStream();
                for (int read = in.read(bytes); read >= 0; read = in.read(bytes)) {
                    if (first.getCount() > 0) {
                        begun.append(new String(bytes, 0, read, StandardCharsets.UTF_8));
                        if (begun.indexOf("HTTP/1.1 200") == 0 && begun.indexOf("event: ") > 0) {
                            first.countDown();
                        }
                    }
                }
            } catch (IOException closed) {
                // as it should be
            }
        }

        void awaitFirst() {
            try {
                if (!first.await(PATIENCE.toSeconds(), TimeUnit.SECONDS)) {
                    throw new IllegalStateException("nothing is told");
                }
            } catch (InterruptedException stopped) {
                throw new IllegalStateException(stopped);
            }
        }

        @Override
        public void close() {
            try {
                socket.close();
            } catch (IOException closed) {
                // so it is
            }
        }
    }
}
