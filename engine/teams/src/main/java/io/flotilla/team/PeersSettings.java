package io.flotilla.team;

import io.flotilla.message.Network;
import io.flotilla.step.StepEngine;
import java.time.Duration;

/** What the builder of peers has been given so far; each group has a copy, which nobody changes. Not thread-safe. */
final class PeersSettings {

    final Network network;
    Duration lease = Peers.DEFAULT_LEASE;
    Duration bidWindow = Peers.DEFAULT_BID_WINDOW;
    int maxAttempts = Peers.DEFAULT_MAX_ATTEMPTS;
    StepEngine engine = StepEngine.builder().build();

    PeersSettings(Network network) {
        this.network = network;
    }

    PeersSettings(PeersSettings other) {
        this(other.network);
        lease = other.lease;
        bidWindow = other.bidWindow;
        maxAttempts = other.maxAttempts;
        engine = other.engine;
    }
}
