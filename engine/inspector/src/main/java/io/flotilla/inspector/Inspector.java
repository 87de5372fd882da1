package io.flotilla.inspector;

import io.flotilla.health.HealthMonitor;
import io.flotilla.health.HealthSource;
import io.flotilla.message.Network;
import io.flotilla.run.Runs;
import java.net.InetSocketAddress;
import java.net.URI;
import java.security.SecureRandom;
import java.time.Clock;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Base64;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.TreeSet;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.reactivestreams.Publisher;
import reactor.core.Disposable;
import reactor.core.publisher.Mono;
import reactor.netty.http.server.HttpServerRoutes;

/**
 * A page over the runs of workflows, over networks and health, served from the process they live in.
 *
 * <pre>{@code
 * Inspector inspector = Inspector.on(workflow.runs()).network(hub).health(monitor).port(0).start().block();
 * log.info("{}", inspector.address());
 * }</pre>
 *
 * <p>It listens on the loopback interface only, and shows without changing anything. Another host, and actions, need a {@linkplain
 * Builder#token token}. Thread-safe.
 *
 * @since 0.1
 */
public final class Inspector implements Disposable {

    private static final SecureRandom RANDOM = new SecureRandom();

    private final InspectorServer server;

    Inspector(InspectorServer server) {
        this.server = server;
    }

    /**
     * Begins an inspector of these runs.
     *
     * @param runs of workflows with a journal; several workflows may share one
     * @return a builder with the defaults
     * @throws NullPointerException if an argument is null
     */
    public static Builder on(Runs<?>... runs) {
        return new Builder().add(runs);
    }

    /**
     * A token that nobody guesses, for {@link Builder#token}.
     *
     * @return 32 characters drawn at random
     */
    public static String randomToken() {
        byte[] bytes = new byte[24];
        RANDOM.nextBytes(bytes);
        return Base64.getUrlEncoder().withoutPadding().encodeToString(bytes);
    }

    /**
     * Where the page is.
     *
     * @return as in {@code http://127.0.0.1:8080/}; without the token
     */
    public URI address() {
        return server.address();
    }

    /**
     * Stops the inspector: closes its connections, and frees its port and its threads. What it has shown goes on.
     *
     * <p>Cold: nothing happens before subscription; further subscriptions wait for the same end.
     *
     * <ul>
     *   <li><b>onComplete</b>: when the port is free, after 2 seconds at the latest.
     *   <li><b>cancel</b>: only ends the waiting.
     * </ul>
     *
     * @return completes when it has stopped
     */
    public Mono<Void> stop() {
        return server.stop();
    }

    /**
     * When nobody looks any more: for programs that stay only for those who do.
     *
     * <ul>
     *   <li><b>onComplete</b>: when there has been no request, and no open stream of events, for so long since the subscription.
     *   <li><b>threads</b>: {@code Schedulers.parallel()}.
     * </ul>
     *
     * @param time how long; more than zero
     * @return completes then; when the inspector is stopped, at once
     * @throws NullPointerException if {@code time} is null
     * @throws IllegalArgumentException if {@code time} is zero or negative
     */
    public Mono<Void> idle(Duration time) {
        if (time.isZero() || time.isNegative()) {
            throw new IllegalArgumentException("time must be positive, was " + time);
        }
        return server.idle(time);
    }

    /** {@link #stop()} without waiting. */
    @Override
    public void dispose() {
        server.stop().subscribe();
    }

    @Override
    public boolean isDisposed() {
        return server.isStopped();
    }

    /** The address, without the token. */
    @Override
    public String toString() {
        return "Inspector[" + address() + "]";
    }

    /** What to show, where, and to whom. Not thread-safe. */
    public static final class Builder {

        private final List<Runs<?>> runs = new ArrayList<>();
        private final Map<String, Network> networks = new LinkedHashMap<>();
        private @Nullable HealthMonitor health;
        private @Nullable HealthSource breakers;
        private final Map<String, Publisher<?>> events = new LinkedHashMap<>();
        private String host = "127.0.0.1";
        private int port;
        private final Set<String> allowedHosts = new TreeSet<>();
        private String prefix = "";
        private @Nullable Token token;
        private boolean allowsActions;
        private Clock clock = Clock.systemUTC();
        private Duration writeTimeout = Duration.ofMinutes(1);

