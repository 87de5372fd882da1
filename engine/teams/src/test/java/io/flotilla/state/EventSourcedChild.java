package io.flotilla.state;

import io.flotilla.journal.sqlite.SqliteJournal;
import io.flotilla.state.Accounts.Deposited;
import io.flotilla.state.Accounts.Event;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;

/** A process of its own that appends to some states until it is killed. */
final class EventSourcedChild {

    static final int STATES = 4;
    static final int EVERY = 7;

    private EventSourcedChild() {}

    static Process start(Path file) throws IOException {
        return new ProcessBuilder(
                        Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                        "-Xmx128m",
                        "-XX:TieredStopAtLevel=1",
                        "-XX:+UseSerialGC",
                        "-cp",
                        System.getProperty("java.class.path"),
                        EventSourcedChild.class.getName(),
                        file.toString())
                .redirectError(ProcessBuilder.Redirect.INHERIT)
                .start();
    }

    public static void main(String[] args) {
        SqliteJournal journal = SqliteJournal.builder(Path.of(args[0])).open();
        EventSourced<Integer, Event> accounts =
                Accounts.withSnapshots(journal, EVERY).build();
        print("open");
        Flux.range(0, STATES).flatMap(at -> appendForever(accounts, at), STATES).blockLast();
    }

    private static Flux<Versioned<Integer>> appendForever(EventSourced<Integer, Event> accounts, int at) {
        EventSourcedState<Integer, Event> account = accounts.of("a" + at);
        return Mono.defer(() -> account.update(balance -> List.of(new Deposited(1), new Deposited(1))))
                .doOnNext(now -> print(at + " " + now.version() + " ."))
                .repeat();
    }

    private static void print(String line) {
        synchronized (System.out) {
            System.out.println(line);
            System.out.flush();
        }
    }
}
