package io.flotilla.team;

import io.flotilla.AgentId;
import io.flotilla.message.Envelope;
import io.flotilla.message.Network;
import io.flotilla.message.NetworkTap;
import io.flotilla.step.EngineAccess;
import io.flotilla.step.EngineClock;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import reactor.core.Disposable;
import reactor.core.Disposables;
import reactor.core.publisher.FluxSink;

/** One subscription to what is found in a network: counts while an interval lasts, and judges at its end. */
final class TrafficWatch implements NetworkTap {

    private static final int MIN_AGENTS = 3;

    private final AntiPatternSettings settings;
    private final Network network;
    private final FluxSink<AntiPattern> sink;
    private final EngineClock clock;
    private final @Nullable Delegations delegations;
    private final @Nullable Backlogs backlogs;
    private final Disposable.Swap timer = Disposables.swap();
    private volatile Traffic traffic;

    // Of one interval's end after the other.
    private long beganNanos;
    private Set<Object> lasting = new HashSet<>();

    TrafficWatch(AntiPatternSettings settings, Network network, FluxSink<AntiPattern> sink) {
        this.settings = settings;
        this.network = network;
        this.sink = sink;
        this.clock = EngineAccess.of(settings.engine).clock();
        this.traffic = new Traffic(settings.maxTracked);
        this.delegations = settings.circles == null ? null : new Delegations(settings.maxTracked, settings.circles);
        this.backlogs = settings.intervals == null
                ? null
                : new Backlogs(
                        settings.intervals,
                        settings.minQueued,
                        seconds(settings.interval.toNanos()),
                        settings.maxTracked);
    }

    private static double seconds(long nanos) {
        return (double) nanos / TimeUnit.SECONDS.toNanos(1);
    }

    void begin() {
        Disposable tap = network.tap(this);
        sink.onDispose(() -> {
            tap.dispose();
            timer.dispose();
        });
        beganNanos = clock.nanoTime();
        next();
    }

    /** One at a time: a timer may be over before it is kept, and must not dispose of its successor. */
    private synchronized void next() {
        timer.replace(clock.schedule(settings.interval, this::judge));
    }

    @Override
    public void passing(Envelope envelope, AgentId receiver) {
        traffic.count(envelope.sender(), receiver);
        AntiPattern circle = delegations == null ? null : delegations.passing(envelope, receiver);
        if (circle != null) {
            sink.next(circle);
        }
    }

    private void judge() {
        Traffic counted = traffic;
        traffic = new Traffic(settings.maxTracked);
        long now = clock.nanoTime();
        double seconds = seconds(Math.max(1, now - beganNanos));
        beganNanos = now;
        Set<Object> found = new HashSet<>();
        List<AntiPattern> all = new ArrayList<>();
        if (settings.messagesPerSecond != null) {
            chattyPairs(counted, seconds, settings.messagesPerSecond, all);
        }
        if (settings.share != null) {
            godAgents(counted, settings.share, all);
        }
        if (backlogs != null) {
            all.addAll(backlogs.look(network.mailboxes()));
        }
        for (AntiPattern each : all) {
            Object what = identity(each);
            found.add(what);
            if (!lasting.contains(what)) {
                sink.next(each);
            }
        }
        lasting = found;
        next();
    }

    /** What it is about, without the numbers. */
    private static Object identity(AntiPattern found) {
        if (found instanceof AntiPattern.ChattyPair pair) {
            return new Traffic.Pair(pair.one(), pair.other());
        }
        if (found instanceof AntiPattern.GodAgent god) {
            return god.agent();
        }
        return found instanceof AntiPattern.GrowingBacklog backlog ? List.of(backlog.agent()) : found;
    }

    private static void chattyPairs(Traffic counted, double seconds, double allowed, List<AntiPattern> all) {
        counted.byPair().forEach((pair, count) -> {
            double perSecond = count / seconds;
            if (perSecond > allowed) {
                all.add(new AntiPattern.ChattyPair(pair.one(), pair.other(), perSecond, allowed));
            }
        });
    }

    private void godAgents(Traffic counted, double allowed, List<AntiPattern> all) {
        long total = counted.total();
        Map<AgentId, Long> byAgent = counted.byAgent();
        if (total < settings.minMessages || byAgent.size() < MIN_AGENTS) {
            return;
        }
        byAgent.forEach((agent, count) -> {
            double share = (double) count / total;
            if (share > allowed) {
                all.add(new AntiPattern.GodAgent(agent, share, count, total, allowed));
            }
        });
    }
}
