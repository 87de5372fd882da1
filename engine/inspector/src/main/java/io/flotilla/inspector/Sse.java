package io.flotilla.inspector;

import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;

/** Server-sent events, as pieces of a text. Not thread-safe. */
final class Sse {

    /** A comment, so that nobody in between takes the connection for dead. */
    private static final byte[] HEARTBEAT = ": \n\n".getBytes(StandardCharsets.UTF_8);

    private static final Duration SILENCE = Duration.ofSeconds(10);

    private final StringBuilder text = new StringBuilder();

    int length() {
        return text.length();
    }

    /** Adds an event; its data is one line, since JSON here has no line ends. */
    Sse event(String type, @Nullable Object id, @Nullable Object data) {
        return written(type, id, Json.text(data));
    }

    /** Adds an event whose data is JSON already. */
    Sse written(String type, @Nullable Object id, String data) {
        if (id != null) {
            text.append("id: ").append(id).append('\n');
        }
        text.append("event: ").append(type).append("\ndata: ").append(data).append("\n\n");
        return this;
    }

    byte[] bytes() {
        return text.toString().getBytes(StandardCharsets.UTF_8);
    }

    /** What one look has found: pieces to send, and whether there is no more, or more at once. */
    @SuppressWarnings("ArrayRecordComponent") // never compared
    record Look(byte[] bytes, boolean isLast, boolean isFull) {

        static Look of(Sse events, boolean isLast, boolean isFull) {
            return new Look(events.bytes(), isLast, isFull);
        }
    }

    /**
     * Looks again and again, with a pause in between unless there is more at once, and never ahead of demand. Whoever is slow is shown
     * more at a time; nothing is kept for anybody.
     */
    static Flux<byte[]> looks(Duration pause, Supplier<Flux<Look>> look) {
        return Flux.defer(() -> {
            long most = Math.max(1, SILENCE.toMillis() / pause.toMillis());
            Rounds rounds = new Rounds(most);
            return Flux.defer(look)
                    .mapNotNull(rounds::bytes)
                    .concatWith(Mono.defer(rounds::silence))
                    .repeatWhen(ended -> ended.takeWhile(any -> !rounds.isLast)
                            .concatMap(any -> rounds.isFull ? Mono.just(0L) : Mono.delay(pause), 1))
                    .startWith(HEARTBEAT);
        });
    }

    /** One after another. */
    private static final class Rounds {

        private final long most;
        private long silent;
        private boolean hasSpoken;
        private boolean isFull;
        private boolean isLast;

        Rounds(long most) {
            this.most = most;
        }

        byte @Nullable [] bytes(Look found) {
            isFull = found.isFull();
            isLast = found.isLast();
            hasSpoken |= found.bytes().length > 0;
            return found.bytes().length > 0 ? found.bytes() : null;
        }

        Mono<byte[]> silence() {
            silent = hasSpoken ? 0 : silent + 1;
            hasSpoken = false;
            boolean isDue = silent >= most && !isLast;
            silent = isDue ? 0 : silent;
            return isDue ? Mono.just(HEARTBEAT) : Mono.empty();
        }
    }
}
