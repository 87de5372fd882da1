package io.flotilla.inspector;

import io.flotilla.health.HealthMonitor;
import io.flotilla.message.Network;
import io.flotilla.run.Runs;
import java.time.Clock;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import org.reactivestreams.Publisher;

/**
 * What an inspector shows, and to whom. Immutable.
 *
 * @param runs of which workflows
 * @param networks by name
 * @param health null for none
 * @param breakers the monitor of circuit breakers that were given by themselves; null for none
 * @param events what happens besides, by where it comes from
 * @param host where it listens, or is mounted: for the check of the Host header
 * @param allowedHosts further names of this host
 * @param prefix what its paths begin with: empty, or with a slash in front and none behind
 * @param writeTimeout how long a connection may not take what is written, before it is closed
 */
record Settings(
        List<Runs<?>> runs,
        Map<String, Network> networks,
        @Nullable HealthMonitor health,
        @Nullable HealthMonitor breakers,
        Map<String, Publisher<?>> events,
        String host,
        int port,
        Set<String> allowedHosts,
        String prefix,
        @Nullable Token token,
        boolean allowsActions,
        Clock clock,
        Duration writeTimeout) {}