        private Builder() {}

        /**
         * Shows the runs of further workflows.
         *
         * @param more of workflows with a journal
         * @return this
         * @throws NullPointerException if an argument is null
         */
        public Builder add(Runs<?>... more) {
            runs.addAll(List.of(more));
            return this;
        }

        /**
         * Shows a network: its members, who has sent how many messages to whom since the inspector was started, and how full mailboxes
         * are.
         *
         * @param network a hub, a mesh or topics
         * @return this
         * @throws NullPointerException if {@code network} is null
         */
        public Builder network(Network network) {
            return network("network", network);
        }

        /**
         * Shows a network under a name, for services with several.
         *
         * @param name its name; replaces an earlier one of the same name
         * @param network a hub, a mesh or topics
         * @return this
         * @throws NullPointerException if an argument is null
         */
        public Builder network(String name, Network network) {
            networks.put(Objects.requireNonNull(name, "name"), Objects.requireNonNull(network, "network"));
            return this;
        }

        /**
         * Shows what a monitor knows; it is neither started nor stopped.
         *
         * @param monitor the monitor; default none
         * @return this
         * @throws NullPointerException if {@code monitor} is null
         */
        public Builder health(HealthMonitor monitor) {
            health = Objects.requireNonNull(monitor, "monitor");
            return this;
        }

        /**
         * Shows circuit breakers that no {@linkplain #health monitor} has: {@code Resilience} of {@code flotilla-resilience} is such a
         * source.
         *
         * @param source what has them; default none
         * @return this
         * @throws NullPointerException if {@code source} is null
         */
        public Builder circuitBreakers(HealthSource source) {
            breakers = Objects.requireNonNull(source, "source");
            return this;
        }

        /**
         * Shows what happens, with the time: {@code manager.events()} of a manager, {@code resilience.circuitBreakerTransitions()},
         * acts of your own. Changes of the {@linkplain #health monitor} are there without it. The last 200 of all sources are kept, from
         * when the inspector starts.
         *
         * @param source where they come from, as the page calls it; replaces earlier ones of the same name
         * @param happening a hot source; each event is shown as its {@code toString}, cut after 500 characters. Nothing redacts it
         * @return this
         * @throws NullPointerException if an argument is null
         */
        public Builder events(String source, Publisher<?> happening) {
            events.put(Objects.requireNonNull(source, "source"), Objects.requireNonNull(happening, "happening"));
            return this;
        }

        /**
         * Where it listens.
         *
         * @param name a name or address of this machine; default {@code 127.0.0.1}. Any that is not loopback needs a token
         * @return this
         * @throws NullPointerException if {@code name} is null
         */
        public Builder host(String name) {
            host = Objects.requireNonNull(name, "name").strip().toLowerCase(Locale.ROOT);
            return this;
        }

        /**
         * Where it listens.
         *
         * @param number 0 to 65,535; default 0: any that is free, see {@link Inspector#address()}
         * @return this
         * @throws IllegalArgumentException if {@code number} is out of its bounds
         */
        public Builder port(int number) {
            if (number < 0 || number > 65_535) {
                throw new IllegalArgumentException("port must be between 0 and 65535, was " + number);
            }
            port = number;
            return this;
        }

        /**
         * Names under which browsers may ask for the page besides the host it listens on, as behind a proxy. Requests for another
         * {@code Host} are refused: so a page from elsewhere cannot reach the inspector by a name of its own that leads here.
         *
         * @param names without ports; default none, which for a host that is not loopback is any
         * @return this
         * @throws NullPointerException if a name is null
         */
        public Builder allowedHosts(String... names) {
            for (String name : names) {
                allowedHosts.add(Access.bare(name));
            }
            return this;
        }

