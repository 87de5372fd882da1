package io.flotilla.samples.readingcrew.standin;

import io.netty.buffer.Unpooled;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;
import reactor.netty.http.server.HttpServerResponse;

/** An answer, and the ways not to give it. */
interface Reply {

    Mono<Void> send(HttpServerResponse response);

    /** Half of it, then what nobody can read. */
    Mono<Void> malformed(HttpServerResponse response);

    /** Half of it, then the connection is closed. */
    Mono<Void> cut(HttpServerResponse response);

    /** Half of it, if it comes in pieces, then nothing more. */
    Mono<Void> silent(HttpServerResponse response);

    /** One that comes as a whole. */
    final class Whole implements Reply {

        private final byte[] body;

        Whole(byte[] body) {
            this.body = body;
        }

        @Override
        public Mono<Void> send(HttpServerResponse response) {
            return send(response, body);
        }

        static Mono<Void> send(HttpServerResponse response, byte[] body) {
            return response.header("Content-Type", "application/json")
                    .header("Content-Length", Integer.toString(body.length))
                    .sendByteArray(Mono.just(body))
                    .then();
        }

        @Override
        public Mono<Void> malformed(HttpServerResponse response) {
            return send(response, half());
        }

        @Override
        public Mono<Void> cut(HttpServerResponse response) {
            return response.header("Content-Length", Integer.toString(body.length))
                    .sendByteArray(Flux.just(half()).concatWith(Mono.error(new IOException("cut on purpose"))))
                    .then();
        }

        @Override
        public Mono<Void> silent(HttpServerResponse response) {
            return Mono.never();
        }

        private byte[] half() {
            return Arrays.copyOf(body, body.length / 2);
        }
    }

    /** One that comes in server-sent events, as a model makes its answer: one after the other. */
    record Streamed(List<byte[]> events) implements Reply {

        private static final Duration PACE = Duration.ofMillis(2);
        private static final byte[] UNREADABLE = event("{\"choices\":[{\"del");

        static byte[] event(String data) {
            return ("data: " + data + "\n\n").getBytes(StandardCharsets.UTF_8);
        }

        @Override
        public Mono<Void> send(HttpServerResponse response) {
            return stream(response, Flux.fromIterable(events).delayElements(PACE));
        }

        @Override
        public Mono<Void> malformed(HttpServerResponse response) {
            return stream(response, half().concatWithValues(UNREADABLE));
        }

        @Override
        public Mono<Void> cut(HttpServerResponse response) {
            return stream(response, half().concatWith(Mono.error(new IOException("cut on purpose"))));
        }

        @Override
        public Mono<Void> silent(HttpServerResponse response) {
            return stream(response, half().concatWith(Mono.never()));
        }

        /** Half of the words: tokens and end, which follow them, are not among them. */
        private Flux<byte[]> half() {
            return Flux.fromIterable(events.subList(0, (events.size() - 2) / 2)).delayElements(PACE);
        }

        private static Mono<Void> stream(HttpServerResponse response, Flux<byte[]> events) {
            return response.sse()
                    .send(events.map(Unpooled::wrappedBuffer), each -> true) // each is sent on at once
                    .then();
        }
    }
}
