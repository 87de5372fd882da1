package io.flotilla.samples.eventsourcing;

import io.flotilla.journal.sqlite.SqliteJournal;
import io.flotilla.samples.shell.BadInput;
import io.flotilla.samples.shell.Output;
import io.flotilla.samples.shell.Sample;
import io.flotilla.samples.shell.Settings;
import io.flotilla.samples.shell.Shell;
import io.flotilla.state.EventFormat;
import io.flotilla.state.EventSourced;
import io.flotilla.state.EventSourcedState;
import io.flotilla.state.RecordedEvent;
import io.flotilla.state.Versioned;
import io.flotilla.state.Write;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Random;
import reactor.core.publisher.Mono;

/**
 * A ship's position is what its log has made of it: the log is in a file, and the position can be seen as it was. Two officers
 * write at the same time, and one is told; an event that cannot be is refused; the file is closed and opened again, by a
 * program with another form of the events.
 */
public final class EventSourcing implements Sample {

    private static final int LEGS = 12;

    /** What is written into the log. */
    private sealed interface Event {}

    private record Sailed(int east, int north) implements Event {}

    private record Anchored(String port) implements Event {}

    private record Position(int east, int north, String port) {

        Position after(Event event) {
            if (event instanceof Sailed sailed) {
                return new Position(east + sailed.east(), north + sailed.north(), "");
            }
            if (!port.isEmpty()) {
                throw new IllegalStateException("anchored already");
            }
            return new Position(east, north, ((Anchored) event).port());
        }
    }

    public static void main(String[] args) {
        Shell.exit(new EventSourcing());
    }

    @Override
    public String name() {
        return "event-sourcing";
    }

    /** The first form of the log had one number for where to. */
    private static EventFormat<Event> firstForm() {
        return EventFormat.<Event>builder()
                .event(
                        "sailed",
                        1,
                        Sailed.class,
                        sailed -> Map.of("to", sailed.east() * 100 + sailed.north()),
                        fields -> new Sailed(number(fields, "to") / 100, number(fields, "to") % 100))
                .event(
                        "anchored",
                        1,
                        Anchored.class,
                        anchored -> Map.of("port", anchored.port()),
                        fields -> new Anchored(String.valueOf(fields.get("port"))))
                .build();
    }

    private static EventFormat<Event> presentForm() {
        return EventFormat.<Event>builder()
                .event(
                        "sailed",
                        2,
                        Sailed.class,
                        sailed -> Map.of("east", sailed.east(), "north", sailed.north()),
                        fields -> new Sailed(number(fields, "east"), number(fields, "north")))
                .upcast(
                        "sailed",
                        1,
                        fields -> Map.of("east", number(fields, "to") / 100, "north", number(fields, "to") % 100))
                .event(
                        "anchored",
                        1,
                        Anchored.class,
                        anchored -> Map.of("port", anchored.port()),
                        fields -> new Anchored(String.valueOf(fields.get("port"))))
                .build();
    }

    private static int number(Map<String, ?> fields, String key) {
        return ((Number) Objects.requireNonNull(fields.get(key), key)).intValue();
    }

    private static EventSourced<Position, Event> ships(SqliteJournal journal, EventFormat<Event> format) {
        return EventSourced.<Position, Event>builder(
                        "ship", new Position(0, 0, "home"), Position::after, format, journal)
                .snapshots(
                        5,
                        1,
                        at -> Map.of("east", at.east(), "north", at.north(), "port", at.port()),
                        fields -> new Position(
                                number(fields, "east"), number(fields, "north"), String.valueOf(fields.get("port"))))
                .build();
    }

    @Override
    public int run(Settings settings, Output output) {
        Path file = settings.outputFolder(name()).resolve("log.db");
        try {
            Files.createDirectories(Objects.requireNonNull(file.getParent()));
            for (String suffix : List.of("", "-wal", "-shm")) {
                Files.deleteIfExists(file.resolveSibling("log.db" + suffix));
            }
        } catch (IOException failed) {
            throw new BadInput("cannot write into " + file.getParent() + ": " + failed.getMessage());
        }
        Versioned<Position> before = voyage(file, new Random(settings.seed()), output);
        return later(file, before, output) ? 0 : 1;
    }

    private static Versioned<Position> voyage(Path file, Random random, Output output) {
        SqliteJournal journal = SqliteJournal.builder(file).open();
        EventSourcedState<Position, Event> ship = ships(journal, firstForm()).of("flotilla-1");
        for (int leg = 0; leg < LEGS; leg++) {
            ship.append(leg, List.of(new Sailed(random.nextInt(10), random.nextInt(10))))
                    .block();
        }
        Versioned<Position> now = Objects.requireNonNull(ship.load().block());
        output.line("version %d: %s", now.version(), now.value());

        output.line("two officers have seen version %d, and both write", LEGS);
        output.line(
                "  one:   %s", ship.append(LEGS, List.of(new Anchored("Kiel"))).block());
        output.line("  other: %s", ship.append(LEGS, List.of(new Sailed(1, 1))).block());
        Write<Position> twice = Objects.requireNonNull(
                ship.append(LEGS + 1, List.of(new Sailed(9, 9), new Anchored("Riga"), new Anchored("Turku")))
                        .block());
        output.line("an event that cannot be takes the others with it:");
        output.line(
                "  %s",
                twice instanceof Write.RolledBack<Position> back ? back.cause().getMessage() : twice);
        Versioned<Position> last = Objects.requireNonNull(ship.load().block());
        journal.close().block();
        return last;
    }

    private static boolean later(Path file, Versioned<Position> before, Output output) {
        SqliteJournal journal = SqliteJournal.builder(file).open();
        EventSourcedState<Position, Event> ship = ships(journal, presentForm()).of("flotilla-1");
        output.line("the file is opened again, by a program with another form of the events");
        Versioned<Position> after = Objects.requireNonNull(ship.load().block());
        output.line("version %d: %s", after.version(), after.value());
        for (long version : List.of(0L, 3L, 7L)) {
            output.line(
                    "  as it was at %d: %s",
                    version, Objects.requireNonNull(ship.at(version).block()).value());
        }
        List<RecordedEvent<Event>> events =
                Objects.requireNonNull(ship.events(LEGS - 2).collectList().block());
        events.forEach(event -> output.line("  %d: %s", event.version(), event.event()));
        boolean isSame = after.equals(before)
                && Objects.requireNonNull(Mono.from(ship.load()).block()).equals(after);
        output.line("nothing is changed by looking: %s", isSame);
        journal.close().block();
        return isSame;
    }
}
