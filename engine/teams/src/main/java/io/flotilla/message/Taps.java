package io.flotilla.message;

import io.flotilla.AgentId;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import reactor.core.Disposable;

/** Those who look at the messages of a network; mostly nobody. */
final class Taps {

    private final List<NetworkTap> taps = new CopyOnWriteArrayList<>();

    /** The same tap twice is told twice, and removed one by one. */
    Disposable add(NetworkTap tap) {
        NetworkTap once = (envelope, receiver) -> tap.passing(envelope, receiver);
        taps.add(once);
        return () -> taps.remove(once);
    }

    void passing(Envelope envelope, AgentId receiver) {
        if (taps.isEmpty()) {
            return;
        }
        for (NetworkTap tap : taps) {
            try {
                tap.passing(envelope, receiver);
            } catch (Throwable ignored) {
                // It only looks.
            }
        }
    }
}
