package io.flotilla.inspector;

import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.concurrent.atomic.AtomicInteger;
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

    boolean isEmpty() {
        return text.length() == 0;
    }

    /** Adds an event; its data is one line, since JSON here has no line ends. */
    Sse event(String type, @Nullable Object id, @Nullable Object data) {
        if (id != null) {
            text.append("id: ").append(id).append('\n');
        }
        text.append("event: ").append(type).append("\ndata: ");
        Json.write(data, text);
        text.append("\n\n");
        return this;
    }

    byte[] bytes() {
        return text.toString().getBytes(StandardCharsets.UTF_8);
    }

    /** What one look has found: pieces to send, and whether there is no more, or more at once. */
    record Look(byte[] bytes, boolean isLast, boolean isFull) {

        static Look of(Sse events, boolean isLast, boolean isFull) {
            return new Look(events.bytes(), isLast, isFull);
        }
    }

    /**
     * Looks again and again, with a pause in between unless there is more at once, and never ahead of demand. Whoever is slow is shown
     * more at a time; nothing is kept for anybody.
     */
    static Flux<byte[]> looks(Duration pause, Supplier<Mono<Look>> look) {
        return Flux.defer(() -> {
            AtomicInteger silent = new AtomicInteger();
            long most = Math.max(1, SILENCE.toMillis() / pause.toMillis());
            boolean[] isFull = new boolean[1];
            boolean[] isLast = new boolean[1];
            return Mono.defer(look)
                    .flatMap(found -> {
                        isFull[0] = found.isFull();
                        isLast[0] = found.isLast();
                        if (found.bytes().length > 0) {
                            silent.set(0);
                            return Mono.just(found.bytes());
                        }
                        if (silent.incrementAndGet() >= most) {
                            silent.set(0);
                            return Mono.just(HEARTBEAT);
                        }
                        return Mono.empty();
                    })
                    .repeatWhen(ended -> ended.takeWhile(any -> !isLast[0])
                            .concatMap(any -> isFull[0] ? Mono.just(0L) : Mono.delay(pause), 1));
        });
    }
}
