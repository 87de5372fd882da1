package io.flotilla.samples.recordreplay;

import io.flotilla.AgentId;
import io.flotilla.message.Envelope;
import io.flotilla.message.Network;
import java.util.function.Consumer;
import reactor.core.publisher.Mono;

/**
 * A help desk: triage reads letters and hands them on, billing pays small refunds itself and asks the boss about large ones, and
 * what is paid or repaired is closed. It knows the network it is given, and nothing else.
 */
final class HelpDesk {

    static final AgentId TRIAGE = AgentId.of("triage");

    private static final AgentId BILLING = AgentId.of("billing");
    private static final AgentId BOSS = AgentId.of("boss");
    private static final AgentId WORKSHOP = AgentId.of("workshop");
    private static final AgentId CLOSED = AgentId.of("closed");

    private final Network network;
    private final int paysUpTo;
    private final Consumer<String> whenClosed;

    private HelpDesk(Network network, int paysUpTo, Consumer<String> whenClosed) {
        this.network = network;
        this.paysUpTo = paysUpTo;
        this.whenClosed = whenClosed;
    }

    /** Its members join {@code network}. */
    static void join(Network network, int paysUpTo, Consumer<String> whenClosed) {
        HelpDesk desk = new HelpDesk(network, paysUpTo, whenClosed);
        network.join(TRIAGE, desk::triage);
        network.join(BILLING, desk::billing);
        network.join(BOSS, desk::boss);
        network.join(WORKSHOP, desk::workshop);
        network.join(CLOSED, desk::close);
    }

    /** Each message of a letter has the letter's id and a number. */
    private Mono<?> hand(Envelope letter, AgentId from, AgentId to, String text) {
        return network.send(Envelope.to(to, text)
                .from(from)
                .id(letter.correlationId() + "." + (letter.hops() + 1))
                .correlationId(letter.correlationId())
                .causationId(letter.id())
                .hops(letter.hops() + 1)
                .build());
    }

    private Mono<?> triage(Envelope letter) {
        String text = letter.payload(String.class);
        return hand(letter, TRIAGE, text.startsWith("refund") ? BILLING : WORKSHOP, text);
    }

    private Mono<?> billing(Envelope letter) {
        String text = letter.payload(String.class);
        int amount = Integer.parseInt(text.substring(text.indexOf(' ') + 1));
        return amount <= paysUpTo || text.startsWith("approved")
                ? hand(letter, BILLING, CLOSED, "paid " + amount)
                : hand(letter, BILLING, BOSS, text);
    }

    private Mono<?> boss(Envelope letter) {
        return hand(letter, BOSS, BILLING, letter.payload(String.class).replace("refund", "approved"));
    }

    private Mono<?> workshop(Envelope letter) {
        return hand(letter, WORKSHOP, CLOSED, "repaired " + letter.payload(String.class));
    }

    private Mono<?> close(Envelope letter) {
        return Mono.fromRunnable(() -> whenClosed.accept(letter.correlationId()));
    }
}
