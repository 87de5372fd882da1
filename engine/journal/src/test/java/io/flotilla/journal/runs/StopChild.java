package io.flotilla.journal.runs;

import io.flotilla.agent.Agent;
import io.flotilla.journal.JournalFilter;
import io.flotilla.journal.sqlite.SqliteJournal;
import io.flotilla.run.Decision;
import io.flotilla.run.Drained;
import io.flotilla.run.Invocation;
import io.flotilla.run.Run;
import io.flotilla.run.RunSuspendedException;
import io.flotilla.run.Turn;
import io.flotilla.run.Workflow;
import io.flotilla.topology.Topology;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;

/**
 * A service of its own process whose agents call a server. It goes on with the runs there are, starts those that are missing, and
 * when it is told to stop shuts its runs down as a service does.
 */
final class StopChild {

    static final int RUNS = 6;
    static final int FORKS = 6;
    static final int WIDTH = 3;
    static final Duration GRACE = Duration.ofMillis(100);

    private StopChild() {}

    static Process start(Path file, int port) throws IOException {
        return new ProcessBuilder(
                        Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                        "-Xmx128m",
                        "-XX:TieredStopAtLevel=1",
                        "-XX:+UseSerialGC",
                        "-cp",
                        System.getProperty("java.class.path"),
                        StopChild.class.getName(),
                        file.toString(),
                        "" + port)
                .redirectError(ProcessBuilder.Redirect.INHERIT)
                .start();
    }

    public static void main(String[] args) {
        SqliteJournal journal = SqliteJournal.builder(Path.of(args[0])).open();
        Workflow<Long, Long> flow = over(journal, Integer.parseInt(args[1]));
        Runtime.getRuntime().addShutdownHook(new Thread(() -> {
            Mono<Drained> drained = flow.runs().shutdown(GRACE).cache();
            drained.subscribe();
            print("stopping"); // whoever hears it cuts the connections
            print("drained " + drained.block());
            journal.close().block();
        }));
        long there = journal.list(JournalFilter.all()).count().block();
        List<Run<Long>> runs = new ArrayList<>(flow.runs().recoverAll().block().recovered());
        for (long missing = there; missing < RUNS; missing++) {
            runs.add(flow.submit(missing).block());
        }
        print("running");
        Flux.fromIterable(runs)
                .flatMap(Run::result, RUNS)
                .then()
                .onErrorResume(RunSuspendedException.class, stopped -> Mono.never()) // the hook comes to its end
                .block();
        print("done");
    }

    /** A boss who has workers ask the server, fork after fork. */
    static Workflow<Long, Long> over(SqliteJournal journal, int port) {
        HttpClient client = HttpClient.newHttpClient();
        Agent<Turn, Decision> boss = Agent.of("Boss", (turn, context) -> Mono.just(decide(turn)));
        Agent<Turn, Decision> worker = Agent.of(
                "Worker",
                (turn, context) -> Mono.fromFuture(() -> client.sendAsync(
                                HttpRequest.newBuilder(URI.create("http://127.0.0.1:" + port + "/next/" + turn.input()))
                                        .build(),
                                HttpResponse.BodyHandlers.ofString()))
                        .map(response -> Decision.answer(Long.valueOf(response.body()))));
        return Workflow.builder(Topology.parse("start -> Boss\nBoss <-> Worker\nBoss -> end"), Long.class)
                .name("stop")
                .agent("Boss", boss)
                .agent("Worker", worker)
                .journal(journal)
                .build();
    }

    private static Decision decide(Turn turn) {
        List<Long> answers = turn.answers(Long.class);
        if (answers.isEmpty()) {
            return fork(turn.input(Long.class) * 1_000_000);
        }
        long last = answers.get(0);
        return last % 1_000_000 < FORKS ? fork(last) : Decision.handOff("end", last);
    }

    private static Decision fork(long number) {
        List<Invocation> workers = new ArrayList<>();
        for (int at = 0; at < WIDTH; at++) {
            workers.add(Invocation.of("Worker", number));
        }
        return Decision.fanOut(workers);
    }

    static long answer(long task) {
        return task * 1_000_000 + FORKS;
    }

    private static void print(String line) {
        synchronized (System.out) {
            System.out.println(line);
            System.out.flush();
        }
    }
}
