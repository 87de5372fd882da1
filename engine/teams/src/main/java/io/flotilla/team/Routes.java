package io.flotilla.team;

import io.flotilla.AgentId;
import io.flotilla.message.Delivery;
import io.flotilla.message.DeliveryReport;
import io.flotilla.message.Envelope;
import io.flotilla.message.MailboxStats;
import io.flotilla.message.Network;
import io.flotilla.message.UndeliverableException;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.Deque;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.jspecify.annotations.Nullable;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;

/** The ways of the messages of a hybrid team. */
final class Routes {

    private static final String HEADER = "flotilla-act";

    private final Network network;
    private final Chart chart;

    Routes(Network network, Chart chart) {
        this.network = network;
        this.chart = chart;
    }

    static @Nullable Act actOf(Envelope envelope) {
        String name = envelope.headers().get(HEADER);
        for (Act act : Act.values()) {
            if (act.name().equals(name)) {
                return act;
            }
        }
        return null;
    }

    private static Envelope envelope(Act act, AgentId from, AgentId to, Object payload) {
        return Envelope.to(to, payload)
                .from(from)
                .headers(Map.of(HEADER, act.name()))
                .build();
    }

    // --- telling

    Mono<Routed> report(AgentId from, Object news) {
        return Mono.defer(() -> {
            AgentId manager = chart.managerOf(from);
            return tell(Act.REPORT, from, manager == null ? List.of() : List.of(manager), news);
        });
    }

    Mono<Routed> sync(AgentId from, Object news) {
        return Mono.defer(() -> tell(Act.SYNC, from, chart.colleaguesOf(from), news));
    }

    private Mono<Routed> tell(Act act, AgentId from, List<AgentId> receivers, Object news) {
        if (receivers.isEmpty()) {
            return Mono.just(new Routed.Nobody(act, from));
        }
        return Flux.fromIterable(receivers)
                .flatMapSequential(to -> send(envelope(act, from, to, news), to), receivers.size())
                .collectList()
                .map(reports -> told(act, from, reports));
    }

    private Mono<DeliveryReport> send(Envelope envelope, AgentId to) {
        return network.send(envelope)
                .onErrorResume(
                        UndeliverableException.class,
                        refused ->
                                Mono.just(new DeliveryReport(envelope, List.of(new Delivery(to, refused.reason())))));
    }

    private static Routed told(Act act, AgentId from, List<DeliveryReport> reports) {
        if (reports.stream().anyMatch(report -> report.acceptedCount() > 0)) {
            return new Routed.Sent(act, from, reports);
        }
        List<Routed.Failure> failures = new ArrayList<>();
        for (DeliveryReport report : reports) {
            for (Delivery refused : report.refused()) {
                AgentId to = Objects.requireNonNull(report.envelope().recipient(), "each has a recipient");
                failures.add(new Routed.Failure(
                        to,
                        new UndeliverableException(
                                Objects.requireNonNull(refused.refusal(), "it was refused"),
                                report.envelope(),
                                to,
                                null)));
            }
        }
        return new Routed.Failed(act, from, failures);
    }

    // --- asking

    Mono<Routed> escalate(AgentId from, Object problem) {
        return Mono.defer(() -> {
            Deque<AgentId> above = new ArrayDeque<>();
            AgentId manager = chart.managerOf(from);
            while (manager != null && !above.contains(manager)) { // somebody may be moved meanwhile
                above.add(manager);
                manager = chart.managerOf(manager);
            }
            return ask(Act.ESCALATE, from, above, problem);
        });
    }

    Mono<Routed> coordinate(AgentId from, AgentId colleague, Object question) {
        return Mono.defer(() -> askOne(Act.COORDINATE, from, colleague, chart.colleaguesOf(from), question));
    }

    Mono<Routed> assign(AgentId from, AgentId worker, Object task) {
        return Mono.defer(() -> askOne(Act.ASSIGN, from, worker, chart.workersOf(from), task));
    }

    Mono<Routed> delegate(AgentId from, Object task) {
        return Mono.defer(() -> {
            Map<AgentId, MailboxStats> mailboxes = network.mailboxes();
            List<AgentId> workers = new ArrayList<>(chart.workersOf(from));
            workers.sort(Comparator.comparingLong(worker -> load(mailboxes.get(worker))));
            return ask(Act.DELEGATE, from, new ArrayDeque<>(workers), task);
        });
    }

    private static long load(@Nullable MailboxStats mailbox) {
        return mailbox == null ? Long.MAX_VALUE : mailbox.queued() + mailbox.inFlight();
    }

    private Mono<Routed> askOne(Act act, AgentId from, AgentId to, List<AgentId> possible, Object what) {
        if (!possible.isEmpty() && !possible.contains(to)) {
            return Mono.just(new Routed.OutOfPlace(act, from, to));
        }
        return ask(act, from, new ArrayDeque<>(possible.isEmpty() ? List.of() : List.of(to)), what);
    }

    /** One after another, until one has answered. */
    private Mono<Routed> ask(Act act, AgentId from, Deque<AgentId> order, Object what) {
        if (order.isEmpty()) {
            return Mono.just(new Routed.Nobody(act, from));
        }
        List<Routed.Failure> failures = new ArrayList<>();
        return Mono.defer(() -> askNext(act, from, order.removeFirst(), what, failures))
                .repeat(() -> !order.isEmpty())
                .next()
                .switchIfEmpty(Mono.fromSupplier(() -> new Routed.Failed(act, from, failures)));
    }

    /** Empty if it has failed. */
    private Mono<Routed> askNext(Act act, AgentId from, AgentId to, Object what, List<Routed.Failure> failures) {
        return network.request(envelope(act, from, to, what))
                .<Routed>map(reply -> new Routed.Answered(act, from, to, reply.payload(), failures))
                .switchIfEmpty(Mono.fromSupplier(() -> new Routed.Answered(act, from, to, null, failures)))
                .onErrorResume(failed -> {
                    failures.add(new Routed.Failure(to, failed));
                    return Mono.empty();
                });
    }
}
