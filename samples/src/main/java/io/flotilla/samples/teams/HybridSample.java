package io.flotilla.samples.teams;

import io.flotilla.AgentId;
import io.flotilla.agent.Agent;
import io.flotilla.message.Hub;
import io.flotilla.message.NetworkOptions;
import io.flotilla.samples.shell.Output;
import io.flotilla.samples.shell.Sample;
import io.flotilla.samples.shell.Settings;
import io.flotilla.samples.shell.Shell;
import io.flotilla.team.AntiPattern;
import io.flotilla.team.AntiPatterns;
import io.flotilla.team.Hybrid;
import io.flotilla.team.Routed;
import java.time.Duration;
import java.util.List;
import java.util.Locale;
import java.util.Objects;
import java.util.Random;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;

/**
 * A captain, a mate, a cook, and hands under the mate. Tasks go down, problems up, news sideways; the mate falls ill, and what was
 * meant for it goes past it. The captain is in everything, and that is noticed.
 */
public final class HybridSample implements Sample {

    private static final AgentId CAPTAIN = AgentId.of("captain");
    private static final AgentId MATE = AgentId.of("mate");
    private static final AgentId COOK = AgentId.of("cook");
    private static final int HANDS = 3;
    private static final Duration LONGEST = Duration.ofSeconds(30);

    private volatile boolean isMateIll;

    public static void main(String[] args) {
        Shell.exit(new HybridSample());
    }

    @Override
    public String name() {
        return "hybrid";
    }

    private static AgentId hand(int number) {
        return AgentId.of("hand", number);
    }

    @Override
    public int run(Settings settings, Output output) {
        isMateIll = false;
        Hub hub = Hub.create(
                NetworkOptions.builder().requestTimeout(Duration.ofSeconds(10)).build());
        Random random = new Random(settings.seed());
        int drunk = random.nextInt(HANDS);
        Hybrid crew = Hybrid.over(hub);
        crew.top(Agent.<String, String>of(CAPTAIN, (text, context) -> Mono.just("the captain knows about " + text)));
        crew.under(
                CAPTAIN,
                Agent.<String, String>of(
                        MATE,
                        (text, context) -> isMateIll
                                ? Mono.error(new IllegalStateException("the mate is ill"))
                                : Mono.just("the mate sees to " + text)));
        crew.under(CAPTAIN, Agent.<String, String>of(COOK, (text, context) -> Mono.just("soup")));
        for (int number = 0; number < HANDS; number++) {
            boolean isDrunk = number == drunk;
            AgentId id = hand(number);
            crew.under(
                    MATE,
                    Agent.<String, String>of(
                            id,
                            (text, context) -> isDrunk
                                    ? Mono.error(new IllegalStateException(id + " is drunk"))
                                    : Mono.just(text + " done by " + id)));
        }

        output.line("captain > mate, cook; mate > %d hands; seed %d", HANDS, settings.seed());
        output.line("down");
        output.line("  captain assigns the mate    %s", told(crew.assign(CAPTAIN, MATE, "the sails")));
        output.line("  captain assigns a hand      %s", told(crew.assign(CAPTAIN, hand(0), "the deck")));
        output.line("  mate assigns the drunk one  %s", told(crew.assign(MATE, hand(drunk), "the deck")));
        output.line("  mate delegates              %s", told(crew.delegate(MATE, "the deck")));
        output.line("  cook delegates              %s", told(crew.delegate(COOK, "the dishes")));
        output.line("sideways");
        output.line("  a hand syncs                %s", told(crew.sync(hand(0), "dinner")));
        output.line("  mate asks the cook          %s", told(crew.coordinate(MATE, COOK, "what is there?")));
        output.line("up");
        output.line("  a hand escalates            %s", told(crew.escalate(hand(1), "a leak")));
        isMateIll = true;
        output.line("  the mate is ill, once more  %s", told(crew.escalate(hand(1), "a leak")));
        output.line("  cook reports                %s", told(crew.report(COOK, "all well")));
        output.line("  captain escalates           %s", told(crew.escalate(CAPTAIN, "a storm")));
        output.line("seen: %s", godAgent(hub, crew));
        hub.close(Duration.ofSeconds(1)).block();
        return 0;
    }

    private static String told(Mono<Routed> routed) {
        return Objects.requireNonNull(routed.block(LONGEST))
                .fold(
                        sent -> "sent to " + sent.reports().size(),
                        answered -> answered.answer()
                                + (answered.failures().isEmpty()
                                        ? ""
                                        : ", not " + answered.failures().get(0).receiver()),
                        failed -> "failed: " + reason(failed.failures().get(0).cause()),
                        nobody -> "there is nobody " + nobody.act().direction(),
                        out -> out.to() + " is not a worker of " + out.from());
    }

    private static String reason(Throwable failed) {
        return String.valueOf(
                failed.getCause() == null
                        ? failed.getMessage()
                        : failed.getCause().getMessage());
    }

    /** Everybody but the captain asks it, the same number of times. */
    private static String godAgent(Hub hub, Hybrid crew) {
        Flux<AntiPattern> watched = AntiPatterns.builder()
                .godAgent(0.9, 10)
                .interval(Duration.ofMillis(300))
                .build()
                .watch(hub);
        Mono<Void> talk = Flux.fromIterable(List.of(COOK, MATE))
                .repeat(9)
                .concatMap(each -> crew.escalate(each, "the weather"))
                .then();
        AntiPattern found = Objects.requireNonNull(
                watched.mergeWith(talk.then(Mono.empty())).blockFirst(LONGEST));
        return found instanceof AntiPattern.GodAgent god
                ? String.format(
                        Locale.ROOT,
                        "%s has a part in %.0f %% of all messages, %.0f %% are allowed",
                        god.agent(),
                        100 * god.share(),
                        100 * god.threshold())
                : found.toString();
    }
}