        /**
         * Under which path the page is.
         *
         * @param prefix as in {@code /inspector}; default {@code /}
         * @return this
         * @throws NullPointerException if {@code prefix} is null
         * @throws IllegalArgumentException if it does not begin with a slash, or has anything but letters, digits, {@code -}, {@code _},
         *     {@code .} and slashes
         */
        public Builder path(String prefix) {
            if (!prefix.matches("/|(/[A-Za-z0-9_-][A-Za-z0-9._-]*)+/?")) {
                throw new IllegalArgumentException("path must be as in /inspector, was " + prefix);
            }
            this.prefix = prefix.endsWith("/") ? prefix.substring(0, prefix.length() - 1) : prefix;
            return this;
        }

        /**
         * What callers have to know: every request but those for the page's own files needs {@code Authorization: Bearer TOKEN}.
         *
         * @param secret 16 to 1,024 printable ASCII characters, no spaces, see {@link Inspector#randomToken()}; default none
         * @return this
         * @throws NullPointerException if {@code secret} is null
         * @throws IllegalArgumentException if it is out of its bounds
         */
        public Builder token(String secret) {
            token = Token.of(secret);
            return this;
        }

        /**
         * Whether those who know the token may answer, pause, cancel, fork and recover runs.
         *
         * @param allowed default false; true needs a {@link #token}
         * @return this
         */
        public Builder allowActions(boolean allowed) {
            allowsActions = allowed;
            return this;
        }

        Builder clock(Clock other) {
            clock = other;
            return this;
        }

        Builder writeTimeout(Duration limit) {
            writeTimeout = limit;
            return this;
        }

        private Settings settings(boolean isMounted) {
            if (runs.isEmpty()) {
                throw new InspectorException(
                        "an inspector needs the runs of a workflow: Inspector.on(workflow.runs())");
            }
            if (allowsActions && token == null) {
                throw new InspectorException("actions need a token, see Inspector.Builder.token");
            }
            if (token == null && isMounted) {
                throw new InspectorException(
                        "an inspector in another server needs a token, see Inspector.Builder.token: nobody knows who reaches it");
            }
            if (token == null && !Access.isLoopback(host)) {
                throw new InspectorException("an inspector on host " + host
                        + " needs a token, see Inspector.Builder.token: others reach it there");
            }
            return new Settings(
                    List.copyOf(runs),
                    new LinkedHashMap<>(networks),
                    health,
                    breakers == null
                            ? null
                            : HealthMonitor.builder().source(breakers).build(),
                    new LinkedHashMap<>(events),
                    isMounted ? "" : host,
                    port,
                    Set.copyOf(allowedHosts),
                    prefix,
                    token,
                    allowsActions,
                    clock,
                    writeTimeout);
        }

        /**
         * Starts a server of its own.
         *
         * <p>Cold: every subscription starts another one.
         *
         * <ul>
         *   <li><b>onNext</b>: the inspector, once, when it listens.
         *   <li><b>onError</b>: {@link InspectorException} if it would be open to those it is not meant for, or cannot listen there;
         *       its cause is a {@link java.net.BindException} if the port is taken.
         *   <li><b>cancel</b>: it is not started, or stopped again.
         *   <li><b>threads</b>: one of the two threads of the server.
         * </ul>
         *
         * @return the inspector
         */
        public Mono<Inspector> start() {
            return Mono.defer(() -> InspectorServer.start(settings(false))).map(Inspector::new);
        }

        /**
         * The inspector for a server of your own, of whatever kind; the README has the lines for WebFlux.
         *
         * @return what answers the requests under {@link #path}
         * @throws InspectorException if there is no token: the server may be reached from anywhere
         */
        public InspectorHandler handler() {
            return new InspectorHandler(settings(true));
        }

        /**
         * The inspector for a server of Reactor Netty's: {@code HttpServer.create().route(Inspector.on(runs).token(token).routes())}.
         *
         * @return adds what answers the requests under {@link #path}
         * @throws InspectorException if there is no token: the server may be reached from anywhere
         */
        public Consumer<HttpServerRoutes> routes() {
            InspectorHandler handler = handler();
            String path = prefix;
            return routes -> InspectorServer.route(routes, path, handler);
        }
    }

    static URI uri(InetSocketAddress bound, String host, String prefix) {
        String name = host.contains(":") && !host.startsWith("[") ? "[" + host + "]" : host;
        return URI.create("http://" + name + ":" + bound.getPort() + prefix + "/");
    }
}
